"""renew: what is due, what is not, and what is said."""
import datetime
import grp
import json
import os
import re
import struct
import subprocess

import pytest
from harness.box import signet_binary
from harness.certs import KINDS, mode, read
from harness.plant import plant

FRAME = "- " * 39 + "-\n"
UTC = datetime.timezone.utc


def window(begin_hours, end_hours, **more):
    now = datetime.datetime.now(UTC)
    at = lambda h: (now + datetime.timedelta(hours=h)).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: E731
    return dict({"suggestedWindow": {"start": at(begin_hours), "end": at(end_hours)}}, **more)


def pem(lineage):
    return read(lineage.path("cert")).decode()


def test_nothing_at_all(box):
    r = box.signet("renew")
    assert "No renewals were attempted.\n" in r.out


def test_not_due(box):
    box.issue("nd.example")
    lineage = box.lineage("nd.example")
    since = box.ca.mark()
    r = box.signet("renew")
    full = lineage.path("fullchain")
    assert r.says(FRAME + "Processing %s\n" % lineage.conf + FRAME)
    assert "Certificate not yet due for renewal\n" in r.out
    assert r.says("The following certificates are not due for renewal yet:\n  %s expires on %s (skipped)\nNo renewals were attempted.\n"
                  % (full, lineage.cert.not_valid_after.date()))
    assert box.ca.count("newOrder", since) == 0
    lineage.check(version=1)


def test_forced(box):
    box.issue("f1.example")
    box.issue("f2.example", args=["--key-type", "rsa"])
    since = box.ca.mark()
    r = box.signet("renew", "--force-renewal")
    for n in ("f1.example", "f2.example"):
        box.lineage(n).check(version=2, names=[n])
        assert "Renewing an existing certificate for %s\n" % n in r.out
    assert r.says("Congratulations, all renewals succeeded:\n  %s (success)\n  %s (success)\n"
                  % (box.lineage("f1.example").path("fullchain"), box.lineage("f2.example").path("fullchain")))
    assert box.ca.issued(since) == 2 and box.ca.count("newAccount", since) == 0


def test_a_renewal_tells_the_ca_what_it_replaces(box):
    box.issue("repl.example")
    box.signet("renew", "--force-renewal")
    since = box.ca.mark()
    box.signet("renew", "--force-renewal")
    assert re.search(r"ARI: order \S+ is a replacement of", box.ca.text(since))
    box.lineage("repl.example").check(version=3)


def test_a_certificate_that_was_replaced_already_is_renewed_all_the_same(box):
    box.issue("twice.example")
    lineage = box.lineage("twice.example")
    old = {k: read(lineage.path(k)) for k in KINDS}
    box.signet("renew", "--force-renewal")
    for kind in KINDS:  # an admin puts the first version back
        os.unlink(lineage.path(kind))
        os.symlink("../../archive/twice.example/%s1.pem" % kind, lineage.path(kind))
        os.unlink(lineage.archived(kind, 2))
    since = box.ca.mark()
    box.signet("renew", "--force-renewal")
    assert lineage.check(version=2) and read(lineage.path("cert")) != old["cert"]
    assert box.ca.issued(since) == 1


def test_a_past_ari_window_renews_by_itself(box):
    box.issue("ari.example")
    lineage = box.lineage("ari.example")
    box.ca.set_renewal_info(pem(lineage), window(-48, -24, explanationURL="https://ca.example/why"))
    r = box.signet("renew")
    lineage.check(version=2)
    assert "https://ca.example/why" in r.out + r.err
    box.signet("renew")
    lineage.check(version=2)


def test_a_future_ari_window_waits_and_is_not_asked_again_at_once(box):
    box.issue("later.example")
    lineage = box.lineage("later.example")
    box.ca.set_renewal_info(pem(lineage), window(24, 48))
    since = box.ca.mark()
    box.signet("renew")
    assert box.ca.count("renewalInfo", since) == 1
    assert re.search(r"^\[acme_renewal_info\]\s*\n\s*ari_retry_after = \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", lineage.conf_text(), re.M)
    since = box.ca.mark()
    box.signet("renew")
    assert box.ca.count("renewalInfo", since) == 0
    lineage.check(version=1)


@pytest.mark.parametrize("answer", ["", "{", "[]", "null", '{"suggestedWindow": {}}', '{"suggestedWindow": {"start": 1, "end": 2}}',
                                    '{"suggestedWindow": {"start": "2021-01-03T00:00:00Z", "end": "2021-01-02T00:00:00Z"}}',
                                    '{"suggestedWindow": {"start": "99999-01-01T00:00:00Z", "end": "2021-01-02T00:00:00Z"}}', "<html>" * 50000])
