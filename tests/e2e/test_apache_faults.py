"""Whatever goes wrong while Apache's configuration is changed: it is as it was, the server goes on, and the message has Apache's own words."""
import os
import re
import signal
import subprocess

import pytest
from harness.box import signet_binary
from harness.system import port_open, wait_until
from harness.webfaults import Killer, mounted, no_room, nothing_left, read_only
from test_apache import AGREE, apache, box, certificate, run  # noqa: F401
from test_crash import crashpoint  # noqa: F401

MOST = 12  # each takes seconds; the transaction is nginx's, which is swept whole


@pytest.fixture
def obtained(box, apache):  # noqa: F811
    run(box, apache, "-d", "a.test", verb="certonly")
    return box


def words_for(apache, ctl):  # noqa: F811
    words = apache.words()
    words[words.index(apache.ctl)] = ctl or apache.ctl
    return words


def install(box, apache, ctl=None, check=1, args=()):  # noqa: F811
    return box.signet("install", "--cert-name", "a.test", "-i", "apache", *words_for(apache, ctl), *args, check=check)


def goes_on(apache):  # noqa: F811
    """It serves, and with what is on disk."""
    assert apache.valid()
    assert "plain a.test" in apache.curl("http://a.test/").out and "plain b.test" in apache.curl("http://b.test/").out


def master(apache):  # noqa: F811
    with open(apache.run + "/apache2.pid") as f:
        return int(f.read())


def test_the_test_of_the_configuration_fails(obtained, apache):  # noqa: F811
    before = apache.files()
    broken = obtained.script("ctl", 'if [ "$1" = configtest ] && [ -e %s/sites-enabled/a-le-ssl.conf ]; then echo "AH00526: Syntax error" >&2; exit 1; fi\nexec %s "$@"'
                             % (apache.etc, apache.ctl))
    r = install(obtained, apache, broken)
    assert r.complains("AH00526: Syntax error") and r.complains("has been taken back")
    nothing_left(obtained, apache, before)
    goes_on(apache)


def test_a_rollback_that_is_refused(obtained, apache):  # noqa: F811
    """Files and links that it would remove are there again, and Apache has not been told."""
    install(obtained, apache, check=0)
    after, backups = apache.files(), os.listdir(obtained.work + "/backups")
    ctl = obtained.script("ctl", 'if [ "$1" = configtest ] && ! [ -e %s/mods-enabled/ssl.load ]; then echo "AH00526: Syntax error" >&2; exit 1; fi\nexec %s "$@"'
                          % (apache.etc, apache.ctl))
    r = obtained.signet("rollback", "-i", "apache", *words_for(apache, ctl), server=False, check=1)
    assert r.complains("AH00526: Syntax error") and r.complains("everything is again as it was")
    assert {n: f[:2] for n, f in apache.files().items()} == {n: f[:2] for n, f in after.items()}, "content, mode, links"
    assert os.listdir(obtained.work + "/backups") == backups
    assert apache.valid() and apache.leaf("a.test") == certificate(obtained, "a.test")


def test_the_reload_fails(obtained, apache):  # noqa: F811
    before = apache.files()
    ctl = obtained.script("ctl", 'if [ "$1" = graceful ]; then echo "AH00000: no reload today" >&2; exit 1; fi\nexec %s "$@"' % apache.ctl)
    r = install(obtained, apache, ctl)
    assert r.complains("no reload today") and r.complains("have been taken back")
    nothing_left(obtained, apache, before)
    goes_on(apache)


def test_the_reload_is_without_effect(obtained, apache):  # noqa: F811
    before = apache.files()
    ctl = obtained.script("ctl", '[ "$1" = graceful ] && exit 0\nexec %s "$@"' % apache.ctl)
    r = install(obtained, apache, ctl)
    assert r.complains("does not do what its configuration says")
    nothing_left(obtained, apache, before)
    goes_on(apache)


def test_a_renewal_that_is_not_served_is_told(box, apache):  # noqa: F811
    """The certificate is renewed; that Apache goes on with the old one is said, and is no success."""
    second = '[ "$(basename $(readlink %s/live/a.test/cert.pem))" = cert2.pem ]' % box.config
    ctl = box.script("ctl", '%s && [ "$1" = graceful ] && exit 0\nexec %s "$@"' % (second, apache.ctl))
    box.signet("run", "--apache", *words_for(apache, ctl), *AGREE, "-d", "a.test")
    old = apache.leaf("a.test")
    r = box.signet("renew", "--force-renewal", "--https-port", str(apache.https), check=1)
    assert r.complains("The certificates were renewed, but apache does not serve them yet") and apache.leaf("a.test") == old
    assert box.lineage("a.test").version == 2
    box.script("ctl", 'exec %s "$@"' % apache.ctl)
    box.signet("renew", "--force-renewal", "--https-port", str(apache.https))
    assert box.lineage("a.test").version == 3 and apache.leaf("a.test") == certificate(box, "a.test") != old


def test_a_configuration_that_was_broken_before(obtained, apache):  # noqa: F811
    apache.write("conf-enabled/broken.conf", "Bogus on\n")
    before = apache.files()
    r = install(obtained, apache)
    assert r.complains("Invalid command 'Bogus'") and r.complains("It was like that before anything was changed")
    nothing_left(obtained, apache, before)
    r = obtained.signet("certonly", "--apache", *apache.words(), *AGREE, "-d", "b.test", check=1)
    assert r.complains("Invalid command 'Bogus'")
    nothing_left(obtained, apache, before)
    os.unlink(apache.etc + "/conf-enabled/broken.conf")
    goes_on(apache)


