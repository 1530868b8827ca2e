"""At a terminal: what is asked, in certbot's order and words, and what each answer does."""
import os
import pty
import re
import select
import signal
import time

import pytest
from harness.box import Box, Failed, signet_binary
from harness.ca import Pebble
from harness.dns import Bind

AGREE = ["--agree-tos", "--register-unsafely-without-email"]
CTRL_C = "\x03"


class Answers:
    def __init__(self, rc, text):
        self.rc, self.text = rc, text


def talk(box, *words, answers=(), timeout=30, env=None):
    """Runs signet at a terminal. `answers`: what to type whenever a pattern shows up, in this order (or a function of the match that gives it).
    Returns all that the terminal showed."""
    argv = [signet_binary(), *words] + box.dirs() + ["--server", box.ca.url]
    if words[0] in ("certonly", "reconfigure"):
        argv += ["--http-01-port", str(box.ca.http_port)]
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(box.root)
        os.execve(argv[0], argv, box.env({"TERM": "dumb", "NO_COLOR": "1", **(env or {})}))
    shown, seen, left, end = "", 0, list(answers), time.monotonic() + timeout
    try:
        while True:
            if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
                os.kill(pid, signal.SIGKILL)
                raise Failed("nothing for %d s, %r not answered:\n%s" % (timeout, left, shown))
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            if not data:
                break
            shown += data.decode(errors="replace").replace("\r\n", "\n")
            m = left and re.search(left[0][0], shown[seen:])
            if m:
                seen = len(shown)
                answer = left.pop(0)[1]
                os.write(fd, (answer(m) if callable(answer) else answer).encode())
    finally:
        os.close(fd)
        rc = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert not left, "never asked: %r\n%s" % (left, shown)
    return Answers(rc, shown)


def test_certonly_without_a_word(box):
    r = talk(box, "certonly", answers=[(r"How would you like to authenticate(?s:.*?)(\d+): Answer the CA from(?s:.*)to cancel\): $", lambda m: m.group(1) + "\n"), (r"Enter email address.*\n.*cancel\): $", "nobody\n"),
                                       (r"problem with your email(?s:.*)cancel\): $", "me@mail.example\n"),
                                       (r"Do you agree\?(?s:.*)\(Y\)es/\(N\)o: $", "y\n"), (r"Account registered(?s:.*)Names for the certificate(?s:.*)cancel\): $", "a.t.example, b.t.example\n")])
    assert r.rc == 0 and "Requesting a certificate for a.t.example and b.t.example\n" in r.text
    box.lineage("a.t.example").check(version=1, names=["a.t.example", "b.t.example"])
    assert "me@mail.example" in box.signet("show_account").out


def test_the_terms_refused(box):
    r = talk(box, "register", answers=[(r"cancel\): $", "\n"), (r"\(N\)o: $", "n\n")])
    assert r.rc == 1 and box.account_dirs() == []


@pytest.mark.parametrize("answer,rc,version", [("1", 0, 1), ("2", 0, 2), ("c", 1, 1)])
def test_the_same_names_again(box, answer, rc, version):
    box.issue("a.t.example")
    r = talk(box, "certonly", "--standalone", "-d", "a.t.example", answers=[(r"to cancel\): $", "7\n"), (r"Invalid input(?s:.*)to cancel\): $", answer + "\n")])
    assert r.rc == rc and "(ref: %s/renewal/a.t.example.conf)" % box.config in r.text.replace("\n", "")
    assert ("no action taken" in r.text) == (answer == "1")
    box.lineage("a.t.example").check(version=version)


@pytest.mark.parametrize("answer,version", [("e", 2), ("c", 1)])
def test_expand(box, answer, version):
    box.issue("a.t.example")
    r = talk(box, "certonly", "--standalone", "-d", "a.t.example,b.t.example", answers=[(r"\(E\)xpand/\(C\)ancel: $", answer + "\n")])
    assert r.rc == (0 if answer == "e" else 1)
    box.lineage("a.t.example").check(version=version)


@pytest.mark.parametrize("answer,version", [("u", 2), ("c", 1)])
def test_other_names_for_a_lineage(box, answer, version):
    box.issue("a.t.example")
    r = talk(box, "certonly", "--standalone", "--cert-name", "a.t.example", "-d", "a.t.example,b.t.example",
             answers=[(r"\+ b\.t\.example\n\nand lose these:\n\(None\)(?s:.*)ancel: $", answer + "\n")])
    assert r.rc == (0 if answer == "u" else 1)
    box.lineage("a.t.example").check(version=version)