def test_a_malformed_ari_answer_is_as_none(box, answer):
    box.issue("odd.example")
    lineage = box.lineage("odd.example")
    box.ca.set_renewal_info(pem(lineage), answer)
    box.signet("renew")
    lineage.check(version=1)


@pytest.mark.parametrize("lifetime,left,due", [(90, 29, True), (90, 31, False), (45, 14, True), (45, 16, False), (6, 2.9, True), (6, 3.1, False),
                                               (1, 0.4, True), (90, -1, True)])
def test_without_ari_the_lifetime_decides(box, lifetime, left, due):
    box.issue("seed.example")
    plant(box, "planted.example", lifetime_days=lifetime, left_days=left)
    box.signet("renew", "--cert-name", "planted.example")
    lineage = box.lineage("planted.example")
    assert lineage.check_pair() == (2 if due else 1)


def test_renew_before_expiry_in_the_file_decides(box):
    box.issue("seed.example")
    plant(box, "early.example", lifetime_days=90, left_days=40, top="renew_before_expiry = 45 days\n")
    plant(box, "late.example", lifetime_days=90, left_days=20, top="renew_before_expiry = 10 days\n")
    box.signet("renew")
    assert box.lineage("early.example").check_pair() == 2
    assert box.lineage("late.example").check_pair() == 1


def test_autorenew_false(box):
    box.issue("seed.example")
    plant(box, "auto.example", lifetime_days=90, left_days=3, params="autorenew = False\n")
    box.signet("renew")
    assert box.lineage("auto.example").check_pair() == 1


def test_one_failure_holds_nobody_back(box):
    for n in ("a.some.example", "b.some.example", "c.some.example"):
        box.issue(n)
    box.ca.dns_servfail("b.some.example")
    r = box.signet("renew", "--force-renewal", check=1)
    path = {n: box.lineage(n + ".some.example").path("fullchain") for n in "abc"}
    assert r.says("The following renewals succeeded:\n  %s (success)\n  %s (success)\n" % (path["a"], path["c"]))
    assert r.complains("The following renewals failed:\n  %s (failure)\n" % path["b"])
    assert r.complains("Failed to renew certificate b.some.example with error: ")
    assert "1 renew failure(s), 0 parse failure(s)" in r.err
    assert [box.lineage(n + ".some.example").check_pair() for n in "abc"] == [2, 1, 2]


def test_all_fail(box):
    box.issue("af.example")
    box.ca.dns_servfail("af.example")
    r = box.signet("renew", "--force-renewal", check=1)
    assert r.complains("All renewals failed. The following certificates could not be renewed:\n  %s (failure)\n" % box.lineage("af.example").path("fullchain"))
    assert "1 renew failure(s), 0 parse failure(s)" in r.err
    box.lineage("af.example").check(version=1)


BROKEN = {"empty": "", "binary": "\0\1\2\3" * 100, "no authenticator": "NOAUTH", "missing path": "NOPATH", "unclosed": "[renewalparams\nx", "huge": "x" * 20_000_000}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_fails_alone(box, kind):
    box.issue("good.example")
    text = box.lineage("good.example").conf_text()
    bad = {"NOAUTH": text.replace("authenticator =", "authentic =").replace("good.example", "bad.example"),
           "NOPATH": re.sub(r"^cert = .*\n", "", text, flags=re.M)}.get(BROKEN[kind], BROKEN[kind])
    box.file("etc/renewal/bad.example.conf", bad)
    r = box.signet("renew", "--force-renewal", check=1)
    box.lineage("good.example").check(version=2)
    assert "Additionally, the following renewal configurations were invalid: %s/renewal/bad.example.conf (parsefail)" % box.config in r.words
    assert "0 renew failure(s), 1 parse failure(s)" in r.err
    assert box.file("etc/renewal/bad.example.conf") == bad


def test_a_directory_in_place_of_a_file_fails_alone(box):
    box.issue("good.example")
    os.mkdir(box.config + "/renewal/dir.example.conf")
    os.symlink("nowhere", box.config + "/renewal/dangling.example.conf")
    r = box.signet("renew", "--force-renewal", check=1)
    box.lineage("good.example").check(version=2)
    assert "2 parse failure(s)" in r.err


def test_one_by_its_name(box):
    box.issue("n1.example")
    box.issue("n2.example")
    box.signet("renew", "--force-renewal", "--cert-name", "n2.example")
    assert [box.lineage(n).check_pair() for n in ("n1.example", "n2.example")] == [1, 2]
    r = box.signet("renew", "--cert-name", "unknown.example", check=1)
    assert "unknown.example" in r.err


