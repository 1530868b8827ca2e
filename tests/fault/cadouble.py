"""A CA that does what a test tells it to: RFC 8555, RFC 9773 and profiles over TLS, with an issuing CA of its own, for all that pebble
cannot be made to do.

Paths are pebble's, so FaultProxy can stand in front. Every request is checked as a CA would (nonce, URL, signature) and kept in
`requests`. What is scripted:

    ca.script["newOrder"] = f      f(request, answer) may return another Answer, or change and return this one
    ca.window = {...} or bytes     the body of renewalInfo; ca.ari_headers its headers
    ca.profiles = {"short": 6 * DAY}
    ca.processing = n or seconds   how many looks (int) or how long (float) an order stays processing; ca.retry_after says so
    ca.ready_after = n             how many looks an order stays pending after its authorizations are valid
    ca.reuse_orders, ca.reuse_authz, ca.validate (really fetch http-01), ca.auto_valid
    ca.make_leaf(names, key, **)   and ca.chain_of(leaf): override `ca.issue = f(order, csr) -> PEM bytes` for other certificates
    ca.alternates = [PEM, ...]     offered by Link: rel="alternate"
"""
import base64
import collections
import datetime
import hashlib
import http.client
import http.server
import json
import os
import shutil
import ssl
import tempfile
import threading
import time

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID
from harness.ca import ENDPOINTS, make_server_cert
from harness.system import free_port

DAY = 86400
PEM = serialization.Encoding.PEM
NAMES = sorted(((v, k) for k, v in ENDPOINTS.items()), reverse=True)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def stamp(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


class Answer:
    def __init__(self, code, body=b"", headers=None, kind="application/json"):
        self.code, self.headers, self.kind = code, dict(headers or {}), kind
        self.body = json.dumps(body).encode() if isinstance(body, (dict, list)) else body

    @property
    def json(self):
        return json.loads(self.body)

    def change(self, **members):
        data = self.json
        data.update(members)
        self.body = json.dumps({k: v for k, v in data.items() if v is not None}).encode()
        return self


def problem(code, kind, detail="made up by the test", headers=None, **more):
    return Answer(code, dict({"type": "urn:ietf:params:acme:error:" + kind, "detail": detail, "status": code}, **more), headers, "application/problem+json")


class Request:
    def __init__(self, method, path, step, payload=None, account=None, jwk=None, protected=None):
        self.method, self.path, self.step, self.payload, self.account, self.jwk = method, path, step, payload, account, jwk
        self.protected, self.time = protected or {}, time.monotonic()

    @property
    def tail(self):
        return self.path.rsplit("/", 1)[1]

    def __repr__(self):
        return "%s %s" % (self.method, self.step)


class Issuer:
    """A root and an intermediate."""

    def __init__(self, name="Double", days=3650):
        self.root_key, self.key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.root = self._ca(name + " Root", self.root_key, name + " Root", self.root_key, days)
        self.cert = self._ca(name + " Intermediate", self.key, name + " Root", self.root_key, days)

    def _ca(self, subject, key, issuer, issuer_key, days):
        now = datetime.datetime.utcnow()
        who = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in (subject, issuer)]
        return (x509.CertificateBuilder().subject_name(who[0]).issuer_name(who[1]).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=3650))
                .not_valid_after(now + datetime.timedelta(days=days)).add_extension(x509.BasicConstraints(True, None), True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
                .sign(issuer_key, hashes.SHA256()))

    def leaf(self, names, public_key, begin=-3600, lifetime=90 * DAY, is_ca=False, serial=None, san=True, aki=True):
        now = datetime.datetime.utcnow().replace(microsecond=0) + datetime.timedelta(seconds=begin)
        b = (x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(self.cert.subject).public_key(public_key)
             .serial_number(serial or x509.random_serial_number()).not_valid_before(now)
             .not_valid_after(now + datetime.timedelta(seconds=lifetime)).add_extension(x509.BasicConstraints(is_ca, None), True))
        if aki:
            b = b.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False)
        if san:
            b = b.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), True)
        return b.sign(self.key, hashes.SHA256())

    def chain(self, leaf, *more):
        return b"".join(c.public_bytes(PEM) for c in (leaf, self.cert, *more))


