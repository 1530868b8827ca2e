"""--nginx against a real nginx: obtaining through it, installing, enhancing, and that nothing else is touched."""
import fcntl
import os
import re
import shutil

import pytest
from harness.nginx import SITE, Nginx
from test_interactive import talk

AGREE = ["--agree-tos", "--register-unsafely-without-email"]
SECOND = """server {
	listen {http};
	server_name b.test c.test;
	return 301 https://elsewhere.test$request_uri;
}
"""


def site(*names):
    return SITE.format(http="{http}", names=" ".join(names), first=names[0])


@pytest.fixture
def make_nginx(box):
    made = []

    def make(sites, **kw):
        n = Nginx(box.root + "/web%d" % len(made), box.ca.http_port, sites, **kw)
        made.append(n)
        return n

    yield make
    for n in made:
        n.stop()


@pytest.fixture
def nginx(make_nginx):
    return make_nginx({"a": site("a.test", "www.a.test"), "b": SECOND}).start()


def run(box, nginx, *args, verb="run", **kw):
    return box.signet(verb, "--nginx", *nginx.words(), *AGREE, *args, **kw)


def certificate(box, name):
    with open("%s/live/%s/cert.pem" % (box.config, name)) as f:
        return f.read()


# ---- obtaining ----

def test_certonly_answers_and_leaves_no_trace(box, nginx):
    before = nginx.files()
    run(box, nginx, "-d", "a.test", "-d", "www.a.test", verb="certonly")
    box.lineage("a.test").check(version=1, names=["a.test", "www.a.test"])
    assert nginx.files() == before, "content, mode, owner and time of every file"
    assert not os.path.exists(box.work + "/temp_checkpoint")
    assert "le_http_01_cert_challenge.conf" not in box.entries("")
    assert nginx.curl("http://a.test/").out.endswith("plain a.test\n")


def test_certonly_where_only_a_redirect_stands(box, nginx):
    before = nginx.files()
    run(box, nginx, "-d", "b.test", verb="certonly")
    box.lineage("b.test").check(version=1, names=["b.test"])
    assert nginx.files() == before


def test_certonly_for_a_name_that_no_server_has(box, nginx):
    before = nginx.files()
    long = "a-rather-long-label-of-a-name." * 3 + "unknown.test"
    run(box, nginx, "-d", "unknown.test", "-d", long, "-d", "a.test", verb="certonly")
    box.lineage("unknown.test").check(version=1)
    assert nginx.files() == before


def test_certonly_where_nothing_listens_for_http(box, make_nginx):
    n = make_nginx({"x": "server {\n\tlisten 127.0.0.1:{https};\n\tserver_name x.test;\n\treturn 204;\n}\n"})
    n.http = n.https  # what start() waits for
    before = n.files()
    with n:
        run(box, n, "-d", "x.test", verb="certonly")
    assert n.files() == before


def test_a_denied_challenge_leaves_no_trace(box, nginx):
    before = nginx.files()
    r = run(box, nginx, "-d", "a.test", "-d", "blocked.example", verb="certonly", check=1)
    assert r.rc == 1
    assert nginx.files() == before


def test_many_lineages_renew_with_few_reloads(box, make_nginx):
    names = ["n%d.test" % i for i in range(8)]
    n = make_nginx({name: site(name) for name in names}).start()
    for name in names:
        run(box, n, "-d", name)
    before, text = n.reloads(), n.contents()
    r = box.signet("renew", "--force-renewal", timeout=180)
    assert r.out.count("Reloading nginx server after certificate renewal") == 1
    # one batch is opened by whoever comes first, the rest share another: each has two reloads; and one for the new certificates
    assert n.reloads() - before <= 2 * 3 + 1, n.log()[-3000:]
    assert n.contents() == text
    for name in names:
        box.lineage(name).check(version=2)
        assert n.leaf(name) == certificate(box, name)


