from fake import Api, bearer, quoted, route, unquoted


class Vultr(Api):
    code = "vultr"
    source = "https://www.vultr.com/api/#tag/dns"
    env = {"VULTR_API_KEY": "VULTR0123456789"}
    wrong = {"VULTR_API_KEY": "VULTRNOTRIGHT"}
    base = "https://api.vultr.com/v2"
    authorize = bearer(env["VULTR_API_KEY"])
    denied = (401, {"error": "Invalid API token.", "status": 401})
    denied_text = "Invalid API token."
    not_found = (404, {"error": "Not found", "status": 404})
    lists_zones, page_size = True, 500

    def paged(self, r, key, items):
        q = dict(r.query_map)
        assert q["per_page"] == "500"
        number = int(q.get("cursor", "1"))
        some, pages = self.page(items, number)
        return 200, {key: some, "meta": {"total": len(items), "links": {"next": str(number + 1) if number < pages else "", "prev": ""}}}

    @route("GET", "/domains")
    def list_zones(self, r):
        return self.paged(r, "domains", [{"domain": z.name, "date_created": "2025-01-01T00:00:00+00:00"} for z in self.zones.values()])

    def show(self, zone, x):
        return {"id": "cb676a46-%d" % x.id, "type": x.type, "name": zone.sub(x, ""), "data": quoted(x.value) if x.type == "TXT" else x.value,
                "priority": 0, "ttl": x.ttl}

    @route("POST", "/domains/{name}/records")
    def create(self, r, name):
        b, zone = r.json({"name": str, "type": "TXT", "data": str, "ttl": int, "priority": 0}), self.zone(name)
        return 201, {"record": self.show(zone, zone.add("TXT", zone.full(b["name"]), unquoted(b["data"]), b["ttl"]))}

    @route("GET", "/domains/{name}/records")
    def list(self, r, name):
        zone = self.zone(name)
        return self.paged(r, "records", [self.show(zone, x) for x in zone.records])

    @route("DELETE", "/domains/{name}/records/{id}")
    def delete(self, r, name, id):
        self.zone(name).drop(id.split("-")[1])
        return 204, None
