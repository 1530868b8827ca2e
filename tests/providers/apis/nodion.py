from fake import Api, bearer, route


class Nodion(Api):
    code = "nodion"
    source = "https://www.nodion.com/en/docs/dns/api/"
    env = {"NODION_API_TOKEN": "nodion-0123456789"}
    wrong = {"NODION_API_TOKEN": "nodion-not-right"}
    base = "https://api.nodion.com/v1"
    authorize = bearer(env["NODION_API_TOKEN"])
    denied = (401, {"status": 401, "error": "Unauthorized"})
    denied_text = "Unauthorized"
    not_found = (404, {"status": 404, "error": "Not Found"})

    def by_id(self, id):
        return self.zone(int(id[9:]))

    def show(self, zone, x):
        return {"id": "8231bac6-%d" % x.id, "record_type": x.type.lower(), "name": zone.sub(x), "content": x.value, "ttl": x.ttl, "prio": None,
                "port": None, "weight": None}

    @route("GET", "/dns_zones")
    def list_zones(self, r):
        name = r.query(name=str)["name"]
        return 200, {"dns_zones": [{"id": "52be5f1b-%d" % z.id, "name": z.name, "records": [self.show(z, x) for x in z.records]}
                                   for z in self.zones.values() if z.name == name]}

    @route("POST", "/dns_zones/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"record_type": "txt", "name": str, "content": str, "ttl": int}), self.by_id(id)
        assert 60 <= b["ttl"] <= 86400
        return 201, {"record": self.show(zone, zone.add("TXT", zone.full(b["name"]), b["content"], b["ttl"]))}

    @route("GET", "/dns_zones/{id}/records")
    def list(self, r, id):
        q, zone = r.query(name=str, record_type="txt", content=str), self.by_id(id)
        return 200, {"records": [self.show(zone, x) for x in zone.at(zone.full(q["name"])) if x.value == q["content"]]}

    @route("DELETE", "/dns_zones/{id}/records/{rid}")
    def delete(self, r, id, rid):
        r.nothing()
        self.by_id(id).drop(rid[9:])
        return 200, {"deleted": True}
