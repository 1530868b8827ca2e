from fake import Api, bearer, route


class Dnsimple(Api):
    code = "dnsimple"
    source = "https://developer.dnsimple.com/v2/zones/records/"
    env = {"DNSIMPLE_OAUTH_TOKEN": "dnsimple_a_0123456789"}
    wrong = {"DNSIMPLE_OAUTH_TOKEN": "dnsimple_a_not_right"}
    base = "https://api.dnsimple.com/v2"
    authorize = bearer(env["DNSIMPLE_OAUTH_TOKEN"])
    denied = (401, {"message": "Authentication failed"})
    denied_text = "Authentication failed"
    not_found = (404, {"message": "Record `1` not found"})
    lists_zones = True

    @route("GET", "/whoami")
    def whoami(self, r):
        return 200, {"data": {"user": None, "account": {"id": 1385, "email": "me@example.com", "plan_identifier": "teams-v1-monthly"}}}

    @route("GET", "/1385/zones")
    def list_zones(self, r):
        q = r.query(per_page="100", page=str)
        some, pages = self.page(list(self.zones.values()), q["page"])
        return 200, {"data": [{"id": z.id, "account_id": 1385, "name": z.name, "reverse": False} for z in some],
                     "pagination": {"current_page": int(q["page"]), "per_page": 100, "total_entries": len(self.zones), "total_pages": pages}}

    def show(self, zone, x):
        return {"id": x.id, "zone_id": zone.name, "parent_id": None, "name": zone.sub(x, ""), "content": x.value, "ttl": x.ttl, "priority": None,
                "type": x.type, "regions": ["global"], "system_record": False}

    @route("POST", "/1385/zones/{name}/records")
    def create(self, r, name):
        b, zone = r.json({"name": str, "type": "TXT", "content": str, "ttl": int}), self.zone(name)
        return 201, {"data": self.show(zone, zone.add("TXT", zone.full(b["name"]), b["content"], b["ttl"]))}

    @route("GET", "/1385/zones/{name}/records")
    def list(self, r, name):
        q, zone = r.query(name=str, type="TXT", per_page="100"), self.zone(name)
        return 200, {"data": [self.show(zone, x) for x in zone.at(zone.full(q["name"]))]}

    @route("DELETE", "/1385/zones/{name}/records/{id}")
    def delete(self, r, name, id):
        self.zone(name).drop(id)
        return 204, None
