"""certonly: from names to files."""
import base64
import datetime
import hashlib
import json
import os
import re
import socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from harness.certs import KINDS, load_cert, mode, must_staple, names, pem_blocks, read, spki

DAY = 86400


def test_a_first_certificate_with_certbots_words_and_files(box):
    since = box.ca.mark()
    r = box.issue("first.example")
    lineage = box.lineage("first.example").check(version=1, names=["first.example"], key="secp256r1")
    expires = lineage.cert.not_valid_after.date()
    assert "Account registered.\n" in r.out
    assert "Requesting a certificate for first.example\n" in r.out
    assert ("\nSuccessfully received certificate.\nCertificate is saved at: %s\nKey is saved at:         %s\nThis certificate expires on %s.\n"
            "These files will be updated when the certificate renews.\n" % (lineage.path("fullchain"), lineage.path("privkey"), expires)) in r.out, r
    assert "Saving debug log to %s/letsencrypt.log\n" % box.logs in r.err
    assert box.ca.issued(since) == 1
    asked = box.ca.requests(since)
    polls = sum(what in ("authorization", "order") for _, what in asked)  # as often as the CA takes its time
    assert len(set(asked)) <= 9 and len(asked) - polls <= 8, asked


def test_the_tree_is_certbots(box):
    box.issue("tree.example")
    top = box.config
    for path, want in ((top, 0o755), (top + "/accounts", 0o700), (top + "/archive", 0o700), (top + "/live", 0o700), (top + "/renewal", 0o755),
                       (top + "/renewal-hooks", 0o755), (top + "/renewal-hooks/pre", 0o755), (top + "/renewal-hooks/deploy", 0o755),
                       (top + "/renewal-hooks/post", 0o755), (box.work, 0o755), (box.logs, 0o700), (top + "/live/README", 0o644)):
        assert mode(path) == want, "%s is %o" % (path, mode(path))
    for folder in (top, box.work, box.logs):
        assert not os.path.exists(folder + "/.certbot.lock")
    assert not [f for f in os.listdir(top + "/live") if f.startswith(".") and not f.startswith(".tree.example")]
    assert {f for f in os.listdir(top) if not f.startswith(".")} - {"csr", "keys"} == {"accounts", "archive", "live", "renewal", "renewal-hooks"}


