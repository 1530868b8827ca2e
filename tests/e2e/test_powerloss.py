"""The plug is pulled at every change that signet makes on disk. What the file system may then have kept (tests/fault/powerloss.py) shows a
whole pair in live/ and no half-made file under a real name, and the next plain run recovers from it by itself.

Every such tree is looked at; recovery is tried from a sample of them, a different one each day, or from all with SIGNET_SWEEP=full."""
import concurrent.futures
import os
import shutil

import powerloss
import pytest
from harness import gear
from harness.box import Box, execute
from harness.certs import KINDS, Lineage
from harness.figures import figure
from harness.sample import some
from test_crash import ca, program  # noqa: F401

NAME = "power.example"
AGREE = ["--agree-tos", "--register-unsafely-without-email"]
SAMPLE = 12
ISSUE = ["certonly", "--standalone", "-d", NAME, *AGREE]


class Cut:
    """All trees that a cut during one run may leave."""

    def __init__(self, box, words):
        self.box, self.states, self.total = box, {}, 0
        roots = [box.config, box.work + "/signet"]
        for r in roots:
            os.makedirs(r, exist_ok=True)
        model = self.model = powerloss.Model(roots)
        notes, blob = box.root + "/events", box.root + "/bytes"
        argv = [gear.tool("powertrace"), ":".join(roots), notes, blob, program(), *words] + box.common(words[0])
        execute(argv, box.env({"ASAN_OPTIONS": "detect_leaks=0"}), 0, cwd=box.root)
        with open(blob, "rb") as f:
            data = f.read()
        where = ""
        for event in powerloss.events(notes):
            if event[0] == "mark":
                where = event[1]
            elif model.step(event, data):
                for state in model.cuts():
                    self.total += 1
                    self.states.setdefault(state.key(), (where, state))

    def unsafe_finals(self):
        """Files that got their final name before their bytes were on the disk, or whose name was not made safe after it."""
        return [name for name, safe, change in self.model.finals if not safe or change in self.model.pending]


def pair(box, state, tmp, known, lineage=NAME):
    """The version that live/ shows, None if there is no such lineage; AssertionError when it is not whole."""
    live = "%s/live/%s" % (box.config, lineage)
    files = {k: state.follow("%s/%s.pem" % (live, k)) for k in KINDS}
    if live not in state.tree:
        return None
    for kind, data in files.items():
        assert data, "live/%s/%s.pem leads to nothing" % (lineage, kind)
    key = tuple(state.tree["%s/%s.pem" % (live, k)][2] + files[k] for k in KINDS)
    if key not in known:
        shutil.rmtree(tmp, ignore_errors=True)
        state.write(lambda p: tmp + p)
        known[key] = Lineage(tmp + box.config, lineage).check_pair()
    return known[key]


def look_at_all(cut, tmp, must_be_there):
    bad, known = [], {}
    for where, state in cut.states.values():
        try:
            version = pair(cut.box, state, tmp, known)
            assert version is not None or not must_be_there, "the lineage is gone"
            half = [p for p in state.half_made() if p.startswith(cut.box.config)]
            assert not half, "half-made: %r" % half
        except (AssertionError, OSError, ValueError) as e:
            bad.append("cut after %s: %s" % (where, e))
    assert not bad, "%d of %d trees are bad\n%s" % (len(bad), len(cut.states), "\n".join(sorted(set(bad))[:20]))


