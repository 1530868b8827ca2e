import hashlib
from email.utils import parsedate_to_datetime

from fake import Api, Denied, route


class CloudXns(Api):
    code = "cloudxns"
    source = "CloudXNS API 2.0 (gone with the service); examples and signature: lego 4.19, providers/dns/cloudxns/internal; acme.sh, dnsapi/dns_cx.sh"
    env = {"CLOUDXNS_API_KEY": "cx-key-0123456789", "CLOUDXNS_SECRET_KEY": "cx-secret-012345"}
    wrong = {"CLOUDXNS_SECRET_KEY": "cx-secret-wrong1"}
    base = "https://www.cloudxns.net/api2"
    denied = (200, {"code": 10, "message": "HMAC is wrong"})
    denied_text = "HMAC is wrong [10]"

    def authorize(self, r):
        date = r.header("api-request-date")
        assert r.header("api-format") == "json" and abs(parsedate_to_datetime(date).timestamp() - r.now) < 5
        text = self.env["CLOUDXNS_API_KEY"] + r.url + (r.text or "") + date + self.env["CLOUDXNS_SECRET_KEY"]
        if r.header("api-key") != self.env["CLOUDXNS_API_KEY"] or r.header("api-hmac") != hashlib.md5(text.encode()).hexdigest():
            raise Denied()

    @route("GET", "/domain")
    def list_zones(self, r):
        return 200, {"code": 1, "message": "success", "total": str(len(self.zones)),
                     "data": [{"id": str(z.id), "domain": z.name + ".", "status": "ok", "level": "3"} for z in self.zones.values()]}

    @route("POST", "/record")
    def add(self, r):
        b = r.json({"domain_id": int, "host": str, "value": str, "type": "TXT", "line_id": "1", "ttl": str})
        z = self.zone(b["domain_id"])
        z.add("TXT", z.full(b["host"]), b["value"], int(b["ttl"]))
        return 200, {"code": 1, "message": "success"}

    @route("GET", "/record/{zone}")
    def records(self, r, zone):
        r.query(host_id="0", offset="0", row_num="2000")
        z = self.zone(zone)
        return 200, {"code": 1, "message": "success", "data": [{"record_id": str(x.id), "host": z.sub(x), "type": x.type, "value": x.value, "ttl": str(x.ttl),
                                                                "line_id": "1"} for x in z.records]}

    @route("DELETE", "/record/{id}/{zone}")
    def remove(self, r, id, zone):
        self.zone(zone).drop(id)
        return 200, {"code": 1, "message": "success"}
