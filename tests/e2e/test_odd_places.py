"""Folders that are mounted elsewhere or watched, file systems with few inodes, names and paths at their limits, locks that cannot be had."""
import ctypes
import os
import subprocess

import pytest
from harness.box import execute
from test_crash import program

NAME = "odd.example"
AGREE = ["--agree-tos", "--register-unsafely-without-email"]


def in_namespace(box, script, check=0):
    """A shell script in a mount namespace of its own; $SIGNET is the program, $COMMON what each `renew` needs."""
    env = box.env({"SIGNET": program(), "COMMON": " ".join(box.common("renew")), "CERTONLY": " ".join(box.common("certonly") + AGREE)})
    return execute(["unshare", "-m", "--propagation", "private", "sh", "-euc", script], env, check, cwd=box.root)


def test_a_container_sees_the_new_pair(box):
    """live/NAME mounted into another tree: the folder that it holds gets each new version, too."""
    box.issue(NAME)
    in_namespace(box, """
        mkdir -p ctr/live/%(n)s ctr/archive
        mount --bind etc/live/%(n)s ctr/live/%(n)s
        mount --bind etc/archive ctr/archive
        for version in 2 3 4; do
            $SIGNET renew --force-renewal $COMMON
            for f in cert chain fullchain privkey; do
                cmp etc/live/%(n)s/$f.pem etc/archive/%(n)s/$f$version.pem
                cmp ctr/live/%(n)s/$f.pem etc/archive/%(n)s/$f$version.pem
            done
        done""" % {"n": NAME})
    box.lineage(NAME).check(version=4)


def test_who_watches_the_folder_hears_of_it(box):
    """A watch is on the folder's inode, which is exchanged for another: it must hear of the change at once, and of the one after it."""
    box.issue(NAME)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    create, moved_to = 0x100, 0x80
    assert fd >= 0 and libc.inotify_add_watch(fd, ("%s/live/%s" % (box.config, NAME)).encode(), create | moved_to) >= 0
    try:
        for _ in range(2):
            box.signet("renew", "--force-renewal")
            heard = os.read(fd, 65536)
            assert b"privkey.pem" in heard and b"fullchain.pem" in heard
    finally:
        os.close(fd)


def test_a_folder_that_is_a_mount_point_is_renewed(box):
    """It cannot be exchanged (EBUSY): its links change one by one."""
    box.issue(NAME)
    in_namespace(box, """
        mount --bind etc/live/%(n)s etc/live/%(n)s
        for version in 2 3; do
            $SIGNET renew --force-renewal $COMMON
            for f in cert chain fullchain privkey; do cmp etc/live/%(n)s/$f.pem etc/archive/%(n)s/$f$version.pem; done
        done""" % {"n": NAME})
    box.lineage(NAME).check(version=3)


def test_no_inodes_left(box):
    """Each number of inodes that is too small fails with words and leaves what is live; with enough of them all goes well."""
    box.issue(NAME)
    in_namespace(box, """
        cp -a etc before
        mkdir small; mount -t tmpfs -o nr_inodes=400 none small; cp -a etc/. small
        mount --bind small etc
        used=$(df --output=iused small | tail -1)
        for more in 1 3 6; do
            mount -o remount,nr_inodes=$((used + more)) small
            if $SIGNET renew --force-renewal $COMMON > said 2>&1; then echo "well with $more"; exit 9; fi
            grep -q 'No space left\\|disk\\|inode' said || { cat said; exit 8; }
            for f in cert chain fullchain privkey; do cmp etc/live/%(n)s/$f.pem before/archive/%(n)s/${f}1.pem; done
        done
        mount -o remount,nr_inodes=400 small
        $SIGNET renew --force-renewal $COMMON
        for f in cert chain fullchain privkey; do cmp etc/live/%(n)s/$f.pem etc/archive/%(n)s/${f}2.pem; done""" % {"n": NAME})


