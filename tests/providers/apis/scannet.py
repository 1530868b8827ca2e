from fake import Api, bearer, route


class ScanNet(Api):
    code = "scannet"
    source = "https://api.scannet.dk/dns/swagger/index.html"
    env = {"SCANNET_API_KEY": "scannet-0123456789"}
    wrong = {"SCANNET_API_KEY": "scannet-not-right"}
    base = "https://api.curanet.dk/dns/v2/Domains"
    authorize = bearer(env["SCANNET_API_KEY"])
    denied = (401, {"type": "https://tools.ietf.org/html/rfc7235#section-3.1", "title": "Unauthorized", "status": 401, "detail": "The key is not known"})
    denied_text = "Unauthorized The key is not known"
    not_found = (404, {"type": "about:blank", "title": "Not Found", "status": 404, "detail": ""})

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
        r.nothing()
        self.zone(name).drop(id)
        return 204, None
