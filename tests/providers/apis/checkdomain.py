from fake import Api, bearer, route


class Checkdomain(Api):
    code = "checkdomain"
    source = "https://developer.checkdomain.de/reference/; which records a PUT must not have: lego, providers/dns/checkdomain/internal/client.go"
    env = {"CHECKDOMAIN_TOKEN": "cd-token-0123456"}
    wrong = {"CHECKDOMAIN_TOKEN": "cd-token-wrong00"}
    base = "https://api.checkdomain.de/v1"
    authorize = bearer(env["CHECKDOMAIN_TOKEN"])
    denied = (401, {"message": "Invalid token"})
    denied_text = "Invalid token"
    lists_zones, page_size = True, 100

    def paged(self, r, key, items):
        q = r.query(limit="100", page=str)
        some, pages = self.page(items, q["page"])
        return 200, {"page": int(q["page"]), "limit": 100, "pages": pages, "total": len(items), "_embedded": {key: some}}

    def automatic(self, zone, x):
        return x.name in (zone.name, "www." + zone.name) or x.type in ("SOA", "NS")

    @route("GET", "/domains")
    def domains(self, r):
        return self.paged(r, "domains", [{"id": z.id, "name": z.name} for z in self.zones.values()])

    @route("GET", "/domains/{id}/nameservers")
    def nameservers(self, r, id):
        return 200, {"general": {"ip_v4": "192.0.2.1", "ip_v6": "", "include_www": True}, "nameservers": [{"name": "ns.checkdomain.de"}, {"name": "ns2.checkdomain.de"}]}

    @route("GET", "/domains/{id}/nameservers/records")
    def records(self, r, id):
        zone = self.zone(id)
        return self.paged(r, "records", [{"name": zone.sub(x), "value": x.value, "ttl": x.ttl, "priority": 0, "type": x.type} for x in zone.records])

    @route("POST", "/domains/{id}/nameservers/records")
    def create(self, r, id):
        b = r.json({"name": str, "value": str, "ttl": int, "priority": 0, "type": "TXT"})
        assert b["name"].endswith(".")
        self.zone(id).add("TXT", b["name"][:-1], b["value"], b["ttl"])
        return 201, b

    @route("PUT", "/domains/{id}/nameservers/records")
    def replace(self, r, id):
        zone = self.zone(id)
        zone.records = [x for x in zone.records if self.automatic(zone, x)]
        for b in r.json(list):
            assert set(b) == {"name", "value", "ttl", "priority", "type"} and b["value"]
            x = zone.add(b["type"], zone.full(b["name"]), b["value"], b["ttl"])
            assert not self.automatic(zone, x)
        return 204, None
