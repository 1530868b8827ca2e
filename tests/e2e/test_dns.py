"""dns-01 over DNS UPDATE: real name servers, real pebble."""
import os
import signal
import subprocess

import pytest

from harness.box import Box, signet_binary
from harness.ca import Pebble
from harness.dns import Bind, Knot, dig, free_address
from harness.system import wait_until


@pytest.fixture
def bind():
    with Bind({"example.com": [], "example.net": []}) as b:
        yield b


@pytest.fixture
def dns_box(tmp_path, bind):
    """A box whose CA asks `bind`."""
    with Pebble(dns=bind.behind) as ca:
        yield Box(tmp_path / "box", ca)


def obtain(box, bind, *names, args=(), env=None, check=0, timeout=90):
    words = [w for n in names for w in ("-d", n)]
    resolvers = () if "--dns.resolvers" in args else ("--dns.resolvers", bind.address)
    return box.signet("certonly", "--dns", "rfc2136", *words, "--agree-tos", "--register-unsafely-without-email", *resolvers, *args, env={**bind.credentials(), **(env or {})}, check=check, timeout=timeout)


def test_apex_and_wildcard(dns_box, bind):
    """Two values at one name; somebody else's stays; nothing of ours is left."""
    bind.update("example.com", "update add _acme-challenge.example.com. 60 TXT somebody-elses")
    obtain(dns_box, bind, "example.com", "*.example.com")
    assert dns_box.lineage("example.com").names == {"*.example.com", "example.com"}
    assert bind.txt("_acme-challenge.example.com") == ["somebody-elses"]


def test_cname_delegation(dns_box, bind):
    """The record goes where the alias leads: through two of them, into another zone."""
    bind.update("example.com", "update add _acme-challenge.www.example.com. 60 CNAME one.example.com.",
                "update add one.example.com. 60 CNAME www.proxy.example.net.")
    obtain(dns_box, bind, "www.example.com", "*.www.example.com")
    assert dns_box.lineage("www.example.com").names == {"*.www.example.com", "www.example.com"}
    assert "adding an RR at 'www.proxy.example.net' TXT" in bind.log()
    assert bind.txt("www.proxy.example.net") == []


def test_the_zone_is_the_longest_that_is_named(dns_box, bind):
    r = obtain(dns_box, bind, "example.com", env={"DNSUPDATE_ZONES": "com,example.org"}, check=1)
    assert r.complains("NOTAUTH") or r.complains("NOTZONE"), r
    obtain(dns_box, bind, "example.com", "www.example.net", env={"DNSUPDATE_ZONES": "com, example.com"})
    assert dns_box.lineage("example.com").names == {"example.com", "www.example.net"}
    assert dns_box.signet("dnshelp", "-c", "dnsupdate", bare=True).out.count("DNSUPDATE_") >= 2


def test_lego_variable_switches_cnames_off(dns_box, bind):
    bind.update("example.com", "update add _acme-challenge.example.com. 60 CNAME x.example.net.")
    r = obtain(dns_box, bind, "example.com", env={"LEGO_DISABLE_CNAME_SUPPORT": "true", "RFC2136_PROPAGATION_TIMEOUT": "1"}, check=1)
    assert "adding an RR at 'x.example.net'" not in bind.log()
    assert r.complains("alias of x.example.net")


def test_a_circle_of_aliases_is_named(dns_box, bind):
    bind.update("example.com", "update add _acme-challenge.example.com. 60 CNAME a.example.net.")
    bind.update("example.net", "update add a.example.net. 60 CNAME _acme-challenge.example.com.")
    r = obtain(dns_box, bind, "example.com", check=1)
    assert r.complains("go round in a circle")


