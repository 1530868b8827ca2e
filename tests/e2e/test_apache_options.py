"""Each --apache-… option does what it says, and what it did is taken back."""
import os
import subprocess

from harness.system import wait_until
from test_apache import AGREE, apache, box, certificate, run  # noqa: F401


def install(box, apache, *args, **kw):  # noqa: F811
    return box.signet("install", "--cert-name", "a.test", "-i", "apache", *apache.words(), *args, **kw)


def rollback(box, apache):  # noqa: F811
    box.signet("rollback", "-i", "apache", *apache.words(), server=False)


def test_vhost_root_that_nothing_reads(box, apache):  # noqa: F811
    before, folder = apache.files(), apache.etc + "/tls-sites"
    os.mkdir(folder)
    r = run(box, apache, "-d", "a.test", "-d", "www.a.test", "--apache-vhost-root", folder)
    assert r.says("Successfully deployed certificate for a.test to %s/a-le-ssl.conf" % folder)
    assert apache.leaf("www.a.test") == certificate(box, "a.test")
    assert os.readlink(apache.etc + "/sites-enabled/a-le-ssl.conf") == folder + "/a-le-ssl.conf"
    rollback(box, apache)
    assert apache.files() == before


def test_vhost_root_that_is_included(box, apache):  # noqa: F811
    os.mkdir(apache.etc + "/tls-sites")
    with open(apache.etc + "/apache2.conf", "a") as f:
        f.write("IncludeOptional tls-sites/*.conf\n")
    apache.reload()
    before = apache.files()
    run(box, apache, "-d", "a.test", "--apache-vhost-root", apache.etc + "/tls-sites", "--no-redirect")
    assert apache.leaf("a.test") == certificate(box, "a.test")
    assert set(apache.files()) - set(before) == {"tls-sites/a-le-ssl.conf", *(n for n in apache.files() if n.startswith("mods-enabled/") and n not in before)}
    rollback(box, apache)
    assert apache.files() == before


def test_vhost_root_that_is_missing_is_passed_over(box, apache):  # noqa: F811
    run(box, apache, "-d", "a.test", "--apache-vhost-root", apache.etc + "/nowhere")
    assert apache.leaf("a.test") == certificate(box, "a.test")
    assert os.path.exists(apache.etc + "/sites-available/a-le-ssl.conf")


def test_handle_sites_false_includes_the_file_itself(box, apache):  # noqa: F811
    before = apache.files()
    run(box, apache, "-d", "a.test", "--apache-handle-sites", "False")
    assert apache.leaf("a.test") == certificate(box, "a.test")
    assert not os.path.lexists(apache.etc + "/sites-enabled/a-le-ssl.conf")
    assert apache.read("apache2.conf").endswith(b"\nInclude %s/sites-available/a-le-ssl.conf\n" % apache.etc.encode())
    once = apache.files()
    run(box, apache, "-d", "a.test", "--apache-handle-sites", "False")
    assert apache.files() == once
    rollback(box, apache)
    assert apache.files() == before


def test_le_vhost_ext(box, apache):  # noqa: F811
    run(box, apache, "-d", "a.test", "--apache-le-vhost-ext=-tls.conf")
    assert apache.leaf("a.test") == certificate(box, "a.test")
    assert os.path.exists(apache.etc + "/sites-available/a-tls.conf") and os.path.lexists(apache.etc + "/sites-enabled/a-tls.conf")


def tls_only(box, apache):  # noqa: F811
    """A site that only TLS knows."""
    box.signet("certonly", "--apache", *apache.words(), *AGREE, "-d", "tls.test")
    pair = ("%s/live/tls.test/fullchain.pem" % box.config, "%s/live/tls.test/privkey.pem" % box.config)
    subprocess.run(["ln", "-s"] + ["../mods-available/" + n for n in ("ssl.load", "ssl.conf", "mime.load", "socache_shmcb.load")] + [apache.etc + "/mods-enabled/"],
                   check=False, capture_output=True)
    apache.write("ports.conf", "Listen %d\nListen %d\n" % (apache.http, apache.https))
    apache.write("sites-available/tls.conf", "<VirtualHost *:%d>\n\tServerName tls.test\n\tServerAlias www.tls.test\n\tSSLEngine on\n\tSSLCertificateFile %s\n"
                 "\tSSLCertificateKeyFile %s\n\tDocumentRoot %s/html/a.test\n</VirtualHost>\n" % (apache.https, *pair, apache.root))
    os.symlink("../sites-available/tls.conf", apache.etc + "/sites-enabled/tls.conf")
    apache.reload()
    wait_until(lambda: apache.leaf("tls.test"), 20, "TLS")


def test_logs_root_of_a_redirect_that_has_no_site(box, apache):  # noqa: F811
    tls_only(box, apache)
    before, logs = apache.files(), apache.root + "/logs"
    os.mkdir(logs)
    box.signet("enhance", "--cert-name", "tls.test", "-i", "apache", *apache.words(), "--redirect", "--apache-logs-root", logs)
    text = apache.read("sites-available/le-redirect-tls.test.conf").decode()
    assert "ErrorLog %s/redirect.error.log\n" % logs in text and "<VirtualHost *:%d>" % apache.http in text
    assert "Location: https://tls.test/x" in apache.curl("http://tls.test/x").out
    assert os.path.exists(logs + "/redirect.error.log")
    assert apache.curl("http://a.test/").out.startswith("HTTP/1.1 200")
    once = apache.files()
    box.signet("enhance", "--cert-name", "tls.test", "-i", "apache", *apache.words(), "--redirect", "--apache-logs-root", logs)
    assert apache.files() == once
    rollback(box, apache)
    assert apache.files() == before


