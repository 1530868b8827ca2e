from fake import Api, Denied, route


class Servercow(Api):
    code = "servercow"
    source = "https://wiki.servercow.de/en/domains/dns_api/api-syntax/"
    env = {"SERVERCOW_USERNAME": "somebody", "SERVERCOW_PASSWORD": "servercow-0123456789"}
    wrong = {"SERVERCOW_PASSWORD": "servercow-not-right"}
    base = "https://api.servercow.de/dns/v1/domains"
    denied = (200, {"error": "authentication failed"})
    denied_text = "authentication failed"
    not_found = (200, {"error": "domain not found"})

    def authorize(self, r):
        if (r.header("x-auth-username"), r.header("x-auth-password")) != ("somebody", Servercow.env["SERVERCOW_PASSWORD"]):
            raise Denied()

    @route("GET", "/{name}")
    def list(self, r, name):
        zone = self.zone(name)
        out = []
        for type_, full in sorted({(x.type, x.name) for x in zone.records}):
            v = [x.value for x in zone.at(full, type_)]
            first = zone.at(full, type_)[0]
            out.append({"name": zone.sub(first, ""), "ttl": first.ttl, "type": type_, "content": v if len(v) > 1 else v[0]})
        return 200, out

    @route("POST", "/{name}")
    def put(self, r, name):
        b, zone = r.json({"type": "TXT", "name": str, "ttl": int, "content": object}), self.zone(name)
        values = [b["content"]] if isinstance(b["content"], str) else b["content"]
        assert values and (len(values) > 1 or isinstance(b["content"], str))
        zone.put(zone.full(b["name"]), "TXT", values, b["ttl"])
        return 200, {"message": "ok"}

    @route("DELETE", "/{name}")
    def delete(self, r, name):
        b, zone = r.json({"type": "TXT", "name": str}), self.zone(name)
        zone.put(zone.full(b["name"]), "TXT", [])
        return 200, {"message": "ok"}