def test_the_label_is_a_zone_of_its_own(tmp_path):
    """_acme-challenge.example.com is delegated, to the same server or to another one."""
    other = free_address()
    with Bind({"example.com": ["_acme-challenge IN NS ns.other.example.", "_acme-challenge.w IN NS ns1", "ns.other IN A " + other],
               "other.example": ["ns IN A " + other], "_acme-challenge.w.example.com": []}) as bind, \
            Bind({"_acme-challenge.example.com": []}, address=other, ns={"ns.other.example.": other}) as second, Pebble(dns=second.behind) as ca:
        box = Box(tmp_path / "box", ca)
        obtain(box, bind, "example.com", env={"RFC2136_NAMESERVER": ""})
        assert "updating zone '_acme-challenge.example.com/IN': adding" in second.log()
        assert second.txt("_acme-challenge.example.com") == []
        obtain(box, bind, "w.example.com", env={"RFC2136_NAMESERVER": ""}, check=None)
        assert "updating zone '_acme-challenge.w.example.com/IN': adding" in bind.log()


def test_no_key_file_no_variables_named(dns_box, bind):
    """A key file as tsig-keygen writes it, and an error that names the key but not its secret."""
    path = dns_box.file("key.conf", '// made\nkey "signet" {\n\talgorithm hmac-sha256;\n\tsecret "%s";\n};\n' % bind.key[2])
    none = {"RFC2136_TSIG_KEY": None, "RFC2136_TSIG_SECRET": None, "RFC2136_TSIG_ALGORITHM": None}
    obtain(dns_box, bind, "example.com", env={**none, "RFC2136_TSIG_FILE": path})
    r = obtain(dns_box, bind, "a.example.com", env={"RFC2136_TSIG_SECRET": "bm90IHRoZSBzZWNyZXQ="}, check=1)
    assert r.complains("BADSIG") and "bm90IHRoZSBzZWNyZXQ" not in r.words + dns_box.log()
    r = obtain(dns_box, bind, "b.example.com", env={"RFC2136_TSIG_KEY": "nobody"}, check=1)
    assert r.complains("BADKEY")
    r = obtain(dns_box, bind, "c.example.com", env=none, check=1)
    assert r.complains("REFUSED") and r.complains("give it a TSIG key")


@pytest.mark.parametrize("alg", ["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha384", "hmac-sha512"])
def test_algorithms(tmp_path, pebble, alg):
    key = ("k.example", alg, "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA==")
    with Bind({"example.com": []}, key=key) as bind, Pebble(dns=bind.behind) as ca:
        obtain(Box(tmp_path / "box", ca), bind, "example.com")


def test_knot(tmp_path):
    """Another server: Knot DNS."""
    with Knot("example.com") as knot, Pebble(dns=knot.behind) as ca:
        box = Box(tmp_path / "box", ca)
        obtain(box, knot, "example.com", "*.example.com")
        assert knot.txt("_acme-challenge.example.com") == []


def test_a_dead_secondary_is_named(tmp_path):
    """It is not waited for to the end when all others show the record; the user is told which one it is."""
    dead = free_address()
    primary = free_address()
    with Bind({"example.com": []}, address=primary, ns={"ns1": primary, "ns2": dead}) as bind, Pebble(dns=bind.behind) as ca:
        box = Box(tmp_path / "box", ca)
        r = obtain(box, bind, "example.com", env={"RFC2136_PROPAGATION_TIMEOUT": "3"}, args=("--dns-timeout", "1"))
        assert r.complains("not every name server") and r.complains("ns2.example.com (%s) does not answer" % dead)


def test_a_stale_secondary_is_named(tmp_path):
    """A server that lacks the record: the CA is not asked, and the message says which one, and what the others have."""
    one, two = free_address(), free_address()
    ns = {"ns1": one, "ns2": two}
    with Bind({"example.com": []}, address=one, ns=ns) as bind, Bind({"example.com": []}, address=two, ns=ns) as stale, \
            Pebble(dns=bind.behind) as ca:
        box = Box(tmp_path / "box", ca)
        mark = ca.mark()
        r = obtain(box, bind, "example.com", env={"RFC2136_PROPAGATION_TIMEOUT": "2"}, check=1)
        assert r.complains("not seen everywhere after 2 s; 1 of the servers that were asked shows it")
        assert r.complains("ns2.example.com (%s) says that there is no such name" % two)
        assert ca.count("challenge", mark) == 0
        assert bind.txt("_acme-challenge.example.com") == [] and stale.txt("_acme-challenge.example.com") == []
        # lego's ways out: do not ask the zone's servers; ask the recursive one in their place; wait and do not look at all
        obtain(box, bind, "a.example.com", args=("--dns.propagation-disable-ans",))
        obtain(box, bind, "b.example.com", args=("--dns.propagation-disable-ans", "--dns.propagation-rns"))
        r = obtain(box, bind, "c.example.com", args=("--dns.propagation-wait", "2s"))
        assert r.seconds >= 2 and box.lineage("c.example.com").conf_get("dns_propagation_wait") == "2s"
        r = obtain(box, bind, "d.example.com", args=("--dns.propagation-wait", "soon"), check=1)
        assert r.complains("--dns.propagation-wait wants a time")