def test_one_server_by_two_names_is_reloaded_once(box, nginx):
    for name in ("a.test", "b.test"):
        run(box, nginx, "-d", name)
    os.symlink(nginx.etc, box.root + "/alias")
    conf = box.lineage("b.test").conf
    with open(conf) as f:
        text = f.read()
    with open(conf, "w") as f:
        f.write(text.replace("nginx_server_root = " + nginx.etc, "nginx_server_root = %s/alias/" % box.root))
    r = box.signet("renew", "--force-renewal")
    assert r.out.count("Reloading nginx server after certificate renewal") == 1
    for name in ("a.test", "b.test"):
        assert nginx.leaf(name) == certificate(box, name)


# ---- installing ----

def test_run_obtains_installs_redirects(box, nginx):
    r = run(box, nginx, "-d", "a.test", "-d", "www.a.test")
    assert r.says("Deploying certificate")
    assert r.says("Successfully deployed certificate for a.test to %s/sites-enabled/a" % nginx.etc)
    assert r.says("Congratulations! You have successfully enabled HTTPS on https://a.test and https://www.a.test")
    assert nginx.valid()
    for name in ("a.test", "www.a.test"):
        assert nginx.leaf(name) == certificate(box, "a.test")
        answer = nginx.curl("http://%s/some?thing" % name).out
        assert answer.startswith("HTTP/1.1 301") and "Location: https://%s/some?thing" % name in answer
    assert "plain a.test" in nginx.curl("https://a.test/").out
    text = nginx.read("sites-available/a").decode()
    for line in ("listen %d ssl; # managed by Certbot" % nginx.https, "return 404; # managed by Certbot",
                 "ssl_certificate %s/live/a.test/fullchain.pem; # managed by Certbot" % box.config,
                 "include %s/options-ssl-nginx.conf; # managed by Certbot" % box.config):
        assert line in text
    assert os.path.islink(nginx.etc + "/sites-enabled/a"), "the link stays a link"
    conf = box.lineage("a.test").conf_text()
    assert "installer = nginx" in conf and "authenticator = nginx" in conf
    assert not [f for f in nginx.files() if "signet" in f]


def test_doing_it_again_changes_nothing(box, nginx):
    words = ["-d", "a.test", "-d", "www.a.test", "--hsts", "--uir", "--staple-ocsp"]
    run(box, nginx, *words)
    before = nginx.files()
    for _ in range(3):
        r = run(box, nginx, *words, "--keep-until-expiring")
        assert r.says("Congratulations! You have successfully enabled HTTPS on https://a.test")
        assert nginx.files() == before
    assert len(os.listdir(box.work + "/backups")) == 1, "no checkpoint without a change"


def test_headers_and_stapling(box, nginx):
    run(box, nginx, "-d", "a.test", "-d", "www.a.test", "--hsts", "--uir", "--staple-ocsp", "--no-redirect")
    https, http = nginx.curl("https://a.test/").out, nginx.curl("http://a.test/").out
    assert "Strict-Transport-Security: max-age=31536000" in https
    assert "Content-Security-Policy: upgrade-insecure-requests" in https
    assert http.startswith("HTTP/1.1 200") and "Strict-Transport-Security" not in http, "RFC 6797: not over http"
    assert "ssl_stapling on; # managed by Certbot" in nginx.read("sites-available/a").decode()


def test_no_redirect(box, nginx):
    run(box, nginx, "-d", "a.test", "--no-redirect")
    assert nginx.curl("http://a.test/").out.startswith("HTTP/1.1 200")
    text = nginx.read("sites-available/a").decode()
    assert "301" not in text and "listen %d;" % nginx.http in text


def test_names_that_are_not_on_the_certificate_go_on_over_http(box, nginx):
    run(box, nginx, "-d", "a.test")
    assert nginx.curl("http://a.test/").out.startswith("HTTP/1.1 301")
    assert nginx.curl("http://www.a.test/").out.startswith("HTTP/1.1 200")


