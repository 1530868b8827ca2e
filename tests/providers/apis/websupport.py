import hashlib
import hmac
from datetime import datetime, timezone

from fake import Api, Denied, route


class Websupport(Api):
    code = "websupport"
    source = "https://rest.websupport.sk/v2/docs and https://rest.websupport.sk/v2/docs/intro#authentication"
    env = {"WEBSUPPORT_API_KEY": "ws-key-0123456789", "WEBSUPPORT_SECRET": "ws-secret-0123456"}
    wrong = {"WEBSUPPORT_SECRET": "ws-secret-not-right"}
    base = "https://rest.websupport.sk"
    denied = (401, {"code": 401, "message": "Incorrect api key or signature"})
    denied_text = "Incorrect api key or signature"
    not_found = (404, {"type": "/errors/httpException", "status": 404, "title": "Record not found"})

    def authorize(self, r):
        now = datetime.strptime(r.header("date"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
        assert now == r.now
        mac = hmac.new(Websupport.env["WEBSUPPORT_SECRET"].encode(), ("%s %s %d" % (r.method, r.path, now)).encode(), hashlib.sha1).hexdigest()
        if r.basic() != "ws-key-0123456789:" + mac:
            raise Denied()

    @route("GET", "/v1/user/self/service")
    def services(self, r):
        other = [{"id": 7, "serviceName": "hosting", "status": "active", "name": n} for n in self.zones]
        return 200, {"items": other + [{"id": z.id, "serviceName": "domain", "status": "active", "name": z.name} for z in self.zones.values()]}

    @route("POST", "/v2/service/{id}/dns/record")
    def create(self, r, id):
        b, zone = r.json({"type": "TXT", "name": str, "content": str, "ttl": int}), self.zone(id)
        zone.add("TXT", zone.full(b["name"]), b["content"], b["ttl"])
        return 204, None

    @route("GET", "/v2/service/{id}/dns/record")
    def list(self, r, id):
        b = r.json({"page": int, "rowsPerPage": 100, "filters": {"type": ["TXT"]}})
        some, last = self.page([x for x in self.zone(id).records if x.type == "TXT"], b["page"], 2)
        return 200, {"currentPage": b["page"], "totalPages": last, "rowsPerPage": 2, "data": [
            {"id": x.id, "type": x.type, "name": x.name, "content": x.value, "ttl": x.ttl} for x in some]}

    @route("DELETE", "/v2/service/{id}/dns/record/{rid}")
    def delete(self, r, id, rid):
        r.nothing()
        self.zone(id).drop(rid)
        return 204, None
