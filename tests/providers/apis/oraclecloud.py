import base64
import datetime
import hashlib
import re
from email.utils import formatdate

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from apis.transip import KEY, WRONG, pem
from fake import Api, Denied, route, unquoted

DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM


class OracleCloud(Api):
    code = "oraclecloud"
    source = "https://docs.oracle.com/en-us/iaas/api/#/en/dns/20180115/RRSet/PatchRRSet; https://docs.oracle.com/en-us/iaas/Content/API/Concepts/signingrequests.htm"
    env = {"OCI_COMPARTMENT_OCID": "ocid1.compartment.oc1..x", "OCI_REGION": "eu-frankfurt-1", "OCI_TENANCY_OCID": "ocid1.tenancy.oc1..t",
           "OCI_USER_OCID": "ocid1.user.oc1..u", "OCI_PUBKEY_FINGERPRINT": "20:3b:97:13:55:1c", "OCI_PRIVKEY_FILE": "/etc/oci.pem"}
    wrong = {"OCI_PRIVKEY_FILE": "/etc/wrong.pem"}
    files = {"/etc/oci.pem": pem(KEY), "/etc/wrong.pem": pem(WRONG)}
    base = "https://dns.eu-frankfurt-1.oraclecloud.com/20180115"
    key_id = "ocid1.tenancy.oc1..t/ocid1.user.oc1..u/20:3b:97:13:55:1c"
    denied = (401, {"code": "NotAuthenticated", "message": "The required information to complete authentication was not provided or was incorrect."})
    denied_text = "was not provided or was incorrect. [NotAuthenticated]"

    def who(self, r):
        return self.key_id

    def authorize(self, r):
        m = re.fullmatch(r'Signature version="1",keyId="(\S+?)",algorithm="rsa-sha256",headers="([^"]+)",signature="(\S+)"', r.header("authorization"))
        assert m.group(1) == self.who(r) and r.header("date") == formatdate(r.now, usegmt=True)
        assert set(m.group(2).split()) == {"date", "(request-target)", "host", "content-length", "content-type", "x-content-sha256"}
        assert r.header("x-content-sha256") == base64.b64encode(hashlib.sha256(r.text.encode()).digest()).decode()
        have = {"(request-target)": r.method.lower() + " " + r.path + ("?" + r.raw_query if r.raw_query else ""), "host": r.host, "content-length": str(len(r.text.encode()))}
        text = "\n".join("%s: %s" % (n, have.get(n) or r.header(n)) for n in m.group(2).split())
        try:
            KEY.public_key().verify(base64.b64decode(m.group(3)), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise Denied()

    @route("PATCH", "/zones/{name}/records/{full}/TXT")
    def patch(self, r, name, full):
        r.query(compartmentId="ocid1.compartment.oc1..x")
        zone, x = self.zone(name), r.json({"items": [dict]})["items"][0]
        assert x["domain"] == full and x["rtype"] == "TXT"
        if x["operation"] == "ADD":
            assert set(x) == {"operation", "domain", "rdata", "rtype", "ttl"}
            zone.add("TXT", full, unquoted(x["rdata"]), x["ttl"])
        else:
            assert x["operation"] == "REMOVE" and set(x) == {"operation", "domain", "rdata", "rtype"}
            zone.records = [y for y in zone.records if (y.type, y.name, y.value) != ("TXT", full, unquoted(x["rdata"]))]
        return 200, {"items": []}


class OracleSession(OracleCloud):
    """A session of "oci session authenticate"."""
    variant = "session"
    source = "https://docs.oracle.com/en-us/iaas/Content/API/SDKDocs/clitoken.htm"
    env = {"OCI_AUTH_TYPE": "user_principal", "OCI_COMPARTMENT_OCID": "ocid1.compartment.oc1..x", "OCI_PROFILE": "DNS"}
    wrong = {}
    optional = ("OCI_AUTH_TYPE",)
    files = {"~/.oci/config": "[DEFAULT]\nregion=us-phoenix-1\n[DNS]\nregion=eu-frankfurt-1\ntenancy=ocid1.tenancy.oc1..t\n"
                              "key_file=/srv/oci/sessions/DNS/key.pem\nsecurity_token_file=/srv/oci/sessions/DNS/token\n",
             "/srv/oci/sessions/DNS/key.pem": pem(KEY), "/srv/oci/sessions/DNS/token": "eyJhbGciOi.session-token\n"}
    key_id = "ST$eyJhbGciOi.session-token"


class OracleLocked(OracleCloud):
    """The key has a password, in either form of PEM."""
    variant = "key-with-password"
    env = {**OracleCloud.env, "OCI_PRIVKEY_PASS": "a pass word"}
    optional = ("OCI_PRIVKEY_PASS",)
    wrong = {}
    files = {"/etc/oci.pem": KEY.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"a pass word")).decode()}


