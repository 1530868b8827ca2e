"""The verbs that look after what is there."""
import json
import os
import re
import shutil

import pytest
from cryptography.hazmat.primitives import serialization
from harness.certs import KINDS, read
from harness.plant import plant

FRAME = "- " * 39 + "-\n"


def entry(lineage, kind, validity):
    """What `certificates` prints for one lineage."""
    c = lineage.cert
    names = " ".join(sorted(lineage.names))
    return ("  Certificate Name: %s\n    Serial Number: %x\n    Key Type: %s\n    Identifiers: %s\n    Expiry Date: %s+00:00 (%s)\n"
            "    Certificate Path: %s\n    Private Key Path: %s\n"
            % (lineage.name, c.serial_number, kind, names, c.not_valid_after, validity, lineage.path("fullchain"), lineage.path("privkey")))


def test_certificates_when_there_are_none(box):
    assert box.signet("certificates", server=False).says(FRAME + "No certificates found.\n" + FRAME)


def test_certificates(box):
    box.issue("a.m.example")
    box.issue("b.m.example", args=["--key-type", "rsa"])
    r = box.signet("certificates", server=False)
    assert r.says(FRAME + "Found the following certs:\n" + entry(box.lineage("a.m.example"), "ECDSA", "VALID: 89 days")
                        + entry(box.lineage("b.m.example"), "RSA", "VALID: 89 days") + FRAME), r


@pytest.mark.parametrize("left,word", [(1.5, "VALID: 1 day"), (0.23, "VALID: 5 hour(s)"), (2.5, "VALID: 2 days"), (-3, "INVALID: EXPIRED")])
def test_certificates_says_how_long(box, left, word):
    box.issue("seed.example")
    plant(box, "p.example", left_days=left)
    assert "(%s)\n" % word in box.signet("certificates", "--cert-name", "p.example", server=False).out


def test_certificates_by_name_or_domain(box):
    for n in ("a.m.example", "b.m.example"):
        box.issue(n)
    for words in (["--cert-name", "b.m.example"], ["-d", "b.m.example"]):
        out = box.signet("certificates", *words, server=False).out
        assert "Found the following matching certs:\n" in out and "b.m.example" in out and "a.m.example" not in out


def test_certificates_shows_broken_files_too(box):
    box.issue("a.m.example")
    box.file("etc/renewal/broken.conf", "nothing = here\n")
    r = box.signet("certificates", server=False)
    assert "Certificate Name: a.m.example\n" in r.out
    assert r.says("The following renewal configurations were invalid:\n  %s/renewal/broken.conf\n" % box.config)


def test_certificates_knows_what_was_revoked_and_needs_no_root_lock(box):
    box.issue("a.m.example")
    assert json.loads(box.signet("certificates", "--json", server=False).out)


def test_delete(box):
    for n in ("a.m.example", "b.m.example"):
        box.issue(n)
    r = box.signet("delete", "--cert-name", "a.m.example", server=False)
    assert "Deleted all files relating to certificate a.m.example.\n" in r.out
    assert box.lineage("a.m.example").gone()
    box.lineage("b.m.example").check(version=1)


def test_delete_needs_a_name(box):
    box.issue("a.m.example")
    box.signet("delete", check=1, server=False)
    r = box.signet("delete", "--cert-name", "none.example", check=1, server=False)
    assert "none.example" in r.err
    box.lineage("a.m.example").check(version=1)


@pytest.mark.parametrize("lost", ["live/x.example", "archive/x.example", "live/x.example/chain.pem"])
def test_delete_what_is_partly_gone(box, lost):
    box.issue("x.example")
    path = box.config + "/" + lost
    os.unlink(path) if os.path.islink(path) else shutil.rmtree(path)
    box.signet("delete", "--cert-name", "x.example", server=False)
    assert box.lineage("x.example").gone()


REASONS = {"unspecified": 0, "keycompromise": 1, "affiliationchanged": 3, "superseded": 4, "cessationofoperation": 5}


@pytest.mark.parametrize("reason", REASONS)
def test_revoke_by_name_with_a_reason(box, reason):
    box.issue("r.example")
    serial = box.lineage("r.example").cert.serial_number
    r = box.signet("revoke", "--cert-name", "r.example", "--reason", reason)
    status = box.ca.cert_status(serial)
    assert status["Status"] == "Revoked" and (status.get("Reason") or 0) == REASONS[reason]
    assert r.says("Congratulations! You have successfully revoked the certificate that was located at %s.\n" % box.lineage("r.example").path("cert"))
    assert "Deleted all files relating to certificate r.example.\n" in r.out and box.lineage("r.example").gone()


