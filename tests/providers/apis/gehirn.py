from fake import Api, basic, route


class Gehirn(Api):
    code = "gehirn"
    source = "https://support.gehirn.jp/apidocs/dns/resource.html"
    env = {"GEHIRN_TOKEN_ID": "token-id-0123", "GEHIRN_TOKEN_SECRET": "token-secret-0123"}
    wrong = {"GEHIRN_TOKEN_SECRET": "token-secret-wrong"}
    base = "https://api.gis.gehirn.jp/dns/v1"
    authorize = basic("token-id-0123", "token-secret-0123")
    denied = (401, {"code": 401, "description": "Unauthorized"})
    denied_text = "Unauthorized"
    not_found = (404, {"code": 404, "description": "Not Found"})

    @route("GET", "/zones")
    def list_zones(self, r):
        return 200, [{"id": "zone-%d" % z.id, "name": z.name, "current_version_id": "v-%d" % z.id} for z in self.zones.values()]

    def setup(self):
        self.sets = {}  # an id for each record set

    def shown(self, zone):
        out = []
        for name in sorted({x.name for x in zone.records if x.type == "TXT"}):
            found = zone.at(name)
            id_ = self.sets.setdefault(name, "set-%d" % (len(self.sets) + 1))
            out.append({"id": id_, "name": zone.sub(found[0], "") or "@", "type": "TXT", "ttl": found[0].ttl, "enable_alias": False,
                        "records": [{"data": x.value} for x in found]})
        return out

    @route("GET", "/zones/{id}/versions/{v}/records")
    def list(self, r, id, v):
        assert v == "v-" + id[5:]
        return 200, self.shown(self.zone(id[5:]))

    @route("POST", "/zones/{id}/versions/{v}/records")
    def create(self, r, id, v):
        b, zone = r.json({"name": str, "type": "TXT", "ttl": int, "records": [{"data": str}]}), self.zone(id[5:])
        assert not zone.at(zone.full(b["name"]))
        zone.put(zone.full(b["name"]), "TXT", [x["data"] for x in b["records"]], b["ttl"])
        return 200, {**b, "id": self.sets.setdefault(zone.full(b["name"]), "set-%d" % (len(self.sets) + 1))}

    @route("PUT", "/zones/{id}/versions/{v}/records/{rid}")
    def update(self, r, id, v, rid):
        b, zone = r.json({"name": str, "type": "TXT", "ttl": int, "records": list}), self.zone(id[5:])
        assert self.sets[zone.full(b["name"])] == rid
        zone.put(zone.full(b["name"]), "TXT", [x["data"] for x in b["records"]], b["ttl"])
        return 200, {**b, "id": rid}

    @route("DELETE", "/zones/{id}/versions/{v}/records/{rid}")
    def delete(self, r, id, v, rid):
        name = next(n for n, i in self.sets.items() if i == rid)
        self.zone(id[5:]).put(name, "TXT", [])
        return 200, {}
