import base64
import hashlib
import hmac
import time

from fake import Api, Denied, route


class AuroraDns(Api):
    code = "auroradns"
    source = "https://libcloud.readthedocs.io/en/latest/dns/drivers/auroradns.html#api-docs, https://github.com/nrdcg/auroradns"
    env = {"AURORA_API_KEY": "aurora-key-01234", "AURORA_SECRET": "aurora-secret-01"}
    wrong = {"AURORA_SECRET": "aurora-secret-no"}
    base = "https://api.auroradns.eu"
    denied = (403, {"error": "AuthenticationRequiredError", "errormsg": "Failed to parse Authorization header"})
    denied_text = "Failed to parse Authorization header [AuthenticationRequiredError]"
    not_found = (404, {"error": "NoSuchRecordError", "errormsg": "Record does not exist"})

    def authorize(self, r):
        stamp = r.header("x-auroradns-date")
        assert stamp == time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(r.now))
        mac = base64.b64encode(hmac.new(b"aurora-secret-01", (r.method + r.path + stamp).encode(), hashlib.sha256).digest()).decode()
        if r.header("authorization") != "AuroraDNSv1 " + base64.b64encode(("aurora-key-01234:" + mac).encode()).decode():
            raise Denied()

    def show(self, zone, x):
        return {"id": "ec5e-%d" % x.id, "type": x.type, "name": zone.sub(x, ""), "content": x.value, "ttl": x.ttl, "prio": None, "disabled": False}

    @route("GET", "/zones")
    def list_zones(self, r):
        return 200, [{"id": "c561-%d" % z.id, "name": z.name, "account_id": "a", "cluster_id": "b"} for z in self.zones.values()]

    @route("POST", "/zones/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"type": "TXT", "name": str, "content": str, "ttl": int}), self.zone(id.split("-")[1])
        return 201, self.show(zone, zone.add("TXT", zone.full(b["name"]), b["content"], b["ttl"]))

    @route("GET", "/zones/{id}/records")
    def list(self, r, id):
        zone = self.zone(id.split("-")[1])
        return 200, [self.show(zone, x) for x in zone.records]

    @route("DELETE", "/zones/{id}/records/{rid}")
    def delete(self, r, id, rid):
        self.zone(id.split("-")[1]).drop(rid.split("-")[1])
        return 201, {}