def test_names_are_refused(box):
    box.issue("d.example")
    r = box.signet("renew", "-d", "d.example", check=1)
    assert r.complains("renew takes no names")


def test_quiet_is_silent(box):
    box.issue("q.example")
    r = box.signet("renew", "-q")
    assert (r.out, r.err) == ("", "")
    r = box.signet("renew", "-q", "--force-renewal")
    assert (r.out, r.err) == ("", "")
    box.lineage("q.example").check(version=2)


def test_dry_run_changes_nothing(box):
    box.issue("dr.example")
    before = {k: v for k, v in box.snapshot().items() if not k.startswith("accounts")}
    since = box.ca.mark()
    r = box.signet("renew", "--dry-run")
    assert r.says("Congratulations, all simulated renewals succeeded:\n  %s (success)\n" % box.lineage("dr.example").path("fullchain"))
    assert {k: v for k, v in box.snapshot().items() if not k.startswith("accounts")} == before
    assert box.ca.issued(since) == 1


def test_owner_rights_of_the_key_are_carried_over(box):
    box.issue("mode.example")
    lineage = box.lineage("mode.example")
    group = grp.getgrnam("daemon").gr_gid
    os.chmod(lineage.archived("privkey", 1), 0o640)
    os.chown(lineage.archived("privkey", 1), -1, group)
    box.signet("renew", "--force-renewal")
    assert lineage.check_pair() == 2
    st = os.stat(lineage.archived("privkey", 2))
    assert mode(lineage.archived("privkey", 2)) == 0o640 and st.st_gid == group
    assert mode(lineage.archived("cert", 2)) == 0o644


