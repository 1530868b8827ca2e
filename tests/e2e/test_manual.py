"""--manual: somebody else's hands, told by variables."""
import json
import os
import re

import pytest
from harness.webserver import WebServer

AGREE = ["--agree-tos", "--register-unsafely-without-email"]
SEEN = 'env | grep ^CERTBOT_ | sort | sed "s/^/%s /" >> %s/seen; echo "%s end" >> %s/seen\n'


def hooks(box, auth, cleanup):
    note = lambda what: SEEN % (what, box.root, what, box.root)  # noqa: E731
    return ["--manual", "--manual-auth-hook", box.script("auth", note("auth") + auth), "--manual-cleanup-hook", box.script("clean", note("clean") + cleanup)]


def seen(box):
    """[(which hook, {variable: value}), …] in the order of the calls."""
    calls, now = [], {}
    for line in box.file("seen").splitlines():
        which, rest = line.split(" ", 1)
        if rest == "end":
            calls.append((which, now))
            now = {}
        else:
            k, _, v = rest.partition("=")
            now[k] = v
    return calls


@pytest.fixture
def www(box):
    os.makedirs(box.root + "/www/.well-known/acme-challenge")
    with WebServer(box.ca.http_port, {n: box.root + "/www" for n in ("m.example", "n.m.example", "o.m.example")}):
        yield box.root + "/www/.well-known/acme-challenge"


HTTP = 'echo "$CERTBOT_VALIDATION" > %s/$CERTBOT_TOKEN; echo "made for $CERTBOT_DOMAIN"'


def test_http_with_every_variable(box, www):
    names = ["m.example", "n.m.example", "o.m.example"]
    words = [w for n in names for w in ("-d", n)]
    box.signet("certonly", *hooks(box, HTTP % www, "rm %s/$CERTBOT_TOKEN" % www), "--preferred-challenges", "http", *words, *AGREE)
    lineage = box.lineage("m.example").check(version=1, names=names)
    calls = seen(box)
    auth, clean = [e for w, e in calls if w == "auth"], [e for w, e in calls if w == "clean"]
    assert [w for w, _ in calls] == ["auth"] * 3 + ["clean"] * 3
    assert [e["CERTBOT_DOMAIN"] for e in auth] == names
    assert [e["CERTBOT_REMAINING_CHALLENGES"] for e in auth] == ["2", "1", "0"]
    for e in auth + clean:
        assert e["CERTBOT_ALL_DOMAINS"] == ",".join(names) == e["CERTBOT_ALL_IDENTIFIERS"]
        assert e["CERTBOT_IDENTIFIER"] == e["CERTBOT_DOMAIN"]
        assert re.fullmatch(r"[A-Za-z0-9_-]{22,}", e["CERTBOT_TOKEN"])
        assert e["CERTBOT_VALIDATION"].startswith(e["CERTBOT_TOKEN"] + ".")
    assert all("CERTBOT_AUTH_OUTPUT" not in e for e in auth)
    for a, c in zip(auth, sorted(clean, key=lambda e: names.index(e["CERTBOT_DOMAIN"]))):
        assert c["CERTBOT_AUTH_OUTPUT"] == "made for " + a["CERTBOT_DOMAIN"]
        assert c["CERTBOT_TOKEN"] == a["CERTBOT_TOKEN"] and c["CERTBOT_VALIDATION"] == a["CERTBOT_VALIDATION"]
    assert os.listdir(www) == []
    assert lineage.conf_get("authenticator") == "manual" and lineage.conf_get("pref_challs") == "http-01,"
    assert lineage.conf_get("manual_auth_hook") == box.root + "/auth" and lineage.conf_get("manual_cleanup_hook") == box.root + "/clean"


def test_the_hooks_are_remembered_for_renewal(box, www):
    box.signet("certonly", *hooks(box, HTTP % www, "rm %s/$CERTBOT_TOKEN" % www), "-d", "m.example", *AGREE)
    box.signet("renew", "--force-renewal")
    box.lineage("m.example").check(version=2)
    assert [w for w, _ in seen(box)] == ["auth", "clean"] * 2


