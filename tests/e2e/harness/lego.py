"""lego's face and the real lego, each on a folder of its own, and what there is to compare."""
import functools
import json
import os
import re
import stat
import subprocess

from harness.box import execute, signet_binary
from harness.certs import pem_blocks, read

SETUP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "setup")


@functools.lru_cache(maxsize=None)
def newest(name, version, *packages):
    """Folder of recent packages, unpacked (tests/setup/newest)."""
    p = subprocess.run([SETUP + "/newest", name, version, *packages], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert p.returncode == 0, p.stderr
    return p.stdout.strip().splitlines()[-1]


def real_lego():
    return newest("lego", "4.35", "lego", "acme.sh") + "/usr/bin/lego"


class LegoBox:
    """One folder; `path` is its .lego. `program`: which of the two works there."""

    def __init__(self, root, ca, program=None):
        self.root, self.ca = str(root), ca
        self.program = program or [os.path.dirname(signet_binary()) + "/lego"]
        self.path = self.root + "/.lego"
        os.makedirs(self.root, exist_ok=True)

    def env(self, extra=None):
        e = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.root, "LC_ALL": "C.UTF-8", "TZ": "UTC",
             "LEGO_CA_CERTIFICATES": self.ca.ca_file, "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
             "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "detect_leaks=1")}
        e.update(extra or {})
        return {k: v for k, v in e.items() if v is not None}

    def run(self, *words, check=0, env=None, input="", timeout=120, program=None):
        """The words as they are."""
        return execute([*(program or self.program), *words], self.env(env), check, input, timeout, self.root, 0o022)

    def common(self):
        return ["--server", self.ca.url, "--accept-tos"]

    def http(self):
        return ["--http", "--http.port", "127.0.0.1:%d" % self.ca.http_port]

    def obtain(self, *names, args=(), run=(), email="a@lego.test", **kw):
        words = [w for n in names for w in ("-d", n)]
        return self.run(*self.common(), "--email", email, *words, *self.http(), *args, "run", *run, **kw)

    def renew(self, *names, args=(), renew=(), email="a@lego.test", **kw):
        words = [w for n in names for w in ("-d", n)]
        return self.run(*self.common(), "--email", email, *words, *self.http(), *args, "renew", "--no-random-sleep", *renew, **kw)

    # ---- looking ----

    def cert(self, name, ext=".crt"):
        return self.path + "/certificates/" + name + ext

    def account(self, email="a@lego.test"):
        host = "127.0.0.1_%d" % self.ca.port
        return self.path + "/accounts/%s/%s" % (host, email)

    def tree(self):
        """Every folder and file below .lego: mode and what is in it, with what differs from run to run taken out."""
        found = {}
        for folder, folders, files in os.walk(self.path):
            for n in folders + files:
                full = folder + "/" + n
                rel = re.sub(r"archives/\d+\.", "archives/T.", os.path.relpath(full, self.path))
                found[rel] = ("%04o" % stat.S_IMODE(os.lstat(full).st_mode), content(full))
        return found


def shape(value):
    """A JSON document without its strings."""
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shape(v) for v in value]
    return type(value).__name__


def content(path):
    if os.path.isdir(path):
        return "folder"
    data = read(path)
    if path.endswith(".json"):
        text = data.decode()
        doc = json.loads(text)
        assert text == json.dumps(doc, indent="\t", ensure_ascii=False), "not indented as Go does: " + path
        return shape(doc)
    if path.endswith(".pfx"):
        return "pkcs12"
    return [label for label in re.findall(rb"-----BEGIN ([A-Z0-9 ]+)-----", data)]


def pem_count(path):
    return len(pem_blocks(read(path)))