def test_the_account_is_stored_as_certbot_stores_it(box):
    box.issue("account.example")
    (folder,) = box.account_dirs()
    assert folder.startswith("%s/accounts/127.0.0.1:%d/dir/" % (box.config, box.ca.port))
    assert mode(folder) == 0o700 and mode(folder + "/private_key.json") == 0o400
    jwk = json.loads(read(folder + "/private_key.json"))
    assert set(jwk) == {"kty", "crv", "x", "y", "d"} and (jwk["kty"], jwk["crv"]) == ("EC", "P-256")
    x, y = (int.from_bytes(base64.urlsafe_b64decode(jwk[k] + "=="), "big") for k in "xy")
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert os.path.basename(folder) == hashlib.md5(pem).hexdigest()
    regr = json.loads(read(folder + "/regr.json"))
    assert regr["body"] == {} and re.fullmatch(r"https://127\.0\.0\.1:\d+/my-account/\S+", regr["uri"])
    meta = json.loads(read(folder + "/meta.json"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", meta["creation_dt"]) and meta["creation_host"]
    assert box.lineage("account.example").conf_get("account") == os.path.basename(folder)


def test_the_renewal_file_remembers_what_was_asked(box):
    box.issue("conf.example", args=["--deploy-hook", "true", "--rsa-key-size", "3072", "--key-type", "rsa"])
    lineage = box.lineage("conf.example")
    assert lineage.conf_text().splitlines()[0].startswith("version = ")
    for key, want in (("authenticator", "standalone"), ("server", box.ca.url), ("key_type", "rsa"), ("rsa_key_size", "3072"),
                      ("http01_port", str(box.ca.http_port)), ("renew_hook", "true")):
        assert lineage.conf_get(key) == want
    assert "[renewalparams]" in lineage.conf_text()
    assert lineage.conf_get("installer") in (None, "None") and lineage.conf_get("deploy_hook") is None


def test_a_second_lineage_uses_the_same_account_and_few_requests(box):
    box.issue("one.example")
    since = box.ca.mark()
    r = box.issue("two.example")
    assert "Account registered" not in r.out
    box.lineage("one.example").check(version=1)
    box.lineage("two.example").check(version=1, names=["two.example"])
    assert len(box.account_dirs()) == 1 and box.ca.count("newAccount", since) == 0
    assert len(box.ca.requests(since)) <= 9, box.ca.requests(since)


def test_several_names_in_one_certificate(box):
    r = box.issue("a.san.example", "b.san.example", "c.san.example")
    assert "Requesting a certificate for a.san.example and 2 more" in r.out
    box.lineage("a.san.example").check(version=1, names=["a.san.example", "b.san.example", "c.san.example"])
    assert box.lineages() == ["a.san.example"]


def test_two_names_are_both_told(box):
    assert "Requesting a certificate for a.two.example and b.two.example\n" in box.issue("a.two.example", "b.two.example").out


def test_names_are_normalised(box):
    box.signet("certonly", "--standalone", "-d", "UPPER.example.,b.Upper.example", "--domains", "upper.example", "--agree-tos",
               "--register-unsafely-without-email")
    box.lineage("upper.example").check(version=1, names=["upper.example", "b.upper.example"])


def test_forty_names_at_once(box):
    many = ["n%d.many.example" % i for i in range(40)]
    since = box.ca.mark()
    box.issue("many.example", *many)
    box.lineage("many.example").check(names=["many.example"] + many)
    assert box.ca.count("newOrder", since) == 1


def test_a_wildcard_needs_dns(box):
    r = box.issue("*.wild.example", check=1)
    assert "challenge" in r.err.lower()
    assert box.lineages() == [] and box.entries("archive") == []


def test_an_ip_address(box):
    box.signet("certonly", "--standalone", "--ip-address", "127.0.0.1", "--agree-tos", "--register-unsafely-without-email")
    box.lineage("127.0.0.1").check(version=1, names=["127.0.0.1"])


def test_an_ip_address_beside_a_name(box):
    box.issue("ip.example", args=["--ip-address", "127.0.0.1"])
    box.lineage("ip.example").check(version=1, names=["127.0.0.1", "ip.example"])


def test_expand_asks_for_the_flag_and_then_grows_the_lineage(box):
    box.issue("x.example")
    since = box.ca.mark()
    r = box.issue("x.example", "y.x.example", check=1)
    assert "Missing command line flag or config entry for this setting:" in r.err and "--expand" in r.err
    assert box.ca.count("newOrder", since) == 0
    box.lineage("x.example").check(version=1, names=["x.example"])
    box.issue("x.example", "y.x.example", args=["--expand"])
    box.lineage("x.example").check(version=2, names=["x.example", "y.x.example"])
    assert box.lineages() == ["x.example"]


def test_a_subset_becomes_a_lineage_of_its_own(box):
    box.issue("s.example", "t.s.example")
    box.issue("s.example")
    assert box.lineages() == ["s.example", "s.example-0001"]
    box.lineage("s.example-0001").check(version=1, names=["s.example"])
    box.lineage("s.example").check(version=1, names=["s.example", "t.s.example"])


def test_duplicate_makes_another_lineage(box):
    box.issue("dup.example")
    box.issue("dup.example", args=["--duplicate"])
    box.issue("dup.example", args=["--duplicate"])
    assert box.lineages() == ["dup.example", "dup.example-0001", "dup.example-0002"]
    assert len({box.lineage(n).check(version=1).cert.serial_number for n in box.lineages()}) == 3


@pytest.mark.parametrize("flag", [[], ["--keep-until-expiring"], ["--keep"], ["--reinstall"]])
def test_asking_again_keeps_what_is_not_due(box, flag):
    box.issue("keep.example")
    since = box.ca.mark()
    r = box.issue("keep.example", args=flag)
    assert "Certificate not yet due for renewal; no action taken.\n" in r.out
    assert "- " * 39 + "-\n" in r.out
    box.lineage("keep.example").check(version=1)
    assert box.ca.count("newOrder", since) == 0


@pytest.mark.parametrize("flag", ["--force-renewal", "--renew-by-default"])
def test_force_renewal(box, flag):
    box.issue("force.example")
    old = box.lineage("force.example").cert
    r = box.issue("force.example", args=[flag])
    lineage = box.lineage("force.example").check(version=2)
    assert "Renewing an existing certificate for force.example\n" in r.out
    assert lineage.cert.serial_number != old.serial_number and spki(lineage.cert.public_key()) != spki(old.public_key())


def test_cert_name_names_and_changes_a_lineage(box):
    box.issue("n.example", args=["--cert-name", "mine"])
    box.lineage("mine").check(version=1, names=["n.example"])
    box.issue("n.example", "o.n.example", args=["--cert-name", "mine"])
    box.lineage("mine").check(version=2, names=["n.example", "o.n.example"])
    box.issue(args=["--cert-name", "mine", "--force-renewal"])
    box.lineage("mine").check(version=3, names=["n.example", "o.n.example"])
    assert box.lineages() == ["mine"]


def test_a_cert_name_with_a_slash_is_refused(box):
    box.issue("slash.example", args=["--cert-name", "a/b"], check=1)
    assert box.lineages() == []


def test_dry_run_leaves_nothing(box):
    since = box.ca.mark()
    r = box.issue("dry.example", args=["--dry-run"])
    assert "The dry run was successful.\n" in r.out and "Simulating a certificate request for dry.example\n" in r.out
    assert box.ca.issued(since) == 1
    assert box.lineages() == []
    for folder in ("archive", "live", "renewal"):
        assert [f for f in box.entries(folder) if f != "README"] == []


def test_dry_run_beside_a_lineage_changes_nothing(box):
    box.issue("drykeep.example")
    before = {k: v for k, v in box.snapshot().items() if not k.startswith("accounts")}
    r = box.issue("drykeep.example", args=["--dry-run"])
    assert "Simulating renewal of an existing certificate for drykeep.example\n" in r.out
    assert {k: v for k, v in box.snapshot().items() if not k.startswith("accounts")} == before


@pytest.mark.parametrize("args,kind", [
    (["--key-type", "ecdsa"], "secp256r1"), (["--key-type", "ecdsa", "--elliptic-curve", "secp384r1"], "secp384r1"),
    (["--elliptic-curve", "secp384r1"], "secp384r1"), (["--key-type", "rsa"], "rsa2048"), (["--key-type", "rsa", "--rsa-key-size", "4096"], "rsa4096"),
])
def test_key_types(box, args, kind):
    box.issue("key.example", args=args)
    lineage = box.lineage("key.example").check(version=1, key=kind)
    assert lineage.conf_get("key_type") == ("rsa" if kind.startswith("rsa") else "ecdsa")
    box.signet("renew", "--force-renewal")
    box.lineage("key.example").check(version=2, key=kind)


def test_the_key_type_changes_only_when_it_is_said_twice(box):
    box.issue("kt.example")
    r = box.issue("kt.example", args=["--key-type", "rsa", "--force-renewal"], check=1)
    assert r.complains("is given to it only when --cert-name and --key-type both say so.")
    box.lineage("kt.example").check(version=1, key="secp256r1")
    box.issue("kt.example", args=["--key-type", "rsa", "--cert-name", "kt.example", "--force-renewal"])
    box.lineage("kt.example").check(version=2, key="rsa2048")


def test_reuse_key_and_new_key(box):
    box.issue("reuse.example", args=["--reuse-key"])
    lineage = box.lineage("reuse.example")
    first = read(lineage.path("privkey"))
    assert lineage.conf_get("reuse_key") == "True"
    box.signet("renew", "--force-renewal")
    lineage.check(version=2)
    assert read(lineage.path("privkey")) == first and not os.path.islink(lineage.archived("privkey", 2))
    box.signet("renew", "--force-renewal", "--new-key")
    lineage.check(version=3)
    third = read(lineage.path("privkey"))
    assert third != first and lineage.conf_get("reuse_key") == "True"
    box.signet("renew", "--force-renewal")
    assert read(lineage.check(version=4).path("privkey")) == third
    box.signet("renew", "--force-renewal", "--no-reuse-key")
    assert read(lineage.check(version=5).path("privkey")) != third and lineage.conf_get("reuse_key") == "False"


def test_must_staple(box):
    box.issue("staple.example", args=["--must-staple"])
    assert must_staple(box.lineage("staple.example").check(version=1).cert)
    assert box.lineage("staple.example").conf_get("must_staple") == "True"
    box.issue("nostaple.example")
    assert not must_staple(box.lineage("nostaple.example").cert)


def make_csr(box, *dns, der=False):
    key = ec.generate_private_key(ec.SECP256R1())
    csr = (x509.CertificateSigningRequestBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, dns[0])]))
           .add_extension(x509.SubjectAlternativeName([x509.DNSName(d) for d in dns]), False).sign(key, hashes.SHA256()))
    path = box.root + "/my.csr"
    with open(path, "wb") as f:
        f.write(csr.public_bytes(serialization.Encoding.DER if der else serialization.Encoding.PEM))
    return path, key


