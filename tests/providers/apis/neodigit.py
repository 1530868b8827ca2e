from fake import Api, header_is, route


class Neodigit(Api):
    code = "neodigit"
    source = "https://developers.neodigit.net/#dns"
    env = {"NEODIGIT_TOKEN": "neodigit-0123456789"}
    wrong = {"NEODIGIT_TOKEN": "neodigit-not-right"}
    base = "https://api.neodigit.net/v1"
    authorize = header_is("x-tcpanel-token", "neodigit-0123456789")
    denied = (401, {"error": "Invalid token"})
    denied_text = "Invalid token"
    not_found = (404, {"error": "Not found"})

    def show(self, zone, x):
        return {"id": x.id, "name": zone.sub(x, ""), "type": x.type, "content": x.value, "ttl": x.ttl, "prio": None}

    @route("GET", "/dns/zones")
    def list_zones(self, r):
        return 200, [{"id": z.id, "name": z.name, "human_name": z.name} for z in self.zones.values()]

    @route("POST", "/dns/zones/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"record": {"name": str, "type": "TXT", "content": str, "ttl": int}})["record"], self.zone(id)
        return 201, self.show(zone, zone.add("TXT", zone.full(b["name"]), b["content"], b["ttl"]))

    @route("GET", "/dns/zones/{id}/records")
    def list(self, r, id):
        r.query(type="TXT")
        zone = self.zone(id)
        return 200, [self.show(zone, x) for x in zone.records if x.type == "TXT"]

    @route("DELETE", "/dns/zones/{id}/records/{rid}")
    def delete(self, r, id, rid):
        r.nothing()
        self.zone(id).drop(rid)
        return 204, None
