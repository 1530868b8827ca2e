from fake import Api, header_is, route


class Abion(Api):
    code = "abion"
    source = "https://demo.abion.com/pmapi-doc/openapi-ui/index.html; examples: lego, providers/dns/abion/internal/fixtures"
    env = {"ABION_API_KEY": "abion-key-01234"}
    wrong = {"ABION_API_KEY": "abion-key-wrong"}
    base = "https://api.abion.com/v1"
    authorize = header_is("x-api-key", env["ABION_API_KEY"])
    denied = (401, {"meta": {"invocationId": "95cdcc21"}, "error": {"status": 401, "message": "Authentication Error"}})
    denied_text = "Authentication Error [401]"
    not_found = (404, {"meta": {"invocationId": "95cdcc21"}, "error": {"status": 404, "message": "Zone not found"}})

    def show(self, zone):
        records = {}
        for x in zone.records:
            records.setdefault(zone.sub(x), {}).setdefault(x.type, []).append({"ttl": x.ttl, "rdata": x.value, "comments": "of x"})
        return 200, {"meta": {"invocationId": "95cdcc21"}, "data": {"type": "zone", "id": zone.name, "attributes": {"slave": False, "records": records}}}

    @route("GET", "/zones/{name}")
    def get(self, r, name):
        return self.show(self.zone(name))

    @route("PATCH", "/zones/{name}")
    def patch(self, r, name):
        b, zone = r.json({"data": {"type": "zone", "id": name, "attributes": {"records": dict}}}), self.zone(name)
        for sub, types in b["data"]["attributes"]["records"].items():
            assert sub
            for type_, records in types.items():
                assert records is None or records  # null takes them all away
                zone.put(zone.full(sub), type_, [])
                for x in records or []:
                    assert set(x) <= {"ttl", "rdata", "comments"}
                    zone.add(type_, zone.full(sub), x["rdata"], x["ttl"])
        return self.show(zone)
