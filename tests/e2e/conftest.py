"""Fixtures of the end-to-end tests. Nothing is skipped: what is missing is a failure."""
import os
import signal
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "fault")]

from harness.box import Box, signet_binary  # noqa: E402
from harness.ca import Pebble  # noqa: E402
from harness.sample import FULL, SEED, one_in  # noqa: E402


# A run in the background of a script begins with SIGINT and SIGQUIT ignored, one under nohup with SIGHUP, and so would all that the
# tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
for ignored in (signal.SIGQUIT, signal.SIGHUP):
    signal.signal(ignored, signal.SIG_DFL)


def pytest_report_header():
    return "sweeps: all of each" if FULL else "sweeps: samples of seed %d (SIGNET_SEED)" % SEED


def pytest_sessionstart(session):
    if not session.config.option.collectonly:
        try:
            signet_binary()
        except RuntimeError as e:
            pytest.exit(str(e), returncode=1)


# Those that take longest, the longest first, by a part of their names.
SLOW = ("silence_ends", "test_crash.py", "hung_ca", "killed_anywhere", "test_migrate.py", "many_lineages_renew", "rsa4096", "test_interop.py",
        "transient_fault_anywhere", "power_lost", "signal_leaves_nothing", "further_phases", "test_lego_beside.py", "signer_that_does_not")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """The long ones begin, one at each worker, so that none is left alone with one of them at the end. xdist gives each worker at
    first a quarter of its even share, one after the other as they are listed."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    rank = {i: next((n for n, s in enumerate(SLOW) if s in i.nodeid), None) for i in items}
    slow = sorted((i for i in items if rank[i] is not None), key=lambda i: rank[i])
    rest = [i for i in items if rank[i] is None]
    chunk = max(len(items) // workers // 4, 2)
    order = []
    for w in range(workers):
        mine = slow[w::workers][:chunk]
        order += mine + [rest.pop(0) for _ in range(min(chunk - len(mine), len(rest)))]
    taken = set(order)
    items[:] = order + [i for i in slow if i not in taken] + rest


@pytest.fixture(scope="session")
def pebble():
    """The CA that most tests share: no nonces rejected, no authorizations reused, no pauses."""
    with Pebble() as ca:
        yield ca


@pytest.fixture(autouse=True)
def _leaks(request, monkeypatch):
    """Every run is watched for what is done to memory that is not its own; what it does not give back, each process tells at its end, which
    takes as long as all the rest of a short run: of that, the runs of a fourth of the tests are asked."""
    if "ASAN_OPTIONS" not in os.environ:
        monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=%d" % one_in(4, request.node.nodeid))


@pytest.fixture(autouse=True)
def _no_name_stays_refused(request):
    """What one test had the shared CA's DNS refuse, the next one may ask for."""
    yield
    if "pebble" in request.fixturenames:
        request.getfixturevalue("pebble").dns_clear_servfails()


@pytest.fixture
def make_pebble():
    """A CA of one's own with other knobs: make_pebble(eab={…}); gone after the test."""
    made = []

    def make(**knobs):
        made.append(Pebble(**knobs))
        return made[-1]

    yield make
    for ca in made:
        ca.close()


@pytest.fixture
def box(tmp_path, pebble):
    """A fresh tree on the shared CA."""
    return Box(tmp_path / "box", pebble)


@pytest.fixture
def make_box(tmp_path):
    """Fresh trees on any CA: make_box(ca)."""
    count = [0]

    def make(ca):
        count[0] += 1
        return Box(tmp_path / ("box%d" % count[0]), ca)

    return make


@pytest.fixture(scope="module")
def module_box(tmp_path_factory, pebble):
    return Box(tmp_path_factory.mktemp("box"), pebble)
