import hashlib
import json

from fake import Api, Denied, route


class Dns51(Api):
    code = "dns51"
    source = "https://www.51dns.com/document/api/4/81.html (signature), /4/12.html, /4/27.html, /74/88.html"
    env = {"DNS51_API_KEY": "d51-key-01234", "DNS51_API_SECRET": "d51-secret-01234"}
    wrong = {"DNS51_API_SECRET": "d51-secret-wrong"}
    base = "https://www.51dns.com/api"
    denied = (200, {"code": 3, "message": "非法参数"})
    denied_text = "非法参数 [3]"
    not_found = (404, {"code": 404, "message": "not found"})
    lists_zones, page_size = True, 10
    needs_saved = True

    def authorize(self, r):
        b = json.loads(r.text)
        have = b.pop("hash")
        text = "&".join("%s=%s" % (k, b[k]) for k in sorted(b))
        assert b["apiKey"] == "d51-key-01234" and abs(int(b["timestamp"]) - r.now) < 600
        if hashlib.md5((text + "d51-secret-01234").encode()).hexdigest() != have:
            raise Denied()

    def body(self, r, **want):
        return r.json({"apiKey": str, "timestamp": str, "hash": str, **want})

    def say(self, data):
        return 200, {"code": 0, "message": "success", "data": data}

    @route("POST", "/domain/list")
    def domains(self, r):
        b = self.body(r, page=int, pageSize="10")
        some, pages = self.page(list(self.zones.values()), b["page"])
        return self.say({"data": [{"groupID": 123, "domainID": z.id, "domains": z.name, "state": 0} for z in some], "page": b["page"], "pageSize": 10,
                         "pageCount": pages})

    @route("POST", "/record/create")
    def create(self, r):
        b = self.body(r, domainID=str, type="TXT", host=str, value=str, ttl=str)
        zone = self.zone(b["domainID"])
        x = zone.add("TXT", zone.full(b["host"]), b["value"], int(b["ttl"]))
        return self.say({"domainID": zone.id, "type": "TXT", "viewID": 1, "value": x.value, "ttl": x.ttl, "recordID": x.id, "state": 0, "record": x.name})

    @route("POST", "/record/remove")
    def remove(self, r):
        b = self.body(r, domainID=str, recordID=str)
        self.zone(b["domainID"]).drop(b["recordID"])
        return self.say({"recordID": int(b["recordID"])})
