"""Who else may write to the tree is told, or refused; and a user who is not root works in a tree of his own."""
import os
import shutil
import stat
import tempfile

import pytest
from harness.box import Box, execute
from harness.webserver import WebServer
from test_crash import program

SOMEBODY = 65534
AGREE = ["--agree-tos", "--register-unsafely-without-email"]


def loosen(path, mode, owner=-1, group=-1):
    os.chown(path, owner, group)
    os.chmod(path, mode)


@pytest.mark.parametrize("folder", ["etc", "etc/accounts", "etc/archive", "etc/live", "etc/renewal-hooks/deploy", "lib"])
def test_a_folder_that_all_may_write_to_is_refused(box, folder):
    box.issue("trust.example")
    path = os.path.join(box.root, folder)
    mode = os.stat(path).st_mode & 0o7777
    for bad, owner in ((mode | 0o002, 0), (mode | 0o1002, 0), (mode, SOMEBODY)):
        loosen(path, bad, owner)
        since = box.ca.mark()
        r = box.signet("renew", "--force-renewal", check=1)
        assert path in r.err and "--allow-insecure-dirs" in r.err and "owner %d" % owner in r.err, r
        assert not box.ca.requests(since), "the CA heard nothing"
    box.signet("certificates", server=False)
    box.signet("renew", "--allow-insecure-dirs")
    loosen(path, mode, 0)
    box.signet("renew", "--force-renewal")
    box.lineage("trust.example").check(version=2)


def test_a_parent_that_all_may_write_to_is_refused_unless_it_is_sticky(box):
    box.issue("trust.example")
    loosen(box.root, 0o777)
    r = box.signet("renew", check=1)
    assert box.root in r.err and "can be changed by every user" in r.words, r
    loosen(box.root, 0o1777)
    box.signet("renew")


def test_a_group_may_write_and_it_is_said(box):
    """A set-group-ID folder was meant so; what it is stays as it is over a renewal."""
    box.issue("group.example")
    live = box.config + "/live"
    loosen(live, 0o770, group=4242)
    r = box.signet("renew", "--force-renewal")
    assert "can be changed by the group 4242" in r.words, r
    loosen(live, 0o2770, group=4242)
    r = box.signet("renew", "--force-renewal")
    assert "can be changed" not in r.words, r
    st = os.stat(live)
    assert stat.S_IMODE(st.st_mode) == 0o2770 and st.st_gid == 4242
    assert box.lineage("group.example").check_pair() == 3


@pytest.fixture
def foreign_box(pebble):
    """A box that belongs to a plain user, in a place that he can reach."""
    root = tempfile.mkdtemp(prefix="signet-plain-")
    box = Box(root, pebble)
    shutil.copy(pebble.ca_file, root + "/ca.pem")
    for path in (root, root + "/home", root + "/ca.pem"):
        os.chown(path, SOMEBODY, SOMEBODY)
    yield box
    shutil.rmtree(root, ignore_errors=True)


def test_a_plain_user_in_his_own_folders(foreign_box):
    """Everything but low ports: issue by both solvers, renew, revoke, delete. Nothing is left that is not his."""
    box = foreign_box
    env = box.env({"REQUESTS_CA_BUNDLE": box.root + "/ca.pem"})

    def signet(*words, check=0):
        return execute(["setpriv", "--reuid", str(SOMEBODY), "--regid", str(SOMEBODY), "--clear-groups", "--inh-caps=-all", "--bounding-set=-all",
                        program(), *words] + box.common(words[0]), env, check, cwd=box.root)

    signet("certonly", "--standalone", "-d", "plain.example", *AGREE)
    box.lineage("plain.example").check(version=1)
    www = box.root + "/www"
    os.mkdir(www)
    os.chown(www, SOMEBODY, SOMEBODY)
    with WebServer(box.ca.http_port, {"web.plain.example": www}):
        signet("certonly", "--webroot", "-w", www, "-d", "web.plain.example")
    signet("renew", "--force-renewal", "--cert-name", "plain.example", "--deploy-hook", "id -u > %s/who" % box.root)
    box.lineage("plain.example").check(version=2)
    assert box.file("who").strip() == str(SOMEBODY)
    signet("revoke", "--cert-name", "web.plain.example", "--delete-after-revoke")
    signet("delete", "--cert-name", "plain.example")
    for at, dirs, files in os.walk(box.root):
        for name in dirs + files:
            st = os.lstat(os.path.join(at, name))
            assert st.st_uid == SOMEBODY and not st.st_mode & (stat.S_ISUID | stat.S_ISGID), os.path.join(at, name)
    # a folder that is not his, and root's default place: words, not a crash
    words = ["certonly", "--standalone", "-d", "p.example", "-n", *AGREE, "--server", box.ca.url]
    r = execute(["setpriv", "--reuid", str(SOMEBODY), "--regid", str(SOMEBODY), "--clear-groups", program(), *words], env, 1, cwd=box.root)
    assert "Run as root" in r.words or "Permission denied" in r.words, r