@pytest.mark.parametrize("answer,kind", [("u", "secp256r1"), ("k", "rsa2048")])
def test_an_rsa_certificate_may_become_an_ecdsa_one(box, answer, kind):
    box.issue("a.t.example", args=["--key-type", "rsa"])
    more = [] if answer == "u" else [(r"What would you like to do(?s:.*)to cancel\): $", "2\n")]
    r = talk(box, "certonly", "--standalone", "-d", "a.t.example",
             answers=[(r"Certificate a\.t\.example has an RSA key(?s:.*)\(U\)pdate key type/\(K\)eep existing key type: $", answer + "\n")] + more)
    assert r.rc == 0
    box.lineage("a.t.example").check(version=2, key=kind)


def test_delete_some_of_a_list(box):
    for n in "abc":
        box.issue(n + ".t.example")
    r = talk(box, "delete", answers=[(r"cancel\): $", "9\n"), (r"Invalid selection(?s:.*)cancel\): $", "1, 3\n"),
                                     (r"\* a\.t\.example\n  \* c\.t\.example(?s:.*)\(N\)o: $", "n\n")])
    assert r.rc == 0 and len(box.lineages()) == 3
    r = talk(box, "delete", answers=[(r"cancel\): $", "1 3\n"), (r"\(N\)o: $", "y\n")])
    assert r.rc == 0 and box.lineages() == ["b.t.example"]


@pytest.mark.parametrize("answer", ["n", "y"])
def test_revoke_asks_what_becomes_of_the_files(box, answer):
    box.issue("a.t.example")
    serial = box.lineage("a.t.example").cert.serial_number
    r = talk(box, "revoke", "--cert-name", "a.t.example", answers=[(r"\(Y\)es \(recommended\)/\(N\)o: $", answer + "\n")])
    assert r.rc == 0 and "Congratulations! You have successfully revoked" in r.text
    assert box.ca.cert_status(serial)["Status"] == "Revoked" and box.lineage("a.t.example").gone() == (answer == "y")


@pytest.mark.parametrize("key,says", [("c\n", "User ended interaction."), (CTRL_C, "Exiting due to user request."), ("\x04", "User ended interaction.")])
def test_leaving_at_a_prompt(box, key, says):
    box.issue("a.t.example")
    before = box.snapshot()
    r = talk(box, "delete", answers=[(r"cancel\): $", key)])
    assert r.rc == 1 and says in r.text
    assert box.snapshot() == before
    box.signet("certificates", server=False)
    assert not os.path.exists(box.config + "/.certbot.lock") or box.signet("delete", "--cert-name", "a.t.example", server=False)


def test_ctrl_c_at_a_challenge_takes_it_away(box):
    box.issue("seed.example")
    before = box.snapshot()
    webroot = box.root + "/www"
    os.mkdir(webroot)
    since = box.ca.mark()
    r = talk(box, "certonly", "--webroot", "-w", webroot, "-d", "a.t.example", "--debug-challenges", answers=[(r"Press Enter to Continue", CTRL_C)])
    assert r.rc == 1 and os.listdir(webroot) == []
    assert box.snapshot() == before
    assert box.ca.count("finalize", since) == 0


def test_debug_challenges_shows_what_the_ca_will_look_for(box):
    r = talk(box, "certonly", "--standalone", "-d", "a.t.example", "-v", "--debug-challenges", *AGREE, answers=[(r"Press Enter to Continue", "\n")])
    assert r.rc == 0
    m = re.search(r"URL:\nhttp://a\.t\.example/\.well-known/acme-challenge/(\S+)\nExpected value:\n(\S+)\n", r.text)
    assert m and m.group(2).startswith(m.group(1) + ".")


def test_a_webroot_is_asked_for_each_name(box):
    roots = [box.root + "/www1", box.root + "/www2"]
    for d in roots:
        os.mkdir(d)
    box.signet("register", *AGREE)
    r = talk(box, "certonly", "--webroot", "-d", "a.t.example,b.t.example",
             answers=[(r"Input the webroot for a\.t\.example: .*cancel\): $", "/nonexistent\n"), (r"does not exist(?s:.*)cancel\): $", roots[0] + "\n"),
                      (r"Select the webroot for b\.t\.example:(?s:.*)to cancel\): $", "1\n"), (r"Input the webroot for b\.t\.example: .*cancel\): $", roots[1] + "\n")])
    assert r.rc == 1 and "Some challenges have failed." in r.text  # nobody serves them
    assert os.listdir(roots[0]) == [] and os.listdir(roots[1]) == []


