"""Bad words, bad names, bad surroundings: a clear error, the right exit status, nothing changed."""
import os
import socket

import pytest

AGREE = ["--agree-tos", "--register-unsafely-without-email"]


@pytest.mark.parametrize("words", [["--nonsense=1"], ["--nonsense"], ["-Z"], ["certonly", "--no-such"], ["foo"], ["certonly", "--dom", "a.example"],
                                   ["certonly", "-c", "/no/such/file.ini"], ["certonly", "--rsa-key-size", "many"], ["certonly", "--key-type", "dsa"],
                                   ["certonly", "--http-01-port"], ["revoke", "--reason", "boredom"], ["certonly", "--preferred-challenges", "smoke"]])
def test_the_command_line_is_wrong(box, words):
    r = box.signet(*words, *box.dirs(), "-n", bare=True, check=2)
    assert r.err.strip() and "usage" not in r.out.lower()[:20]
    assert not os.path.exists(box.config + "/accounts")


def test_the_wrong_word_is_named(box):
    assert "--nonsense" in box.signet("certonly", "--nonsense=1", *box.dirs(), bare=True, check=2).err
    r = box.signet("certonly", "--dom", "a.example", *box.dirs(), bare=True, check=2)
    assert "--domains" in r.err and "--domain" in r.err


def test_a_bad_key_in_a_file(box):
    conf = box.file("bad.ini", "nonsense = 1\n")
    r = box.signet("certificates", "-c", conf, *box.dirs(), bare=True, check=2)
    assert "nonsense" in r.err


def test_two_authenticators(box):
    r = box.signet("certonly", "--standalone", "--manual", "-d", "a.example", *AGREE, check=None)
    assert r.rc != 0 and "Too many flags setting" in r.err


def test_no_authenticator_and_no_terminal(box):
    r = box.signet("certonly", "-d", "a.example", *AGREE, check=1)
    assert r.err.strip() and box.account_dirs() == []


def test_no_names(box):
    r = box.signet("certonly", "--standalone", *AGREE, check=1)
    assert "-d" in r.err or "--domain" in r.err


def test_run_with_a_plugin_that_cannot_install(box):
    r = box.signet("run", "--standalone", "-d", "a.example", *AGREE, check=None)
    assert r.rc != 0 and 'certonly' in r.err


def test_dry_run_needs_the_right_verb(box):
    r = box.signet("delete", "--dry-run", "--cert-name", "a.example", check=1, server=False)
    assert "--dry-run currently only works with" in r.err


@pytest.mark.parametrize("name", ["", ".", "a..example", ".example", "-a.example", "a-.example", "a" * 64 + ".example", ("a" * 60 + ".") * 5 + "example",
                                  "a_b.example", "a b.example", "a.*.example", "*.*.example", "**.example", "a/b.example", "192.0.2.1", "2001:db8::1",
                                  "http://a.example", "a.example:80", "exa\x01mple.org", "-n.example", "a.example;b", "a.example/../b"])
def test_bad_names(box, name):
    since = box.ca.mark()
    r = box.signet("certonly", "--standalone", "--domain=" + name, *AGREE, check=None)
    assert r.rc in (1, 2) and r.err.strip(), r
    assert box.lineages() == []
    assert box.ca.count("newOrder", since) == 0
    assert "\x01" not in r.out + r.err


def test_a_raw_idn_is_converted_or_refused_never_garbled(box):
    r = box.signet("certonly", "--standalone", "-d", "bücher.example", *AGREE)
    box.lineage("xn--bcher-kva.example").check(version=1, names=["xn--bcher-kva.example"])
    assert r.rc == 0


def test_a_busy_port(box):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("0.0.0.0", box.ca.http_port))
        s.listen()
        r = box.issue("busy.example", check=1)
    assert r.complains("Could not bind TCP port %d because it is already in use by another process on this system (such as a web server). "
                       "Please stop the program in question and then try again." % box.ca.http_port)
    assert str(os.getpid()) in r.err, "it should say which process holds the port"
    assert box.lineages() == []


@pytest.mark.parametrize("address", ["192.0.2.7", "not-an-address"])
def test_an_address_that_is_not_ours(box, address):
    r = box.issue("addr.example", args=["--http-01-address", address], check=None)
    assert r.rc in (1, 2) and address in r.err


