"""dns-01 with providers that a description describes: a fake API whose records really stand in a zone."""
import json
import os
import signal
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.box import Box, execute, signet_binary
from harness.ca import Pebble
from harness.dns import Bind
from harness.figures import figure
from harness.system import wait_until
from test_journal import journal
from test_roles import memory, roles_of

LEGO = """
abion acmedns active24 alidns aliesa allinkl alwaysdata anexia artfiles arvancloud auroradns autodns axelname azion azuredns baiducloud
beget binarylane bindman bluecat bluecatv2 bookmyname bunny checkdomain civo clouddns cloudflare cloudns cloudru cloudxns com35 connbyte
conoha conohav3 constellix corenetworks cpanel curanet czechia dandomain ddnss derak desec designate digitalocean dinahosting directadmin
dns51 dnscale dnsexit dnshomede dnsimple dnsla dnsmadeeasy dnsservices dnsupdate dode domeneshop dreamhost duckdns dyn dynadot dyndnsfree
dynu easydns edgecenter edgedns edgeone efficientip epik eurodns euserv excedo exec exoscale f5xc fornex freemyip gandi gandiv5 gcloud gcore
gehirn gigahostno glesys gname godaddy gravity hetzner hostingde hostinger hostingnl hosttech hostup httpnet httpreq huaweicloud hurricane
hyperone ibmcloud iijdpf infoblox infomaniak internetbs inwx ionos ionoscloud ipv64 ispconfig ispconfigddns jdcloud joker katapult keyhelp
leaseweb liara lightsail limacity linode liquidweb loopia luadns mailinabox manageengine manual metaname metaregistrar mijnhost mittwald
myaddr mydnsjp mythicbeasts namecheap namedotcom namesilo namesurfer nearlyfreespeech nederhost neodigit netcup netlify netnod ngenix
nicmanager nicru nifcloud njalla nodion ns1 octenium omglol onecloudru onlinenet openprovider opusdns oraclecloud otc ovh pdns plesk
pointdns porkbun poweradmin rackspace rage4 rainyun rcodezero regfish regru rimuhosting route53 safedns sakuracloud scaleway scannet
selectel selectelv2 selfhostde servercow shellrent simply sonic spaceship stackpath syse technitium tele3 tencentcloud timewebcloud todaynic
transip ucloud ultradns uniteddomains variomedia veesp vegadns vercel versio vinyldns virtualname vkcloud volcengine vscale vultr wannafind
webnamesca webnamesru websupport wedos westcn xinnet yandex yandex360 yandexcloud zilore zoneedit zoneee zonomi
""".split()  # its codes, and cloudxns, which it had

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
        self.gate = None  # a Barrier: deletions wait until so many have come
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
                if api.gate and self.command == "DELETE":
                    api.gate.wait(20)
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
        if method == "GET" and path.endswith("/records"):
            return 200, {"records": [{"id": k, "name": name, "value": value} for k, (_, name, value) in self.records.items()]}
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