def test_a_server_that_does_not_run_is_started(obtained, apache):  # noqa: F811
    apache.stop()
    install(obtained, apache, check=0)
    assert apache.leaf("a.test") == certificate(obtained, "a.test")


def test_a_server_that_ends_in_the_reload_is_started(obtained, apache):  # noqa: F811
    """As Apache does when it meets something that no test of the configuration shows."""
    once, old = obtained.root + "/once", master(apache)
    ctl = obtained.script("ctl", 'if [ "$1" = graceful ] && [ ! -e %s ]; then touch %s; kill -TERM %d; exit 0; fi\nexec %s "$@"' % (once, once, old, apache.ctl))
    r = install(obtained, apache, ctl, check=0)
    assert r.complains("Apache has ended itself while it was reloaded, and is started again")
    assert master(apache) != old and apache.leaf("a.test") == certificate(obtained, "a.test")


def test_a_log_that_cannot_be_opened(obtained, apache):  # noqa: F811
    """The test of the configuration is content; a twin that would log there ends Apache, which comes back with the old files."""
    text = apache.read("sites-available/a.conf").replace(b"\tErrorLog", b"\t<IfModule mod_ssl.c>\n\tErrorLog %s/none/error.log\n\t</IfModule>\n\t#ErrorLog"
                                                         % apache.root.encode())
    apache.write("sites-available/a.conf", text)
    before = apache.files()
    r = install(obtained, apache)
    assert r.complains("taken back")
    nothing_left(obtained, apache, before)
    wait_until(lambda: port_open(apache.http), 20, "Apache to be back")
    goes_on(apache)


@pytest.mark.parametrize("folder", ["sites-available", "sites-enabled", "mods-enabled"])
def test_a_folder_that_cannot_be_written(obtained, apache, folder):  # noqa: F811
    before = apache.files()
    with read_only(apache.etc + "/" + folder):
        r = install(obtained, apache)
    assert r.complains("Read-only file system") and r.complains(apache.etc + "/" + folder)
    nothing_left(obtained, apache, before)
    goes_on(apache)


def test_no_room_on_the_disk(obtained, apache):  # noqa: F811
    with no_room(apache.etc + "/sites-available"):
        before = apache.files()
        r = install(obtained, apache)
        assert r.complains("No space left on device")
        nothing_left(obtained, apache, before)
        goes_on(apache)


def test_a_file_that_is_a_mount_of_its_own(obtained, apache):  # noqa: F811
    before = apache.files()
    with mounted(apache.etc + "/ports.conf"):
        r = install(obtained, apache)
    assert r.complains("is a mount point of its own")
    nothing_left(obtained, apache, before)
    goes_on(apache)


def test_interrupted_while_the_answer_is_up(box, apache):  # noqa: F811
    before = apache.files()
    slow = box.script("ctl", '[ "$1" = graceful ] && touch %s/reloading\nexec %s "$@"' % (box.root, apache.ctl))
    argv = [signet_binary(), "certonly", "--apache", *words_for(apache, slow), *AGREE, "-d", "a.test", *box.common("certonly")]
    p = subprocess.Popen(argv, env=box.env(), cwd=box.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: os.path.exists(box.root + "/reloading") or p.poll() is not None, 60, "the reload", every=0.002)
    p.send_signal(signal.SIGINT)
    _, err = p.communicate(timeout=60)
    assert p.returncode in (0, 1), err
    nothing_left(box, apache, before)
    goes_on(apache)


# ---- SIGKILL at every change ----

def test_an_installation_killed_anywhere(crashpoint, box, apache, tmp_path):  # noqa: F811
    run(box, apache, "-d", "a.test", verb="certonly")
    before = apache.contents()
    k = Killer(crashpoint, box, apache, str(tmp_path / "kept"), ["install", "--cert-name", "a.test", "-i", "apache", *apache.words(), "--hsts"])

    def finish(after):
        box.signet("renew")  # any verb that changes something
        assert apache.contents() in (before, after)
        assert not os.path.exists(box.work + "/backups/IN_PROGRESS")

    k.sweep(finish, MOST)


def test_a_challenge_killed_anywhere(crashpoint, box, apache, tmp_path):  # noqa: F811
    run(box, apache, "-d", "b.test", verb="certonly")
    before = apache.contents()
    k = Killer(crashpoint, box, apache, str(tmp_path / "kept"), ["certonly", "--apache", *apache.words(), *AGREE, "-d", "a.test"])
    k.parts = [(apache.etc, "server"), (box.work, "lib")]
    real = k.run

    def once(n):
        box.signet("delete", "--cert-name", "a.test", server=False, check=None)
        return real(n)

    k.run = once

    def finish(after):
        box.signet("renew")
        assert apache.contents() == before
        assert not os.path.exists(box.work + "/temp_checkpoint")

    k.sweep(finish, MOST)


def test_raising_max_age_killed_anywhere(crashpoint, box, apache, tmp_path):  # noqa: F811
    """What is raised and what is noted of it may be apart for one run, never for good."""
    run(box, apache, "-d", "a.test", "--auto-hsts")
    notes = box.config + "/.pluginstorage.json"
    with open(notes) as f:
        text = f.read()
    with open(notes, "w") as f:
        f.write(re.sub(r'"timestamp": [0-9.]+', '"timestamp": 1000.0', text))
    before = apache.contents()
    k = Killer(crashpoint, box, apache, str(tmp_path / "kept"), ["renew"])

    def finish(after):
        box.signet("renew")
        assert apache.contents() == after != before
        with open(notes) as f:
            assert '"laststep": 1,' in f.read()

    k.sweep(finish, MOST)
