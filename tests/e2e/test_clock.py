"""Clocks that are wrong from the start, clocks that jump while a run is under way, hosts that are suspended in the middle of one, and dates beyond 2038 and 2049."""
import calendar
import os
import signal
import subprocess
import time

import cadouble
import pytest
from cadouble import DAY, stamp
from harness import gear
from harness.box import flat
from harness.plant import plant
from harness.sample import some
from harness.system import wait_until
from test_crash import program
from test_journal import AGREE, held, journal
from test_roles import roles_of, status

HOUR, YEAR = 3600, 365 * DAY
STEPS = ["directory", "newAccount", "newOrder", "authorization", "challenge", "finalize", "order", "certificate"]


@pytest.fixture(name="clocked")
def clocked_copies(tmp_path):
    folder = str(tmp_path / "clocked")
    os.mkdir(folder)
    return gear.Clocked(program(), folder)


class Once:
    """A step of the double's script: what happens at the first request, whose answer stays the usual one."""

    def __init__(self, then):
        self.then, self.done = then, False

    def __call__(self, request, answer):
        if not self.done:
            self.done = True
            self.then()
        return answer


class Run:
    """A run of the clocked program, in a process group of its own."""

    def __init__(self, box, clocked, *words):
        self.p = subprocess.Popen([clocked.signet, *words] + box.common(words[0]), env=box.env(), cwd=box.root, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def finish(self, seconds=60):
        try:
            text = self.p.communicate(timeout=seconds)[0].decode()
        except subprocess.TimeoutExpired:
            os.killpg(self.p.pid, signal.SIGKILL)
            raise
        return self.p.returncode, text

    def everybody(self):
        return [self.p.pid, *roles_of(self.p.pid).values()]


def long_lived(ca):
    """Certificates that are in date two years before and after now."""
    ca.issue = lambda o, csr: ca.issuer.chain(ca.issuer.leaf([i["value"] for i in o["identifiers"]], csr.public_key(), -2 * YEAR, 4 * YEAR))


# ---- CK-01 ----


def holds(box):
    folder = box.work + "/signet/backoff"
    return os.listdir(folder) if os.path.isdir(folder) else []


@pytest.mark.parametrize("when", [DAY - int(time.time()), 2 * YEAR], ids=["1970", "in-two-years"])
def test_a_clock_that_is_wrong_costs_nothing(pebble, make_box, clocked, when):
    """The CA's TLS certificate shows it: that is said, nothing is ordered, changed or deleted, and it is not held against the name."""
    box = make_box(pebble)
    box.issue("clock.example")
    before, since = box.snapshot(), pebble.mark()
    clocked.set(wall=when)
    rc, text = Run(box, clocked, "renew", "--force-renewal").finish()
    assert rc == 1 and "check this machine's clock" in flat(text), text
    assert box.snapshot() == before and pebble.issued(since) == pebble.count("newOrder", since) == 0
    assert holds(box) == []
    clocked.set()
    rc, text = Run(box, clocked, "renew", "--force-renewal").finish()
    assert rc == 0 and box.lineage("clock.example").check_pair() == 2, text


@pytest.mark.parametrize("when", [DAY - int(time.time()), 2 * YEAR], ids=["1970", "in-two-years"])
def test_a_hold_of_a_wrong_clock_ends_with_it(make_box, clocked, when):
    """What the CA refused at that time is remembered for a time that is none: with the right clock the next run does not wait for it."""
    with cadouble.CADouble() as ca:
        box = make_box(ca)
        box.issue("other.example")
        plant(box, "hold.example", left_days=3)
        ca.script = {"newOrder": lambda r, a: cadouble.problem(429, "rateLimited", headers={"Retry-After": str(DAY)})}
        clocked.set(wall=when)
        # the double's TLS certificate is of today
        rc, text = Run(box, clocked, "renew", "--cert-name", "hold.example", "--force-renewal", "--no-verify-ssl").finish()
        assert rc == 1 and len(holds(box)) == 1, text
        ca.script = {}
        clocked.set()
        rc, text = Run(box, clocked, "renew", "--cert-name", "hold.example").finish()
        assert rc == 0 and ca.issued() == 2 and "held back" not in text, text


# ---- CK-02 ----


@pytest.mark.parametrize("jump", [HOUR, -HOUR, YEAR, -YEAR], ids=["hour-on", "hour-back", "year-on", "year-back"])
def test_a_clock_that_jumps_in_a_run(make_box, clocked, jump):
    """At any request: nothing times out at once, nothing waits for a time that does not come, and the certificate is there."""
    with cadouble.CADouble() as ca:
        long_lived(ca)
        ca.processing, ca.retry_after = 2, 1
        for step in some(STEPS, 4):
            box, name, since = make_box(ca), step.lower() + ".example", ca.mark()
            clocked.set()
            ca.script = {step: Once(lambda: clocked.set(wall=jump))}
            begin = time.monotonic()
            rc, text = Run(box, clocked, "certonly", "--standalone", "-d", name, *AGREE).finish()
            assert ca.script[step].done and clocked.asked(), step
            assert rc == 0 and ca.issued(since) == 1 and ca.count("newOrder", since) == 1, "%s: %s" % (step, text)
            assert time.monotonic() - begin < 20, step
            box.lineage(name).check_pair()
            assert not journal(box) and held(box) == []


def test_a_clock_that_jumps_back_and_forth(make_box, clocked):
    """At every request to another time: the orders of several names come to their ends, and so does a revocation after them."""
    with cadouble.CADouble() as ca:
        long_lived(ca)
        jumps = [HOUR, -HOUR, YEAR, -YEAR, 0, 300, -300]

        def script(request, answer):
            clocked.set(wall=jumps[len(ca.requests) % len(jumps)])
            return answer
        ca.script = {step: script for step in STEPS}
        box = make_box(ca)
        names = [w for n in range(5) for w in ("-d", "n%d.example" % n)]
        # the double's TLS certificate is of today, and a connection may be a new one at any of these times
        rc, text = Run(box, clocked, "certonly", "--standalone", *names, "--cert-name", "all", *AGREE, "--no-verify-ssl").finish()
        assert rc == 0, text
        rc, text = Run(box, clocked, "revoke", "--cert-name", "all", "--no-verify-ssl").finish()
        assert rc == 0 and ca.count("revokeCert") == 1, text


@pytest.mark.parametrize("jump", [YEAR, -YEAR], ids=["on", "back"])
def test_a_certificate_that_a_wrong_clock_finds_out_of_date(make_box, clocked, jump):
    """It is refused with a word about the clock; with the right time the next run does what this one could not."""
    with cadouble.CADouble() as ca:
        box = make_box(ca)
        ca.script = {"finalize": Once(lambda: clocked.set(wall=jump))}
        words = ["certonly", "--standalone", "-d", "date.example", *AGREE]
        rc, text = Run(box, clocked, *words).finish()
        assert rc == 1 and "Is the clock of this machine right?" in text and box.lineages() == [], text
        clocked.set()
        rc, text = Run(box, clocked, *words).finish()
        assert rc == 0 and ca.issued() <= 2, text
        box.lineage("date.example").check_pair()


# ---- IT-05 ----


def suspend(run, clocked, seconds):
    """All of it stands still, and when it goes on both clocks say that so long a time has passed."""
    everybody = run.everybody()
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: all(status(pid)["State"][0] == "T" for pid in everybody), 10, "all of it is stopped")
    clocked.set(wall=seconds, mono=seconds)
    for pid in reversed(everybody):
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("left", ["order-kept", "order-gone"])
def test_a_host_that_is_suspended_in_a_run(make_box, clocked, left):
    """For eight hours, at any request. The CA still has the order, or it has expired meanwhile."""
    with cadouble.CADouble() as ca:
        long_lived(ca)
        for step in some(STEPS, 4):
            box, name, since, runs = make_box(ca), step.lower() + ".example", ca.mark(), []
            clocked.set()

            def sleep():
                suspend(runs[0], clocked, 8 * HOUR)
                if left == "order-gone":
                    for o in ca.orders.values():
                        o["status"] = "invalid" if o["status"] != "valid" else "valid"
            ca.script = {step: Once(sleep)}
            with ca.lock:
                runs.append(Run(box, clocked, "certonly", "--standalone", "-d", name, *AGREE))
            rc, text = runs[0].finish()
            assert ca.script[step].done and clocked.asked(), step
            assert rc == 0 and ca.issued(since) == 1 and ca.count("newOrder", since) <= 2, "%s: %s" % (step, text)
            box.lineage(name).check_pair()
            assert not journal(box)


