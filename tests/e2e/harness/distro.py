"""Apache as other distributions lay it out, with Debian's program: in a mount namespace of its own with its own /etc, /run and /var/log,
so that signet finds os-release, settings, start options and programs where they are there. Nothing of the machine is changed."""
import os
import subprocess

from .apache import Apache
from .box import Box, execute, signet_binary
from .system import free_port, port_open, wait_until

APACHE = "/usr/sbin/apache2"
MODULES = "/usr/lib/apache2/modules"
BASE = ("mpm_event", "authz_core", "authz_host", "dir", "alias", "mime", "setenvif", "rewrite", "headers", "socache_shmcb")
SITE = """<VirtualHost *:{http}>
    ServerName {name}
    DocumentRoot "{root}/html/{name}"
</VirtualHost>
"""
SETTINGS = """User www-data
Group www-data
PidFile {root}/httpd.pid
ErrorLog {root}/error.log
ServerName localhost
TypesConfig /etc/mime.types
<Directory "{root}/html">
    Require all granted
</Directory>
"""


def load(*names):
    return "".join("LoadModule %s_module %s/mod_%s.so\n" % (n, MODULES, n) for n in names)


SSL_CONF = """Listen {https} https
<VirtualHost _default_:{https}>
    ErrorLog {root}/ssl_error_log
    SSLEngine on
    SSLCertificateFile /etc/pki/tls/certs/localhost.crt
    SSLCertificateKeyFile /etc/pki/tls/private/localhost.key
</VirtualHost>
"""
FEDORA = {
    "httpd/conf/httpd.conf": 'ServerRoot "/etc/httpd"\nListen {http}\nInclude conf.modules.d/*.conf\n' + SETTINGS + "IncludeOptional conf.d/*.conf\n",
    "httpd/conf.modules.d/00-base.conf": load(*BASE),
    "httpd/conf.modules.d/00-ssl.conf": load("ssl"),
    "httpd/conf.d/ssl.conf": SSL_CONF,
    "httpd/conf.d/a.conf": SITE.replace("{name}", "a.test"),
    "httpd/conf.d/b.conf": "<IfDefine WITH_B>\n" + SITE.replace("{name}", "b.test") + "</IfDefine>\n",
    "sysconfig/httpd": '# options\nOPTIONS="-D WITH_B -DINFO=1"\nLANG=C\n',
}
# It does not pass on what it does not know.
FEDORA_CTL = """. /etc/sysconfig/httpd
case $1 in
configtest) exec httpd $OPTIONS -t;;
graceful|start|stop|restart) exec httpd $OPTIONS -k $1;;
*) echo "Passing arguments to httpd using apachectl is no longer supported." >&2; exit 1;;
esac"""
PLAIN_CTL = """case $1 in
configtest) exec {program} -t;;
graceful|start|stop|restart) exec {program} -k $1;;
*) exec {program} "$@";;
esac"""

# os: text of os-release; files: below /etc; main: the main file; ctl: {program: text}; root: the folder of settings
DISTROS = {
    "fedora": {"os": 'ID=fedora\nVERSION_ID=40\n', "root": "httpd", "main": "httpd/conf/httpd.conf", "files": FEDORA, "ctl": {"apachectl": FEDORA_CTL, "httpd": ""}},
    "rocky": {"os": 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n', "root": "httpd", "main": "httpd/conf/httpd.conf", "files": FEDORA,
              "ctl": {"apachectl": FEDORA_CTL, "httpd": ""}},
    "suse": {
        "os": 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\n', "root": "apache2", "main": "apache2/httpd.conf",
        "files": {
            "apache2/httpd.conf": "Include /etc/apache2/loadmodule.conf\nInclude /etc/apache2/listen.conf\n" + SETTINGS + "IncludeOptional /etc/apache2/vhosts.d/*.conf\n",
            "apache2/loadmodule.conf": load(*BASE, "ssl"),
            "apache2/listen.conf": "Listen {http}\n<IfDefine SSL>\n    <IfDefine !NOSSL>\n\t<IfModule mod_ssl.c>\n\t    Listen {https}\n\t</IfModule>\n    </IfDefine>\n</IfDefine>\n",
            "apache2/vhosts.d/a.conf": SITE.replace("{name}", "a.test"),
            "apache2/vhosts.d/b.conf": SITE.replace("{name}", "b.test"),
        },
        "ctl": {"apachectl": PLAIN_CTL},
    },
    "gentoo": {
        "os": "ID=gentoo\n", "root": "apache2", "main": "apache2/httpd.conf",
        "files": {
            "apache2/httpd.conf": 'ServerRoot "/usr/lib/apache2"\n' + load(*BASE) + "<IfDefine SSL>\n" + load("ssl") + "</IfDefine>\n" + SETTINGS +
                                  "Include /etc/apache2/vhosts.d/*.conf\n",
            "apache2/vhosts.d/00_default_vhost.conf": "<IfDefine DEFAULT_VHOST>\nListen {http}\n" + SITE.replace("{name}", "a.test") + "</IfDefine>\n",
            "apache2/vhosts.d/00_default_ssl_vhost.conf": "<IfDefine SSL>\n<IfDefine SSL_DEFAULT_VHOST>\nListen {https}\n</IfDefine>\n</IfDefine>\n",
            "apache2/vhosts.d/b.conf": SITE.replace("{name}", "b.test"),
            "conf.d/apache2": 'APACHE2_OPTS="-D DEFAULT_VHOST -D INFO -D SSL -D LANGUAGE"\n',
        },
        # the words of the start script know the options, all else goes to Apache as it is
        "ctl": {"apache2ctl": """. /etc/conf.d/apache2
case $1 in
configtest) exec {program} $APACHE2_OPTS -t;;
graceful|start|stop|restart) exec {program} $APACHE2_OPTS -k $1;;
*) exec {program} "$@";;
esac"""},
    },
    "arch": {
        "os": "ID=arch\n", "root": "httpd", "main": "httpd/conf/httpd.conf",
        "files": {
            "httpd/conf/httpd.conf": 'ServerRoot "/etc/httpd"\nListen {http}\n' + load(*BASE, "ssl") + SETTINGS +
                                     "#Include conf/extra/httpd-ssl.conf\nInclude conf/extra/httpd-vhosts.conf\n",
            "httpd/conf/extra/httpd-vhosts.conf": "# Virtual Hosts\n" + SITE.replace("{name}", "a.test") + "\n" + SITE.replace("{name}", "b.test"),
        },
        "ctl": {"apachectl": PLAIN_CTL},
    },
    "void": {
        "os": "ID=void\n", "root": "apache", "main": "apache/httpd.conf",
        "files": {
            "apache/httpd.conf": 'ServerRoot "/etc/apache"\nListen {http}\n' + load(*BASE, "ssl") + SETTINGS + "Include /etc/apache/extra/httpd-vhosts.conf\n",
            "apache/extra/httpd-vhosts.conf": SITE.replace("{name}", "a.test") + SITE.replace("{name}", "b.test"),
        },
        "ctl": {"apachectl": PLAIN_CTL},
    },
}

