"""The processes that read what strangers send: what they are, what they know, what they may do."""
import base64
import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from harness.box import signet_binary
from harness.listener import Listener
from harness.system import free_port, wait_until

TALKER, SIGNER, RESPONDER = "signet-talker", "signet: signer", "signet: responder"
CONFINED = {TALKER, SIGNER, RESPONDER}


@pytest.fixture(scope="module")
def selftest():
    return subprocess.run([signet_binary(), "selftest", "--sandbox"], capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def whole(selftest):
    """Is this a build and a system on which everything is to be had? A build for a sanitizer has a wide filter and says so."""
    return all("sandbox of the %s: whole" % r in selftest.stdout for r in ("talker", "signer", "responder"))


# ---- an issuance that stands still while the CA looks ----


class Gate:
    """Stands on the port where the CA comes to, and lets nobody through to the real one before it is opened."""

    def __init__(self, port, target):
        self.target, self.arrived, self.opened = target, threading.Event(), threading.Event()
        self.listener = Listener(port, self._serve)

    def _serve(self, conn):
        self.arrived.set()
        self.opened.wait(60)
        try:
            with conn, socket.create_connection(("127.0.0.1", self.target)) as far:
                far.sendall(conn.recv(65536))
                while data := far.recv(65536):
                    conn.sendall(data)
        except OSError:
            pass  # nobody is there any more

    def close(self):
        self.opened.set()
        self.listener.close()


class Held:
    def __init__(self, box, *args, env=None, prefix=(), wait=True):
        self.port = free_port()
        self.gate = Gate(box.ca.http_port, self.port)
        words = [w if w != str(box.ca.http_port) else str(self.port) for w in box.common("certonly")]
        argv = [*prefix, signet_binary(), "certonly", "--standalone", "-d", "roles.example", "--agree-tos", "--register-unsafely-without-email", *args, *words]
        self.p = subprocess.Popen(argv, env=box.env(env), cwd=box.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        if wait and not self.gate.arrived.wait(30):
            self.p.kill()
            raise AssertionError(self.p.communicate()[0].decode())

    def finish(self):
        self.gate.opened.set()
        out = self.p.communicate(timeout=60)[0].decode()
        return self.p.returncode, out

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gate.close()
        if self.p.poll() is None:
            self.p.kill()
        self.p.wait()
        self.p.stdout.close()


def status(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def roles_of(pid):
    """{what it calls itself: pid} of a process's children."""
    found = {}
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(status(int(p))["PPid"]) == pid:
                with open("/proc/%s/cmdline" % p, "rb") as f:
                    found[os.path.basename(f.read().split(b"\0")[0].decode())] = int(p)
        except (OSError, KeyError):
            pass
    return found


# ---- memory ----


def memory(pid):
    """All of a process's memory that can be read, piece by piece."""
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            begin, end = (int(x, 16) for x in m.groups()) if m else (0, 0)
            # larger ones are the shadow memory of sanitizers
            if not m or "[v" in line or end - begin > 16 << 20:
                continue
            try:
                mem.seek(begin)
                yield mem.read(end - begin)
            except OSError:
                pass


def knows(pid, secret):
    """Does the number lie in the process's memory, as bytes, as OpenSSL's words, or as text?"""
    words = b"".join(secret[i:i + 8][::-1] for i in range(len(secret) - 8, -1, -8))
    forms = [secret, secret[::-1], words, secret.hex().encode(), base64.urlsafe_b64encode(secret).rstrip(b"=")]
    return any(form in piece for piece in memory(pid) for form in forms)


def account_scalar(box):
    (folder,) = box.account_dirs()
    with open(folder + "/private_key.json") as f:
        d = json.load(f)["d"]
    return base64.urlsafe_b64decode(d + "=" * (-len(d) % 4))


# ---- tests ----


def test_each_role_is_nobody_and_may_do_nothing(box, whole):
    with Held(box) as held:
        roles = roles_of(held.p.pid)
        assert set(roles) == CONFINED
        for name in CONFINED:
            s = status(roles[name])
            assert "0" not in s["Uid"].split() or os.getuid() != 0, name
            assert int(s["CapEff"], 16) == int(s["CapPrm"], 16) == int(s["CapInh"], 16) == 0, name
            assert s["NoNewPrivs"] == "1" and s["Seccomp"] == "2", name
            assert whole is False or s["Groups"].split() == [] or os.getuid() != 0, name
        assert held.finish()[0] == 0
    box.lineage("roles.example").check(version=1, names=["roles.example"])


def test_keys_are_where_they_are_needed_only(box):
    box.signet("register", "--agree-tos", "--register-unsafely-without-email")
    secret = account_scalar(box)
    assert len(secret) == 32
    with Held(box) as held:
        roles = roles_of(held.p.pid)
        assert knows(roles[SIGNER], secret), "the search finds what is there"
        assert not knows(roles[TALKER], secret)
        assert not knows(roles[RESPONDER], secret)
        # the certificate's key is made before the order is validated; it is in main until it is saved
        talker, responder = (b"".join(memory(roles[r])) for r in (TALKER, RESPONDER))
        assert held.finish()[0] == 0
    n = box.lineage("roles.example").key.private_numbers()
    cert_key = n.private_value.to_bytes(32, "big")
    words = b"".join(cert_key[i:i + 8][::-1] for i in range(24, -1, -8))
    for dump in (talker, responder):
        assert not any(form in dump for form in (cert_key, cert_key[::-1], words))


def test_roles_die_with_main(box):
    with Held(box) as held:
        roles = roles_of(held.p.pid)
        held.p.kill()
        held.p.wait()
        until = time.monotonic() + 5
        alive = dict(roles)
        while alive and time.monotonic() < until:
            alive = {n: p for n, p in alive.items() if os.path.exists("/proc/%d" % p) and status(p)["State"][0] not in "ZX"}
            time.sleep(0.01)
        assert not alive


@pytest.mark.parametrize("role", sorted(CONFINED))
def test_a_role_that_dies_ends_the_run_cleanly(box, role):
    with Held(box) as held:
        os.kill(roles_of(held.p.pid)[role], 9)
        rc, out = held.finish()
        assert rc == 1
        assert "Traceback" not in out and "AddressSanitizer" not in out
    assert not box.lineages()
    # and the next run is as any other
    box.issue("after.example")


@pytest.mark.parametrize("role", [TALKER, SIGNER])
def test_a_role_that_is_stopped_is_given_up(box, role):
    """It keeps its line open and says nothing: after ten seconds it is ended, and so is the run."""
    with Held(box) as held:
        os.kill(roles_of(held.p.pid)[role], signal.SIGSTOP)
        rc, out = held.finish()
        assert rc == 1 and "was stopped and did not go on" in " ".join(out.split()), out
        assert not roles_of(held.p.pid)
    assert not box.lineages()
    box.issue("after.example")


class Traced:
    """Holds a process as a debugger would: it does nothing, and is not stopped in a way that its parent hears of."""

    SEIZE, INTERRUPT, WALL = 0x4206, 0x4207, 0x40000000

    def __init__(self, pid):
        self.pid, self.libc = pid, ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        for request in (self.SEIZE, self.INTERRUPT):
            assert self.libc.ptrace(request, pid, None, None) == 0, os.strerror(ctypes.get_errno())
        os.waitpid(pid, self.WALL)
        # its end is told to the debugger first, and to its parent when that has taken note
        self.end = threading.Thread(target=os.waitpid, args=(pid, self.WALL), daemon=True)
        self.end.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.end.join(10)


def test_a_signer_that_does_not_answer_is_given_up(box):
    """Half a minute for one signature is enough, and the run says what became of it."""
    with Held(box) as held:
        signer = roles_of(held.p.pid)[SIGNER]
        with Traced(signer):
            begin = time.monotonic()
            rc, out = held.finish()
            assert rc == 1 and "the process that holds the keys did not answer in time" in " ".join(out.split()), out
            assert 20 < time.monotonic() - begin < 55
    assert not box.lineages()
    box.issue("after.example")


def test_a_role_that_goes_on_is_waited_for(box):
    with Held(box) as held:
        pids = [p for n, p in roles_of(held.p.pid).items() if n in (TALKER, SIGNER)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        held.gate.opened.set()
        for pid in pids:
            wait_until(lambda: status(pid)["State"][0] in "Tt", 5, "stopped")
            os.kill(pid, signal.SIGCONT)
        assert held.finish()[0] == 0
    box.lineage("roles.example").check(version=1)


def test_nobody_gets_into_a_role_by_its_name(box):
    for word in (SIGNER, RESPONDER):
        p = subprocess.run([word, "--version"], executable=signet_binary(), capture_output=True, text=True, env=box.env())
        assert p.returncode == 0
        p = subprocess.run([word, word], executable=signet_binary(), capture_output=True, text=True, env=box.env(), stdin=subprocess.DEVNULL, cwd=box.root)
        assert p.returncode == 2 and "usage" in p.stderr


def test_selftest_finds_all_denied(selftest, whole):
    rows = [line for line in selftest.stdout.splitlines() if re.search(r"  (denied|killed|ALLOWED|-)( |$)", line)]
    assert len(rows) >= 20
    if whole:
        assert selftest.returncode == 0, selftest.stdout
        assert "ALLOWED" not in selftest.stdout
        assert ", 0 allowed" in selftest.stdout
    else:
        assert re.search(r"sandbox of the talker: without", selftest.stdout)


def test_selftest_of_something_else_is_a_usage_error(box):
    assert box.signet("selftest", "--moon", bare=True, check=2).complains("usage")


# ---- systems that refuse ----

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
NUMBERS = {"x86_64": (0xC000003E, 317, 444, 446, 157), "aarch64": (0xC00000B7, 277, 444, 446, 167)}


def refuse_confinement(error):
    """Makes seccomp, landlock and prctl(PR_SET_SECCOMP) fail in this process and its children, as a container's filter does."""
    arch, seccomp, create, restrict, prctl = NUMBERS[os.uname().machine]
    libc = ctypes.CDLL(None, use_errno=True)
    fail, allow = 0x00050000 | error, 0x7FFF0000
    code = [(0x20, 0, 0, 0),
            (0x15, 4, 0, seccomp), (0x15, 3, 0, create), (0x15, 2, 0, restrict), (0x15, 0, 2, prctl),
            (0x20, 0, 0, 16), (0x15, 0, 1, PR_SET_SECCOMP), (0x06, 0, 0, fail), (0x06, 0, 0, allow)]
    # from a call that is refused at once one must jump over the look at prctl's argument
    code[1:5] = [(0x15, 5, 0, seccomp), (0x15, 4, 0, create), (0x15, 3, 0, restrict), (0x15, 0, 3, prctl)]

    class Filter(ctypes.Structure):
        _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]

    class Prog(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.POINTER(Filter))]

    rows = (Filter * len(code))(*[Filter(*c) for c in code])
    prog = Prog(len(code), rows)
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(prog), 0, 0) == 0


REFUSER = "import sys, os\nsys.path.insert(0, %r)\nimport test_roles\ntest_roles.refuse_confinement(int(sys.argv[1]))\nos.execv(sys.argv[2], sys.argv[2:])\n"


def refusing(error):
    return ["/usr/bin/python3", "-c", REFUSER % os.path.dirname(os.path.abspath(__file__)), str(error)]


@pytest.mark.parametrize("error", [1, 38], ids=["EPERM", "ENOSYS"])
def test_works_where_the_system_refuses_and_says_what_is_missing(box, error):
    sys_path = ":".join(os.environ.get("PYTHONPATH", "").split(":") + [os.path.dirname(os.path.abspath(__file__))])
    with Held(box, prefix=refusing(error), env={"PYTHONPATH": sys_path, "SIGNET_BIN": signet_binary()}) as held:
        roles = roles_of(held.p.pid)
        assert set(roles) == CONFINED
        for name in CONFINED:
            s = status(roles[name])
            assert "0" not in s["Uid"].split() or os.getuid() != 0
            assert int(s["CapEff"], 16) == 0
        rc, out = held.finish()
        assert rc == 0, out
    for role in ("talker", "signer", "responder"):
        assert re.search("sandbox of the %s: without .*a filter of its system calls" % role, box.log())


@pytest.mark.parametrize("error", [1, 38], ids=["EPERM", "ENOSYS"])
def test_require_sandbox_fails_closed(box, error):
    mark = box.ca.mark()
    with Held(box, "--require-sandbox", prefix=refusing(error), env={"SIGNET_BIN": signet_binary()}, wait=False) as held:
        rc, out = held.finish()
    assert rc == 1
    assert "--require-sandbox: this system lets the" in out and "a filter of its system calls" in out
    assert not box.ca.requests(mark), "the CA heard nothing"
    assert not box.lineages()


def test_require_sandbox_is_content_where_all_is_to_be_had(box, whole):
    r = box.issue("strict.example", args=["--require-sandbox"], check=0 if whole else 1)
    assert whole or r.complains("--require-sandbox")
    if whole:
        assert not re.search("^require_sandbox", box.file("etc/renewal/strict.example.conf"), re.M), "it is a matter of each run"


# ---- main ----


def test_main_speaks_to_nobody(box, tmp_path):
    """main binds its ports and hands them on; it connects to nothing and reads from no network."""
    trace = tmp_path / "trace"
    with Held(box, prefix=["strace", "-o", str(trace), "-e", "trace=network,accept,accept4"], env={"ASAN_OPTIONS": "detect_leaks=0"}) as held:
        rc, out = held.finish()
        assert rc == 0, out
    calls = [line for line in trace.read_text(errors="replace").splitlines() if re.match(r"\w+\(", line)]
    names = {line.split("(")[0] for line in calls}
    assert "bind" in names and "listen" in names
    assert not names & {"connect", "accept", "accept4", "recvfrom_inet"}, names
    inet = [line for line in calls if line.startswith("socket(AF_INET")]
    assert len(inet) == sum(line.startswith("bind(") for line in calls) <= 2
    # what it reads comes from its own processes, over nameless sockets
    assert all(re.match(r"socketpair\(AF_UNIX", line) for line in calls if line.startswith("socketpair"))