class OracleLockedOldForm(OracleLocked):
    variant = "key-with-password-old-form"
    files = {"/etc/oci.pem": KEY.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.BestAvailableEncryption(b"a pass word")).decode()}


def certificate(*units):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ocid1.instance.oc1..i"),
                      *[x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, u) for u in units]])
    return x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key()).serial_number(7).not_valid_before(
        datetime.datetime(2024, 1, 1)).not_valid_after(datetime.datetime(2034, 1, 1)).sign(KEY, hashes.SHA256())


LEAF, MIDDLE = certificate("opc-certtype:instance", "opc-compartment:ocid1.compartment.oc1..x", "opc-tenant:ocid1.tenancy.oc1..t"), certificate("opc-ca")


class OracleInstance(OracleCloud):
    """An instance's own certificate is exchanged for a token, as Oracle's own libraries do it; no page describes the exchange."""
    variant = "instance"
    source = "https://docs.oracle.com/en-us/iaas/Content/Identity/Tasks/callingservicesfrominstances.htm; https://github.com/oracle/oci-go-sdk (common/auth)"
    env = {"OCI_AUTH_TYPE": "instance_principal", "OCI_COMPARTMENT_OCID": "ocid1.compartment.oc1..x"}
    wrong = {}
    optional = ("OCI_AUTH_TYPE",)
    files = {}
    open_routes = ("cert", "key", "middle", "region")

    key_id = "ST$eyJhbGciOi.instance"

    def who(self, r):
        mark = ":".join("%02x" % b for b in hashlib.sha256(LEAF.public_bytes(DER)).digest())
        return "ocid1.tenancy.oc1..t/fed-x509-sha256/" + mark if r.path == "/v1/x509" else self.key_id

    def metadata(self, r, text):
        assert r.header("authorization") == "Bearer Oracle"
        return 200, text

    @route("GET", "http://169.254.169.254/opc/v2/identity/cert.pem")
    def cert(self, r):
        return self.metadata(r, LEAF.public_bytes(PEM).decode())

    @route("GET", "http://169.254.169.254/opc/v2/identity/key.pem")
    def key(self, r):
        return self.metadata(r, pem(KEY))

    @route("GET", "http://169.254.169.254/opc/v2/identity/intermediate.pem")
    def middle(self, r):
        return self.metadata(r, MIDDLE.public_bytes(PEM).decode())

    @route("GET", "http://169.254.169.254/opc/v2/instance/canonicalRegionName")
    def region(self, r):
        return self.metadata(r, "eu-frankfurt-1\n")

    @route("POST", "https://auth.eu-frankfurt-1.oraclecloud.com/v1/x509")
    def exchange(self, r):
        one_line = lambda x: base64.b64encode(x.public_bytes(DER)).decode()  # noqa: E731
        spki = KEY.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        r.json({"certificate": one_line(LEAF), "publicKey": base64.b64encode(spki).decode(), "intermediateCertificates": [one_line(MIDDLE)],
                "fingerprintAlgorithm": "SHA256"})
        return 200, {"token": "eyJhbGciOi.instance"}
