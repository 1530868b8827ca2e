import base64
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from fake import Api, Gone, bearer, route

KEY, WRONG = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


def pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


class TransIp(Api):
    code = "transip"
    source = "https://api.transip.nl/rest/docs.html#domains-dns; https://api.transip.nl/rest/docs.html#header-authentication"
    env = {"TRANSIP_ACCOUNT_NAME": "somebody", "TRANSIP_PRIVATE_KEY_PATH": "/etc/transip.key"}
    wrong = {"TRANSIP_PRIVATE_KEY_PATH": "/etc/wrong.key"}
    files = {"/etc/transip.key": pem(KEY), "/etc/wrong.key": pem(WRONG)}
    base = "https://api.transip.nl/v6"
    authorize = bearer("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzUxMiJ9.token")
    denied = (401, {"error": "Your signature is invalid"})
    denied_text = "Your signature is invalid"
    not_found = (404, {"error": "Dns entry not found"})
    open_routes = ("login",)

    @route("POST", "/auth")
    def login(self, r):
        b = r.json({"login": "somebody", "nonce": str, "read_only": False, "expiration_time": "30 minutes", "label": str, "global_key": True})
        assert 6 <= len(b["nonce"]) <= 32
        try:
            KEY.public_key().verify(base64.b64decode(r.header("signature")), r.text.encode(), padding.PKCS1v15(), hashes.SHA512())
        except InvalidSignature:
            return self.denied
        return 201, {"token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzUxMiJ9.token"}

    def show(self, zone, x):
        return {"name": zone.sub(x), "expire": x.ttl, "type": x.type, "content": x.value}

    @route("GET", "/domains/{name}/dns")
    def list(self, r, name):
        zone = self.zone(name)
        return 200, {"dnsEntries": [self.show(zone, x) for x in zone.records]}

    @route("POST", "/domains/{name}/dns")
    def create(self, r, name):
        b, zone = r.json({"dnsEntry": {"name": str, "expire": int, "type": "TXT", "content": str}})["dnsEntry"], self.zone(name)
        zone.add("TXT", zone.full(b["name"]), b["content"], b["expire"])
        return 201, None

    @route("DELETE", "/domains/{name}/dns")
    def delete(self, r, name):
        b, zone = r.json({"dnsEntry": {"name": str, "expire": int, "type": "TXT", "content": str}})["dnsEntry"], self.zone(name)
        mine = [x for x in zone.records if self.show(zone, x) == b]
        if not mine:
            raise Gone()
        zone.records.remove(mine[0])
        return 204, None
