"""Small things that scripts and administrators know from certbot 5.5: words, order, exit status."""
import glob
import json
import os
import re

import pytest
from harness.plant import plant

AGREE = ["--agree-tos", "--register-unsafely-without-email"]
HELP = "Ask for help or search for solutions"


def test_no_mail_is_needed(box):
    box.signet("certonly", "--standalone", "-d", "a.p.example", "--agree-tos")
    box.lineage("a.p.example").check(version=1)


def test_no_authenticator_and_nobody_to_ask(box):
    r = box.signet("certonly", "-d", "a.p.example", *AGREE, check=1)
    assert "Missing command line flags: no plugin is named" in r.err


def test_what_is_kept_is_said_twice_as_certbot_does(box):
    box.issue("a.p.example")
    r = box.issue("a.p.example")
    assert r.out.startswith("Certificate not yet due for renewal\n\n- - -") and "Certificate not yet due for renewal; no action taken.\n" in r.out


def test_expand_names_the_renewal_file(box):
    box.issue("a.p.example")
    r = box.issue("a.p.example", "b.p.example", check=1)
    assert r.complains("(ref: %s/renewal/a.p.example.conf)" % box.config)


def test_another_key_type_said_twice_renews_at_once(box):
    box.issue("a.p.example")
    box.signet("certonly", "--standalone", "--cert-name", "a.p.example", "--key-type", "rsa")
    box.lineage("a.p.example").check(version=2, key="rsa2048")
    box.signet("certonly", "--standalone", "--cert-name", "a.p.example", "-d", "a.p.example,b.p.example")
    box.lineage("a.p.example").check(version=3, key="rsa2048")
    r = box.issue("a.p.example", "b.p.example", args=["--key-type", "ecdsa"], check=1)
    assert r.complains("Certificate a.p.example has an RSA key; another type, ECDSA, is given to it only when")
    box.lineage("a.p.example").check(version=3)


def test_reuse_key_of_a_large_rsa_key_needs_no_size(box):
    box.issue("a.p.example", args=["--key-type", "rsa", "--rsa-key-size", "3072"])
    box.signet("certonly", "--standalone", "--cert-name", "a.p.example", "--reuse-key", "--force-renewal")
    lineage = box.lineage("a.p.example").check(version=2, key="rsa3072")
    first, second = (open(lineage.archived("privkey", n)).read() for n in (1, 2))
    assert first == second
    r = box.signet("certonly", "--standalone", "--cert-name", "a.p.example", "--rsa-key-size", "4096", "--reuse-key", "--force-renewal", check=1)
    assert "--rsa-key-size asks for another key than the one that --reuse-key keeps." in r.err


def test_a_name_of_one_label_is_the_cas_to_judge(box):
    box.issue("localhost")
    box.lineage("localhost").check(version=1, names=["localhost"])


def test_what_the_ca_refuses_is_announced(box):
    r = box.issue("blocked.example", check=1)
    assert "An unexpected error occurred:\nFailed while placing the order: " in r.err and HELP in r.err


def test_profiles_that_are_there_are_named(make_pebble, make_box):
    box = make_box(make_pebble(profiles={"short": 86400, "long": 86400 * 90}))
    r = box.issue("a.p.example", args=["--required-profile", "none"], check=1)
    assert re.search(r"The CA offers these profiles: (long, short|short, long)\.", r.err), r
    assert box.lineages() == []


def test_whether_there_is_an_account_is_an_answer(box):
    for verb in ("show_account", "update_account", "unregister"):
        r = box.signet(verb, check=1)
        assert "Could not find" in r.err and HELP not in r.err
    box.signet("register", *AGREE)
    r = box.signet("register", *AGREE, check=1)
    assert "There is an existing account" in r.err and HELP not in r.err


def test_update_account_without_an_address_removes_it(box):
    box.signet("register", "--agree-tos", "-m", "a@mail.example")
    r = box.signet("update_account")
    assert "Any contact information associated with this account has been removed.\n" in r.out
    assert "Email contact: none\n" in box.signet("show_account").out


def test_a_wrong_eab_algorithm_is_refused(make_pebble, make_box):
    key = "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg"
    box = make_box(make_pebble(eab={"kid-1": key}))
    eab = ["--eab-kid", "kid-1", "--eab-hmac-key", key]
    r = box.signet("register", *AGREE, *eab, "--eab-hmac-alg", "HS999", check=1)
    assert "HS256, HS384, HS512" in r.err and box.account_dirs() == []
    box.signet("register", *AGREE, *eab)


