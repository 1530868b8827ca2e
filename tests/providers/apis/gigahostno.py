import base64
import hashlib
import hmac
import struct

from fake import Api, bearer, route


class GigahostKey(Api):
    code, variant = "gigahostno", "key"
    source = "https://gigahost.no/api-dokumentasjon; examples: lego, providers/dns/gigahostno/internal/fixtures"
    env = {"GIGAHOSTNO_API_KEY": "giga-key-012345"}
    wrong = {"GIGAHOSTNO_API_KEY": "giga-key-wrong0"}
    base = "https://api.gigahost.no/api/v0"
    authorize = bearer("giga-key-012345")
    denied = (401, {"meta": {"status": 401, "status_message": "401 Unauthorized", "maintenance": False, "message": "401 Unauthorized"}, "data": []})
    denied_text = "401 Unauthorized [401]"
    not_found = (404, {"meta": {"status": 404, "status_message": "404 Not Found", "message": "Record not found"}})

    def say(self, status, **more):
        return status, {"meta": {"status": status, "status_message": "%d OK" % status, "message": "done"}, **more}

    @route("GET", "/dns/zones")
    def list_zones(self, r):
        off = {"zone_id": "1", "zone_name": "_acme-challenge.example.com", "zone_type": "NATIVE", "zone_active": "0"}
        return self.say(200, data=[off] + [{"zone_id": str(z.id), "zone_name": z.name, "zone_type": "NATIVE", "zone_active": "1"} for z in self.zones.values()])

    @route("POST", "/dns/zones/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"record_name": str, "record_type": "TXT", "record_value": str, "record_ttl": int}), self.zone(id)
        zone.add("TXT", zone.full(b["record_name"]), b["record_value"], b["record_ttl"])
        return self.say(201)

    @route("GET", "/dns/zones/{id}/records")
    def records(self, r, id):
        zone = self.zone(id)
        return self.say(200, data=[{"record_id": "abc%d" % x.id, "record_name": zone.sub(x), "record_type": x.type, "record_value": x.value, "record_ttl": x.ttl,
                                    "record_priority": None} for x in zone.records])

    @route("DELETE", "/dns/zones/{id}/records/{rid}")
    def delete(self, r, id, rid):
        q, zone = r.query(name=str, type="TXT"), self.zone(id)
        assert zone.get(rid[3:]).name == zone.full(q["name"])
        zone.drop(rid[3:])
        return self.say(200)


class Gigahost(GigahostKey):
    variant = "password"
    env = {"GIGAHOSTNO_USERNAME": "somebody", "GIGAHOSTNO_PASSWORD": "giga-pass-01234"}
    wrong = {"GIGAHOSTNO_PASSWORD": "giga-pass-wrong"}
    authorize = bearer("giga-session-0123")
    open_routes = ("login",)
    secret = None

    @route("POST", "/authenticate")
    def login(self, r):
        want = {"username": "somebody", "password": str}
        if self.secret:
            mac = hmac.new(base64.b32decode(self.secret), struct.pack(">Q", r.now // 30), hashlib.sha1).digest()
            at = mac[-1] & 15
            want["code"] = (struct.unpack(">I", mac[at:at + 4])[0] & 0x7fffffff) % 1000000
        if r.json(want)["password"] != "giga-pass-01234":
            return self.denied
        return self.say(200, data={"token": "giga-session-0123", "token_expire": 1950000000, "customer_id": "16030"})


class GigahostTwoFactors(Gigahost):
    variant = "one-time-code"
    secret = "JBSWY3DPEHPK3PXP"
    env = {**Gigahost.env, "GIGAHOSTNO_SECRET": secret}
    optional = ("GIGAHOSTNO_SECRET",)
