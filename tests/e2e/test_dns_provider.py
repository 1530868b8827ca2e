"""dns-01 with providers that a description describes: a fake API whose records really stand in a zone."""
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.box import Box
from harness.ca import Pebble
from harness.dns import Bind

DESCRIPTION = """provider: fake
name: Fake
creds: {token: FAKE_TOKEN | dns_fake_token}
options: {base: "FAKE_URL = http://127.0.0.1:1"}
times: {prefix: FAKE, ttl: 60, propagation: 20, polling: 2}
api: "{base}"
auth: {bearer: "{token}"}
error: "{reason}"
add:
  post: /zones/{zone}/records
  json: {name: "{fqdn}", value: "{value}"}
  save: {id: id}
remove:
  delete: /zones/{zone}/records/{id}
"""


class Api:
    """Keeps records by id and writes them into the zone of `bind`; a request with another token is refused."""

    def __init__(self, bind, token="s3cret-t0ken"):
        self.bind, self.token, self.records, self.seen, self.lock, self.last = bind, token, {}, [], threading.Lock(), 0
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self, status, body):
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def _do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with api.lock:
                    api.seen.append((self.command, self.path, body))
                    if self.headers.get("Authorization") != "Bearer " + api.token:
                        return self._answer(401, {"reason": "this token is not known here", "success": False,
                                                  "errors": [{"code": 9109, "message": "Invalid access token"}]})
                    self._answer(*api.handle(self.command, self.path, json.loads(body) if body else {}))

            do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = _do

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle(self, method, path, body):
        zone = path.split("/")[2] if path.startswith("/zones/") else None
        if method == "GET":  # Cloudflare asks for the zone
            return 200, {"success": True, "result": [{"name": "example.com", "id": "example.com"}]}
        if method == "POST":
            self.last += 1
            name, value = body["name"], body.get("value") or body["content"].strip('"')
            self.records[str(self.last)] = (zone, name, value)
            self.bind.update(zone, "update add %s. 60 TXT \"%s\"" % (name, value))
            return 200, {"id": str(self.last), "success": True, "result": {"id": str(self.last)}}
        found = self.records.pop(path.split("/")[-1], None)
        if not found:
            return 404, {"reason": "no such record", "success": False}
        self.bind.update(found[0], "update delete %s. TXT \"%s\"" % (found[1], found[2]))
        return 200, {"success": True, "result": {}}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def world(tmp_path):
    with Bind({"example.com": []}) as bind, Pebble(dns=bind.behind) as ca:
        box, api = Box(tmp_path / "box", ca), Api(bind)
        box.file("providers/fake.yaml", DESCRIPTION)
        yield box, bind, api
        api.close()


def obtain(world, *names, args=(), env=None, check=0):
    box, bind, api = world
    words = [w for n in names for w in ("-d", n)]
    return box.signet("certonly", *words, "--agree-tos", "--register-unsafely-without-email", "--dns.resolvers", bind.address,
                      "--dns-provider-dir", box.root + "/providers", *args, env=env, check=check)


def test_a_description_of_ones_own(world):
    box, bind, api = world
    bind.update("example.com", "update add _acme-challenge.example.com. 60 TXT somebody-elses")
    obtain(world, "example.com", "*.example.com", "www.example.com", args=("--dns", "fake"), env={"FAKE_TOKEN": api.token, "FAKE_URL": api.url})
    assert [m for m, _, _ in api.seen].count("POST") == 3 and not api.records
    assert bind.txt("_acme-challenge.example.com") == ["somebody-elses"]
    conf = box.lineage("example.com")
    assert conf.conf_get("authenticator") == "dns" and conf.conf_get("dns_provider") == "fake"
    assert api.token not in conf.conf_text() + box.log()
    box.signet("renew", "--force-renewal", env={"FAKE_TOKEN": api.token, "FAKE_URL": api.url})
    assert conf.version == 2
    assert "example.com" in box.certbot("certificates", server=False).out


