"""One change on disk is refused: the disk full, broken, read-only, over quota, or a write is cut short or interrupted. What is live stays whole;
a run that says it went well has done everything; one that did not says what could not be done and where, and the next one puts it right.

Each call is refused once, and, for a disk that fills up, all from one on. A full disk is met at each call; the other errors at a sample of them,
a different one each day, or at all with SIGNET_SWEEP=full."""
import concurrent.futures
import os
import shutil

import pytest
from harness import gear
from harness.box import execute
from harness.figures import figure
from harness.sample import some
from test_crash import ca, copy_of, program  # noqa: F401

NAME = "disk.example"
AGREE = ["--agree-tos", "--register-unsafely-without-email"]
HOWS = ["ENOSPC", "EIO", "EROFS", "EDQUOT", "from:ENOSPC", "from:EROFS"]
KINDLY = ["EINTR", "short"]  # what a program must simply bear
BORNE = ("write ", "fsync ", "flock", "pwrite64 ")
VERBS = {"renew": ["renew", "--force-renewal"], "issue": ["certonly", "--standalone", "-d", NAME, *AGREE], "register": ["register", *AGREE],
         "delete": ["delete", "--cert-name", NAME], "revoke": ["revoke", "--cert-name", NAME, "--delete-after-revoke"]}


def refused_at(box, how, n, words):
    """Runs signet and lets change number n fail. Returns the result and the changes that were tried."""
    notes = box.root + "/changes"
    roots = ":".join((box.config, box.work, box.logs))
    argv = [gear.tool("failpoint"), "changes", how, str(n), roots, notes, program(), *words] + box.common(words[0])
    r = execute(argv, box.env({"ASAN_OPTIONS": "detect_leaks=0"}), None, timeout=90, cwd=box.root)
    with open(notes) as f:
        return r, f.read().splitlines()


def chosen(total, hows):
    calls = range(1, total + 1)
    return [(n, "ENOSPC") for n in calls] + some([(n, how) for n in calls for how in hows if how != "ENOSPC"], 10)


def live_files(box, name):
    folder = "%s/live/%s" % (box.config, name)
    return {f: open(os.path.join(folder, f), "rb").read() for f in sorted(os.listdir(folder))} if os.path.isdir(folder) else None


def sweep(base, ca, tmp_path, words, look, again, hows):  # noqa: F811
    """look(box, result, before) right after the refusal, again(box) does what an administrator does next."""
    whole = copy_of(base, str(tmp_path / "whole"), ca)
    r, changes = refused_at(whole, "ENOSPC", 0, words)
    assert r.rc == 0 and len(changes) > 10, r

    def one(case):
        n, how = case
        box = copy_of(base, str(tmp_path / ("at%d-%s" % (n, how.replace(":", "-")))), ca)
        before = live_files(box, NAME)
        r, tried = refused_at(box, how, n, words)
        what = "%s at %s" % (how, tried[n - 1] if len(tried) >= n else "the end")
        try:
            assert r.rc in (0, 1), "ended by %d" % r.rc
            look(box, r, before)
            again(box)
        except (AssertionError, OSError, ValueError) as e:
            return "%s: %s: %s\n%s" % (what.replace(box.root, ""), type(e).__name__, e, r)
        finally:
            shutil.rmtree(box.root)

    cases = chosen(len(changes), hows)
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        bad = [b for b in pool.map(one, cases) if b]
    figure("G3", "%s: %d of %d refusals of %d calls are well borne" % (words[0], len(cases) - len(bad), len(cases), len(changes)))
    assert not bad, "%d of %d bad\n%s" % (len(bad), len(cases), "\n".join(bad[:12]))


def names_the_place(box, r):
    """An error says where: a path of the tree, or at least of its system."""
    assert box.root in r.words or "/" in r.err, "does not say where"


@pytest.fixture
def base(ca, make_box):  # noqa: F811
    box = make_box(ca)
    box.issue(NAME)
    return box