def test_a_record_that_comes_and_goes(dns_box, bind):
    """One look that shows it is not enough (anycast): each third answer lacks it, until the tenth."""
    looks = []

    def meddle(query, answer):
        if answer is None or b"_acme-challenge" not in query or query[-15:-13] == b"\0\6":
            return answer
        if b"\x2b" in answer and answer[6:8] != b"\0\0":
            looks.append(1)
            if len(looks) < 10 and len(looks) % 2 == 0:
                return answer[:3] + bytes([answer[3] & 0xf0]) + query[4:6] + b"\0" * 6 + query[12:-11]
        return answer

    bind.front.meddle = meddle
    obtain(dns_box, bind, "example.com")
    assert len(looks) >= 10


def test_late_and_up_to(dns_box, bind):
    """certbot's propagation seconds: looks, and goes on when it is there, long before they are over."""
    ini = dns_box.file("dns.ini", "dns_rfc2136_server = %s\ndns_rfc2136_name = signet\ndns_rfc2136_secret = %s\n"
                                  "dns_rfc2136_algorithm = HMAC-SHA256\n" % (bind.address, bind.key[2]))
    os.chmod(ini, 0o600)
    r = dns_box.signet("certonly", "--dns-rfc2136", "--dns-rfc2136-credentials", ini, "--dns-rfc2136-propagation-seconds", "80",
                       "--dns.resolvers", bind.address, "-d", "example.com", "--agree-tos", "--register-unsafely-without-email")
    assert r.seconds < 30 and "Unsafe permissions" not in r.words
    conf = dns_box.lineage("example.com")
    assert conf.conf_get("authenticator") == "dns-rfc2136" and conf.conf_get("dns_rfc2136_credentials") == ini
    assert conf.conf_get("dns_rfc2136_propagation_seconds") == "80"
    os.chmod(ini, 0o644)
    r = dns_box.signet("renew", "--force-renewal", env={"RFC2136_TSIG_SECRET": "aWdub3JlZA=="})
    assert r.complains("Unsafe permissions on credentials configuration file: " + ini)
    assert conf.version == 2
    assert "example.com" in dns_box.certbot("certificates", server=False).out


@pytest.mark.parametrize("kind", ["fifo", "device", "huge", "folder", "link", "others"])
def test_credentials_in_odd_files(dns_box, bind, kind):
    """What is no file is refused before anything is ordered, and without a wait; a link is followed; that somebody else owns it is said."""
    text = ("dns_rfc2136_server = %s\ndns_rfc2136_name = signet\ndns_rfc2136_secret = %s\ndns_rfc2136_algorithm = HMAC-SHA256\n" % (bind.address, bind.key[2]))
    ini = dns_box.root + "/dns.ini"
    if kind == "fifo":
        os.mkfifo(ini, 0o600)
    elif kind == "device":
        os.symlink("/dev/zero", ini)
    elif kind == "folder":
        os.mkdir(ini, 0o700)
    else:
        real = dns_box.file("real.ini" if kind == "link" else "dns.ini", text + "#" * (2 << 20 if kind == "huge" else 0))
        os.chmod(real, 0o600)
        if kind == "link":
            os.symlink("real.ini", ini)
        if kind == "others":
            os.chown(real, 33, 33)
    since = dns_box.ca.mark()
    r = dns_box.signet("certonly", "--dns-rfc2136", "--dns-rfc2136-credentials", ini, "--dns.resolvers", bind.address, "-d", "odd.example.com",
                       "--agree-tos", "--register-unsafely-without-email", check=None)
    if kind in ("link", "others"):
        assert r.rc == 0 and ("that others can change (owner 33, mode 0600): " + ini in r.words) == (kind == "others"), r
    else:
        assert r.rc == 1 and ini in r.words and r.seconds < 20 and dns_box.ca.count("newOrder", since) == 0, r
    assert bind.key[2] not in r.out + r.err + dns_box.log()


