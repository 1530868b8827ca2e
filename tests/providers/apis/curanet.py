from fake import Api, bearer, route


class Curanet(Api):
    code = "curanet"
    source = "https://api.curanet.dk/dns/swagger/index.html"
    env = {"CURANET_API_KEY": "curanet-key-0123"}
    wrong = {"CURANET_API_KEY": "curanet-key-wrong"}
    base = "https://api.curanet.dk/dns/v2/Domains"
    authorize = bearer(env["CURANET_API_KEY"])
    denied = (401, {"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": "The key is not valid", "instance": ""})
    denied_text = "Unauthorized The key is not valid"
    not_found = (404, {"title": "Not Found", "status": 404})

    @route("POST", "/{name}/Records")
    def create(self, r, name):
        b, zone = r.json({"name": str, "type": "TXT", "ttl": int, "data": str}), self.zone(name)
        zone.add("TXT", zone.full(b["name"]), b["data"], b["ttl"])
        return 200, None

    @route("GET", "/{name}/Records")
    def list(self, r, name):
        q, zone = r.query(name=str, type="TXT"), self.zone(name)
        return 200, [{"id": x.id, "name": zone.sub(x, ""), "type": x.type, "ttl": x.ttl, "data": x.value} for x in zone.at(zone.full(q["name"]))]

    @route("DELETE", "/{name}/Records/{id}")
    def delete(self, r, name, id):
        self.zone(name).drop(id)
        return 200, None
