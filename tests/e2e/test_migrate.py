"""signet migrate: trees of lego, acme.sh, dehydrated and uacme, made by those programs, taken over; the next renewal works."""
import json
import os
import subprocess

import pytest
from harness.certs import load_cert, mode, read, spki
from harness.lego import LegoBox, newest, real_lego
from harness.stores import OlderCa
from harness.webserver import WebServer

NAMES = ("one.move.test", "two.move.test")


def run(argv, env=None, cwd=None, check=True):
    p = subprocess.run(argv, env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=400, check=False)
    assert not check or p.returncode == 0, "%s\n%s" % (argv, p.stdout)
    return p.stdout


@pytest.fixture
def site(box):
    root = box.root + "/www"
    os.makedirs(root + "/.well-known/acme-challenge")
    with WebServer(box.ca.http_port, {n: root for n in NAMES}) as server:
        server.root = root
        yield server


def plain_env(box, **more):
    return dict({"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": box.root + "/home", "LC_ALL": "C.UTF-8"}, **more)


def make_acmesh(box, site):
    folder = box.root + "/acme.sh"
    script = newest("lego", "4.35", "lego", "acme.sh") + "/usr/share/acme.sh/acme.sh"
    base = ["/bin/bash", script, "--home", folder, "--server", box.ca.url, "--ca-bundle", box.ca.ca_file]
    run(base + ["--register-account", "--email", "ops@move.test"], plain_env(box))
    run(base + ["--issue", "-d", NAMES[0], "-d", NAMES[1], "-w", site.root, "--reloadcmd", "touch %s/reloaded" % box.root], plain_env(box))
    return folder


def make_dehydrated(box, site):
    folder = box.root + "/dehydrated"
    os.makedirs(folder)
    with open(folder + "/config", "w") as f:
        f.write('CA="%s"\nBASEDIR=%s\nWELLKNOWN=%s/.well-known/acme-challenge\nCURL_OPTS="--cacert %s"\n' % (box.ca.url, folder, site.root, box.ca.ca_file))
    with open(folder + "/domains.txt", "w") as f:
        f.write("%s %s\n" % NAMES)
    for words in (["--register", "--accept-terms"], ["-c"]):
        run(["dehydrated", "-f", folder + "/config", *words], plain_env(box))
    return folder


def make_uacme(box, site):
    """uacme believes the system's roots only: it runs where the CA's is among them."""
    folder = box.root + "/uacme"
    hook = box.script("uacme-hook", 'f=%s/.well-known/acme-challenge/$4\n[ "$2" = http-01 ] || exit 1\n'
                      'case $1 in begin) printf %%s "$5" >"$f";; *) rm -f "$f";; esac\n' % site.root)
    with open(box.root + "/roots.pem", "wb") as f:
        f.write(read("/etc/ssl/certs/ca-certificates.crt") + read(box.ca.ca_file))
    with OlderCa(box.ca) as ca:
        line = ("mount --bind %s/roots.pem /etc/ssl/certs/ca-certificates.crt && uacme -y -v -a %s -c %s new ops@move.test && "
                "uacme -v -a %s -c %s -h %s issue %s %s") % (box.root, ca.url, folder, ca.url, folder, hook, *NAMES)
        run(["unshare", "-m", "sh", "-c", line], plain_env(box))
    return folder


def make_lego(box, site):
    lego = LegoBox(box.root + "/real", box.ca, [real_lego()])
    lego.run(*lego.common(), "--email", "ops@move.test", "-d", NAMES[0], "-d", NAMES[1], "--http", "--http.webroot", site.root, "run")
    return lego.path


MAKERS = {"acme.sh": make_acmesh, "dehydrated": make_dehydrated, "uacme": make_uacme, "lego": make_lego}


@pytest.mark.parametrize("program", sorted(MAKERS))
def test_taken_over_and_renewed(box, site, program):
    source = MAKERS[program](box, site)
    before = run(["find", source, "-type", "f", "-newermt", "2000-01-01", "-printf", "%p %s %T@\n"])
    words = ["migrate", "--from", source, "--webroot", "-w", site.root]
    r = box.signet(*words, "--dry-run")
    assert r.says("1 account(s) and 1 certificate(s) would be taken over") and box.lineages() == [] and not box.account_dirs()
    box.signet(*words)
    lineage = box.lineage(NAMES[0]).check(version=1, names=list(NAMES))
    accounts = len(box.account_dirs())
    assert accounts == 1
    first = spki(lineage.cert.public_key())
    assert run(["find", source, "-type", "f", "-newermt", "2000-01-01", "-printf", "%p %s %T@\n"]) == before, "the source is not changed"
    mark = box.ca.mark()
    box.signet("renew", "--force-renewal", server=False)
    lineage.check(version=2, names=list(NAMES))
    assert box.ca.count("newAccount", mark) == 0 and len(box.account_dirs()) == accounts, "the account goes on"
    second = spki(lineage.cert.public_key())
    assert first != second
    if program == "acme.sh":
        assert os.path.exists(box.root + "/reloaded"), "its reload command is the deploy hook"
        assert "webroot_path = " + site.root in lineage.conf_text()