class Refused(Exception):
    def __init__(self, answer):
        super().__init__(answer.body)
        self.answer = answer


class CADouble:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="cadouble-")
        make_server_cert(self.dir)
        self.http_port, self.tls_port, self.port = free_port(), free_port(), free_port()
        self.url, self.ca_file = "https://127.0.0.1:%d/dir" % self.port, self.dir + "/ca.pem"
        self.issuer, self.script, self.requests = Issuer(), {}, []
        self.window, self.ari_headers, self.profiles = None, {"Retry-After": "21600"}, {}
        self.processing, self.retry_after, self.ready_after = 0, None, 0
        self.reuse_orders, self.reuse_authz, self.validate, self.auto_valid = False, False, False, True
        self.alternates, self.issue, self.lifetime = [], None, 90 * DAY
        self.accounts, self.orders, self.authz, self.certs = {}, {}, {}, {}
        self.nonces, self.count_of, self.lock = set(), collections.Counter(), threading.RLock()
        self.serial, self.issued_count = 0, 0
        self._serve()

    def _serve(self):
        double = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                double._handle(self)

            do_GET = do_HEAD = do_POST = handle_any

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):  # a client that goes away is no news
                pass

        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.dir + "/server.pem", self.dir + "/server.key")
        self.httpd = Quiet(("127.0.0.1", self.port), Handler)
        self.httpd.socket = tls.wrap_socket(self.httpd.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.httpd.shutdown()
        self.httpd.server_close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- what was asked of it ----

    def seen(self, step=None):
        return [r for r in self.requests if step in (None, r.step)]

    def mark(self):
        return len(self.requests), self.issued_count

    def count(self, step, since=(0, 0)):
        return sum(r.step == step for r in self.requests[since[0]:])

    def issued(self, since=(0, 0)):
        return self.issued_count - since[1]

    # ---- requests ----

    def at(self, step, tail=""):
        return "https://127.0.0.1:%d%s%s" % (self.port, ENDPOINTS[step], tail)

    def _handle(self, h):
        step = next((n for prefix, n in NAMES if h.path == prefix or (prefix.endswith("/") and h.path.startswith(prefix))), "other")
        body = h.rfile.read(int(h.headers.get("Content-Length") or 0))
        with self.lock:
            try:
                r = self._read(h.command, h.path, step, body)
                self.requests.append(r)
                answer = getattr(self, "do_" + step, self.do_other)(r)
            except Refused as e:
                r = Request(h.command, h.path, step)
                self.requests.append(r)
                answer = e.answer
            if step in self.script:
                answer = self.script[step](r, answer) or answer
        self._send(h, answer)

    def _send(self, h, a):
        h.send_response(a.code)
        headers = dict({"Content-Type": a.kind, "Replay-Nonce": self._nonce(), "Link": '<%s>;rel="index"' % self.url}, **a.headers)
        for k, v in headers.items():
            for one in v if isinstance(v, list) else [v]:
                if one is not None:
                    h.send_header(k, one)
        if a.code != 204:
            h.send_header("Content-Length", str(len(a.body)))
        h.end_headers()
        if h.command != "HEAD" and a.code != 204:
            h.wfile.write(a.body)

    def _nonce(self):
        n = b64(os.urandom(16))
        self.nonces.add(n)
        return n

    def _read(self, method, path, step, body):
        if method != "POST":
            return Request(method, path, step)
        jws = json.loads(body)
        protected = json.loads(unb64(jws["protected"]))
        if protected["nonce"] not in self.nonces:
            raise Refused(problem(400, "badNonce"))
        self.nonces.discard(protected["nonce"])
        if protected["url"] != "https://127.0.0.1:%d%s" % (self.port, path):
            raise Refused(problem(401, "unauthorized", "the url is not that of the request"))
        account, jwk = None, protected.get("jwk")
        if "kid" in protected:
            account = next((a for a in self.accounts.values() if a["url"] == protected["kid"]), None)
            if not account:
                raise Refused(problem(400, "accountDoesNotExist"))
            jwk = account["jwk"]
        try:
            verify(jwk, protected["alg"], (jws["protected"] + "." + jws["payload"]).encode(), unb64(jws["signature"]))
        except InvalidSignature:
            raise Refused(problem(401, "unauthorized", "the signature is wrong"))
        payload = json.loads(unb64(jws["payload"])) if jws["payload"] else None
        return Request(method, path, step, payload, account, jwk, protected)

    def do_other(self, r):
        return problem(404, "malformed", "no such place")

    def do_directory(self, r):
        d = {k: self.at(k).rstrip("/") for k in ("newNonce", "newAccount", "newOrder", "revokeCert", "keyChange")}
        d["meta"] = {"termsOfService": "https://127.0.0.1/terms"}
        if self.window is not None:
            d["renewalInfo"] = self.at("renewalInfo").rstrip("/")
        if self.profiles:
            d["meta"]["profiles"] = {n: "profile " + n for n in self.profiles}
        return Answer(200, d)

    def do_newNonce(self, r):
        return Answer(200 if r.method == "HEAD" else 204)

    def do_newAccount(self, r):
        thumb = thumbprint(r.jwk)
        known = thumb in self.accounts
        if not known and (r.payload or {}).get("onlyReturnExisting"):
            return problem(400, "accountDoesNotExist")
        if not known:
            self.accounts[thumb] = {"url": self.at("account", str(len(self.accounts) + 1)), "jwk": r.jwk, "thumb": thumb, "status": "valid"}
        return Answer(200 if known else 201, {"status": "valid"}, {"Location": self.accounts[thumb]["url"]})

    def do_account(self, r):
        r.account["status"] = (r.payload or {}).get("status", r.account["status"])
        return Answer(200, {"status": r.account["status"]})

    def do_keyChange(self, r):
        new = json.loads(unb64(r.payload["protected"]))["jwk"]
        self.accounts.pop(r.account["thumb"])
        r.account.update(jwk=new, thumb=thumbprint(new))
        self.accounts[r.account["thumb"]] = r.account
        return Answer(200, {"status": "valid"})

    def _next(self):
        self.serial += 1
        return str(self.serial)

    def do_newOrder(self, r):
        idents = r.payload["identifiers"]
        for o in self.orders.values() if self.reuse_orders else []:
            if o["account"] is r.account and o["identifiers"] == idents and o["status"] in ("pending", "ready"):
                return self._order(o, 201)
        o = {"id": self._next(), "account": r.account, "identifiers": idents, "status": "pending", "authz": [], "looks": 0, "csr": None,
             "profile": r.payload.get("profile"), "replaces": r.payload.get("replaces"), "waits": self.ready_after}
        for i in idents:
            old = next((a for a in self.authz.values() if self.reuse_authz and a["identifier"] == i and a["status"] == "valid"), None)
            a = old or {"id": self._next(), "identifier": i, "status": "pending", "token": b64(os.urandom(24)), "account": r.account}
            self.authz[a["id"]] = a
            o["authz"].append(a)
        self.orders[o["id"]] = o
        return self._order(o, 201)

    def _order(self, o, code=200):
        if o["status"] == "pending" and all(a["status"] == "valid" for a in o["authz"]):
            o["waits"] -= 1
            if o["waits"] < 0:
                o["status"] = "ready"
        if o["status"] == "pending" and any(a["status"] == "invalid" for a in o["authz"]):
            o["status"] = "invalid"
        if o["status"] == "processing":
            o["looks"] += 1
            waited = time.monotonic() - o["since"] >= self.processing if isinstance(self.processing, float) else o["looks"] > self.processing
            if waited:
                self._issue(o)
        d = {"status": o["status"], "identifiers": o["identifiers"], "authorizations": [self.at("authorization", a["id"]) for a in o["authz"]],
             "finalize": self.at("finalize", o["id"]), "expires": stamp(time.time() + 7 * DAY)}
        if o["status"] == "valid":
            d["certificate"] = self.at("certificate", o["id"])
        if o["profile"]:
            d["profile"] = o["profile"]
        h = {"Location": self.at("order", o["id"])}
        if self.retry_after is not None and o["status"] == "processing":
            h["Retry-After"] = str(self.retry_after)
        return Answer(code, d, h)

    def do_order(self, r):
        return self._order(self.orders[r.tail])

    def _issue(self, o):
        csr = x509.load_der_x509_csr(o["csr"])
        names = [i["value"] for i in o["identifiers"]]
        if self.issue:
            self.certs[o["id"]] = self.issue(o, csr)
        else:
            lifetime = self.profiles.get(o["profile"], self.lifetime)
            self.certs[o["id"]] = self.issuer.chain(self.issuer.leaf(names, csr.public_key(), lifetime=lifetime))
        o["status"] = "valid"
        self.issued_count += 1

    def do_finalize(self, r):
        o = self.orders[r.tail]
        if o["status"] not in ("ready",):
            return problem(403, "orderNotReady", "the order is " + o["status"])
        o["csr"], o["status"], o["since"] = unb64(r.payload["csr"]), "processing", time.monotonic()
        return self._order(o)

    def _authz(self, a):
        challenges = [{"type": t, "url": self.at("challenge", "%s.%d" % (a["id"], n)), "token": a["token"], "status": a["status"]}
                      for n, t in enumerate(("http-01", "dns-01", "tls-alpn-01"))]
        return {"status": a["status"], "identifier": a["identifier"], "challenges": challenges, "expires": stamp(time.time() + 7 * DAY)}

    def do_authorization(self, r):
        a = self.authz[r.tail]
        if r.payload and r.payload.get("status") == "deactivated":
            a["status"] = "deactivated"
        return Answer(200, self._authz(a))

    def do_challenge(self, r):
        a, n = self.authz[r.tail.split(".")[0]], int(r.tail.split(".")[1])
        if r.payload is not None and a["status"] == "pending" and self.auto_valid:
            a["status"] = "valid" if not self.validate or self._fetches(a) else "invalid"
        return Answer(200, self._authz(a)["challenges"][n], {"Link": ['<%s>;rel="up"' % self.at("authorization", a["id"]), '<%s>;rel="index"' % self.url]})

    def _fetches(self, a):
        want = a["token"] + "." + a["account"]["thumb"]
        try:
            c = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=5)
            c.request("GET", "/.well-known/acme-challenge/" + a["token"], headers={"Host": a["identifier"]["value"]})
            return c.getresponse().read().decode().strip() == want
        except (OSError, http.client.HTTPException):
            return False

    def do_certificate(self, r):
        number, _, alternate = r.tail.partition("-")
        links = ['<%s>;rel="alternate"' % self.at("certificate", "%s-%d" % (number, n)) for n in range(len(self.alternates))]
        body = self.alternates[int(alternate)] if alternate else self.certs[number]
        if callable(body):
            body = body(self.certs[number])
        return Answer(200, body, {"Link": ['<%s>;rel="index"' % self.url] + links}, "application/pem-certificate-chain")

    def do_revokeCert(self, r):
        return Answer(200)

    def do_renewalInfo(self, r):
        return Answer(200, self.window, self.ari_headers) if self.window is not None else problem(404, "malformed")


def verify(jwk, alg, data, signature):
    if jwk["kty"] == "EC":
        curve = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1}[jwk["crv"]]()
        key = ec.EllipticCurvePublicNumbers(int.from_bytes(unb64(jwk["x"]), "big"), int.from_bytes(unb64(jwk["y"]), "big"), curve).public_key()
        half = len(signature) // 2
        der = utils.encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
        key.verify(der, data, ec.ECDSA({"ES256": hashes.SHA256, "ES384": hashes.SHA384}[alg]()))
    else:
        key = rsa.RSAPublicNumbers(int.from_bytes(unb64(jwk["e"]), "big"), int.from_bytes(unb64(jwk["n"]), "big")).public_key()
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())


def thumbprint(jwk):
    members = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}[jwk["kty"]]
    return b64(hashlib.sha256(json.dumps({k: jwk[k] for k in members}, separators=(",", ":")).encode()).digest())
