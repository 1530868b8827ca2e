"""lego's face, version 5: environment files, one address family, logs, hooks around the order."""
import json
import os
import re
import signal
import subprocess

import pytest
from harness.ca import Pebble
from harness.certs import load_cert, names, read
from harness.dns import Bind
from harness.lego import LegoBox
from harness.system import wait_until


@pytest.fixture
def box(tmp_path, pebble):
    return LegoBox(tmp_path / "lego", pebble)


def script(box, name, text):
    path = box.root + "/" + name
    with open(path, "w") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def http(box, address="127.0.0.1"):
    return ["--http", "--http.address", "%s:%d" % (address, box.ca.http_port)]


def five(box, name, *more, **kw):
    return box.run("run", *box.common(), "--email", "a@lego.test", "-d", name, *http(box), *more, **kw)


# ---- environment files ----

def test_env_file_holds_the_credentials(tmp_path):
    with Bind({"example.com": []}) as bind, Pebble(dns=bind.behind) as ca:
        box = LegoBox(tmp_path / "lego", ca)
        with open(box.root + "/.env", "w") as f:
            f.write("# of the name server\n")
            for name, value in bind.credentials().items():
                f.write("export %s='%s'\n" % (name, value))
        words = ["run", *box.common(), "-d", "example.com", "--dns", "rfc2136", "--dns.resolvers", bind.address]
        box.run(*words, "--env-file", ".env", env={"RFC2136_TSIG_SECRET": "d3Jvbmc="})  # the file's wins
        assert names(load_cert(box.cert("example.com"))) == {"example.com"}
        secret = [v for n, v in bind.credentials().items() if "SECRET" in n][0]
        with open(box.root + "/.env", "a") as f:
            f.write("BROKEN %s\n" % secret)
        r = box.run(*words, "--env-file", ".env", check=1)
        assert "'=' is expected" in r.err and secret not in r.err
        r = box.run(*words, "--env-file", "nosuch.env")
        assert "Environment file not found: nosuch.env" in r.err


# ---- one family ----