def test_a_folder_of_logs_that_is_missing_is_left_out(box, apache):  # noqa: F811
    """Apache would not start with it."""
    tls_only(box, apache)
    box.signet("enhance", "--cert-name", "tls.test", "-i", "apache", *apache.words(), "--redirect", "--apache-logs-root", apache.root + "/none")
    assert b"ErrorLog" not in apache.read("sites-available/le-redirect-tls.test.conf")
    assert "Location: https://tls.test/x" in apache.curl("http://tls.test/x").out


def programs(box, apache):  # noqa: F811
    """a2enmod and a2dismod that keep a note."""
    link = 'for m in "$@"; do case $m in -f) continue;; esac\n%s\ndone\necho "%s $*" >> ' + box.root + "/mods"
    on = ('cd %s/mods-available; for d in $m $(sed -n "s/^# Depends: //p" $m.load); do for f in $d.*; do ln -sf $PWD/$f ../mods-enabled/; done; done' % apache.etc)
    off = 'rm -f %s/mods-enabled/$m.*' % apache.etc
    return (["--apache-enmod", box.script("enmod", link % (on, "on")), "--apache-dismod", box.script("dismod", link % (off, "off"))])


def notes(box):  # noqa: F811
    return [line.strip() for line in open(box.root + "/mods")] if os.path.exists(box.root + "/mods") else []


def test_enmod_and_dismod(box, apache):  # noqa: F811
    words = programs(box, apache)
    before = apache.files()
    run(box, apache, "-d", "a.test", verb="certonly")  # its rewrite by a link
    assert apache.files() == before and notes(box) == []
    install(box, apache, "--redirect", *words)
    assert notes(box) == ["on ssl", "on rewrite"]
    assert apache.leaf("a.test") == certificate(box, "a.test")
    assert os.readlink(apache.etc + "/mods-enabled/ssl.load") == apache.etc + "/mods-available/ssl.load"
    rollback(box, apache)
    assert notes(box)[2:] == ["off -f rewrite", "off -f ssl"]
    left = set(apache.files()) - set(before)
    assert left <= {"mods-enabled/%s" % n for n in ("socache_shmcb.load", "setenvif.load", "mime.load")}, "what it depends on stays, as with certbot's"


def test_enmod_fails_and_all_is_taken_back(box, apache):  # noqa: F811
    words = programs(box, apache)
    run(box, apache, "-d", "a.test", verb="certonly")
    before = apache.files()
    words[1] = box.script("enmod-bad", 'echo "Module $1 does not exist!" >&2; exit 1')
    r = install(box, apache, *words, check=1)
    assert r.complains("Module ssl does not exist!")
    assert notes(box) == ["off -f rewrite", "off -f ssl"], "all that may have been done"
    assert apache.files() == before and not os.path.exists(box.work + "/backups/IN_PROGRESS")


def test_enmod_for_a_challenge(box, apache):  # noqa: F811
    before, words = apache.files(), programs(box, apache)
    run(box, apache, "-d", "a.test", *words, verb="certonly")
    assert notes(box) == ["on rewrite", "off -f rewrite"]
    assert apache.files() == before


def test_handle_modules_false_says_what_is_missing(box, apache):  # noqa: F811
    run(box, apache, "-d", "a.test", verb="certonly")
    before = apache.files()
    r = install(box, apache, "--apache-handle-modules", "False", check=1)
    assert r.complains("Apache has not loaded its module mod_ssl, which is needed") and r.complains("a2enmod ssl")
    assert apache.files() == before


def test_bin_is_asked_where_the_control_program_does_not_answer(box, apache):  # noqa: F811
    """As apachectl of RHEL 9, which passes no options on."""
    ctl = box.script("ctl", 'case $1 in -*) echo "Passing arguments to httpd using apachectl is no longer supported." >&2; exit 1;; esac\nexec %s "$@"' % apache.ctl)
    words = apache.words()
    words[words.index(apache.ctl)] = ctl
    r = box.signet("run", "--apache", *words, *AGREE, "-d", "a.test", check=1)
    assert r.complains("no longer supported")
    box.signet("run", "--apache", *words, *AGREE, "-d", "a.test", "--apache-bin", apache.ctl)
    assert apache.leaf("a.test") == certificate(box, "a.test")
    r = box.signet("renew", "--force-renewal")
    assert "apache_bin = %s" % apache.ctl in open(box.config + "/renewal/a.test.conf").read()


def test_ctl_may_be_apache_itself(box, apache):  # noqa: F811
    """It has other words than apachectl for the same things."""
    httpd = box.script("bin/httpd", 'case $1 in configtest|graceful) echo "no such word" >&2; exit 1;; esac\nexec %s "$@"' % apache.ctl)
    words = apache.words()
    words[words.index(apache.ctl)] = httpd
    box.signet("run", "--apache", *words, *AGREE, "-d", "a.test")
    assert apache.leaf("a.test") == certificate(box, "a.test")


def test_challenge_location(box, apache):  # noqa: F811
    """It is written there, and nothing is written to the server root for it."""
    folder = apache.root + "/answers"
    os.mkdir(folder)
    seen = box.root + "/seen"
    ctl = box.script("ctl", 'ls %s >> %s; exec %s "$@"' % (folder, seen, apache.ctl))
    words = apache.words()
    words[words.index(apache.ctl)] = ctl
    before = apache.files()
    box.signet("certonly", "--apache", *words, *AGREE, "-d", "a.test", "--apache-challenge-location", folder)
    assert "le_http_01_challenge_pre.conf" in open(seen).read()
    assert apache.files() == before and os.listdir(folder) == []
