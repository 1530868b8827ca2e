"""A pebble of our own: ports chosen free, its own TLS certificate, names answered by pebble-challtestsrv."""
import json
import os
import re
import shutil
import ssl
import subprocess
import tempfile
import urllib.request

from .system import Server, free_port

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
DAY = 86400
LEAF = """[req]
distinguished_name=dn
[dn]
[leaf]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
"""
# What pebble calls its endpoints, by the names that RFC 8555 gives them.
ENDPOINTS = {"directory": "/dir", "newNonce": "/nonce-plz", "newAccount": "/sign-me-up", "newOrder": "/order-plz", "order": "/my-order/",
             "finalize": "/finalize-order/", "authorization": "/authZ/", "challenge": "/chalZ/", "certificate": "/certZ/",
             "account": "/my-account/", "revokeCert": "/revoke-cert", "keyChange": "/rollover-account-key",
             "renewalInfo": "/draft-ietf-acme-ari-03/renewalInfo/"}


def openssl(*args):
    p = subprocess.run(("openssl",) + args, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if p.returncode:
        raise RuntimeError("openssl %s: %s" % (" ".join(args), p.stderr))
    return p.stdout


def make_server_cert(folder):
    """ca.pem (to be trusted), server.pem and server.key for 127.0.0.1, ::1 and localhost."""
    conf = folder + "/openssl.cnf"
    with open(conf, "w") as f:
        f.write(LEAF)
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-config", conf)
    openssl("req", "-x509", *ec, "-keyout", folder + "/ca.key", "-out", folder + "/ca.pem", "-days", "30", "-subj", "/CN=Test transport CA",
            "-extensions", "ca")
    openssl("req", *ec, "-keyout", folder + "/server.key", "-out", folder + "/server.csr", "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", folder + "/server.csr", "-CA", folder + "/ca.pem", "-CAkey", folder + "/ca.key", "-set_serial", "2",
            "-days", "30", "-extfile", conf, "-extensions", "leaf", "-out", folder + "/server.pem")


def binaries():
    """The folder with pebble and pebble-challtestsrv; fetched if they are not there yet. Failing to get them is an error."""
    p = subprocess.run([ROOT + "/tests/setup/pebble"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if p.returncode:
        raise RuntimeError("tests/setup/pebble failed:\n" + p.stderr)
    return p.stdout.strip().splitlines()[-1]


class Pebble:
    """Knobs: nonce_reject and authz_reuse in percent; profiles as {name: seconds}; eab as {kid: base64url key};
    alternate_roots, chain_length; authz_retry_after, order_retry_after in seconds; blocklist of names; sleep: the random pauses
    before validations that pebble makes by default; dns: HOST:PORT of a name server to ask in place of pebble-challtestsrv; caa: its names in CAA records, which it does not look at itself;
    ocsp: URL of a responder, for its certificates."""

    def __init__(self, nonce_reject=0, authz_reuse=0, profiles=None, eab=None, alternate_roots=0, chain_length=1, authz_retry_after=0,
                 order_retry_after=0, blocklist=("blocked.example",), sleep=False, http_port=None, tls_port=None, dns=None, caa=(), ocsp=""):
        self.dir = tempfile.mkdtemp(prefix="pebble-")
        self.http_port, self.tls_port = http_port or free_port(), tls_port or free_port()
        self.refused = set()
        self.env = {"PEBBLE_WFE_NONCEREJECT": str(nonce_reject), "PEBBLE_AUTHZREUSE": str(authz_reuse), "PEBBLE_CHAIN_LENGTH": str(chain_length),
                    "PEBBLE_ALTERNATE_ROOTS": str(alternate_roots), "PEBBLE_VA_NOSLEEP": "0" if sleep else "1"}
        profiles = profiles or {"default": 90 * DAY}
        self.config = {"certificate": self.dir + "/server.pem", "privateKey": self.dir + "/server.key", "httpPort": self.http_port,
                       "tlsPort": self.tls_port, "ocspResponderURL": ocsp, "externalAccountBindingRequired": bool(eab),
                       "externalAccountMACKeys": eab or {}, "domainBlocklist": list(blocklist), "keyAlgorithm": "rsa" if ocsp else "ecdsa",  # it gives RSA keys out only
                       "caaIdentities": list(caa),
                       "retryAfter": {"authz": authz_retry_after, "order": order_retry_after},
                       "profiles": {n: {"description": "profile " + n, "validityPeriod": s} for n, s in profiles.items()}}
        self.log, self.resolver = self.dir + "/pebble.log", dns
        self.dns = self.server = None
        try:
            make_server_cert(self.dir)
            self.bin = binaries()
            self._start()
        except BaseException:
            self.close()
            raise

    def _retry(self, start):
        """A port can be taken between choosing and binding it: three tries."""
        for left in (2, 1, 0):
            try:
                return start()
            except RuntimeError as e:
                if not left or "address already in use" not in str(e):
                    raise

    def _start(self):
        def dns():
            self.dns_port, self.dns_mgmt = free_port(), free_port()
            self.dns = Server([self.bin + "/pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dnsserver",
                               "127.0.0.1:%d" % self.dns_port, "-doh", "", "-http01", "", "-https01", "", "-tlsalpn01", "",
                               "-management", "127.0.0.1:%d" % self.dns_mgmt], self.dir + "/dns.log", self.dns_mgmt)

        def pebble():
            self.port, self.mgmt_port = free_port(), free_port()
            self._run()

        self._retry(dns)
        self._retry(pebble)

    def _run(self):
        self.config.update(listenAddress="127.0.0.1:%d" % self.port, managementListenAddress="127.0.0.1:%d" % self.mgmt_port)
        with open(self.dir + "/pebble.json", "w") as f:
            json.dump({"pebble": self.config}, f)
        self.server = Server([self.bin + "/pebble", "-config", self.dir + "/pebble.json", "-dnsserver",
                              self.resolver or "127.0.0.1:%d" % self.dns_port],
                             self.log, self.port, self.env)
        self.url = "https://127.0.0.1:%d/dir" % self.port
        self.ca_file = self.dir + "/ca.pem"

    def restart(self):
        """Pebble forgets everything: accounts, orders, its own roots."""
        self.server.stop()
        self._run()

    def close(self):
        for s in (self.server, self.dns):
            if s:
                s.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- what was asked of it ----

    def requests(self, since=0):
        """The requests so far as (method, endpoint) with RFC 8555's names: [("POST", "newOrder"), …]."""
        names = {v: k for k, v in ENDPOINTS.items()}
        with open(self.log, errors="replace") as f:
            f.seek(since)
            found = re.findall(r"Pebble \S+ \S+ (GET|HEAD|POST) (\S+) -> calling handler", f.read())
        return [(m, names[p]) for m, p in found if p in names]

    def count(self, endpoint, since=0):
        return sum(1 for _, p in self.requests(since) if p == endpoint)

    def mark(self):
        """A place in the log, for requests(since) and text(since)."""
        return os.path.getsize(self.log)

    def text(self, since=0):
        with open(self.log, errors="replace") as f:
            f.seek(since)
            return f.read()

    def issued(self, since=0):
        return len(re.findall(r"Issued certificate serial", self.text(since)))

    def orders(self, since=0):
        """Orders that were placed; requests for one that were refused do not count."""
        return len(re.findall(r"Added order ", self.text(since)))

    # ---- its management interface ----

    def _mgmt(self, path, body=None):
        ctx = ssl.create_default_context(cafile=self.ca_file)
        req = urllib.request.Request("https://127.0.0.1:%d%s" % (self.mgmt_port, path), data=body)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=ctx))
        with opener.open(req, timeout=10) as r:
            return r.read()

    def management(self, path):
        """What its management interface answers, as bytes."""
        return self._mgmt(path)

    def root(self, n=0):
        return self._mgmt("/roots/%d" % n).decode()

    def cert_status(self, serial):
        """{"Status": "Valid" | "Revoked", "Reason": …} of a certificate by its serial number."""
        digits = "%x" % serial
        return json.loads(self._mgmt("/cert-status-by-serial/" + "0" * (len(digits) % 2) + digits))

    def set_renewal_info(self, cert_pem, answer):
        """What to answer from now on to a question for renewal information: a dict, or text sent as it is."""
        if not isinstance(answer, str):
            answer = json.dumps(answer)
        self._mgmt("/set-renewal-info/", json.dumps({"Certificate": cert_pem, "ARIResponse": answer}).encode())

    def _dns(self, path, **body):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open("http://127.0.0.1:%d/%s" % (self.dns_mgmt, path), json.dumps(body).encode(), timeout=10) as r:
            return r.read()

    def dns_txt(self, name, value):
        self._dns("set-txt", host=name.rstrip(".") + ".", value=value)

    def dns_clear_txt(self, name):
        self._dns("clear-txt", host=name.rstrip(".") + ".")

    def dns_servfail(self, name):
        """No address for the name, until the end of the test at most: the CA is shared."""
        self.refused.add(name)
        self._dns("set-servfail", host=name.rstrip(".") + ".")

    def dns_clear_servfail(self, name):
        self._dns("clear-servfail", host=name.rstrip(".") + ".")
        self.refused.discard(name)

    def dns_clear_servfails(self):
        for name in list(self.refused):
            self.dns_clear_servfail(name)