def test_killed_and_cleaned_by_the_next_run(dns_box, bind):
    """After SIGKILL the value stays, with somebody else's; the next run takes away ours alone."""
    bind.update("example.com", "update add _acme-challenge.example.com. 60 TXT somebody-elses")
    p = begin(dns_box, bind, "example.com", "*.example.com")
    wait_until(lambda: len(bind.txt("_acme-challenge.example.com")) == 3, 20, "the values")
    p.kill()
    p.wait()
    assert len(bind.txt("_acme-challenge.example.com")) == 3
    r = dns_box.signet("renew", env=bind.credentials())
    assert bind.txt("_acme-challenge.example.com") == ["somebody-elses"], r
    assert r.says("removed the TXT record of example.com") or r.complains("removed the TXT record of example.com"), r


def begin(box, bind, *names, **more):
    """A run that waits for a record that no server will ever show: its own checks are held up."""
    bind.front.meddle = lambda query, answer: answer if answer is None or b"\x2b" not in answer else None
    words = [w for n in names for w in ("-d", n)]
    argv = [signet_binary(), "certonly", "--dns", "rfc2136", *words, "--agree-tos", "--register-unsafely-without-email", "--dns.resolvers",
            bind.address, *box.common("certonly")]
    p = subprocess.Popen(argv, env=box.env(bind.credentials(RFC2136_PROPAGATION_TIMEOUT="600", **more)), stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return p


def test_interrupted(dns_box, bind):
    """Ctrl-C takes the values away before it ends."""
    p = begin(dns_box, bind, "example.com", "*.example.com")
    wait_until(lambda: len(bind.txt("_acme-challenge.example.com")) == 2, 20, "the values")
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=30)
    assert bind.txt("_acme-challenge.example.com") == []
    assert os.listdir(dns_box.work + "/signet/journal") == []


def test_without_tcp(tmp_path):
    """A firewall lets UDP through only: the update goes that way."""
    with Bind({"example.com": []}, tcp=False) as bind, Pebble(dns=bind.behind) as ca:
        obtain(Box(tmp_path / "box", ca), bind, "example.com", "*.example.com")
        assert bind.txt("_acme-challenge.example.com") == []


def test_a_server_that_takes_tcp_only(tmp_path):
    """The zone's server is asked over TCP when nothing comes over UDP; the recursive one here has a copy of the zone."""
    with Bind({"example.com": []}) as bind, Pebble(dns=bind.behind) as ca, \
            Bind({"example.com": []}, primary="127.0.0.1 port %d" % bind.port) as copy:
        bind.front.udp = False
        wait_until(lambda: dig("127.0.0.1", "example.com", "SOA", "-p", str(copy.port)), 20, "the copy of the zone")
        r = obtain(Box(tmp_path / "box", ca), bind, "example.com", args=("--dns.resolvers", copy.address))
        assert "does not answer" not in r.words and bind.txt("_acme-challenge.example.com") == []


def test_a_lost_answer(dns_box, bind):
    """The update was done, its answer got lost: asked once more, which changes nothing."""
    lost = []

    def meddle(query, answer):
        if answer is not None and query[2] & 0x78 == 0x28 and len(lost) < 1:
            lost.append(query)
            return None
        return answer

    bind.front.meddle = meddle
    obtain(dns_box, bind, "example.com")
    assert lost and bind.txt("_acme-challenge.example.com") == []