def test_several_accounts_are_told_apart(box):
    box.signet("register", *AGREE)
    (one,) = box.account_dirs()
    two = os.path.join(os.path.dirname(one), "0" * 32)
    os.mkdir(two)
    for f in glob.glob(one + "/*"):
        with open(f) as src, open(os.path.join(two, os.path.basename(f)), "w") as dst:
            dst.write(src.read())
    r = box.signet("show_account", check=1)
    with open(one + "/meta.json") as f:
        meta = json.load(f)
    assert "'%s@%s (%s)'" % (meta["creation_host"], meta["creation_dt"], os.path.basename(one)) in r.err


def test_revoke_deletes_before_it_congratulates(box):
    box.issue("a.p.example")
    r = box.signet("revoke", "--cert-name", "a.p.example")
    assert r.out.index("Deleted all files") < r.out.index("Congratulations!")


@pytest.mark.parametrize("line", ["reuse_key = maybe", "http01_address = %", "rsa_key_size = many"])
def test_certificates_shows_what_renew_cannot_read(box, line):
    box.issue("a.p.example")
    lineage = plant(box, "b.p.example", params=line + "\n")
    r = box.signet("certificates", server=False)
    assert "Certificate Name: b.p.example\n" in r.out and "invalid" not in r.out
    assert lineage.path("cert")


def test_certificates_with_nothing_but_broken_files(box):
    box.issue("a.p.example")
    box.signet("delete", "--cert-name", "a.p.example", server=False)
    box.file("etc/renewal/broken.conf", "nothing = here\n")
    r = box.signet("certificates", server=False)
    assert "- -\n\nThe following renewal configurations were invalid:\n  " in r.out


def test_renew_by_domain_is_explained(box):
    r = box.signet("renew", "-d", "a.p.example", check=1)
    assert r.complains("renew takes no names (-d, --ip-address)")


def test_csr_says_what_is_next(box):
    csr = box.root + "/a.csr"
    os.system("openssl req -new -newkey rsa:2048 -nodes -keyout %s/k.pem -subj / -addext subjectAltName=DNS:c.p.example -out %s 2>/dev/null" % (box.root, csr))
    r = box.signet("certonly", "--standalone", "--csr", csr, *AGREE)
    assert "\nNEXT STEPS:\n- Nothing renews a certificate for a CSR by itself" in r.out


def test_plugins(box):
    r = box.signet("plugins", server=False)
    for name in ("standalone", "webroot", "manual"):
        assert re.search(r"^\* %s\nDescription: .*\nInterfaces: Authenticator, Plugin\nEntry point: %s = " % (name, name), r.out, re.M), r
    assert "Prep:" not in r.out and box.signet("plugins", "--authenticators", server=False).out == r.out
    installers = box.signet("plugins", "--installers", server=False).out
    assert "\nInterfaces: Authenticator, Installer, Plugin\n" in installers and "* nginx\n" in installers and "* webroot" not in installers
    r = box.signet("plugins", "--prepare", "--nginx-server-root", box.root, "--apache-server-root", box.root + "/none", server=False)
    assert "Prep: Could not find nginx's configuration: there is no %s/nginx.conf" % box.root in r.out
    assert "Prep: Could not find Apache's configuration: there is no %s/none" % box.root in r.out
    assert r.out.count("\nPrep: True") == 2 and "Prep: Nobody is here to set challenges up by hand" in r.out


def test_verbose_tells_the_challenges(box):
    r = box.issue("a.p.example", args=["-v"])
    for words in ("Plugins selected: Authenticator standalone, Installer None\n", "Performing the following challenges:\nhttp-01 challenge for a.p.example\n",
                  "Cleaning up challenges\n"):
        assert words in r.err
    assert "Performing" not in box.issue("b.p.example").err


def test_the_log_may_be_read_by_whom_the_admin_lets_in(box):
    box.issue("a.p.example")
    assert os.stat(box.logs + "/letsencrypt.log").st_mode & 0o777 == 0o644 and os.stat(box.logs).st_mode & 0o777 == 0o700


def test_an_untrusted_ca_ends_a_renewal_with_a_remembered_directory(box, make_pebble):
    box.issue("a.p.example")
    other = make_pebble()
    r = box.signet("renew", "--force-renewal", env={"REQUESTS_CA_BUNDLE": other.ca_file}, check=1, timeout=60)
    assert "Failed to renew certificate a.p.example with error: " in r.err and "certificate" in r.err
    box.lineage("a.p.example").check(version=1)


