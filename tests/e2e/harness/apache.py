"""A real Apache with a folder of settings of its own, on free ports, in Debian's layout."""
import os
import re
import shutil
import subprocess

from .nginx import Nginx
from .system import free_port, port_open, wait_until

SITE = """<VirtualHost *:{http}>
	# The site
	ServerName {first}
	{alias}
	DocumentRoot {root}/html/{first}
	ErrorLog ${{APACHE_LOG_DIR}}/error.log
</VirtualHost>
"""


class Apache:
    """`sites`: {name: names}; the first is the ServerName."""

    def __init__(self, root, http_port, sites, https_port=None):
        self.root, self.http, self.https = str(root), http_port, https_port or free_port()
        self.etc, self.run = self.root + "/apache2", self.root + "/run"
        os.makedirs(self.run)
        shutil.copytree("/etc/apache2", self.etc, symlinks=True)
        for f in os.listdir(self.etc + "/sites-enabled") + os.listdir(self.etc + "/conf-enabled"):
            for d in ("sites-enabled", "conf-enabled"):
                if os.path.lexists("%s/%s/%s" % (self.etc, d, f)):
                    os.unlink("%s/%s/%s" % (self.etc, d, f))
        self.write("ports.conf", "# ports\nListen %d\n" % self.http)
        with open(self.etc + "/apache2.conf", "a") as f:
            f.write("\nServerName localhost\nServerRoot %s\n<Directory %s>\n\tRequire all granted\n</Directory>\n" % (self.etc, self.root))
        self.ctl = self.root + "/apachectl"
        with open(self.ctl, "w") as f:
            f.write("#!/bin/sh\nexport APACHE_RUN_USER=www-data APACHE_RUN_GROUP=www-data APACHE_RUN_DIR=%s APACHE_LOG_DIR=%s APACHE_LOCK_DIR=%s "
                    "APACHE_PID_FILE=%s/apache2.pid\nset -- \"$@\"\ncase $1 in\nconfigtest) set -- -t;;\ngraceful|start|stop) set -- -k $1;;\nesac\n"
                    "exec /usr/sbin/apache2 -d %s -f %s/apache2.conf \"$@\"\n" % ((self.run,) * 4 + (self.etc, self.etc)))
        os.chmod(self.ctl, 0o755)
        os.chmod(self.root, 0o755)
        for name, names in sites.items():
            self.site(name, names)

    def site(self, name, names):
        os.makedirs("%s/html/%s" % (self.root, names[0]), exist_ok=True)
        with open("%s/html/%s/index.html" % (self.root, names[0]), "w") as f:
            f.write("plain %s\n" % names[0])
        alias = "ServerAlias " + " ".join(names[1:]) if len(names) > 1 else "# no alias"
        self.write("sites-available/%s.conf" % name, SITE.format(http=self.http, first=names[0], alias=alias, root=self.root))
        os.symlink("../sites-available/%s.conf" % name, "%s/sites-enabled/%s.conf" % (self.etc, name))

    write, read, files, contents, curl, leaf = Nginx.write, Nginx.read, Nginx.files, Nginx.contents, Nginx.curl, Nginx.leaf

    def control(self, *words, check=True):
        return subprocess.run([self.ctl, *words], capture_output=True, text=True, check=check)

    def start(self):
        self.control("start")
        wait_until(lambda: port_open(self.http), 20, "Apache to listen")
        return self

    def stop(self):
        self.control("stop", check=False)
        wait_until(lambda: not os.path.exists(self.run + "/apache2.pid"), 20, "Apache to end")

    def reload(self):
        self.control("graceful")

    def names(self):
        """Every name that Apache itself sees."""
        p = self.control("-t", "-D", "DUMP_VHOSTS", check=False)
        assert p.returncode == 0, p.stderr
        return set(re.findall(r"(?:namevhost|alias) (\S+)", p.stdout + p.stderr))

    def valid(self):
        p = self.control("configtest", check=False)
        assert p.returncode == 0, p.stderr
        return True

    def words(self):
        return ["--apache-server-root", self.etc, "--apache-ctl", self.ctl, "--https-port", str(self.https), "--http-01-port", str(self.http)]