def test_exec(dns_box, bind):
    """lego's exec: the program gets the name behind the alias; the record is looked for before the CA is told."""
    bind.update("example.com", "update add _acme-challenge.www.example.com. 60 CNAME www.example.net.")
    prog = dns_box.script("hook", """echo "$@" >> %s/calls
case $1 in
present) verb=add ;;
cleanup) verb=delete ;;
esac
printf 'server %s\nzone example.net\nupdate %%s %%s 60 TXT %%s\nsend\n' $verb "$2" "$3" | nsupdate -y %s:%s:%s
""" % (dns_box.root, bind.address, bind.key[1], bind.key[0], bind.key[2]))
    r = dns_box.signet("certonly", "--dns", "exec", "-d", "www.example.com", "--agree-tos", "--register-unsafely-without-email",
                       "--dns.resolvers", bind.address, env={"EXEC_PATH": prog})
    calls = dns_box.file("calls").split("\n")
    assert calls[0].startswith("present www.example.net. ") and calls[1].startswith("cleanup www.example.net. "), r
    assert bind.txt("www.example.net") == []


RAW = """echo "$@" >> %s/calls
echo "$5" >> %s/keys
value=$(printf %%s "$5" | openssl dgst -sha256 -binary | basenc --base64url | tr -d =)
case $1 in
present) verb=add ;;
cleanup) verb=delete ;;
esac
printf 'server %s\\nzone example.com\\nupdate %%s _acme-challenge.%%s. 60 TXT %%s\\nsend\\n' $verb "$3" "$value" | nsupdate -y %s:%s:%s
"""


def test_exec_raw(dns_box, bind):
    """lego's other mode: PROGRAM present -- DOMAIN TOKEN KEY-AUTHORIZATION; the program makes the value itself. After a kill the next run still
    knows what to say to it."""
    prog = dns_box.script("raw", RAW % (dns_box.root, dns_box.root, bind.address, bind.key[1], bind.key[0], bind.key[2]))
    env = {"EXEC_PATH": prog, "EXEC_MODE": "RAW"}
    words = ["certonly", "--dns", "exec", "-d", "example.com", "-d", "*.example.com", "--agree-tos", "--register-unsafely-without-email", "--dns.resolvers",
             bind.address]
    r = dns_box.signet(*words, env=env)
    calls = [c.split(" ") for c in dns_box.file("calls").split("\n") if c]
    assert [c[:3] for c in calls] == [[w, "--", "example.com"] for w in ("present", "present", "cleanup", "cleanup")], r
    assert all(len(c) == 5 and c[4].startswith(c[3] + ".") for c in calls) and sorted(calls[0][3:] + calls[1][3:]) == sorted(calls[2][3:] + calls[3][3:])
    assert bind.txt("_acme-challenge.example.com") == [] and dns_box.lineage("example.com").names == {"example.com", "*.example.com"}
    dns_box.signet(*words, "--force-renewal", env={**env, "EXEC_SEQUENCE_INTERVAL": "1"})
    assert [c.split(" ")[0] for c in dns_box.file("calls").split("\n")[4:] if c] == ["present", "cleanup"] * 2
    assert dns_box.signet(*words, "--force-renewal", env={**env, "EXEC_MODE": "raw"}, check=1).complains("EXEC_MODE is RAW or nothing")
    bind.front.meddle = lambda query, answer: answer if answer is None or b"\x2b" not in answer else None  # its own looks fail
    p = subprocess.Popen([signet_binary(), *words, "--force-renewal", *dns_box.common("certonly")], env=dns_box.env({**env, "EXEC_PROPAGATION_TIMEOUT": "600"}),
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: len(bind.txt("_acme-challenge.example.com")) == 2, 20, "the values")
    p.kill()
    p.wait()
    r = dns_box.signet("renew", env=env)
    assert bind.txt("_acme-challenge.example.com") == [], r


