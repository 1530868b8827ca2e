import base64
import hashlib
import hmac
import re

from fake import Api, Denied, Gone, quoted, route, unquoted


def mac(key, text):
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


class EdgeDns(Api):
    code, variant = "edgedns", "variables"
    source = "https://techdocs.akamai.com/edge-dns/reference/get-zone-name-type; https://techdocs.akamai.com/developer/docs/edgegrid"
    env = {"AKAMAI_HOST": "akab-h05tnam3wl42son7.luna.akamaiapis.net", "AKAMAI_CLIENT_TOKEN": "akab-client-0123", "AKAMAI_CLIENT_SECRET": "akamai-secret-0123=",
           "AKAMAI_ACCESS_TOKEN": "akab-access-0123"}
    wrong = {"AKAMAI_CLIENT_SECRET": "akamai-secret-wrong"}
    base = "https://akab-h05tnam3wl42son7.luna.akamaiapis.net/config-dns/v2"
    denied = (401, {"type": "https://problems.luna.akamaiapis.net/-/pep-authn/deny", "title": "Not authorized", "status": 401,
                    "detail": "Signature does not match"})
    denied_text = "Not authorized: Signature does not match"
    not_found = (404, {"title": "Not Found", "status": 404, "detail": "Record not found"})
    secret = "akamai-secret-0123="

    def authorize(self, r):
        m = re.fullmatch(r"(EG1-HMAC-SHA256 client_token=akab-client-0123;access_token=akab-access-0123;timestamp=(\S+?);nonce=([0-9a-f-]{36});)signature=(\S+)",
                         r.header("authorization"))
        body = base64.b64encode(hashlib.sha256(r.text.encode()).digest()).decode() if r.method == "POST" else ""
        target = r.path + ("?" + r.raw_query if r.raw_query else "")
        data = "\t".join([r.method, "https", r.host, target, "", body, m.group(1)])
        if mac(mac(self.secret, m.group(2)), data) != m.group(4):
            raise Denied()

    def found(self, name, full):
        return self.zone(name).at(full)

    @route("GET", "/zones/{name}/names/{full}/types/TXT")
    def get(self, r, name, full):
        found = self.zone(name).at(full)
        if not found:
            raise Gone()
        return 200, {"name": full, "type": "TXT", "ttl": found[0].ttl, "rdata": [quoted(x.value) for x in found]}

    def write(self, r, name, full):
        b = r.json({"name": full, "type": "TXT", "ttl": int, "rdata": list})
        self.zone(name).put(full, "TXT", [unquoted(v) for v in b["rdata"]], b["ttl"])
        return b

    @route("POST", "/zones/{name}/names/{full}/types/TXT")
    def create(self, r, name, full):
        assert not self.zone(name).at(full)
        return 201, self.write(r, name, full)

    @route("PUT", "/zones/{name}/names/{full}/types/TXT")
    def update(self, r, name, full):
        assert self.zone(name).at(full)
        return 200, self.write(r, name, full)

    @route("DELETE", "/zones/{name}/names/{full}/types/TXT")
    def delete(self, r, name, full):
        self.zone(name).put(full, "TXT", [])
        return 204, None


class EdgeDnsFile(EdgeDns):
    variant = "edgerc"
    env = {"AKAMAI_EDGERC": "/etc/edgerc", "AKAMAI_EDGERC_SECTION": "dns"}
    optional = ("AKAMAI_EDGERC_SECTION",)
    wrong = {}
    files = {"/etc/edgerc": "[default]\nhost = wrong.example\n[dns]\nclient_secret = akamai-secret-0123=\nhost = akab-h05tnam3wl42son7.luna.akamaiapis.net/\n"
                            "access_token = akab-access-0123\nclient_token = akab-client-0123\nmax-body = 131072\n"}
