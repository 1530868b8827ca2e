from fake import Api, bearer, route


class BinaryLane(Api):
    code = "binarylane"
    source = "https://api.binarylane.com.au/reference/#tag/Domains"
    env = {"BINARYLANE_API_TOKEN": "bl-token-0123456"}
    wrong = {"BINARYLANE_API_TOKEN": "bl-token-wrong00"}
    base = "https://api.binarylane.com.au/v2"
    authorize = bearer(env["BINARYLANE_API_TOKEN"])
    denied = (401, {"type": "https://tools.ietf.org/html/rfc7235#section-3.1", "title": "Unauthorized", "status": 401, "detail": "The token is not valid"})
    denied_text = "Unauthorized The token is not valid"
    not_found = (404, {"title": "Not Found", "status": 404})

    def show(self, zone, x):
        return {"id": x.id, "type": x.type, "name": zone.sub(x), "data": x.value, "priority": None, "port": None, "ttl": x.ttl, "weight": None}

    @route("POST", "/domains/{name}/records")
    def create(self, r, name):
        b, zone = r.json({"type": "TXT", "name": str, "data": str, "ttl": int}), self.zone(name)
        assert b["name"]
        return 200, {"domain_record": self.show(zone, zone.add("TXT", zone.full(b["name"]), b["data"], b["ttl"]))}

    @route("GET", "/domains/{name}/records")
    def list(self, r, name):
        q, zone = r.query(per_page="200", page=str), self.zone(name)
        some, _ = self.page(zone.records, q["page"], 200)
        return 200, {"domain_records": [self.show(zone, x) for x in some], "meta": {"total": len(zone.records)}, "links": {}}

    @route("DELETE", "/domains/{name}/records/{id}")
    def delete(self, r, name, id):
        r.nothing()
        self.zone(name).drop(id)
        return 204, None