def acl(*named):
    """An ACL as the kernel takes it: the owner and these (uid, bits), and nothing for others."""
    rows = [(1, 7, -1)] + [(2, bits, uid) for uid, bits in named] + [(4, 5, -1), (16, 7, -1), (32, 0, -1)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", tag, bits, uid & 0xffffffff) for tag, bits, uid in rows)


def test_owners_and_labels_of_all_four_are_carried_over(box):
    """Also where the key is for its owner alone."""
    box.issue("mine.example")
    lineage = box.lineage("mine.example")
    for kind in ("privkey", "cert", "chain", "fullchain"):
        os.chown(lineage.archived(kind, 1), 1, 2)
        os.setxattr(lineage.archived(kind, 1), "user.note", kind.encode())
    os.chmod(lineage.archived("cert", 1), 0o600)
    box.signet("renew", "--force-renewal")
    assert lineage.check_pair() == 2
    for kind in ("privkey", "cert", "chain", "fullchain"):
        st = os.stat(lineage.archived(kind, 2))
        assert (st.st_uid, st.st_gid) == (1, 2) and os.getxattr(lineage.archived(kind, 2), "user.note") == kind.encode()
    assert [mode(lineage.archived(k, 2)) for k in ("privkey", "cert", "chain")] == [0o600, 0o600, 0o644]


def test_the_folders_acls_are_those_that_the_admin_left(box):
    """live/NAME changes places with its twin at each renewal: what was set stays, what was taken away does not come back."""
    box.issue("acl.example")
    live, access, default = box.config + "/live/acl.example", "system.posix_acl_access", "system.posix_acl_default"
    os.setxattr(live, access, acl((1, 5)))
    os.setxattr(live, default, acl((1, 5), (2, 5)))
    os.setxattr(live, "user.note", b"mine")
    for _ in range(2):
        box.signet("renew", "--force-renewal")
        assert os.getxattr(live, access) == acl((1, 5)) and os.getxattr(live, default) == acl((1, 5), (2, 5))
    for name in (access, default, "user.note"):
        os.removexattr(live, name)
    for _ in range(2):
        box.signet("renew", "--force-renewal")
        assert not {access, default, "user.note"} & set(os.listxattr(live))


def test_comments_and_strange_keys_survive(box):
    box.issue("ours.example")
    lineage = box.lineage("ours.example")
    text = lineage.conf_text().replace("[renewalparams]", "# a note of mine\nmy_key = my value\n[renewalparams]\n# and here\nplugin_thing = 7")
    box.file("etc/renewal/ours.example.conf", text)
    os.chmod(lineage.conf, 0o600)
    box.signet("renew", "--force-renewal")
    after = lineage.conf_text()
    assert "# a note of mine\n" in after and "my_key = my value\n" in after and "# and here\n" in after
    assert mode(lineage.conf) == 0o600 and lineage.check_pair() == 2


def test_options_of_this_run_are_remembered_when_it_renews(box):
    box.issue("rem.example")
    box.signet("renew", "--deploy-hook", "true", "--key-type", "rsa")
    assert box.lineage("rem.example").conf_get("renew_hook") is None
    box.signet("renew", "--force-renewal", "--deploy-hook", "true", "--key-type", "rsa")
    lineage = box.lineage("rem.example").check(version=2, key="rsa2048")
    assert lineage.conf_get("renew_hook") == "true" and lineage.conf_get("key_type") == "rsa"


def test_five_old_generations_are_kept(box):
    box.issue("hist.example")
    for _ in range(7):
        box.signet("renew", "--force-renewal")
    lineage = box.lineage("hist.example").check(version=8)
    for kind in KINDS:
        found = sorted(int(re.sub(r"\D", "", f)) for f in os.listdir(lineage.archive) if re.fullmatch(kind + r"\d+\.pem", f))
        assert found == [3, 4, 5, 6, 7, 8]


def test_the_next_number_is_above_all_that_is_there(box):
    box.issue("gap.example")
    lineage = box.lineage("gap.example")
    box.file("etc/archive/gap.example/chain41.pem", "left by somebody\n")
    box.signet("renew", "--force-renewal")
    assert lineage.check_pair() == 42


def test_links_left_behind_are_repaired(box):
    box.issue("left.example")
    box.signet("renew", "--force-renewal")
    lineage = box.lineage("left.example")
    for kind in KINDS:
        os.unlink(lineage.path(kind))
        os.symlink("../../archive/left.example/%s1.pem" % kind, lineage.path(kind))
    r = box.signet("renew")
    assert "Found a new certificate /archive/ that was not linked to in /live/; fixing..." in r.words
    lineage.check(version=2)


def test_a_lost_account_is_made_again_with_the_same_key(make_pebble, make_box):
    ca = make_pebble()
    box = make_box(ca)
    box.issue("lost.example")
    (account,) = box.account_dirs()
    key = read(account + "/private_key.json")
    ca.restart()
    box.signet("renew", "--force-renewal")
    box.lineage("lost.example").check(version=2)
    assert [read(a + "/private_key.json") for a in box.account_dirs()] == [key]


def test_several_runs_at_once_issue_once(box):
    box.issue("once.example")
    lineage = box.lineage("once.example")
    box.ca.set_renewal_info(pem(lineage), window(-48, -24))
    since = box.ca.mark()
    argv = [signet_binary(), "renew"] + box.common("renew")
    runs = [subprocess.Popen(argv, env=box.env(), cwd=box.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for _ in range(6)]
    texts = [p.communicate(timeout=90)[0] for p in runs]
    codes = [p.returncode for p in runs]
    assert 0 in codes and set(codes) <= {0, 1}, texts
    assert all("Another instance of" in t for t, c in zip(texts, codes) if c), texts
    assert box.ca.issued(since) == 1
    lineage.check(version=2)


def test_many_at_once_share_one_connection(make_pebble, make_box):
    ca = make_pebble()
    box = make_box(ca)
    for i in range(12):
        box.issue("m%02d.example" % i)
    since = ca.mark()
    box.signet("renew", "--force-renewal")
    for i in range(12):
        box.lineage("m%02d.example" % i).check(version=2)
    assert ca.count("directory", since) <= 1 and ca.issued(since) == 12


def test_explain_says_what_would_happen(box):
    box.issue("why.example")
    before, since = box.snapshot(), box.ca.mark()
    r = box.signet("explain", "why.example")
    assert "why.example" in r.out and "standalone" in r.out
    assert box.ca.count("newOrder", since) == 0
    assert {k: v for k, v in box.snapshot().items() if k.startswith(("live", "archive"))} == {k: v for k, v in before.items() if k.startswith(("live", "archive"))}
    assert json.loads(box.signet("explain", "--json").out)


def test_json_report(box):
    box.issue("jr.example")
    assert "jr.example" in json.dumps(json.loads(box.signet("renew", "--force-renewal", "--json").out))


def test_a_certificate_of_the_ca_that_revoked_it_is_renewed(box):
    box.issue("rev.example")
    lineage = box.lineage("rev.example")
    box.signet("revoke", "--cert-name", "rev.example", "--no-delete-after-revoke")
    box.signet("renew")  # pebble's renewal information for a revoked certificate lies in the past
    lineage.check(version=2)
