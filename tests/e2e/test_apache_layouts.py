"""--apache on the layouts of other distributions: found by os-release alone, without an option that names a place."""
import os
import shutil
import tempfile

import pytest
from harness.distro import DISTROS, Distro, InsideBox

AGREE = ["--agree-tos", "--register-unsafely-without-email"]
# where the TLS site is expected, below /etc
TWIN = {"fedora": "httpd/conf.d/a-le-ssl.conf", "rocky": "httpd/conf.d/a-le-ssl.conf", "suse": "apache2/vhosts.d/a-le-ssl.conf",
        "gentoo": "apache2/vhosts.d/00_default_vhost-le-ssl.conf", "arch": "httpd/conf/extra/httpd-vhosts-le-ssl.conf",
        "void": "apache/extra/httpd-vhosts-le-ssl.conf"}


@pytest.fixture(params=sorted(DISTROS))
def distro(request, pebble):
    top = tempfile.mkdtemp(prefix="distro-")
    os.chmod(top, 0o755)
    d = Distro(request.param, top + "/web", pebble.http_port)
    d.name, d.box = request.param, InsideBox(top + "/box", pebble)
    d.box.distro = d
    try:
        d.start()
        yield d
    finally:
        d.stop()
        shutil.rmtree(top)


def test_obtain_install_and_take_back(distro):
    box, before = distro.box, distro.files()
    r = box.signet("run", "--apache", *distro.words(), *AGREE, "-d", "a.test", "-d", "b.test", "--hsts", "--staple-ocsp")
    assert r.says("Successfully deployed certificate for a.test to /etc/" + TWIN[distro.name])
    assert distro.valid()
    with open(box.config + "/live/a.test/cert.pem") as f:
        certificate = f.read()
    for name in ("a.test", "b.test"):
        assert distro.leaf(name) == certificate
        answer = distro.curl("http://%s/x" % name).out
        assert answer.startswith("HTTP/1.1 301") and "Location: https://%s/x" % name in answer
        assert "plain " + name in distro.curl("https://%s/" % name).out
    assert b"".join(distro.contents().values()).count(b"SSLStaplingCache") >= 1
    done = distro.files()
    box.signet("run", "--apache", *distro.words(), *AGREE, "-d", "a.test", "-d", "b.test", "--hsts", "--staple-ocsp", "--keep-until-expiring")
    assert distro.files() == done, "again: nothing to do"
    box.signet("rollback", "-i", "apache", *distro.words(), server=False)
    assert distro.files() == before


def test_a_challenge_leaves_no_trace(distro):
    before = distro.files()
    distro.box.signet("certonly", "--apache", *distro.words(), *AGREE, "-d", "b.test", "-d", "unknown.test")
    distro.box.lineage("b.test").check(version=1, names=["b.test", "unknown.test"])
    assert distro.files() == before
