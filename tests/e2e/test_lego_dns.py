"""lego's face over dns-01: the same line for ours and for the real lego, against a real name server."""
import os

import pytest

from harness.ca import Pebble
from harness.certs import load_cert, names
from harness.dns import Bind
from harness.lego import LegoBox, real_lego

NAMES = ("example.com", "*.example.com")


@pytest.fixture
def bind():
    with Bind({"example.com": [], "example.net": []}) as b:
        yield b


@pytest.fixture
def ca(bind):
    with Pebble(dns=bind.behind) as ca:
        yield ca


def words(box, bind, *more, real=False):
    """The real one looks the name servers' names up elsewhere than told, so it must not ask them."""
    flags = ["--dns.propagation-disable-ans"] if real else []
    return [*box.common(), *(w for n in NAMES for w in ("-d", n)), "--dns", "rfc2136", "--dns.resolvers", bind.address, *flags, *more]


def test_apex_and_wildcard(tmp_path, bind, ca):
    """By way of an alias into another zone; somebody else's value stays, nothing of ours does."""
    bind.update("example.com", "update add _acme-challenge.example.com. 60 CNAME _acme-challenge.example.net.")
    bind.update("example.net", "update add _acme-challenge.example.net. 60 TXT somebody-elses")
    box = LegoBox(tmp_path / "ours", ca)
    box.run(*words(box, bind, "run"), env=bind.credentials())
    assert names(load_cert(box.cert("example.com"))) == set(NAMES)
    assert bind.txt("_acme-challenge.example.net") == ["somebody-elses"]


@pytest.mark.parametrize("code,said", [("cloudflare", "CLOUDFLARE_DNS_API_TOKEN"), ("nosuch", 'there is no DNS provider "nosuch"')])
def test_what_is_missing_is_named_before_anything_is_made(tmp_path, pebble, code, said):
    box = LegoBox(tmp_path / "ours", pebble)
    since = pebble.mark()
    r = box.run(*box.common(), "-d", "example.com", "--dns", code, "run", check=1)
    assert said in r.err
    assert not os.path.exists(box.path) and pebble.count("newAccount", since) == 0


def test_a_renewal_by_the_other_program(tmp_path, bind, ca):
    """Each goes on over DNS where the other stopped."""
    box = LegoBox(tmp_path / "tree", ca)
    box.run(*words(box, bind, "run"), env=bind.credentials())
    first = load_cert(box.cert("example.com")).serial_number
    box.run(*words(box, bind, "renew", "--days", "9999", "--no-random-sleep", real=True), program=[real_lego()],
            env=bind.credentials(RFC2136_SEQUENCE_INTERVAL="1"))  # lego takes one name after the other, a minute apart
    second = load_cert(box.cert("example.com")).serial_number
    box.run(*words(box, bind, "renew", "--days", "9999", "--no-random-sleep"), env=bind.credentials())
    assert len({first, second, load_cert(box.cert("example.com")).serial_number}) == 3


def test_a_program_where_no_zone_can_be_found(tmp_path, pebble):
    """Who says how long to wait wants nothing looked at: the resolver here knows no SOA, and the program is run all the same."""
    box = LegoBox(tmp_path / "box", pebble)
    post = 'curl -sf --data "{\\"host\\": \\"$2\\", \\"value\\": \\"$3\\"}" http://127.0.0.1:%d/' % pebble.dns_mgmt
    program = box.root + "/program"
    with open(program, "w") as f:
        f.write('#!/bin/sh\necho "$@" >> %s/said\ncase $1 in present) %sset-txt ;; cleanup) %sclear-txt ;; esac\n' % (box.root, post, post))
    os.chmod(program, 0o755)
    line = [*box.common(), "-d", "unseen.example", "--dns", "exec", "--dns.resolvers", "127.0.0.1:%d" % pebble.dns_port]
    assert "the zone of unseen.example cannot be found" in box.run(*line, "run", env={"EXEC_PATH": program}, check=1).err
    with open(box.root + "/named", "w") as f:
        f.write(program + "\n")
    box.run(*line, "--dns.propagation-wait", "1s", "run", env={"EXEC_PATH_FILE": box.root + "/named"})
    with open(box.root + "/said") as f:
        assert [line.split()[:2] for line in f] == [[what, "_acme-challenge.unseen.example."] for what in ("present", "cleanup")]
