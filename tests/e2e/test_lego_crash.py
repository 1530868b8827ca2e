"""SIGKILL at every change that lego's face makes below .lego: the next run puts everything right by itself."""
import concurrent.futures
import json
import os
import shutil

import faultproxy as fault
import pytest
from harness.box import execute
from harness.certs import load_cert, load_key, read, spki
from harness.figures import figure
from harness.lego import LegoBox
from harness.webserver import WebServer
from test_crash import KILLED, crashpoint, program  # noqa: F401

NAME = "crash.lego.test"


@pytest.fixture
def ca(make_pebble):
    """Authorizations are used again, so that no run needs the port and several can go on at once."""
    return make_pebble(authz_reuse=100)


def words(box, *rest):
    return [*box.common(), "--email", "a@lego.test", "-d", NAME, "--pem", *box.http(), *rest]


def lego():
    return [os.path.dirname(program()) + "/lego"]


def killed_at(gear, box, n, line):
    notes = box.root + "/changes"
    argv = [gear, str(n), box.path, notes, *box.program, *line]
    r = execute(argv, box.env({"ASAN_OPTIONS": "detect_leaks=0"}), None, timeout=90, cwd=box.root)
    with open(notes) as f:
        return r, f.read().splitlines()


def fits(box):
    cert, key = load_cert(box.cert(NAME)), load_key(box.cert(NAME, ".key"))
    return spki(cert.public_key()) == spki(key.public_key())


def check_whole(box):
    """One certificate with its key, the same in every file, nothing of ours beside them."""
    assert fits(box)
    crt, key = read(box.cert(NAME)), read(box.cert(NAME, ".key"))
    assert read(box.cert(NAME, ".pem")) == crt + key
    json.loads(read(box.cert(NAME, ".json")))
    assert sorted(os.listdir(box.path + "/certificates")) == sorted(NAME + e for e in (".crt", ".issuer.crt", ".json", ".key", ".pem"))
    assert sorted(os.listdir(box.path)) == ["accounts", "certificates"], os.listdir(box.path)


def sweep(gear, base, ca, tmp_path, line, again):
    whole = LegoBox(shutil.copytree(base.root, tmp_path / "whole"), ca, lego())
    r, changes = killed_at(gear, whole, 0, line)
    assert r.rc == 0 and len(changes) >= 10, r

    def one(n):
        box = LegoBox(shutil.copytree(base.root, tmp_path / ("at%d" % n)), ca, lego())
        r, done = killed_at(gear, box, n, line)
        if r.rc != KILLED:
            return None if r.rc == 0 else "%d: ended by itself with %d\n%s" % (n, r.rc, r)
        try:
            again(box)
        except (AssertionError, OSError, ValueError) as e:
            return "killed before %s: %s: %s" % (done[-1] if done else "?", type(e).__name__, e)
        finally:
            shutil.rmtree(box.root)
        return None

    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        bad = [b for b in pool.map(one, range(1, len(changes) + 3)) if b]
    assert not bad, "%d of %d bad\n%s" % (len(bad), len(changes), "\n".join(bad))


def test_a_renewal_killed_anywhere(crashpoint, ca, tmp_path):  # noqa: F811
    base = LegoBox(tmp_path / "base", ca)
    base.run(*words(base, "run"))

    def again(box):
        noted = os.path.exists(box.path + "/certificates/.%s.signet-save" % NAME)
        assert noted or fits(box), "a pair that does not fit is on its way to be put right"
        box.run(*words(box, "renew", "--no-random-sleep", "--ari-disable"))
        assert fits(box), "even where nothing is due"
        box.run(*words(box, "renew", "--no-random-sleep", "--days", "1000"))
        check_whole(box)

    sweep(crashpoint, base, ca, tmp_path, words(base, "renew", "--no-random-sleep", "--days", "1000"), again)


