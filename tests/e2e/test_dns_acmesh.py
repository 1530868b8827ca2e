"""DNS scripts of acme.sh, unchanged, from its Debian package."""
import json
import os
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.box import Box
from harness.ca import ROOT, Pebble
from harness.dns import Bind


@pytest.fixture(scope="session")
def scripts():
    p = subprocess.run([ROOT + "/tests/setup/acmesh"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert p.returncode == 0, p.stderr
    return p.stdout.strip().splitlines()[-1]


class Api:
    """Cloudflare's API, as far as dns_cf.sh speaks it, and acmeproxy's; records stand in the zone of `bind`."""

    def __init__(self, bind):
        api = self
        self.bind, self.records, self.seen, self.last = bind, {}, [], 0

        class Handler(BaseHTTPRequestHandler):
            def _do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                api.seen.append((self.command, self.path, self.headers.get("Authorization")))
                answer = json.dumps(api.handle(self.command, self.path, json.loads(body) if body else {})).replace('": ', '":').encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_DELETE = _do

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle(self, method, path, body):
        if path == "/present":
            self.bind.update("example.com", "update add %s 60 TXT \"%s\"" % (body["fqdn"], body["value"]))
            return body
        if path == "/cleanup":
            self.bind.update("example.com", "update delete %s TXT \"%s\"" % (body["fqdn"], body["value"]))
            return body
        if "/dns_records" not in path:
            found = re.search(r"[?&]name=example\.com(&|$)", path)
            return {"success": True, "errors": [], "result": [{"id": "zone1", "name": "example.com"}] if found else [],
                    "result_info": {"count": 1 if found else 0, "total_count": 1 if found else 0}}
        if method == "POST":
            self.last += 1
            self.records["r%d" % self.last] = (body["name"], body["content"])
            self.bind.update("example.com", "update add %s. 60 TXT \"%s\"" % (body["name"], body["content"]))
            return {"success": True, "errors": [], "result": {"id": "r%d" % self.last, "name": body["name"], "content": body["content"]}}
        if method == "DELETE":
            name, content = self.records.pop(path.rsplit("/", 1)[1])
            self.bind.update("example.com", "update delete %s. TXT \"%s\"" % (name, content))
            return {"success": True, "errors": [], "result": {"id": "x"}}
        found = [{"id": i, "name": n, "content": c} for i, (n, c) in self.records.items() if "content" not in path or c in path]
        return {"success": True, "errors": [], "result": found, "result_info": {"count": len(found), "total_count": len(found)}}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def world(tmp_path):
    with Bind({"example.com": []}) as bind, Pebble(dns=bind.behind) as ca:
        box, api = Box(tmp_path / "box", ca), Api(bind)
        # what the scripts have fixed goes to the fake API; arguments are noted, for credentials must not be among them
        box.script("bin/curl", """printf '%%s\\n' "$@" >> %s/arguments
exec sed 's|https://api.cloudflare.com|%s|' | /usr/bin/curl "$@" """ % (box.root, api.url))
        yield box, bind, api
        api.close()


def obtain(world, script, *names, env):
    box, bind, api = world
    words = [w for n in names for w in ("-d", n)]
    path = box.root + "/bin:" + box.env()["PATH"]
    return box.signet("certonly", "--dns", "acmesh:" + script, *words, "--agree-tos", "--register-unsafely-without-email", "--dns.resolvers",
                      bind.address, env={"PATH": path, **env})


def test_dns_cf(world, scripts):
    """dns_cf.sh; what it keeps serves the renewal, which has nothing in its environment."""
    box, bind, api = world
    obtain(world, scripts + "/dns_cf.sh", "example.com", "*.example.com", env={"CF_Token": "t0ken's value", "CF_Account_ID": "acc"})
    assert box.lineage("example.com").names == {"example.com", "*.example.com"}
    assert not api.records and bind.txt("_acme-challenge.example.com") == []
    assert "Bearer t0ken's value" in {a for _, _, a in api.seen}
    assert "t0ken" not in box.file("arguments") and "t0ken" not in box.log()
    conf = box.config + "/dns/acmesh.conf"
    assert os.stat(conf).st_mode & 0o777 == 0o600
    box.signet("renew", "--force-renewal", env={"PATH": box.root + "/bin:" + box.env()["PATH"]})
    assert box.lineage("example.com").version == 2


def test_dns_acmeproxy(world, scripts):
    box, bind, api = world
    os.makedirs(box.config + "/dns")
    os.symlink(scripts, box.config + "/dns/acmesh")
    obtain(world, "dns_acmeproxy", "www.example.com",
           env={"ACMEPROXY_ENDPOINT": api.url, "ACMEPROXY_USERNAME": "u", "ACMEPROXY_PASSWORD": "p"})
    assert [p for _, p, _ in api.seen] == ["/present", "/cleanup"] and api.seen[0][2] == "Basic dTpw"
    assert bind.txt("_acme-challenge.www.example.com") == []


def test_what_is_not_there(world):
    box, bind, api = world
    r = box.signet("certonly", "--dns", "acmesh:dns_nobody", "-d", "example.com", "--agree-tos", "--register-unsafely-without-email", check=1)
    assert r.complains("there is no script dns_nobody.sh") and r.complains("/usr/share/acme.sh/dnsapi")
    r = box.signet("certonly", "--dns", "acmesh:../x", "-d", "example.com", check=1)
    assert r.complains("../x")


def test_the_functions_around_a_script(tmp_path):
    """Each function that scripts lean on, by what it prints."""
    script = tmp_path / "dns_probe.sh"
    script.write_text("""
dns_probe_add() {
  for want in "$@"; do :; done
  say() { printf '%s=%s\\n' "$1" "$2"; }
  say url "$(printf '%s' 'a b/ü&' | _url_encode)"
  say URL "$(printf '%s' 'a b/ü&' | _url_encode upper-hex)"
  say b64 "$(printf '%s' abc | _base64)"
  say back "$(printf '%s' YWJj | _dbase64)"
  say sha "$(printf '%s' abc | _digest sha256 hex)"
  say sha64 "$(printf '%s' abc | _digest sha1)"
  say mac "$(printf '%s' 'what do ya want for nothing?' | _hmac sha256 "$(printf Jefe | _hex_dump | tr -d ' ')" hex)"
  say hex "$(printf 'a/\\n' | _hex_dump)"
  say h2b "$(printf '6a6B' | _h2b)"
  say field "$(_getfield 'a|b|c' 2 '|')"
  say math "$(_math 3 + 4 \\* 2)"
  say egrep "$(printf 'x=12;y=3' | _egrep_o '[0-9]+' | _head_n 1)"
  say json "$(printf 'a"b\\\\c\\nd' | _json_encode)"
  say norm "$(printf '{ "a" : "b",\\n "c": [1] }' | _normalizeJson)"
  _contains abc b && _startswith abc ab && _endswith abc bc && _hasfield a,b,c b && say tests yes
  _contains abc x || _startswith abc bc || _endswith abc ab || _hasfield a,b,c d || say tests no
  _saveaccountconf_mutable KEY "it's a
value"; say kept "$(_readaccountconf_mutable KEY)"
  _saveaccountconf_mutable KEY other; say kept "$(_readaccountconf_mutable KEY)"
  _clearaccountconf_mutable KEY; say kept "$(_readaccountconf_mutable KEY)"
  _savedomainconf ID 7; say domain "$(_readdomainconf ID)"
  say args "$1 $2"
}
""")
    text = subprocess.run(["sh", "-c", open(ROOT + "/src/challenge/acmesh.sh").read(), "signet-acmesh", str(script), "add", "_acme-challenge.example.com",
                           "value"], env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SIGNET_ACMESH_CONF": str(tmp_path / "dns/conf")},
                          capture_output=True, text=True)
    assert text.stdout.split("\n") == [
        "url=a%20b%2f%c3%bc%26", "URL=a%20b%2F%C3%BC%26", "b64=YWJj", "back=abc",
        "sha=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "sha64=qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
        "mac=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "hex= 61 2f 0a", "h2b=jk", "field=b", "math=11", "egrep=12",
        'json=a\\"b\\\\c\\nd', 'norm={ "a":"b","c":[1] }', "tests=yes", "tests=no", "kept=it's a", "value", "kept=other", "kept=", "domain=7",
        "args=_acme-challenge.example.com value", ""], text.stdout + text.stderr
