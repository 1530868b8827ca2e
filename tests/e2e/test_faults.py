"""One thing goes wrong between signet and the CA: it is survived, or refused with everything left as it was."""
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import faultproxy as fault
import pytest
from harness.box import signet_binary
from harness.certs import read
from harness.figures import figure
from harness.plant import PEM, make_chain
from harness.webserver import WebServer

AGREE = ["--agree-tos", "--register-unsafely-without-email"]


@pytest.fixture
def proxy(pebble):
    with fault.FaultProxy(pebble) as p:
        yield p


@pytest.fixture
def fbox(make_box, proxy):
    """A box whose CA is reached through the proxy."""
    return make_box(proxy)


TRANSIENT = {
    "500": lambda: fault.status(500), "502 problem": lambda: fault.problem(502, "serverInternal"),
    "503 retry-after": lambda: fault.status(503, {"Retry-After": "1"}), "reset": fault.reset, "lost": fault.lost, "truncate": fault.truncate,
}


@pytest.mark.parametrize("kind", TRANSIENT)
def test_one_transient_fault_anywhere_in_a_renewal(fbox, proxy, kind):
    fbox.issue("sweep.example")
    proxy.start(None)
    fbox.signet("renew", "--force-renewal")
    total, version, bad = len(proxy.requests), 2, []
    for k in range(1, total + 1):
        since = proxy.mark()
        proxy.start(fault.at(k, TRANSIENT[kind]()))
        r = fbox.signet("renew", "--force-renewal", check=None, timeout=60)
        where = repr(proxy.requests[k - 1]) if len(proxy.requests) >= k else "request %d was never made" % k
        version += 1
        try:
            assert r.rc == 0, r
            assert fbox.lineage("sweep.example").check_pair() == version
            # requests are not counted: libcurl repeats by itself what was sent on a connection that had gone, which its nonce makes harmless
            assert proxy.ca.issued(since) == 1 and proxy.ca.orders(since) <= 2
        except AssertionError as e:
            bad.append("%s: %s" % (where, e))
            version = fbox.lineage("sweep.example").check_pair()
    figure("G4", "%s at each of %d requests of a renewal: %d fail" % (kind, total, len(bad)))
    assert not bad, "%d of %d runs failed\n%s" % (len(bad), total, "\n".join(bad))


@pytest.mark.parametrize("kind", ["500", "lost", "reset"])
def test_one_transient_fault_anywhere_in_a_first_issue(make_box, pebble, kind):
    bad, k, total = [], 1, 1
    while k <= total:
        with fault.FaultProxy(pebble, fault.at(k, TRANSIENT[kind]())) as proxy:
            box = make_box(proxy)
            since = pebble.mark()
            r = box.issue("first%d.example" % k, check=None, timeout=60)
            total = max(total, min(len(proxy.requests), 14))
            try:
                assert r.rc == 0, r
                box.lineage("first%d.example" % k).check(version=1)
                assert pebble.issued(since) == 1 and len(box.account_dirs()) == 1
            except AssertionError as e:
                bad.append("%r: %s" % (proxy.requests[k - 1], e))
        k += 1
    assert total >= 8 and not bad, "%d of %d runs failed\n%s" % (len(bad), total, "\n".join(bad))


def untouched(box, before):
    now = box.snapshot()
    keep = lambda s: {k: v for k, v in s.items() if k.startswith(("live", "archive"))}  # noqa: E731
    assert keep(now) == keep(before)


def other_chain(names=("x.example",), **kw):
    key, leaf, issuer = make_chain(list(names), kw.pop("lifetime", 90), kw.pop("left", 80), **kw)
    return leaf.public_bytes(PEM) + issuer.public_bytes(PEM)


def with_a_key(body):
    from cryptography.hazmat.primitives import serialization as s
    key, _, _ = make_chain(["x.example"], 90, 80)
    return body + key.private_bytes(PEM, s.PrivateFormat.PKCS8, s.NoEncryption())


