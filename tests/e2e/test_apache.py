"""-i apache against a real Apache in Debian's layout."""
import os
import shutil
import tempfile

import pytest
from harness.apache import Apache
from harness.box import Box
from test_crash import crashpoint  # noqa: F401
from test_nginx_faults import Killer

AGREE = ["--agree-tos", "--register-unsafely-without-email"]


@pytest.fixture
def box(pebble):
    """In a folder that the server's own user may enter, which those of pytest are not."""
    top = tempfile.mkdtemp(prefix="apache-")
    os.chmod(top, 0o755)
    yield Box(top + "/box", pebble)
    shutil.rmtree(top)


@pytest.fixture
def apache(box):
    a = Apache(box.root + "/web", box.ca.http_port, {"a": ["a.test", "www.a.test"], "b": ["b.test", "*.b.test"]})
    a.start()
    yield a
    a.stop()


def run(box, apache, *args, verb="run", **kw):
    return box.signet(verb, "--apache", *apache.words(), *AGREE, *args, **kw)


def certificate(box, name):
    with open("%s/live/%s/cert.pem" % (box.config, name)) as f:
        return f.read()


def test_run_obtains_installs_redirects(box, apache):
    before = apache.files()
    r = run(box, apache, "-d", "a.test", "-d", "www.a.test", "--hsts", "--uir")
    assert r.says("Successfully deployed certificate for a.test to %s/sites-available/a-le-ssl.conf" % apache.etc)
    assert r.says("Congratulations! You have successfully enabled HTTPS on https://a.test and https://www.a.test")
    assert apache.valid()
    for name in ("a.test", "www.a.test"):
        assert apache.leaf(name) == certificate(box, "a.test")
        answer = apache.curl("http://%s/some?thing" % name).out
        assert answer.startswith("HTTP/1.1 301") and "Location: https://%s/some?thing" % name in answer
    https = apache.curl("https://a.test/").out
    assert "plain a.test" in https and "Strict-Transport-Security: max-age=31536000" in https and "upgrade-insecure-requests" in https
    text = apache.read("sites-available/a-le-ssl.conf").decode()
    assert text.startswith("<IfModule mod_ssl.c>\n<VirtualHost *:%d>\n" % apache.https) and "# The site" in text
    assert os.readlink(apache.etc + "/sites-enabled/a-le-ssl.conf") == "../sites-available/a-le-ssl.conf"
    assert apache.curl("http://b.test/").out.startswith("HTTP/1.1 200")
    done = apache.files()
    run(box, apache, "-d", "a.test", "-d", "www.a.test", "--hsts", "--uir")
    assert apache.files() == done, "again: nothing to do"
    box.signet("rollback", "-i", "apache", *apache.words(), server=False)
    assert apache.files() == before


def test_certonly_answers_and_leaves_no_trace(box, apache):
    before = apache.files()
    run(box, apache, "-d", "a.test", "-d", "x.b.test", "-d", "unknown.test", verb="certonly")
    box.lineage("a.test").check(version=1, names=["a.test", "x.b.test", "unknown.test"])
    assert apache.files() == before
    assert not os.path.exists(box.work + "/temp_checkpoint")


def test_certonly_behind_a_redirect(box, apache):
    run(box, apache, "-d", "a.test")
    before = apache.files()
    run(box, apache, "-d", "a.test", "-d", "www.a.test", "--cert-name", "both", verb="certonly")
    assert apache.files() == before


def test_a_wildcard_alias_and_renewal(box, apache):
    run(box, apache, "-d", "one.b.test", "--no-redirect")
    assert apache.leaf("one.b.test") == certificate(box, "one.b.test")
    assert apache.curl("http://one.b.test/").out.startswith("HTTP/1.1 200")
    text = apache.contents()
    r = box.signet("renew", "--force-renewal")
    assert r.out.count("Reloading apache server after certificate renewal") == 1
    assert apache.contents() == text


