"""The descriptions as files: the checker has nothing to say about them, and each has a conversation that tried it."""
import os
import subprocess
import sys

import pytest

from harness import PROVIDERS, Driver, apis

CODES = sorted(f[:-5] for f in os.listdir(PROVIDERS) if f.endswith(".yaml"))


@pytest.fixture(scope="module")
def driver():
    with Driver() as d:
        yield d


@pytest.mark.parametrize("code", CODES)
def test_the_checker_has_nothing_to_say(driver, code):
    with open(os.path.join(PROVIDERS, code + ".yaml"), encoding="utf-8") as f:
        text = f.read()
    answer = driver.call(check={"yaml": text, "name": code + ".yaml", "dir": PROVIDERS})
    assert answer == {"faults": []}
    help_ = driver.call(help={"code": code, "dir": PROVIDERS})
    assert help_["code"] == code and help_["name"] and help_["docs"].startswith("https://")


def test_each_has_a_conversation():
    assert sorted({a.code for a in apis()}) == CODES
    assert all(a.source for a in apis())


def test_the_table_in_the_docs_is_up_to_date():
    folder = os.path.dirname(os.path.abspath(__file__))
    assert subprocess.run([sys.executable, "-B", os.path.join(folder, "table.py"), "--check"], stdout=subprocess.DEVNULL).returncode == 0, \
        "run tests/providers/table.py"
