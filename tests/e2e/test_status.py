"""status: whether all is well, in words, as JSON and by the exit status; and what a stage's certificate may not replace."""
import json

from harness.box import execute
from test_crash import program


def at(box, when, *args):
    """As if it were `when`."""
    return execute(["faketime", "-f", when, program(), *args] + box.common(args[0]), box.env(), None, cwd=box.root)


def test_all_is_well(box):
    assert "No certificates found." in box.signet("status", server=False).out
    box.issue("well.example")
    r = box.signet("status", server=False)
    assert "no renew is known to have run here yet" in r.out and "!" not in r.out and "days left" in r.out
    box.signet("renew")
    r = box.signet("status", server=False)
    assert "the last renew ran 0 minutes ago and ended well" in r.out
    doc = json.loads(box.signet("status", "--json", server=False).out)
    assert doc["renewals"]["status"] == "well" and doc["certificates"][0]["status"] == "well" and doc["result"] == "ok"


def test_nothing_starts_renew(box):
    box.issue("quiet.example")
    r = at(box, "+4d", "status")
    assert r.rc == 1 and "no renew is known to have run here: is there a timer" in r.out, r
    box.signet("renew")
    assert at(box, "+2d", "status").rc == 0
    r = at(box, "+4d", "status")
    assert r.rc == 1 and "! renewals: the last renew ran 4 days ago and ended well: does the timer" in r.out, r
    # one certificate by itself, or a rehearsal, is no run
    box.signet("renew", "--dry-run")
    assert at(box, "+4d", "status").rc == 1


def test_runs_that_are_too_rare(make_pebble, make_box):
    """A certificate of six days can be renewed in its last two, or by the CA's own window, of which a moment is drawn, in its last three at most:
    such runs leave no time for another try."""
    box = make_box(make_pebble(profiles={"default": 6 * 86400}))
    box.issue("short.example")
    for day in range(3):
        at(box, "+%dh" % (day * 40), "renew")
    r = at(box, "+81h", "status")
    assert r.rc == 1 and "they come every 40 hours, which is too rare" in r.out, r


def test_what_fails_is_named(box):
    box.issue("good.example")
    box.issue("bad.example")
    box.signet("renew")
    box.file("etc/renewal/bad.example.conf", "version = 1\n")
    r = box.signet("status", server=False, check=1)
    assert "! bad.example: broken: " in r.out and "  good.example: " in r.out and "1 of the lines above needs a look" in r.err, r
    assert box.signet("status", "good.example", server=False).rc == 0
    r = at(box, "+400d", "status", "good.example")
    assert r.rc == 1 and "! good.example: expired" in r.out


def test_a_test_certificate_takes_no_good_ones_place(box):
    """The server's URL says what it is, as certbot tells them apart."""
    box.issue("real.example")
    stage = ["--server", box.ca.url + "?staging"]
    before = box.snapshot()
    words = ["certonly", "--standalone", "-d", "real.example", "--force-renewal", "--agree-tos", "--register-unsafely-without-email"]
    for argv in (words, ["renew", "--force-renewal"]):
        r = box.signet(*argv, *stage, server=False, check=1)
        assert "--break-my-certs" in r.err and "real.example" in r.err, r
        assert box.lineage("real.example").check(version=1)
    assert {k: v for k, v in box.snapshot().items() if "live" in k or "archive" in k} == {k: v for k, v in before.items() if "live" in k or "archive" in k}
    box.signet(*words, *stage, "--break-my-certs", server=False)
    box.lineage("real.example").check(version=2)
