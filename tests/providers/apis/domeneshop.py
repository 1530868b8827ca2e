from fake import Api, basic, route


class Domeneshop(Api):
    code = "domeneshop"
    source = "https://api.domeneshop.no/docs/"
    env = {"DOMENESHOP_API_TOKEN": "ds-token-0123456", "DOMENESHOP_API_SECRET": "ds-secret-0123456"}
    wrong = {"DOMENESHOP_API_SECRET": "ds-secret-wrong00"}
    base = "https://api.domeneshop.no/v0"
    authorize = basic("ds-token-0123456", "ds-secret-0123456")
    denied = (401, {"code": "auth:failed", "help": "Authentication failed"})
    denied_text = "Authentication failed [auth:failed]"
    not_found = (404, {"code": "record:missing", "help": "No such record"})

    @route("GET", "/domains")
    def domains(self, r):
        mail_only = {"id": 1, "domain": "_acme-challenge.example.com", "services": {"registrar": True, "dns": False, "email": True, "webhotel": "none"}}
        return 200, [mail_only] + [{"id": z.id, "domain": z.name, "expiry_date": "2029-08-24", "status": "active",
                                    "services": {"registrar": True, "dns": True, "email": True, "webhotel": "none"}} for z in self.zones.values()]

    @route("POST", "/domains/{id}/dns")
    def create(self, r, id):
        b, zone = r.json({"host": str, "ttl": int, "type": "TXT", "data": str}), self.zone(id)
        assert b["host"] and b["ttl"] % 60 == 0
        return 201, {"id": zone.add("TXT", zone.full(b["host"]), b["data"], b["ttl"]).id}

    @route("GET", "/domains/{id}/dns")
    def list(self, r, id):
        q, zone = r.query(host=str, type="TXT"), self.zone(id)
        return 200, [{"id": x.id, "host": zone.sub(x), "ttl": x.ttl, "type": x.type, "data": x.value} for x in zone.at(zone.full(q["host"]))]

    @route("DELETE", "/domains/{id}/dns/{rid}")
    def delete(self, r, id, rid):
        self.zone(id).drop(rid)
        return 204, None