def test_manual_dns_tells_each_record_and_waits(box):
    box.signet("register", *AGREE)
    r = talk(box, "certonly", "--manual", "--preferred-challenges", "dns", "-d", "a.t.example,b.t.example",
             answers=[(r"_acme-challenge\.%s\.t\.example\.\n(?s:.*)Press Enter to Continue" % n, "\n") for n in "ab"])
    assert r.rc == 1 and "Some challenges have failed." in r.text  # nobody added them


def test_unregister_and_reconfigure_ask(box):
    box.issue("a.t.example")
    r = talk(box, "reconfigure", "--deploy-hook", "true", answers=[(r"Which certificate(?s:.*)to cancel\): $", "1\n")])
    assert r.rc == 0 and box.lineage("a.t.example").conf_get("renew_hook") == "true"
    r = talk(box, "unregister", answers=[(r"\(D\)eactivate/\(A\)bort: $", "a\n")])
    assert r.rc == 1 and len(box.account_dirs()) == 1
    r = talk(box, "unregister", answers=[(r"\(D\)eactivate/\(A\)bort: $", "d\n")])
    assert r.rc == 0 and box.account_dirs() == []


def test_by_hand_works_and_says_that_it_will_not_renew(box):
    box.signet("register", *AGREE)

    def add(m):
        box.ca.dns_txt(m.group(1), m.group(2))
        return "\n"

    r = talk(box, "certonly", "--manual", "--preferred-challenges", "dns", "-d", "hand.t.example", "--preconfigured-renewal",
             answers=[(r"(_acme-challenge\.hand\.t\.example)\.\n(?s:.*)value:\n\n(\S+)\n(?s:.*)Press Enter to Continue", add)])
    assert r.rc == 0 and "No timer can renew this certificate" in r.text and "scheduled task" not in r.text
    lineage = box.lineage("hand.t.example").check(version=1)
    r = box.signet("renew", "--force-renewal", check=1)
    assert "name a program that does with --manual-auth-hook" in r.err
    lineage.check(version=1)


def test_force_interactive_asks_without_a_terminal(box):
    box.issue("a.t.example")
    r = box.signet("delete", "--force-interactive", *box.dirs(), bare=True, input="1\nn\n")
    assert "Which certificate(s) would you like to delete?" in r.out and "Are you sure" in r.out
    box.lineage("a.t.example").check(version=1)


def test_txt_records_by_hand(tmp_path):
    """--dns manual: says which record to set, looks for it after Enter, and says what can go. What was not set is named."""
    with Bind({"example.com": []}) as bind, Pebble(dns=bind.behind) as ca:
        box = Box(tmp_path / "box", ca)
        record = r"Please add this TXT record to the zone example\.com(?s:.*?)\n(_acme-challenge\.example\.com\.) 120 IN TXT \"([\w-]+)\"\n(?s:.*?)Press Enter to Continue"
        words = ["certonly", "--dns", "manual", *AGREE, "--dns.resolvers", bind.address]

        def put(m):
            bind.update("example.com", "update add %s 60 TXT %s" % m.groups())
            return "\n"

        r = talk(box, *words, "-d", "example.com", "-d", "*.example.com", answers=[(record, put), (record, put)])
        assert r.rc == 0 and box.lineage("example.com").names == {"example.com", "*.example.com"}, r.text
        values = bind.txt("_acme-challenge.example.com")
        assert len(values) == 2 and all("_acme-challenge.example.com with the value %s is not needed any more; please remove it" % v in r.text.replace("\n", " ") for v in values)
        r = talk(box, *words, "-d", "www.example.com", answers=[(record.replace("_acme-challenge", r"_acme-challenge\.www"), "\n")],
                 env={"MANUAL_PROPAGATION_TIMEOUT": "2"})
        assert r.rc == 1 and "not seen everywhere after 2 s" in r.text and "says that there is no such name" in r.text
        r = talk(box, *words, "-d", "web.example.com", answers=[(r"Press Enter to Continue", CTRL_C)])
        assert r.rc == 1 and "Exiting due to user request" in r.text