def test_split_horizon(tmp_path):
    """Views of a real bind: the key's updates land in the inner one, the world sees the outer one. Told so; with a key of the outer one it works."""
    other = ("outer", "hmac-sha256", "b3V0ZXItc2VjcmV0LW91dGVyLXNlY3JldC1vdXRlci0=")
    views = {"inner": "match-clients { key signet; };", "outer": "match-clients { any; };"}
    with Bind({"example.com": []}, keys=[other], views=views) as bind, Pebble(dns=bind.behind) as ca:
        box = Box(tmp_path / "box", ca)
        r = obtain(box, bind, "example.com", env={"RFC2136_PROPAGATION_TIMEOUT": "2"}, check=1)
        assert r.complains("not seen everywhere after 2 s; 0 of the servers that were asked show it")
        assert r.complains("ns1.example.com (%s) says that there is no such name" % bind.address)
        assert r.complains("With views (split horizon) name servers for the outside view with --dns.resolvers")
        obtain(box, bind, "example.com", env={"RFC2136_TSIG_KEY": "outer", "RFC2136_TSIG_SECRET": other[2]})
        assert bind.txt("_acme-challenge.example.com") == []


def test_another_world_inside(tmp_path):
    """This machine's DNS has a zone of its own for the name: what it shows is told, and --dns.resolvers looks at the one outside."""
    with Bind({"example.com": ["_acme-challenge IN TXT inner"]}) as inside, Bind({"example.com": []}) as outside, Pebble(dns=outside.behind) as ca:
        box = Box(tmp_path / "box", ca)
        r = obtain(box, outside, "example.com", args=("--dns.resolvers", inside.address), env={"RFC2136_PROPAGATION_TIMEOUT": "2"}, check=1)
        assert r.complains("ns1.example.com (%s) has " % inside.address) and r.complains("inner") and r.complains("split horizon")
        assert outside.txt("_acme-challenge.example.com") == []
        obtain(box, outside, "example.com")


def test_ipv6_only(tmp_path):
    """Name servers that have no other address: the resolver, the zone's server, and the one that takes the updates."""
    with Bind({"example.com": []}, address="::1", ns={"ns1": "::1"}) as bind, Pebble(dns=bind.behind) as ca:
        box = Box(tmp_path / "box", ca)
        obtain(box, bind, "example.com", "*.example.com", args=("--dns.resolvers", "[::1]:53"), env={"RFC2136_NAMESERVER": ""})
        assert len(bind.front.questions) > 8 and bind.txt("_acme-challenge.example.com") == []
        obtain(box, bind, "www.example.com", args=("--dns.resolvers", "::1"), env={"RFC2136_NAMESERVER": "[::1]:53"})


def test_a_server_without_edns(dns_box, bind):
    """It says FORMERR to every question that has an OPT record: it is asked without."""
    plain = []

    def meddle(query, answer):
        if answer is None and query[2] & 0x78 == 0 and query[10:12] != b"\0\0":
            return query[:2] + b"\x80\x01" + query[4:6] + b"\0" * 6 + query[12:-11]
        plain.append(answer is not None)
        return answer

    bind.front.meddle = meddle
    obtain(dns_box, bind, "example.com")
    assert any(plain) and bind.txt("_acme-challenge.example.com") == []


def test_what_the_resolver_says_is_told(dns_box, bind):
    """SERVFAIL, as a validating one says when signatures are wrong."""
    bind.front.meddle = lambda query, answer: query[:2] + b"\x80\x82" + query[4:6] + b"\0" * 6 + query[12:-11] if answer is None and query[2] & 0x78 == 0 else answer
    r = obtain(dns_box, bind, "example.com", env={"RFC2136_NAMESERVER": ""}, check=1)
    assert r.complains("the zone of example.com cannot be found: the recursive DNS server answered SERVFAIL")


