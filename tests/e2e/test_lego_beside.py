"""The command lines of lego's options and usage pages, by the real lego and by ours, each on a folder of its own: the same files
(names, modes, JSON members, PEM blocks) and the same exit statuses.

What differs on purpose: an account key is 0600 (lego: 0644)."""
import os
import re
import subprocess

import pytest
from harness.box import Failed
from harness.certs import load_cert, load_key, names, read, spki
from harness.lego import LegoBox, real_lego

ACCEPT = "--server {url} --accept-tos --email you@lego.test"
HTTP = "--http --http.port 127.0.0.1:{http}"
TLS = "--tls --tls.port 127.0.0.1:{tls}"

# name: the command lines, one after the other. Each is compared: exit status, then the tree.
LINES = {
    "http": [ACCEPT + " --domains one.lego.test " + HTTP + " run"],
    "port_of_every_address": [ACCEPT + " -d any.lego.test --http --http.port :{http} run"],
    "tls": [ACCEPT + " -d tls.lego.test " + TLS + " run"],
    "single_dash_and_equals": ["-server={url} -accept-tos=true -email=you@lego.test -domains=a.lego.test,b.lego.test -http -http.port=127.0.0.1:{http} run"],
    "short_names": ["-s {url} -a -m you@lego.test -d short.lego.test -k ec384 " + HTTP + " run"],
    "without_mail": ["--server {url} --accept-tos -d nomail.lego.test " + HTTP + " run", "list -a"],
    "path": [ACCEPT + " --path .lego/sub -d path.lego.test " + HTTP + " run"],
    "webroot": [ACCEPT + " -d web.lego.test --http --http.webroot {webroot} run"],
    "pem": [ACCEPT + " -d pem.lego.test --pem " + HTTP + " run"],
    "pfx": [ACCEPT + " -d pfx.lego.test --pfx --pfx.pass secret --pfx.format SHA256 " + HTTP + " run"],
    "rsa2048": [ACCEPT + " -d rsa.lego.test --key-type rsa2048 " + HTTP + " run"],
    "no_bundle": [ACCEPT + " -d alone.lego.test " + HTTP + " run --no-bundle"],
    "csr": [ACCEPT + " --csr {csr} " + HTTP + " run", ACCEPT + " --csr {csr} " + HTTP + " renew --no-random-sleep --days 100"],
    "private_key": [ACCEPT + " -d given.lego.test " + HTTP + " run --private-key {key}"],
    "dates": [ACCEPT + " -d dates.lego.test " + HTTP + " run --not-before 2026-01-01T00:00:00Z --not-after 2036-01-01T00:00:00Z"],
    "hook": [ACCEPT + " -d hook.lego.test " + HTTP + " run --run-hook {hook}"],
    "hook_fails": [ACCEPT + " -d fails.lego.test " + HTTP + " run --run-hook /bin/false"],
    "idn": [ACCEPT + " -d b\u00fccher.lego.test " + HTTP + " run", ACCEPT + " -d b\u00fccher.lego.test revoke"],
    "address": [ACCEPT + " -d 127.0.0.1 " + HTTP + " run", "list"],
    "must_staple": [ACCEPT + " -d staple.lego.test --disable-cn " + HTTP + " run --must-staple"],
    "renew": [ACCEPT + " -d renew.lego.test " + HTTP + " run", ACCEPT + " -d renew.lego.test " + HTTP + " renew",
              ACCEPT + " -d renew.lego.test " + HTTP + " renew --days 45",
              ACCEPT + " -d renew.lego.test " + HTTP + " renew --dynamic --ari-disable",
              ACCEPT + " -d renew.lego.test " + HTTP + " renew --days 100 --no-random-sleep --reuse-key --renew-hook {hook}"],
    "renew_with_more_names": [ACCEPT + " -d more.lego.test " + HTTP + " run",
                              ACCEPT + " -d more.lego.test -d more2.lego.test " + HTTP + " renew --days 100 --no-random-sleep"],
    "force_cert_domains": [ACCEPT + " -d set.lego.test -d set2.lego.test " + HTTP + " run",
                           ACCEPT + " -d set.lego.test " + HTTP + " renew --force-cert-domains --no-random-sleep"],
    "revoke": [ACCEPT + " -d rev.lego.test --pem " + HTTP + " run", ACCEPT + " -d rev.lego.test revoke --reason 4"],
    "revoke_keep": [ACCEPT + " -d kept.lego.test " + HTTP + " run", ACCEPT + " -d kept.lego.test revoke -k"],
    "lists": ["list", ACCEPT + " -d list.lego.test " + HTTP + " run", "list", "list -a", "list --names", "-v", "help", "help run"],
}

