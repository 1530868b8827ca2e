"""Ports, processes and waiting. Nothing here sleeps for a fixed time in place of asking whether something is ready."""
import ctypes
import os
import random
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_given = set()


def free_port():
    """A TCP port that is free on every address, below the range from which the kernel takes ports for outgoing connections."""
    # a share for each worker, so that none takes what another has just chosen and not bound yet
    share = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 4
    for _ in range(500):
        port = random.randrange(10000 + 5500 * share, 15500 + 5500 * share)
        if port in _given:
            continue
        try:
            for family, kind, host in ((socket.AF_INET, socket.SOCK_STREAM, "0.0.0.0"), (socket.AF_INET, socket.SOCK_DGRAM, "0.0.0.0"),
                                       (socket.AF_INET6, socket.SOCK_STREAM, "::")):
                with socket.socket(family, kind) as s:
                    if family == socket.AF_INET6:
                        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    s.bind((host, port))
        except OSError as e:
            if family == socket.AF_INET6 and not isinstance(e, PermissionError) and e.errno in (97, 99):
                pass  # no IPv6 here: two addresses are all there are
            else:
                continue
        _given.add(port)
        return port
    raise RuntimeError("no free port found in 500 tries")


def wait_until(test, seconds, what, every=0.02):
    """The first true value of test(), asked again and again; RuntimeError after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise RuntimeError("waited %s s in vain for %s" % (seconds, what))
        time.sleep(every)


def port_open(port, host="127.0.0.1"):
    with socket.socket() as s:
        s.settimeout(0.5)
        return s.connect_ex((host, port)) == 0


def die_with_parent():
    """Run in a child before exec: it ends when we end, however we end."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """A child that serves: started, waited for by its port, stopped; its output goes to a file."""

    def __init__(self, argv, log, port, env=None):
        self.argv, self.log, self.port = argv, log, port
        with open(log, "ab") as out:
            self.proc = subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                         env=dict(os.environ, **(env or {})), preexec_fn=die_with_parent)
        try:
            wait_until(self._ready, 20, "%s to listen on port %d" % (os.path.basename(argv[0]), port))
        except RuntimeError:
            self.stop()
            raise

    def _ready(self):
        if self.proc.poll() is not None:
            with open(self.log, errors="replace") as f:
                raise RuntimeError("%s ended at once:\n%s" % (self.argv[0], f.read()[-2000:]))
        return port_open(self.port)

    def stop(self):
        if self.proc.poll() is None:
            self.proc.terminate()
            try:
                self.proc.wait(5)
            except subprocess.TimeoutExpired:
                self.proc.kill()
        self.proc.wait()
