"""What a run owes is paid, by itself or by the next: challenges taken away, orders gone on with, hooks run once; and failures are not
repeated in a hurry. SIGNET_SWEEP=full kills at every change instead of at a sample of them (make faults does)."""
import base64
import json
import os
import shutil
import signal
import subprocess
import threading
import time

import faultproxy as fault
import pytest
from harness.box import execute, signet_binary
from harness.certs import read
from harness.figures import figure
from harness.plant import plant
from harness.sample import FULL, SEED
from harness.system import wait_until
from harness.webserver import WebServer
from test_crash import KILLED, copy_of, crashpoint, program  # noqa: F401

AGREE = ["--agree-tos", "--register-unsafely-without-email"]
SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]


def journal(box):
    """The entries that are open, by type."""
    found = {}
    folder = box.work + "/signet/journal"
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        entries = {}
        with open(os.path.join(folder, name)) as f:
            for line in f.read().split("\n")[:-1]:
                e = json.loads(line)
                entries[e["id"]] = e
        for e in entries.values():
            if not e.get("done"):
                found.setdefault(e["type"], []).append(e["data"])
    return found


def journal_files(box):
    folder = box.work + "/signet/journal"
    return os.listdir(folder) if os.path.isdir(folder) else []


class Site:
    """A box with a webroot, and hooks that note each of their runs in a file outside of it."""

    def __init__(self, box, tmp):
        self.box, self.www, self.notes = box, box.root + "/www", "%s-notes" % box.root
        os.makedirs(self.www, exist_ok=True)

    def hook(self, word):
        return "echo %s >> %s" % (word, self.notes)

    def hooks(self):
        return ["--pre-hook", self.hook("pre"), "--deploy-hook", self.hook("deploy"), "--post-hook", self.hook("post")]

    def ran(self):
        words = open(self.notes).read().split() if os.path.exists(self.notes) else []
        return {w: words.count(w) for w in ("pre", "deploy", "post")}

    def killed_at(self, gear, n, words):
        """Runs signet and kills it at change number n of configuration, journal and webroot."""
        notes = "%s/changes" % self.box.root
        roots = ":".join((self.box.config, self.box.work + "/signet", self.www))
        argv = [gear, str(n), roots, notes, program(), *words] + self.box.common(words[0])
        r = execute(argv, self.box.env({"ASAN_OPTIONS": "detect_leaks=0"}), None, timeout=90, cwd=self.box.root)
        with open(notes) as f:
            return r, f.read().splitlines()

    def clean(self):
        """Nothing of ours is left in the webroot, and nothing is owed but, perhaps, an order."""
        assert os.listdir(self.www) == [], "left in the webroot: %r" % [f for _, _, f in os.walk(self.www)]
        assert set(journal(self.box)) <= {"order"}, journal(self.box)


def points(total):
    """Which changes to be killed at: all of them, or every fifth, beginning at another one each day."""
    if FULL:
        return list(range(1, total + 1))
    return list(range(1 + SEED % 5, total + 1, 5))


def between_run_and_note(change):
    """Killed after a hook had ended and before that could be noted: only then may it run twice."""
    return " write " in change and "/signet/journal/" in change


def check_hooks(site, before, changes, installed):
    ran = {k: v - before[k] for k, v in site.ran().items()}
    often = 2 if between_run_and_note(changes[-1]) or "unlink" in changes[-1] else 1
    if ran["pre"]:
        assert 1 <= ran["post"] <= often, "post hook ran %d times: %r" % (ran["post"], changes[-1])
    if installed:
        assert 1 <= ran["deploy"] <= often, "deploy hook ran %d times: %r" % (ran["deploy"], changes[-1])
    else:
        assert ran["deploy"] == 0, "deploy hook ran without a certificate: %r" % changes[-1]