def test_explain_names_every_hook_that_would_run(box):
    box.issue("a.p.example", args=["--deploy-hook", "true deploy"])
    for kind in ("pre", "deploy", "post"):
        box.script("etc/renewal-hooks/%s/10-it" % kind, "true")
    r = box.signet("explain", server=False)
    folder = box.config + "/renewal-hooks"
    assert r.says("Pre-hook: %s/pre/10-it\n Deploy-hook: %s/deploy/10-it\n Deploy-hook: true deploy\n Post-hook: %s/post/10-it" % (folder, folder, folder)), r
    (c,) = json.loads(box.signet("explain", "--json", server=False).out)["certificates"]
    assert c["pre_hooks"] == [folder + "/pre/10-it"] and c["deploy_hooks"] == [folder + "/deploy/10-it", "true deploy"]
    assert box.signet("explain", "--no-directory-hooks", server=False).out.count("hook: ") == 1


def test_json_of_the_account_and_the_plugins(box):
    box.signet("register", "--agree-tos", "-m", "a@mail.example,b@mail.example")
    a = json.loads(box.signet("show_account", "--json").out)["account"]
    assert a["contacts"] == ["a@mail.example", "b@mail.example"] and a["id"] == os.path.basename(box.account_dirs()[0]) and a["url"].startswith("https://")
    p = json.loads(box.signet("plugins", "--prepare", "--json", server=False).out)["plugins"]
    p = [x for x in p if x["name"] not in ("nginx", "apache")]  # as it is with this machine's
    assert [x["name"] for x in p] == ["standalone", "webroot", "manual", "dns"] and [x["prepared"] for x in p] == [True, True, False, False]


def test_quiet_names_the_file_that_is_broken(box):
    box.issue("a.p.example")
    path = box.file("etc/renewal/noauth.conf", re.sub("(?m)^authenticator.*\n", "", box.lineage("a.p.example").conf_text()))
    r = box.signet("renew", "-q", check=1)
    assert r.out == "" and "Renewal configuration file %s does not specify an authenticator. Skipping.\n" % path in r.err, r


def test_the_hook_before_the_words(box):
    box.issue("a.p.example")
    r = box.signet("renew", "--force-renewal", "--pre-hook", "echo first")
    assert r.out.index("Hook 'pre-hook' ran") < r.out.index("Renewing an existing certificate for a.p.example")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/dir", "ftp://ca.example/dir"])
def test_only_https_is_spoken(box, url):
    r = box.signet("certonly", "--standalone", "-d", "a.p.example", *AGREE, "--http-01-port", "1", "--server", url, *box.dirs(), "-n", bare=True, check=1)
    assert "over https only" in r.err


def test_an_account_that_is_not_there_is_named(box):
    box.signet("register", *AGREE)
    for verb in ("show_account", "unregister", "update_account"):
        r = box.signet(verb, "--account", "none", check=1)
        assert "/none does not exist" in r.err
    assert len(box.account_dirs()) == 1


def test_deploy_hooks_in_a_dry_run_of_certonly_too(box):
    box.issue("a.p.example")
    words = ("certonly", "--standalone", "-d", "a.p.example", "--dry-run", "--deploy-hook", "echo at $RENEWED_LINEAGE for $RENEWED_DOMAINS")
    assert "Hook 'deploy-hook'" not in box.signet(*words).out
    r = box.signet(*words, "--run-deploy-hooks")
    assert r.says("Hook 'deploy-hook' ran with output:\n at %s for a.p.example\n" % box.lineage("a.p.example").live)
    box.lineage("a.p.example").check(version=1)


def test_reconfigure_names_the_names(box):
    box.issue("a.p.example", "b.p.example", args=["--cert-name", "both"])
    r = box.signet("reconfigure", "--cert-name", "both", "--deploy-hook", "true")
    assert "Simulating renewal of an existing certificate for a.p.example and b.p.example\n" in r.out
    assert "No changes were made" in box.signet("reconfigure", "--cert-name", "both", "--deploy-hook", "true").out


@pytest.mark.parametrize("line,why", [("reuse_key = maybe", "Expected True or False for reuse_key but found maybe"),
                                      ("rsa_key_size = many", "Expected a numeric value for rsa_key_size")])