BAD_CERTS = {
    "empty": lambda b: b"", "html": lambda b: b"<html>welcome</html>", "half": lambda b: b[: len(b) // 3], "no final line": lambda b: b[:-30],
    "another key": lambda b: other_chain(), "a private key inside": with_a_key, "only the issuer": lambda b: b[b.index(b"-----BEGIN", 10):],
    "der": lambda b: __import__("ssl").PEM_cert_to_DER_cert(b[: b.index(b"-----END CERTIFICATE-----") + 26].decode()),
    "text of another kind": lambda b: b.replace(b"CERTIFICATE", b"PUBLIC KEY"), "20000 of them": lambda b: b * 10000,
    "issuer first": lambda b: b[b.index(b"-----BEGIN", 10):] + b[: b.index(b"-----BEGIN", 10)],
}


@pytest.mark.parametrize("kind", BAD_CERTS)
def test_a_certificate_that_is_none_is_refused(fbox, proxy, kind):
    fbox.issue("x.example")
    before = fbox.snapshot()
    proxy.start(fault.always("certificate", fault.rewrite_body(BAD_CERTS[kind])))
    r = fbox.signet("renew", "--force-renewal", check=1, timeout=60)
    untouched(fbox, before)
    assert r.err.strip() and [o.status for o in proxy.seen("newOrder")].count(201) == 1, proxy.requests
    proxy.start(None)
    fbox.signet("renew", "--force-renewal")
    fbox.lineage("x.example").check(version=2)


def test_a_certificate_for_other_names_is_refused(fbox, proxy):
    """The CA signs our key, but for another name."""
    fbox.issue("x.example", args=["--reuse-key"])
    key = fbox.lineage("x.example").key
    before = fbox.snapshot()
    for names, left in ((["y.example"], 80), (["x.example", "y.example"], 80), (["x.example"], -1)):
        proxy.start(fault.always("certificate", fault.rewrite_body(lambda b: other_chain(names, left=left, key=key))))
        fbox.signet("renew", "--force-renewal", check=1, timeout=60)
        untouched(fbox, before)


def change_json(change):
    def apply(body):
        data = json.loads(body)
        change(data)
        return json.dumps(data).encode()

    return fault.rewrite_body(apply)


class Trap:
    """A listener that must never be spoken to."""

    def __enter__(self):
        self.hits = 0
        self.s = socket.create_server(("127.0.0.1", 0))
        self.port = self.s.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()
        return self

    def _run(self):
        while True:
            try:
                c, _ = self.s.accept()
            except OSError:
                return
            self.hits += 1
            c.close()

    def __exit__(self, *_):
        self.s.close()


URLS = {"directory": ["newNonce", "newAccount", "newOrder"], "newOrder": ["finalize", "authorizations"], "order": ["finalize", "certificate"],
        "authorization": ["challenges"]}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("endpoint,field", [(e, f) for e, fs in URLS.items() for f in fs])
def test_no_signed_request_goes_elsewhere(make_box, pebble, endpoint, field, scheme):
    if endpoint == "directory" and scheme == "https":
        scheme = "ftp"  # the directory may name another https host; then it is the CA's word
    with Trap() as trap, fault.FaultProxy(pebble) as proxy:
        box = make_box(proxy)
        foreign = "%s://127.0.0.1:%d/x" % (scheme, trap.port)

        def change(d):
            if field == "authorizations":
                d[field] = [foreign] * len(d[field])
            elif field == "challenges":
                for c in d[field]:
                    c["url"] = foreign
            elif field in d:
                d[field] = foreign

        changed = change_json(change)
        # an answer may be a problem or the order in an early state: only good answers of that endpoint are changed
        proxy.start(fault.always(endpoint, ("rewrite", lambda code, h, b: changed[1](code, h, b) if code in (200, 201) else (code, h, b))))
        r = box.issue("foreign.example", check=None, timeout=60)
        assert trap.hits == 0
        # pebble's finalize answer shows the order too, so "certificate" may be learnt there, untouched
        assert r.rc == 1 or (endpoint, field) in (("order", "finalize"), ("order", "certificate")), r


TOKENS = ["../../../../evil", "a/b", "..", ".", "", "a" * 5000, "tok;touch pwned", "tok\n", "tök", "abc=", "x\x00y"]


@pytest.mark.parametrize("token", TOKENS)
def test_a_hostile_token_is_refused(fbox, proxy, token):
    root = fbox.root + "/www"
    os.mkdir(root)

    def change(d):
        for c in d.get("challenges", []):
            c["token"] = token

    proxy.start(fault.always("authorization", change_json(change)))
    before = sorted(os.listdir(fbox.root))
    since = proxy.mark()
    with WebServer(proxy.http_port, {"t.example": root}):
        fbox.signet("certonly", "--webroot", "-w", root, "-d", "t.example", *AGREE, check=1)
    assert proxy.ca.count("challenge", since) == 0, "the CA must not be told to look"
    assert os.listdir(root) == [] and sorted(set(os.listdir(fbox.root)) - {"etc", "lib", "log"}) == sorted(set(before) - {"etc", "lib", "log"})
    assert not os.path.exists(fbox.root + "/evil") and not os.path.exists(fbox.root + "/pwned")


@pytest.mark.parametrize("nasty", ["evil\\u001b[31mred\\u0007\\u202e\\r\\nFAKE LINE: all is well%n%s", "evil\\u0000\\u009b31m"])
def test_escapes_in_a_problem_are_not_printed_raw(fbox, proxy, nasty):
    proxy.start(fault.always("newOrder", fault.problem(403, "rejectedIdentifier", nasty)))
    r = fbox.issue("esc.example", check=1)
    for text in (r.out, r.err, fbox.log()):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]", text), repr(text)
        assert not re.search("^FAKE LINE", text, re.M)
    assert "evil" in r.err or "u0000" in nasty  # a NUL may make the whole document invalid


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"text"', b"{", b'{"newNonce": 7}', b"{}", b"[" * 200000, b'{"a":' * 100000, b"\xff\xfe{}",
                                  b'{"newNonce":"x","newNonce":"y"}', b"{" + b",".join(b'"k%d":1' % i for i in range(200000)) + b"}"])