def test_the_token_from_a_file_or_a_command(world):
    box, bind, api = world
    path = box.file("token", api.token + "\n")
    obtain(world, "example.com", args=("--dns", "fake"), env={"FAKE_TOKEN_FILE": path, "FAKE_URL": api.url})
    obtain(world, "www.example.com", args=("--dns", "fake", "--dns-secret", "FAKE_TOKEN=cat " + path), env={"FAKE_URL": api.url})
    assert api.token not in box.log()
    box.signet("renew", "--force-renewal", "--cert-name", "www.example.com", env={"FAKE_URL": api.url})
    assert box.lineage("www.example.com").version == 2


def test_what_the_provider_says_is_shown(world):
    box, bind, api = world
    r = obtain(world, "example.com", args=("--dns", "fake"), env={"FAKE_TOKEN": "wr0ng-t0ken", "FAKE_URL": api.url}, check=1)
    assert r.complains("this token is not known here") and "wr0ng-t0ken" not in r.words + box.log()
    r = obtain(world, "example.com", args=("--dns", "fake"), env={"FAKE_URL": api.url}, check=1)
    assert r.complains("FAKE_TOKEN")
    r = obtain(world, "example.com", args=("--dns", "clodflare"), check=1)
    assert r.complains("clodflare") and r.complains("cloudflare")


def test_certbots_cloudflare(world):
    """--dns-cloudflare with certbot's file and keys; what it does not say is not taken from the environment."""
    box, bind, api = world
    ini = box.file("cf.ini", "dns_cloudflare_api_token = %s\nCLOUDFLARE_BASE_URL = %s\n" % (api.token, api.url))
    os.chmod(ini, 0o600)
    obtain(world, "example.com", "*.example.com", args=("--dns-cloudflare", "--dns-cloudflare-credentials", ini),
           env={"CLOUDFLARE_EMAIL": "x@example.com", "CLOUDFLARE_API_KEY": "stray"})
    conf = box.lineage("example.com")
    assert conf.conf_get("authenticator") == "dns-cloudflare" and conf.conf_get("dns_cloudflare_credentials") == ini
    assert not api.records and bind.txt("_acme-challenge.example.com") == []
    box.signet("renew", "--force-renewal")
    assert conf.version == 2
    r = obtain(world, "www.example.com", args=("-a", "dns-cloudflare", "--dns-cloudflare-credentials", box.root + "/nowhere.ini"), check=1)
    assert r.complains("File not found: " + box.root + "/nowhere.ini")


def test_a_provider_that_holds_one_value(world):
    """Two values at one name, of which the provider can keep one: one is validated and gone before the next is written."""
    box, bind, api = world
    box.file("providers/single.yaml", DESCRIPTION.replace("provider: fake", "provider: single").replace("polling: 2}", "polling: 2, serial: 1}"))
    most = []
    plain = api.handle

    def handle(method, path, body):
        answer = plain(method, path, body)
        most.append(len(api.records))
        return answer

    api.handle = handle
    obtain(world, "example.com", "*.example.com", args=("--dns", "single"), env={"FAKE_TOKEN": api.token, "FAKE_URL": api.url})
    assert most == [1, 0, 1, 0] and box.lineage("example.com").names == {"example.com", "*.example.com"}


def test_dns_try(world):
    """Writes a record, finds it, takes it away; needs no CA and keeps nothing."""
    box, bind, api = world
    args = ("dns", "try", "fake", "-d", "example.com", "-d", "*.example.com", "--dns.resolvers", bind.address, "--dns-provider-dir",
            box.root + "/providers", *box.dirs())
    r = box.signet(*args, bare=True, env={"FAKE_TOKEN": api.token, "FAKE_URL": api.url})
    assert r.says("_acme-challenge.example.com: written, and seen on the zone's name servers") and r.says("removed")
    assert len(api.seen) == 4 and bind.txt("_acme-challenge.example.com") == []
    r = box.signet(*args, bare=True, env={"FAKE_TOKEN": "wr0ng-t0ken", "FAKE_URL": api.url}, check=1)
    assert r.complains("this token is not known here")
    assert not os.path.exists(box.config)