@pytest.mark.parametrize("url", ["https://127.0.0.1:1/dir", "https://127.0.0.1:1", "nonsense", "ftp://127.0.0.1/dir", "https://no-such-host.invalid/dir", ""])
def test_a_server_that_is_not_there(box, url):
    r = box.signet("certonly", "--standalone", "-d", "x.example", *AGREE, "--server", url, *box.dirs(), "-n", bare=True, check=None, timeout=60)
    assert r.rc in (1, 2) and r.err.strip()
    assert box.account_dirs() == []


def test_a_server_that_is_no_acme_server(box):
    r = box.signet("certonly", "--standalone", "-d", "x.example", *AGREE, "--server", box.ca.url.replace("/dir", "/no-such-page"), *box.dirs(), "-n",
                   bare=True, check=1)
    assert "no-such-page" in r.err


def test_a_folder_that_is_a_file(box):
    path = box.file("file", "x")
    r = box.signet("certonly", "--standalone", "-d", "x.example", *AGREE, "--server", box.ca.url, "-n", "--config-dir", path, "--work-dir", box.work,
                   "--logs-dir", box.logs, bare=True, check=1)
    assert path in r.err


def test_a_missing_link_is_put_back_and_said(box):
    box.issue("link.example")
    os.unlink(box.lineage("link.example").path("chain"))
    r = box.signet("renew")
    assert "link.example" in r.words and "links in live" in r.words
    box.lineage("link.example").check(version=1)


def test_links_and_archive_both_gone_is_an_error_for_that_lineage_alone(box):
    import shutil
    box.issue("lost.example")
    box.issue("fine.example")
    for folder in ("live", "archive"):
        shutil.rmtree("%s/%s/lost.example" % (box.config, folder))
    r = box.signet("renew", "--force-renewal", check=1)
    assert "lost.example" in r.err and "parsefail" in r.words
    box.lineage("fine.example").check(version=2)


def test_a_plain_file_in_place_of_a_link(box):
    box.issue("plain.example")
    path = box.lineage("plain.example").path("cert")
    os.unlink(path)
    with open(path, "w") as f:
        f.write("mine")
    box.signet("renew", "--force-renewal", check=1)
    with open(path) as f:
        assert f.read() == "mine"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"kty": "RSA"}'])
def test_a_damaged_account_key_is_never_replaced(box, damage):
    box.issue("acct.example")
    (account,) = box.account_dirs()
    path = account + "/private_key.json"
    os.chmod(path, 0o600)
    with open(path, "w") as f:
        f.write(damage)
    since = box.ca.mark()
    r = box.signet("renew", "--force-renewal", check=1)
    assert "private_key.json" in r.err or os.path.basename(account) in r.err
    assert box.ca.count("newAccount", since) == 0
    with open(path) as f:
        assert f.read() == damage
    box.lineage("acct.example").check(version=1)


def test_closed_standard_output(box):
    import subprocess
    from harness.box import signet_binary
    argv = [signet_binary(), "certonly", "--standalone", "-d", "closed.example", *AGREE] + box.common("certonly")
    subprocess.run(["/bin/sh", "-c", 'exec "$@" >&- 2>&- <&-', "sh"] + argv, env=box.env(), cwd=box.root, timeout=60)
    box.lineage("closed.example").check(version=1)


def test_a_full_disk_is_found_before_the_order(box):
    import subprocess
    box.issue("full.example")
    where = box.config + "/archive"
    old = box.snapshot()
    size = 64 * 1024
    aside = box.root + "/aside"
    subprocess.run(["cp", "-a", where, aside], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d,mode=0700" % size, "tmpfs", where], check=True)
    try:
        subprocess.run("cp -a %s/. %s/ && (head -c %d /dev/zero > %s/fill || true)" % (aside, where, size, where), shell=True, check=True, stderr=subprocess.DEVNULL)
        since = box.ca.mark()
        r = box.signet("renew", "--force-renewal", check=1)
        assert box.ca.count("newOrder", since) == 0 and "space" in r.err.lower()
        box.lineage("full.example").check_pair()
    finally:
        subprocess.run(["umount", where], check=True)
    assert {k: v for k, v in box.snapshot().items() if k.startswith("archive")} == {k: v for k, v in old.items() if k.startswith("archive")}
