"""How little is asked of a CA: requests, polls and connections are counted; clocks are for the bench."""
import re
import shutil

import pytest
from harness.box import execute
from harness.wire import Wire


@pytest.fixture
def wired(tmp_path, make_box):
    """A box whose CA is reached over a wire that counts."""
    wires = []

    def make(ca):
        box = make_box(ca)
        wires.append(Wire(ca))
        box.wire = wires[-1]
        box.server_words = ["--server", box.wire.url]
        return box

    yield make
    for w in wires:
        w.close()


def run(box, verb, *words, check=0):
    """One run: what was asked of the CA, and over how many connections."""
    since, before = box.ca.mark(), box.wire.connections
    box.signet(verb, *words, *box.server_words, *box.common(verb, server=False), bare=True, check=check)
    return [p for _, p in box.ca.requests(since)], box.wire.connections - before


def certonly(box, *names):
    return run(box, "certonly", "--standalone", "-d", ",".join(names), "--agree-tos", "--register-unsafely-without-email")


def once(asked):
    """A busy machine may need another look at an order; those after the first in a row are left out."""
    return [p for i, p in enumerate(asked) if p != "order" or asked[i - 1] != "order"]


def test_first_and_next_certificate(pebble, wired):
    box = wired(pebble)
    asked, connections = certonly(box, "a.f.example")
    assert len(once(asked)) <= 10 and connections == 1, asked
    asked, connections = certonly(box, "b.f.example")
    assert len(once(asked)) <= 8 and connections == 1 and "directory" not in asked, asked
    shutil.rmtree(box.work + "/signet/directory")
    asked, connections = certonly(box, "c.f.example")
    assert len(once(asked)) <= 9 and connections == 1 and asked.count("directory") == 1, asked


def test_a_renewal_and_one_that_is_not_due(pebble, wired):
    box = wired(pebble)
    certonly(box, "a.f.example")
    asked, connections = run(box, "renew", "--force-renewal")
    assert len(once(asked)) <= 8 and connections == 1, asked
    asked, connections = run(box, "renew")
    assert asked == ["renewalInfo"] and connections == 1, asked
    assert run(box, "renew") == ([], 0), "the CA has said when to ask again"


@pytest.mark.parametrize("verb, roles", [(["renew"], ["signet-talker"]),
                                         (["renew", "--force-renewal"], ["responder", "signer", "signet-talker"])])
def test_who_is_not_needed_is_not_started(box, verb, roles):
    """A question for renewal information is not signed and brings no challenge."""
    box.issue("a.f.example")
    calls = ["strace", "-f", "-qq", "-e", "trace=execve", "-o", box.root + "/calls", box.binary]
    execute(calls + verb + box.common("renew", server=False), box.env({"ASAN_OPTIONS": "detect_leaks=0"}), cwd=box.root)
    with open(box.root + "/calls") as f:
        started = re.findall(r'execve\("[^"]*", \["(?:signet: )?([^"]*)"', f.read())
    assert sorted(started[1:]) == roles, started


def test_a_hundred_names(pebble, wired):
    box = wired(pebble)
    names = ["n%d.f.example" % i for i in range(100)]
    asked, connections = certonly(box, *names)
    assert connections == 1 and asked.count("authorization") == asked.count("challenge") == 100
    assert asked.count("newNonce") <= 10, asked.count("newNonce")
    box.lineage(names[0]).check(version=1, names=names)


def test_many_renewals_share_a_connection(pebble, wired):
    box = wired(pebble)
    for i in range(6):
        certonly(box, "m%d.f.example" % i)
    asked, connections = run(box, "renew", "--force-renewal")
    each = {p: asked.count(p) for p in set(asked) - {"order"}}
    assert connections == 1 and each == dict.fromkeys(("newNonce", "newOrder", "authorization", "challenge", "finalize", "certificate"), 6), asked


def test_the_ca_is_not_asked_before_it_wants_to_be(make_pebble, wired):
    """Validations take seconds here: pauses grow, and a look at the order takes the place of one at each authorization."""
    box = wired(make_pebble(sleep=True, authz_retry_after=3, order_retry_after=3))
    names = ["r%d.f.example" % i for i in range(5)]
    asked, connections = certonly(box, *names)
    assert connections == 1 and asked.count("authorization") == 5 and asked.count("order") <= 15, asked