def test_a_name_without_a_virtual_host_is_explained(box, apache):
    before = apache.files()
    r = run(box, apache, "-d", "nowhere.test", check=1)
    assert r.complains("Unable to find a virtual host for nowhere.test") and r.says("but not installed (installer: apache)")
    assert apache.files() == before


def test_the_test_of_the_configuration_fails(box, apache):
    run(box, apache, "-d", "a.test", verb="certonly")
    before = apache.files()
    broken = box.script("ctl", 'if [ "$1" = configtest ] && [ -e %s/sites-enabled/a-le-ssl.conf ]; then echo "AH00526: Syntax error" >&2; exit 1; fi\nexec %s "$@"'
                        % (apache.etc, apache.ctl))
    words = apache.words()
    words[words.index(apache.ctl)] = broken
    r = box.signet("install", "--cert-name", "a.test", "-i", "apache", *words, check=1)
    assert r.complains("AH00526: Syntax error") and r.complains("has been taken back")
    assert apache.files() == before


def test_certbots_installation_is_recognised(box, apache):
    run(box, apache, "-d", "a.test", "-d", "www.a.test", verb="certonly")
    twin = ("<IfModule mod_ssl.c>\n<VirtualHost *:%d>\n\tServerName a.test\n\tServerAlias www.a.test\n\tDocumentRoot %s/html/a.test\n\n"
            "Include %s/options-ssl-apache.conf\nSSLCertificateFile /old/fullchain.pem\nSSLCertificateKeyFile /old/privkey.pem\n</VirtualHost>\n</IfModule>\n")
    box.signet("install", "--cert-name", "a.test", "-i", "apache", *apache.words())
    apache.write("sites-available/a-le-ssl.conf", twin % (apache.https, apache.root, box.config))
    text = apache.read("sites-available/a-le-ssl.conf").replace(b"/old/", b"%s/live/a.test/" % box.config.encode())
    apache.write("sites-available/a-le-ssl.conf", text)
    apache.control("graceful")
    before = apache.files()
    box.signet("install", "--cert-name", "a.test", "-i", "apache", *apache.words())
    assert apache.files() == before


def test_an_installation_killed_anywhere(crashpoint, box, apache, tmp_path):  # noqa: F811
    run(box, apache, "-d", "a.test", verb="certonly")
    before = apache.contents()
    k = Killer(crashpoint, box, apache, str(tmp_path / "kept"), ["install", "--cert-name", "a.test", "-i", "apache", *apache.words(), "--hsts"])

    def finish(after):
        box.signet("renew")  # any verb that changes something
        assert apache.contents() in (before, after)
        assert not os.path.exists(box.work + "/backups/IN_PROGRESS")

    k.sweep(finish, every=5)  # each takes seconds; the transaction is nginx's, which is swept whole


def test_a_challenge_killed_anywhere(crashpoint, box, apache, tmp_path):  # noqa: F811
    run(box, apache, "-d", "b.test", verb="certonly")
    before = apache.contents()
    k = Killer(crashpoint, box, apache, str(tmp_path / "kept"), ["certonly", "--apache", *apache.words(), *AGREE, "-d", "a.test"])
    k.parts = [(apache.etc, "nginx"), (box.work, "lib")]
    real = k.run

    def once(n):
        box.signet("delete", "--cert-name", "a.test", server=False, check=None)
        return real(n)

    k.run = once

    def finish(after):
        box.signet("renew")
        assert apache.contents() == before
        assert not os.path.exists(box.work + "/temp_checkpoint")

    k.sweep(finish, every=5)  # each takes seconds; the transaction is nginx's, which is swept whole


def test_certbot_and_signet_on_one_configuration(box, apache):
    """What certbot's own plug-in has installed is recognised; what we have installed it takes back, and the other way round."""
    run(box, apache, "-d", "a.test", "-d", "www.a.test", verb="certonly")
    before = apache.contents()
    words = ["--apache-server-root", apache.etc, "--apache-ctl", apache.ctl]
    box.signet("install", "--cert-name", "a.test", "-i", "apache", *apache.words())
    box.certbot("rollback", "-i", "apache", *words, server=False)
    assert apache.contents() == before