PREPARE = """set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir -p /mnt/u /mnt/w
mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/u,workdir=/mnt/w /etc
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var/log
mkdir -p /run/httpd /run/apache2 /var/log/httpd /var/log/apache2
rm -rf /etc/apache2 /etc/os-release
echo ready
read end
"""


class Distro(Apache):
    """`name`: one of DISTROS. Its files are seen from outside below self.view."""

    def __init__(self, name, root, http_port):
        self.made, self.root, self.http, self.https = DISTROS[name], str(root), http_port, free_port()
        self.holder = subprocess.Popen(["unshare", "-m", "sh", "-c", PREPARE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "ready\n"
        self.view = "/proc/%d/root/etc" % self.holder.pid
        self.etc = "%s/%s" % (self.view, self.made["root"])
        self.place = "/etc/" + self.made["root"]
        os.makedirs(self.root + "/bin")
        os.chmod(self.root, 0o755)
        self.put("os-release", self.made["os"])
        for path, text in self.made["files"].items():
            for k, v in (("http", self.http), ("https", self.https), ("root", self.root)):
                text = text.replace("{%s}" % k, str(v))
            self.put(path, text)
        self.key_for_localhost()
        for name in ("a.test", "b.test"):
            os.makedirs("%s/html/%s" % (self.root, name))
            with open("%s/html/%s/index.html" % (self.root, name), "w") as f:
                f.write("plain %s\n" % name)
        program = "%s -d %s -f /etc/%s" % (APACHE, self.place, self.made["main"])
        for name, text in self.made["ctl"].items():
            self.program(name, text.replace("{program}", program) or 'exec %s "$@"' % program)
        self.ctl = self.root + "/bin/" + next(iter(self.made["ctl"]))

    def put(self, path, text):
        path = "%s/%s" % (self.view, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)

    def key_for_localhost(self):
        for d in ("certs", "private"):
            os.makedirs("%s/pki/tls/%s" % (self.view, d))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.view + "/pki/tls/private/localhost.key", "-out",
                        self.view + "/pki/tls/certs/localhost.crt", "-days", "30", "-subj", "/CN=localhost"], check=True, capture_output=True)

    def program(self, name, text):
        path = "%s/bin/%s" % (self.root, name)
        with open(path, "w") as f:
            f.write("#!/bin/sh\n" + text + "\n")
        os.chmod(path, 0o755)

    def inside(self, *argv):
        return ["nsenter", "-t", str(self.holder.pid), "-m", "--", *argv]

    def path(self):
        return self.root + "/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    def control(self, *words, check=True):
        return subprocess.run(self.inside(self.ctl, *words), capture_output=True, text=True, check=check, env={"PATH": self.path()})

    def start(self):
        self.control("start")
        wait_until(lambda: port_open(self.http), 20, "Apache to listen")
        return self

    def stop(self):
        self.control("stop", check=False)
        wait_until(lambda: not os.path.exists(self.root + "/httpd.pid"), 20, "Apache to end")
        self.holder.communicate("end\n")

    def words(self):
        """No folder, no program: the layout is to tell them."""
        return ["--https-port", str(self.https), "--http-01-port", str(self.http)]


class InsideBox(Box):
    """A box whose signet runs in the namespace of a Distro."""

    distro = None

    def signet(self, *args, env=None, input=None, check=0, bare=False, server=True, timeout=90, cwd=None, umask=None):
        argv = self.distro.inside(signet_binary(), *args, *([] if bare else self.common(args[0], server)))
        return execute(argv, self.env({"PATH": self.distro.path(), **(env or {})}), check, input, timeout, cwd or self.root, umask)
