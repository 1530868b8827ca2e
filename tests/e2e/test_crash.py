"""SIGKILL at every change that signet makes below its configuration folder: what live/ shows is whole at each of them, and the next
plain run puts everything right by itself."""
import concurrent.futures
import os
import shutil

import pytest
from harness import gear
from harness.box import Box, execute, signet_binary
from harness.ca import ROOT
from harness.figures import figure
from harness.sample import FULL

NAME = "crash.example"
KILLED = 99


@pytest.fixture(scope="session")
def crashpoint():
    return gear.tool("crashpoint")


@pytest.fixture
def ca(make_pebble):
    """Authorizations are reused, so no run needs the one port and several can go on at once."""
    return make_pebble(authz_reuse=100)


def program():
    """The program as it is shipped where it is there: what happens on disk is the same, and hundreds of runs go by faster."""
    shipped = ROOT + "/build/signet"
    return shipped if os.access(shipped, os.X_OK) and not os.environ.get("SIGNET_BIN") else signet_binary()


def copy_of(base, path, ca):
    shutil.copytree(base.root, path, symlinks=True)
    box = Box(path, ca)
    box.binary = program()
    for at, _, files in os.walk(box.config):
        for f in files:
            if f.endswith(".conf"):
                with open(os.path.join(at, f)) as fp:
                    text = fp.read().replace(base.root + "/", box.root + "/")
                with open(os.path.join(at, f), "w") as fp:
                    fp.write(text)
    return box


def killed_at(crashpoint, box, n, words):
    """Runs signet and kills it at change number n. Returns the exit status and the changes up to there."""
    notes = "%s/changes" % box.root
    argv = [crashpoint, str(n), box.config, notes, program(), *words] + box.common(words[0])
    # the leak checker needs ptrace for itself
    r = execute(argv, box.env({"ASAN_OPTIONS": "detect_leaks=0"}), None, timeout=90, cwd=box.root)
    with open(notes) as f:
        return r, f.read().splitlines()


def sweep(crashpoint, base, ca, tmp_path, words, look, again):
    """Kills at 1, 2, … of the changes of one run; look(box) right after, again(box) after the next plain run."""
    whole = copy_of(base, str(tmp_path / "whole"), ca)
    r, changes = killed_at(crashpoint, whole, 0, words)
    assert r.rc == 0, r
    assert len(changes) >= 10, changes
    assert [c for c in changes if "sync" in c.split()[2]], "nothing was ever synced to disk"

    def one(n):
        box = copy_of(base, str(tmp_path / ("at%d" % n)), ca)
        r, done = killed_at(crashpoint, box, n, words)
        if r.rc != KILLED:
            return None if r.rc == 0 else "%d: ended by itself with %d\n%s" % (n, r.rc, r)
        try:
            look(box)
            again(box)
        except (AssertionError, OSError, ValueError) as e:
            return "killed before %s: %s: %s" % (done[-1] if done else "?", type(e).__name__, e)
        finally:
            shutil.rmtree(box.root)

    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        bad = [b for b in pool.map(one, range(1, len(changes) + 3)) if b]
    figure("G1", "%s: killed at each of %d changes, %d bad" % (words[0], len(changes), len(bad)))
    assert not bad, "%d of %d bad\n%s" % (len(bad), len(changes), "\n".join(bad))


@pytest.mark.parametrize("more", [[]] + ([["--reuse-key"]] if FULL else []), ids=lambda m: "".join(m) or "new key")
def test_a_renewal_killed_anywhere(crashpoint, ca, make_box, tmp_path, more):
    base = make_box(ca)
    base.issue(NAME)
    base.signet("renew", "--force-renewal")

    def look(box):
        assert box.lineage(NAME).check_pair() in (2, 3)

    def again(box):
        version = box.lineage(NAME).check_pair()
        since = ca.mark()
        box.signet("renew")
        assert box.lineage(NAME).check().version in (version, 3)
        assert ca.count("newOrder", since) >= 0 and box.lineages() == [NAME]
        box.signet("renew", "--force-renewal")
        box.lineage(NAME).check()

    sweep(crashpoint, base, ca, tmp_path, ["renew", "--force-renewal", *more], look, again)


def test_a_first_issue_killed_anywhere(crashpoint, ca, make_box, tmp_path):
    base = make_box(ca)
    base.issue(NAME)
    base.signet("delete", "--cert-name", NAME, server=False)
    words = ["certonly", "--standalone", "-d", NAME, "--agree-tos", "--register-unsafely-without-email"]

    def look(box):
        lineage = box.lineage(NAME)
        if os.path.lexists(lineage.live):
            assert lineage.check_pair() == 1

    def again(box):
        box.signet(*words)
        assert box.lineages() == [NAME]
        box.lineage(NAME).check()

    sweep(crashpoint, base, ca, tmp_path, words, look, again)


def test_a_registration_killed_anywhere(crashpoint, ca, make_box, tmp_path):
    base = make_box(ca)
    base.signet("certificates", server=False)

    def again(box):
        box.issue("after.%s" % NAME)
        box.lineage("after.%s" % NAME).check(version=1)
        assert len(box.account_dirs()) == 1

    sweep_words = ["register", "--agree-tos", "--register-unsafely-without-email"]
    # validation needs the port here (a new account has no authorizations to reuse): one at a time
    whole = copy_of(base, str(tmp_path / "whole"), ca)
    r, changes = killed_at(crashpoint, whole, 0, sweep_words)
    assert r.rc == 0 and changes
    for n in range(1, len(changes) + 1):
        box = copy_of(base, str(tmp_path / ("at%d" % n)), ca)
        killed_at(crashpoint, box, n, sweep_words)
        again(box)


def test_a_delete_killed_anywhere(crashpoint, ca, make_box, tmp_path):
    base = make_box(ca)
    base.issue(NAME)
    base.issue("stays.example")

    def look(box):
        box.lineage("stays.example").check(version=1)

    def again(box):
        if not box.lineage(NAME).gone():
            box.signet("delete", "--cert-name", NAME, server=False, check=None)
        assert box.lineage(NAME).gone(), "the delete could not be finished by a second one"
        box.signet("renew")

    words = ["delete", "--cert-name", NAME]
    whole = copy_of(base, str(tmp_path / "whole"), ca)
    r, changes = killed_at(crashpoint, whole, 0, words)
    assert r.rc == 0 and len(changes) >= 6, changes
    for n in range(1, len(changes) + 1):
        box = copy_of(base, str(tmp_path / ("at%d" % n)), ca)
        r, _ = killed_at(crashpoint, box, n, words)
        look(box)
        again(box)