@pytest.mark.parametrize("alias", [False, True])
def test_dehydrated_says_how_names_are_proved(box, site, alias):
    """WELLKNOWN as it is, and as an alias: a folder that is served as .well-known/acme-challenge, which is no webroot."""
    source = make_dehydrated(box, site)
    served = site.root + "/.well-known/acme-challenge"
    with open(source + "/certs/%s/config" % NAMES[0], "w") as f:
        if alias:
            os.makedirs(box.root + "/an alias")
            os.rmdir(served)
            os.symlink(box.root + "/an alias", served)
            f.write('WELLKNOWN="%s/an alias"\n' % box.root)
        f.write("HOOK=${BASEDIR}/hook.sh\n")
    r = box.signet("migrate", "--from", source)
    assert r.complains("the hook %s/hook.sh of dehydrated is not carried over" % source)
    text = box.lineage(NAMES[0]).conf_text()
    assert ("authenticator = manual" in text and "pref_challs = http-01" in text) if alias else "webroot_path = " + site.root in text
    mark = box.ca.mark()
    box.signet("renew", "--force-renewal", server=False)
    box.lineage(NAMES[0]).check(version=2, names=list(NAMES))
    assert box.ca.count("newAccount", mark) == 0 and os.listdir(served) == []


def test_dehydrated_by_another_challenge_is_told(box, site):
    source = make_dehydrated(box, site)
    with open(source + "/config", "a") as f:
        f.write("CHALLENGETYPE='dns-01'\nHOOK=/etc/dehydrated/dns.sh\n")
    r = box.signet("migrate", "--from", source, "--dry-run")
    assert r.complains("dehydrated proves its names by dns-01 with the hook /etc/dehydrated/dns.sh; the way that the command line says")


def test_nothing_is_overwritten(box, site):
    source = make_lego(box, site)
    box.signet("migrate", "--from", source, "-a", "standalone")
    before = box.snapshot(box.config)
    r = box.signet("migrate", "--from", source, "-a", "standalone")
    assert r.says("0 certificate(s)"), "the same again is nothing to do"
    assert box.snapshot(box.config) == before
    box.signet("renew", "--force-renewal", "--webroot", "-w", site.root, server=False)
    before = box.snapshot(box.config)
    r = box.signet("migrate", "--from", source, check=1)
    assert r.complains("there is a certificate of that name already") and box.snapshot(box.config) == before


def test_to_lego_and_back(box, site, tmp_path):
    box.signet("certonly", "--webroot", "-w", site.root, "-d", NAMES[0], "-d", NAMES[1], "-m", "ops@move.test", "--agree-tos")
    real = LegoBox(tmp_path / "real", box.ca, [real_lego()])
    box.signet("migrate", "--from", box.config, "--to", real.path, "-m", "ops@move.test")
    assert mode(real.cert(NAMES[0], ".key")) == 0o600 and mode(real.path) == 0o700
    serial = load_cert(real.cert(NAMES[0])).serial_number
    assert NAMES[0] in real.run("list").out
    mark = box.ca.mark()
    real.run(*real.common(), "--email", "ops@move.test", "-d", NAMES[0], "--http", "--http.webroot", site.root, "renew", "--days", "100", "--no-random-sleep")
    assert load_cert(real.cert(NAMES[0])).serial_number != serial and box.ca.count("newAccount", mark) == 0, "the real lego goes on with it"
    # and back, into a tree of its own
    other = type(box)(tmp_path / "other", box.ca)
    other.signet("migrate", "--from", real.path, "--webroot", "-w", site.root)
    other.lineage(NAMES[0]).check(version=1, names=list(NAMES))
    other.signet("renew", "--force-renewal", server=False)
    other.lineage(NAMES[0]).check(version=2, names=list(NAMES))


def test_from_a_tree_of_version_five(box, site, tmp_path):
    five = LegoBox(tmp_path / "five", box.ca)
    five.run("run", *five.common(), "--email", "ops@move.test", "--cert.name", "shop", "-d", NAMES[0], "--http", "--http.webroot", site.root)
    assert json.loads(read(five.cert("shop", ".json")))["id"] == "shop"
    box.signet("migrate", "--from", five.path, "--webroot", "-w", site.root)
    box.lineage("shop").check(version=1, names=[NAMES[0]])
    box.signet("renew", "--force-renewal", server=False)
    box.lineage("shop").check(version=2)


def test_mistakes(box, site):
    assert box.signet("migrate", check=None).rc != 0
    r = box.signet("migrate", "--from", box.root + "/nosuch", check=1)
    assert r.complains("is not known")
    source = make_lego(box, site)
    r = box.signet("migrate", "--from", source, "--config-dir", box.config, "--work-dir", box.work, "--logs-dir", box.logs, "-n", bare=True, check=1)
    assert r.complains("does not tell the directory of the CA") and r.complains("--server")
    with open(source + "/certificates/%s.key" % NAMES[0], "wb") as f:
        f.write(subprocess.run(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout"], capture_output=True, check=True).stdout)
    r = box.signet("migrate", "--from", source, check=1)
    assert r.complains("its key is another certificate's") and box.lineages() == []
