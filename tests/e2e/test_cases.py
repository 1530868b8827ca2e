"""Which test shows which of the cases that the program is to withstand. Numbers: CA, network, file system, concurrency, input, local privilege,
hooks, clock, interruption, schedule. "unit/ROOM/test_X.c::name" is a unit test, "fuzz/NAME" a fuzz target, all others are in this folder.
What nothing shows stands in OPEN, with the reason."""
import os
import re

from harness.ca import ROOT

CASES = {
    "CA-01": "test_certonly.py::test_every_nonce_rejected_ends_soon test_goals.py::test_half_of_the_nonces_and_half_of_the_authorizations",
    "CA-02": "test_faults.py::test_nonces_that_are_missing_or_illegal_are_not_used",
    "CA-03": "test_hostile_ca.py::test_a_nonce_refused_once",
    "CA-04": "test_journal.py::test_what_the_ca_says_is_remembered test_faults.py::test_a_rate_limit_ends_the_run_at_once",
    "CA-05": "test_hostile_ca.py::test_retry_after_of_every_kind test_hostile_ca.py::test_what_a_ca_says_for_ever_is_cut",
    "CA-06": "test_faults.py::test_one_transient_fault_anywhere_in_a_renewal", "CA-07": "test_faults.py::test_one_transient_fault_anywhere_in_a_renewal",
    "CA-08": "test_faults.py::test_the_key_is_there_before_the_ca_is_asked_to_sign test_faults.py::test_one_transient_fault_anywhere_in_a_renewal",
    "CA-09": "test_hostile_ca.py::test_an_order_whose_answer_was_lost_is_met_again",
    "CA-10": "test_journal.py::test_a_certificate_that_was_issued_is_fetched_by_the_next_run",
    "CA-11": "test_hostile_ca.py::test_polls_keep_to_the_pace", "CA-12": "test_faults.py::test_an_order_that_stays_processing",
    "CA-13": "test_hostile_ca.py::test_an_order_that_is_not_ready_yet", "CA-14": "test_hostile_ca.py::test_an_order_that_is_ready_at_birth_needs_no_port",
    "CA-15": "test_hostile_ca.py::test_one_of_twenty_names_fails", "CA-16": "test_hostile_ca.py::test_problems_of_every_kind_become_words",
    "CA-17": "test_faults.py::test_terms_that_changed", "CA-18": "test_renew.py::test_a_lost_account_is_made_again_with_the_same_key",
    "CA-19": "test_hostile_ca.py::test_an_account_that_is_refused_causes_no_storm", "CA-20": "test_hostile_ca.py::test_an_account_that_is_paused",
    "CA-21": "test_hostile_ca.py::test_a_ca_that_fails_over_replaces", "CA-22": "test_renew.py::test_a_past_ari_window_renews_by_itself",
    "CA-23": "test_goals.py::test_malformed_windows_are_as_none test_goals.py::test_when_to_ask_again_is_clamped test_goals.py::test_no_renewal_information_is_no_reason_to_wait",
    "CA-25": "test_hostile_ca.py::test_directories", "CA-26": "test_hostile_ca.py::test_a_certificate_for_another_key",
    "CA-27": "test_hostile_ca.py::test_a_certificate_that_is_not_what_was_asked_for test_hostile_ca.py::test_a_certificate_of_tomorrow_is_taken_with_a_word",
    "CA-28": "test_faults.py::test_a_certificate_that_is_none_is_refused test_hostile_ca.py::test_chains", "CA-29": "test_faults.py::test_a_certificate_that_is_none_is_refused test_hostile_ca.py::test_chains",
    "CA-30": "test_hostile_ca.py::test_chains test_certonly.py::test_a_long_chain", "CA-31": "test_hostile_ca.py::test_alternate_chains_that_fail",
    "CA-34": "test_hostile_ca.py::test_challenges", "CA-35": "test_hostile_ca.py::test_the_next_renewal_follows_the_lifetime test_renew.py::test_without_ari_the_lifetime_decides",
    "NET-01": "test_faults.py::test_one_transient_fault_anywhere_in_a_renewal test_hostile_net.py::test_one_tls_alert_anywhere_in_a_renewal",
    "NET-02": "test_hostile_net.py::test_silence_ends_and_holds_no_lock test_faults.py::test_a_hung_ca_is_given_up",
    "NET-03": "test_hostile_net.py::test_what_is_no_http_answer test_faults.py::test_an_endless_directory",
    "NET-04": "test_faults.py::test_a_post_is_not_redirected test_faults.py::test_a_directory_is_not_redirected_away",
    "NET-05": "test_faults.py::test_no_signed_request_goes_elsewhere", "NET-06": "test_hostile_net.py::test_a_server_that_cannot_prove_who_it_is test_hostile_net.py::test_old_tls_is_not_spoken",
    "NET-08": "unit/net/test_resolve.c::", "NET-09": "unit/net/test_resolve.c::", "NET-10": "test_hostile_net.py::test_a_portal_is_no_ca",
    "NET-11": "test_hostile_net.py::test_what_is_no_http_answer",
    "FS-01": "test_crash.py::test_a_renewal_killed_anywhere test_crash.py::test_a_first_issue_killed_anywhere test_journal.py::test_a_removal_killed_anywhere",
    "FS-02": "test_powerloss.py::test_power_lost_in_a_renewal test_powerloss.py::test_power_lost_in_a_removal",
    "FS-03": "test_diskfaults.py::test_a_renewal_survives_a_refusal", "FS-04": "test_journal.py::test_a_full_disk_is_found_before_anything_is_ordered",
    "FS-05": "test_journal.py::test_a_certificate_that_could_not_be_saved_is_saved_by_the_next_run", "FS-06": "test_diskfaults.py::test_a_renewal_bears_interruptions",
    "FS-08": "test_badinput.py::test_a_folder_that_is_a_file test_journal.py::test_hooks_run_for_what_is_live_although_saving_was_not_all_well",
    "FS-11": "test_badinput.py::test_a_missing_link_is_put_back_and_said test_badinput.py::test_a_plain_file_in_place_of_a_link test_renew.py::test_links_left_behind_are_repaired",
    "FS-12": "test_renew.py::test_a_broken_file_fails_alone test_renew.py::test_a_directory_in_place_of_a_file_fails_alone",
    "FS-13": "test_renew.py::test_the_next_number_is_above_all_that_is_there", "FS-14": "test_renew.py::test_owner_rights_of_the_key_are_carried_over",
    "FS-16": "test_torture.py::test_every_allocation_fails_once test_torture.py::test_every_call_fails_once unit/acme/test_memory.c::",
    "FS-17": "test_badinput.py::test_a_damaged_account_key_is_never_replaced", "FS-18": "test_crash.py::test_a_renewal_killed_anywhere",
    "CC-01": "test_goals.py::test_a_crowd_renews_once test_renew.py::test_several_runs_at_once_issue_once",
    "CC-02": "test_goals.py::test_the_lock_is_free_at_once_after_a_kill test_faults.py::test_a_killed_run_holds_no_lock", "CC-05": "test_journal.py::test_nobody_waits_for_a_hook", "CC-06": "test_hooks.py::test_a_hook_may_run_signet",
    "IN-01": "test_faults.py::test_a_hostile_token_is_refused", "IN-02": "test_faults.py::test_a_hostile_token_is_refused",
    "IN-03": "test_faults.py::test_escapes_in_a_problem_are_not_printed_raw", "IN-04": "test_faults.py::test_a_directory_that_is_none fuzz/acme",
    "IN-05": "test_hostile_ca.py::test_authorizations_that_do_not_fit_the_names test_faults.py::test_a_crowd_of_authorizations_for_one_name",
    "IN-06": "test_hostile_net.py::test_what_is_no_http_answer", "IN-07": "fuzz/x509 fuzz/pem_chain unit/crypto/test_chain.c::", "IN-09": "unit/net/test_http_listen.c:: unit/net/test_serve.c:: fuzz/http_request",
    "IN-10": "unit/net/test_alpn_listen.c::", "IN-11": "unit/net/test_http_listen.c::", "IN-12": "test_badinput.py::test_bad_names unit/plan/test_names.c::", "IN-18": "fuzz/date",
    "LP-01": "test_goals.py::test_no_key_is_wider_than_0600_at_any_call test_certonly.py::test_modes_do_not_depend_on_the_umask",
    "LP-02": "test_goals.py::test_a_race_for_the_challenge_folder_is_lost test_webroot.py::test_a_link_planted_by_the_sites_user_is_not_followed test_webroot.py::test_a_link_made_by_the_admin_works",
    "LP-04": "unit/challenge/test_webfile.c::", "LP-06": "test_goals.py::test_planted_secrets_are_found_nowhere test_roles.py::test_keys_are_where_they_are_needed_only",
    "LP-10": "test_roles.py::test_each_role_is_nobody_and_may_do_nothing test_roles.py::test_selftest_finds_all_denied",
    "LP-11": "test_roles.py::test_works_where_the_system_refuses_and_says_what_is_missing test_roles.py::test_require_sandbox_fails_closed",
    "LP-12": "test_roles.py::test_a_role_that_dies_ends_the_run_cleanly fuzz/wire", "LP-13": "unit/cli/test_logfile.c::",
    "HK-01": "test_journal.py::test_a_hung_hook_is_ended", "HK-11": "test_hooks.py::test_nothing_due_no_hooks test_hooks.py::test_dry_run_runs_pre_and_post_only", "HK-03": "unit/deploy/test_hooks.c::", "HK-09": "unit/deploy/test_hooks.c::",
    "CC-07": "test_more_cases.py::test_two_first_runs_make_one_account", "LP-08": "test_more_cases.py::test_a_crash_leaves_no_core",
    "CK-01": "test_more_cases.py::test_a_clock_that_is_wrong_costs_nothing", "CK-06": "test_more_cases.py::test_dates_do_not_depend_on_place_and_language",
    "CK-04": "test_hostile_ca.py::test_a_certificate_of_tomorrow_is_taken_with_a_word",
    "IT-01": "test_journal.py::test_a_signal_leaves_nothing_behind test_goals.py::test_a_signal_in_further_phases test_faults.py::test_a_signal_cleans_up",
    "IT-03": "test_journal.py::test_a_manual_cleanup_hook_is_run_for_a_killed_run", "IT-04": "test_badinput.py::test_closed_standard_output",
    "SC-01": "test_goals.py::test_days_of_failure unit/store/test_backoff.c::four_hundred_days_of_failure", "SC-04": "unit/store/test_backoff.c::issuances_of_a_week_are_counted",
}