def test_revoke_by_path_and_keep(box):
    box.issue("r.example")
    lineage = box.lineage("r.example")
    box.signet("revoke", "--cert-path", lineage.path("cert"), "--no-delete-after-revoke")
    assert box.ca.cert_status(lineage.cert.serial_number)["Status"] == "Revoked"
    lineage.check(version=1)


def test_revoke_by_path_deletes_its_lineage(box):
    box.issue("r.example")
    box.issue("s.example")
    box.signet("revoke", "--cert-path", box.lineage("r.example").path("cert"), "--delete-after-revoke")
    assert box.lineage("r.example").gone()
    box.lineage("s.example").check(version=1)


def test_revoke_with_the_certificates_key_from_another_tree(box, make_box):
    box.issue("r.example")
    lineage = box.lineage("r.example")
    other = make_box(box.ca)
    other.signet("revoke", "--cert-path", lineage.path("cert"), "--key-path", lineage.path("privkey"), "--reason", "keycompromise",
                 "--no-delete-after-revoke")
    assert box.ca.cert_status(lineage.cert.serial_number)["Status"] == "Revoked"
    assert other.account_dirs() == []


def test_revoke_with_the_wrong_key(box):
    box.issue("r.example")
    box.issue("s.example")
    box.signet("revoke", "--cert-path", box.lineage("r.example").path("cert"), "--key-path", box.lineage("s.example").path("privkey"), check=1)
    assert box.ca.cert_status(box.lineage("r.example").cert.serial_number)["Status"] == "Valid"
    box.lineage("r.example").check(version=1)


def test_revoke_twice(box):
    box.issue("r.example")
    box.signet("revoke", "--cert-name", "r.example", "--no-delete-after-revoke")
    r = box.signet("revoke", "--cert-name", "r.example", "--no-delete-after-revoke", check=None)
    assert r.rc == 1 and r.err.strip() or "already" in r.words


@pytest.mark.parametrize("both", [False, True])
def test_revoke_wants_exactly_one_certificate(box, both):
    box.issue("r.example")
    words = ["--cert-name", "r.example", "--cert-path", box.lineage("r.example").path("cert")] if both else []
    r = box.signet("revoke", *words, check=1)
    assert "Exactly one of --cert-path or --cert-name must be specified!" in r.err
    box.lineage("r.example").check(version=1)


# ---- accounts ----


def test_the_life_of_an_account(box):
    r = box.signet("register", "--agree-tos", "-m", "a@mail.example")
    assert "Account registered.\n" in r.out and len(box.account_dirs()) == 1
    r = box.signet("register", "--agree-tos", "-m", "a@mail.example", check=1)
    assert "There is an existing account; registration of a duplicate account with this command is currently unsupported." in r.words
    r = box.signet("show_account")
    url = json.loads(read(box.account_dirs()[0] + "/regr.json"))["uri"]
    assert "Account details for server %s:\n  Account URL: %s\n  Account Thumbprint: " % (box.ca.url, url) in r.out
    assert re.search(r"^  Account Thumbprint: [A-Za-z0-9_-]{43}$", r.out, re.M) and "a@mail.example" in r.out
    r = box.signet("update_account", "-m", "b@mail.example")
    assert "Your e-mail address was updated to b@mail.example.\n" in r.out
    assert "b@mail.example" in box.signet("show_account").out
    r = box.signet("update_account", "--register-unsafely-without-email")
    assert "Any contact information associated with this account has been removed.\n" in r.out
    assert re.search(r"^  Email contacts?: none$", box.signet("show_account").out, re.M)
    r = box.signet("unregister")
    assert "Account deactivated." in r.out and box.account_dirs() == []


def test_verbs_that_need_an_account(box):
    for verb, words in (("unregister", []), ("update_account", ["-m", "a@mail.example"]), ("show_account", [])):
        r = box.signet(verb, *words, check=None)
        assert re.search(r"Could not find (an )?existing account for server %s\." % re.escape(box.ca.url), r.words), r
        assert box.account_dirs() == []


def test_register_in_words_of_the_past(box):
    box.signet("register", "--agree-tos", "-m", "a@mail.example")
    r = box.signet("register", "--update-registration", "-m", "c@mail.example")
    assert "Your e-mail address was updated to c@mail.example.\n" in r.out


