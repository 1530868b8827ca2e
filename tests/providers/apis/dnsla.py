from fake import Api, basic, route


class DnsLa(Api):
    code = "dnsla"
    source = "https://www.dns.la/docs/ApiDoc; recordList: acme.sh, dnsapi/dns_la.sh; examples: lego, providers/dns/dnsla/internal/fixtures"
    env = {"DNSLA_API_ID": "la-id-0123", "DNSLA_API_SECRET": "la-secret-01234"}
    wrong = {"DNSLA_API_SECRET": "la-secret-wrong"}
    base = "https://api.dns.la/api"
    authorize = basic("la-id-0123", "la-secret-01234")
    denied = (200, {"code": 401, "msg": "unauthorized", "data": None})
    denied_text = "unauthorized [401]"
    not_found = (404, {"code": 404, "msg": "not found", "data": None})
    lists_zones, page_size = True, 100

    def say(self, data):
        return 200, {"code": 200, "msg": "", "data": data}

    @route("GET", "/domainList")
    def domains(self, r):
        q = r.query(pageSize="100", pageIndex=str)
        some, _ = self.page(list(self.zones.values()), q["pageIndex"])
        return self.say({"total": len(self.zones), "results": [{"id": "8536%d" % z.id, "domain": z.name + ".", "displayDomain": z.name + ".", "state": 1} for z in some]})

    @route("POST", "/record")
    def create(self, r):
        b = r.json({"domainId": str, "type": 16, "host": str, "data": str, "ttl": int})
        zone = self.zone(b["domainId"][4:])
        return self.say({"id": "8537%d" % zone.add("TXT", zone.full(b["host"]), b["data"], b["ttl"]).id})

    @route("GET", "/recordList")
    def list(self, r):
        q = r.query(domainId=str, host=str, type="16", data=str, pageSize="100", pageIndex=str)
        zone = self.zone(q["domainId"][4:])
        hit = [x for x in zone.at(zone.full(q["host"])) if x.value == q["data"]]
        return self.say({"total": len(hit), "results": [{"id": "8537%d" % x.id, "host": q["host"], "type": 16, "data": x.value, "ttl": x.ttl} for x in hit]})

    @route("DELETE", "/record")
    def delete(self, r):
        id_ = r.query(id=str)["id"][4:]
        for z in self.zones.values():
            if any(str(x.id) == id_ for x in z.records):
                z.drop(id_)
                return self.say(None)
        return self.not_found
