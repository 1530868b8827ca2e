"""The systemd unit that is shipped: how much it leaves open, by systemd's own count, and that it leaves what the program needs."""
import os
import re
import shutil
import subprocess

from harness.ca import ROOT
from harness.figures import figure
from test_crash import program

UNIT = ROOT + "/packaging/signet-renew.service"
STRICT = ROOT + "/packaging/strict.conf"


def exposure(path):
    p = subprocess.run(["systemd-analyze", "security", "--offline=true", path], capture_output=True, text=True, env=dict(os.environ, LC_ALL="C.UTF-8"))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", p.stdout)
    assert found, p.stdout + p.stderr
    return float(found.group(1))


def with_drop_in(tmp_path):
    unit = str(tmp_path / "signet-renew.service")
    os.mkdir(unit + ".d")
    shutil.copy(UNIT, unit)
    shutil.copy(STRICT, unit + ".d/strict.conf")
    return unit


def test_the_unit_is_confined_as_far_as_hooks_allow(tmp_path):
    plain, strict = exposure(UNIT), exposure(with_drop_in(tmp_path))
    figure("G12", "unit %.1f strict %.1f" % (plain, strict))
    assert plain <= 5.0 and strict <= 2.7


def members(group):
    """The system calls of a group, as systemd counts them."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True).stdout
    found = set()
    for line in text.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            found |= members(word)
        elif word and not word.startswith("#"):
            found.add(word)
    return found


def expand(words):
    return set().union(*(members(w) if w.startswith("@") else {w} for w in words))


def allowed(text):
    found = set()
    for line in re.findall(r"^SystemCallFilter=(.+)$", text, re.M):
        found = found - expand(line[1:].split()) if line.startswith("~") else found | expand(line.split())
    return found


def test_the_strict_filter_lets_the_program_work(box, tmp_path):
    """Every system call of every process of an issuance and a renewal is in the drop-in's list; the plain unit refuses none of them."""
    used = set()
    for n, words in enumerate((["certonly", "--standalone", "-d", "unit.example", "--agree-tos", "--register-unsafely-without-email"],
                               ["renew", "--force-renewal"])):
        notes = str(tmp_path / ("calls%d" % n))
        p = subprocess.run(["strace", "-f", "-qq", "-o", notes, program(), *words] + box.common(words[0]), env=box.env({"ASAN_OPTIONS": "detect_leaks=0"}),
                           cwd=box.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        assert p.returncode == 0, p.stdout
        with open(notes, errors="replace") as f:
            used |= {m.group(1) for m in re.finditer(r"^\d+ +([a-z_0-9]+)\(", f.read(), re.M)}
    assert {"openat", "setresuid", "execve", "renameat2"} <= used
    with open(STRICT) as f:
        missing = used - allowed(f.read())
    assert not missing, "the drop-in forbids what the program does: %s" % sorted(missing)
    with open(UNIT) as f:
        refused = used & expand(re.search(r"^SystemCallFilter=~(.+)$", f.read(), re.M).group(1).split())
    assert not refused, sorted(refused)