def test_a_first_run_killed_anywhere(crashpoint, ca, tmp_path):  # noqa: F811
    """Each has an account of its own and must prove the name: through one webroot, as one port is too few."""
    base = LegoBox(tmp_path / "base", ca)
    os.mkdir(tmp_path / "www")

    def line(box):
        return [*box.common(), "--email", "a@lego.test", "-d", NAME, "--pem", "--http", "--http.webroot", str(tmp_path / "www"), "run"]

    def again(box):
        box.run(*line(box))
        check_whole(box)
        assert json.loads(read(box.account() + "/account.json"))["registration"]["uri"].startswith("https://")

    with WebServer(ca.http_port, {NAME: str(tmp_path / "www")}):
        sweep(crashpoint, base, ca, tmp_path, line(base), again)
    left = [f for _, _, files in os.walk(tmp_path / "www") for f in files]
    assert left == [], "answers of killed runs are taken away by those after them"


@pytest.mark.parametrize("lose", ["the answer", "every answer", "nothing, but refuse"])
def test_a_change_of_the_accounts_key_whose_answer_is_lost(ca, tmp_path, lose):
    """The repetition is refused, as the CA has the new key by then: it is the one that is kept, not thrown away."""
    rule = {"the answer": fault.once("keyChange", fault.lost()), "every answer": fault.always("keyChange", fault.lost()),
            "nothing, but refuse": fault.once("keyChange", fault.problem(403, "unauthorized"))}[lose]
    email = ["--email", "a@lego.test"]
    with fault.FaultProxy(ca) as proxy:
        box = LegoBox(tmp_path / "box", proxy, lego())
        box.run("accounts", "register", *box.common(), *email)
        (key,) = [os.path.join(at, f) for at, _, files in os.walk(box.path) for f in files if f.endswith(".key")]
        old = read(key)
        proxy.start(rule)
        box.run("accounts", "keyrollover", *box.common(), *email, check=None)
        proxy.start(None)
        box.run("accounts", "recover", *box.common(), *email)
        assert (read(key) == old) == (lose == "nothing, but refuse")
        assert [f for _, _, files in os.walk(box.path) for f in files if f.startswith(".")] == []


def test_a_change_of_the_accounts_key_killed_anywhere(crashpoint, ca, tmp_path):  # noqa: F811
    """The CA may know one key and the tree another for a moment: the next command asks which holds, and the account stays the same one."""
    email = ["--email", "a@lego.test"]

    def fresh(name):
        box = LegoBox(tmp_path / name, ca, lego())
        box.run("accounts", "register", *box.common(), *email)
        return box, ["accounts", "keyrollover", *box.common(), *email]

    def url(box):
        (found,) = [os.path.join(at, f) for at, _, files in os.walk(box.path) for f in files if f == "account.json"]
        return json.loads(read(found))["registration"]["accountURL"]

    def one(n):
        box, line = fresh("at%d" % n)
        known = url(box)
        r, done = killed_at(crashpoint, box, n, line)
        if r.rc != KILLED:
            return None if r.rc == 0 else "%d: ended by itself with %d\n%s" % (n, r.rc, r)
        try:
            box.run(*line)
            box.run("accounts", "recover", *box.common(), *email)
            assert url(box) == known
            left = [f for _, _, files in os.walk(box.path) for f in files if f.startswith(".")]
            assert left == [], left
        except (AssertionError, OSError, ValueError) as e:
            return "killed before %s: %s: %s" % (done[-1] if done else "?", type(e).__name__, e)
        finally:
            shutil.rmtree(box.root)
        return None

    box, line = fresh("whole")
    r, changes = killed_at(crashpoint, box, 0, line)
    assert r.rc == 0 and len(changes) >= 10, r
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        bad = [b for b in pool.map(one, range(1, len(changes) + 1)) if b]
    figure("G1", "accounts keyrollover: killed at each of %d changes, %d bad" % (len(changes), len(bad)))
    assert not bad, "%d of %d bad\n%s" % (len(bad), len(changes), "\n".join(bad))
