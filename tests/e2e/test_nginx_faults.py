"""Whatever goes wrong while nginx's configuration is changed: it is as it was, the server goes on, and the message has nginx's own words."""
import os
import signal
import socket
import subprocess

import pytest
from harness.box import signet_binary
from harness.nginx import NGINX, SITE, Nginx
from harness.system import wait_until
from harness.webfaults import Killer, mounted, no_room, nothing_left, read_only
from test_crash import crashpoint  # noqa: F401

AGREE = ["--agree-tos", "--register-unsafely-without-email"]


def site(*names):
    return SITE.format(http="{http}", names=" ".join(names), first=names[0])


@pytest.fixture
def nginx(box):
    n = Nginx(box.root + "/web", box.ca.http_port, {"a": site("a.test", "www.a.test"), "b": site("b.test")})
    n.start()
    yield n
    n.stop()


def words_for(nginx, ctl=None):
    words = nginx.words()
    if ctl:
        words[words.index(NGINX)] = ctl
    return words


def obtain(box, nginx, *names):
    words = [w for n in names or ("a.test",) for w in ("-d", n)]
    box.signet("certonly", "--nginx", *nginx.words(), *AGREE, *words)


def install(box, nginx, ctl=None, check=1, **kw):
    return box.signet("install", "--cert-name", "a.test", "-i", "nginx", *words_for(nginx, ctl), check=check, **kw)


def test_the_test_of_the_configuration_fails(box, nginx):
    obtain(box, nginx)
    before, reloads = nginx.files(), nginx.reloads()
    ctl = box.script("ctl", 'case "$*" in *-t*) if grep -q managed %s/sites-available/a; then echo "nginx: [emerg] unknown directive \\"boo\\"" >&2; exit 1; fi;; esac\n'
                     'exec %s "$@"' % (nginx.etc, NGINX))
    r = install(box, nginx, ctl)
    assert r.complains('unknown directive "boo"') and r.complains("has been taken back")
    nothing_left(box, nginx, before)
    assert nginx.reloads() == reloads, "what was refused is not loaded"


def test_the_reload_fails(box, nginx):
    obtain(box, nginx)
    before = nginx.files()
    ctl = box.script("ctl", 'case "$*" in *-s*) echo "nginx: [alert] kill(1, 1) failed" >&2; exit 1;; *-t*) exec %s "$@";; esac\necho "no start" >&2\nexit 1' % NGINX)
    r = install(box, nginx, ctl)
    assert r.complains("kill(1, 1) failed") and r.complains("no start")
    nothing_left(box, nginx, before)


def test_the_reload_is_without_effect(box, nginx):
    """The port for TLS is somebody else's: nginx -t and -s reload are content, and nginx stays with what it had."""
    obtain(box, nginx)
    before = nginx.files()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("0.0.0.0", nginx.https))
        other.listen()
        r = install(box, nginx)
    assert r.complains("bind() to 0.0.0.0:%d failed" % nginx.https), r
    assert r.complains("does not do what its configuration says")
    nothing_left(box, nginx, before)
    assert "plain a.test" in nginx.curl("http://a.test/").out


def test_no_verify_deploy_believes(box, nginx):
    obtain(box, nginx)
    with socket.socket() as other:
        other.bind(("0.0.0.0", nginx.https))
        other.listen()
        box.signet("install", "--cert-name", "a.test", "-i", "nginx", *nginx.words(), "--no-verify-deploy")
    assert b"managed by Certbot" in nginx.read("sites-available/a")


def test_a_configuration_that_was_broken_before(box, nginx):
    obtain(box, nginx)
    nginx.write("conf.d/broken.conf", "bogus on;\n")
    before = nginx.files()
    r = install(box, nginx)
    assert r.complains('unknown directive "bogus"') and r.complains("It was like that before anything was changed")
    nothing_left(box, nginx, before)
    r = box.signet("certonly", "--nginx", *nginx.words(), *AGREE, "-d", "b.test", check=1)
    assert r.complains('unknown directive "bogus"')
    nothing_left(box, nginx, before)


def test_a_server_that_does_not_run_is_started(box, nginx):
    obtain(box, nginx)
    nginx.stop()
    r = install(box, nginx, check=0)
    assert r.complains("nginx was not running and has been started")
    assert nginx.leaf("a.test")


def test_a_folder_that_cannot_be_written(box, nginx):
    obtain(box, nginx)
    before = nginx.files()
    folder = nginx.etc + "/sites-available"
    with read_only(folder):
        r = install(box, nginx)
    assert r.complains("Read-only file system") and r.complains(folder)
    nothing_left(box, nginx, before)


def test_no_room_on_the_disk(box, nginx):
    obtain(box, nginx)
    with no_room(nginx.etc + "/sites-available"):
        before = nginx.files()
        r = install(box, nginx)
        assert r.complains("No space left on device")
        nothing_left(box, nginx, before)
        assert nginx.valid()


def test_a_file_that_is_a_mount_of_its_own(box, nginx):
    obtain(box, nginx)
    before = nginx.files()
    with mounted(nginx.etc + "/sites-available/a"):
        r = install(box, nginx)
    assert r.complains("is a mount point of its own")
    nothing_left(box, nginx, before)


