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


class Shimmed:
    """Copies of signet and signet-talker whose allocations can be made to fail: set(role, n), run, then count, failed, crashed."""

    LAYOUT = "16sQQQ16sii"

    def __init__(self, program, at):
        self.signet, self.state = at + "/signet", at + "/state"
        self.set("", 0)
        shim = at + "/shim.so"
        subprocess.run(["cc", "-D_GNU_SOURCE", "-DSHIM_STATE=\"%s\"" % self.state, "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", shim,
                        FAULT + "mallocshim.c"], check=True)
        for name in ("signet", "signet-talker"):
            shutil.copy(os.path.join(os.path.dirname(program), name), at)
            subprocess.run(["patchelf", "--add-needed", shim, at + "/" + name], check=True)

    def set(self, role, n):
        with open(self.state, "wb") as f:
            f.write(struct.pack(self.LAYOUT, role.encode(), n, 0, 0, b"", 0, 0))

    def look(self):
        with open(self.state, "rb") as f:
            _, _, self.count, self.failed, crashed, self.signal, self.ours = struct.unpack(self.LAYOUT, f.read())
        self.crashed = crashed.rstrip(b"\0").decode()
        return self
