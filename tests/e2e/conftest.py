"""Fixtures of the end-to-end tests. Nothing is skipped: what is missing is a failure."""
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "fault")]

from harness.box import Box, signet_binary  # noqa: E402
from harness.ca import Pebble  # noqa: E402
from harness.sample import FULL, SEED  # noqa: E402


def pytest_report_header():
    return "sweeps: all of each" if FULL else "sweeps: samples of seed %d (SIGNET_SEED)" % SEED


def pytest_sessionstart(session):
    if not session.config.option.collectonly:
        try:
            signet_binary()
        except RuntimeError as e:
            pytest.exit(str(e), returncode=1)


def pytest_collection_modifyitems(items):
    """The long ones first, so that no worker ends up alone with one of them."""
    slow = ("test_crash", "test_a_hung_ca", "transient_fault_anywhere", "test_interop")
    items.sort(key=lambda i: not any(s in i.nodeid for s in slow))


@pytest.fixture(scope="session")
def pebble():
    """The CA that most tests share: no nonces rejected, no authorizations reused, no pauses."""
    with Pebble() as ca:
        yield ca


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