@pytest.mark.parametrize("der", [False, True])
def test_csr_with_its_numbered_output_files(box, der):
    path, key = make_csr(box, "csr.example", "b.csr.example", der=der)
    here = box.root + "/here"
    os.mkdir(here)
    words = ["certonly", "--standalone", "--csr", path, "--agree-tos", "--register-unsafely-without-email", "--pre-hook", "touch %s/hook" % here]
    r = box.signet(*words, cwd=here)
    assert sorted(os.listdir(here)) == ["0000_cert.pem", "0000_chain.pem", "0001_chain.pem"]
    cert = load_cert(here + "/0000_cert.pem")
    assert names(cert) == {"csr.example", "b.csr.example"} and spki(cert.public_key()) == spki(key.public_key())
    assert read(here + "/0001_chain.pem") == read(here + "/0000_cert.pem") + read(here + "/0000_chain.pem")
    assert all(mode(here + "/" + f) == 0o644 for f in os.listdir(here))
    for label, f in (("Certificate is saved at:            ", "0000_cert.pem"), ("Intermediate CA chain is saved at:  ", "0000_chain.pem"),
                     ("Full certificate chain is saved at: ", "0001_chain.pem")):
        assert label + here + "/" + f + "\n" in r.out
    assert box.lineages() == []
    box.signet(*words, cwd=here)
    assert sorted(os.listdir(here)) == ["0000_cert.pem", "0000_chain.pem", "0001_cert.pem", "0001_chain.pem", "0002_chain.pem", "0003_chain.pem"]


