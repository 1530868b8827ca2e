"""What --json prints is what docs/json.md says: no member that is not described, no value out of the lists there."""
import json
import re

import pytest
from harness.ca import ROOT
from test_certonly import make_csr

SECTIONS = ("certificates", "explain", "status", "certonly", "renew")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def words(text):
    return re.findall(r"`([a-z_]+)`", text)


@pytest.fixture(scope="module")
def described():
    """{section: {member: its words}}; "document", each verb, "error", "problem"."""
    with open(ROOT + "/docs/json.md") as f:
        text = f.read()
    found, now = {}, None
    for line in text.splitlines():
        m = re.match(r"\*\*(\w+)\*\*", line)
        if line == "## The document":
            now = "document"
        elif line == "## An error":
            now = "error"
        elif m and m.group(1) in SECTIONS:
            now = m.group(1)
        elif line.startswith("| `") and now:
            names, *rest = line.strip("|").split("|")
            for n in words(names):
                found.setdefault(now, {})[n] = " ".join(rest)
    problem = text[text.index("`problem`: "):].split("\n\n")[0]
    found["problem"] = dict.fromkeys(words(problem[9:]))
    return found


def check_error(error, described):
    assert set(error) <= set(described["error"]), error
    if error.get("problem"):
        assert set(error["problem"]) | {"subproblems"} <= set(described["problem"]) | {"type", "detail"}, error
        for s in error["problem"]["subproblems"]:
            assert set(s) == {"identifier", "type", "detail", "challenge"}, s


def run(box, described, verb, *args, check=0, server=True, **more):
    r = box.signet(verb, "--json", *args, check=check, server=server, **more)
    doc = json.loads(r.out)
    assert set(doc) <= set(described["document"]), doc
    assert doc["version"] == 1 and doc["verb"] == verb and doc["result"] == ("error" if check else "ok")
    if doc.get("error"):
        check_error(doc["error"], described)
    for c in doc["certificates"]:
        assert set(c) <= set(described[verb]) | {"name", "error"}, (verb, set(c) - set(described[verb]))
        if "status" in c:
            assert '"%s"' % c["status"] in described[verb]["status"], c
        if c.get("error"):
            check_error(c["error"], described)
        for member in ("not_after", "not_before", "due_at", "held_until"):
            assert c.get(member) is None or TIME.fullmatch(c[member]), c
    return doc["certificates"]


def test_the_document(box, described):
    assert set(SECTIONS) < set(described)
    assert run(box, described, "certificates", server=False) == [] and run(box, described, "renew") == []
    (c,) = run(box, described, "certonly", "--standalone", "-d", "a.j.example", "--agree-tos")
    lineage = box.lineage("a.j.example").check(version=1)
    assert c["status"] == "obtained" and c["fullchain_path"] == lineage.path("fullchain") and c["dry_run"] is False
    (c,) = run(box, described, "certonly", "--standalone", "-d", "a.j.example", "--force-renewal", "--dry-run")
    assert c["status"] == "simulated" and c["dry_run"] is True
    (c,) = run(box, described, "certificates", server=False)
    assert c["status"] == "valid" and c["identifiers"] == ["a.j.example"] and c["validity"] == "VALID: 89 days"
    assert "Serial Number: %s\n" % c["serial"] in box.signet("certificates", server=False).out
    (c,) = run(box, described, "explain", server=False)
    (s,) = run(box, described, "status", server=False)
    assert s["status"] == "well"
    assert c["due"] is False and c["authenticator"] == "standalone" and c["server"] == box.ca.url
    (c,) = run(box, described, "renew")
    assert c["status"] == "skipped" and c["reason"]
    (c,) = run(box, described, "renew", "--force-renewal", "--deploy-hook", "echo said")
    assert c["status"] == "success" and c["identifiers"] == ["a.j.example"]


def test_a_request_of_ones_own(box, described):
    csr, _ = make_csr(box, "csr.j.example")
    out = {k: "%s/out-%s.pem" % (box.root, k) for k in ("cert", "chain", "fullchain")}
    words = ["certonly", "--standalone", "--csr", csr, "--agree-tos"] + [w for k, p in out.items() for w in ("--%s-path" % k, p)]
    (c,) = run(box, described, *words, "--dry-run")
    assert c == {"name": csr, "status": "simulated", "identifiers": ["csr.j.example"], "dry_run": True}
    (c,) = run(box, described, *words)
    assert c["status"] == "obtained" and [c[k + "_path"] for k in out] == list(out.values()) and c["not_after"]
    (c,) = run(box, described, *words, check=1)
    assert c["status"] == "failed" and out["cert"] in c["error"]["message"]


def test_failures(box, described):
    box.issue("bad.j.example")
    box.issue("broken.j.example")
    box.file("etc/renewal/broken.j.example.conf", "nothing = here\n")
    box.ca.dns_servfail("bad.j.example")
    bad, broken = run(box, described, "renew", "--force-renewal", check=1)
    assert bad["status"] == "failure" and broken["status"] == "parsefail" and "file reference" in broken["broken"]
    assert bad["error"]["problem"]["subproblems"][0]["identifier"] == "bad.j.example"
    (c,) = run(box, described, "certonly", "--standalone", "-d", "bad.j.example", "--force-renewal", check=1)
    assert c["status"] == "failed" and c["error"]["message"]
    bad, broken = run(box, described, "explain", server=False, check=1)
    assert broken["error"]["message"] and bad["failures"] == 2 and bad["held_until"] and bad["held_why"]
    good, broken = run(box, described, "certificates", server=False)
    assert good["status"] == "valid" and broken["status"] == "broken"
