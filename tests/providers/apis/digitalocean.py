from fake import Api, bearer, route


class DigitalOcean(Api):
    code = "digitalocean"
    source = "https://docs.digitalocean.com/reference/api/digitalocean/#tag/Domain-Records"
    env = {"DO_AUTH_TOKEN": "dop_v1_0123456789"}
    wrong = {"DO_AUTH_TOKEN": "dop_v1_wrong_token"}
    base = "https://api.digitalocean.com/v2"
    authorize = bearer(env["DO_AUTH_TOKEN"])
    denied = (401, {"id": "Unauthorized", "message": "Unable to authenticate you"})
    denied_text = "Unauthorized: Unable to authenticate you"
    not_found = (404, {"id": "not_found", "message": "The resource you were accessing could not be found."})

    def show(self, zone, r):
        return {"id": r.id, "type": r.type, "name": zone.sub(r), "data": r.value, "priority": None, "port": None, "ttl": r.ttl, "weight": None,
                "flags": None, "tag": None}

    @route("POST", "/domains/{name}/records")
    def create(self, r, name):
        b, zone = r.json({"type": "TXT", "name": str, "data": str, "ttl": int}), self.zone(name)
        assert b["name"].endswith(".")
        return 201, {"domain_record": self.show(zone, zone.add("TXT", b["name"][:-1], b["data"], b["ttl"]))}

    @route("GET", "/domains/{name}/records")
    def list(self, r, name):
        q, zone = r.query(type="TXT", name=str, per_page="200"), self.zone(name)
        found = [self.show(zone, x) for x in zone.at(q["name"])]
        return 200, {"domain_records": found, "links": {}, "meta": {"total": len(found)}}

    @route("DELETE", "/domains/{name}/records/{id}")
    def delete(self, r, name, id):
        r.nothing()
        self.zone(name).drop(id)
        return 204, None