def recover_from_some(cut, tmp_path, ca, again):  # noqa: F811
    states = some(cut.states.values(), SAMPLE)

    def one(numbered):
        n, (where, state) = numbered
        root = "%s/r%d" % (tmp_path, n)
        state.write(lambda p: p.replace(cut.box.root, root, 1))
        box = Box(root, ca)
        for at, _, files in os.walk(box.root):
            for f in files:
                path = os.path.join(at, f)
                if not f.endswith((".pem", ".json")) and not os.path.islink(path):
                    with open(path, errors="surrogateescape") as fp:
                        text = fp.read().replace(cut.box.root + "/", root + "/")
                    with open(path, "w", errors="surrogateescape") as fp:
                        fp.write(text)
        try:
            again(box)
        except (AssertionError, OSError, ValueError) as e:
            return "cut after %s: %s: %s" % (where, type(e).__name__, e)
        finally:
            shutil.rmtree(root)

    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        bad = [b for b in pool.map(one, enumerate(states)) if b]
    figure("G2", "%d trees that a cut may leave, all whole; recovered from %d of %d tried" % (len(cut.states), len(states) - len(bad), len(states)))
    assert not bad, "%d of %d did not recover\n%s" % (len(bad), len(states), "\n".join(bad[:10]))


def test_power_lost_in_a_renewal(ca, make_box, tmp_path):  # noqa: F811
    base = make_box(ca)
    base.issue(NAME)
    base.signet("renew", "--force-renewal")
    cut = Cut(base, ["renew", "--force-renewal"])
    assert len(cut.states) > 100 and cut.unsafe_finals() == []
    look_at_all(cut, str(tmp_path / "look"), True)

    def again(box):
        since = ca.mark()
        version = box.lineage(NAME).check_pair()
        box.signet("renew")
        assert box.lineage(NAME).check().version in (version, 3) and box.lineages() == [NAME]
        box.signet("renew", "--force-renewal")
        box.lineage(NAME).check()
        assert ca.issued(since) >= 0

    recover_from_some(cut, tmp_path, ca, again)


def test_power_lost_in_a_first_issue(ca, make_box, tmp_path):  # noqa: F811
    base = make_box(ca)
    base.issue(NAME)
    base.signet("delete", "--cert-name", NAME, server=False)
    cut = Cut(base, ISSUE)
    assert cut.unsafe_finals() == []
    look_at_all(cut, str(tmp_path / "look"), False)
    etc = base.config
    for where, state in cut.states.values():  # once the archive has its name, what recovery needs to go on is there
        if etc + "/archive/" + NAME in state.tree and etc + "/renewal/%s.conf" % NAME not in state.tree:
            assert etc + "/renewal/.signet-new." + NAME in state.tree, where
            assert {etc + "/live/.signet-new." + NAME, etc + "/live/" + NAME} & set(state.tree), where

    def again(box):
        box.signet(*ISSUE)
        assert box.lineages() == [NAME]
        box.lineage(NAME).check()

    recover_from_some(cut, tmp_path, ca, again)


def test_power_lost_in_a_registration(ca, make_box, tmp_path):  # noqa: F811
    base = make_box(ca)
    base.signet("certificates", server=False)
    cut = Cut(base, ["register", *AGREE])
    assert cut.unsafe_finals() == []
    bad = [(where, state.half_made()) for where, state in cut.states.values() if state.half_made()]
    assert not bad, bad

    def again(box):
        box.signet("register", *AGREE, check=None)
        assert len(box.account_dirs()) == 1
        box.signet("show_account")

    recover_from_some(cut, tmp_path, ca, again)


@pytest.mark.parametrize("words", [["delete", "--cert-name", NAME], ["revoke", "--cert-name", NAME, "--delete-after-revoke"]], ids=["delete", "revoke"])
def test_power_lost_in_a_removal(ca, make_box, tmp_path, words):  # noqa: F811
    base = make_box(ca)
    base.issue(NAME)
    base.issue("stays.example")
    cut = Cut(base, words)
    known = {}
    for where, state in cut.states.values():
        assert pair(base, state, str(tmp_path / "look"), known, "stays.example") == 1, where

    def again(box):
        box.signet("renew", check=None)
        if box.lineages() == [NAME, "stays.example"]:
            box.lineage(NAME).check()
        else:
            assert box.lineages() == ["stays.example"] and not os.path.lexists(box.config + "/live/" + NAME)
        box.signet("renew")
        box.lineage("stays.example").check(version=1)

    recover_from_some(cut, tmp_path, ca, again)