def test_a_directory_that_is_none(fbox, proxy, body):
    proxy.start(fault.always("directory", fault.status(200, body=body, content_type="application/json")))
    r = fbox.issue("dir.example", check=1, timeout=60)
    assert r.seconds < 20 and r.err.strip() and fbox.account_dirs() == []


def test_an_endless_directory(fbox, proxy):
    proxy.start(fault.always("directory", fault.endless()))
    r = fbox.issue("endless.example", check=1, timeout=60)
    assert r.seconds < 20 and proxy.sent < 64 << 20


def test_a_crowd_of_authorizations_for_one_name(fbox, proxy):
    proxy.start(fault.always("newOrder", change_json(lambda d: d.update(authorizations=[d["authorizations"][0] + "x%d" % i for i in range(100000)]))))
    r = fbox.issue("crowd.example", check=1, timeout=60)
    assert r.seconds < 20 and len(proxy.requests) < 20


@pytest.mark.parametrize("endpoint", ["newOrder", "finalize", "newAccount"])
def test_a_post_is_not_redirected(fbox, proxy, endpoint):
    with Trap() as trap:
        proxy.start(fault.always(endpoint, fault.status(307, {"Location": "http://127.0.0.1:%d/x" % trap.port})))
        fbox.issue("redir.example", check=1, timeout=60)
        assert trap.hits == 0
    proxy.start(fault.always(endpoint, fault.status(307, {"Location": "https://127.0.0.1:%d/redirected" % proxy.port})))
    fbox.issue("redir.example", check=1, timeout=60)
    assert not [r for r in proxy.requests if r.path == "/redirected"]


