"""A real nginx with a folder of settings of its own, on free ports, as Debian lays it out."""
import os
import re
import shutil
import subprocess

from .box import execute
from .system import Server, free_port, wait_until

NGINX = "/usr/sbin/nginx"
MAIN = """user root;
worker_processes 1;
pid {run}/nginx.pid;
error_log {run}/error.log notice;
include {etc}/modules-enabled/*.conf;

events {{
	worker_connections 64;
}}

http {{
	# Basic Settings
	access_log off;
	default_type application/octet-stream;
	client_body_temp_path {run}/body;
	proxy_temp_path {run}/proxy;
	fastcgi_temp_path {run}/fastcgi;
	uwsgi_temp_path {run}/uwsgi;
	scgi_temp_path {run}/scgi;
{http}
	include {etc}/conf.d/*.conf;
	include {etc}/sites-enabled/*;
}}
"""
SITE = """# a site
server {{
	listen {http};
	server_name {names};

	location / {{
		return 200 "plain {first}\\n";
	}}
}}
"""


class Nginx:
    """`sites`: {file name: text}, with {http} and {https} for the ports; they lie in sites-available and are linked to."""

    def __init__(self, root, http_port, sites, conf=None, extra="", https_port=None):
        self.root, self.http, self.https = str(root), http_port, https_port or free_port()
        self.etc, self.run = self.root + "/nginx", self.root + "/run"
        self.server = None
        for d in ("sites-available", "sites-enabled", "conf.d", "snippets", "modules-enabled"):
            os.makedirs(self.etc + "/" + d)
        os.makedirs(self.run)
        self.write("nginx.conf", (conf or MAIN).format(etc=self.etc, run=self.run, http=extra))
        for name, text in sites.items():
            self.site(name, text)

    def site(self, name, text):
        self.write("sites-available/" + name, text.replace("{http}", str(self.http)).replace("{https}", str(self.https)))
        os.symlink("../sites-available/" + name, self.etc + "/sites-enabled/" + name)

    def write(self, name, text):
        with open(self.etc + "/" + name, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())

    def read(self, name):
        with open(self.etc + "/" + name, "rb") as f:
            return f.read()

    def start(self):
        self.server = Server([NGINX, "-c", self.etc + "/nginx.conf", "-g", "daemon off;"], self.run + "/out.log", self.http)
        return self

    def stop(self):
        if self.server:
            self.server.stop()
        elif os.path.exists(self.run + "/nginx.pid"):
            subprocess.run([NGINX, "-c", self.etc + "/nginx.conf", "-s", "stop"], capture_output=True)
            wait_until(lambda: not os.path.exists(self.run + "/nginx.pid"), 10, "nginx to end")
        self.server = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # ---- looking ----

    def valid(self):
        """Does nginx take its configuration? Its words when not."""
        p = subprocess.run([NGINX, "-c", self.etc + "/nginx.conf", "-t"], capture_output=True, text=True)
        assert p.returncode == 0, p.stderr
        return True

    def files(self):
        """{name: (content, mode, owner, time)} of every file, links as what they lead to; nothing else may be there."""
        found = {}
        for at, _, names in os.walk(self.etc):
            for n in names:
                path = os.path.join(at, n)
                if n == ".certbot.lock":
                    continue
                st = os.stat(path)
                with open(path, "rb") as f:
                    found[os.path.relpath(path, self.etc)] = (f.read(), os.readlink(path) if os.path.islink(path) else st.st_mode, st.st_uid, st.st_mtime_ns)
        return found

    def contents(self):
        return {k: v[0] for k, v in self.files().items()}

    def log(self):
        with open(self.run + "/error.log", errors="replace") as f:
            return f.read()

    def reloads(self):
        return len(re.findall(r"signal 1 \(SIGHUP\) received", self.log()))

    def names(self):
        """Every server_name that nginx itself sees."""
        p = subprocess.run([NGINX, "-c", self.etc + "/nginx.conf", "-T"], capture_output=True, text=True, errors="replace")
        assert p.returncode == 0, p.stderr
        return {n for line in re.findall(r"^\s*server_name ([^;]*);", p.stdout, re.M) for n in line.split()}

    def reload(self):
        subprocess.run([NGINX, "-c", self.etc + "/nginx.conf", "-s", "reload"], check=True, capture_output=True)

    def curl(self, url, *args, check=0):
        """curl as a visitor: names lead here, certificates are not checked."""
        host = re.match(r"https?://([^/:]+)", url).group(1)
        port = self.https if url.startswith("https") else self.http
        url = url.replace(host, "%s:%d" % (host, port), 1)
        return execute(["curl", "-sS", "-k", "-i", "--noproxy", "*", "--max-time", "10", "--resolve", "%s:%d:127.0.0.1" % (host, port), *args, url],
                       dict(os.environ), check)

    def leaf(self, name, host="127.0.0.1"):
        """The certificate that is served for the name, as PEM."""
        p = subprocess.run(["openssl", "s_client", "-connect", "%s:%d" % (host, self.https), "-servername", name], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True)
        found = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", p.stdout, re.S)
        return found.group(0) if found else None

    def words(self):
        """Options that bring signet and certbot to this nginx."""
        return ["--nginx-server-root", self.etc, "--nginx-ctl", NGINX, "--https-port", str(self.https), "--http-01-port", str(self.http)]


def copy_tree(source, target):
    shutil.copytree(source, target, symlinks=True)
