"""-i apache against a real Apache in Debian's layout."""
import os
import shutil
import tempfile

import pytest
from harness.apache import Apache
from harness.box import Box
from harness.nginx import SITE as NGINX_SITE
from harness.nginx import Nginx
from harness.system import free_port

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
    assert apache.contents() == text and apache.leaf("one.b.test") == certificate(box, "one.b.test")


def test_a_name_without_a_virtual_host_is_explained(box, apache):
    before = apache.files()
    r = run(box, apache, "-d", "nowhere.test", check=1)
    assert r.complains("Unable to find a virtual host for nowhere.test") and r.says("but not installed (installer: apache)")
    assert apache.files() == before


def test_the_site_for_all_is_copied_for_a_name_without_one(box, apache):
    """Debian's 000-default: it has no name, and stays for all others."""
    apache.write("sites-available/000-default.conf", "<VirtualHost *:%d>\n\t#ServerName www.example.com\n\tDocumentRoot %s/html/a.test\n</VirtualHost>\n"
                 % (apache.http, apache.root))
    os.symlink("../sites-available/000-default.conf", apache.etc + "/sites-enabled/000-default.conf")
    apache.reload()
    before = apache.files()
    words = ["-d", "new.test", "-d", "www.new.test", "-d", "a.test"]
    run(box, apache, *words)
    for name in ("new.test", "www.new.test", "a.test"):
        assert apache.leaf(name) == certificate(box, "new.test")
        assert "Location: https://%s/x" % name in apache.curl("http://%s/x" % name).out
    text = apache.read("sites-available/000-default-le-ssl.conf").decode()
    assert "\tServerName new.test\n\tServerAlias www.new.test\n" in text
    assert apache.curl("http://other.test/").out.startswith("HTTP/1.1 200"), "names that are not meant stay as they are"
    once = apache.files()
    run(box, apache, *words, "--keep-until-expiring")
    assert apache.files() == once
    box.signet("rollback", "-i", "apache", *apache.words(), server=False)
    assert apache.files() == before


def test_a_rollback_over_two_servers_tells_both(box, apache):
    nginx = Nginx(box.root + "/nginx", free_port(), {"n": NGINX_SITE.format(http="{http}", names="a.test", first="a.test")})
    with nginx:
        before = apache.files(), nginx.files()
        run(box, apache, "-d", "a.test")
        box.signet("install", "--cert-name", "a.test", "-i", "nginx", *nginx.words())
        assert apache.leaf("a.test") == nginx.leaf("a.test") == certificate(box, "a.test")
        box.signet("rollback", "--checkpoints", "2", server=False)
        assert (apache.files(), nginx.files()) == before
        assert apache.leaf("a.test") is None and nginx.leaf("a.test") is None


def test_virtual_hosts_by_a_macro_are_named(box, apache):
    os.symlink("../mods-available/macro.load", apache.etc + "/mods-enabled/macro.load")
    apache.write("sites-available/m.conf", "<Macro Site $name>\n<VirtualHost *:%d>\n\tServerName $name\n\tDocumentRoot %s/html/a.test\n</VirtualHost>\n</Macro>\n"
                 "Use Site m.test\n" % (apache.http, apache.root))
    os.symlink("../sites-available/m.conf", apache.etc + "/sites-enabled/m.conf")
    apache.reload()
    before = apache.files()
    run(box, apache, "-d", "a.test", verb="certonly")
    assert apache.files() == before
    r = box.signet("install", "--cert-name", "a.test", "-d", "m.test", "-i", "apache", *apache.words(), check=1)
    assert r.complains("sites-enabled/m.conf makes virtual hosts by a macro (mod_macro)"), r
    run(box, apache, "-d", "a.test")
    assert apache.leaf("a.test") == certificate(box, "a.test"), "other sites are installed all the same"


def test_every_address_of_a_site_is_proven(box, apache):
    apache.write("sites-available/a.conf", apache.read("sites-available/a.conf").replace(b"*:%d" % apache.http, b"127.0.0.1:%d 127.0.0.2:%d 203.0.113.9:%d" % ((apache.http,) * 3)))
    apache.reload()
    run(box, apache, "-d", "a.test", "-d", "www.a.test")
    for address in ("127.0.0.1", "127.0.0.2"):
        assert apache.leaf("a.test", address) == certificate(box, "a.test")


def test_stapling(box, apache):
    """The cache is said once, and going back leaves a server that runs."""
    run(box, apache, "-d", "a.test")
    before = apache.files()
    box.signet("enhance", "--cert-name", "a.test", "-i", "apache", *apache.words(), "--staple-ocsp")
    text = apache.read("sites-available/a-le-ssl.conf").decode()
    assert text.count("SSLUseStapling on") == 1 and text.count("SSLStaplingCache shmcb:/var/run/apache2/stapling_cache(128000)") == 1
    once = apache.files()
    box.signet("enhance", "--cert-name", "a.test", "-i", "apache", *apache.words(), "--staple-ocsp")
    assert apache.files() == once
    box.signet("rollback", "-i", "apache", *apache.words(), server=False)
    assert apache.files() == before
    assert apache.leaf("a.test") == certificate(box, "a.test")


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


def test_certbot_and_signet_on_one_configuration(box, apache):
    """What certbot's own plug-in has installed is recognised; what we have installed it takes back, and the other way round."""
    run(box, apache, "-d", "a.test", "-d", "www.a.test", verb="certonly")
    before = apache.contents()
    words = ["--apache-server-root", apache.etc, "--apache-ctl", apache.ctl]
    box.signet("install", "--cert-name", "a.test", "-i", "apache", *apache.words())
    box.certbot("rollback", "-i", "apache", *words, server=False)
    assert apache.contents() == before


def test_a_certificate_in_use_is_not_deleted(box, apache):
    """Apache would not start again without these files. A site that is switched off needs none."""
    run(box, apache, "-d", "a.test", "-d", "www.a.test")
    lines = apache.read("sites-available/a-le-ssl.conf").decode().splitlines()
    at = 1 + next(i for i, text in enumerate(lines) if "SSLCertificateFile " in text)
    delete = ["delete", "--cert-name", "a.test", *apache.words()]
    r = box.signet(*delete, server=False, check=1)
    assert "Nothing was deleted: files of a.test are named at " in r.words and "a-le-ssl.conf:%d" % at in r.words, r
    box.lineage("a.test").check_pair()
    os.unlink(apache.etc + "/sites-enabled/a-le-ssl.conf")
    box.signet(*delete, server=False)
    assert box.lineages() == []