@pytest.mark.parametrize("target", ["http://127.0.0.1:%d/dir", "file:///etc/passwd", "loop"])
def test_a_directory_is_not_redirected_away(fbox, proxy, target):
    with Trap() as trap:
        to = proxy.url if target == "loop" else target % trap.port if "%d" in target else target
        proxy.start(fault.always("directory", fault.status(302, {"Location": to})))
        fbox.issue("redir.example", check=1, timeout=60)
        assert trap.hits == 0 and len(proxy.seen("directory")) <= 20 and not proxy.seen("newAccount")


@pytest.mark.parametrize("value", ["3600", "Wed, 21 Oct 2099 07:28:00 GMT", "-1", "0", "99999999999999999999", "soon", ""])
def test_a_rate_limit_ends_the_run_at_once(fbox, proxy, value):
    proxy.start(fault.always("newOrder", fault.problem(429, "rateLimited", "too many of them", {"Retry-After": value})))
    r = fbox.issue("rate.example", check=None, timeout=60)
    assert r.rc != 0 and "too many of them" in r.err and r.seconds < 40
    assert len(proxy.seen("newOrder")) <= 5
    if value in ("3600", "Wed, 21 Oct 2099 07:28:00 GMT", "99999999999999999999"):
        assert len(proxy.seen("newOrder")) == 1, "no second try when the CA says an hour"


def test_nonces_that_are_missing_or_illegal_are_not_used(fbox, proxy):
    def strip(code, headers, body):
        return code, [(k, v) for k, v in headers if k.lower() != "replay-nonce"], body

    def spoil(code, headers, body):
        return code, [(k, "not base64url!" if k.lower() == "replay-nonce" else v) for k, v in headers], body

    for i, change in enumerate((strip, spoil)):
        proxy.start(lambda r: ("rewrite", change) if r.method == "POST" else None)
        fbox.issue("nn%d.example" % i)
        fbox.lineage("nn%d.example" % i).check(version=1)


def test_an_order_that_stays_processing(fbox, proxy):
    fbox.issue("slow.example")
    before = fbox.snapshot()
    changed = change_json(lambda d: (d.update(status="processing"), d.pop("certificate", None)) if d.get("status") == "valid" else None)
    proxy.start(lambda r: changed if r.endpoint in ("order", "finalize") else None)
    r = fbox.signet("renew", "--force-renewal", "--issuance-timeout", "3", check=1, timeout=60)
    assert 2 < r.seconds < 20 and len(proxy.seen("order")) < 40
    untouched(fbox, before)


def test_an_order_that_turns_invalid(fbox, proxy):
    fbox.issue("inv.example")
    before = fbox.snapshot()
    proxy.start(lambda r: change_json(lambda d: d.update(status="invalid", error={
        "type": "urn:ietf:params:acme:error:serverInternal", "detail": "the signer is on fire"})) if r.endpoint in ("order", "finalize") else None)
    r = fbox.signet("renew", "--force-renewal", check=1, timeout=60)
    assert "the signer is on fire" in r.err
    untouched(fbox, before)


def test_unknown_and_missing_challenges_are_named(fbox, proxy):
    proxy.start(fault.always("authorization", change_json(lambda d: [c.update(type="smoke-signal-01") for c in d["challenges"]])))
    r = fbox.issue("chal.example", check=1, timeout=60)
    assert "challenge" in r.err.lower()


def test_terms_that_changed(fbox, proxy):
    proxy.start(fault.always("newOrder", fault.problem(403, "userActionRequired", "read the new terms", {"Link": '<https://ca.example/tos>;rel="terms-of-service"'})))
    r = fbox.issue("tos.example", check=1)
    assert "read the new terms" in r.err and len(proxy.seen("newOrder")) == 1