def test_several_names_over_several_servers(box, nginx):
    run(box, nginx, "-d", "a.test", "-d", "b.test", "-d", "c.test")
    for name in ("a.test", "b.test", "c.test"):
        assert nginx.leaf(name) == certificate(box, "a.test")
    assert "Location: https://elsewhere.test/x" in nginx.curl("http://b.test/x").out, "what was a redirect to https stays"


def test_a_name_without_a_server_is_explained(box, nginx):
    before = nginx.files()
    r = run(box, nginx, "-d", "nowhere.test", check=1)
    assert r.complains("Could not automatically find a matching server block for nowhere.test. Give a block that name")
    assert r.says("but not installed (installer: nginx)") and r.says("certbot install --cert-name nowhere.test")
    assert nginx.files() == before
    box.lineage("nowhere.test").check(version=1)


def test_a_name_without_a_server_gets_a_copy_of_the_default_server(box, make_nginx):
    n = make_nginx({"default": "server {\n    listen {http} default_server;\n    server_name _;\n    location / {\n        return 200 \"default\\n\";\n    }\n}\n"}).start()
    run(box, n, "-d", "new.test")
    assert n.leaf("new.test") == certificate(box, "new.test")
    assert "default" in n.curl("https://new.test/").out
    assert n.curl("http://new.test/").out.startswith("HTTP/1.1 301")
    assert n.curl("http://other.test/").out.startswith("HTTP/1.1 200")


def test_a_server_with_a_certificate_gets_the_new_one(box, make_nginx):
    n = make_nginx({"a": site("a.test")}).start()
    run(box, n, "-d", "a.test")
    first = n.read("sites-available/a")
    run(box, n, "-d", "a.test", "--cert-name", "other", "--duplicate")
    assert n.leaf("a.test") == certificate(box, "other")
    assert n.read("sites-available/a") == first.replace(b"/live/a.test/", b"/live/other/")


def test_ipv6(box, make_nginx):
    n = make_nginx({"a": "server {\n\tlisten {http};\n\tlisten [::]:{http};\n\tserver_name a.test;\n\treturn 200 a;\n}\n",
                    "b": "server {\n\tlisten {http};\n\tlisten [::]:{http};\n\tserver_name b.test;\n\treturn 200 b;\n}\n"}).start()
    run(box, n, "-d", "a.test", "-d", "b.test", "--no-redirect")
    both = n.read("sites-available/a").decode() + n.read("sites-available/b").decode()
    assert both.count("ipv6only=on") == 1 and both.count("listen [::]:%d ssl" % n.https) == 2
    assert n.leaf("b.test", "[::1]") == certificate(box, "a.test")


def test_wildcard_and_regex_servers(box, make_nginx):
    n = make_nginx({"w": "server {\n\tlisten {http};\n\tserver_name *.w.test;\n\treturn 200 wild;\n}\n",
                    "r": "server {\n\tlisten {http};\n\tserver_name ~^(?<sub>r\\d+)\\.re\\.test$;\n\treturn 200 regex;\n}\n"}).start()
    run(box, n, "-d", "x.w.test", "-d", "r7.re.test")
    for name, body in (("x.w.test", "wild"), ("r7.re.test", "regex")):
        assert n.curl("https://%s/" % name).out.endswith(body)
        assert n.leaf(name) == certificate(box, "x.w.test")
        assert n.curl("http://%s/" % name).out.startswith("HTTP/1.1 301")
    assert n.curl("http://y.w.test/").out.startswith("HTTP/1.1 200")


