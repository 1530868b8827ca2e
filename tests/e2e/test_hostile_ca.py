"""A CA that keeps to the protocol's form and not to its sense, or does what pebble cannot be made to do (tests/fault/cadouble.py)."""
import datetime
import json
import os
import re
import socket
import time

import cadouble
import faultproxy as fault
import pytest
from cadouble import DAY, Answer, problem
from cryptography import x509
from harness.plant import plant
from harness.webserver import WebServer

NAME = "double.example"
AGREE = ["--agree-tos", "--register-unsafely-without-email"]


@pytest.fixture
def ca():
    with cadouble.CADouble() as double:
        yield double


@pytest.fixture
def box(make_box, ca):
    return make_box(ca)


def renew(box, check=0, timeout=90):
    return box.signet("renew", "--force-renewal", check=check, timeout=timeout)


def untouched(box, before):
    keep = lambda s: {k: v for k, v in s.items() if k.startswith(("live", "archive"))}  # noqa: E731
    assert keep(box.snapshot()) == keep(before)


def once(f):
    """A script that does f the first time only."""
    left = [1]

    def script(r, answer):
        left[0] -= 1
        return f(r, answer) if left[0] == 0 else answer

    return script


# ---- nonces, limits, Retry-After ----


@pytest.mark.parametrize("step", ["newAccount", "newOrder", "finalize", "challenge", "keyChange", "revokeCert"])
def test_a_nonce_refused_once(box, ca, step):
    """CA-03: no account made twice, no key half changed, nothing revoked twice."""
    if step not in ("newAccount",):
        box.issue("first.example")
    told = []

    def refuse(r, answer):
        told.append(ca._nonce())
        return problem(400, "badNonce", headers={"Replay-Nonce": told[-1]})

    def wrap(read):  # before the request is acted upon
        def reads(method, path, name, body):
            r = read(method, path, name, body)
            if name == step and not told:
                raise cadouble.Refused(refuse(r, None))
            return r

        return reads

    ca._read = wrap(ca._read)
    words = {"keyChange": ["reconfigure-account"], "revokeCert": ["revoke", "--cert-name", "first.example", "--no-delete-after-revoke"]}
    if step == "keyChange":
        verbs = box.signet("--help", "all", bare=True).out
        if not re.search(r"rollover|rotate.key|key.change", verbs):
            return  # no verb changes the account's key; the library's rollover has unit tests
    box.signet(*words[step]) if step in words else box.issue(NAME)
    assert told and len(ca.accounts) == 1
    assert len([r for r in ca.seen(step) if r.protected]) == (2 if step not in words and step != "newAccount" else 1)


RETRY_AFTERS = ["-1", "0", "1", "99999999999999999999", "soon", "", "1e9", "0x10", "1;1", "+5", " 1", "1.5", "Wed, 21 Oct 2015 07:28:00 GMT",
                "Thu, 01 Jan 1970 00:00:00 GMT", "Wed, 32 Foo 2099 99:99:99 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", ["1", "2"], "\t", "%s%n", "9" * 4000]


def test_retry_after_of_every_kind(box, ca):
    """CA-05: at a 503, and while an order is processing: no overflow, no busy loop, and the run ends well when the CA does."""
    box.issue(NAME)
    slow = ("99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT")  # cut to a minute, which is long for a test
    for n, value in enumerate(v for v in RETRY_AFTERS if v not in slow):
        ca.processing, ca.retry_after = 2, None
        mark = ca.mark()
        ca.script = {"newOrder": once(lambda r, a: Answer(503, b"", {"Retry-After": value})), "finalize": lambda r, a: Answer(
            a.code, a.body, dict(a.headers, **{"Retry-After": value})), "order": lambda r, a: Answer(a.code, a.body, dict(a.headers, **{"Retry-After": value}))}
        r = renew(box, check=None)
        assert r.rc == 0 and r.seconds < 40, "%r: %s" % (value, r)
        assert ca.count("order", mark) <= 12, "%r: asked %d times" % (value, ca.count("order", mark))
        assert box.lineage(NAME).check_pair() == n + 2


