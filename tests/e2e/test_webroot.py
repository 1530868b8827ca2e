"""--webroot: files in the site's own folder."""
import os
import stat

import pytest
from harness.webserver import WebServer

AGREE = ["--agree-tos", "--register-unsafely-without-email"]


@pytest.fixture
def site(box):
    """Two webroots and a server that serves a*.example from the first, b*.example from the second."""
    roots = {}
    for letter in "ab":
        os.mkdir(box.root + "/www-" + letter)
        for n in ("%s.example", "%s2.example", "%s3.example"):
            roots[n % letter] = box.root + "/www-" + letter
    with WebServer(box.ca.http_port, roots) as server:
        server.a, server.b = box.root + "/www-a", box.root + "/www-b"
        yield server


def webroot(box, *args, **kw):
    return box.signet("certonly", "--webroot", *args, *AGREE, **kw)


def test_one_root(box, site):
    webroot(box, "-w", site.a, "-d", "a.example", "-d", "a2.example")
    box.lineage("a.example").check(version=1, names=["a.example", "a2.example"])
    assert {n for n, p in site.seen if p.startswith("/.well-known/acme-challenge/")} == {"a.example", "a2.example"}
    assert os.listdir(site.a) == [], "what was made must be gone again"


def test_roots_pair_with_the_names_after_them(box, site):
    webroot(box, "-w", site.a, "-d", "a.example", "-d", "a2.example", "-w", site.b, "-d", "b.example")
    lineage = box.lineage("a.example").check(version=1, names=["a.example", "a2.example", "b.example"])
    text = lineage.conf_text()
    assert "[[webroot_map]]" in text
    for name, root in (("a.example", site.a), ("a2.example", site.a), ("b.example", site.b)):
        assert lineage.conf_get(name) == root
    box.signet("renew", "--force-renewal")
    lineage.check(version=2)


def test_one_root_after_the_names(box, site):
    webroot(box, "-d", "a.example", "-w", site.a)
    box.lineage("a.example").check(version=1)


def test_several_roots_need_one_before_the_names(box, site):
    r = webroot(box, "-d", "a.example", "-w", site.a, "-w", site.b, "-d", "b.example", check=None)
    assert r.rc != 0
    assert r.complains("With several --webroot-path the first must come before all")


def test_a_map_in_json(box, site):
    webroot(box, "--webroot-map", '{"a.example,a2.example": "%s", "b.example": "%s"}' % (site.a, site.b))
    box.lineage("a.example").check(version=1, names=["a.example", "a2.example", "b.example"])


def test_a_new_root_on_renew_wins_for_all_names(box, site):
    webroot(box, "-w", site.a, "-d", "a.example", "-d", "a2.example")
    other = box.root + "/moved"
    os.rename(site.a, other)
    os.mkdir(site.a)
    os.rmdir(site.a)
    os.symlink(other, site.a)  # the server still finds it
    box.signet("renew", "--force-renewal", "-w", other)
    box.lineage("a.example").check(version=2)


def test_folders_that_were_there_stay(box, site):
    os.makedirs(site.a + "/.well-known/acme-challenge")
    box.file("www-a/.well-known/security.txt", "x")
    box.file("www-a/.well-known/acme-challenge/mine", "x")
    webroot(box, "-w", site.a, "-d", "a.example")
    assert sorted(os.listdir(site.a + "/.well-known")) == ["acme-challenge", "security.txt"]
    assert os.listdir(site.a + "/.well-known/acme-challenge") == ["mine"]


def test_modes_and_owner_while_the_challenge_is_up(box, site):
    os.chown(site.a, 1, 1)
    seen = []
    original = site.httpd.RequestHandlerClass.func.translate_path

    def look(self, path):
        at = original(self, path)
        found = [os.stat(p) for p in (os.path.dirname(os.path.dirname(at)), os.path.dirname(at), at) if os.path.exists(p)]
        seen.append([(stat.S_IMODE(st.st_mode), st.st_uid) for st in found])  # in one piece: the CA comes from several sides at once
        return at

    site.httpd.RequestHandlerClass.func.translate_path = look
    try:
        webroot(box, "-w", site.a, "-d", "a.example", umask=0o077)
    finally:
        site.httpd.RequestHandlerClass.func.translate_path = original
    assert seen[0][:2] == [(0o755, 1), (0o755, 1)] and seen[0][2][0] == 0o644, seen


def test_nothing_stays_when_validation_fails(box, site):
    webroot(box, "-w", site.b, "-d", "a.example", check=1)  # served from the other root: the CA finds nothing
    assert os.listdir(site.b) == [] and box.lineages() == []


def test_a_root_that_is_not_there(box, site):
    r = webroot(box, "-w", box.root + "/nowhere", "-d", "a.example", check=None)
    assert r.rc != 0 and box.root + "/nowhere" in r.err
    assert box.lineages() == []


def test_a_root_is_needed(box, site):
    r = webroot(box, "-d", "a.example", check=1)
    assert "webroot" in r.err


def test_a_link_planted_by_the_sites_user_is_not_followed(box, site):
    victim = box.root + "/root-only"
    os.makedirs(victim)
    os.makedirs(site.a + "/.well-known")
    os.symlink(victim, site.a + "/.well-known/acme-challenge")
    for p in (site.a, site.a + "/.well-known", site.a + "/.well-known/acme-challenge"):
        os.chown(p, 1, 1, follow_symlinks=False)
    webroot(box, "-w", site.a, "-d", "a.example", check=1)
    assert os.listdir(victim) == []


def test_a_link_made_by_the_admin_works(box, site):
    real = box.root + "/real"
    os.makedirs(real)
    os.makedirs(site.a + "/.well-known")
    os.symlink(real, site.a + "/.well-known/acme-challenge")
    webroot(box, "-w", site.a, "-d", "a.example")
    box.lineage("a.example").check(version=1)
    assert os.listdir(real) == [] and os.path.islink(site.a + "/.well-known/acme-challenge")