def test_csr_with_paths_that_were_named(box):
    path, _ = make_csr(box, "csrpath.example")
    out = {k: "%s/out-%s.pem" % (box.root, k) for k in ("cert", "chain", "fullchain")}
    words = ["certonly", "--standalone", "--csr", path, "--agree-tos", "--register-unsafely-without-email"]
    words += [w for k, p in out.items() for w in ("--%s-path" % k, p)]
    box.signet(*words)
    assert read(out["fullchain"]) == read(out["cert"]) + read(out["chain"]) and len(pem_blocks(read(out["cert"]))) == 1
    old, since = read(out["cert"]), box.ca.mark()
    box.signet(*words, check=1)
    assert read(out["cert"]) == old and box.ca.issued(since) == 0, "a taken output path must be found before a certificate is spent"


def test_csr_and_other_names_do_not_go_together(box):
    path, _ = make_csr(box, "csrnames.example")
    box.signet("certonly", "--standalone", "--csr", path, "-d", "other.example", "--agree-tos", "--register-unsafely-without-email", check=1)


def test_preferred_chain(make_pebble, make_box):
    ca = make_pebble(alternate_roots=2)
    box = make_box(ca)
    for n in (2, 1, 0):
        root = x509.load_pem_x509_certificate(ca.root(n).encode())
        name = root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        box.issue("chain%d.example" % n, args=["--preferred-chain", name])
        lineage = box.lineage("chain%d.example" % n).check(version=1)
        last = x509.load_pem_x509_certificate(pem_blocks(read(lineage.path("chain")))[-1])
        assert last.issuer == root.subject, "root %d was asked for" % n
        assert lineage.conf_get("preferred_chain") == name


def test_a_preferred_chain_that_does_not_exist_is_a_warning(make_pebble, make_box):
    box = make_box(make_pebble(alternate_roots=1))
    r = box.issue("nochain.example", args=["--preferred-chain", "No Such Root"])
    box.lineage("nochain.example").check(version=1)
    assert "No Such Root" in r.err + r.out


def test_a_long_chain(make_pebble, make_box):
    box = make_box(make_pebble(chain_length=3))
    box.issue("long.example")
    assert len(pem_blocks(read(box.lineage("long.example").check(version=1).path("chain")))) == 3