# ---- CK-05 ----


@pytest.mark.parametrize("day", ["2038-01-10", "2049-11-20", "2050-06-01", "2106-01-20"])
def test_dates_of_later_decades(make_box, clocked, day):
    """2^31 and 2^32 seconds, and the year from which X.509 writes its dates in another form, within the life of a certificate: issued, shown,
    not yet due, due, renewed, revoked."""
    at = calendar.timegm(time.strptime(day, "%Y-%m-%d"))
    ahead = at - int(time.time())
    with cadouble.CADouble() as ca:
        ca.issuer = cadouble.Issuer(days=365 * 200)

        def at_day(days, *words):
            clocked.set(wall=ahead + days * DAY)
            ca.issue = lambda o, csr: ca.issuer.chain(ca.issuer.leaf([i["value"] for i in o["identifiers"]], csr.public_key(), ahead + days * DAY - HOUR))
            # the double's TLS certificate is of today
            rc, text = Run(box, clocked, *words, "--no-verify-ssl").finish()
            assert rc == 0, text
            return text
        box = make_box(ca)
        at_day(0, "certonly", "--standalone", "-d", "late.example", *AGREE)
        end = stamp(at + 90 * DAY - HOUR)[:10]
        assert "Expiry Date: %s" % end in at_day(1, "certificates") and "VALID: 8" in at_day(1, "certificates")
        assert "INVALID: EXPIRED" in at_day(100, "certificates")
        at_day(50, "renew")
        assert box.lineage("late.example").check_pair() == 1
        at_day(61, "renew")
        assert box.lineage("late.example").check_pair() == 2 and ca.issued() == 2
        assert stamp(at + 151 * DAY - HOUR)[:10] in at_day(62, "certificates")
        at_day(63, "revoke", "--cert-name", "late.example", "--delete-after-revoke")
        assert box.lineages() == [] and ca.count("revokeCert") == 1
