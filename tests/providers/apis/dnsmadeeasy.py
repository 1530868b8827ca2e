import hashlib
import hmac
from email.utils import formatdate

from fake import Api, Denied, quoted, route, unquoted


class DnsMadeEasy(Api):
    code = "dnsmadeeasy"
    source = "https://api-docs.dnsmadeeasy.com/ (Managed DNS; Authentication)"
    env = {"DNSMADEEASY_API_KEY": "key-1c1a3c91-4770", "DNSMADEEASY_API_SECRET": "secret-c9b5625f-9834"}
    wrong = {"DNSMADEEASY_API_SECRET": "secret-not-right"}
    base = "https://api.dnsmadeeasy.com/V2.0/dns/managed"
    denied = (403, {"error": ["API key not found or HMAC is wrong"]})
    denied_text = "API key not found or HMAC is wrong"
    not_found = (404, {"error": ["Cannot find the record specified."]})

    def authorize(self, r):
        date = r.header("x-dnsme-requestdate")
        assert date == formatdate(r.now, usegmt=True) and r.header("x-dnsme-apikey") == self.env["DNSMADEEASY_API_KEY"]
        if r.header("x-dnsme-hmac") != hmac.new(self.env["DNSMADEEASY_API_SECRET"].encode(), date.encode(), hashlib.sha1).hexdigest():
            raise Denied()

    @route("GET", "/name")
    def by_name(self, r):
        zone = self.zone(r.query(domainname=str)["domainname"])
        return 200, {"id": zone.id, "name": zone.name, "folderId": 1}

    def show(self, zone, x):
        return {"id": x.id, "type": x.type, "name": zone.sub(x, ""), "value": quoted(x.value), "ttl": x.ttl, "sourceId": zone.id, "gtdLocation": "DEFAULT"}

    @route("POST", "/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"type": "TXT", "name": str, "value": str, "ttl": int}), self.zone(id)
        return 201, self.show(zone, zone.add("TXT", zone.full(b["name"]), unquoted(b["value"]), b["ttl"]))

    @route("GET", "/{id}/records")
    def list(self, r, id):
        q, zone = r.query(recordName=str, type="TXT"), self.zone(id)
        found = [self.show(zone, x) for x in zone.at(zone.full(q["recordName"]))]
        return 200, {"data": found, "page": 1, "totalPages": 1, "totalRecords": len(found)}

    @route("DELETE", "/{id}/records/{rid}")
    def delete(self, r, id, rid):
        self.zone(id).drop(rid)
        return 200, None