def test_profiles(make_pebble, make_box):
    box = make_box(make_pebble(profiles={"classic": 90 * DAY, "shortlived": 6 * DAY}))

    def days(name):
        c = box.lineage(name).check(version=1).cert
        return round((c.not_valid_after - c.not_valid_before) / datetime.timedelta(days=1))

    box.issue("p1.example", args=["--preferred-profile", "shortlived"])
    assert days("p1.example") == 6 and box.lineage("p1.example").conf_get("preferred_profile") == "shortlived"
    box.issue("p2.example", args=["--required-profile", "classic"])
    assert days("p2.example") == 90 and box.lineage("p2.example").conf_get("required_profile") == "classic"
    box.issue("p3.example", args=["--preferred-profile", "unheard-of"])
    box.lineage("p3.example").check(version=1)
    r = box.issue("p4.example", args=["--required-profile", "unheard-of"], check=1)
    assert "unheard-of" in r.err and box.lineages() == ["p1.example", "p2.example", "p3.example"]


def test_a_name_that_cannot_be_validated(box):
    box.ca.dns_servfail("bad.example")
    r = box.issue("bad.example", "good.bad.example", check=1)
    text = r.out + r.err
    assert "failed to authenticate some domains (authenticator: standalone). The Certificate Authority reported these problems:\n" in text
    assert re.search(r"^  (Identifier|Domain): bad\.example$", text, re.M) and re.search(r"^  Type: +[a-zA-Z]+$", text, re.M)
    assert re.search(r"^  Detail: \S", text, re.M)
    assert "Some challenges have failed." in r.err
    assert "Ask for help or search for solutions at" in r.err and box.logs + "/letsencrypt.log" in r.err
    assert box.lineages() == [] and box.entries("archive") == []


def test_allow_subset_of_names(box):
    box.ca.dns_servfail("gone.subset.example")
    r = box.issue("subset.example", "gone.subset.example", args=["--allow-subset-of-names"])
    assert "Unable to obtain a certificate with every requested domain. Retrying without: gone.subset.example" in r.out + r.err
    box.lineage("subset.example").check(version=1, names=["subset.example"])


def test_a_name_that_the_ca_will_not_have(box):
    r = box.issue("blocked.example", check=1)
    assert "rejectedIdentifier" in r.words and ("will not issue" in r.words or "policy" in r.words.lower())
    assert box.lineages() == []


def test_external_account_binding(make_pebble, make_box):
    kid, key = "kid-1", base64.urlsafe_b64encode(b"0123456789abcdef0123456789abcdef").decode().rstrip("=")
    box = make_box(make_pebble(eab={kid: key}))
    r = box.issue("eab.example", check=1)
    assert "--eab-kid" in r.err and box.account_dirs() == []
    box.issue("eab.example", args=["--eab-kid", kid, "--eab-hmac-key", base64.urlsafe_b64encode(b"wrong" * 8).decode().rstrip("=")], check=1)
    box.issue("eab.example", args=["--eab-kid", kid, "--eab-hmac-key", key])
    box.lineage("eab.example").check(version=1)


def test_half_of_the_nonces_rejected(make_pebble, make_box):
    ca = make_pebble(nonce_reject=50)
    box = make_box(ca)
    for i in range(6):
        since = ca.mark()
        box.issue("nonce%d.example" % i)
        box.lineage("nonce%d.example" % i).check(version=1)
        assert ca.issued(since) == 1
    assert len(box.account_dirs()) == 1


def test_every_nonce_rejected_ends_soon(make_pebble, make_box):
    ca = make_pebble(nonce_reject=100)
    box = make_box(ca)
    since = ca.mark()
    r = box.issue("nonce.example", check=1, timeout=40)
    assert r.seconds < 30 and len(ca.requests(since)) <= 20
    assert "once" in r.err


def test_authorizations_that_are_valid_already_need_no_port(make_pebble, make_box):
    ca = make_pebble(authz_reuse=100)
    box = make_box(ca)
    box.issue("again.example")
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("0.0.0.0", ca.http_port))
        s.listen()
        since = ca.mark()
        box.issue("again.example", args=["--force-renewal"])
        assert ca.count("challenge", since) == 0
    box.lineage("again.example").check(version=2)