def test_two_sets_of_credentials(tmp_path):
    """One certificate, two servers, each with a key of its own."""
    with Bind({"example.com": []}) as a, Bind({"example.net": []}, key=("other", "hmac-sha512", "b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldA==")) as b:
        def meddle(query, answer):
            if answer is None and b"\7example\3net" in query and query[2] & 0x78 == 0:
                return b.front._pass(query)
            return answer

        a.front.meddle = meddle
        with Pebble(dns=a.address + ":53") as ca:
            box = Box(tmp_path / "box", ca)
            os.makedirs(box.config + "/dns")
            with open(box.config + "/dns/customer.ini", "w") as f:
                f.write("RFC2136_NAMESERVER = %s\nRFC2136_TSIG_KEY = other\nRFC2136_TSIG_ALGORITHM = hmac-sha512\nRFC2136_TSIG_SECRET = %s\n"
                        % (b.address, b.key[2]))
            os.chmod(box.config + "/dns/customer.ini", 0o600)
            obtain(box, a, "example.com", "www.example.net", args=("--dns-for", "example.net=rfc2136@customer"))
            assert "_acme-challenge.www.example.net" in b.log() and "_acme-challenge.example.com" in a.log()
            assert box.lineage("example.com").conf_get("dns_for") is not None
            box.signet("renew", "--force-renewal", env=a.credentials())
            assert box.lineage("example.com").version == 2


def test_a_hundred_names_at_once(dns_box, bind):
    names = ["n%d.example.com" % i for i in range(99)] + ["*.example.com"]
    one = obtain(dns_box, bind, "one.example.com")
    before = bind.front.questions[:]
    many = obtain(dns_box, bind, *names)
    updates = [q for q in bind.front.questions[len(before):] if len(q) > 2 and q[2] & 0x78 == 0x28]
    assert len(updates) < 40  # and not 200
    assert many.seconds < 3 * one.seconds + 3


def test_a_record_that_stays(dns_box, bind):
    """dns-persist-01: set once, then only looked for; never removed."""
    obtain(dns_box, bind, "example.com", args=("--dns-persist",))
    values = bind.txt("_validation-persist.example.com")
    assert len(values) == 1 and "accounturi=" in values[0]
    n = bind.log().count("adding an RR")
    dns_box.signet("renew", "--force-renewal", env=bind.credentials())
    assert dns_box.lineage("example.com").version == 2 and bind.log().count("adding an RR") == n
    assert dns_box.lineage("example.com").conf_get("dns_persist") == "True"
    r = dns_box.signet("certonly", "--dns", "manual", "--dns-persist", "-d", "www.example.com", "--agree-tos", "--dns.resolvers", bind.address,
                       check=1)
    assert r.complains("_validation-persist.www.example.com. TXT")
    bind.update("example.com", "update add _validation-persist.www.example.com. 60 TXT \"%s\"" % values[0])
    dns_box.signet("certonly", "--dns", "manual", "--dns-persist", "-d", "www.example.com", "--agree-tos", "--dns.resolvers", bind.address)


def test_account_label(dns_box, bind):
    """dns-account-01: the record stands at a name of the account's own."""
    obtain(dns_box, bind, "example.com", "*.example.com", args=("--preferred-challenges", "dns-account"))
    assert "._acme-challenge.example.com' TXT" in bind.log()
    assert "adding an RR at '_acme-challenge.example.com'" not in bind.log()


def test_caa_that_forbids_the_ca_is_told_early(tmp_path):
    """What the CA would say at the end is told while the records are put up. This CA does not look itself, so it issues all the same."""
    zones = {"example.com": ['@ IN CAA 0 issue "other.example"', 'fine IN CAA 0 issue "ca.example; validationmethods=dns-01"',
                             'fine IN CAA 0 issuewild ";"']}
    with Bind(zones) as bind, Pebble(dns=bind.behind, caa=("ca.example", "ca.example.net")) as ca:
        box = Box(tmp_path / "box", ca)
        r = obtain(box, bind, "example.com", "www.example.com")
        assert r.complains('The CA will probably refuse www.example.com: the CAA records of example.com allow others only (0 issue other.example), but it '
                           'goes by ca.example or ca.example.net.')
        r = obtain(box, bind, "fine.example.com")
        assert "CAA" not in r.words
        r = obtain(box, bind, "*.fine.example.com", args=("--cert-name", "wild"))  # here the directory is not fetched again
        assert r.complains("The CA will probably refuse *.fine.example.com: the CAA records of fine.example.com allow others only")