def test_replaces_that_the_ca_refuses_is_tried_once_without(fbox, proxy):
    fbox.issue("rep.example")
    before = len(proxy.seen("newOrder"))
    assert before == 1
    for i, answer in enumerate((fault.problem(409, "alreadyReplaced"), fault.problem(403, "unauthorized", "requester account did not request the "
                                                                                     "certificate being replaced by this order"))):
        proxy.start(fault.once("newOrder", answer))
        fbox.signet("renew", "--force-renewal")
        assert len(proxy.seen("newOrder")) == 2
        fbox.lineage("rep.example").check(version=2 + i)


def test_the_transport_certificate_must_be_for_the_host(box):
    r = box.signet("certonly", "--standalone", "-d", "h.example", *AGREE, "--server", box.ca.url.replace("127.0.0.1", "127.0.0.2"), *box.dirs(), "-n",
                   bare=True, check=1)
    assert r.err.strip() and box.account_dirs() == []


PHASES = ["directory", "newNonce", "newOrder", "authorization", "challenge", "finalize", "certificate"]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
@pytest.mark.parametrize("phase", PHASES)
def test_a_signal_cleans_up(fbox, proxy, phase, name):
    root = fbox.root + "/www"
    os.mkdir(root)
    with WebServer(proxy.http_port, {n: root for n in ("s.example", "t.s.example")}):
        if phase != "directory":
            fbox.signet("certonly", "--webroot", "-w", root, "-d", "s.example", *AGREE)
        before = fbox.snapshot()
        reached = threading.Event()
        proxy.start(fault.always(phase, fault.stall(reached)))
        argv = [signet_binary(), "certonly", "--webroot", "-w", root, "-d", "t.s.example", *AGREE] + fbox.common("certonly")
        p = subprocess.Popen(argv, env=fbox.env(), cwd=fbox.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            if not reached.wait(30):
                if phase in ("directory", "newNonce") and p.wait(30) == 0:
                    return  # remembered from the run before: that request is not made at all
                raise AssertionError("never came to %s: %s" % (phase, p.communicate(timeout=30)[0]))
            begin = time.monotonic()
            p.send_signal(getattr(signal, name))
            p.wait(10)
            assert time.monotonic() - begin < 5
        finally:
            if p.poll() is None:
                p.kill()
            text = p.communicate()[0].decode()
    assert p.returncode != 0 and "ERROR: " not in text, text
    assert os.listdir(root) == [], "the challenge stayed"
    untouched(fbox, before)
    assert fbox.lineages() == ([] if phase == "directory" else ["s.example"])
    for d in (fbox.config, fbox.work, fbox.logs):
        assert not os.path.exists(d + "/.certbot.lock")


def test_a_killed_run_holds_no_lock(fbox, proxy):
    fbox.issue("k.example")
    reached = threading.Event()
    proxy.start(fault.always("newOrder", fault.stall(reached)))
    argv = [signet_binary(), "renew", "--force-renewal"] + fbox.common("renew")
    p = subprocess.Popen(argv, env=fbox.env(), cwd=fbox.root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert reached.wait(30)
    p.kill()
    p.wait()
    proxy.start(None)
    fbox.signet("renew", "--force-renewal")
    fbox.lineage("k.example").check(version=2)


def test_a_hung_ca_is_given_up(fbox, proxy):
    """The longest wait of all: one request that is never answered, then all is well."""
    fbox.issue("hung.example")
    proxy.start(fault.once("newOrder", fault.stall()))
    r = fbox.signet("renew", "--force-renewal", timeout=120)
    assert r.seconds < 100
    fbox.lineage("hung.example").check(version=2)


def test_the_key_is_there_before_the_ca_is_asked_to_sign(fbox, proxy):
    """Reply to finalize lost for good: the order is paid for; the next run must be able to use it or start anew, never mix."""
    fbox.issue("paid.example")
    proxy.start(fault.always("finalize", fault.lost()))
    fbox.signet("renew", "--force-renewal", check=None, timeout=90)
    assert fbox.lineage("paid.example").check_pair() in (1, 2)
    proxy.start(None)
    fbox.signet("renew", "--force-renewal")
    fbox.lineage("paid.example").check()
    assert read(fbox.lineage("paid.example").path("cert"))
