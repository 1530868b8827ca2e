"""lego's face: what its command lines do, and what happens when things go wrong."""
import json
import os
import re
import signal
import socket
import subprocess
import zipfile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from harness.certs import load_cert, load_key, mode, must_staple, names, pem_blocks, read, spki
from harness.lego import LegoBox
from harness.listener import Listener
from harness.stores import ACCESS, PATH, REGION, SECRET, Bucket, Memcached, site
from harness.system import free_port, wait_until


@pytest.fixture
def box(tmp_path, pebble):
    return LegoBox(tmp_path / "lego", pebble)


def check_pair(box, name):
    cert, key = load_cert(box.cert(name)), load_key(box.cert(name, ".key"))
    assert spki(cert.public_key()) == spki(key.public_key())
    for ext in (".key", ".pem", ".pfx"):
        if os.path.exists(box.cert(name, ext)):
            assert mode(box.cert(name, ext)) == 0o600
    return cert


# ---- the answers of challenges ----

def test_memcached(box, pebble, tmp_path):
    cache, other = Memcached(str(tmp_path / "a.log")), Memcached(str(tmp_path / "b.log"))
    seen = []

    def look_up(path):
        seen.append(path)
        assert other.get(path) == cache.get(path), "it stands on every host"
        return cache.get(path)
    try:
        with site(pebble.http_port, look_up):
            hosts = "127.0.0.1:%d,127.0.0.1:%d" % (cache.port, other.port)
            box.run(*box.common(), "-d", "cache.lego.test", "--http", "--http.memcached-host", hosts, "run")
        check_pair(box, "cache.lego.test")
        assert cache.get(seen[0]) is None, "taken away when it is over"
    finally:
        cache.stop()
        other.stop()


def test_one_memcached_of_two_is_enough(box, pebble, tmp_path):
    cache = Memcached(str(tmp_path / "a.log"))
    try:
        with site(pebble.http_port, cache.get):
            r = box.run(*box.common(), "-d", "half.lego.test", "--http", "--http.memcached-host", "127.0.0.1:%d" % free_port(),
                        "--http.memcached-host", "127.0.0.1:%d" % cache.port, "run")
        assert "[WARN] memcached 127.0.0.1" in r.err
    finally:
        cache.stop()
    r = box.run(*box.common(), "-d", "none.lego.test", "--http", "--http.memcached-host", "127.0.0.1:%d" % free_port(), "run", check=1)
    assert "memcached" in r.err and not os.path.exists(box.cert("none.lego.test"))


AWS = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION}


@pytest.mark.parametrize("token", [None, "session/token+=="])
def test_s3(box, pebble, token):
    bucket = Bucket(token)
    try:
        with site(pebble.http_port, lambda path: bucket.objects.get("/answers" + path)):
            env = dict(AWS, AWS_ENDPOINT_URL_S3=bucket.url, **({"AWS_SESSION_TOKEN": token} if token else {}))
            r = box.run(*box.common(), "-d", "s3.lego.test", "--http", "--http.s3-bucket", "answers", "run", env=env, check=None)
        assert (r.rc, bucket.refused) == (0, []), r
        check_pair(box, "s3.lego.test")
        assert [w for w, p in bucket.seen] == ["PUT", "DELETE"] and all(p.startswith("/answers" + PATH) for w, p in bucket.seen)
        assert bucket.objects == {}
        assert SECRET not in r.out + r.err
    finally:
        bucket.stop()