@pytest.mark.parametrize("how", ["a file", "the environment"])
def test_the_token_is_with_one_process_only(world, how):
    """G14's sixth secret: looked at while the provider is asked to take the record away."""
    box, bind, api = world
    path = box.file("token", api.token + "\n")
    env = {"FAKE_URL": api.url, **({"FAKE_TOKEN_FILE": path} if how == "a file" else {"FAKE_TOKEN": api.token})}
    api.gate = threading.Barrier(2)
    words = ["certonly", "-vvv", "-d", "www.example.com", "--agree-tos", "--register-unsafely-without-email", "--dns.resolvers", bind.address,
             "--dns-provider-dir", box.root + "/providers", "--dns", "fake"]
    with subprocess.Popen([signet_binary(), *words, *box.common("certonly")], env=box.env(env), cwd=box.root, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as p:
        try:
            wait_until(lambda: api.gate.n_waiting or p.poll() is not None, 60, "the provider to be asked to remove")
            roles = dict(roles_of(p.pid), main=p.pid)
            secret, places = api.token.encode(), {}
            for name, pid in roles.items():
                for what in ("cmdline", "environ"):
                    with open("/proc/%d/%s" % (pid, what), "rb") as f:
                        places["%s %s" % (name, what)] = f.read()
                places[name + " memory"] = b"".join(memory(pid))
            assert secret in places.pop("signet-dns memory")  # whose it is; and so the search finds what is there
            if how == "the environment":
                for what in ("environ", "memory"):
                    places.pop("main " + what)  # it was started with it
        finally:
            api.gate.abort() if p.poll() is not None else api.gate.wait(20)
            out = p.communicate(timeout=60)[0]
    assert p.returncode == 0, out
    places["output and logs"] = out + "".join(box.file("log/" + f) for f in os.listdir(box.logs)).encode()
    hits = [name for name, data in places.items() if secret in data]
    figure("G14", "a provider's token from %s, %d places: %d found" % (how, len(places), len(hits)))
    assert "signet-talker memory" in places and not hits


def test_what_the_provider_says_is_shown(world):
    box, bind, api = world
    r = obtain(world, "example.com", args=("--dns", "fake"), env={"FAKE_TOKEN": "wr0ng-t0ken", "FAKE_URL": api.url}, check=1)
    assert r.complains("this token is not known here") and "wr0ng-t0ken" not in r.words + box.log()
    r = obtain(world, "example.com", args=("--dns", "fake"), env={"FAKE_URL": api.url}, check=1)
    assert r.complains("FAKE_TOKEN")
    r = obtain(world, "example.com", args=("--dns", "clodflare"), check=1)
    assert r.complains("clodflare") and r.complains("cloudflare")


def test_a_record_that_the_provider_only_says_is_there(world):
    """It answers 200 and writes nothing: the CA is not asked to look, what is missing is told, and the removal is asked for all the same."""
    box, bind, api = world
    bind.update = lambda *words: None
    mark = box.ca.mark()
    r = obtain(world, "example.com", args=("--dns", "fake"), env={"FAKE_TOKEN": api.token, "FAKE_URL": api.url, "FAKE_PROPAGATION_TIMEOUT": "2"}, check=1)
    assert r.complains("not seen everywhere after 2 s") and r.complains("says that there is no such name")
    assert box.ca.count("challenge", mark) == 0 and not api.records and not set(journal(box)) - {"order"}


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


def test_lineages_take_their_records_away_at_the_same_time(world):
    """A provider that is slow to remove: nobody waits for the lineage before. It answers only when the removals of all are there."""
    box, bind, api = world
    names, env = ["a.example.com", "b.example.com", "c.example.com", "d.example.com"], {"FAKE_TOKEN": api.token, "FAKE_URL": api.url}
    for n in names:
        obtain(world, n, args=("--dns", "fake"), env=env)
    api.gate = threading.Barrier(len(names))
    r = box.signet("renew", "--force-renewal", "--no-random-sleep-on-renew", env=env)
    assert not api.gate.broken and not api.records and "could not be removed" not in r.words
    assert [box.lineage(n).version for n in names] == [2] * 4 and not os.listdir(box.work + "/signet/journal")


def test_a_second_signal_ends_the_tidying_up(world):
    """A removal that hangs: Ctrl-C cancels, once more leaves the record to the next run."""
    box, bind, api = world
    env = {"FAKE_TOKEN": api.token, "FAKE_URL": api.url}
    api.gate = threading.Barrier(2)
    argv = [signet_binary(), "certonly", "--dns", "fake", "-d", "example.com", "--agree-tos", "--register-unsafely-without-email", "--dns.resolvers",
            bind.address, "--dns-provider-dir", box.root + "/providers", *box.common("certonly")]
    p = subprocess.Popen(argv, env=box.env(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_until(lambda: api.gate.n_waiting == 1, 30, "the removal")
    p.send_signal(signal.SIGINT)
    wait_until(lambda: "SigCgt" in open("/proc/%d/status" % p.pid).read() and not pending(p.pid), 10, "the signal to be taken")
    p.send_signal(signal.SIGINT)
    out, _ = p.communicate(timeout=30)
    assert "could not be removed now; the next run tries again: interrupted" in out, out
    api.gate.abort()
    api.gate = None
    assert len(api.records) == 1
    r = box.signet("renew", env=dict(env, FAKE_URL="http://127.0.0.1:1"))
    assert len(api.records) == 1 and r.complains("could not be taken away"), "who cannot be reached now is asked by the next run"
    r = box.signet("renew", env=env)
    assert not api.records and (r.says("removed the TXT record of example.com") or r.complains("removed the TXT record of example.com")), r


def pending(pid):
    """Signals that a process has not taken yet."""
    with open("/proc/%d/status" % pid) as f:
        return any(int(line.split()[1], 16) for line in f if line.startswith(("SigPnd", "ShdPnd")))


def test_dns_try(world):
    """Writes a record, finds it, takes it away; needs no CA and keeps nothing."""
    box, bind, api = world
    args = ("dns", "try", "fake", "-d", "example.com", "-d", "*.example.com", "--dns.resolvers", bind.address, "--dns-provider-dir",
            box.root + "/providers", *box.dirs())
    r = box.signet(*args, bare=True, env={"FAKE_TOKEN": api.token, "FAKE_URL": api.url})
    assert r.says("_acme-challenge.example.com: written, and seen on the zone's name servers") and r.says("removed, and seen to be gone")
    assert len(api.seen) == 4 and bind.txt("_acme-challenge.example.com") == []
    r = box.signet(*args, bare=True, env={"FAKE_TOKEN": "wr0ng-t0ken", "FAKE_URL": api.url}, check=1)
    assert r.complains("this token is not known here")
    assert not os.path.exists(box.config)


def test_dnshelp_and_check(world):
    box, bind, api = world
    r = box.signet("dnshelp", bare=True)
    assert "cloudflare, " in r.out and "rfc2136" in r.out and "exec" in r.out
    listed = set(r.out.replace(",", " ").split())
    assert [c for c in LEGO if c not in listed] == [] and len(LEGO) == 219
    assert r.says("%d DNS providers" % (len(LEGO)))
    for ended in ("gandi", "stackpath", "cloudxns"):
        assert "service" in box.signet("dnshelp", "-c", ended, bare=True).out or ended == "gandi"
    assert "use gandiv5" in box.signet("dnshelp", "-c", "gandi", bare=True).out
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
    child = box.file("providers/child.yaml", "provider: child\nlike: fake\nname: Child\ndocs: https://fake.example/\n")
    assert 'there is no DNS provider "fake"' in box.signet("dns", "check", child, bare=True, check=1).out
    assert box.signet("dns", "check", "--dns-provider-dir", box.root + "/providers", child, bad, bare=True, check=1).says(child + ": good")
    assert box.signet("dns", bare=True, check=2).complains("usage: signet dnshelp")
    assert box.signet("dns", "check", "--dns-provider-dir", child, bare=True, check=2).complains("usage: signet dnshelp")


def test_descriptions_in_etc(world):
    """Without --dns-provider-dir those of the machine are found, by the help as by a run."""
    box, bind, api = world
    words = box.common("certonly") + ["--agree-tos", "--register-unsafely-without-email", "--dns.resolvers", bind.address, "--dns", "fake", "-d", "example.com"]
    script = """
        cp -a /etc etc-of-its-own
        mkdir -p etc-of-its-own/signet/providers
        cp providers/fake.yaml etc-of-its-own/signet/providers
        mount --bind etc-of-its-own /etc
        "$0" dnshelp -c fake
        exec "$0" certonly "$@"
    """
    env = box.env({"FAKE_TOKEN": api.token, "FAKE_URL": api.url})
    r = execute(["unshare", "-m", "--propagation", "private", "sh", "-euc", script, box.binary, *words], env, cwd=box.root)
    assert "FAKE_TOKEN" in r.out and len(api.seen) == 2 and not api.records, r
    box.lineage("example.com").check(version=1)


class AcmeDns:
    """acme-dns as its README describes it: /register, /update; the values stand in the zone of `bind`."""

    def __init__(self, bind, zone):
        fake = self
        self.bind, self.zone, self.accounts, self.seen, self.stored = bind, zone, {}, [], {}

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
                fake.seen.append((self.path, body))
                self.say(*fake.handle(self.path, body, self.headers))

            def do_GET(self):
                fake.seen.append((self.path, None))
                kept = fake.stored.get(self.path)
                self.say(*((200, kept) if kept else (404, {"error": "none"})))

            def say(self, status, answer):
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
        if path.startswith("/store/"):
            self.stored[path] = body
            return 200, {}
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


def test_acme_dns_with_a_storage_server(tmp_path):
    """Accounts lie at BASE/DOMAIN, as lego has them: asked for first, and given there when one is made."""
    with Bind({"example.com": [], "auth.example": []}) as bind, Pebble(dns=bind.behind) as ca:
        box, fake = Box(tmp_path / "box", ca), AcmeDns(bind, "auth.example")
        env = {"ACME_DNS_API_BASE": fake.url, "ACME_DNS_STORAGE_BASE_URL": fake.url + "/store/"}

        def run(check=0):
            fake.seen.clear()
            return box.signet("certonly", "--dns", "acme-dns", "-d", "example.com", "-d", "*.example.com", "--agree-tos",
                              "--register-unsafely-without-email", "--force-renewal", "--dns.resolvers", bind.address, env=env, check=check)

        r = run(check=1)
        assert r.complains("_acme-challenge.example.com. CNAME sub1.auth.example."), r
        assert [path for path, _ in fake.seen] == ["/store/example.com", "/register", "/store/example.com"]
        kept = fake.stored["/store/example.com"]
        assert kept == {"fulldomain": "sub1.auth.example", "subdomain": "sub1", "username": "user-sub1", "password": "pass-sub1", "server_url": fake.url}
        bind.update("example.com", "update add _acme-challenge.example.com. 60 CNAME sub1.auth.example.")
        run()
        assert [path for path, _ in fake.seen] == ["/store/example.com", "/update", "/update"] and list(fake.accounts) == ["sub1"]
        fake.stored["/store/example.com"] = ["no account"]
        assert run(check=1).complains("what the storage server says of example.com is no acme-dns account")
        fake.server.shutdown()
        fake.server.server_close()


def test_acme_dns(tmp_path):
    """The first run makes an account and says which CNAME to set; then it works, with the account from the file."""
    with Bind({"example.com": [], "auth.example": []}) as bind, Pebble(dns=bind.behind) as ca:
        box, fake = Box(tmp_path / "box", ca), AcmeDns(bind, "auth.example")
        store = box.root + "/acmedns.json"
        env = {"ACME_DNS_API_BASE": fake.url + "/", "ACME_DNS_STORAGE_PATH": store, "ACME_DNS_ALLOWLIST": "192.0.2.0/24,::1/128"}

        def run(check=0, more=(), extra={}):
            return box.signet("certonly", "--dns", "acme-dns", "-d", "example.com", "-d", "*.example.com", "--agree-tos", *more,
                              "--register-unsafely-without-email", "--dns.resolvers", bind.address, env={**env, **extra}, check=check)

        own = box.root + "/own.ini"
        with open(os.open(own, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write("ACME_DNS_API_BASE = %s\nACME_DNS_STORAGE_PATH = %s\n" % (fake.url, store + ".own"))
        r = run(check=1, more=["--dns-for", "*=acme-dns@" + own])
        assert r.complains("the file of acme-dns accounts has none for example.com") and not fake.seen, r  # main could not keep it
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