def test_interrupted_while_the_answer_is_up(box, nginx):
    """Ctrl-C in the middle of a challenge: the files come back before the program ends."""
    before = nginx.files()
    slow = box.script("ctl", 'case "$*" in *-s*) touch %s/reloading;; esac\nexec %s "$@"' % (box.root, NGINX))
    argv = [signet_binary(), "certonly", "--nginx", *words_for(nginx, slow), *AGREE, "-d", "a.test", *box.common("certonly")]
    p = subprocess.Popen(argv, env=box.env(), cwd=box.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: os.path.exists(box.root + "/reloading") or p.poll() is not None, 30, "the reload", every=0.002)
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=60)
    assert p.returncode in (0, 1), err
    nothing_left(box, nginx, before)
    assert nginx.valid()


# ---- SIGKILL at every change ----

def test_an_installation_killed_anywhere(crashpoint, box, nginx, tmp_path):  # noqa: F811
    obtain(box, nginx, "a.test", "b.test")
    before = nginx.contents()
    words = ["install", "--cert-name", "a.test", "-i", "nginx", *nginx.words(), "--hsts"]
    k = Killer(crashpoint, box, nginx, str(tmp_path / "kept"), words)

    def finish(after):
        box.signet("renew")  # any verb that changes something
        assert nginx.contents() in (before, after)
        assert not os.path.exists(box.work + "/backups/IN_PROGRESS")
        if nginx.contents() == before:
            wait_until(lambda: nginx.leaf("a.test") is None, 10, "nginx to be as before")

    k.sweep(finish)


def test_a_rollback_killed_anywhere(crashpoint, box, nginx, tmp_path):  # noqa: F811
    obtain(box, nginx)
    before = nginx.contents()
    install(box, nginx, check=0)
    installed = nginx.contents()
    k = Killer(crashpoint, box, nginx, str(tmp_path / "kept"), ["rollback", "-i", "nginx", *nginx.words()])

    def finish(after):
        box.signet("renew")  # any verb that changes something
        assert after == before and nginx.contents() in (before, installed)
        assert not os.path.exists(box.work + "/backups/IN_PROGRESS")
        assert nginx.contents() == before or len(os.listdir(box.work + "/backups")) == 1, "what is not taken back can be"
        wait_until(lambda: (nginx.leaf("a.test") is None) == (nginx.contents() == before), 10, "nginx to do what is on disk")

    k.sweep(finish, 30)


def test_a_challenge_killed_anywhere(crashpoint, box, nginx, tmp_path):  # noqa: F811
    obtain(box, nginx, "b.test")
    before = nginx.files()
    words = ["certonly", "--nginx", *nginx.words(), *AGREE, "-d", "unknown.test", "-d", "a.test"]
    k = Killer(crashpoint, box, nginx, str(tmp_path / "kept"), words)
    k.parts = [(nginx.etc, "server"), (box.work, "lib")]
    real = k.run

    def run(n):
        for name in ("unknown.test", "a.test"):
            box.signet("delete", "--cert-name", name, server=False, check=None)
        return real(n)

    k.run = run

    def finish(after):
        box.signet("renew")
        assert nginx.contents() == {n: f[0] for n, f in before.items()}
        assert not os.path.exists(box.work + "/temp_checkpoint")
        assert "le_http_01_cert_challenge.conf" not in os.listdir(box.config)

    k.sweep(finish)


def test_a_checkpoint_that_cannot_be_read_does_not_stop_renewals(box, nginx):
    obtain(box, nginx)
    before = nginx.files()
    left = box.work + "/backups/IN_PROGRESS"
    os.makedirs(left)
    with open(left + "/FILEPATHS", "w") as f:
        f.write(nginx.etc + "/sites-available/a\n")  # and no copy of it
    r = box.signet("renew", "--force-renewal")
    assert r.complains("The changes noted in %s cannot be taken back" % left)
    box.lineage("a.test").check(version=2)
    r = install(box, nginx)
    assert r.complains("is there already: changes of another run are not finished")
    assert nginx.files() == before


def test_a_server_so_large_that_its_reload_takes_long(box):
    """Ten thousand server blocks. A reload returns before they are there: the CA is told when the new workers answer, and the old ones' answer
    proves nothing."""
    names = ["n%d.large.test" % i for i in range(10000)]
    large = "".join("server {\n\tlisten {http};\n\tserver_name %s;\n\treturn 204;\n}\n" % name for name in names)
    with Nginx(box.root + "/web", box.ca.http_port, {"a": site("a.test"), "large": large}, extra="server_names_hash_max_size 65536;") as nginx:
        before = nginx.files()
        obtain(box, nginx, "a.test", names[5000], names[9999])
        assert nginx.files() == before
        install(box, nginx, check=0)
        with open(box.lineage("a.test").path("cert")) as f:
            cert = f.read()
        for name in ("a.test", names[5000], names[9999]):
            assert nginx.leaf(name) == cert