def test_s3_by_a_profile(box, pebble):
    bucket = Bucket()
    os.makedirs(box.root + "/.aws")
    try:
        with open(box.root + "/.aws/credentials", "w") as f:
            f.write("[default]\naws_access_key_id = nobody\n\n[web]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (ACCESS, SECRET))
        with open(box.root + "/.aws/config", "w") as f:
            f.write("[profile web]\nregion = %s\nendpoint_url = %s\n" % (REGION, bucket.url))
        with site(pebble.http_port, lambda path: bucket.objects.get("/answers" + path)):
            r = box.run(*box.common(), "-d", "s3p.lego.test", "--http", "--http.s3-bucket", "answers", "run", env={"AWS_PROFILE": "web"}, check=None)
        assert (r.rc, bucket.refused) == (0, []), r
        check_pair(box, "s3p.lego.test")
        r = box.run(*box.common(), "-d", "s3q.lego.test", "--http", "--http.s3-bucket", "answers", "run", check=1)
        assert "AWS_SECRET_ACCESS_KEY is missing" in r.err and 'The profile "default" in ~/.aws/credentials' in r.err
    finally:
        bucket.stop()


def test_s3_refuses_and_variables_are_missing(box, pebble):
    bucket = Bucket()
    try:
        env = dict(AWS, AWS_ENDPOINT_URL=bucket.url, AWS_SECRET_ACCESS_KEY="wrong")
        r = box.run(*box.common(), "-d", "s3no.lego.test", "--http", "--http.s3-bucket", "answers", "run", env=env, check=1)
        assert bucket.refused == ["signature"] and "HTTP 403" in r.err and "wrong" not in r.err
    finally:
        bucket.stop()
    fresh = LegoBox(box.root + "/fresh", pebble)
    for gone in AWS:
        r = fresh.run(*fresh.common(), "-d", "s3no.lego.test", "--http", "--http.s3-bucket", "answers", "run", env=dict(AWS, **{gone: None}), check=1)
        assert gone in r.err
    r = fresh.run(*fresh.common(), "-d", "s3no.lego.test", "--http", "--http.s3-bucket", "../x", "run", env=AWS, check=1)
    assert "bucket" in r.err and not os.path.exists(fresh.path)


class Proxy:
    """A reverse proxy that hides the name: Host is its own, the real one stands in the headers that `told` makes."""

    def __init__(self, port, behind, told):
        self.behind, self.told = behind, told
        self.listener = Listener(port, self.pass_on)

    def pass_on(self, c):
        head = b""
        with c:
            while b"\r\n\r\n" not in head:
                more = c.recv(4096)
                if not more:
                    return
                head += more
            path = head.split()[1].decode()
            host = re.search(rb"\r\n[Hh]ost: ([^\r\n]*)", head).group(1).decode()
            with socket.create_connection(("127.0.0.1", self.behind)) as up:
                up.sendall(("GET %s HTTP/1.1\r\nHost: inside.internal\r\n%s\r\n" % (path, self.told(host))).encode())
                for data in iter(lambda: up.recv(4096), b""):
                    c.sendall(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


@pytest.mark.parametrize("header,told", [("X-Forwarded-Host", lambda h: "X-Forwarded-Host: %s\r\n" % h),
                                         ("Forwarded", lambda h: 'Forwarded: for=192.0.2.1;host="%s"\r\n' % h)])
def test_behind_a_proxy(box, pebble, header, told):
    inside = free_port()
    with Proxy(pebble.http_port, inside, told):
        words = [*box.common(), "-d", "proxied.lego.test", "--http", "--http.port", "127.0.0.1:%d" % inside]
        r = box.run(*words, "run", check=1)
        assert not os.path.exists(box.cert("proxied.lego.test")), "the Host is the proxy's own: %s" % r
        box.run(*words, "--http.proxy-header", header, "run")
    check_pair(box, "proxied.lego.test")


def test_mixed_challenges_prefer_tls(box, pebble):
    r = box.run(*box.common(), "-d", "mixed.lego.test", *box.http(), "--tls", "--tls.port", "127.0.0.1:%d" % pebble.tls_port, "run")
    assert "[mixed.lego.test] acme: use tls-alpn-01 solver" in r.err


def test_delay(box):
    r = box.obtain("delay.lego.test", args=["--http.delay", "1s"])
    assert r.seconds >= 1


def children(pid):
    """{name: user} of the processes that `pid` has started."""
    found = {}
    for n in filter(str.isdigit, os.listdir("/proc")):
        try:
            status = read("/proc/%s/status" % n).decode()
            line = read("/proc/%s/cmdline" % n).decode(errors="replace").split("\0")[0]
        except OSError:
            continue
        if re.search(r"^PPid:\s+%d$" % pid, status, re.M):
            found[os.path.basename(line)] = int(re.search(r"^Uid:\s+(\d+)", status, re.M).group(1))
    return found


def test_a_process_without_rights_answers(box):
    words = [*box.program, *box.common(), "-d", "role.lego.test", *box.http(), "--http.delay", "60s", "run"]
    p = subprocess.Popen(words, env=box.env(), cwd=box.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: "signet: responder" in children(p.pid), 20, "the responder")
        wait_until(lambda: all(children(p.pid).get(n, 0) != os.getuid() for n in ("signet: responder", "signet: signer", "signet-talker")), 20,
                   "all three to have given up their rights")
    finally:
        p.terminate()
        p.wait(30)


# ---- what is asked of the CA ----

def test_external_account(tmp_path, make_pebble):
    ca = make_pebble(eab={"kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"})
    box = LegoBox(tmp_path / "eab", ca)
    r = box.obtain("eab.lego.test", check=1)
    assert "Server requires External Account Binding. Use --eab with --kid and --hmac." in r.err and not os.path.exists(box.path)
    key = ["--eab", "--kid", "kid-1", "--hmac", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"]
    box.obtain("eab.lego.test", args=key)
    other = LegoBox(tmp_path / "env", ca)
    other.obtain("eab.lego.test", env={"LEGO_EAB": "true", "LEGO_EAB_KID": "kid-1", "LEGO_EAB_HMAC": key[-1]})


def test_terms_at_the_prompt(box, pebble):
    words = ["--server", pebble.url, "-d", "terms.lego.test", *box.http(), "run"]
    r = box.run(*words, input="n\n", check=1)
    assert "Do you accept the TOS? Y/n" in r.out and not os.path.exists(box.path)
    box.run(*words, input="perhaps\nY\n")
    assert os.path.exists(box.cert("terms.lego.test"))


def test_profile_and_chain(tmp_path, make_pebble):
    ca = make_pebble(profiles={"default": 90 * 86400, "short": 6 * 86400}, alternate_roots=1)
    box = LegoBox(tmp_path / "profile", ca)
    box.obtain("profile.lego.test", run=["--profile", "short"])
    cert = load_cert(box.cert("profile.lego.test"))
    assert (cert.not_valid_after - cert.not_valid_before).days <= 6
    r = box.obtain("none.lego.test", run=["--profile", "nosuch"], check=1)
    assert "nosuch" in r.err or "rofile" in r.err
    r = box.obtain("chain.lego.test", run=["--preferred-chain", "No Such Root"])
    assert "using the default certificate bundle" in r.err


def test_authorizations_are_given_up(tmp_path, make_pebble):
    """The CA keeps what is valid and would use it again; what was given up must be proved once more."""
    ca = make_pebble(authz_reuse=100)
    box = LegoBox(tmp_path / "given-up", ca)
    box.obtain("kept.lego.test")
    r = box.obtain("kept.lego.test")
    assert "use http-01 solver" not in r.err, "the authorization was used again"
    box.obtain("given.lego.test", run=["--always-deactivate-authorizations", "true"])
    r = box.obtain("given.lego.test")
    assert "use http-01 solver" in r.err


def test_request_limit(box, pebble):
    r = box.obtain("slow.lego.test", args=["--overall-request-limit", "4"])
    assert r.seconds > 1, "more than eight requests, four a second"


def test_a_limit_of_requests_is_waited_for_asleep(box):
    """Until the next request may go out nobody turns round and round: each process waits a few times for each request, not thousands."""
    calls, mark = box.root + "/calls", box.ca.mark()
    r = box.obtain("asleep.lego.test", args=["--overall-request-limit", "4"], env={"ASAN_OPTIONS": "detect_leaks=0"},
                   program=["strace", "-f", "-qq", "-e", "trace=poll,ppoll", "-o", calls, *box.program])
    with open(calls) as f:
        waits = sum("poll(" in line for line in f)
    assert 0 < waits < 40 * len(box.ca.requests(mark)), (waits, r)



def test_must_staple_and_common_name(box):
    box.obtain("cn.lego.test", run=["--must-staple"])
    cert = load_cert(box.cert("cn.lego.test"))
    assert must_staple(cert)
    box.obtain("nocn.lego.test", args=["--disable-cn"])
    check_pair(box, "nocn.lego.test")


@pytest.mark.parametrize("kind", ["rsa3072", "rsa4096", "EC384"])
def test_key_types(box, kind):
    box.obtain("kind.lego.test", args=["-k", kind])
    size = check_pair(box, "kind.lego.test").public_key().key_size
    assert size == int(re.sub(r"\D", "", kind))


def test_ca_variables(box, pebble, tmp_path):
    r = box.obtain("ca.lego.test", env={"LEGO_CA_SERVER_NAME": "elsewhere.test"}, check=1)
    assert "mismatch" in r.err
    box.obtain("ca.lego.test", env={"LEGO_CA_SERVER_NAME": "localhost"})
    r = box.obtain("ca.lego.test", env={"LEGO_CA_CERTIFICATES": "/etc/ssl/certs/ca-certificates.crt"}, check=1)
    assert "certificate" in r.err
    box.obtain("ca.lego.test", env={"LEGO_CA_CERTIFICATES": "/etc/ssl/certs/ca-certificates.crt:" + pebble.ca_file})
    box.obtain("ca.lego.test", env={"LEGO_CA_SYSTEM_CERT_POOL": "true"})
    box.obtain("ca.lego.test", args=["--tls-skip-verify"], env={"LEGO_CA_CERTIFICATES": None})


# ---- renewing ----

def test_ari_says_now(tmp_path, make_pebble):
    ca = make_pebble()
    box = LegoBox(tmp_path / "ari", ca)
    box.obtain("ari.lego.test")
    first = load_cert(box.cert("ari.lego.test"))
    ca.set_renewal_info(pem_blocks(read(box.cert("ari.lego.test")))[0].decode(), {"suggestedWindow": {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}})
    r = box.renew("ari.lego.test", renew=["--ari-disable"])
    assert "no renewal" in r.err
    r = box.renew("ari.lego.test")
    assert "renewalInfo endpoint indicates that renewal is needed" in r.err
    assert load_cert(box.cert("ari.lego.test")).serial_number != first.serial_number


def test_random_sleep_can_be_interrupted(box):
    box.obtain("sleep.lego.test")
    words = [*box.program, *box.common(), "--email", "a@lego.test", "-d", "sleep.lego.test", *box.http(), "renew", "--days", "100"]
    with open(box.root + "/err", "wb") as err:
        p = subprocess.Popen(words, env=box.env(), cwd=box.root, stdout=subprocess.DEVNULL, stderr=err)
        wait_until(lambda: b"random delay" in read(box.root + "/err"), 20, "the pause")
        assert box.run("list").rc == 0, "nobody is kept out meanwhile"
        p.send_signal(signal.SIGTERM)
        assert p.wait(20) == 1
    check_pair(box, "sleep.lego.test")


# ---- hooks ----

def hook(box, text):
    path = box.root + "/hook.sh"
    with open(path, "w") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def test_hook_output_and_arguments(box):
    r = box.obtain("hook.lego.test", run=["--run-hook", hook(box, 'echo "got $1 $2"; echo oops >&2\n') + " one $HOME;x"])
    assert "got one $HOME;x\n" in r.out, "no shell looks at it"
    assert "oops" in r.out


def test_a_hook_that_floods(box):
    r = box.obtain("flood.lego.test", run=["--run-hook", hook(box, "echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last\n")])
    assert "first\nxxx" in r.out and "more bytes are not shown)\n" in r.out and "last" not in r.out
    check_pair(box, "flood.lego.test")


def test_hook_fails_or_hangs(box):
    r = box.obtain("fail.lego.test", run=["--run-hook", "/bin/false"], check=1)
    assert "exit status 1" in r.err
    check_pair(box, "fail.lego.test")
    r = box.obtain("hang.lego.test", run=["--run-hook", "/bin/sleep 60", "--run-hook-timeout", "200ms"], check=1)
    assert "hook timed out" in r.err and r.seconds < 30
    r = box.obtain("none.lego.test", run=["--run-hook", "/nonexistent/hook"], check=1)
    assert "/nonexistent/hook" in r.err or "start command" in r.err
    check_pair(box, "none.lego.test")


# ---- the tree ----

def test_a_run_that_failed_leaves_the_old_pair(box):
    box.obtain("old.lego.test")
    before = box.tree()
    serial = load_cert(box.cert("old.lego.test")).serial_number
    box.obtain("old.lego.test", "blocked.example", check=1)
    assert box.tree() == before and load_cert(box.cert("old.lego.test")).serial_number == serial


def test_two_runs_at_once(box):
    box.obtain("first.lego.test")
    script = hook(box, "exec sleep 1\n")
    os.makedirs(box.path, exist_ok=True)
    fd = os.open(box.path, os.O_RDONLY)
    try:
        import fcntl
        fcntl.flock(fd, fcntl.LOCK_EX)
        r = box.obtain("second.lego.test", run=["--run-hook", script], check=1)
        assert "Another run is working on" in r.err
        assert box.run("list").rc == 0
    finally:
        os.close(fd)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    except OSError:
        return False


def test_an_order_of_a_killed_run_is_gone_on_with(box, pebble):
    """Killed by its own hook's neighbour: the certificate is issued, its order is in the journal."""
    mark = pebble.mark()
    words = [*box.program, *box.common(), "--email", "a@lego.test", "-d", "killed.lego.test", *box.http(), "--http.delay", "30s", "run"]
    p = subprocess.Popen(words, env=box.env(), cwd=box.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: listens(pebble.http_port), 20, "the answer, which is up after the order is noted")
    p.kill()
    p.wait()
    r = box.obtain("killed.lego.test")
    assert "going on with that order" in r.err
    assert pebble.count("newOrder", mark) == 1
    check_pair(box, "killed.lego.test")
    assert not os.path.exists(box.path + "/.signet"), "nothing is owed any more"


def test_filename_and_path_and_variables(box, pebble):
    box.run("-d", "named.lego.test", *box.http(), "--filename", "other", "-a", "run",
            env={"LEGO_SERVER": pebble.url, "LEGO_EMAIL": "v@lego.test", "LEGO_PATH": box.root + "/elsewhere", "LEGO_PFX": "true",
                 "LEGO_PFX_PASSWORD": "pw", "LEGO_PFX_FORMAT": "DES"})
    files = os.listdir(box.root + "/elsewhere/certificates")
    assert sorted(files) == ["other.crt", "other.issuer.crt", "other.json", "other.key", "other.pfx"]
    p = subprocess.run(["openssl", "pkcs12", "-legacy", "-in", box.root + "/elsewhere/certificates/other.pfx", "-passin", "pass:pw", "-nodes"],
                       capture_output=True, check=True)
    assert len(pem_blocks(p.stdout)) == 3
    assert os.path.exists(box.root + "/elsewhere/accounts/127.0.0.1_%d/v@lego.test/account.json" % pebble.port)


def test_options_stand_before_or_after_the_command(box, pebble):
    box.run("run", "--server", pebble.url, "--accept-tos", "-d", "after.lego.test", *box.http(), "--no-bundle")
    assert len(pem_blocks(read(box.cert("after.lego.test")))) == 1
    box.run("--no-bundle", "--server", pebble.url, "--accept-tos", "-d", "before.lego.test", *box.http(), "run")
    assert len(pem_blocks(read(box.cert("before.lego.test")))) == 1


# ---- version 5 ----

def test_five_from_nothing(box, pebble):
    words = ["run", "--server", pebble.url, "--accept-tos", "--email", "five@lego.test", "-d", "five.lego.test", "-d", "five2.lego.test",
             "--http", "--http.address", "127.0.0.1:%d" % pebble.http_port]
    hooked = hook(box, "env | grep ^LEGO_HOOK_ | sort > %s/told\n" % box.root)
    box.run(*words, "--deploy-hook", hooked)
    account = box.path + "/accounts/127.0.0.1_%d/five@lego.test" % pebble.port
    assert sorted(os.listdir(account)) == ["account.json", "five@lego.test.key"]
    doc = json.loads(read(account + "/account.json"))
    assert (doc["id"], doc["keyType"], doc["server"], doc["origin"]) == ("five@lego.test", "EC256", pebble.url, "command")
    assert doc["registration"]["status"] == "valid" and doc["registration"]["accountURL"].startswith("https://")
    assert b"BEGIN PRIVATE KEY" in read(account + "/five@lego.test.key")
    doc = json.loads(read(box.cert("five.lego.test", ".json")))
    assert doc["id"] == "five.lego.test" and doc["domains"] == ["five.lego.test", "five2.lego.test"] and doc["origin"] == "command"
    told = read(box.root + "/told").decode()
    assert "LEGO_HOOK_CERT_DOMAINS=five.lego.test,five2.lego.test\n" in told and "LEGO_HOOK_ACCOUNT_EMAIL=five@lego.test\n" in told
    serial = check_pair(box, "five.lego.test").serial_number
    # the same line again: nothing is due; from now on the tree says which version it is
    r = box.run(*words)
    assert "no renewal" in r.err and load_cert(box.cert("five.lego.test")).serial_number == serial
    box.run(*words, "--renew-force", "--no-random-sleep")
    assert check_pair(box, "five.lego.test").serial_number != serial
    out = box.run("certificates", "list").out
    assert "Certificate Name: five.lego.test" in out
    assert "five@lego.test" in box.run("accounts", "list").out
    box.run("certificates", "revoke", "--server", pebble.url, "--email", "five@lego.test", "--cert.name", "five.lego.test")
    (archive,) = os.listdir(box.path + "/archives/certificates")
    assert re.fullmatch(r"five\.lego\.test_\d+\.zip", archive)
    with zipfile.ZipFile(box.path + "/archives/certificates/" + archive) as z:
        assert z.testzip() is None and sorted(z.namelist())[0] == "five.lego.test.crt"


def test_accounts_of_five(box, pebble):
    words = ["--server", pebble.url, "--account-id", "ops"]
    box.run("accounts", "register", *words, "--email", "ops@lego.test", "--accept-tos")
    folder = box.path + "/accounts/127.0.0.1_%d/ops" % pebble.port
    url = json.loads(read(folder + "/account.json"))["registration"]["accountURL"]
    old = read(folder + "/ops.key")
    box.run("accounts", "keyrollover", *words)
    assert read(folder + "/ops.key") != old and mode(folder + "/ops.key") == 0o600
    assert sorted(os.listdir(folder)) == ["account.json", "ops.key"]
    os.unlink(folder + "/account.json")
    box.run("accounts", "recover", *words, "--email", "ops@lego.test")
    assert json.loads(read(folder + "/account.json"))["registration"]["accountURL"] == url
    r = box.run("accounts", "nosuch", check=3)
    assert "No help topic" in r.err


def test_dnshelp(box):
    assert re.search(r"\bcloudflare\b", box.run("dnshelp").out)
    one = box.run("dnshelp", "-c", "cloudflare").out
    assert "CLOUDFLARE_DNS_API_TOKEN" in one and "NAME_FILE" in one and "CLOUDFLARE_PROPAGATION_TIMEOUT" in one
    r = box.run("dnshelp", "-c", "nosuch", check=1)
    assert 'there is no DNS provider "nosuch"' in r.err


@pytest.mark.parametrize("words, status, says", [
    (["--code=exec"], 0, "EXEC_PATH"), (["-code", "httpreq"], 0, "HTTPREQ_ENDPOINT"), (["-c=exec"], 0, "EXEC_PATH"), (["-c", "RFC2136"], 0, "RFC2136_"),
    (["-h"], 0, "dnshelp"), (["-c", ""], 0, "cloudflare"), (["-c"], 1, "flag needs an argument: -c")])
def test_dnshelp_is_a_command_like_the_others(box, words, status, says):
    r = box.run("dnshelp", *words, check=status)
    assert says in r.out + r.err


def test_several_certificates_are_revoked(box, pebble):
    for name in ("one.lego.test", "two.lego.test", "three.lego.test"):
        box.obtain(name)
    read_only = load_cert(box.cert("three.lego.test"))
    with open(box.cert("one.lego.test", ".p12"), "w") as f:
        f.write("a hook's")
    since = pebble.mark()
    box.run("certificates", "revoke", "--server", pebble.url, "--email", "a@lego.test", "--cert.name", "one.lego.test", "--cert.name", "two.lego.test")
    assert pebble.count("revokeCert", since) == 2
    assert {n.split(".")[0] for n in os.listdir(box.path + "/certificates")} == {"three"} and load_cert(box.cert("three.lego.test")) == read_only
    box.run("certificates", "revoke", "--server", pebble.url, "--email", "a@lego.test", "--cert.name", "three.lego.test")
    assert os.listdir(box.path + "/certificates") == []


def test_the_common_name_of_a_request_names_the_files(box):
    key = ec.generate_private_key(ec.SECP256R1())
    csr = (x509.CertificateSigningRequestBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cn.lego.test")]))
           .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in ("san.lego.test", "cn.lego.test")]), False).sign(key, hashes.SHA256()))
    path = box.root + "/san.csr"
    with open(path, "wb") as f:
        f.write(csr.public_bytes(serialization.Encoding.PEM))
    words = [*box.common(), "--email", "a@lego.test", "--csr", path, *box.http()]
    box.run(*words, "run")
    assert sorted(os.listdir(box.path + "/certificates")) == ["cn.lego.test.crt", "cn.lego.test.issuer.crt", "cn.lego.test.json"]
    box.run(*words, "renew", "--days", "9999", "--no-random-sleep")


