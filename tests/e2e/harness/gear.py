"""The programs of tests/fault, compiled when they are first asked for."""
import atexit
import functools
import shutil
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