def test_one_family(box):
    five(box, "four.lego.test", "-4")
    r = five(box, "six.lego.test", "-6", check=1)
    assert "--http.address 127.0.0.1 and --ipv6only cannot go together" in r.err
    told = script(box, "seen", "cat /proc/net/tcp /proc/net/tcp6 | grep ' 0A ' > %s/listening\n" % box.root)
    port = "%04X" % box.ca.http_port
    box.run("run", *box.common(), "-d", "any.lego.test", "--http", "--http.address", ":%d" % box.ca.http_port, "-4", "--http.delay", "300ms",
            "--pre-hook", "/bin/true", "--deploy-hook", told)
    p = subprocess.Popen([*box.program, "run", *box.common(), "-d", "slow.lego.test", "--http", "--http.address", ":%d" % box.ca.http_port, "-4",
                          "--http.delay", "30s"], env=box.env(), cwd=box.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def listening(path):
        return re.findall(r" (\w+):%s \w+:0000 0A " % port, read(path).decode())
    try:
        wait_until(lambda: "00000000" in listening("/proc/net/tcp"), 20, "the listener")
        assert "0" * 32 not in listening("/proc/net/tcp6")
    finally:
        p.kill()
        p.wait()


# ---- the log ----

def test_log_forms_and_levels(box):
    r = five(box, "json.lego.test", "--log.format", "json")
    lines = [json.loads(line) for line in r.out.splitlines() if line.startswith("{")]
    assert r.err == "" and len(lines) > 3
    assert {tuple(sorted(line)) for line in lines} == {("level", "msg", "time")}
    assert any(line["level"] == "INFO" and "Server responded with a certificate." in line["msg"] for line in lines)
    r = five(box, "text.lego.test", "--log.format", "text", "--log.level", "debug")
    assert re.search(r'^time=\d{4}-\d\d-\d\dT[\d:.]+Z level=INFO msg="', r.out, re.M) and "level=DEBUG" in r.out
    r = five(box, "quiet.lego.test", "--log.level", "error")
    assert r.err == ""
    r = five(box, "bad.example", "--log.level", "loud", check=1)
    assert "invalid log level 'loud'" in r.err


# ---- hooks around the order ----

def hooks(box, pre="", post=""):
    log = "{ echo %%s; env | grep ^LEGO_HOOK_ | sort; } >> %s/told\n" % box.root
    return ["--pre-hook", script(box, "pre", log % "pre" + pre), "--post-hook", script(box, "post", log % "post" + post)]


def told(box):
    """[("pre", {variable: value}), …]"""
    found = []
    for line in read(box.root + "/told").decode().splitlines():
        if "=" not in line:
            found.append((line, {}))
        else:
            name, _, value = line.partition("=")
            found[-1][1][name.replace("LEGO_HOOK_", "")] = value
    return found


def test_hooks_around_an_order(box):
    five(box, "hooked.lego.test", "--cert.name", "my cert", *hooks(box))
    (pre, before), (post, after) = told(box)
    assert (pre, post) == ("pre", "post")
    assert before == {"ACCOUNT_EMAIL": "a@lego.test", "ACCOUNT_ID": "a@lego.test", "ACCOUNT_SERVER": box.ca.url, "CERT_NAME": "my cert",
                      "CERT_NAME_SANITIZED": after["CERT_NAME_SANITIZED"], "CERT_KEY_TYPE": before["CERT_KEY_TYPE"], "CERT_DOMAINS": "hooked.lego.test"}
    assert os.path.exists(after["CERT_PATH"]) and os.path.exists(after["CERT_KEY_PATH"]) and os.path.exists(after["ISSUER_CERT_PATH"])
    os.unlink(box.root + "/told")
    five(box, "hooked.lego.test", "--cert.name", "my cert", *hooks(box))
    assert not os.path.exists(box.root + "/told"), "nothing is due: no hook"


def test_a_pre_hook_that_fails_stops_everything(box, pebble):
    mark = pebble.mark()
    r = five(box, "nopre.lego.test", *hooks(box, pre="exit 7\n"), check=1)
    assert "pre hook: wait command: exit status 7" in r.err and "Nothing was ordered." in r.err
    assert [w for w, _ in told(box)] == ["pre"] and pebble.count("newOrder", mark) == 0
    assert not os.path.exists(box.cert("nopre.lego.test")) and not os.path.exists(box.path + "/.signet")
    os.unlink(box.root + "/told")
    r = five(box, "nopre.lego.test", *hooks(box, pre="exec sleep 60\n"), "--pre-hook-timeout", "200ms", check=1)
    assert "pre hook: hook timed out" in r.err and r.seconds < 30
    assert [w for w, _ in told(box)] == ["pre", "post"], "it was cut short: who knows what it has stopped"
    assert pebble.count("newOrder", mark) == 0


def test_the_post_hook_runs_also_after_a_failure(box):
    five(box, "blocked.example", *hooks(box), check=1)
    (_, before), (_, after) = told(box)
    assert after == before, "there are no files to tell of"
    os.unlink(box.root + "/told")
    r = five(box, "fine.lego.test", *hooks(box, post="exit 3\n"))
    assert "post hook: wait command: exit status 3" in r.err, "told, and nothing more"
    os.unlink(box.root + "/told")
    r = five(box, "deployed.lego.test", *hooks(box), "--deploy-hook", "/bin/false", check=1)
    (_, before), (_, after) = told(box)
    assert os.path.exists(after["CERT_PATH"]), "the certificate is in place"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_post_hook_of_a_run_that_was_ended(box, how):
    words = [*box.program, "run", *box.common(), "--email", "a@lego.test", "-d", "ended.lego.test", *http(box), "--http.delay", "30s", *hooks(box)]
    p = subprocess.Popen(words, env=box.env(), cwd=box.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists(box.root + "/told") and os.path.isdir(box.path + "/.signet/signet/journal"), 20, "the pre hook")
    p.send_signal(how)
    p.wait(30)
    if how == signal.SIGKILL:
        assert [w for w, _ in told(box)] == ["pre"]
        r = five(box, "other.lego.test")
        assert "Running the post-hook" in r.err
    kinds = told(box)
    assert [w for w, _ in kinds] == ["pre", "post"] and kinds[1][1]["ACCOUNT_SERVER"] == box.ca.url


# ---- archives and lists ----

def test_an_archive_comes_back(box, pebble):
    five(box, "kept.lego.test")
    key = read(box.cert("kept.lego.test", ".key"))
    assert "No archives were found." in box.run("archives", "list").err
    box.run("certificates", "revoke", *box.common()[:2], "--email", "a@lego.test", "--cert.name", "kept.lego.test")
    assert not os.path.exists(box.cert("kept.lego.test"))
    (name,) = os.listdir(box.path + "/archives/certificates")
    out = box.run("archives", "list").out
    assert re.fullmatch(r"Certificate archives:\n└── %s \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC\)\n\n" % re.escape(name), out)
    r = box.run("archives", "restore", input="7\n", check=1)
    assert "1: certificates - " in r.out and "one of the numbers" in r.out and "EOF" in r.err
    r = box.run("archives", "restore", input="1\n")
    assert "was restored" in r.err and read(box.cert("kept.lego.test", ".key")) == key
    assert os.listdir(box.path + "/archives/certificates") == []
    assert [c["name"] for c in json.loads(box.run("certificates", "list", "--json").out)] == ["kept.lego.test"]


def test_lists_as_json(box, pebble):
    assert json.loads(box.run("certificates", "list", "--json").out) == json.loads(box.run("accounts", "list", "--json").out) == []
    five(box, "listed.lego.test")
    (cert,) = json.loads(box.run("certificates", "list", "--json").out)
    crt = load_cert(box.cert("listed.lego.test"))
    assert cert == {"name": "listed.lego.test", "domains": ["listed.lego.test"], "expired": False, "issuer": crt.issuer.rfc4514_string(),
                    "expirationDate": crt.not_valid_after.strftime("%Y-%m-%d %H:%M:%S +0000 UTC"), "path": box.cert("listed.lego.test")}
    (account,) = json.loads(box.run("accounts", "list", "--json").out)
    path = box.account() + "/account.json"
    assert account == dict(json.loads(read(path)), path=path) and account["id"] == "a@lego.test" and account["server"] == pebble.url


# ---- dns-persist-01 ----

def test_a_record_that_stays(tmp_path):
    with Bind({"example.com": []}) as bind, Pebble(dns=bind.behind) as ca:
        box = LegoBox(tmp_path / "lego", ca)
        words = ["run", *box.common(), "-d", "example.com", "--dns-persist", "--dns-persist.resolvers", bind.address]
        r = box.run(*words, check=1)
        found = re.search(r'the record (_validation-persist\.example\.com)\. TXT "([^"]+)" is not there', r.err)
        assert found and "; accounturi=https://" in found.group(2), r
        r = box.run(*words, "--dns-persist.persist-until", "2035-01-01T00:00:00Z", "--dns-persist.issuer-domain-name", "other.example", check=1)
        assert 'TXT "other.example; accounturi=https://' in r.err and '; persistUntil=2051222400"' in r.err
        r = box.run(*words, "--dns-persist.issuer-domain-name", "x; y", check=1)
        assert "--dns-persist.issuer-domain-name x; y is no domain name" in r.err
        bind.update("example.com", "update add _validation-persist.example.com. 60 TXT \"%s\"" % found.group(2))
        box.run(*words)
        assert names(load_cert(box.cert("example.com"))) == {"example.com"} and bind.txt("_validation-persist.example.com") == [found.group(2)]
