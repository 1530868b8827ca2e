"""The programs of tests/fault, compiled when they are first asked for."""
import atexit
import functools
import os
import shutil
import struct
import subprocess
import tempfile

from .ca import ROOT

FAULT = ROOT + "/tests/fault/"
SHARED = ["trace.c", "trace_calls.c"]


@functools.lru_cache(None)
def folder():
    made = tempfile.mkdtemp(prefix="gear-")
    atexit.register(shutil.rmtree, made, True)
    return made


@functools.lru_cache(None)
def tool(name):
    """crashpoint, failpoint or powertrace: its path."""
    exe = "%s/%s" % (folder(), name)
    subprocess.run(["cc", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-o", exe] + [FAULT + f for f in [name + ".c"] + SHARED], check=True)
    return exe


def shimmed(program, at, shim, state, names=("signet", "signet-talker")):
    """Copies of these programs in the folder `at` that load tests/fault/SHIM.c, whose state is that file; signet's path."""
    lib = "%s/%s.so" % (at, shim)
    subprocess.run(["cc", "-D_GNU_SOURCE", "-DSHIM_STATE=\"%s\"" % state, "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", lib,
                    "%s%s.c" % (FAULT, shim)], check=True)
    for name in names:
        shutil.copy(os.path.join(os.path.dirname(program), name), at)
        subprocess.run(["patchelf", "--add-needed", lib, at + "/" + name], check=True)
    return at + "/signet"


class Clocked:
    """Copies of signet's programs whose clocks can be set while they run: set(wall=seconds, mono=seconds), beside the true ones."""

    LAYOUT = "qqQ"

    def __init__(self, program, at):
        self.state = at + "/clock"
        with open(self.state, "wb") as f:
            f.write(bytes(struct.calcsize(self.LAYOUT)))
        self.signet = shimmed(program, at, "clockshim", self.state, ("signet", "signet-talker", "signet-dns"))

    def set(self, wall=0, mono=0):
        with open(self.state, "r+b") as f:  # in place: it is mapped
            f.write(struct.pack(self.LAYOUT, int(wall * 1000), int(mono * 1000), 0))

    def asked(self):
        """Did anybody ask what time it is since then? Without that a test shows nothing."""
        with open(self.state, "rb") as f:
            return struct.unpack(self.LAYOUT, f.read())[2]


class Shimmed:
    """Copies of signet and signet-talker whose allocations can be made to fail: set(role, n), run, then count, failed, crashed."""

    LAYOUT = "16sQQQ16sii"

    def __init__(self, program, at):
        self.signet, self.state = at + "/signet", at + "/state"
        self.set("", 0)
        shimmed(program, at, "mallocshim", self.state)

    def set(self, role, n):
        with open(self.state, "wb") as f:
            f.write(struct.pack(self.LAYOUT, role.encode(), n, 0, 0, b"", 0, 0))

    def look(self):
        with open(self.state, "rb") as f:
            _, _, self.count, self.failed, crashed, self.signal, self.ours = struct.unpack(self.LAYOUT, f.read())
        self.crashed = crashed.rstrip(b"\0").decode()
        return self
