"""The description of PowerDNS against a real PowerDNS: its HTTP API on one side, its name server on the other."""
import pytest

from harness.box import Box
from harness.ca import Pebble
from harness.dns import PowerDns

AT = "_acme-challenge.example.com"


def obtain(box, pdns, *names, args=(), env=None, check=0):
    words = [w for n in names for w in ("-d", n)]
    return box.signet("certonly", "--dns", "pdns", *words, "--agree-tos", "--register-unsafely-without-email", "--dns.resolvers", pdns.address, *args,
                      env=pdns.credentials(**(env or {})), check=check)


@pytest.fixture
def world(tmp_path):
    with PowerDns("example.com", "sub.example.com") as pdns, Pebble(dns=pdns.behind) as ca:
        yield Box(tmp_path / "box", ca), pdns


def test_apex_and_wildcard(world):
    """Two values at one name and one in a zone below; what somebody else put there stays."""
    box, pdns = world
    pdns.put("example.com", AT, "TXT", ['"somebody-elses"'])
    zone = pdns.api("GET", "/zones/example.com.")
    obtain(box, pdns, "example.com", "*.example.com", "www.sub.example.com")
    assert box.lineage("example.com").names == {"*.example.com", "example.com", "www.sub.example.com"}
    assert pdns.txt(AT) == ["somebody-elses"]
    after = pdns.api("GET", "/zones/example.com.")
    assert {(r["name"], r["type"]) for r in after["rrsets"]} == {(r["name"], r["type"]) for r in zone["rrsets"]}
    assert not [r for r in pdns.api("GET", "/zones/sub.example.com.")["rrsets"] if r["type"] == "TXT"]


def test_a_primary_tells_its_secondaries(tmp_path):
    """A zone of the kind that has secondaries: they are notified after the change."""
    with PowerDns("example.com", kind="Master") as pdns, Pebble(dns=pdns.behind) as ca:
        box = Box(tmp_path / "box", ca)
        obtain(box, pdns, "example.com", "*.example.com")
        assert "PUT /api/v1/servers/localhost/zones/example.com./notify" in pdns.log() and pdns.txt(AT) == []


def test_what_it_says_is_shown(world):
    box, pdns = world
    r = obtain(box, pdns, "example.com", env={"PDNS_API_KEY": "not-the-key-of-it"}, check=1)
    assert r.complains("HTTP 401") and "not-the-key-of-it" not in r.words + box.log()
    r = obtain(box, pdns, "example.com", env={"PDNS_SERVER_NAME": "elsewhere"}, check=1)
    assert r.complains("no zone of this account has _acme-challenge.example.com")
    assert pdns.txt(AT) == []