def test_dnshelp_and_check(world):
    box, bind, api = world
    r = box.signet("dnshelp", bare=True)
    assert "cloudflare, " in r.out and "rfc2136" in r.out and "exec" in r.out
    r = box.signet("dnshelp", "-c", "cloudflare", bare=True)
    assert "CLOUDFLARE_DNS_API_TOKEN" in r.out and "dns_cloudflare_api_token" in r.out and "CLOUDFLARE_TTL=120" in r.out
    assert "RFC2136_TSIG_FILE" in box.signet("dnshelp", "-c", "rfc2136", bare=True).out
    for plugin in ("cloudflare digitalocean dnsimple dnsmadeeasy gehirn google linode luadns nsone ovh rfc2136 route53 sakuracloud").split():
        assert plugin in box.signet("dnshelp", "-c", plugin, bare=True).out  # every plug-in of certbot's
    assert box.signet("dnshelp", "-c", "clodflare", bare=True, check=1).complains("clodflare")
    assert box.signet("dns", "check", box.root + "/providers/fake.yaml", bare=True).says("good")
    bad = box.file("bad.yaml", "provider: bad\nname: Bad\ncreds: {token: BAD_TOKEN}\napi: https://x\nad: {post: /x}\n")
    r = box.signet("dns", "check", bad, bare=True, check=1)
    assert bad + ":5:" in r.out
    assert box.signet("dns", bare=True, check=2).complains("usage: signet dnshelp")


class AcmeDns:
    """acme-dns as its README describes it: /register, /update; the values stand in the zone of `bind`."""

    def __init__(self, bind, zone):
        fake = self
        self.bind, self.zone, self.accounts, self.seen = bind, zone, {}, []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
                fake.seen.append((self.path, body))
                status, answer = fake.handle(self.path, body, self.headers)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle(self, path, body, headers):
        if path == "/register":
            sub = "sub%d" % (len(self.accounts) + 1)
            self.accounts[sub] = {"username": "user-" + sub, "password": "pass-" + sub, "fulldomain": sub + "." + self.zone, "subdomain": sub,
                                  "allowfrom": body.get("allowfrom", [])}
            return 201, self.accounts[sub]
        a = self.accounts.get(body.get("subdomain"))
        if not a or (headers["X-Api-User"], headers["X-Api-Key"]) != (a["username"], a["password"]):
            return 401, {"error": "forbidden"}
        self.bind.update(self.zone, "update add %s. 1 TXT \"%s\"" % (a["fulldomain"], body["txt"]))
        return 200, {"txt": body["txt"]}


def test_acme_dns(tmp_path):
    """The first run makes an account and says which CNAME to set; then it works, with the account from the file."""
    with Bind({"example.com": [], "auth.example": []}) as bind, Pebble(dns=bind.behind) as ca:
        box, fake = Box(tmp_path / "box", ca), AcmeDns(bind, "auth.example")
        store = box.root + "/acmedns.json"
        env = {"ACME_DNS_API_BASE": fake.url + "/", "ACME_DNS_STORAGE_PATH": store, "ACME_DNS_ALLOWLIST": "192.0.2.0/24,::1/128"}

        def run(check=0):
            return box.signet("certonly", "--dns", "acme-dns", "-d", "example.com", "-d", "*.example.com", "--agree-tos",
                              "--register-unsafely-without-email", "--dns.resolvers", bind.address, env=env, check=check)

        r = run(check=1)
        assert r.complains("_acme-challenge.example.com. CNAME sub1.auth.example."), r
        kept = json.loads(box.file("acmedns.json"))["example.com"]
        assert kept["username"] == "user-sub1" and kept["fulldomain"] == "sub1.auth.example"
        assert os.stat(store).st_mode & 0o777 == 0o600 and fake.accounts["sub1"]["allowfrom"] == ["192.0.2.0/24", "::1/128"]
        r = run(check=1)
        assert r.complains("is not delegated") and [p for p, _ in fake.seen].count("/register") == len(fake.accounts)
        bind.update("example.com", "update add _acme-challenge.example.com. 60 CNAME sub1.auth.example.")
        run()
        assert box.lineage("example.com").names == {"example.com", "*.example.com"}
        assert "pass-sub1" not in box.log()
