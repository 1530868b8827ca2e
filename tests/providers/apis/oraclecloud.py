import base64
import hashlib
import re
from email.utils import formatdate

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from apis.transip import KEY, WRONG, pem
from fake import Api, Denied, route, unquoted


class OracleCloud(Api):
    code = "oraclecloud"
    source = "https://docs.oracle.com/en-us/iaas/api/#/en/dns/20180115/RRSet/PatchRRSet; https://docs.oracle.com/en-us/iaas/Content/API/Concepts/signingrequests.htm"
    env = {"OCI_COMPARTMENT_OCID": "ocid1.compartment.oc1..x", "OCI_REGION": "eu-frankfurt-1", "OCI_TENANCY_OCID": "ocid1.tenancy.oc1..t",
           "OCI_USER_OCID": "ocid1.user.oc1..u", "OCI_PUBKEY_FINGERPRINT": "20:3b:97:13:55:1c", "OCI_PRIVKEY_FILE": "/etc/oci.pem"}
    wrong = {"OCI_PRIVKEY_FILE": "/etc/wrong.pem"}
    files = {"/etc/oci.pem": pem(KEY), "/etc/wrong.pem": pem(WRONG)}
    base = "https://dns.eu-frankfurt-1.oraclecloud.com/20180115"
    denied = (401, {"code": "NotAuthenticated", "message": "The required information to complete authentication was not provided or was incorrect."})
    denied_text = "was not provided or was incorrect. [NotAuthenticated]"

    def authorize(self, r):
        m = re.fullmatch(r'Signature version="1",keyId="(\S+?)",algorithm="rsa-sha256",headers="([^"]+)",signature="(\S+)"', r.header("authorization"))
        assert m.group(1) == "ocid1.tenancy.oc1..t/ocid1.user.oc1..u/20:3b:97:13:55:1c" and r.header("date") == formatdate(r.now, usegmt=True)
        assert set(m.group(2).split()) == {"date", "(request-target)", "host", "content-length", "content-type", "x-content-sha256"}
        assert r.header("x-content-sha256") == base64.b64encode(hashlib.sha256(r.text.encode()).digest()).decode()
        have = {"(request-target)": "%s %s?%s" % (r.method.lower(), r.path, r.raw_query), "host": r.host, "content-length": str(len(r.text.encode()))}
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
