import base64
import hashlib
import hmac
import re

from fake import Api, Denied, route


class Exoscale(Api):
    code = "exoscale"
    source = "https://openapi-v2.exoscale.com/topic/topic-api-request-signature; https://openapi-v2.exoscale.com/operation/operation-create-dns-domain-record"
    env = {"EXOSCALE_API_KEY": "EXO0123456789abcdef", "EXOSCALE_API_SECRET": "exo-secret-0123456"}
    wrong = {"EXOSCALE_API_SECRET": "exo-secret-wrong"}
    base = "https://api-ch-gva-2.exoscale.com/v2"
    denied = (403, {"message": "Invalid request signature"})
    denied_text = "Invalid request signature"
    polls = 0

    def authorize(self, r):
        m = re.fullmatch(r"EXO2-HMAC-SHA256 credential=(\S+?),expires=(\d+),signature=(\S+)", r.header("authorization"))
        assert m.group(1) == self.env["EXOSCALE_API_KEY"] and int(m.group(2)) > r.now and not r.raw_query
        text = "\n".join(["%s %s" % (r.method, r.path), r.text or "", "", "", m.group(2)])
        if base64.b64encode(hmac.new(self.env["EXOSCALE_API_SECRET"].encode(), text.encode(), hashlib.sha256).digest()).decode() != m.group(3):
            raise Denied()

    def op(self, state="pending"):
        return 200, {"id": "8a0d9f70-op", "state": state, "reference": {"id": "x"}}

    @route("GET", "/dns-domain")
    def list_zones(self, r):
        return 200, {"dns-domains": [{"id": "dom-%d" % z.id, "created-at": "2025-01-01T00:00:00Z", "unicode-name": z.name} for z in self.zones.values()]}

    @route("POST", "/dns-domain/{id}/record")
    def create(self, r, id):
        b, zone = r.json({"name": str, "type": "TXT", "content": str, "ttl": int}), self.zone(id[4:])
        zone.add("TXT", zone.full(b["name"]), b["content"], b["ttl"])
        return self.op()

    @route("GET", "/dns-domain/{id}/record")
    def list(self, r, id):
        zone = self.zone(id[4:])
        return 200, {"dns-domain-records": [{"id": "rec-%d" % x.id, "name": zone.sub(x, ""), "type": x.type, "content": x.value, "ttl": x.ttl}
                                            for x in zone.records]}

    @route("DELETE", "/dns-domain/{id}/record/{rid}")
    def delete(self, r, id, rid):
        self.zone(id[4:]).drop(rid[4:])
        return self.op()

    @route("GET", "/operation/{id}")
    def operation(self, r, id):
        self.polls += 1
        return self.op("success" if self.polls % 2 == 0 else "pending")
