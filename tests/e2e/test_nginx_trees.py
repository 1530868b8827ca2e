"""Configurations of the shapes that people have (tests/nginx/trees): read and printed byte for byte, installed in, accepted by nginx and
really served, taken back to the byte. In a tree, @ETC@, @RUN@, @HTTP@ and @HTTPS@ stand for what the test chooses; NAMES are the names
to install for."""
import os
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.box import Box, execute, signet_binary
from harness.ca import ROOT, openssl
from harness.figures import figure
from harness.nginx import Nginx
from harness.system import free_port
from test_crash import program

TREES = ROOT + "/tests/nginx/trees"
SHAPES = ["debian", "fedora", "arch", "alpine", "wordpress", "nextcloud", "rails", "proxy", "snippets", "tls", "odd"]
ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "detect_leaks=1")}


def files_of(top):
    return sorted(os.path.join(at, n) for at, _, names in os.walk(top) for n in names if n not in ("NAMES", ".keep") and not n.endswith(".pem"))


def printed(path, check=0, binary=None):
    p = subprocess.run([binary or signet_binary(), "dev", "nginx-print", path], env=ENV, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert p.returncode == check, p.stderr
    return p


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A certificate for all the names of all trees."""
    at = str(tmp_path_factory.mktemp("pair"))
    names = sorted({n for s in SHAPES for n in open("%s/%s/NAMES" % (TREES, s)).read().split()} | {"v%d.many.test" % i for i in range(60)})
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", at + "/key.pem", "-out", at + "/cert.pem", "-days", "30", "-subj", "/CN=x",
            "-addext", "subjectAltName=" + ",".join("DNS:" + n for n in names))
    return at


class Tree(Nginx):
    def __init__(self, shape, root, pair):
        self.root, self.http, self.https = root, free_port(), free_port()
        self.etc, self.run, self.server = root + "/nginx", root + "/run", None
        os.makedirs(self.run)
        subprocess.run(["cp", "-a", "%s/%s" % (TREES, shape), self.etc], check=True)
        words = {b"@ETC@": self.etc.encode(), b"@RUN@": self.run.encode(), b"@HTTP@": b"%d" % self.http, b"@HTTPS@": b"%d" % self.https}
        for path in files_of(self.etc) + [self.etc + "/" + n for n in ("cert.pem", "key.pem") if os.path.exists(self.etc + "/" + n)]:
            if os.path.islink(path):
                continue
            with open(path, "rb") as f:
                text = f.read()
            if path.endswith(".pem"):
                with open(pair + "/" + os.path.basename(path), "rb") as f:
                    text = f.read()
            for a, b in words.items():
                text = text.replace(a, b)
            with open(path, "wb") as f:
                f.write(text)

    def contents(self):
        return {k: v[0] for k, v in self.files().items()}


def install(box, tree, pair, names, *args, **kw):
    words = [w for n in names for w in ("-d", n)]
    return execute([signet_binary(), "install", "-n", "-i", "nginx", *box.dirs(), *tree.words(), "--cert-path", pair + "/cert.pem", "--key-path",
                    pair + "/key.pem", "--fullchain-path", pair + "/cert.pem", "--chain-path", pair + "/cert.pem", *words, *args], box.env(), **kw)


@pytest.mark.parametrize("shape", SHAPES + ["lua"])
def test_every_file_is_printed_as_it_is(shape):
    files = files_of("%s/%s" % (TREES, shape))
    assert files
    for path in files:
        with open(path, "rb") as f:
            assert printed(path).stdout == f.read(), path


def test_broken_files_are_refused_with_the_place():
    files = files_of(TREES + "/broken")
    assert len(files) >= 6
    for path in files:
        p = printed(path, check=1)
        assert p.stdout == b"" and re.match(rb"%s: line \d+, column \d+: \S" % re.escape(path.encode()), p.stderr), p.stderr


@pytest.mark.parametrize("shape", SHAPES)
def test_install_serve_and_take_back(shape, tmp_path, pair):
    box, tree = Box(tmp_path / "box", None), Tree(shape, str(tmp_path / "web"), pair)
    names = open("%s/%s/NAMES" % (TREES, shape)).read().split()
    before, seen = tree.files(), None
    with tree:
        seen = tree.names()
        install(box, tree, pair, names, "--hsts", "--redirect")
        tree.valid()
        assert seen <= tree.names(), "every site is still there"
        once = tree.files()
        for name in names:
            assert tree.leaf(name) == open(pair + "/cert.pem").read()
            answer = tree.curl("http://%s/where?to" % name).out
            assert answer.startswith("HTTP/1.1 301") and "Location: https://%s/where?to" % name in answer
            assert "Strict-Transport-Security: max-age=31536000" in tree.curl("https://%s/" % name).out.split("\r\n\r\n")[0] or \
                not tree.curl("https://%s/" % name).out.startswith("HTTP/1.1 2")
        for path, (text, *_) in tree.files().items():
            mine = [line for line in text.split(b"\n") if b"managed by Certbot" in line]
            crlf = b"\r\n" in before[path][0]
            assert all(line.endswith(b"\r") == crlf for line in mine), "the file's own line ends"
        for _ in range(3):
            install(box, tree, pair, names, "--hsts", "--redirect")
            assert tree.files() == once, "again: nothing to do"
        assert len(os.listdir(box.work + "/backups")) == 1
        execute([signet_binary(), "rollback", "-n", "-i", "nginx", *box.dirs(), *tree.words()], box.env())
        assert tree.files() == before


@pytest.mark.parametrize("shape", SHAPES)
def test_lines_that_are_not_ours_stay(shape, tmp_path, pair):
    """Without redirects: every line that goes is a listen of a server that was divided; all others are there, in order."""
    box, tree = Box(tmp_path / "box", None), Tree(shape, str(tmp_path / "web"), pair)
    names = open("%s/%s/NAMES" % (TREES, shape)).read().split()
    before = tree.contents()
    with tree:
        install(box, tree, pair, names, "--no-redirect")
    for path, text in tree.contents().items():
        old, new = before[path].split(b"\n"), text.split(b"\n")
        kept = iter(new)
        gone = [line for line in old if line not in kept and not any(line.startswith(n[:8]) for n in new)]
        added = len(new) - len(old)
        servers = max(1, before[path].count(b"server"))
        assert added <= 12 * servers, path
        if text != before[path] and b"\n" in before[path] and shape not in ("proxy", "odd", "tls"):
            assert gone == [], (path, gone)


def test_dozens_of_servers(tmp_path, pair):
    tree = Tree("debian", str(tmp_path / "web"), pair)
    box, names = Box(tmp_path / "box", None), ["v%d.many.test" % i for i in range(60)]
    for i, name in enumerate(names):
        tree.site(name, "server {\n    listen {http};\n    server_name %s;\n    location / { return 200 %d; }\n}\n" % (name, i))
    before = tree.files()
    with tree:
        install(box, tree, pair, names)
        assert tree.leaf(names[-1]) == open(pair + "/cert.pem").read()
        assert tree.curl("https://%s/" % names[37]).out.endswith("37")
        assert tree.reloads() <= 1
        execute([signet_binary(), "rollback", "-n", *box.dirs(), "--http-01-port", str(tree.http)], box.env())
        assert tree.files() == before


def test_a_shared_snippet_with_a_certificate_is_not_guessed_at(tmp_path, pair):
    tree = Tree("snippets", str(tmp_path / "web"), pair)
    tree.write("snippets/tls.conf", "listen %d ssl;\nssl_certificate %s/cert.pem;\nssl_certificate_key %s/key.pem;\n" % (tree.https, pair, pair))
    for n in (2, 3):
        text = tree.read("sites/s%d.conf" % n)
        tree.write("sites/s%d.conf" % n, text.replace(b"snippets/listen.conf;", b"snippets/listen.conf; include %s/snippets/tls.conf;" % tree.etc.encode()))
    before = tree.files()
    other = str(tmp_path / "other")
    os.mkdir(other)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", other + "/key.pem", "-out", other + "/cert.pem", "-days", "3", "-subj", "/CN=s2.test",
            "-addext", "subjectAltName=DNS:s2.test")
    with tree:
        r = install(Box(tmp_path / "box", None), tree, other, ["s2.test"], check=1)
    assert r.complains("cannot edit safely: %s/snippets/tls.conf, line 2 sets ssl_certificate for several servers" % tree.etc)
    assert tree.files() == before


# ---- a large one, made up ----

HEADS = ["# managed by puppet, do not edit\n", "", "## {name}\n\n", "#\n# Default server configuration of {name}\n#\n", "\n\n"]
NAMES = ["server_name {name} www.{name};", "server_name\t{name}\n\t\twww.{name}; # both", 'server_name "{name}" \'www.{name}\';', "server_name {name};server_name www.{name};"]
LISTENS = ["listen {http};", "listen {http};\n    listen [::]:{http};", "listen *:{http};", "listen 127.0.0.1:{http};\n\tlisten 127.0.0.2:{http};", "listen  {http} ; # plain"]
ROOTS = [
    "location / {\n        try_files $uri $uri/ /index.php?$args;\n    }\n    location ~ \\.php$ {\n        include @ETC@/snippets/php.conf;\n    }\n    location ~ /\\.ht { deny all; }",
    "location / {\n\tproxy_pass http://127.0.0.1:3000;\n\tproxy_set_header Host $host;\n\tproxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\tproxy_set_header Upgrade \"$http_upgrade\";\n}",
]
BODIES = [
    "root /var/www/{name};\n    index index.php index.html;",
    "location ^~ /static/ { alias '/srv/{name}/static/'; expires 30d; add_header Cache-Control \"public, max-age=2592000\"; }",
    "if ($host ~* ^www\\.(.*)$) { rewrite ^/(.*)$ $scheme://$1/$1 permanent; }",
    "location = /robots.txt { return 200 \"User-agent: *\\nDisallow: /{name}\\n\"; }\nerror_page 500 502 /50x.html;",
    "location ~* \"^/[a-z]{2,4}/(?<rest>.*)$\" { return 302 /${rest}; }",
    "access_log off;\n  # Gr\u00fc\u00dfe: \u2713 {name}\n  charset utf-8;",
    "client_max_body_size 64m;\r\n    gzip on;\r\n    gzip_types text/css application/json;",
]


def corpus(tree, files=500, servers=2000):
    """Files of the shapes that distributions and people have; the same each time. Returns the names."""
    pick, names = random.Random(5), []
    os.makedirs(tree.etc + "/snippets", exist_ok=True)
    tree.write("snippets/php.conf", "fastcgi_param QUERY_STRING $query_string;\nfastcgi_pass unix:/run/php/php-fpm.sock;\n")
    for i in range(files):
        text = ""
        for k in range(i, servers, files):
            name = "n%d.corpus.test" % k
            names.append(name)
            parts = [pick.choice(LISTENS), pick.choice(NAMES), pick.choice(ROOTS), *pick.sample(BODIES, 2)]
            indent = pick.choice(["    ", "\t", "  ", ""])
            block = pick.choice(HEADS) + pick.choice(["server {\n", "server\n{\n", "server{"]) + "".join(indent + p + "\n" for p in parts) + pick.choice(["}\n", "}\n\n", "}"])
            text += block.replace("{name}", name)
        if pick.random() < 0.1:
            text = text.replace("\r\n", "\n").replace("\n", "\r\n")
        tree.site("corpus%03d" % i, text.replace("@ETC@", tree.etc).rstrip("\n" if pick.random() < 0.2 else ""))
    return names


def test_a_large_corpus(tmp_path, pair):
    """500 files with 2,000 servers: nginx takes them, each is printed as it is, and what is installed in some is taken back to the byte."""
    tree = Tree("debian", str(tmp_path / "web"), pair)
    box, names = Box(tmp_path / "box", None), corpus(tree)
    assert len(names) == 2000 and tree.valid()
    files = [tree.etc + "/sites-available/corpus%03d" % i for i in range(500)]

    def same(path):
        with open(path, "rb") as f:
            return printed(path, binary=program()).stdout == f.read()  # the sanitizers have the fuzz target and the other trees

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(same, files))
    figure("G9", "nginx: %d files with %d servers, every byte is printed again" % (len(files), len(names)))
    before, some = tree.files(), names[::100]
    tree.start()
    try:
        install(box, tree, pair, some, "--no-verify-deploy", "--hsts")
        tree.valid()
        changed = {n for n, f in tree.files().items() if f != before.get(n)}
        assert 2 * 5 <= len(changed) <= 2 * 20 and all("/corpus" in n for n in changed), "only the files of these names"
        execute([signet_binary(), "rollback", "-n", "-i", "nginx", *box.dirs(), *tree.words()], box.env())
        assert tree.files() == before
    finally:
        tree.stop()