def test_install_and_enhance_apart(box, nginx):
    run(box, nginx, "-d", "a.test", verb="certonly")
    r = box.signet("install", "--cert-name", "a.test", "-i", "nginx", *nginx.words(), "--no-redirect")
    assert r.says("Successfully deployed certificate for a.test")
    assert nginx.curl("http://a.test/").out.startswith("HTTP/1.1 200")
    box.signet("enhance", "--cert-name", "a.test", "-i", "nginx", *nginx.words(), "--hsts", "--redirect")
    assert nginx.curl("http://a.test/").out.startswith("HTTP/1.1 301")
    assert "Strict-Transport-Security" in nginx.curl("https://a.test/").out


def test_enhance_wants_something_to_do(box, nginx):
    r = box.signet("enhance", "-i", "nginx", *nginx.words(), check=1)
    assert r.complains("Nothing to enhance was named")
    r = box.signet("enhance", "--auto-hsts", "-i", "nginx", *nginx.words(), check=1)
    assert r.complains("not supported by the selected installer")


def test_a_rehearsal_shows_and_changes_nothing(box, nginx):
    before = nginx.files()
    r = run(box, nginx, "-d", "a.test", "--dry-run")
    assert "+\tlisten %d ssl; # managed by Certbot" % nginx.https in r.out and "--- %s/sites-available/a" % nginx.etc in r.out
    assert r.says("The dry run was successful.")
    assert nginx.files() == before and box.lineages() == []
    assert not os.path.exists(box.config + "/options-ssl-nginx.conf")
    r = run(box, nginx, "-d", "a.test", "-v")
    assert "+\tlisten %d ssl; # managed by Certbot" % nginx.https in r.out + r.err


def test_renewal_reloads_once_and_serves_the_new_one(box, nginx):
    run(box, nginx, "-d", "a.test", "--deploy-hook", "true")
    old = nginx.leaf("a.test")
    text = nginx.contents()
    r = box.signet("renew", "--force-renewal")
    assert r.says("Reloading nginx server after certificate renewal")
    assert nginx.leaf("a.test") == certificate(box, "a.test") != old
    assert nginx.contents() == text


# ---- taking back ----

def test_rollback(box, nginx):
    before = nginx.files()
    run(box, nginx, "-d", "a.test", "--hsts")
    assert nginx.files() != before
    r = box.signet("config_changes", server=False)
    assert "-- Deployed ACME Certificate --" in r.out and "%s/sites-available/a" % nginx.etc in r.out
    box.signet("rollback", "-i", "nginx", *nginx.words(), server=False)
    assert nginx.files() == before
    assert nginx.leaf("a.test") is None
    r = box.signet("rollback", server=False)
    assert r.complains("Certbot hasn't modified your configuration, so rollback isn't available.")


def test_a_rollback_that_nginx_refuses_changes_nothing(box, nginx):
    """The certificate of before is gone: with the files of before nginx would not start again."""
    run(box, nginx, "-d", "a.test", verb="certonly")
    for kind in ("fullchain", "privkey"):
        shutil.copy(box.lineage("a.test").path(kind), "%s/%s.pem" % (nginx.run, kind))
    nginx.write("sites-available/a", "server {\n\tlisten %d ssl;\n\tserver_name a.test;\n\tssl_certificate %s/fullchain.pem;\n"
                "\tssl_certificate_key %s/privkey.pem;\n}\n" % (nginx.https, nginx.run, nginx.run))
    for _ in range(2):
        box.signet("install", "--cert-name", "a.test", "-i", "nginx", *nginx.words(), "--hsts")
        nginx.write("sites-available/a", nginx.read("sites-available/a").replace(b"\tadd_header", b"\t#add_header"))
    before, checkpoints, reloads = nginx.files(), os.listdir(box.work + "/backups"), nginx.reloads()
    os.unlink(nginx.run + "/fullchain.pem")
    r = box.signet("rollback", "--checkpoints", "2", "-i", "nginx", *nginx.words(), server=False, check=1)
    assert r.complains("cannot load certificate") and r.complains("%s/fullchain.pem" % nginx.run) and r.complains("everything is again as it was")
    assert nginx.files() == before and nginx.valid() and nginx.reloads() == reloads
    assert os.listdir(box.work + "/backups") == checkpoints
    box.signet("rollback", "-i", "nginx", *nginx.words(), server=False)
    assert len(os.listdir(box.work + "/backups")) == 1