@pytest.mark.parametrize("value", ["99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_what_a_ca_says_for_ever_is_cut(box, ca, value):
    """What is remembered beyond the run is no more than a week."""
    box.issue(NAME)
    ca.script["newOrder"] = lambda r, a: problem(429, "rateLimited", "too many", headers={"Retry-After": value})
    assert renew(box, check=1).seconds < 20
    (name,) = os.listdir(box.work + "/signet/backoff")
    with open(box.work + "/signet/backoff/" + name) as f:
        assert 0 < json.load(f)["not_before"] - time.time() <= 7 * DAY + 5


def test_polls_keep_to_the_pace(box, ca):
    """CA-11: t / Retry-After + 2 looks at most."""
    ca.processing, ca.retry_after = 5.0, 2
    box.issue(NAME)
    assert len(ca.seen("order")) <= 5.0 / 2 + 2 + 1  # one look is for "ready"
    looks = [r.time for r in ca.seen("order") if r.time > ca.seen("finalize")[0].time]
    assert all(b - a >= 1.9 for a, b in zip(looks, looks[1:]))


# ---- orders ----


def test_an_order_whose_answer_was_lost_is_met_again(ca, make_box):
    """CA-09: the CA gives the same order for the same names."""
    ca.reuse_orders = True
    with fault.FaultProxy(ca) as proxy:
        ca.url = proxy.url

        def at(step, tail=""):
            return "https://127.0.0.1:%d%s%s" % (proxy.port, cadouble.ENDPOINTS[step], tail)

        ca.at, ca.port_of_requests = at, proxy.port
        read = ca._read
        ca._read = lambda m, p, s, b: read_at(read, ca, proxy.port, m, p, s, b)
        box = make_box(proxy)
        proxy.start(fault.once("newOrder", fault.lost()))
        box.issue(NAME)
        # libcurl repeats a request whose connection broke by itself; the CA then meets a nonce again
        assert len(ca.orders) == 1 and len(ca.seen("newOrder")) <= 3 and ca.issued_count == 1


def read_at(read, ca, port, *request):
    real, ca.port = ca.port, port
    try:
        return read(*request)
    finally:
        ca.port = real


def test_an_order_that_is_not_ready_yet(box, ca):
    """CA-13: pending although all is valid; then a finalize that comes too early for this CA."""
    ca.ready_after = 2
    box.issue(NAME)

    def early(r, answer):
        ca.orders[r.tail]["status"] = "ready"
        return problem(403, "orderNotReady")

    ca.ready_after, ca.script["finalize"] = 0, once(early)
    renew(box)
    assert box.lineage(NAME).check(version=2) and len(ca.orders) == 2


def test_an_order_that_is_ready_at_birth_needs_no_port(box, ca):
    """CA-14."""
    ca.reuse_authz = True
    box.issue(NAME)
    with socket.create_server(("127.0.0.1", ca.http_port)):
        renew(box)
    assert len(ca.seen("challenge")) == 1
    box.lineage(NAME).check(version=2)


def test_one_of_twenty_names_fails(box, ca):
    """CA-15: it is named, with what the CA says; all challenges go; the others' fate is not made worse."""
    names = ["n%02d.example" % n for n in range(20)]
    root = box.root + "/www"
    os.mkdir(root)

    def fail(r, answer):
        a = ca.authz[r.tail.split(".")[0]]
        if a["identifier"]["value"] != "n07.example":
            return answer
        a["status"] = "invalid"
        return answer.change(status="invalid", error={"type": "urn:ietf:params:acme:error:unauthorized", "detail": "192.0.2.7: got a login page", "status": 403})

    def show(r, answer):
        a = ca.authz[r.tail]
        if a["status"] == "invalid":
            d = answer.json
            d["challenges"][0]["error"] = {"type": "urn:ietf:params:acme:error:unauthorized", "detail": "192.0.2.7: got a login page", "status": 403}
            answer.change(challenges=d["challenges"])
        return answer

    ca.script.update(challenge=fail, authorization=show)
    with WebServer(ca.http_port, {n: root for n in names}):
        r = box.signet("certonly", "--webroot", "-w", root, "-d", ",".join(names), *AGREE, check=1)
    assert "n07.example" in r.words and "192.0.2.7: got a login page" in r.words and "unauthorized" in r.words, r
    assert os.listdir(root) == [] and not box.lineages()
    assert len(os.listdir(box.work + "/signet/backoff")) == 1, "one failure, counted once"


def test_other_places_that_see_something_else(box, ca):
    """DN-13: what the CA says of its other vantage points is shown whole, and counted as a failure of the name."""
    detail = "During secondary validation: 192.0.2.7: Fetching http://%s/: Timeout during connect (likely firewall problem)" % NAME

    def fail(r, answer):
        ca.authz[r.tail.split(".")[0]]["status"] = "invalid"
        return answer.change(status="invalid")

    def show(r, answer):
        d = answer.json
        for c in d["challenges"] if d["status"] == "invalid" else []:
            c["error"] = {"type": "urn:ietf:params:acme:error:connection", "detail": detail, "status": 400}
        return answer.change(challenges=d["challenges"])

    ca.script.update(challenge=fail, authorization=show)
    r = box.issue(NAME, check=1)
    assert detail in r.words and ca.count("newOrder") == 1, r
    (held,) = os.listdir(box.work + "/signet/backoff")
    with open(box.work + "/signet/backoff/" + held) as f:
        note = json.load(f)
    assert note["kind"] == "failed" and note["failures"] == 1


@pytest.mark.parametrize("change", ["none", "twice", "many"])
def test_authorizations_that_do_not_fit_the_names(box, ca, change):
    """IN-05."""
    def spoil(r, answer):
        urls = answer.json["authorizations"]
        return answer.change(authorizations={"none": [], "twice": urls * 2, "many": urls * 5000}[change])

    ca.script["newOrder"] = spoil
    r = box.issue(NAME, check=1)
    assert len(ca.requests) < 20 and r.seconds < 20


# ---- problems ----

PROBLEMS = {
    "no type": b'{"detail":"just so"}', "no detail": b'{"type":"urn:ietf:params:acme:error:malformed"}', "an array": b"[1,2]", "nothing": b"",
    "an unknown type": b'{"type":"https://elsewhere/odd","detail":"just so"}', "numbers": b'{"type":7,"detail":8}',
    "html": b"<html><h1>403</h1></html>", "fifty subproblems": json.dumps({"type": "urn:ietf:params:acme:error:compound", "detail": "many", "subproblems": [
        {"type": "urn:ietf:params:acme:error:malformed", "detail": "d%d" % n, "identifier": {"type": "dns", "value": "x%d" % n}} for n in range(50)]}).encode(),
    "a detail of a megabyte": b'{"type":"urn:ietf:params:acme:error:malformed","detail":"' + b"x" * (1 << 20) + b'"}',
}


@pytest.mark.parametrize("kind", PROBLEMS)
def test_problems_of_every_kind_become_words(box, ca, kind):
    """CA-16."""
    for content in ("application/problem+json", "text/html"):
        ca.script["newOrder"] = lambda r, a: Answer(403, PROBLEMS[kind], kind=content)
        r = box.issue(NAME, check=1)
        assert len(r.err) < 8000 and re.search("403|malformed|many|just so|longer than", r.words), r
        assert len(ca.seen("newOrder")) <= 4


@pytest.mark.parametrize("kind", ["accountDoesNotExist", "unauthorized", "externalAccountRequired"])
def test_an_account_that_is_refused_causes_no_storm(box, ca, kind):
    """CA-19: deactivated, revoked, or one that needs a binding."""
    step = "newAccount" if kind == "externalAccountRequired" else "newOrder"
    if step == "newOrder":
        box.issue(NAME)
    mark = ca.mark()
    ca.script[step] = lambda r, a: problem(401 if kind == "unauthorized" else 403, kind, "the account is not for you")
    r = box.issue("other.example", check=1)
    assert "the account is not for you" in r.words and ca.count(step, mark) <= 2 and len(ca.accounts) <= 1


def test_an_account_that_is_paused(box, ca):
    """CA-20: the place to unpause it is shown, it is left in peace for a day, and other names go on."""
    box.issue(NAME)
    plant(box, "sleepy.example", left_days=3)
    url = "https://unpause.example/sfe/v1/unpause?jwt=x"

    def pause(r, answer):
        if r.payload["identifiers"][0]["value"] == "sleepy.example":
            return problem(429, "rateLimited", "Your account is temporarily prevented from requesting certificates. To unpause, visit " + url)

    ca.script["newOrder"] = pause
    r = box.signet("renew", check=1)
    assert url in r.words
    mark = ca.mark()
    r = box.signet("renew", check=1)
    assert ca.count("newOrder", mark) == 0 and r.complains("held back until")
    (name,) = os.listdir(box.work + "/signet/backoff")
    with open(box.work + "/signet/backoff/" + name) as f:
        assert json.load(f)["not_before"] - time.time() > DAY - 60
    box.signet("renew", "--force-renewal", "--cert-name", NAME)


def test_a_ca_that_fails_over_replaces(box, ca):
    """CA-21: 409, 403 and 500 for what is replaced: one more try without it."""
    ca.window = {"suggestedWindow": {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}}
    box.issue(NAME)
    for n, answer in enumerate((problem(409, "alreadyReplaced"), problem(403, "unauthorized", "requester did not request the certificate being replaced"))):
        mark = ca.mark()
        ca.script["newOrder"] = lambda r, a: answer if "replaces" in r.payload else a
        renew(box)
        orders = [r for r in ca.requests[mark[0]:] if r.step == "newOrder"]
        assert ["replaces" in o.payload for o in orders] == [True, False]
        box.lineage(NAME).check(version=n + 2)


# ---- the directory ----


DIRECTORIES = {
    "random keys": lambda d: dict(d, **{"x%d" % n: "https://x.example/%d" % n for n in range(20)}), "no newNonce": lambda d: dict(d, newNonce=None),
    "no newOrder": lambda d: dict(d, newOrder=None), "no keyChange, no revokeCert": lambda d: dict(d, keyChange=None, revokeCert=None),
    "relative": lambda d: dict(d, newOrder="/order-plz"), "meta of another kind": lambda d: dict(d, meta=[1]), "newOrder twice as an object": lambda d: dict(d, newOrder={}),
    "renewalInfo with a slash": lambda d: dict(d, renewalInfo=d["newOrder"].replace("order-plz", "draft-ietf-acme-ari-03/renewalInfo/")),
}


@pytest.mark.parametrize("kind", DIRECTORIES)
def test_directories(box, ca, kind):
    """CA-25: it works, or says what is missing."""
    ca.window = {"suggestedWindow": {"start": "2090-01-01T00:00:00Z", "end": "2090-01-02T00:00:00Z"}}
    ca.script["directory"] = lambda r, a: Answer(200, {k: v for k, v in DIRECTORIES[kind](a.json).items() if v is not None})
    r = box.issue(NAME, check=None)
    if kind in ("random keys", "no keyChange, no revokeCert", "renewalInfo with a slash", "meta of another kind"):
        assert r.rc == 0 or (kind.startswith("meta") and "directory" in r.words), r
        box.signet("renew", check=None)
    else:
        assert r.rc == 1 and re.search("newNonce|newOrder|directory", r.words), r


# ---- certificates ----

LEAVES = {
    "no names": dict(san=False), "another name": dict(names=["y.example"]), "a name more": dict(names=[NAME, "y.example"]), "expired": dict(lifetime=1800, begin=-3600),
    "a CA": dict(is_ca=True),
}


@pytest.mark.parametrize("kind", LEAVES)
def test_a_certificate_that_is_not_what_was_asked_for(box, ca, kind):
    """CA-26, CA-27: refused, and not asked for again in a loop."""
    box.issue(NAME)
    before = box.snapshot()
    more = dict(LEAVES[kind])
    names = more.pop("names", [NAME])
    ca.issue = lambda o, csr: ca.issuer.chain(ca.issuer.leaf(names, csr.public_key(), **more))
    mark = ca.mark()
    r = renew(box, check=1)
    untouched(box, before)
    assert ca.count("newOrder", mark) == 1 and r.err.strip()
    box.signet("renew", check=None)
    assert ca.issued(mark) == 1, "issued again by the next timer run"


def test_a_certificate_for_another_key(box, ca):
    box.issue(NAME)
    before = box.snapshot()
    other = cadouble.ec.generate_private_key(cadouble.ec.SECP256R1())
    ca.issue = lambda o, csr: ca.issuer.chain(ca.issuer.leaf([NAME], other.public_key()))
    renew(box, check=1)
    untouched(box, before)


def test_a_certificate_of_tomorrow_is_taken_with_a_word(box, ca):
    """CA-27, CK-04: our clock or theirs; an hour or two is no reason to be without a certificate."""
    ca.issue = lambda o, csr: ca.issuer.chain(ca.issuer.leaf([NAME], csr.public_key(), begin=7200))
    r = box.issue(NAME)
    assert r.err.strip() and box.lineage(NAME).check_pair() == 1


CHAINS = {
    "a byte order mark": lambda c: b"\xef\xbb\xbf" + c, "line ends of DOS": lambda c: c.replace(b"\n", b"\r\n"), "text around": lambda c: b"Your certificate:\n\n" + c + b"\nHave a nice day\n",
    "the leaf twice": lambda c: c[:c.index(b"-----END") + 26] + c, "a request inside": lambda c: c + b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
    "seventeen certificates": lambda c: c + c[c.index(b"-----BEGIN", 10):] * 15, "a block without an end": lambda c: c + b"-----BEGIN CERTIFICATE-----\nAAAA\n",
    "base64 that is none": lambda c: c.replace(b"MII", b"M!I"), "a leaf alone": lambda c: c[:c.index(b"-----END") + 26],
    "of another issuer": lambda c: c[:c.index(b"-----END") + 26] + cadouble.Issuer("Other").cert.public_bytes(cadouble.PEM),
    "an expired intermediate": None,
}
TAKEN = {"line ends of DOS", "text around", "a leaf alone"}  # the last: a root that issues by itself has no intermediate


@pytest.mark.parametrize("kind", CHAINS)
def test_chains(box, ca, kind):
    """CA-28, CA-29, CA-30: normalised, or refused with what is live untouched."""
    box.issue(NAME)
    before = box.snapshot()
    if kind == "an expired intermediate":
        ca.issuer = cadouble.Issuer("Old", days=-1)
    else:
        ca.script["certificate"] = lambda r, a: Answer(200, CHAINS[kind](a.body), kind="application/pem-certificate-chain")
    r = renew(box, check=None)
    if r.rc == 0:
        assert kind == "a leaf alone" or box.lineage(NAME).check_pair() == 2
        assert kind in TAKEN | {"the leaf twice", "a byte order mark"}, kind
    else:
        untouched(box, before)
        assert kind not in TAKEN, r


def test_alternate_chains_that_fail(box, ca):
    """CA-31: the default one is taken, with a warning."""
    other = cadouble.Issuer("Other")
    for n, alternate in enumerate((b"", b"<html>", lambda c: c[:c.index(b"-----END") + 26] + b"\n" + other.cert.public_bytes(cadouble.PEM))):
        ca.alternates = [alternate] * (1 if n < 2 else 12)
        box.issue("a%d.example" % n, args=["--preferred-chain", "Wanted Root"])
        box.lineage("a%d.example" % n).check(version=1)


# ---- challenges ----


CHALLENGES = {
    "none": lambda c: [], "unknown ones": lambda c: [dict(c[0], type="dns-persist-01"), dict(c[0], type="smoke-01")], "wrong case": lambda c: [dict(c[0], type="HTTP-01")],
    "no type": lambda c: [{k: v for k, v in c[0].items() if k != "type"}], "duplicates": lambda c: c + c, "sixteen": lambda c: (c * 6)[:16], "seventeen": lambda c: (c * 6)[:17],
    "unknown ones beside": lambda c: [dict(c[0], type="dns-persist-01", token=None)] + c,
}


@pytest.mark.parametrize("kind", CHALLENGES)
def test_challenges(box, ca, kind):
    """CA-34: one that we can do is found, or what was offered is named."""
    ca.script["authorization"] = lambda r, a: a.change(challenges=[{k: v for k, v in c.items() if v is not None} for c in CHALLENGES[kind](a.json["challenges"])])
    r = box.issue(NAME, check=None)
    if kind in ("unknown ones beside", "duplicates", "sixteen"):
        assert r.rc == 0 and ca.count("challenge") == 1, r
    else:
        assert r.rc == 1 and "challenge" in r.words.lower() and NAME in r.words, r
        assert ca.count("challenge") == ca.count("finalize") == 0, ca.requests
        assert kind != "unknown ones" or "dns-persist-01" in r.words, r


# ---- lifetimes ----


def test_the_next_renewal_follows_the_lifetime(box, ca):
    """CA-35: of 90, 45, 6 and 1 days: two thirds of it, half of it when it is less than ten days."""
    for lifetime, share in ((90 * DAY, 2 / 3), (45 * DAY, 2 / 3), (6 * DAY, 1 / 2), (DAY, 1 / 2)):
        ca.lifetime = lifetime
        name = "l%d.example" % lifetime
        box.issue(name)
        cert = box.lineage(name).cert
        due = cert.not_valid_before + datetime.timedelta(seconds=lifetime * share)
        text = box.signet("explain", "--cert-name", name, server=False).words
        assert due.strftime("%Y-%m-%d") in text, "%s: %s" % (due, text)
    assert isinstance(cert, x509.Certificate)
