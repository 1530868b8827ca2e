"""The real certbot and signet on one tree, each going on from where the other stopped. certbot here is Debian 12's 2.1."""
import os
import re

import pytest
from harness.certs import read


def stable(box, name):
    """Both programs must see the same: the entry of `certificates`, in the words that both versions share."""
    theirs, ours = box.certbot("certificates", server=False).out, box.signet("certificates", server=False).out
    found = []
    for out in (theirs, ours):
        block = out[out.index("Certificate Name: " + name):]
        found.append([re.search(r"%s: (.*)" % k, block).group(1).split(" (")[0] for k in ("Serial Number", "Key Type", "Expiry Date", "Certificate Path", "Private Key Path")])
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize("key", ["ecdsa", "rsa"])
def test_certbot_lives_with_what_signet_made(box, key):
    box.issue("ours.example", "www.ours.example", args=["--key-type", key, "--deploy-hook", "true"])
    stable(box, "ours.example")
    r = box.certbot("renew")
    assert "not due for renewal" in r.out
    box.certbot("renew", "--force-renewal")
    lineage = box.lineage("ours.example").check(version=2, names=["ours.example", "www.ours.example"])
    assert len(box.account_dirs()) == 1, "certbot must find signet's account"
    box.signet("renew", "--force-renewal")
    lineage.check(version=3)
    box.certbot("renew", "--force-renewal")
    lineage.check(version=4)
    stable(box, "ours.example")
    serial = lineage.cert.serial_number
    box.certbot("revoke", "--cert-name", "ours.example", "--reason", "superseded")
    assert box.ca.cert_status(serial)["Status"] == "Revoked" and lineage.gone()


@pytest.mark.parametrize("key", ["ecdsa", "rsa"])
def test_signet_lives_with_what_certbot_made(box, key):
    box.issue("theirs.example", "www.theirs.example", args=["--key-type", key, "--deploy-hook", "true"], program=box.certbot)
    stable(box, "theirs.example")
    assert "not due for renewal" in box.signet("renew").out
    box.signet("renew", "--force-renewal")
    lineage = box.lineage("theirs.example").check(version=2, names=["theirs.example", "www.theirs.example"])
    assert len(box.account_dirs()) == 1, "signet must find certbot's account"
    box.certbot("renew", "--force-renewal")
    lineage.check(version=3)
    box.signet("renew", "--force-renewal")
    lineage.check(version=4)
    serial = lineage.cert.serial_number
    box.signet("revoke", "--cert-name", "theirs.example", "--reason", "superseded")
    assert box.ca.cert_status(serial)["Status"] == "Revoked" and lineage.gone()


def test_each_deletes_what_the_other_made(box):
    box.issue("a.del.example")
    box.issue("b.del.example", program=box.certbot)
    assert len(box.account_dirs()) == 1
    box.certbot("delete", "--cert-name", "a.del.example", server=False)
    box.signet("delete", "--cert-name", "b.del.example", server=False)
    assert box.lineage("a.del.example").gone() and box.lineage("b.del.example").gone()
    assert not [f for f in os.listdir(box.config + "/live") if f != "README"], "nothing of the deleted ones may stay in live/"


def test_certbot_reads_an_account_made_by_signet(box):
    box.signet("register", "--agree-tos", "-m", "a@mail.example")
    assert "Account URL: " in box.certbot("show_account").out
    box.certbot("update_account", "-m", "b@mail.example")
    assert "b@mail.example" in box.signet("show_account").out
    box.certbot("unregister")
    assert box.account_dirs() == []


def test_signet_reads_an_account_made_by_certbot(box):
    box.certbot("register", "--agree-tos", "-m", "a@mail.example")
    assert "a@mail.example" in box.signet("show_account").out
    box.signet("update_account", "-m", "b@mail.example")
    assert "b@mail.example" in box.certbot("show_account").out
    box.signet("unregister")
    assert box.account_dirs() == []


def test_webroot_lineages_go_both_ways(box):
    from harness.webserver import WebServer
    root = box.root + "/www"
    os.mkdir(root)
    with WebServer(box.ca.http_port, {n: root for n in ("w1.example", "w2.example")}):
        for name, program in (("w1.example", box.signet), ("w2.example", box.certbot)):
            program("certonly", "--webroot", "-w", root, "-d", name, "--agree-tos", "--register-unsafely-without-email")
        box.certbot("renew", "--force-renewal", "--cert-name", "w1.example")
        box.signet("renew", "--force-renewal", "--cert-name", "w2.example")
    box.lineage("w1.example").check(version=2)
    box.lineage("w2.example").check(version=2)


def test_reused_keys_go_both_ways(box):
    for name, first, second in (("k1.example", box.signet, box.certbot), ("k2.example", box.certbot, box.signet)):
        box.issue(name, args=["--reuse-key", "--key-type", "ecdsa"], program=first)
        key = read(box.lineage(name).path("privkey"))
        second("renew", "--force-renewal", "--cert-name", name)
        lineage = box.lineage(name)
        assert lineage.check_pair() == 2 and read(lineage.path("privkey")) == key


def test_expand_goes_both_ways(box):
    box.issue("e1.example")
    box.issue("e1.example", "e2.example", args=["--expand"], program=box.certbot)
    box.issue("e1.example", "e2.example", "e3.example", args=["--expand"])
    box.lineage("e1.example").check(version=3, names=["e1.example", "e2.example", "e3.example"])
    assert box.lineages() == ["e1.example"]


def test_certbot_reads_the_file_that_signet_rewrote(box):
    """Comments, lists of one element and quoting survive both."""
    box.issue("c.example", args=["--preferred-challenges", "http", "--pre-hook", "echo 'a, b' # c"], program=box.certbot)
    box.signet("renew", "--force-renewal")
    text = box.lineage("c.example").conf_text()
    assert "pref_challs = http-01," in text
    r = box.certbot("renew", "--force-renewal")
    assert "a, b" in r.out
    box.lineage("c.example").check(version=3)


def test_they_respect_each_others_locks(box):
    import fcntl
    box.issue("l.example")
    with open(box.config + "/.certbot.lock", "w") as f:
        fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        r = box.signet("renew", "--force-renewal", check=1)
        assert "Another instance of" in r.err and "already running" in r.err
        box.lineage("l.example").check(version=1)