def test_retry_after_is_obeyed(make_pebble, make_box):
    ca = make_pebble(authz_retry_after=1, order_retry_after=1)
    box = make_box(ca)
    since = ca.mark()
    box.issue("after.example")
    box.lineage("after.example").check(version=1)
    polls = ca.count("authorization", since) + ca.count("order", since)
    assert polls <= 8, ca.requests(since)


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_modes_do_not_depend_on_the_umask(box, umask):
    argv = ["certonly", "--standalone", "-d", "umask.example", "--agree-tos", "--register-unsafely-without-email"]
    box.signet(*argv, umask=umask)
    box.lineage("umask.example").check(version=1)
    (account,) = box.account_dirs()
    assert mode(account + "/private_key.json") == 0o400
    for at, _, files in os.walk(box.config):
        for f in files:
            if not os.path.islink(at + "/" + f):
                assert not mode(at + "/" + f) & 0o022, at + "/" + f


def test_options_from_a_file_and_in_short(box):
    conf = box.file("my.ini", "# ours\nagree-tos = true\nregister-unsafely-without-email\nkey-type: rsa\ndomains = ini.example, b.ini.example\n")
    box.signet("certonly", "--stand", "-nv", "-c", conf, "--cert-n", "ini", "--rsa=3072")
    box.lineage("ini").check(version=1, names=["ini.example", "b.ini.example"], key="rsa3072")


def test_the_terms_must_be_agreed_to(box):
    since = box.ca.mark()
    r = box.signet("certonly", "--standalone", "-d", "tos.example", "--register-unsafely-without-email", check=1)
    assert "--agree-tos" in r.err and box.ca.count("newAccount", since) == 0 and box.account_dirs() == []


@pytest.mark.parametrize("words", [["--standalone-supported-challenges", "http-01"], ["--tls-sni-01-port", "5999"], ["--no-self-upgrade"],
                                   ["--os-packages-only"], ["--no-bootstrap"], ["--manual-public-ip-logging-ok"]])
def test_names_of_the_past_are_accepted_with_one_warning(box, words):
    r = box.issue("past.example", args=words)
    box.lineage("past.example").check(version=1)
    assert len([line for line in r.err.splitlines() if words[0].lstrip("-") in line]) == 1, r


def test_auth_is_certonly(box):
    box.signet("auth", "--standalone", "-d", "auth.example", "--agree-tos", "--register-unsafely-without-email", "--http-01-port",
               str(box.ca.http_port))
    box.lineage("auth.example").check(version=1)


def test_ssl_cert_file_is_honoured_too(box):
    box.issue("ssl.example", env={"REQUESTS_CA_BUNDLE": None, "SSL_CERT_FILE": box.ca.ca_file})
    box.lineage("ssl.example").check(version=1)


def test_an_untrusted_ca_is_refused_and_no_verify_ssl_is_loud(box):
    r = box.issue("tls.example", env={"REQUESTS_CA_BUNDLE": None}, check=1)
    assert "certificate" in r.err.lower() and box.account_dirs() == []
    r = box.issue("tls.example", args=["--no-verify-ssl"], env={"REQUESTS_CA_BUNDLE": None})
    box.lineage("tls.example").check(version=1)
    assert "no_verify_ssl" not in box.lineage("tls.example").conf_text()


def test_json_report(box):
    r = box.issue("json.example", args=["--json"])
    report = json.loads(r.out)
    assert "json.example" in json.dumps(report) and box.lineage("json.example").path("fullchain") in json.dumps(report)


def test_an_archive_opened_by_the_admin_stays_open(box):
    box.issue("open.example")
    for folder in ("live", "archive"):
        os.chmod(box.config + "/" + folder, 0o755)
    box.issue("open2.example")
    box.issue("open.example", args=["--force-renewal"])
    assert mode(box.config + "/live") == 0o755 and mode(box.config + "/archive") == 0o755
    assert box.lineage("open.example").check_pair() == 2
    assert all(os.path.exists(box.lineage("open2.example").path(k)) for k in KINDS)


def test_quiet_says_nothing(box):
    r = box.issue("quiet.example", args=["-q"])
    assert r.out == "" and r.err == ""
    box.lineage("quiet.example").check(version=1)


def test_log_backups_rotate(box):
    for _ in range(4):
        box.signet("renew", "--max-log-backups", "2")
    assert sorted(f for f in os.listdir(box.logs) if f.startswith("letsencrypt.log")) == ["letsencrypt.log", "letsencrypt.log.1", "letsencrypt.log.2"]