def test_what_renew_cannot_use_is_told_in_certbots_words(box, line, why):
    box.issue("a.p.example")
    conf = box.config + "/renewal/a.p.example.conf"
    box.file("etc/renewal/a.p.example.conf", box.lineage("a.p.example").conf_text() + line + "\n")
    r = box.signet("renew", check=1)
    assert "An error occurred while parsing %s. The error was %s. Skipping the file.\n" % (conf, why) in r.err, r
    assert "0 renew failure(s), 1 parse failure(s)" in r.err and r.says("%s (parsefail)" % conf)


def test_an_account_that_only_a_renewal_file_remembers(box):
    """Unregistered and registered again, or moved from another machine: the account that is there does."""
    box.issue("a.p.example")
    lineage = box.lineage("a.p.example")
    (here,) = [os.path.basename(d) for d in box.account_dirs()]
    box.file("etc/renewal/a.p.example.conf", re.sub("(?m)^account = .*", "account = " + "0" * 32, lineage.conf_text()))
    r = box.signet("renew", "--force-renewal")
    lineage.check(version=2)
    assert "account = %s\n" % here in lineage.conf_text() and r.complains("does not exist any more"), r
    box.signet("renew", "--force-renewal", "--account", "0" * 32, check=1)
    box.signet("unregister")
    assert box.signet("renew", "--force-renewal", check=1).complains("--agree-tos")
    r = box.signet("renew", "--force-renewal", "--agree-tos")
    assert "Account registered.\n" in r.out
    lineage.check(version=3)


def test_a_pinned_key_stays_under_certonly(box):
    box.issue("a.p.example", args=["--reuse-key", "--elliptic-curve", "secp384r1"])
    lineage = box.lineage("a.p.example")
    box.issue("a.p.example", args=["--force-renewal"])
    box.signet("certonly", "--standalone", "--cert-name", "a.p.example", "-d", "a.p.example,b.p.example")
    first, second, third = (open(lineage.archived("privkey", n)).read() for n in (1, 2, 3))
    assert first == second == third and "reuse_key = True\n" in lineage.conf_text()
    r = box.issue("a.p.example", "b.p.example", args=["--force-renewal", "--key-type", "ecdsa", "--elliptic-curve", "secp256r1"], check=1)
    assert r.complains("--elliptic-curve asks for another key than the one that --reuse-key keeps")
    box.issue("a.p.example", "b.p.example", args=["--force-renewal", "--no-reuse-key"])
    assert open(lineage.archived("privkey", 4)).read() != first and "reuse_key = False\n" in lineage.conf_text()


def make_csr(box, *names):
    path = box.root + "/a.csr"
    os.system("openssl req -new -newkey rsa:2048 -nodes -keyout %s/k.pem -subj / -addext subjectAltName=%s -out %s 2>/dev/null" %
              (box.root, ",".join("DNS:" + n for n in names), path))
    return path


def test_csr_with_some_of_its_names(box):
    csr = make_csr(box, "c.p.example", "d.p.example")
    r = box.signet("certonly", "--standalone", "--csr", csr, "-d", "d.p.example", *AGREE)
    assert "Requesting a certificate for c.p.example and d.p.example\n" in r.out
    r = box.signet("certonly", "--standalone", "--csr", csr, "-d", "d.p.example,e.p.example", *AGREE, check=1)
    assert "Inconsistent requests" in r.err


def test_csr_into_folders_that_are_not_there(box):
    paths = {k: "%s/new/%s/out.pem" % (box.root, k) for k in ("cert", "chain", "fullchain")}
    words = [w for k in paths for w in ("--%s-path" % k, paths[k])]
    csr = make_csr(box, "c.p.example")
    box.signet("certonly", "--standalone", "--csr", csr, "--dry-run", *words, *AGREE)
    assert not os.path.exists(box.root + "/new")
    box.signet("certonly", "--standalone", "--csr", csr, *words, *AGREE)
    text = {k: open(paths[k]).read() for k in paths}
    assert text["fullchain"] == text["cert"] + text["chain"]
    since = box.ca.mark()
    r = box.signet("certonly", "--standalone", "--csr", csr, "--cert-path", csr + "/below/cert.pem", *AGREE, check=1)
    assert box.ca.count("newOrder", since) == 0 and csr in r.err