def test_a_name_with_a_dot_at_its_end_is_the_same_name(box):
    box.obtain("dot.lego.test.")
    check_pair(box, "dot.lego.test")


@pytest.mark.parametrize("words, env, says", [
    (["--path", "/proc/x", "--http", "run"], {}, "cannot be written in /proc"),
    (["--http", "--http.webroot", "/nonexistent", "run"], {}, 'webroot path "/nonexistent" does not exist'),
    (["--http", "--http.port", "nosuch.example:80", "run"], {}, "is not an IP address of this machine"),
    (["--http", "run", "--private-key="], {}, "--private-key names no file"),
    (["--http", "run"], {"LEGO_PATH": ""}, "Could not determine current working directory")])
def test_what_cannot_work_is_found_before_there_is_an_account(box, pebble, words, env, says):
    since = pebble.mark()
    r = box.run("--server", pebble.url, "--accept-tos", "-d", "never.lego.test", *words, env=env, check=1)
    assert says in " ".join(r.err.split()) and pebble.requests(since) == [], r


def test_an_empty_server_is_none(box):
    assert "Could not determine current working server" in box.run("-a", "-d", "x.lego.test", "--http", "run", env={"LEGO_SERVER": ""}, check=1).err


def test_localhost_is_this_machine(box, pebble):
    box.run(*box.common(), "-d", "localhost.lego.test", "--http", "--http.port", "localhost:%d" % pebble.http_port, "run")
    check_pair(box, "localhost.lego.test")


def test_variables_of_five_count_where_the_tree_is_fives(box, pebble):
    """With words that either version has."""
    box.run("run", "--server", pebble.url, "--accept-tos", "--email", "v@lego.test", "-d", "vars.lego.test", "--http", "--http.address",
            "127.0.0.1:%d" % pebble.http_port)
    serial = check_pair(box, "vars.lego.test").serial_number
    env = {"LEGO_DOMAINS": "vars.lego.test", "LEGO_EMAIL": "v@lego.test", "LEGO_RENEW_FORCE": "true", "LEGO_NO_RANDOM_SLEEP": "true"}
    box.run("run", "--server", pebble.url, *box.http(), env=env)
    assert check_pair(box, "vars.lego.test").serial_number != serial


def test_one_line_of_options_for_every_command(box, pebble):
    box.run("--server", pebble.url, "--eab", "--key-type", "none-that-there-is", "list")


def test_lego_grammar_under_our_own_name(box, pebble, tmp_path):
    signet = os.path.dirname(box.program[0]) + "/signet"
    box.run(*box.common(), "-d", "named.lego.test", *box.http(), "run", program=[signet])
    check_pair(box, "named.lego.test")
    assert names(load_cert(box.cert("named.lego.test"))) == {"named.lego.test"}