def dns_post(box, what):
    """Shell that tells challtestsrv a record."""
    code = ("import json,os,urllib.request as u; o=u.build_opener(u.ProxyHandler({})); "
            "o.open('http://127.0.0.1:%d/%s', json.dumps({'host':'_acme-challenge.'+os.environ['CERTBOT_DOMAIN']+'.','value':os.environ['CERTBOT_VALIDATION']}).encode())"
            % (box.ca.dns_mgmt, what))
    return "/usr/bin/python3 -c \"%s\"" % code


def test_dns_with_a_wildcard_and_its_apex(box):
    box.signet("certonly", *hooks(box, dns_post(box, "set-txt"), dns_post(box, "clear-txt")), "--preferred-challenges", "dns", "-d", "wd.example",
               "-d", "*.wd.example", *AGREE)
    box.lineage("wd.example").check(version=1, names=["wd.example", "*.wd.example"])
    auth = [e for w, e in seen(box) if w == "auth"]
    assert [e["CERTBOT_DOMAIN"] for e in auth] == ["wd.example"] * 2
    assert auth[0]["CERTBOT_ALL_DOMAINS"] == "wd.example,wd.example"
    assert all("CERTBOT_TOKEN" not in e and re.fullmatch(r"[A-Za-z0-9_-]{43}", e["CERTBOT_VALIDATION"]) for e in auth)
    assert auth[0]["CERTBOT_VALIDATION"] != auth[1]["CERTBOT_VALIDATION"]
    assert len([1 for w, _ in seen(box) if w == "clean"]) == 2


def test_a_failing_auth_hook_does_not_stop_the_challenge_and_cleanup_runs(box, www):
    r = box.signet("certonly", *hooks(box, (HTTP % www) + "; exit 3", "true"), "-d", "m.example", *AGREE)
    assert "Hook '--manual-auth-hook' for m.example reported error code 3" in r.out + r.err
    box.lineage("m.example").check(version=1)
    assert [w for w, _ in seen(box)] == ["auth", "clean"]


def test_cleanup_runs_when_validation_fails(box, www):
    box.signet("certonly", *hooks(box, "true", "true"), "-d", "m.example", *AGREE, check=1)
    assert [w for w, _ in seen(box)] == ["auth", "clean"]
    assert box.lineages() == []


def test_what_the_hooks_print_is_shown(box, www):
    r = box.signet("certonly", *hooks(box, (HTTP % www) + "; echo oh dear >&2", "rm %s/$CERTBOT_TOKEN" % www), "-d", "m.example", *AGREE)
    assert "Hook '--manual-auth-hook' for m.example ran with output:\n made for m.example\n" in r.out
    assert "Hook '--manual-auth-hook' for m.example ran with error output:\n oh dear\n" in r.out + r.err


def test_without_hooks_and_without_a_terminal(box):
    r = box.signet("certonly", "--manual", "-d", "m.example", *AGREE, check=1)
    assert "--manual-auth-hook" in r.err
    assert box.lineages() == []


def test_hooks_that_do_not_exist(box):
    since = box.ca.mark()
    r = box.signet("certonly", "--manual", "--manual-auth-hook", "/no/such/program", "-d", "m.example", *AGREE, check=1)
    assert "Unable to find manual-auth-hook command /no/such/program in the PATH." in r.err
    assert "--disable-hook-validation" in r.err and box.ca.count("newOrder", since) == 0


def test_hostile_names_never_reach_a_shell(box, www):
    marker = box.root + "/pwned"
    box.signet("certonly", *hooks(box, "true", "true"), "-d", "a.example;touch %s" % marker, *AGREE, check=None)
    box.signet("certonly", *hooks(box, "true", "true"), "-d", "$(touch %s)" % marker, *AGREE, check=None)
    assert not os.path.exists(marker) and box.lineages() == []


def test_json_report_names_the_solver(box, www):
    r = box.signet("certonly", *hooks(box, HTTP % www, "rm %s/$CERTBOT_TOKEN" % www), "-d", "m.example", "--json", *AGREE)
    assert json.loads(r.out)