def test_variables_that_a_script_left_empty(box):
    r = box.signet("certonly", "--webroot", "-w", "", "-d", "a.p.example", *AGREE, check=1)
    assert "does not exist or is not a directory" in r.err
    r = box.signet("certonly", "--webroot", "--webroot-map", '{"a.p.example": ""}', *AGREE, check=1)
    assert "does not exist or is not a directory" in r.err
    box.issue("a.p.example", args=["--cert-name", ""])
    box.lineage("a.p.example").check(version=1)
    assert box.signet("delete", "--cert-name", "", server=False, check=1).err
    assert box.lineages() == ["a.p.example"]


def test_an_rsa_size_matters_to_rsa_keys_only(box):
    box.issue("a.p.example", args=["--rsa-key-size", "1024"])
    box.lineage("a.p.example").check(version=1, key="secp256r1")
    r = box.issue("b.p.example", args=["--rsa-key-size", "1024", "--key-type", "rsa"], check=1)
    assert "Unsupported RSA key length: 1024" in r.err


def test_no_name_left(box):
    box.ca.dns_servfail("bad.p.example")
    r = box.issue("bad.p.example", args=["--allow-subset-of-names"], check=1)
    assert "All challenges have failed.\n" in r.err


def test_a_url_for_a_name(box):
    assert "it is a URL" in box.issue("https://a.p.example/", check=1).err


def test_reconfigure_that_cannot_work_changes_nothing(box):
    box.issue("a.p.example", args=["--pre-hook", "echo before"])
    old = box.lineage("a.p.example").conf_text()
    os.mkdir(box.root + "/empty")
    r = box.signet("reconfigure", "--cert-name", "a.p.example", "--webroot", "-w", box.root + "/empty", check=1)
    assert "Some challenges have failed.\n" in r.err and box.lineage("a.p.example").conf_text() == old
    assert r.out.index("before") < r.out.index("Simulating renewal of")


@pytest.mark.parametrize("text", ["nothing = here\n", "[[[\n"])
def test_a_broken_file_is_deleted_and_named(box, text):
    box.signet("register", *AGREE)
    path = box.file("etc/renewal/broken.conf", text)
    r = box.signet("delete", "--cert-name", "broken", server=False, check=1)
    assert path in r.err and ".signet-del" not in r.err and not os.path.exists(path)
    assert "look into %s/live/broken and %s/archive/broken" % (box.config, box.config) in r.words


def test_reconfigure_rehearses_at_the_lineages_own_ca(box):
    box.issue("a.p.example")
    since = box.ca.mark()
    r = box.signet("reconfigure", "--cert-name", "a.p.example", "--deploy-hook", "echo at $RENEWED_LINEAGE", "--run-deploy-hooks", server=False)
    assert box.ca.orders(since) == 1 and r.says("at %s/live/a.p.example" % box.config)
    box.lineage("a.p.example").check(version=1)


def test_reconfigure_never_orders_at_lets_encrypts_production(box):
    box.issue("a.p.example")
    lineage = box.lineage("a.p.example")
    text = lineage.conf_text().replace(box.ca.url, "https://acme-v02.api.letsencrypt.org/directory")
    box.file("etc/renewal/a.p.example.conf", text)
    r = box.signet("reconfigure", "--cert-name", "a.p.example", "--pre-hook", "true", server=False, check=1, env={"HTTPS_PROXY": "http://127.0.0.1:1"})
    assert "https://acme-staging-v02.api.letsencrypt.org/directory" in r.err and lineage.conf_text() == text


@pytest.mark.parametrize("words", [["--account", "0" * 32], ["--server", "https://ca.example/dir"], ["--staging"], ["--dry-run"]])
def test_reconfigure_changes_no_account_and_no_ca(box, words):
    box.issue("a.p.example")
    old = box.lineage("a.p.example").conf_text()
    r = box.signet("reconfigure", "--cert-name", "a.p.example", *words, "--pre-hook", "true", server=False, check=1)
    assert "reconfigure" in r.err and box.lineage("a.p.example").conf_text() == old


def test_a_reconfigured_key_comes_with_the_next_renewal(box):
    box.issue("a.p.example")
    for words, key in ((["--key-type", "rsa"], "rsa2048"), (["--rsa-key-size", "3072"], "rsa3072"),
                       (["--key-type", "ecdsa", "--elliptic-curve", "secp384r1"], "secp384r1")):
        box.signet("reconfigure", "--cert-name", "a.p.example", *words, server=False)
        box.signet("renew", "--force-renewal")
        box.lineage("a.p.example").check(key=key)
    box.lineage("a.p.example").check(version=4)