def sweep(gear, fresh, words, look):
    """fresh(n) makes a Site; look(site, changes) right after the kill does the rest."""
    whole = fresh(0)
    r, changes = whole.killed_at(gear, 0, words(whole))
    assert r.rc == 0, r
    assert len(changes) >= 20 and any("journal" in c for c in changes), changes
    bad = []
    for n in points(len(changes)):
        site = fresh(n)
        r, done = site.killed_at(gear, n, words(site))
        if r.rc != KILLED:
            assert r.rc == 0, r
            continue
        try:
            look(site, done)
        except (AssertionError, OSError, ValueError) as e:
            bad.append("killed before %s: %s: %s" % (done[-1], type(e).__name__, e))
        shutil.rmtree(site.box.root)
    figure("G1", "with journal, webroot and hooks: killed at %d of %d changes, %d bad" % (len(points(len(changes))), len(changes), len(bad)))
    assert not bad, "%d of %d bad\n%s" % (len(bad), len(changes), "\n".join(bad))


@pytest.fixture
def sites(make_pebble, make_box, tmp_path):
    """(ca, fresh(n), roots): fresh copies of a box that has an account and a lineage of its own, behind one web server."""
    ca = make_pebble(authz_reuse=0)
    roots = {}
    with WebServer(ca.http_port, roots) as _:
        base = make_box(ca)
        www = base.root + "/www"
        os.makedirs(www)
        roots["j.example"] = www
        base.signet("certonly", "--webroot", "-w", www, "-d", "j.example", *AGREE)

        def fresh(n):
            site = Site(copy_of(base, str(tmp_path / ("at%d" % n)), ca), tmp_path)
            roots["j.example"] = roots["new.example"] = site.www
            return site

        yield ca, fresh


def test_an_issue_killed_anywhere(crashpoint, sites):  # noqa: F811
    ca, fresh = sites
    extra = []

    def words(site):
        return ["certonly", "--webroot", "-w", site.www, "-d", "new.example", *site.hooks()]

    def look(site, changes):
        box, l = site.box, site.box.lineage("new.example")
        box.lineage("j.example").check(version=1)
        if os.path.lexists(l.live):
            assert l.check_pair() == 1
        start = ca.mark()
        box.signet("renew")
        site.clean()
        there = "new.example" in box.lineages()
        check_hooks(site, {"pre": 0, "deploy": 0, "post": 0}, changes, there)
        owed = len(journal(box).get("order", []))
        box.signet(*words(site))
        assert box.lineages() == ["j.example", "new.example"]
        l.check(version=1)
        site.clean()
        assert journal_files(box) == []
        if there:
            assert ca.issued(start) == 0
        assert not (owed and ca.count("newOrder", start)), "an order was there, and a second one was placed: %s" % changes[-1]
        extra.append(ca.issued(start))

    sweep(crashpoint, fresh, words, look)
    assert max(extra) <= 1


def test_a_renewal_killed_anywhere(crashpoint, sites):  # noqa: F811
    ca, fresh = sites

    def words(site):
        return ["renew", "--force-renewal", "--cert-name", "j.example", "--webroot", "-w", site.www, *site.hooks()]

    def look(site, changes):
        box, l = site.box, site.box.lineage("j.example")
        version = l.check_pair()
        assert version in (1, 2)
        start = ca.mark()
        box.signet("renew")
        site.clean()
        now = l.check().version
        assert now in (version, 2) and ca.count("newOrder", start) == 0
        check_hooks(site, {"pre": 0, "deploy": 0, "post": 0}, changes, now == 2)
        owed = len(journal(box).get("order", []))
        box.signet(*words(site))
        l.check(version=now + 1)
        site.clean()
        assert journal_files(box) == [] and ca.issued(start) <= 1
        # the same predecessor is replaced again and again here, which the CA refuses at first
        assert ca.count("newOrder", start) == 0 if owed else ca.count("newOrder", start) <= 2

    sweep(crashpoint, fresh, words, look)


@pytest.mark.parametrize("words", [["revoke", "--cert-name", "j.example", "--delete-after-revoke"], ["delete", "--cert-name", "j.example"]],
                         ids=["revoke", "delete"])
