"""A box: one fresh tree of config, work and logs, one CA, and the programs that work on it."""
import os
import subprocess
import time

from .ca import ROOT
from .certs import Lineage


def signet_binary():
    path = os.environ.get("SIGNET_BIN") or ROOT + "/build-asan/signet"
    if not os.access(path, os.X_OK):
        raise RuntimeError("%s is not there: build it (make check does), or say where it is with SIGNET_BIN" % path)
    return path


class Result:
    def __init__(self, argv, rc, out, err, seconds):
        self.argv, self.rc, self.out, self.err, self.seconds = argv, rc, out, err, seconds

    @property
    def words(self):
        """Both outputs, flat."""
        return flat(self.out + " " + self.err)

    def says(self, text):
        """True when stdout has these words, in this order, however the lines are broken."""
        return flat(text) in flat(self.out)

    def complains(self, text):
        """The same of stderr."""
        return flat(text) in flat(self.err)

    def __str__(self):
        return "$ %s\nexit status %s after %.2f s\n--- stdout\n%s--- stderr\n%s" % (" ".join(self.argv), self.rc, self.seconds, self.out, self.err)

    __repr__ = __str__


def flat(text):
    """The text with every run of blanks and line ends as one space: certbot wraps long lines, and leaves blanks at the ends of some."""
    return " ".join(text.split())


class Failed(AssertionError):
    pass


def execute(argv, env, check=0, input=None, timeout=90, cwd=None, umask=None):
    """Runs argv to its end. `check`: the exit status that it must have (None: any)."""
    begin = time.monotonic()
    try:
        p = subprocess.run([str(a) for a in argv], env=env, cwd=cwd, capture_output=True, timeout=timeout, umask=-1 if umask is None else umask,
                           **({"stdin": subprocess.DEVNULL} if input is None else {"input": input.encode()}))
    except subprocess.TimeoutExpired as e:
        raise Failed("still running after %d s: %s\n%s\n%s" % (timeout, " ".join(map(str, argv)), e.stdout, e.stderr))
    r = Result([str(a) for a in argv], p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace"), time.monotonic() - begin)
    for mark in ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:"):
        if mark in r.err or mark in r.out:
            raise Failed("the sanitizers complain\n%s" % r)
    if check is not None and r.rc != check:
        raise Failed("exit status %s expected\n%s" % (check, r))
    return r


class Box:
    def __init__(self, root, ca):
        self.root, self.ca = str(root), ca
        self.config, self.work, self.logs = (self.root + "/" + d for d in ("etc", "lib", "log"))
        self.binary = signet_binary()
        os.makedirs(self.root + "/home", exist_ok=True)

    # ---- running ----

    def env(self, extra=None):
        """A small environment, the same wherever the tests run. None as a value takes a variable away."""
        e = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.root + "/home", "LC_ALL": "C.UTF-8",
             "REQUESTS_CA_BUNDLE": self.ca.ca_file if self.ca else "", "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
             "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "detect_leaks=1"),
             "PYTHONWARNINGS": "ignore"}
        e.update(extra or {})
        return {k: v for k, v in e.items() if v is not None}

    def dirs(self):
        return ["--config-dir", self.config, "--work-dir", self.work, "--logs-dir", self.logs]

    def common(self, verb, server=True):
        args = self.dirs() + ["-n"]
        if server:
            args += ["--server", self.ca.url]
        if verb in ("certonly", "run", "renew", "reconfigure"):
            args += ["--http-01-port", str(self.ca.http_port)]
        if verb == "renew":
            args += ["--no-random-sleep-on-renew"]
        return args

    def signet(self, *args, env=None, input=None, check=0, bare=False, server=True, timeout=90, cwd=None, umask=None):
        """Runs signet on this tree with the given words (the verb first); `bare`: with these words only."""
        argv = [self.binary, *args] + ([] if bare else self.common(args[0], server))
        return execute(argv, self.env(env), check, input, timeout, cwd or self.root, umask)

    def certbot(self, *args, env=None, check=0, server=True, timeout=120):
        """The real certbot on the same tree."""
        return execute(["/usr/bin/certbot", *args] + self.common(args[0], server), self.env(env), check, None, timeout, self.root)

    def issue(self, *names, args=(), env=None, check=0, timeout=90, program=None):
        """certonly --standalone for the names, agreeing to everything."""
        words = [w for n in names for w in ("-d", n)]
        return (program or self.signet)("certonly", "--standalone", *words, "--agree-tos", "--register-unsafely-without-email", *args, env=env,
                                        check=check, timeout=timeout)

    # ---- looking ----

    def lineage(self, name):
        return Lineage(self.config, name)

    def lineages(self):
        folder = self.config + "/renewal"
        return sorted(f[:-5] for f in os.listdir(folder) if f.endswith(".conf")) if os.path.isdir(folder) else []

    def entries(self, folder):
        """What is in a folder of the configuration; nothing when there is no such folder."""
        path = os.path.join(self.config, folder)
        return sorted(os.listdir(path)) if os.path.isdir(path) else []

    def account_dirs(self):
        """The accounts' folders, of every server."""
        found = []
        for at, _, files in os.walk(self.config + "/accounts"):
            if "private_key.json" in files:
                found.append(at)
        return sorted(found)

    def snapshot(self, top=None):
        """{path: (kind, mode, content)} of everything below the tree (locks and logs left out): to see that nothing changed."""
        top = top or self.config
        found = {}
        for at, dirs, files in os.walk(top):
            for n in dirs + files:
                p = os.path.join(at, n)
                if n == ".certbot.lock":
                    continue
                st = os.lstat(p)
                if os.path.islink(p):
                    what = ("link", 0, os.readlink(p))
                elif os.path.isdir(p):
                    what = ("dir", st.st_mode, None)
                else:
                    with open(p, "rb") as f:
                        what = ("file", st.st_mode, f.read())
                found[os.path.relpath(p, top)] = what
        return found

    def log(self):
        with open(self.logs + "/letsencrypt.log", errors="replace") as f:
            return f.read()

    def script(self, name, body):
        """An executable shell script in the box."""
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write("#!/bin/sh\n" + body + "\n")
        os.chmod(path, 0o755)
        return path

    def file(self, name, text=None):
        """Reads a file of the box, or writes it."""
        path = os.path.join(self.root, name)
        if text is not None:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as f:
                f.write(text)
            return path
        with open(path) as f:
            return f.read()
