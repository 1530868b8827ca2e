"""What goes wrong while a web server's configuration is changed: the same for each server (Nginx, Apache of this folder)."""
import contextlib
import os
import shutil
import subprocess

from test_crash import KILLED, program

from .box import execute
from .figures import figure
from .sample import some


def nothing_left(box, server, before):
    assert server.files() == before, "content, mode, owner and time"
    assert not os.path.exists(box.work + "/backups/IN_PROGRESS") and not os.path.exists(box.work + "/temp_checkpoint")


@contextlib.contextmanager
def mounted(path):
    """A file or folder as a mount of its own."""
    subprocess.run(["mount", "--bind", path, path], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True)


@contextlib.contextmanager
def read_only(folder):
    with mounted(folder):
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield


@contextlib.contextmanager
def no_room(folder):
    """The folder on a disk of its own, which is full."""
    kept = folder + ".kept"
    shutil.copytree(folder, kept, symlinks=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", folder], check=True)
    try:
        shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(kept)
        fd = os.open(folder + "/.filler", os.O_WRONLY | os.O_CREAT)
        with contextlib.suppress(OSError):
            while os.write(fd, b"x" * 4096):
                pass
        os.close(fd)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


class Killer:
    """Runs signet on one and the same place again and again, killed at change 1, 2, …; before each run everything is put back."""

    def __init__(self, crashpoint, box, server, kept, words):
        self.gear, self.box, self.server, self.kept, self.words = crashpoint, box, server, kept, words
        self.parts = [(server.etc, "server"), (box.config, "etc"), (box.work, "lib")]
        box.binary = program()
        for path, name in self.parts:
            shutil.copytree(path, kept + "/" + name, symlinks=True)

    def put_back(self):
        for path, name in self.parts:
            shutil.rmtree(path)
            shutil.copytree(self.kept + "/" + name, path, symlinks=True)
        self.server.reload()

    def run(self, n):
        notes = self.box.root + "/changes"
        roots = ":".join(path for path, _ in self.parts)
        argv = [self.gear, str(n), roots, notes, program(), *self.words] + self.box.common(self.words[0])
        r = execute(argv, self.box.env({"ASAN_OPTIONS": "detect_leaks=0"}), None, timeout=90, cwd=self.box.root)
        with open(notes) as f:
            return r, f.read().splitlines()

    def sweep(self, finish, most=1000):
        names = self.server.names()
        r, changes = self.run(0)
        assert r.rc == 0, r
        after = self.server.contents()
        assert len(changes) >= 10, changes
        bad = []
        for n in some(range(1, len(changes) + 1), most):
            self.put_back()
            r, done = self.run(n)
            if r.rc == 0:
                continue  # fewer changes than before
            try:
                assert r.rc == KILLED, r
                self.server.valid()
                assert names <= self.server.names(), "a site is gone"
                finish(after)
            except AssertionError as e:
                bad.append("killed before %d, %s: %s" % (n, done[-1] if done else "?", e))
        figure("G9", "%s, %s: killed at each of %d changes, %d bad" % (type(self.server).__name__, self.words[0], len(changes), len(bad)))
        assert not bad, "%d of %d bad\n%s" % (len(bad), len(changes), "\n".join(bad))
        return len(changes)
