"""Figures that docs/verify.md promises and no other file measures: nonces, crowds, signals, ladders, modes, races, secrets. Each prints its line
("G5 …") for `make faults`."""
import base64
import calendar
import datetime
import json
import os
import re
import signal
import subprocess
import threading
import time

import cadouble
import faultproxy as fault
import powerloss
import pytest
from cadouble import DAY, Answer
from harness import gear
from harness.box import execute
from harness.figures import figure
from harness.plant import plant
from harness.sample import FULL, some
from harness.system import wait_until
from harness.webserver import WebServer
from test_crash import program
from test_journal import AGREE, SIGNALS, held, journal
from test_roles import CONFINED, RESPONDER, Held, memory, roles_of


def spawn(box, words, **kw):
    return subprocess.Popen([program(), *words] + box.common(words[0]), env=box.env(), cwd=box.root, stdin=subprocess.DEVNULL,
                            stdout=kw.pop("stdout", subprocess.PIPE), stderr=subprocess.STDOUT, **kw)


# ---- G5: nonces ----


def test_half_of_the_nonces_and_half_of_the_authorizations(make_pebble, make_box):
    ca = make_pebble(nonce_reject=50, authz_reuse=50)
    box = make_box(ca)
    box.signet("register", *AGREE)
    bad, runs = [], some(range(500), 6)
    for n in runs:
        since = ca.mark()
        r = box.signet("certonly", "--standalone", "-d", "g5.example", "--force-renewal", check=None)
        if r.rc or ca.issued(since) != 1:
            bad.append(str(r))
    figure("G5", "%d of %d runs succeed at 50 %% nonces rejected" % (len(runs) - len(bad), len(runs)))
    assert not bad, bad[0]


# ---- G7: crowds ----


@pytest.mark.parametrize("crowd", [8] + ([50] if FULL else []))
def test_a_crowd_renews_once(make_pebble, make_box, crowd):
    ca = make_pebble()
    box = make_box(ca)
    box.issue("seed.example")
    lineage = plant(box, "crowd.example", left_days=5)
    since = ca.mark()
    runs = [spawn(box, ["renew"]) for _ in range(crowd)]
    texts = [p.communicate(timeout=120)[0].decode() for p in runs]
    figure("G7", "%d at once: %d issued" % (crowd, ca.issued(since)))
    # the CA does not know what is replaced, and is asked a second time without it
    assert ca.issued(since) == 1 and ca.count("newOrder", since) <= 2
    assert all("Another instance of" in t for t, p in zip(texts, runs) if p.returncode), texts
    assert lineage.check_pair() == 2


def test_the_lock_is_free_at_once_after_a_kill(make_box, pebble):
    with fault.FaultProxy(pebble) as proxy:
        box = make_box(proxy)
        box.issue("lock.example")
        waited = []
        for _ in range(3):
            reached = threading.Event()
            proxy.start(fault.always("newOrder", fault.stall(reached)))
            p = spawn(box, ["renew", "--force-renewal"])
            assert reached.wait(30)
            p.kill()
            begin = time.monotonic()
            p.wait()
            r = box.signet("delete", "--cert-name", "none.example", check=1, server=False)  # takes the lock, which it does not wait for
            waited.append(time.monotonic() - begin)
            assert "No certificate found with name none.example" in r.words, r
            p.stdout.close()
        figure("G7", "lock free and taken by the next run after %.0f ms" % (max(waited) * 1000))


# ---- G8: signals, in the phases that test_journal leaves out ----

FURTHER = ["directory", "newAccount", "challenge", "order", "cleanup"]


@pytest.mark.parametrize("phase", FURTHER)
def test_a_signal_in_further_phases(make_box, pebble, phase):
    with fault.FaultProxy(pebble) as proxy:
        for n, name in enumerate(SIGNALS):
            box = make_box(proxy)
            root, sleeping, reached = box.root + "/www", box.root + "/sleeping", threading.Event()
            os.mkdir(root)
            if phase not in ("directory", "newAccount"):
                proxy.start(None)
                box.signet("register", *AGREE)
            site = "%s%d.example" % (phase.lower(), n)
            proxy.start(None if phase == "cleanup" else fault.always(phase, fault.stall(reached)))
            words = ["certonly", "-d", site, *AGREE]
            words += (["--manual", "--manual-auth-hook", "mkdir -p {0}/.well-known/acme-challenge; printf %s $CERTBOT_VALIDATION > "
                       "{0}/.well-known/acme-challenge/$CERTBOT_TOKEN".format(root), "--manual-cleanup-hook", "touch %s; sleep 60" % sleeping]
                      if phase == "cleanup" else ["--webroot", "-w", root])
            with WebServer(proxy.http_port, {site: root}):
                p = spawn(box, words)
                try:
                    wait_until(lambda: reached.is_set() or os.path.exists(sleeping) or p.poll() is not None, 60, phase)
                    begin = time.monotonic()
                    p.send_signal(getattr(signal, name))
                    p.wait(10)
                    assert time.monotonic() - begin < 5
                finally:
                    if p.poll() is None:
                        p.kill()
                    text = p.communicate()[0].decode()
            assert p.returncode == 1, "%s in %s: %s" % (name, phase, text)
            assert phase == "cleanup" or os.listdir(root) == [], "%s in %s left the challenge" % (name, phase)
            assert set(journal(box)) <= {"order"} or phase == "cleanup", (name, phase, journal(box))
            for d in (box.config, box.work, box.logs):
                assert not os.path.exists(d + "/.certbot.lock")


