"""Cases that fit nowhere else: two first runs at once, cores, locales."""
import os
import signal
import subprocess

from test_crash import program
from test_journal import AGREE
from test_roles import Held, roles_of


def test_two_first_runs_make_one_account(make_pebble, make_box):
    ca = make_pebble()
    box = make_box(ca)
    runs = [subprocess.Popen([program(), "register", *AGREE] + box.common("register"), env=box.env(), cwd=box.root, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(6)]
    texts = [p.communicate(timeout=60)[0].decode() for p in runs]
    assert len(box.account_dirs()) == 1 and ca.count("newAccount") == 1, texts
    assert any(p.returncode == 0 for p in runs)
    assert all("Another instance of" in t or "existing account" in t for t, p in zip(texts, runs) if p.returncode), texts


def test_a_crash_leaves_no_core(box):
    """Each process that holds a secret: no core may be written, whatever the caller's limit."""
    with Held(box, prefix=["prlimit", "--core=unlimited"]) as held:
        everybody = dict(roles_of(held.p.pid), main=held.p.pid)
        for name, pid in everybody.items():
            with open("/proc/%d/limits" % pid) as f:
                (line,) = [line for line in f if line.startswith("Max core file size")]
            assert line.split()[4:6] == ["0", "0"] or name == "main", "%s: %s" % (name, line)
            assert line.split()[4] == "0", "%s: %s" % (name, line)
        os.kill(everybody["signet: signer"], signal.SIGSEGV)
        held.finish()
    assert not [f for f in os.listdir(box.root) if f.startswith("core")]


def test_dates_do_not_depend_on_place_and_language(box):
    """What is stored and what machines read is the same under any TZ and locale."""
    box.issue("tz.example")
    said = set()
    for tz, locale in (("UTC", "C.UTF-8"), ("Asia/Kolkata", "tr_TR.UTF-8"), ("America/St_Johns", "ar_EG"), (":/nonexistent", "xx_YY"), ("%s%n", "C")):
        r = box.signet("certificates", env={"TZ": tz, "LC_ALL": locale, "LANGUAGE": "de:fr"}, server=False)
        said.add("".join(line for line in r.out.splitlines() if "Expiry" in line))
        box.lineage("tz.example").check(version=1)
    assert len(said) == 1, said
