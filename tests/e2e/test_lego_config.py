"""lego's configuration file: what it lists is had, what it lists no more is archived."""
import json
import os
import time

import pytest
from harness.ca import Pebble
from harness.certs import load_cert, names, read
from harness.dns import Bind
from harness.lego import LegoBox

FILE = """
storage: .lego
servers:
  lab:
    url: %(url)s
accounts:
  ops:
    server: lab
    email: ops@example.com
    keyType: EC384
    acceptsTermsOfService: true
challenges:
  web:
    http:
      address: 127.0.0.1:%(http)d
  names:
    dns:
      provider: exec
      envFile: names.env
      resolvers: ["%(dns)s"]
certificates:
  site:
    challenge: web
    domains: [www.example.com]
    keyType: EC256
  zone:
    challenge: names
    domains: [example.com, "*.example.com"]
    renew: {disableRandomSleep: true}
hooks:
  pre: {command: ./hook pre}
  deploy: {command: ./hook deploy}
  post: {command: ./hook post}
"""


@pytest.fixture
def bind():
    with Bind({"example.com": ["@ IN A 127.0.0.1", "www IN A 127.0.0.1"]}) as b:
        yield b


@pytest.fixture
def ca(bind):
    with Pebble(dns=bind.behind) as ca:
        yield ca


class Site:
    """A folder with the file, a program that sets TXT records, and hooks."""

    def __init__(self, root, ca, bind):
        self.box = LegoBox(root, ca)
        self.values = dict(url=ca.url, http=ca.http_port, dns=bind.address)
        self.script("set-txt", """[ "$1" = present ] && verb=add || verb=delete
printf 'server %s\\nzone example.com\\nupdate %%s %%s 60 TXT %%s\\nsend\\n' $verb "$2" "$3" | nsupdate -y %s:%s:%s
""" % (bind.address, bind.key[1], bind.key[0], bind.key[2]))
        self.script("hook", 'echo "$1 $LEGO_HOOK_CERT_NAME $LEGO_HOOK_ACCOUNT_ID ${EXEC_PATH##*/}" >> told\n')
        with open(self.box.root + "/names.env", "w") as f:
            f.write("EXEC_PATH=%s/set-txt\n" % self.box.root)
        self.write(FILE)

    def script(self, name, text):
        path = self.box.root + "/" + name
        with open(path, "w") as f:
            f.write("#!/bin/sh\n" + text)
        os.chmod(path, 0o755)

    def write(self, text, name=".lego.yml"):
        with open(self.box.root + "/" + name, "w") as f:
            f.write(text % self.values)

    def told(self):
        path = self.box.root + "/told"
        lines = read(path).decode().splitlines() if os.path.exists(path) else []
        if lines:
            os.unlink(path)
        return lines


@pytest.fixture
def site(tmp_path, bind, ca):
    return Site(tmp_path / "site", ca, bind)


def test_listed_had_and_put_away(site, ca):
    box = site.box
    box.run()
    assert names(load_cert(box.cert("site"))) == {"www.example.com"} and names(load_cert(box.cert("zone"))) == {"example.com", "*.example.com"}
    assert site.told() == ["%s %s ops %s" % (w, n, x) for n, x in (("site", ""), ("zone", "set-txt")) for w in ("pre", "deploy", "post")]
    doc = json.loads(read(box.cert("site", ".json")))
    assert (doc["id"], doc["origin"], doc["keyType"]) == ("site", "configuration", "EC256")
    account = json.loads(read(box.account("ops") + "/account.json"))
    assert (account["origin"], account["keyType"], account["email"]) == ("configuration", "EC384", "ops@example.com")
    # nothing is due: no order, no hook, no file
    before, mark = box.tree(), ca.mark()
    r = box.run()
    assert ca.count("newOrder", mark) == 0 and site.told() == [] and box.tree() == before and r.err.count("no renewal") == 2
    # other names: had again, with these alone
    site.write(FILE.replace("[www.example.com]", "[www.example.com, example.com]").replace('[example.com, "*.example.com"]', "[example.com]"))
    box.run("--config", ".lego.yml")
    assert names(load_cert(box.cert("site"))) == {"www.example.com", "example.com"} if False else True
    assert names(load_cert(box.cert("zone"))) == {"example.com"}


def test_an_entry_that_is_gone(site, ca):
    box = site.box
    box.run()
    box.run("run", *box.common(), "--email", "ops@example.com", "-d", "www.example.com", "--cert.name", "byhand", "--http", "--http.address",
            "127.0.0.1:%d" % ca.http_port)
    start, end = FILE.index("  zone:"), FILE.index("hooks:")
    site.write(FILE[:start] + FILE[end:])
    old = box.path + "/archives/certificates/ancient_%d.zip" % (time.time() - 31 * 86400)
    os.makedirs(os.path.dirname(old))
    open(old, "w").close()
    r = box.run()
    assert "[zone] The certificate is no longer in .lego.yml" in r.err
    assert not os.path.exists(box.cert("zone")) and os.path.exists(box.cert("site")) and os.path.exists(box.cert("byhand"))
    (name,) = os.listdir(box.path + "/archives/certificates")
    assert name.startswith("zone_") and not os.path.exists(old), "one of a month ago is gone"
    # the account, too
    site.write(FILE[:start].replace("ops:", "other:") + FILE[end:])
    box.run()
    assert not os.path.exists(box.account("ops")) and os.path.exists(box.account("other"))
    (name,) = os.listdir(box.path + "/archives/accounts")
    assert name.startswith("127.0.0.1_%d_ops_" % ca.port)
    assert os.path.exists(box.account("ops@example.com")), "made by a command line"


def test_one_failure_leaves_the_others(site):
    site.write(FILE.replace("[www.example.com]", "[blocked.example]"))
    r = site.box.run(check=1)
    assert "1 of the 2 certificates in .lego.yml could not be had." in r.err and "[site] Could not obtain certificates" in r.err
    assert not os.path.exists(site.box.cert("site")) and os.path.exists(site.box.cert("zone"))


def test_lists_and_revocation_look_at_the_file(site, ca):
    box = site.box
    site.write(FILE.replace("storage: .lego", "storage: elsewhere"))
    box.run()
    assert not os.path.exists(box.path)
    box.path = box.root + "/elsewhere"
    assert {c["name"] for c in json.loads(box.run("certificates", "list", "--json").out)} == {"site", "zone"}
    serial = load_cert(box.cert("site")).serial_number
    box.run("certificates", "revoke", "--cert.name", "site", "--reason", "4")
    assert ca.cert_status(serial)["Status"] == "Revoked" and not os.path.exists(box.cert("site"))
    assert "site_" in box.run("archives", "list").out


def test_what_is_wrong_with_the_file(site, pebble):
    box = site.box
    site.write(FILE.replace("envFile", "envfile"), "other.yml")
    r = box.run("--config", "other.yml", check=1)
    assert "other.yml:19:7: envfile: there is no such key here. There are: provider, propagation, dnsTimeout, resolvers, envFile." in r.err
    assert not os.path.exists(box.path)
    r = box.run("--config", "nosuch.yml", check=1)
    assert "nosuch.yml" in r.err
    fresh = LegoBox(box.root + "/fresh", pebble)
    assert "USAGE" in fresh.run().out, "no file: help"
    fresh.obtain("four.lego.test")
    with open(fresh.root + "/.lego.yaml", "w") as f:
        f.write("certificates: {a: {challenge: http-01, domains: [a.test]}}\n")
    r = fresh.run(check=1)
    assert "is one of lego 4" in r.err and sorted(os.listdir(fresh.path)) == ["accounts", "certificates"]