def test_rollback_by_certbot(box, nginx):
    before = nginx.contents()
    run(box, nginx, "-d", "a.test")
    box.certbot("rollback", "-i", "nginx", *nginx.words()[:4], server=False)
    assert nginx.contents() == before


def test_certbots_changes_rolled_back_by_us(box, nginx):
    run(box, nginx, "-d", "a.test", verb="certonly")
    before = nginx.contents()
    box.certbot("install", "--cert-name", "a.test", "-i", "nginx", *nginx.words(), "--redirect", server=False)
    assert nginx.contents() != before
    n = len([d for d in os.listdir(box.work + "/backups") if re.match(r"^[0-9.]+$", d)])
    box.signet("rollback", "--checkpoints", str(n), "-i", "nginx", *nginx.words(), server=False)
    assert nginx.contents() == before


def test_certbots_installation_is_recognised(box, nginx):
    run(box, nginx, "-d", "a.test", "-d", "www.a.test", verb="certonly")
    box.certbot("install", "--cert-name", "a.test", "-i", "nginx", *nginx.words(), "--hsts", server=False)
    before = nginx.files()
    box.signet("install", "--cert-name", "a.test", "-i", "nginx", *nginx.words(), "--hsts", "--no-redirect")
    assert nginx.files() == before


def test_our_installation_is_recognised_by_certbot(box, nginx):
    run(box, nginx, "-d", "a.test", "-d", "www.a.test", "--hsts")
    before = nginx.contents()
    box.certbot("install", "--cert-name", "a.test", "-i", "nginx", *nginx.words(), "--hsts", "--redirect", server=False)
    after = nginx.contents()
    assert {k: v.split() for k, v in after.items()} == {k: v.split() for k, v in before.items()}, "certbot may only move blanks"


# ---- at a terminal ----

def test_run_without_a_word_but_the_plugin(box, nginx):
    """certbot --nginx: terms and mail, then the names of the configuration to choose from."""
    words = ["run", "--nginx", *nginx.words(), *AGREE]
    r = talk(box, *words, answers=[(r"(?s)Which names would you like to activate HTTPS for\?.*1: a\.test.*2: www\.a\.test.*3: b\.test.*4: c\.test.*: $", "1,2\n")])
    assert r.rc == 0, r.text
    assert "Successfully deployed certificate for www.a.test" in r.text
    assert "Congratulations! You have successfully enabled HTTPS on https://a.test and https://www.a.test" in r.text
    assert nginx.leaf("a.test") == certificate(box, "a.test")


def test_a_name_that_no_block_has_is_asked_about(box, nginx):
    run(box, nginx, "-d", "new.test", verb="certonly")
    words = ["install", "--cert-name", "new.test", "-i", "nginx", *nginx.words()]
    r = box.signet(*words, check=1)
    assert r.complains("Could not automatically find a matching server block for new.test")
    r = talk(box, *words, answers=[(r"(?s)No server block has the name\s+new\.test.*1:\s+\S*sites-enabled/a:2\s+a\.test\s+www\.a\.test\s+2:\s+\S*sites-enabled/b:1\s+b\.test\s.*: $", "1\n")])
    assert r.rc == 0, r.text
    assert nginx.leaf("new.test") == certificate(box, "new.test")
    assert "plain a.test" in nginx.curl("https://new.test/").out and "plain a.test" in nginx.curl("http://a.test/").out


def test_plugins_can_be_tried(box, nginx):
    r = box.signet("plugins", "--prepare", "--installers", *nginx.words(), server=False)
    assert "* nginx\n" in r.out and "\nPrep: True" in r.out
    nginx.write("conf.d/broken.conf", "bogus;\n")
    r = box.signet("plugins", "--prepare", "--installers", *nginx.words(), server=False)
    assert 'unknown directive "bogus"' in r.out