OPEN = {
    "NET-07": "proxies: which one is taken is a unit test (test_resolve.c, proxies); no CONNECT double with 407 and stalls yet",
    "FS-15": "inodes exhausted, paths of 4,096 bytes: no test", "FS-19": "bind mounts: tried by hand; unit tests cover EBUSY only",
    "CC-03": "a file system without locks: failpoint can refuse flock and fcntl, and torture does; no test of the words",
    "IN-08": "DNS answers are parsed by c-ares; no fuzz target of our own",
    "LP-05": "a state folder that others may write to is not refused", "LP-07": "credentials files: with the DNS providers", "LP-14": "runs as a plain user: no test of its own",
    "HK-04": "a gigabyte of output: the cap has a unit test, no end-to-end one", "HK-05": "100 names of 253 bytes in a hook's environment: no test",
    "HK-06": "execve of hooks: by review", "HK-10": "hooks that attack: no test",
    "CK-02": "a clock that jumps in a run: unit tests of libsignet only", "CK-05": "2038, 2050: unit tests of dates only", "IT-05": "a suspended host: no test", "SC-03": "spread of start times over hosts: no test",
    "SC-05": "a staging certificate over a production one: no test", "SC-06": "a timer that is missing: no verb says so",
}


def test_every_case_has_the_test_that_is_named():
    missing = []
    for case, names in CASES.items():
        for name in names.split():
            if name.startswith("fuzz/"):
                found = os.path.exists(ROOT + "/tests/fuzz/fuzz_%s.c" % name[5:])
            else:
                path, _, test = name.partition("::")
                path = ROOT + ("/tests/" if path.startswith("unit/") else "/tests/e2e/") + path
                with open(path) as f:
                    found = re.search(r"\b%s\b" % re.escape(test), f.read())
            if not found:
                missing.append("%s: %s" % (case, name))
    assert not missing and not set(CASES) & set(OPEN), missing
