"""What the network, or a server in the CA's place, may answer: each is refused, in time, within memory, and what is live stays as it was."""
import concurrent.futures
import os
import ssl
import subprocess

import faultproxy as fault
import pytest
from harness.box import flat
from harness.ca import LEAF, openssl
from harness.figures import figure
from harness.sample import some
from test_crash import program

NAME = "net.example"
RSS_MAX_KB = 16 << 10  # of any one process
SECONDS_MAX = 60


class Measured:
    """A renewal that is forced, by the program as it is shipped: exit status, words, seconds, the most memory of any of its processes."""

    def __init__(self, box, *words, timeout=150):
        notes = box.root + "/measured"
        argv = ["/usr/bin/time", "-o", notes, "-f", "%e %M", program(), *(words or ("renew", "--force-renewal"))]
        p = subprocess.run(argv + box.common(words[0] if words else "renew"), env=box.env(), cwd=box.root, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
        self.rc, self.words = p.returncode, flat(p.stdout.decode(errors="replace"))
        with open(notes) as f:
            self.seconds, self.kb = (float(x) for x in f.read().split()[-2:])

    def __repr__(self):
        return "status %d, %.1f s, %d KiB\n%s" % (self.rc, self.seconds, self.kb, self.words)


def is_shipped():
    """A build for sanitizers needs more memory than any limit that means something."""
    return "asan" not in program()


@pytest.fixture
def site(pebble, make_box):
    with fault.FaultProxy(pebble) as proxy:
        box = make_box(proxy)
        box.issue(NAME)
        box.proxy, box.before = proxy, box.snapshot()
        yield box


def live_is_untouched(box):
    keep = lambda s: {k: v for k, v in s.items() if k.startswith(("live", "archive"))}  # noqa: E731
    assert keep(box.snapshot()) == keep(box.before)


def within_limits(r):
    assert r.seconds <= SECONDS_MAX, r
    assert not is_shipped() or r.kb <= RSS_MAX_KB, "%d KiB of memory\n%s" % (r.kb, r)


# ---- NET-03, NET-11, IN-06: what comes in place of an HTTP answer ----

OK = b"HTTP/1.1 200 OK\r\n"
RAW = {
    "endless headers": fault.endless_headers, "one endless header": fault.one_endless_header, "a flood of 103": fault.flood_of_informational,
    "a gzip bomb": fault.gzip_bomb, "an endless body": fault.endless,
    "chunks that overflow": lambda: fault.body(b"FFFFFFFFFFFFFFFF\r\n{}", "Transfer-Encoding: chunked"),
    "a chunk size that is none": lambda: fault.body(b"-1\r\n{}\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "two lengths": lambda: fault.body(b"{}", "Content-Length: 2", "Content-Length: 200"),
    "a negative length": lambda: fault.body(b"{}", "Content-Length: -2"),
    "a length beyond all bounds": lambda: fault.body(b"{}", "Content-Length: 99999999999999999999999999"),
    "a length and chunks": lambda: fault.body(b"2\r\n{}\r\n0\r\n\r\n", "Content-Length: 2", "Transfer-Encoding: chunked"),
    "a NUL in a header": lambda: fault.body(b"{}", "X-A: a\0b", "Content-Length: 2"),
    "a folded header": lambda: fault.raw(OK + b"X-A: a\r\n b\r\n\tc\r\nContent-Length: 2\r\n\r\n{}"),
    "bare line feeds": lambda: fault.raw(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}"),
    "no status line": lambda: fault.raw(b"{\"newNonce\": \"x\"}"),
    "HTTP/0.9": lambda: fault.raw(b"<html>welcome</html>"),
    "a status of 999": lambda: fault.raw(b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\n{}"),
    "a status of a kilobyte": lambda: fault.raw(b"HTTP/1.1 200 " + b"x" * 100000 + b"\r\nContent-Length: 2\r\n\r\n{}"),
    "a switch of protocols": lambda: fault.raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", hold=False),
    "a length that is not kept": lambda: fault.body(b"{}", "Content-Length: 200"),
    "noise": lambda: fault.raw(bytes(range(256)) * 64),
    "a location of a megabyte": lambda: fault.body(b"{}", "Location: https://x/" + "a" * (1 << 20), "Content-Length: 2", code=201),
    "a nonce of a megabyte": lambda: fault.body(b"{}", "Replay-Nonce: " + "a" * (1 << 20), "Content-Length: 2"),
    "ten thousand headers": lambda: fault.body(b"{}", *["X-%d: y" % n for n in range(10000)], "Content-Length: 2"),
}


@pytest.mark.parametrize("kind", RAW)
def test_what_is_no_http_answer(site, kind):
    for endpoint in ("newOrder", "certificate"):
        site.proxy.start(fault.always(endpoint, RAW[kind]()))
        r = Measured(site)
        assert r.rc == 1, r
        within_limits(r)
        live_is_untouched(site)
        assert site.proxy.seen(endpoint), "never came to " + endpoint
        # an order that was paid for is not ordered again, and what the names cannot help is not counted against them
        site.signet("delete", "--cert-name", "nobody", check=1, server=False)
    site.proxy.start(None)
    site.signet("renew", "--force-renewal")
    site.lineage(NAME).check()


def test_a_directory_of_the_same_kinds(site):
    """The first thing that is read, before anything is known."""
    for kind in ("endless headers", "a gzip bomb", "chunks that overflow", "noise", "a flood of 103"):
        site.proxy.start(fault.always("directory", RAW[kind]()))
        r = Measured(site, "register", "--agree-tos", "--register-unsafely-without-email", "--config-dir", site.root + "/other-" + kind.replace(" ", "-"),
                     "--work-dir", site.root + "/otherwork", "--server", site.proxy.url)
        assert r.rc == 1, r
        within_limits(r)


# ---- NET-01, NET-02: silence, slowness, broken TLS ----


def test_one_tls_alert_anywhere_in_a_renewal(site):
    site.proxy.start(None)
    site.signet("renew", "--force-renewal")
    total, bad = len(site.proxy.requests), []
    for k in range(1, total + 1):
        since = site.proxy.mark()
        site.proxy.start(fault.at(k, fault.alert()))
        r = site.signet("renew", "--force-renewal", check=None, timeout=60)
        if r.rc or site.proxy.ca.issued(since) != 1:
            bad.append("request %d: %s" % (k, r))
        site.lineage(NAME).check_pair()
    figure("G4", "TLS alert at each of %d requests of a renewal: %d fail" % (total, len(bad)))
    assert not bad, "%d of %d\n%s" % (len(bad), total, "\n".join(bad))


@pytest.mark.parametrize("how", ["alert", "close", "plain"])
def test_a_handshake_that_fails_once_is_tried_again(pebble, make_box, how):
    with fault.FaultProxy(pebble, greet=lambda n: how if n == 1 else None) as proxy:
        box = make_box(proxy)
        r = box.issue("shake.example", check=None)
        assert r.rc == 0 and proxy.connections >= 2, r


STALLS = {"after accept": None, "before the head": fault.stall, "in the head": fault.stall_in_head, "in the body": fault.stall_in_body,
          "a byte a second": lambda: fault.drip(1.0)}


def test_silence_ends_and_holds_no_lock(pebble, make_box):
    """At each phase, for ever, all at once as they take minutes each: the run ends by itself, and the next one finds nothing in its way."""

    proxies, kinds = {}, some(STALLS, 1)
    for kind in kinds:
        proxy = proxies[kind] = fault.FaultProxy(pebble)
        box = proxy.box = make_box(proxy)
        box.issue(kind.replace(" ", "-") + ".example")
        if STALLS[kind]:
            proxy.start(fault.always("newOrder", STALLS[kind]()))
        else:
            proxy.greet = lambda n: "stall"

    def one(kind):
        r = proxies[kind].box.signet("renew", "--force-renewal", check=None, timeout=400)
        return None if r.rc == 1 and r.seconds <= 300 else "%s: %s" % (kind, r)

    with concurrent.futures.ThreadPoolExecutor(max_workers=len(STALLS)) as pool:
        bad = [b for b in pool.map(one, kinds) if b]
    for proxy in proxies.values():
        proxy.greet = None
        proxy.start(None)
        proxy.box.signet("renew", "--force-renewal")
        proxy.close()
    assert not bad, "\n".join(bad)


# ---- NET-06: whom we speak to ----


def make_cert(folder, ca_dir, san="IP:127.0.0.1", cn="localhost", days="30", self_signed=False, digest="-sha256", bits=None):
    conf, out = folder + "/c.cnf", folder + "/c.pem"
    with open(conf, "w") as f:
        f.write(LEAF.replace("subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1", "subjectAltName=" + san if san else ""))
    key = ("-newkey", "rsa:%d" % bits) if bits else ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    openssl("req", *key, "-nodes", "-config", conf, "-keyout", folder + "/c.key", "-out", folder + "/c.csr", "-subj", "/CN=" + cn)
    sign = ("-signkey", folder + "/c.key") if self_signed else ("-CA", ca_dir + "/ca.pem", "-CAkey", ca_dir + "/ca.key")
    openssl("x509", "-req", "-in", folder + "/c.csr", *sign, "-set_serial", "7", digest, "-extfile", conf, "-extensions", "leaf", "-out", out,
            *(("-days", days) if not days.startswith("-") else ("-days", "-1")))
    return out, folder + "/c.key"


CERTS = {"expired": {"days": "-1"}, "self-signed": {"self_signed": True}, "for another host": {"san": "DNS:elsewhere.example,IP:127.0.0.9"},
         "with a common name only": {"san": None, "cn": "127.0.0.1"}, "an address as a name": {"san": "DNS:127.0.0.1"},
         "signed with SHA-1": {"digest": "-sha1"}, "with a key of 512 bits": {"bits": 512}}


@pytest.mark.parametrize("kind", CERTS)
def test_a_server_that_cannot_prove_who_it_is(pebble, make_box, tmp_path, kind):
    cert = make_cert(str(tmp_path), pebble.dir, **CERTS[kind])

    def weak(context):  # the server must be willing, or it proves nothing
        context.set_ciphers("ALL:@SECLEVEL=0")

    try:
        proxy = fault.FaultProxy(pebble, cert=cert)
    except ssl.SSLError:
        proxy = None  # this OpenSSL does not even serve such a thing
    if proxy:
        with proxy:
            r = make_box(proxy).issue("who.example", check=1)
            assert not proxy.requests, "it was spoken to"
            assert "certificate" in r.err.lower() or "TLS" in r.err, r


def test_old_tls_is_not_spoken(pebble, make_box):
    def old(context):
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    with fault.FaultProxy(pebble, tls=old) as proxy:
        make_box(proxy).issue("old.example", check=1)
        assert not proxy.requests


# ---- NET-10: a portal in the way ----


@pytest.mark.parametrize("answer", [fault.status(200, body=b"<html>Please log in</html>"), fault.status(302, {"Location": "https://portal.example/login"}),
                                    fault.status(511, body=b"log in")], ids=["html", "redirect", "511"])
def test_a_portal_is_no_ca(site, answer):
    site.proxy.start(lambda r: answer)
    r = Measured(site)
    assert r.rc == 1 and str(site.proxy.port) in r.words, r
    live_is_untouched(site)
    assert not os.path.isdir(site.work + "/signet/backoff") or not os.listdir(site.work + "/signet/backoff"), "it was held against the name"