def test_one_of_several_accounts(box):
    box.signet("register", "--agree-tos", "--register-unsafely-without-email")
    (first,) = box.account_dirs()
    aside = box.root + "/aside"
    os.rename(first, aside)
    box.signet("register", "--agree-tos", "--register-unsafely-without-email")
    os.rename(aside, first)
    both = [os.path.basename(d) for d in box.account_dirs()]
    r = box.issue("acc.example", check=1)
    assert "--account" in r.err or "choose an account" in r.err
    box.issue("acc.example", args=["--account", both[1]])
    assert box.lineage("acc.example").conf_get("account") == both[1]


def test_two_servers_two_accounts(box, make_pebble):
    box.issue("s1.example")
    other = make_pebble(http_port=box.ca.http_port)
    box.signet("certonly", "--standalone", "-d", "s2.example", "--agree-tos", "--register-unsafely-without-email", "--server", other.url, "--http-01-port",
               str(box.ca.http_port), "-n", *box.dirs(), bare=True, env={"REQUESTS_CA_BUNDLE": other.ca_file})
    assert len(box.account_dirs()) == 2
    assert box.lineage("s2.example").check(version=1).conf_get("server") == other.url


# ---- changing what is stored ----


def test_reconfigure(box):
    box.issue("rc.example")
    lineage = box.lineage("rc.example")
    serial = lineage.cert.serial_number
    box.signet("reconfigure", "--cert-name", "rc.example", "--deploy-hook", "true", "--pre-hook", "true")
    assert lineage.conf_get("renew_hook") == "true" and lineage.conf_get("pre_hook") == "true"
    assert lineage.check(version=1).cert.serial_number == serial


def test_reconfigure_tries_the_new_way_first(box):
    box.issue("rc.example")
    os.mkdir(box.root + "/empty")
    before = box.lineage("rc.example").conf_text()
    box.signet("reconfigure", "--cert-name", "rc.example", "--webroot", "-w", box.root + "/empty", check=1)
    assert box.lineage("rc.example").conf_text() == before


def test_update_symlinks_after_the_archive_moved(box):
    box.issue("mv.example")
    lineage = box.lineage("mv.example")
    moved = box.root + "/elsewhere"
    shutil.move(lineage.archive, moved)
    text = re.sub(r"^archive_dir = .*$", "archive_dir = " + moved, lineage.conf_text(), flags=re.M)
    box.file("etc/renewal/mv.example.conf", text)
    box.signet("update_symlinks", server=False)
    for kind in KINDS:
        assert os.path.realpath(lineage.path(kind)) == "%s/%s1.pem" % (moved, kind)
        read(lineage.path(kind))
    box.signet("renew", "--force-renewal")
    assert lineage.check_pair() == 2 and os.path.exists(moved + "/cert2.pem")


def test_a_renamed_lineage_works_on(box):
    """The file's name and archive_dir need not agree."""
    box.issue("was.example")
    shutil.move(box.config + "/renewal/was.example.conf", box.config + "/renewal/is.example.conf")
    shutil.move(box.config + "/live/was.example", box.config + "/live/is.example")
    text = box.file("etc/renewal/is.example.conf").replace("/live/was.example/", "/live/is.example/")
    box.file("etc/renewal/is.example.conf", text)
    box.signet("renew", "--force-renewal")
    lineage = box.lineage("is.example")
    lineage.archive = box.config + "/archive/was.example"
    lineage.check(version=2)


def test_plugins(box):
    out = box.signet("plugins", server=False).out
    for name in ("standalone", "webroot"):
        assert "* " + name in out


def test_help_topics(box):
    assert "certonly" in box.signet("--help", bare=True).out
    everything = box.signet("--help", "all", bare=True).out
    for option in ("--force-renewal", "--webroot-path", "--manual-auth-hook", "--preferred-chain", "--http-01-port"):
        assert option in everything
    assert "--webroot-path" in box.signet("--help", "webroot", bare=True).out
    assert re.search(r"\d+\.\d+", box.signet("--version", bare=True).out)


def test_keys_are_never_printed(box):
    box.issue("secret.example", args=["-vvv"])
    key = box.lineage("secret.example").key
    number = key.private_numbers().private_value
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode().split("\n")[1]
    account = json.loads(read(box.account_dirs()[0] + "/private_key.json"))["d"]
    everything = box.log() + "".join(box.file("log/" + f) for f in os.listdir(box.logs))
    for secret in (pem, "%x" % number, account):
        assert secret not in everything