@pytest.mark.parametrize("length", [250, 255, 256])
def test_a_certificate_name_that_is_too_long(box, length):
    """NAME.conf and .NAME.new are longer than it: what does not fit is an error, and no lineage is left."""
    r = box.issue(NAME, args=["--cert-name", "a" * length], check=None)
    assert r.rc in (0, 1), r
    if r.rc:
        assert "a" * 200 in r.words and not box.lineages(), r
    else:
        box.lineage("a" * length).check(version=1)
    box.issue(NAME)


PATHS = [("register", "--config-dir"), ("register", "--work-dir"), ("register", "--logs-dir"), ("certonly", "--webroot-path"), ("certonly", "--csr"),
         ("revoke", "--cert-path"), ("install", "--key-path"), ("certonly", "--dns-rfc2136-credentials")]


@pytest.mark.parametrize("verb,option", PATHS)
def test_paths_that_are_too_long(box, verb, option):
    """As a whole, and in one of its parts: the option and the limit are named, and nothing is written, sent or asked."""
    since = box.ca.mark()
    for path, words in (("/" + "/".join(["a" * 200] * 25), "a path of 5025 bytes is too long, 3072 are the most"),
                        ("/x/" + "b" * 256 + "/y", "a name of 256 bytes in a path is too long, 255 are the most")):
        r = box.signet(verb, option, path, *AGREE, "-n", "-d", NAME, check=None) if verb == "certonly" else box.signet(verb, option, path, check=None)
        assert r.rc == 2 and option in r.words and words in r.words, r
    for folder in (box.config, box.work, box.logs):
        assert not os.path.exists(folder) or os.listdir(folder) == [], folder
    assert box.ca.count("newAccount", since) == 0


def test_a_working_folder_that_is_too_deep(box):
    """Relative paths are as long as the folder that they are in makes them."""
    at, here = os.getcwd(), box.root
    try:
        os.chdir(here)
        for _ in range(16):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
        argv = [program(), "register", *AGREE, "-n", "--config-dir", "etc", "--server", box.ca.url]
        p = subprocess.run(argv, env=box.env(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    finally:
        os.chdir(at)
    assert p.returncode == 2 and b"--config-dir" in p.stdout and b"3072 are the most" in p.stdout, p.stdout


def test_a_link_that_leads_to_itself(box):
    os.symlink("loop", box.root + "/loop")
    r = box.signet("register", *AGREE, "--config-dir", box.root + "/loop", "--work-dir", box.work, "--logs-dir", box.logs, "-n", "--server", box.ca.url,
                   bare=True, check=1)
    assert box.root + "/loop" in r.words, r


# ---- locks ----


@pytest.mark.parametrize("kind", ["fifo", "link", "folder"])
@pytest.mark.parametrize("where", ["etc", "lib", "log"])
def test_a_lock_file_that_is_none(box, kind, where):
    """Not waited for, not followed, not removed."""
    box.signet("certificates", server=False)
    path = box.root + "/" + where + "/.certbot.lock"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    {"fifo": os.mkfifo, "link": lambda p: os.symlink(box.root + "/elsewhere", p), "folder": os.mkdir}[kind](path)
    r = box.signet("register", *AGREE, check=1, timeout=20)
    assert path in r.err and "lock" in r.err, r
    assert os.path.lexists(path) and not os.path.exists(box.root + "/elsewhere")


@pytest.mark.parametrize("where", ["etc", "lib", "log"])
def test_a_file_system_without_locks(box, where):
    """ENOLCK: words, no hang, and nothing changed without the lock."""
    box.issue(NAME)
    path = "%s/%s/.certbot.lock" % (box.root, where)
    argv = ["strace", "-f", "-o", "/dev/null", "-P", path, "-e", "trace=fcntl", "-e", "inject=fcntl:error=ENOLCK", program(), "renew", "--force-renewal"]
    r = execute(argv + box.common("renew"), box.env({"ASAN_OPTIONS": "detect_leaks=0"}), 1, timeout=60, cwd=box.root)
    assert "cannot lock " + path in r.words and "No locks available" in r.words, r
    box.lineage(NAME).check(version=1)