def test_a_removal_killed_anywhere(crashpoint, sites, words):  # noqa: F811
    ca, fresh = sites
    whole = fresh(0)
    r, changes = whole.killed_at(crashpoint, 0, words)
    assert r.rc == 0 and len(changes) >= 6, changes
    for n in range(1, len(changes) + 1):
        site = fresh(n)
        r, done = site.killed_at(crashpoint, n, words)
        site.box.signet("renew")
        site.clean()
        if site.box.lineages():
            assert site.box.lineage("j.example").check().version in (1, 2)  # revoked, it may have been renewed
        else:
            assert site.box.lineage("j.example").gone()
        assert journal_files(site.box) == []
        shutil.rmtree(site.box.root)


# ---- orders ----


@pytest.fixture
def fbox(make_box, make_pebble):
    with fault.FaultProxy(make_pebble(authz_reuse=0)) as p:
        box = make_box(p)
        box.proxy = p
        yield box


@pytest.mark.parametrize("verb", ["renew", "certonly"])
def test_a_certificate_that_was_issued_is_fetched_by_the_next_run(fbox, verb):
    p = fbox.proxy
    words = ["renew", "--force-renewal"] if verb == "renew" else ["certonly", "--standalone", "-d", "paid.example", *AGREE]
    if verb == "renew":
        fbox.issue("paid.example")
    p.start(fault.always("certificate", fault.status(500)))
    since = p.mark()
    fbox.signet(*words, check=1, timeout=120)
    (order,) = journal(fbox)["order"]
    assert order["name"] == "paid.example" and "PRIVATE KEY" in order["key"]
    assert oct(os.stat(fbox.work + "/signet/journal").st_mode)[-3:] == "700"
    for name in journal_files(fbox):
        assert oct(os.stat(fbox.work + "/signet/journal/" + name).st_mode)[-3:] == "600"
    p.start(None)
    r = fbox.signet(*words)
    assert r.complains("going on with that order") and p.ca.count("newOrder", since) == 1 and p.ca.issued(since) == 1
    fbox.lineage("paid.example").check(version=2 if verb == "renew" else 1)
    assert journal_files(fbox) == []
    # the next one is a certificate of its own
    if verb == "renew":
        serial = fbox.lineage("paid.example").cert.serial_number
        fbox.signet(*words)
        assert fbox.lineage("paid.example").cert.serial_number != serial


def test_an_order_that_the_ca_has_forgotten_is_placed_anew(fbox):
    p = fbox.proxy
    fbox.issue("gone.example")
    p.start(fault.always("certificate", fault.status(500)))
    fbox.signet("renew", "--force-renewal", check=1, timeout=120)
    assert "order" in journal(fbox)
    p.start(None)
    p.ca.restart()
    fbox.signet("renew", "--force-renewal")
    fbox.lineage("gone.example").check(version=2)
    assert journal_files(fbox) == []


def test_an_order_for_other_names_is_not_gone_on_with(fbox):
    p = fbox.proxy
    words = ["certonly", "--standalone", "--cert-name", "n", *AGREE]
    p.start(fault.always("certificate", fault.status(500)))
    fbox.signet(*words, "-d", "a.example", check=1, timeout=120)
    p.start(None)
    fbox.signet(*words, "-d", "a.example,b.example")
    assert fbox.lineage("n").check(version=1).names == {"a.example", "b.example"}
    assert journal_files(fbox) == []


def test_a_journal_that_cannot_be_read_blocks_nothing(box):
    folder = box.work + "/signet/journal"
    os.makedirs(folder, 0o700)
    for name, text in (("1-1.jsonl", "this is no journal\n"), ("2-2.jsonl", '{"v":99,"id":1,"type":"new","data":{}}\n'), ("3-3.jsonl", ""),
                       ("4-4.jsonl", '{"v":1,"id":1,"type":"chall')):
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    with open(os.path.join(folder, "5-5.jsonl"), "w") as f:
        f.write('{"v":1,"id":1,"type":"post","data":{"command":"touch %s/planted"}}\n' % box.root)
    os.chmod(os.path.join(folder, "5-5.jsonl"), 0o666)
    r = box.issue("j.example")
    assert sorted(os.listdir(folder)) == ["1-1.jsonl.aside", "2-2.jsonl.aside", "5-5.jsonl.aside"]
    assert r.complains("set aside") and not os.path.exists(box.root + "/planted")
    assert not box.signet("renew").complains("set aside")


