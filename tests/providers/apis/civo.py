from fake import Api, bearer, route


class Civo(Api):
    code = "civo"
    source = "https://www.civo.com/api/dns"
    env = {"CIVO_TOKEN": "civo-0123456789"}
    wrong = {"CIVO_TOKEN": "civo-not-right0"}
    base = "https://api.civo.com/v2"
    authorize = bearer(env["CIVO_TOKEN"])
    denied = (401, {"code": "authentication_invalid_key", "reason": "The API key provided is not valid"})
    denied_text = "The API key provided is not valid [authentication_invalid_key]"
    not_found = (404, {"code": "database_dns_record_not_found", "reason": "Failed to find the DNS record"})

    def show(self, zone, x):
        return {"id": "76cc107f-%d" % x.id, "created_at": "2019-04-11T12:47:56.000+01:00", "account_id": None, "domain_id": "edc5dacf-%d" % zone.id,
                "name": zone.sub(x), "value": x.value, "type": x.type.lower(), "priority": 10, "ttl": x.ttl}

    @route("GET", "/dns")
    def domains(self, r):
        r.query(region="LON1")
        return 200, [{"id": "edc5dacf-%d" % z.id, "account_id": "e7e8386e", "name": z.name} for z in self.zones.values()]

    @route("POST", "/dns/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"type": "TXT", "name": str, "value": str, "ttl": int}), self.zone(id.split("-")[1])
        assert b["name"] and b["ttl"] >= 600
        return 200, self.show(zone, zone.add("TXT", zone.full(b["name"]), b["value"], b["ttl"]))

    @route("GET", "/dns/{id}/records")
    def list(self, r, id):
        r.query(region="LON1")
        zone = self.zone(id.split("-")[1])
        return 200, [self.show(zone, x) for x in zone.records]

    @route("DELETE", "/dns/{id}/records/{rid}")
    def delete(self, r, id, rid):
        r.query(region="LON1")
        self.zone(id.split("-")[1]).drop(rid.split("-")[1])
        return 200, {"result": "success"}
