import hashlib
import hmac
import json
import time

from fake import SUB, TTL, VALUE, Crud


class Websupport(Crud):
    code = "websupport"
    source = "https://rest.websupport.sk/v2/docs; signature: https://rest.websupport.sk/docs/v1.intro"
    env = {"WEBSUPPORT_API_KEY": "websupport-key-01", "WEBSUPPORT_SECRET": "websupport-secret-01"}
    wrong = {"WEBSUPPORT_SECRET": "websupport-wrong"}
    base = "https://rest.websupport.sk"
    denied = (401, {"message": "Incorrect API key or signature.", "code": 401})
    denied_text = "Incorrect API key or signature. [401]"
    zones_at = "GET /v1/user/self/service"
    create = "POST /v2/service/{zone}/dns/record"
    body = {"type": "TXT", "name": SUB, "content": VALUE, "ttl": TTL}
    records_at, records_query = "GET /v2/service/{zone}/dns/record", None
    remove = "DELETE /v2/service/{zone}/dns/record/{id}"

    def answer(self, r):
        key, secret = self.env.values()
        assert r.header("date") == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(r.now))
        mac = hmac.new(secret.encode(), ("%s %s %d" % (r.method, r.path, r.now)).encode(), hashlib.sha1).hexdigest()
        return super().answer(r) if r.basic() == "%s:%s" % (key, mac) else self.denied

    def list_zones(self, r, shown):
        return 200, {"items": [{"id": 1111, "serviceName": "hosting", "status": "active", "name": "hosting_1"}] + [{**z, "serviceName": "domain", "status": "active"} for z in shown]}

    def show(self, zone, x):
        return {"id": x.id, "type": x.type, "name": x.name, "content": x.value, "ttl": x.ttl}

    def made(self, zone, x):
        return 204, None

    def list_records(self, r, shown):
        f = json.loads(r.query(filters=str)["filters"])
        assert set(f) == {"name", "type", "content"} and f["type"] == ["TXT"]
        found = [x for x in shown if (x["type"], x["name"], x["content"]) == ("TXT", f["name"], f["content"])]
        return 200, {"currentPage": 1, "totalPages": 1, "totalRecords": len(found), "data": found}
