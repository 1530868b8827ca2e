import base64
import hashlib
import hmac
import struct

from fake import Api, route


class Inwx(Api):
    code, variant = "inwx", "password"
    source = "https://www.inwx.de/en/help/apidoc"
    env = {"INWX_USERNAME": "somebody", "INWX_PASSWORD": "inwx-0123456789"}
    wrong = {"INWX_PASSWORD": "inwx-not-right"}
    base = "https://api.domrobot.com"
    denied_text = "Authentication error [2200]"
    secret = None
    state = "out"

    def say(self, code, data=None, msg="Command completed successfully", headers=()):
        return 200, {"code": code, "msg": msg, "resData": data or {}, "svTRID": "1"}, list(headers)

    @route("POST", "/jsonrpc/")
    def call(self, r):
        b = r.json({"method": str, "params": dict})
        method, p = b["method"], b["params"]
        if method == "account.login":
            assert set(p) == {"user", "pass", "lang"} and p["user"] == "somebody"
            if p["pass"] != self.env["INWX_PASSWORD"]:
                return self.say(2200, msg="Authentication error")
            self.state = "locked" if self.secret else "in"
            return self.say(1000, {"customerId": 1, "tfa": "GOOGLE-AUTH" if self.secret else "0"}, headers=[("Set-Cookie", "domrobot=abc123; path=/; HttpOnly")])
        assert r.header("cookie") == "domrobot=abc123"
        if method == "account.unlock":
            mac = hmac.new(base64.b32decode(self.secret), struct.pack(">Q", r.now // 30), hashlib.sha1).digest()
            at = mac[-1] & 15
            assert p == {"tan": "%06d" % ((struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 1000000)} and self.state == "locked"
            self.state = "in"
            return self.say(1000)
        assert self.state == "in"
        if method == "account.logout":
            assert p == {}
            self.state = "out"
            return self.say(1500)
        if method == "nameserver.deleteRecord":
            for z in self.zones.values():
                z.records = [x for x in z.records if x.id != p["id"]]
            return self.say(1000)
        zone = self.zone(p["domain"])
        if method == "nameserver.info":
            assert set(p) == {"domain", "name", "type"}
            return self.say(1000, {"roId": 1, "record": [{"id": x.id, "name": x.name, "type": x.type, "content": x.value, "ttl": x.ttl, "prio": 0}
                                                         for x in zone.at(p["name"], p["type"])]})
        assert method == "nameserver.createRecord" and set(p) == {"domain", "name", "type", "content", "ttl"}
        return self.say(1000, {"id": zone.add(p["type"], p["name"], p["content"], p["ttl"]).id})


class InwxTwoFactors(Inwx):
    variant = "one-time-code"
    secret = "JBSWY3DPEHPK3PXP"
    env = {**Inwx.env, "INWX_SHARED_SECRET": secret}
    optional = ("INWX_SHARED_SECRET",)