def test_a_renewal_survives_a_refusal(ca, base, tmp_path):  # noqa: F811
    base.signet("renew", "--force-renewal")

    def look(box, r, before):
        version = box.lineage(NAME).check_pair()
        if r.rc == 0:
            assert version == 3, "says it went well and did not renew"
        else:
            assert live_files(box, NAME) == before or version == 3
            names_the_place(box, r)

    def again(box):
        version = box.lineage(NAME).check_pair()
        box.signet("renew")
        assert box.lineage(NAME).check().version in (version, 3) and box.lineages() == [NAME]
        box.signet("renew", "--force-renewal")
        box.lineage(NAME).check()

    sweep(base, ca, tmp_path, VERBS["renew"], look, again, HOWS)


def test_a_renewal_bears_interruptions(ca, base, tmp_path):  # noqa: F811
    """A signal in the middle of a call and half a write are no failures at all."""
    whole = copy_of(base, str(tmp_path / "count"), ca)
    _, changes = refused_at(whole, "EINTR", 0, VERBS["renew"])
    bad = []
    cases = [(n, how) for n, c in enumerate(changes, 1) for how in KINDLY if c.split(" ", 2)[2].startswith(BORNE)]
    for n, how in some(cases, 6):
        box = copy_of(base, str(tmp_path / ("b%d%s" % (n, how))), ca)
        r, tried = refused_at(box, how, n, VERBS["renew"])
        try:
            # the order of calls varies a little from run to run: another one may have been hit
            assert r.rc == 0 or not tried[n - 1].split(" ", 2)[2].startswith(BORNE)
            assert box.lineage(NAME).check().version in ((1, 2) if r.rc else (2,))
        except (AssertionError, OSError, ValueError) as e:
            bad.append("%s at %s: %s\n%s" % (how, tried[n - 1].replace(box.root, ""), e, r))
        shutil.rmtree(box.root)
    assert not bad, "%d bad\n%s" % (len(bad), "\n".join(bad[:5]))


def test_a_first_issue_survives_a_refusal(ca, make_box, tmp_path):  # noqa: F811
    base = make_box(ca)
    base.issue(NAME)
    base.signet("delete", "--cert-name", NAME, server=False)

    def look(box, r, before):
        lineage = box.lineage(NAME)
        if r.rc == 0 or os.path.lexists(lineage.live):
            assert lineage.check_pair() == 1
        if r.rc:
            names_the_place(box, r)

    def again(box):
        box.signet(*VERBS["issue"])
        assert box.lineages() == [NAME]
        box.lineage(NAME).check()

    sweep(base, ca, tmp_path, VERBS["issue"], look, again, HOWS)


@pytest.mark.parametrize("verb", ["delete", "revoke"])
def test_a_removal_survives_a_refusal(ca, base, tmp_path, verb):  # noqa: F811
    base.issue("stays.example")

    def look(box, r, before):
        box.lineage("stays.example").check(version=1)
        if r.rc == 0:
            assert NAME not in box.lineages()
        else:
            names_the_place(box, r)

    def again(box):
        box.signet("renew", check=None)
        if NAME in box.lineages():
            box.signet("delete", "--cert-name", NAME, server=False)
        assert box.lineages() == ["stays.example"] and box.lineage(NAME).gone()
        box.signet("renew")

    sweep(base, ca, tmp_path, VERBS[verb], look, again, HOWS)


def test_a_registration_survives_a_refusal(ca, make_box, tmp_path):  # noqa: F811
    base = make_box(ca)
    base.signet("certificates", server=False)

    def look(box, r, before):
        assert len(box.account_dirs()) <= 1
        if r.rc:
            names_the_place(box, r)

    def again(box):
        box.signet("register", *AGREE, check=None)
        assert len(box.account_dirs()) == 1
        box.signet("show_account")

    sweep(base, ca, tmp_path, VERBS["register"], look, again, HOWS)