# These fail before anything is obtained; the real lego leaves folders and keys behind, ours nothing.
WRONG = {
    "no_names": "run",
    "names_and_csr": "-d a.lego.test --csr {csr} run",
    "no_challenge": "--server {url} -a -d a.lego.test run",
    "terms": "--server {url} -d a.lego.test " + HTTP + " run",
    "provider": "--server {url} -a -d a.lego.test --dns nosuch run",
    "command": "frobnicate",
    "flag": "--frobnicate run",
    "flag_of_the_command": "run --frobnicate",
    "no_value": "-d",
    "key_type": "--server {url} -a -d a.lego.test -k dsa " + HTTP + " run",
    "port": "--server {url} -a -d a.lego.test --http --http.port 80 run",
    "pfx_format": "--server {url} -a -d a.lego.test --pfx --pfx.format X " + HTTP + " run",
    "duration": "--server {url} -a -d a.lego.test --http.delay 3 " + HTTP + " run",
    "date": "--server {url} -a -d a.lego.test " + HTTP + " run --not-before yesterday",
    "csr_is_missing": "--server {url} -a --csr /nonexistent " + HTTP + " run",
    "renew_unregistered": "--server {url} -d a.lego.test " + HTTP + " renew",
    "revoke_unregistered": "--server {url} -d a.lego.test revoke",
    "dnshelp": "dnshelp -c nosuch",
    "topic": "help nosuch",
}


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Both:
    def __init__(self, tmp, ca):
        self.ca = ca
        self.ours = LegoBox(tmp / "ours", ca)
        self.real = LegoBox(tmp / "real", ca, [real_lego()])
        self.shared = str(tmp)
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.shared + "/csr.key", "-out",
                self.shared + "/csr.pem", "-subj", "/CN=csr.lego.test", "-addext", "subjectAltName=DNS:csr.lego.test")
        openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", self.shared + "/given.key")

    def words(self, line, box):
        hook = box.root + "/hook"
        with open(hook, "w") as f:
            f.write("#!/bin/sh\nenv | grep ^LEGO_ | grep -v CA_CERT | sed 's#%s##' | sort > %s/told\n" % (box.root, box.root))
        os.chmod(hook, 0o755)
        os.makedirs(box.root + "/www", exist_ok=True)
        values = dict(url=self.ca.url, http=self.ca.http_port, tls=self.ca.tls_port, webroot=box.root + "/www", hook=hook, csr=self.shared + "/csr.pem",
                      key=self.shared + "/given.key")
        return [w.format(**values) for w in line.split()]


@pytest.fixture
def both(tmp_path, pebble):
    return Both(tmp_path, pebble)


def expected(tree):
    """The real lego's tree as ours should be."""
    return {p: ("0600" if re.fullmatch(r"accounts/.*\.key|sub/accounts/.*\.key", p) else mode, what) for p, (mode, what) in tree.items()}


def serve_webroot(box, ca):
    from harness.webserver import WebServer
    return WebServer(ca.http_port, {"web.lego.test": box.root + "/www"})


@pytest.mark.parametrize("name", sorted(LINES))
def test_documented_lines(both, name):
    for line in LINES[name]:
        status = []
        for box in (both.real, both.ours):
            words = both.words(line, box)
            if "--http.webroot" in words:
                with serve_webroot(box, both.ca):
                    r = box.run(*words, check=None)
            else:
                r = box.run(*words, check=None)
            status.append((r.rc, r))
        (want, theirs), (got, ours) = status
        if want != got:
            raise Failed("lego ends with %d, we with %d:\n%s\n%s" % (want, got, theirs, ours))
        assert both.ours.tree() == expected(both.real.tree()), line
    told = both.real.root + "/told"
    if os.path.exists(told):
        assert read(both.ours.root + "/told") == read(told)


@pytest.mark.parametrize("name", sorted(WRONG))
def test_mistakes(both, name):
    status = []
    for box in (both.real, both.ours):
        r = box.run(*both.words(WRONG[name], box), check=None)
        status.append(r.rc)
        last = r
    assert status[0] == status[1] != 0, last
    assert not os.path.exists(both.ours.path), "a run that fails makes nothing: %s" % last
    assert last.err.strip(), "it says why"


def test_each_goes_on_where_the_other_stopped(both):
    """One folder, both programs, turn about."""
    box, real = both.ours, both.real.program
    box.obtain("turn.lego.test", args=["--pem"])
    first = load_cert(box.cert("turn.lego.test"))
    r = box.renew("turn.lego.test", args=["--pem"], renew=["--days", "100"], program=real)
    second = load_cert(box.cert("turn.lego.test"))
    assert second.serial_number != first.serial_number, r
    box.renew("turn.lego.test", args=["--pem"], renew=["--days", "100", "--reuse-key"])
    third = load_cert(box.cert("turn.lego.test"))
    assert third.serial_number != second.serial_number
    assert spki(third.public_key()) == spki(second.public_key()) == spki(load_key(box.cert("turn.lego.test", ".key")).public_key())
    assert names(third) == {"turn.lego.test"}
    box.run(*box.common(), "--email", "a@lego.test", "-d", "turn.lego.test", "revoke", program=real)
    assert not os.path.exists(box.cert("turn.lego.test"))
    # an account that the real one has made
    other = LegoBox(both.shared + "/other", both.ca, real)
    other.obtain("made.lego.test")
    account = read(other.account() + "/account.json")
    other.program = both.ours.program
    other.renew("made.lego.test", renew=["--days", "100"])
    other.run(*other.common(), "--email", "a@lego.test", "-d", "made.lego.test", "revoke")
    assert read(other.account() + "/account.json") == account, "no account was made beside it"


def test_lists_are_the_same(both):
    box = both.ours
    box.obtain("list.lego.test", "list2.lego.test")
    for words in (["list"], ["list", "-a"], ["list", "--names"]):
        assert box.run(*words).out == box.run(*words, program=both.real.program).out
