"""Which test shows which of the cases that the program is to withstand. Numbers: CA, network, file system, concurrency, input, local privilege,
hooks, web servers, DNS, clock, interruption, schedule. "unit/ROOM/test_X.c::name" is a unit test, "providers/test_X.py::name" one of the
providers', "fuzz/NAME" a fuzz target, all others are in this folder.
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
    "NET-08": "unit/talker/test_https.c::test_an_address_that_swallows_all_is_passed_over unit/net/test_resolve.c::names_become_addresses unit/net/test_listen.c::binds_both_families_or_the_address_given",
    "NET-09": "unit/net/test_resolve.c::a_dead_server_is_passed_over unit/net/test_resolve.c::failures_say_why_and_who unit/net/test_resolve.c::names_become_addresses unit/net/test_resolve.c::a_search_list_does_not_capture_a_name",
    "NET-10": "test_hostile_net.py::test_a_portal_is_no_ca",
    "NET-11": "test_hostile_net.py::test_what_is_no_http_answer",
    "FS-01": "test_crash.py::test_a_renewal_killed_anywhere test_crash.py::test_a_first_issue_killed_anywhere test_journal.py::test_a_removal_killed_anywhere",
    "FS-02": "test_powerloss.py::test_power_lost_in_a_renewal test_powerloss.py::test_power_lost_in_a_removal",
    "FS-03": "test_diskfaults.py::test_a_renewal_survives_a_refusal", "FS-04": "test_journal.py::test_a_full_disk_is_found_before_anything_is_ordered",
    "FS-05": "test_journal.py::test_a_certificate_that_could_not_be_saved_is_saved_by_the_next_run", "FS-06": "test_diskfaults.py::test_a_renewal_bears_interruptions",
    "FS-08": "test_badinput.py::test_a_folder_that_is_a_file test_journal.py::test_hooks_run_for_what_is_live_although_saving_was_not_all_well",
    "FS-11": "test_badinput.py::test_a_missing_link_is_put_back_and_said test_badinput.py::test_a_plain_file_in_place_of_a_link test_renew.py::test_links_left_behind_are_repaired",
    "FS-12": "test_renew.py::test_a_broken_file_fails_alone test_renew.py::test_a_directory_in_place_of_a_file_fails_alone",
    "FS-13": "test_renew.py::test_the_next_number_is_above_all_that_is_there", "FS-14": "test_renew.py::test_owner_rights_of_the_key_are_carried_over",
    "FS-16": "test_torture.py::test_every_allocation_fails_once test_torture.py::test_every_call_fails_once unit/acme/test_memory.c::torture_order",
    "FS-17": "test_badinput.py::test_a_damaged_account_key_is_never_replaced", "FS-18": "test_crash.py::test_a_renewal_killed_anywhere",
    "CC-01": "test_goals.py::test_a_crowd_renews_once test_renew.py::test_several_runs_at_once_issue_once",
    "CC-02": "test_goals.py::test_the_lock_is_free_at_once_after_a_kill test_faults.py::test_a_killed_run_holds_no_lock", "CC-05": "test_journal.py::test_nobody_waits_for_a_hook", "CC-06": "test_hooks.py::test_a_hook_may_run_signet",
    "IN-01": "test_faults.py::test_a_hostile_token_is_refused", "IN-02": "test_faults.py::test_a_hostile_token_is_refused",
    "IN-03": "test_faults.py::test_escapes_in_a_problem_are_not_printed_raw", "IN-04": "test_faults.py::test_a_directory_that_is_none fuzz/acme",
    "IN-05": "test_hostile_ca.py::test_authorizations_that_do_not_fit_the_names test_faults.py::test_a_crowd_of_authorizations_for_one_name",
    "IN-06": "test_hostile_net.py::test_what_is_no_http_answer", "IN-07": "fuzz/x509 fuzz/pem_chain unit/crypto/test_chain.c::limits_hold unit/crypto/test_chain.c::a_chain_cut_anywhere_is_refused_or_shorter", 
    "IN-09": "unit/net/test_http_listen.c::answers_only_what_it_was_given unit/net/test_http_listen.c::endless_requests_end unit/net/test_serve.c::idle_strangers_are_shown_out unit/net/test_serve.c::and_so_are_those_that_drip unit/net/test_serve.c::a_thousand_slow_ones_do_not_keep_the_next_out fuzz/http_request",
    "IN-10": "unit/net/test_alpn_listen.c::shows_nothing_to_other_protocols unit/net/test_alpn_listen.c::one_protocol_of_several_is_enough unit/net/test_alpn_listen.c::a_hello_without_a_name_is_refused unit/net/test_alpn_listen.c::a_hello_may_come_in_pieces unit/net/test_alpn_listen.c::noise_is_closed unit/crypto/test_tlsalpn.c::only_the_protocol_with_a_known_name_is_served unit/net/test_serve.c::idle_strangers_are_shown_out unit/net/test_serve.c::a_thousand_slow_ones_do_not_keep_the_next_out",
    "IN-11": "unit/net/test_http_listen.c::answers_only_what_it_was_given unit/net/test_http_listen.c::tokens_come_and_go", "IN-12": "test_badinput.py::test_bad_names unit/plan/test_names.c::domains_that_can_be_ordered unit/plan/test_names.c::domains_that_cannot unit/plan/test_names.c::addresses", "IN-08": "fuzz/dns unit/dns/test_message.c::test_hostile unit/dns/test_message.c::test_many_values", "IN-18": "fuzz/date unit/base/test_clock.c::reads_rfc3339",
    "IN-15": "fuzz/nginx unit/deploy/nginx/test_tree.c::limits_hold unit/deploy/nginx/test_tree.c::cut_at_every_byte unit/deploy/nginx/test_tree.c::says_where_it_is_broken unit/deploy/nginx/test_plan.c::includes_are_followed "
             "test_nginx_trees.py::test_every_file_is_printed_as_it_is test_nginx_trees.py::test_broken_files_are_refused_with_the_place test_nginx_trees.py::test_a_large_corpus "
             "unit/deploy/apache/test_file.c::what_is_not_understood_is_refused_with_its_line unit/deploy/apache/test_file.c::cut_at_every_byte unit/deploy/apache/test_file.c::sections_have_a_depth unit/deploy/apache/test_file.c::files_have_a_size",
    "IN-17": "providers/test_engine.py::test_a_next_page_at_another_server_is_not_followed providers/test_engine.py::test_endless_pages_end providers/test_engine.py::test_a_value_cannot_begin_another_header "
             "providers/test_engine.py::test_a_value_cannot_change_the_host providers/test_engine.py::test_a_value_is_one_piece_of_a_path providers/test_engine.py::test_deep_json_and_broken_json providers/test_engine.py::test_a_long_retry_after_is_cut "
             "unit/provider/test_body.c::hostile_xml_is_refused unit/provider/test_body.c::json_of_strangers_has_limits unit/dns/test_message.c::test_hostile fuzz/dns",
    "LP-01": "test_goals.py::test_no_key_is_wider_than_0600_at_any_call test_certonly.py::test_modes_do_not_depend_on_the_umask",
    "LP-02": "test_goals.py::test_a_race_for_the_challenge_folder_is_lost test_webroot.py::test_a_link_planted_by_the_sites_user_is_not_followed test_webroot.py::test_a_link_made_by_the_admin_works",
    "LP-04": "unit/challenge/test_webfile.c::what_is_in_the_way_is_left_alone unit/challenge/test_webfile.c::links_of_others_lead_nowhere", "LP-06": "test_goals.py::test_planted_secrets_are_found_nowhere test_dns_provider.py::test_the_token_is_with_one_process_only test_roles.py::test_keys_are_where_they_are_needed_only",
    "LP-07": "test_dns.py::test_credentials_in_odd_files test_dns.py::test_late_and_up_to unit/dns/test_creds.c::test_doubts unit/dns/test_creds.c::test_files_that_are_none",
    "LP-05": "test_writers.py::test_a_folder_that_all_may_write_to_is_refused test_writers.py::test_a_parent_that_all_may_write_to_is_refused_unless_it_is_sticky",
    "LP-14": "test_writers.py::test_a_plain_user_in_his_own_folders",
    "LP-10": "test_roles.py::test_each_role_is_nobody_and_may_do_nothing test_roles.py::test_selftest_finds_all_denied",
    "LP-11": "test_roles.py::test_works_where_the_system_refuses_and_says_what_is_missing test_roles.py::test_require_sandbox_fails_closed",
    "LP-12": "test_roles.py::test_a_role_that_dies_ends_the_run_cleanly test_roles.py::test_a_role_that_is_stopped_is_given_up test_roles.py::test_a_signer_that_does_not_answer_is_given_up unit/net/test_role_guard.c::an_answer_that_does_not_come fuzz/wire", "LP-13": "unit/cli/test_logfile.c::test_planted",
    "HK-01": "test_journal.py::test_a_hung_hook_is_ended", "HK-11": "test_hooks.py::test_nothing_due_no_hooks test_hooks.py::test_dry_run_runs_pre_and_post_only", 
    "HK-03": "unit/deploy/test_hooks.c::first_words_are_checked unit/deploy/test_hooks.c::output_is_shown_as_certbot_does", "HK-09": "unit/deploy/test_hooks.c::folders_run_in_byte_order_and_skip_the_rest",
    "NET-07": "test_proxy.py::test_the_environment_names_the_proxy test_proxy.py::test_no_proxy test_proxy.py::test_a_proxy_that_does_not_let_through test_proxy.py::test_a_proxy_that_says_nothing",
    "FS-15": "test_odd_places.py::test_no_inodes_left test_odd_places.py::test_a_certificate_name_that_is_too_long test_odd_places.py::test_paths_that_are_too_long test_odd_places.py::test_a_working_folder_that_is_too_deep test_odd_places.py::test_a_link_that_leads_to_itself",
    "FS-19": "test_odd_places.py::test_a_container_sees_the_new_pair test_odd_places.py::test_who_watches_the_folder_hears_of_it test_odd_places.py::test_a_folder_that_is_a_mount_point_is_renewed",
    "CC-03": "test_odd_places.py::test_a_lock_file_that_is_none test_odd_places.py::test_a_file_system_without_locks",
    "HK-04": "test_hooks.py::test_a_hook_that_floods", "HK-05": "test_hooks.py::test_a_hundred_long_names_reach_the_hooks",
    "HK-06": "test_hooks.py::test_names_reach_hooks_by_the_environment_only", "HK-10": "test_hooks.py::test_a_hook_that_does_harm",
    "SC-03": "test_goals.py::test_unattended_renewals_begin_at_any_second",
    "CC-07": "test_more_cases.py::test_two_first_runs_make_one_account", "LP-08": "test_more_cases.py::test_a_crash_leaves_no_core",
    "CK-01": "test_clock.py::test_a_clock_that_is_wrong_costs_nothing test_clock.py::test_a_hold_of_a_wrong_clock_ends_with_it", "CK-06": "test_more_cases.py::test_dates_do_not_depend_on_place_and_language",
    "CK-02": "test_clock.py::test_a_clock_that_jumps_in_a_run test_clock.py::test_a_clock_that_jumps_back_and_forth unit/acme/test_order.c::clock_jumps_do_not_end_an_order",
    "CK-05": "test_clock.py::test_dates_of_later_decades unit/base/test_clock.c::agrees_with_gmtime unit/base/test_clock.c::out_of_range_is_clamped", "IT-05": "test_clock.py::test_a_host_that_is_suspended_in_a_run",
    "CK-04": "test_hostile_ca.py::test_a_certificate_of_tomorrow_is_taken_with_a_word",
    "IT-01": "test_journal.py::test_a_signal_leaves_nothing_behind test_goals.py::test_a_signal_in_further_phases test_faults.py::test_a_signal_cleans_up",
    "IT-03": "test_journal.py::test_a_manual_cleanup_hook_is_run_for_a_killed_run", "IT-04": "test_badinput.py::test_closed_standard_output",
    "WS-01": "test_nginx_faults.py::test_an_installation_killed_anywhere test_nginx_faults.py::test_a_challenge_killed_anywhere test_apache_faults.py::test_an_installation_killed_anywhere test_apache_faults.py::test_a_challenge_killed_anywhere test_apache_faults.py::test_raising_max_age_killed_anywhere",
    "WS-02": "test_nginx_faults.py::test_the_test_of_the_configuration_fails test_apache_faults.py::test_the_test_of_the_configuration_fails",
    "WS-03": "test_nginx_faults.py::test_the_reload_is_without_effect test_apache_faults.py::test_the_reload_is_without_effect test_apache_faults.py::test_a_renewal_that_is_not_served_is_told",
    "WS-04": "test_nginx_faults.py::test_a_server_so_large_that_its_reload_takes_long",
    "WS-05": "test_nginx_faults.py::test_a_configuration_that_was_broken_before test_apache_faults.py::test_a_configuration_that_was_broken_before",
    "WS-06": "test_nginx_trees.py::test_lines_that_are_not_ours_stay test_nginx_trees.py::test_every_file_is_printed_as_it_is test_nginx_trees.py::test_a_large_corpus",
    "WS-08": "test_nginx_faults.py::test_interrupted_while_the_answer_is_up test_apache_faults.py::test_interrupted_while_the_answer_is_up",
    "WS-09": "test_nginx_faults.py::test_a_file_that_is_a_mount_of_its_own test_nginx_faults.py::test_a_folder_that_cannot_be_written test_apache_faults.py::test_a_file_that_is_a_mount_of_its_own test_apache_faults.py::test_a_folder_that_cannot_be_written",
    "WS-10": "test_nginx.py::test_run_obtains_installs_redirects test_apache.py::test_run_obtains_installs_redirects test_nginx_trees.py::test_install_serve_and_take_back",
    "WS-12": "test_nginx.py::test_a_certificate_in_use_is_not_deleted test_apache.py::test_a_certificate_in_use_is_not_deleted",
    "WS-13": "test_nginx_trees.py::test_a_shared_snippet_with_a_certificate_is_not_guessed_at test_apache.py::test_virtual_hosts_by_a_macro_are_named",
    "SC-01": "test_goals.py::test_days_of_failure unit/store/test_backoff.c::four_hundred_days_of_failure", "SC-04": "unit/store/test_backoff.c::issuances_of_a_week_are_counted",
    "SC-05": "test_status.py::test_a_test_certificate_takes_no_good_ones_place",
    "SC-06": "test_status.py::test_nothing_starts_renew test_status.py::test_runs_that_are_too_rare unit/store/test_runs.c::each_verdict",
    "DN-01": "unit/dns/test_find.c::test_plain unit/dns/test_watch.c::test_too_late",
    "DN-02": "test_dns.py::test_a_dead_secondary_is_named test_dns.py::test_a_stale_secondary_is_named test_dns.py::test_late_and_up_to unit/dns/test_watch.c::test_backs_off unit/dns/test_watch.c::test_dead_server",
    "DN-03": "test_dns.py::test_cname_delegation test_dns.py::test_a_circle_of_aliases_is_named test_dns.py::test_the_label_is_a_zone_of_its_own unit/dns/test_find.c::test_aliases unit/dns/test_find.c::test_long_chain unit/dns/test_find.c::test_walk",
    "DN-05": "test_dns.py::test_apex_and_wildcard test_dns_powerdns.py::test_apex_and_wildcard providers/test_providers.py::test_apex_and_wildcard_together",
    "DN-06": "test_dns.py::test_killed_and_cleaned_by_the_next_run test_dns_crash.py::test_updates_killed_anywhere test_dns_crash.py::test_a_provider_killed_anywhere",
    "DN-07": "test_dns.py::test_split_horizon test_dns.py::test_another_world_inside",
    "DN-08": "test_dns.py::test_ipv6_only test_dns.py::test_a_server_that_takes_tcp_only test_dns.py::test_without_tcp test_dns.py::test_a_server_without_edns test_dns.py::test_what_the_resolver_says_is_told unit/dns/test_find.c::test_one_family",
    "DN-09": "test_dns.py::test_no_key_file_no_variables_named test_dns.py::test_a_lost_answer unit/dns/test_tsig.c::test_refusals unit/dns/test_tsig.c::test_update",
    "DN-10": "test_dns_provider.py::test_a_record_that_the_provider_only_says_is_there providers/test_providers.py::test_rate_limit_and_a_short_outage "
             "providers/test_engine.py::test_a_failed_write_fails_all_that_rode_along providers/test_engine.py::test_a_lost_answer_is_found_again_at_the_cleanup",
    "DN-11": "test_dns.py::test_a_record_that_comes_and_goes unit/dns/test_watch.c::test_flapping",
    "DN-12": "test_dns.py::test_caa_that_forbids_the_ca_is_told_early unit/dns/test_caa.c::test_verdicts unit/dns/test_caa.c::test_words",
    "DN-13": "test_hostile_ca.py::test_other_places_that_see_something_else",
    "DN-14": "unit/dns/test_find.c::test_walk unit/dns/test_find.c::test_label_is_delegated providers/test_providers.py::test_the_closest_zone_is_taken",
}

OPEN = {}

# Every case there is, by group.
ALL = {
    "CA": "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 25 26 27 28 29 30 31 34 35",
    "NET": "01 02 03 04 05 06 07 08 09 10 11",
    "FS": "01 02 03 04 05 06 08 11 12 13 14 15 16 17 18 19",
    "CC": "01 02 03 05 06 07",
    "IN": "01 02 03 04 05 06 07 08 09 10 11 12 15 17 18",
    "LP": "01 02 04 05 06 07 08 10 11 12 13 14",
    "HK": "01 03 04 05 06 09 10 11",
    "WS": "01 02 03 04 05 06 08 09 10 12 13",
    "DN": "01 02 03 05 06 07 08 09 10 11 12 13 14",
    "CK": "01 02 04 05 06",
    "IT": "01 03 04 05",
    "SC": "01 03 04 05 06",
}


def is_there(name):
    """The file exists and defines a test of this name."""
    if name.startswith("fuzz/"):
        return os.path.exists(ROOT + "/tests/fuzz/fuzz_%s.c" % name[5:])
    path, _, test = name.partition("::")
    path = ROOT + ("/tests/" if path.startswith(("unit/", "providers/")) else "/tests/e2e/") + path
    if not test or not os.path.exists(path):
        return False
    definition = r"^static void %s\(" if path.endswith(".c") else r"^def %s\("
    with open(path) as f:
        return bool(re.search(definition % re.escape(test), f.read(), re.M))


def test_every_case_has_the_test_that_is_named():
    missing = ["%s: %s" % (case, name) for case, names in CASES.items() for name in names.split() if not is_there(name)]
    assert not missing and all(CASES.values()), missing


def test_every_case_is_shown_or_open():
    every = {"%s-%s" % (group, n) for group, numbers in ALL.items() for n in numbers.split()}
    assert not set(CASES) & set(OPEN) and all(OPEN.values())
    assert every == set(CASES) | set(OPEN), every ^ (set(CASES) | set(OPEN))


def test_a_name_that_names_nothing_is_found():
    for name in ("unit/net/test_resolve.c::", "unit/net/test_resolve.c", "unit/net/test_resolve.c::names_become", "test_cases.py::is_nowhere", "test_nowhere.py::test_x", "fuzz/nothing"):
        assert not is_there(name), name