# ---- G10: the ladder, with the real program and a clock that is set ----


def at_time(box, offset, words, check=None):
    argv = ["faketime", "-f", "+%ds" % offset, program(), *words] + box.common(words[0])
    return execute(argv, box.env({"ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}), check, cwd=box.root)


def test_days_of_failure(make_pebble, make_box):
    """A timer that rings every quarter of an hour at first, then hourly; the name cannot be validated; then it can again."""
    ca = make_pebble()
    box = make_box(ca)
    box.issue("seed.example")
    plant(box, "bad.example", left_days=5)
    ca.dns_servfail("bad.example")
    days = 30 if FULL else 4
    times = [m * 60 for m in range(0, 120, 15)] + list(range(7200, days * DAY, 3600 * (1 if FULL else 2)))
    tries, since = [], ca.mark()
    for t in times:
        before = ca.count("newOrder", since)
        at_time(box, t, ["renew", "--cert-name", "bad.example"], check=1)
        if ca.count("newOrder", since) > before:
            tries.append(t)
    early = sum(t < 7200 for t in tries)
    daily = max(sum(d * DAY <= t < (d + 1) * DAY for t in tries) for d in range(1, days))
    ca.dns_clear_servfail("bad.example")
    back = next(t for t in range(days * DAY, (days + 2) * DAY, 3600) if at_time(box, t, ["renew", "--cert-name", "bad.example"]).rc == 0) - days * DAY
    figure("G10", "%d days, %d timer runs: %d tries, %d in the first 2 h, at most %d a day after, mended after %d h" % (days, len(times), len(tries), early, daily, back // 3600))
    assert early <= 4 and daily <= 1 and back <= DAY and len(tries) <= days + 4
    assert held(box) == []


# ---- G11: renewal information ----

WINDOWS = ["", "{", "[]", "null", "7", '"x"', '{"suggestedWindow": null}', '{"suggestedWindow": []}', '{"suggestedWindow": {}}', '{"suggestedWindow": {"start": 1, "end": 2}}',
           '{"suggestedWindow": {"start": "2090-01-01T00:00:00Z"}}', '{"suggestedWindow": {"start": "2090-01-03T00:00:00Z", "end": "2090-01-02T00:00:00Z"}}',
           '{"suggestedWindow": {"start": "2090-01-02T00:00:00Z", "end": "2090-01-02T00:00:00Z"}}', '{"suggestedWindow": {"start": "99999-01-01T00:00:00Z", "end": "99999-02-01T00:00:00Z"}}',
           '{"suggestedWindow": {"start": "2090-13-01T00:00:00Z", "end": "2090-14-01T00:00:00Z"}}', '{"suggestedWindow": {"start": "soon", "end": "later"}}',
           '{"suggestedWindow": {"start": "0000-00-00T00:00:00Z", "end": "0000-00-00T00:00:01Z"}}', "<html>" * 9, "[" * 100000, '{"a":' * 20000,
           '{"suggestedWindow": {"start": "2090-01-01T00:00:00+25:00", "end": "2090-01-02T00:00:00+25:00"}}']


def test_malformed_windows_are_as_none(make_box):
    with cadouble.CADouble() as ca:
        ca.window = {"suggestedWindow": {"start": "2090-01-01T00:00:00Z", "end": "2090-01-02T00:00:00Z"}}
        box = make_box(ca)
        box.issue("seed.example")
        windows = some(WINDOWS, 5)
        for n, text in enumerate(windows):
            plant(box, "due%d.example" % n, left_days=20)
            plant(box, "early%d.example" % n, left_days=80)
            ca.window = text.encode()
            for kind, version in (("due", 2), ("early", 1)):
                r = box.signet("renew", "--cert-name", "%s%d.example" % (kind, n), check=None)
                assert box.lineage("%s%d.example" % (kind, n)).check_pair() == version, "%r: %s" % (text, r)
        figure("G11", "%d of %d malformed windows are as none" % (len(windows), len(windows)))


@pytest.mark.parametrize("value,low,high", [("0", 60, 86400), ("1", 60, 86400), ("315360000", 60, 86400), ("soon", 60, 86400), ("7200", 7100, 7300), (None, 60, 86400)])
def test_when_to_ask_again_is_clamped(make_box, value, low, high):
    with cadouble.CADouble() as ca:
        ca.window, ca.ari_headers = {"suggestedWindow": {"start": "2090-01-01T00:00:00Z", "end": "2090-01-02T00:00:00Z"}}, {"Retry-After": value}
        box = make_box(ca)
        box.issue("ari.example")
        box.signet("renew")
        text = box.lineage("ari.example").conf_get("ari_retry_after")
        at = datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
        assert low - 5 <= time.mktime(at.timetuple()) - time.time() <= high + 5, text
        assert calendar.timegm(at.timetuple()) > 0


@pytest.mark.parametrize("code", [404, 500])
def test_no_renewal_information_is_no_reason_to_wait(make_box, code):
    with cadouble.CADouble() as ca:
        ca.window = {}
        ca.script["renewalInfo"] = lambda r, a: Answer(code, b"<html>")
        box = make_box(ca)
        box.issue("seed.example")
        plant(box, "due.example", left_days=20)
        box.signet("renew", "--cert-name", "due.example")
        assert box.lineage("due.example").check_pair() == 2 and len(ca.seen("renewalInfo")) <= 5


# ---- G13: modes at every instant, and a race ----

SECRET = re.compile(r"privkey|private_key|/journal/|/keys/")


def test_no_key_is_wider_than_0600_at_any_call(make_pebble, make_box):
    """umask 000: the mode of each thing when it is made and at each change of it."""
    ca = make_pebble(authz_reuse=100)
    box = make_box(ca)
    for d in (box.config, box.work, box.logs):
        os.makedirs(d)
    seen, wide = 0, []
    for n, words in enumerate((["certonly", "--standalone", "-d", "mode.example", *AGREE], ["renew", "--force-renewal"],
                               ["certonly", "--standalone", "-d", "mode.example,b.mode.example", "--expand"])):
        notes = "%s/events%d" % (box.root, n)
        execute([gear.tool("powertrace"), ":".join((box.config, box.work, box.logs)), notes, box.root + "/bytes", program(), *words] + box.common(words[0]),
                box.env({"ASAN_OPTIONS": "detect_leaks=0"}), 0, cwd=box.root, umask=0)
        where, path_of = "", {}
        for kind, *f in powerloss.events(notes):
            if kind == "mark":
                where = f[0]
            if kind in ("create", "mkdir"):
                path_of[f[2]] = where.split(" ")[1]
            if kind not in ("create", "mkdir", "mode"):
                continue
            ino, mode = f[-2:]
            seen += 1
            path, bits = path_of.get(ino, where), int(mode, 8)
            if bits & 0o002 or (SECRET.search(path) and kind != "mkdir" and bits & 0o077):
                wide.append("%s: %s" % (mode, where))
    figure("G13", "umask 000: %d modes seen, %d too wide" % (seen, len(wide)))
    assert seen > 40 and not wide, wide


ATTACKER = """
import os, sys
os.setgid(33); os.setuid(33)
www, target = sys.argv[1:]
at = www + "/.well-known"
print("ready", flush=True)
while True:
    for make in (lambda: os.symlink(target, at + "/acme-challenge"), lambda: os.mkdir(at + "/acme-challenge")):
        try:
            os.makedirs(at, exist_ok=True)
            make()
        except OSError:
            pass
        try:
            os.rename(at + "/acme-challenge", at + "/x%d")
        except OSError:
            pass
        for f in ("x%d", "acme-challenge"):
            try:
                os.unlink(at + "/" + f)
            except OSError:
                try:
                    os.rmdir(at + "/" + f)
                except OSError:
                    pass
"""


def test_a_race_for_the_challenge_folder_is_lost(make_pebble, make_box):
    ca = make_pebble()
    box = make_box(ca)
    www, target = box.root + "/www", box.root + "/of-root"
    os.makedirs(www)
    os.makedirs(target)
    at = www
    while at != "/":  # the attacker must come to it, past the test's own private folders
        os.chmod(at, os.stat(at).st_mode | 0o011)
        at = os.path.dirname(at)
    os.chown(www, 33, 33)
    box.signet("register", *AGREE)
    runs = some(range(1000), 8)
    attacker = subprocess.Popen(["/usr/bin/python3", "-c", ATTACKER, www, target], stdout=subprocess.PIPE)
    try:
        assert attacker.stdout.readline() == b"ready\n"
        won = 0
        for n in runs:
            r = box.signet("certonly", "--webroot", "-w", www, "-d", "race%d.example" % (n % 5), "--force-renewal", "--issuance-timeout", "5", check=None)
            won += r.rc == 0
            assert os.listdir(target) == [], "something was put behind the link"
    finally:
        attacker.kill()
        attacker.wait()
        attacker.stdout.close()
    figure("G13", "%d issuances against a racing attacker: 0 escapes" % len(runs))


# ---- SC-03: spread ----


def test_unattended_renewals_begin_at_any_second(make_box, pebble):
    """Many hosts with one timer: each waits for a while of its own, up to eight minutes."""
    box = make_box(pebble)
    box.issue("seed.example")
    plant(box, "spread.example", left_days=5)
    runs, waits = some(range(1000), 60), []
    words = [w for w in box.common("renew") if w != "--no-random-sleep-on-renew"]
    for _ in runs:
        p = subprocess.Popen([program(), "renew", "-v", *words], env=box.env(), cwd=box.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
        for line in p.stdout:
            m = re.search(rb"random delay of (\d+) seconds", line)
            if m:
                waits.append(int(m.group(1)))
                break
        p.kill()
        p.wait()
        p.stdout.close()
    assert len(waits) == len(runs) and min(waits) >= 1 and max(waits) <= 480
    parts = [sum(1 for w in waits if (w - 1) * 10 // 480 == k) for k in range(10)]
    chi = sum((n - len(waits) / 10) ** 2 / (len(waits) / 10) for n in parts)
    figure("SC-03", "%d starts: chi squared over 10 parts %.1f" % (len(waits), chi))
    assert chi < 37, parts  # nine degrees of freedom: once in 40,000 by chance


# ---- G14: secrets ----


def test_planted_secrets_are_found_nowhere(make_pebble, make_box):
    """Five of them: account key, certificate key, EAB key (from an option file), a provider's token and a cloud's in the environment."""
    hmac = base64.urlsafe_b64encode(b"canary\0of-the-hmac-key-0123456789").decode().rstrip("=")
    ca = make_pebble(eab={"kid-1": hmac})
    box = make_box(ca)
    ini = box.file("secret.ini", "eab-kid = kid-1\neab-hmac-key = %s\n" % hmac)
    os.chmod(ini, 0o600)
    token, cloud = "canary-token-of-a-provider", "canary-key-of-a-cloud"
    seen, texts = {}, []
    with Held(box, "-vvv", "--config", ini, env={"PROVIDER_TOKEN": token, "AWS_SECRET_ACCESS_KEY": cloud}) as run:
        roles = roles_of(run.p.pid)
        assert set(roles) == CONFINED
        for name, pid in dict(roles, main=run.p.pid).items():
            with open("/proc/%d/cmdline" % pid, "rb") as f:
                seen[name + " argv"] = f.read()
            if name != "main":
                with open("/proc/%d/environ" % pid, "rb") as f:
                    seen[name + " environ"] = f.read()
        for name in ("signet-talker", RESPONDER):
            seen[name + " memory"] = b"".join(memory(roles[name]))
        # the search finds what is there: main was given it
        assert any(hmac.encode() in piece for piece in memory(run.p.pid))
        rc, out = run.finish()
        assert rc == 0, out
        texts.append(out)
    d = json.load(open(box.account_dirs()[0] + "/private_key.json"))["d"]
    scalar = box.lineage("roles.example").key.private_numbers().private_value.to_bytes(32, "big")
    texts += [box.file("log/" + f) for f in os.listdir(box.logs)]
    raw = base64.urlsafe_b64decode(hmac + "==")
    canaries = {"account key": [d.encode(), base64.urlsafe_b64decode(d + "==")], "certificate key": [scalar, scalar.hex().encode()], "eab key": [hmac.encode(), raw],
                "token": [token.encode()], "cloud": [cloud.encode()]}
    places = dict(seen, logs="".join(texts).encode(errors="surrogateescape"))
    hits = [(c, p) for c, forms in canaries.items() for p, data in places.items() for form in forms if form in data]
    figure("G14", "%d canaries, %d places: %d found" % (len(canaries), len(places), len(hits)))
    assert not hits
    for left in (box.root, "/tmp"):
        assert not [f for f in os.listdir(left) if f.startswith("core")]
