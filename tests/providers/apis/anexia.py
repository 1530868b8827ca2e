from fake import Api, header_is, quoted, route


class Anexia(Api):
    code = "anexia"
    source = "https://engine.anexia-it.com/docs/en/module/clouddns/api; examples: lego, providers/dns/anexia/internal/fixtures"
    env = {"ANEXIA_TOKEN": "anx-token-0123456"}
    wrong = {"ANEXIA_TOKEN": "anx-token-wrong00"}
    base = "https://engine.anexia-it.com/api/clouddns/v1"
    authorize = header_is("authorization", "Token anx-token-0123456")
    denied = (401, {"error": {"code": 401, "message": "Unauthorized"}})
    denied_text = "Unauthorized [401]"
    not_found = (404, {"error": {"code": 404, "message": "Not found"}})

    def show(self, zone, identified):
        old = {"identifier": "rev-1", "state": "inactive", "records": []}
        records = [{**({"identifier": "fdb355ff%d" % x.id} if identified else {}), "immutable": x.type == "NS", "name": zone.sub(x),
                    "rdata": quoted(x.value) if x.type == "TXT" else x.value, "region": "default", "ttl": x.ttl, "type": x.type} for x in zone.records]
        return {"identifier": "z%d" % zone.id, "name": zone.name, "zone_name": zone.name, "current_revision": "rev-2", "ttl": 300,
                "revisions": [{"identifier": "rev-2", "state": "active", "records": records}, old]}

    @route("POST", "/zone.json/{name}/records")
    def create(self, r, name):
        b, zone = r.json({"name": str, "type": "TXT", "rdata": str, "region": "", "ttl": int}), self.zone(name)
        assert b["name"]
        zone.add("TXT", zone.full(b["name"]), b["rdata"], b["ttl"])
        return 200, self.show(zone, False)

    @route("GET", "/zone.json/{name}")
    def get(self, r, name):
        return 200, self.show(self.zone(name), True)

    @route("DELETE", "/zone.json/{name}/records/{id}")
    def delete(self, r, name, id):
        assert id.startswith("fdb355ff")
        self.zone(name).drop(id[8:])
        return 204, None
