import hashlib
import hmac
from datetime import datetime, timezone

from fake import Api, Denied, route


class Active24(Api):
    code = "active24"
    source = "https://rest.active24.cz/v2/docs; the filter in the body: acme.sh, dnsapi/dns_active24.sh; examples: lego, providers/dns/internal/active24"
    env = {"ACTIVE24_API_KEY": "a24-key-012345", "ACTIVE24_SECRET": "a24-secret-012345"}
    wrong = {"ACTIVE24_SECRET": "a24-secret-wrong0"}
    base = "https://rest.active24.cz"
    denied = (401, {"message": "No username or password.", "code": 401})
    denied_text = "No username or password."
    not_found = (404, {"type": "/errors/httpException", "status": 404, "title": "Not found"})

    def authorize(self, r):
        when = datetime.strptime(r.header("date"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
        text = "%s %s %d" % (r.method, r.path, when)
        mac = hmac.new(b"a24-secret-012345", text.encode(), hashlib.sha1).hexdigest()
        assert abs(when - r.now) < 5
        if r.basic() != "a24-key-012345:" + mac:
            raise Denied()

    @route("GET", "/v1/user/self/service")
    def services(self, r):
        other = [{"id": 2222, "serviceName": "The Hosting", "status": "active", "name": z} for z in self.zones]
        return 200, {"items": other + [{"id": z.id, "serviceName": "domain", "status": "active", "name": z.name} for z in self.zones.values()]}

    @route("POST", "/v2/service/{id}/dns/record")
    def create(self, r, id):
        b, zone = r.json({"type": "TXT", "name": str, "content": str, "ttl": int}), self.zone(id)
        zone.add("TXT", zone.full(b["name"]), b["content"], b["ttl"])
        return 204, None

    @route("GET", "/v2/service/{id}/dns/record")
    def list(self, r, id):
        b = r.json({"page": int, "rowsPerPage": 100, "filters": {"type": ["TXT"]}})
        some, pages = self.page([x for x in self.zone(id).records if x.type == "TXT"], b["page"], 2)
        return 200, {"currentPage": b["page"], "rowsPerPage": 2, "totalPages": pages, "totalRecords": 9,
                     "data": [{"id": x.id, "type": x.type, "name": x.name, "content": x.value, "ttl": x.ttl} for x in some]}

    @route("DELETE", "/v2/service/{id}/dns/record/{rid}")
    def delete(self, r, id, rid):
        self.zone(id).drop(rid)
        return 204, None