# ---- signals ----

PHASES = ["newOrder", "authorization", "finalize", "certificate", "pre", "deploy", "post", "auth"]


@pytest.mark.parametrize("phase", PHASES)
def test_a_signal_leaves_nothing_behind(fbox, phase):
    p, root = fbox.proxy, fbox.root + "/www"
    os.mkdir(root)
    sleeping = fbox.root + "/sleeping"
    slow = "touch %s; sleep 60" % sleeping
    fbox.signet("register", *AGREE)
    for n, name in enumerate(SIGNALS):
        reached = threading.Event()
        if os.path.exists(sleeping):
            os.unlink(sleeping)
        p.start(fault.always(phase, fault.stall(reached)) if phase not in ("pre", "deploy", "post", "auth") else None)
        words = ["certonly", "-d", "s%d.example" % n]
        words += ["--manual", "--manual-auth-hook", slow, "--manual-cleanup-hook", "rm -f x"] if phase == "auth" else ["--webroot", "-w", root]
        words += ["--%s-hook" % phase, slow] if phase in ("pre", "deploy", "post") else []
        with WebServer(p.http_port, {"s%d.example" % n: root}):
            child = subprocess.Popen([signet_binary(), *words] + fbox.common("certonly"), env=fbox.env(), cwd=fbox.root,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            try:
                wait_until(lambda: reached.is_set() or os.path.exists(sleeping) or child.poll() is not None, 60, phase)
                begin = time.monotonic()
                child.send_signal(getattr(signal, name))
                child.wait(10)
                assert time.monotonic() - begin < 5, "%s in %s took %.1f s" % (name, phase, time.monotonic() - begin)
            finally:
                if child.poll() is None:
                    child.kill()
                text = child.communicate()[0].decode()
        assert child.returncode == 1 and "Exiting due to user request" in text, "%s in %s: %s" % (name, phase, text)
        assert os.listdir(root) == [], "%s in %s left the challenge" % (name, phase)
        assert set(journal(fbox)) <= ({"order"} if phase in ("authorization", "finalize", "certificate") else set()), (name, phase, journal(fbox))


def test_a_post_hook_runs_although_a_signal_came(fbox):
    p, reached = fbox.proxy, threading.Event()
    fbox.issue("p.example")
    p.start(fault.always("authorization", fault.stall(reached)))
    child = subprocess.Popen([signet_binary(), "renew", "--force-renewal", "--pre-hook", "true", "--post-hook", "touch %s/started" % fbox.root] +
                             fbox.common("renew"), env=fbox.env(), cwd=fbox.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    assert reached.wait(30)
    child.terminate()
    text = child.communicate(timeout=20)[0].decode()
    assert child.returncode == 1 and os.path.exists(fbox.root + "/started"), text
    assert set(journal(fbox)) <= {"order"}


def test_deploy_hooks_that_wait_for_their_turn_run_although_a_signal_came(fbox):
    """The first certificate's order stands still while the second one is in place already: its hook is due all the same."""
    p, reached = fbox.proxy, threading.Event()
    for n in ("a.example", "b.example"):
        fbox.issue(n)
    second = fbox.lineage("b.example")

    def first_stands_still(request):
        if request.endpoint == "newOrder" and b"a.example" in base64.urlsafe_b64decode(json.loads(request.body)["payload"] + "=="):
            return fault.stall(reached)
        return None

    p.start(first_stands_still)
    child = subprocess.Popen([signet_binary(), "renew", "--force-renewal", "--deploy-hook", "echo $RENEWED_DOMAINS >> %s/deployed" % fbox.root] +
                             fbox.common("renew"), env=fbox.env(), cwd=fbox.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    assert reached.wait(60)
    # the four are looked at one after the other, and may change in between: only when all are new they are compared
    wait_until(lambda: set(second.versions().values()) == {2}, 60, "the second certificate")
    assert second.check_pair() == 2
    child.terminate()
    text = child.communicate(timeout=60)[0].decode()
    assert child.returncode == 1 and fbox.file("deployed") == "b.example\n", text
    assert set(journal(fbox)) <= {"order"}


# ---- hooks ----


def test_a_manual_cleanup_hook_is_run_for_a_killed_run(fbox):
    p, reached = fbox.proxy, threading.Event()
    fbox.signet("register", *AGREE)
    p.start(fault.always("challenge", fault.stall(reached)))
    words = ["certonly", "--manual", "--preferred-challenges", "dns", "-d", "m.example", "--manual-auth-hook", "echo output-of-auth",
             "--manual-cleanup-hook", "env | grep CERTBOT_ | sort > %s/cleaned" % fbox.root]
    child = subprocess.Popen([signet_binary(), *words] + fbox.common("certonly"), env=fbox.env(), cwd=fbox.root, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert reached.wait(30)
    child.kill()
    child.wait()
    assert not os.path.exists(fbox.root + "/cleaned")
    p.start(None)
    r = fbox.signet("renew")
    text = fbox.file("cleaned")
    assert "CERTBOT_DOMAIN=m.example" in text and "CERTBOT_AUTH_OUTPUT=output-of-auth" in text and "CERTBOT_VALIDATION=" in text
    assert r.complains("ran the --manual-cleanup-hook for m.example")
    os.unlink(fbox.root + "/cleaned")
    fbox.signet("renew")
    assert not os.path.exists(fbox.root + "/cleaned")


@pytest.mark.parametrize("kind", ["deploy", "post"])
@pytest.mark.parametrize("verb", ["certonly", "renew"])
def test_nobody_waits_for_a_hook(box, verb, kind):
    box.issue("h.example")
    begun = box.root + "/begun"
    words = ["renew", "--force-renewal"] if verb == "renew" else ["certonly", "--standalone", "-d", "i.example"]
    child = subprocess.Popen([signet_binary(), *words, "--%s-hook" % kind, "touch %s; sleep 60" % begun] + box.common(verb), env=box.env(),
                             cwd=box.root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: os.path.exists(begun), 30, "the hook")
        r = box.signet("renew", timeout=20)
        assert not r.complains("interrupted"), "the journal of a run that is alive was taken for a dead one's"
        box.issue("other.example")
    finally:
        child.terminate()
        child.wait(20)
    assert journal_files(box) == []


def test_a_hung_hook_is_ended(box):
    r = box.issue("t.example", args=["--deploy-hook", "sleep 600", "--hook-timeout", "1"], timeout=30)
    assert r.complains("--hook-timeout") and journal_files(box) == []
    box.lineage("t.example").check(version=1)


# ---- back-off ----


def held(box):
    folder = box.work + "/signet/backoff"
    return [json.loads(read(os.path.join(folder, f))) for f in os.listdir(folder)] if os.path.isdir(folder) else []


def test_a_failing_renewal_is_held_back(box):
    box.issue("good.example")
    plant(box, "bad.example", left_days=5)
    box.ca.dns_servfail("bad.example")
    box.signet("renew", check=1)
    (b,) = held(box)
    assert b["kind"] == "failed" and b["failures"] == 1 and 0 < b["not_before"] - time.time() <= 60
    since = box.ca.mark()
    r = box.signet("renew", check=1)
    assert box.ca.count("newOrder", since) == 0 and r.complains("held back until") and r.complains("1 held back")
    report = json.loads(box.signet("renew", "--json", check=1).out)
    (entry,) = [c for c in report["certificates"] if c["name"] == "bad.example"]
    assert entry["status"] == "held" and entry["held_until"] and entry["failures"] == 1
    assert "Held back: when due, until" in box.signet("explain", server=False).out
    # asked for: tried, and counted
    box.signet("renew", "--force-renewal", "--cert-name", "bad.example", check=1)
    assert box.ca.count("newOrder", since) >= 1 and held(box)[0]["failures"] == 2
    assert 540 < held(box)[0]["not_before"] - time.time() <= 600
    box.ca.dns_clear_servfail("bad.example")
    box.signet("renew", "--force-renewal", "--cert-name", "bad.example")
    assert held(box) == []


def test_the_network_is_not_the_names_fault(fbox):
    fbox.issue("n.example")
    fbox.proxy.start(fault.always("newOrder", fault.status(500)))
    fbox.signet("renew", "--force-renewal", check=1, timeout=120)
    assert held(fbox) == []


def test_what_the_ca_says_is_remembered(fbox):
    p = fbox.proxy
    fbox.issue("r.example")
    p.start(fault.always("newOrder", fault.problem(429, "rateLimited", headers={"Retry-After": "3600"})))
    fbox.issue("late.example", check=1)
    (b,) = held(fbox)
    assert b["kind"] == "rate" and 3500 < b["not_before"] - time.time() <= 3600
    p.start(None)
    since = p.ca.mark()
    r = fbox.issue("late.example", check=1)
    assert p.ca.count("newOrder", since) == 0 and r.complains("held back until")
    fbox.issue("late.example", args=["--force-renewal"])
    assert held(fbox) == []


# ---- a full disk ----


@pytest.mark.parametrize("which", ["config", "work"])
def test_a_full_disk_is_found_before_anything_is_ordered(box, which):
    box.issue("f.example")
    folder = box.root + "/full"
    os.mkdir(folder)
    at = box.config if which == "config" else box.work
    shutil.copytree(at, folder + "/copy", symlinks=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=10000", "tmpfs", at], check=True)
    try:
        shutil.copytree(folder + "/copy", at, symlinks=True, dirs_exist_ok=True)
        with open(at + "/filler", "wb", buffering=0) as f:
            try:
                while f.write(b"x" * 4096):
                    pass
            except OSError:
                pass
            f.truncate(os.path.getsize(at + "/filler") - 8192)  # room for locks, not for a certificate
        since = box.ca.mark()
        r = box.signet("renew", "--force-renewal", check=1)
        assert box.ca.count("newOrder", since) == 0 and "16 KiB" in r.words and at in r.words, r
        os.unlink(at + "/filler")
        box.signet("renew", "--force-renewal")
        box.lineage("f.example").check(version=2)
    finally:
        subprocess.run(["umount", at], check=True)


class ReadOnly:
    """A folder that nothing can be written to, not even by root."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        subprocess.run(["mount", "--bind", self.path, self.path], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", self.path], check=True)

    def __exit__(self, *_):
        subprocess.run(["umount", self.path], check=True)


def test_a_certificate_that_could_not_be_saved_is_saved_by_the_next_run(box):
    box.issue("d.example")
    since = box.ca.mark()
    with ReadOnly(box.config + "/archive/d.example"):
        r = box.signet("renew", "--force-renewal", check=1)
        assert "archive/d.example" in r.words
    box.lineage("d.example").check(version=1)
    assert [o["name"] for o in journal(box)["order"]] == ["d.example"]
    box.signet("renew", "--force-renewal")
    box.lineage("d.example").check(version=2)
    assert box.ca.issued(since) == 1 and journal_files(box) == []


def test_hooks_run_for_what_is_live_although_saving_was_not_all_well(box):
    box.issue("l.example")
    with ReadOnly(box.config + "/renewal"):
        r = box.signet("renew", "--force-renewal", "--deploy-hook", "echo $RENEWED_LINEAGE >> %s/deployed" % box.root, check=1)
    assert "in place, but its renewal file is not up to date" in r.words
    assert box.lineage("l.example").check_pair() == 2
    assert box.file("deployed").split() == [box.config + "/live/l.example"] and journal_files(box) == []
