"""Every allocation, and every system call that can fail, fails once: nothing crashes, what is live stays whole, and the exit status does not
lie. In the real programs, in each process. (The library's own torture, with a check for leaks, is tests/unit/acme/test_memory.c and
test_faults.c.) A few places of each in `make check`; `make torture` tries SIGNET_TORTURE places of each (0: every one)."""
import concurrent.futures
import os
import random
import shutil
import tempfile

import pytest
from harness import gear
from harness.box import execute
from harness.figures import figure
from harness.sample import FULL, SEED
from test_crash import ca, copy_of, program  # noqa: F401

NAME = "torture.example"
AGREE = ["--agree-tos", "--register-unsafely-without-email"]
VERBS = {"renew": ["renew", "--force-renewal"], "issue": ["certonly", "--standalone", "-d", NAME, *AGREE],
         "revoke": ["revoke", "--cert-name", NAME, "--no-delete-after-revoke"]}
ROLES = ["main", "talker", "signer", "responder"]
ALLOCATIONS = "the shim needs a build without sanitizers, as those have an allocator of their own"


def places(total):
    most = int(os.environ.get("SIGNET_TORTURE") or 300) if FULL else 5
    if FULL and os.environ.get("SIGNET_TORTURE") == "0":
        return range(1, total + 1)
    return sorted(random.Random(SEED).sample(range(1, total + 1), min(most, total)))


def judge(box, verb, r, before):
    assert r.rc in (0, 1, 2), "ended by %d" % r.rc
    assert r.rc == 0 or r.err.strip() or r.out.strip(), "failed without a word"
    lineage = box.lineage(NAME)
    if os.path.lexists(lineage.live):
        version = lineage.check_pair()
        assert verb != "renew" or version == before + (r.rc == 0) or (r.rc and version == before + 1), "status %d, version %d" % (r.rc, version)
    else:
        assert verb == "issue" and r.rc, "nothing is live"


class Torture:
    def __init__(self, ca, make_box, tmp_path, verb):  # noqa: F811
        self.ca, self.tmp, self.verb, self.before = ca, tmp_path, verb, 1
        self.base = make_box(ca)
        self.base.issue(NAME)
        if verb == "issue":
            self.base.signet("delete", "--cert-name", NAME, server=False)

    def run(self, label, argv, look):
        """One run in a fresh copy; look(box, result) judges. What is wrong, or None."""
        box = copy_of(self.base, "%s/%s" % (self.tmp, label), self.ca)
        try:
            r = "hung"
            try:
                r = execute(argv(box), box.env({"ASAN_OPTIONS": "detect_leaks=0"}), None, timeout=240, cwd=box.root)
                look(box, r)
                judge(box, self.verb, r, self.before)
            except (AssertionError, OSError, ValueError) as e:
                if r == "hung":
                    look(box, r)
                return "%s: %s\n%s" % (label, e, r)
        finally:
            shutil.rmtree(box.root)


@pytest.mark.parametrize("verb", VERBS)
def test_every_allocation_fails_once(ca, make_box, tmp_path, verb):  # noqa: F811
    if "asan" in program():
        pytest.fail(ALLOCATIONS)
    t = Torture(ca, make_box, tmp_path, verb)
    workers = [gear.Shimmed(program(), tempfile.mkdtemp(dir=tmp_path)) for _ in range(os.cpu_count() or 2)]
    bad, tried, libraries = [], 0, []

    def one(case):
        role, n = case
        shim = workers.pop()
        try:
            shim.set(role, n)

            def look(box, r):
                shim.look()
                if shim.crashed and shim.crashed != "main" and not shim.ours:
                    libraries.append(shim.crashed)  # OpenSSL that could not even begin; contained, and said by main
                    assert r.rc == 1 and "signal" in r.words
                else:
                    assert not shim.crashed, "%s crashed with signal %d" % (shim.crashed, shim.signal)

            return t.run("%s%d" % (role, n), lambda box: [shim.signet, *VERBS[verb]] + box.common(VERBS[verb][0]), look)
        finally:
            workers.append(shim)

    with concurrent.futures.ThreadPoolExecutor(max_workers=len(workers)) as pool:
        for role in ROLES:
            workers[0].set(role, 0)
            assert t.run("count-" + role, lambda box: [workers[0].signet, *VERBS[verb]] + box.common(VERBS[verb][0]), lambda b, r: r) is None
            total = workers[0].look().count
            cases = [(role, n) for n in places(total)] if total else []
            found = [b for b in pool.map(one, cases) if b]
            figure("G16", "%s, %s: %d of %d allocations failed, %d badly borne" % (verb, role, len(cases), total, len(found)))
            bad += found
            tried += len(cases)
    figure("G16", "%s: %d of %d made a library crash in a confined process" % (verb, len(libraries), tried))
    assert not bad, "%d of %d bad\n%s" % (len(bad), tried, "\n".join(bad[:8]))


@pytest.mark.parametrize("verb", VERBS)
def test_every_call_fails_once(ca, make_box, tmp_path, verb):  # noqa: F811
    t = Torture(ca, make_box, tmp_path, verb)

    def argv(n):
        return lambda box: [gear.tool("failpoint"), "all", "fit", str(n), box.root, box.root + "/calls", program(), *VERBS[verb]] + box.common(VERBS[verb][0])

    seen = []

    def count(box, r):
        with open(box.root + "/calls") as f:
            seen.append(len(f.readlines()))

    assert t.run("count", argv(0), count) is None
    cases = list(places(seen[0]))

    def one(n):
        hit = []

        def look(box, r):
            with open(box.root + "/calls", errors="replace") as f:
                hit.extend(f.read().splitlines()[n - 1:n])

        said = t.run("call%d" % n, argv(n), look)
        return said and "%s: %s" % (hit, said)

    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        bad = [b for b in pool.map(one, cases) if b]
    figure("G16", "%s: %d of %d calls failed, %d badly borne" % (verb, len(cases), seen[0], len(bad)))
    assert not bad, "%d of %d bad\n%s" % (len(bad), len(cases), "\n".join(bad[:8]))
