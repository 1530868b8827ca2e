"""SIGKILL at any change on disk of a run that puts TXT records up: the next run takes away what is left of them, and nothing of other people's."""
import shutil

import pytest

from harness.box import Box, execute
from harness.ca import Pebble
from harness.dns import Bind
from harness.figures import figure
from test_crash import KILLED, copy_of, crashpoint, program  # noqa: F401
from test_dns_provider import DESCRIPTION, Api
from test_journal import journal, journal_files, points

FIND = """find:
  get: /zones/{zone}/records
  each: records[name={fqdn}, value={value}]
  save: {id: id}
"""


@pytest.fixture
def world(tmp_path):
    """A name server, a CA that asks it, and a box with an account there."""
    with Bind({"example.com": []}) as bind, Pebble(dns=bind.behind) as ca:
        box = Box(tmp_path / "box", ca)
        box.file("providers/fake.yaml", DESCRIPTION + FIND)
        box.signet("register", "--agree-tos", "--register-unsafely-without-email")
        api = Api(bind)
        yield box, bind, api, ca
        api.close()


def killed_at(gear, box, n, words, env):
    notes = "%s/changes" % box.root
    argv = [gear, str(n), ":".join((box.config, box.work + "/signet")), notes, program(), *words] + box.common(words[0])
    r = execute(argv, box.env({"ASAN_OPTIONS": "detect_leaks=0", **env}), None, timeout=90, cwd=box.root)
    with open(notes) as f:
        return r, f.read().splitlines()


def sweep(gear, world, tmp_path, provider, env, left):
    """`left()`: what the provider still holds. How many of the killed runs had records up."""
    base, bind, api, ca = world
    seen = []  # whether a killed run had left records behind

    def run(n):
        """Each at a name of its own, so that no authorization is reused."""
        box, name = copy_of(base, str(tmp_path / ("at%d" % n)), ca), "n%d.example.com" % n
        bind.update("example.com", "update add _acme-challenge.%s. 60 TXT somebody-elses" % name)
        words = ["certonly", "--dns", provider, "-d", name, "-d", "*." + name, "--dns.resolvers", bind.address, "--dns-provider-dir", base.root + "/providers"]
        r, changes = killed_at(gear, box, n, words, env)
        return box, name, words, r, changes

    box, name, _, r, changes = run(0)
    assert r.rc == 0, r
    assert len(changes) >= 20 and any("journal" in c for c in changes), changes
    assert bind.txt("_acme-challenge." + name) == ["somebody-elses"] and not left()
    bad = []
    # records come and go between two writes to the journal: none of those is left out of a sample
    at = sorted({*points(len(changes)), *[i for i, c in enumerate(changes, 1) if c.split()[2] == "write" and "/journal/" in c]})
    for n in at:
        box, name, words, r, done = run(n)
        try:
            assert r.rc in (0, KILLED), r
            seen.append(len(bind.txt("_acme-challenge." + name)) > 1)
            again = box.signet("renew", env=env)
            assert bind.txt("_acme-challenge." + name) == ["somebody-elses"], again
            assert not left() and not set(journal(box)) - {"order"}, (left(), journal(box), again)
            box.signet(*words, env=env)
            assert box.lineage(name).names == {name, "*." + name} and bind.txt("_acme-challenge." + name) == ["somebody-elses"] and not left()
            assert journal_files(box) == []
        except (AssertionError, OSError, ValueError) as e:
            bad.append("killed before %s: %s: %s" % (done[-1] if done else "?", type(e).__name__, e))
        shutil.rmtree(box.root)
    figure("G1", "dns-01 by %s: killed at %d of %d changes, %d with records up, %d bad" % (provider, len(at), len(changes), sum(seen), len(bad)))
    assert not bad, "%d of %d bad\n%s" % (len(bad), len(seen), "\n".join(bad))
    return sum(seen)


def test_updates_killed_anywhere(crashpoint, world, tmp_path):  # noqa: F811
    bind = world[1]
    sweep(crashpoint, world, tmp_path, "rfc2136", bind.credentials(), lambda: [])


def test_a_provider_killed_anywhere(crashpoint, world, tmp_path):  # noqa: F811
    """Here the record's number is needed, too, which only the provider's answer tells."""
    api = world[2]
    assert sweep(crashpoint, world, tmp_path, "fake", {"FAKE_TOKEN": api.token, "FAKE_URL": api.url}, lambda: list(api.records.values()))