def test_the_folder_is_locked_meanwhile(box, nginx):
    with open(nginx.etc + "/.certbot.lock", "w") as f:
        fcntl.lockf(f, fcntl.LOCK_EX)
        r = run(box, nginx, "-d", "a.test", verb="certonly", check=1)
    assert r.complains("another program is changing it")
    os.unlink(nginx.etc + "/.certbot.lock")


def test_nothing_is_taken_back_while_the_folder_is_locked(box, nginx):
    """Neither by a rollback nor after a kill."""
    run(box, nginx, "-d", "a.test")
    after, backups = nginx.files(), box.work + "/backups"
    with open(nginx.etc + "/.certbot.lock", "w") as f:
        fcntl.lockf(f, fcntl.LOCK_EX)
        r = box.signet("rollback", server=False, check=1)
        assert r.complains("another program is changing it")
        os.rename("%s/%s" % (backups, os.listdir(backups)[0]), backups + "/IN_PROGRESS")
        r = box.signet("renew")
        assert r.complains("another program is changing it")
        os.unlink(nginx.etc + "/.certbot.lock")
    assert nginx.files() == after
    r = box.signet("renew")
    assert r.complains("took back what an interrupted run had changed")
    assert b"managed" not in nginx.read("sites-available/a") and nginx.leaf("a.test") is None


# ---- a lineage that is in use ----

def test_a_certificate_in_use_is_not_deleted(box, nginx):
    """nginx would not start again without these files."""
    run(box, nginx, "-d", "a.test", "-d", "www.a.test", "--cert-name", "used")
    run(box, nginx, "-d", "b.test", "--cert-name", "free.test", verb="certonly")
    lines = nginx.read("sites-enabled/a").decode().splitlines()
    places = ["%s/sites-enabled/a:%d" % (nginx.etc, 1 + next(i for i, text in enumerate(lines) if kind + " " in text))
              for kind in ("ssl_certificate", "ssl_certificate_key")]
    delete = ["delete", *nginx.words()]
    r = box.signet(*delete, "--cert-name", "used", server=False, check=1)
    assert "Nothing was deleted: files of used are named at %s" % ", ".join(places) in r.words and "--delete-in-use" in r.words, r
    box.lineage("used").check_pair()
    # where nginx is, the lineage knows by its own settings
    r = box.signet("revoke", "--cert-name", "used")
    assert "Nothing was deleted: files of used are named at " + places[0] in r.words and "successfully revoked" in r.words, r
    box.lineage("used").check_pair()
    box.signet(*delete, "--cert-name", "used", "--delete-in-use", server=False)
    assert box.lineages() == ["free.test"] and box.lineage("used").gone()
    box.signet(*delete, "--cert-name", "free.test", server=False)


def test_deleting_tells_where_a_certificate_is_used(box, nginx):
    run(box, nginx, "-d", "a.test", "-d", "www.a.test", "--cert-name", "used")
    r = talk(box, "delete", "--cert-name", "used", *nginx.words(), answers=[(r"delete the above(?s:.*)\(N\)o: $", "n\n")])
    told = "".join(r.text.split())  # the terminal breaks lines
    assert r.rc == 0 and "Theyarenamedat%s/sites-enabled/a:" % nginx.etc in told, r.text
    assert box.lineages() == ["used"]


def test_a_configuration_that_cannot_be_read_keeps_nothing_from_being_deleted(box, nginx):
    run(box, nginx, "-d", "a.test", verb="certonly")
    nginx.write("sites-enabled/z", "server {\n")
    r = box.signet("delete", "--cert-name", "a.test", *nginx.words(), server=False)
    assert "Whether nginx uses a.test could not be seen: " in r.words and "sites-enabled/z" in r.words, r
    assert box.lineages() == []
