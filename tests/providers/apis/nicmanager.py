import base64
import hashlib
import hmac
import struct

from fake import Api, Denied, route


class Nicmanager(Api):
    code, variant = "nicmanager", "email"
    source = "https://api.nicmanager.com/docs/v1/"
    env = {"NICMANAGER_API_EMAIL": "somebody@example.net", "NICMANAGER_API_PASSWORD": "nicman-0123456789"}
    wrong = {"NICMANAGER_API_PASSWORD": "nicman-not-right"}
    base = "https://api.nicmanager.com/v1/anycast"
    denied = (401, {"message": "Not Authorized"})
    denied_text = "Not Authorized"
    not_found = (404, {"message": "Not Found"})
    user, secret = "somebody@example.net", None

    def authorize(self, r):
        if r.basic() != "%s:%s" % (self.user, "nicman-0123456789"):
            raise Denied()
        tan = ""
        if self.secret:
            mac = hmac.new(base64.b32decode(self.secret), struct.pack(">Q", r.now // 30), hashlib.sha1).digest()
            at = mac[-1] & 15
            tan = "%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 1000000)
        assert r.header("x-auth-token") == tan

    @route("GET", "/{name}")
    def get(self, r, name):
        zone = self.zone(name)
        return 200, {"order_id": 9053, "name": name, "order_status": "active", "event_status": "done", "active": True, "records": [
            {"id": x.id, "name": x.name, "type": x.type, "content": x.value, "ttl": x.ttl} for x in zone.records]}

    @route("POST", "/{name}/records")
    def create(self, r, name):
        b = r.json({"name": str, "value": str, "ttl": int, "type": "TXT"})
        assert b["ttl"] >= 900
        self.zone(name).add("TXT", b["name"].rstrip("."), b["value"], b["ttl"])
        return 202, None

    @route("DELETE", "/{name}/records/{id}")
    def delete(self, r, name, id):
        r.nothing()
        self.zone(name).drop(id)
        return 202, None


class NicmanagerLogin(Nicmanager):
    variant = "login-zones-one-time-code"
    user, secret = "acme.somebody", "JBSWY3DPEHPK3PXP"
    base = "https://api.nicmanager.com/v1/zones"
    env = {"NICMANAGER_API_LOGIN": "acme", "NICMANAGER_API_USERNAME": "somebody", "NICMANAGER_API_PASSWORD": "nicman-0123456789",
           "NICMANAGER_API_OTP": secret, "NICMANAGER_API_MODE": "zones"}
    optional = ("NICMANAGER_API_OTP", "NICMANAGER_API_MODE")
