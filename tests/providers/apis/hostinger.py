from fake import Api, bearer, route


class Hostinger(Api):
    code = "hostinger"
    source = "https://developers.hostinger.com/#tag/dns-zone"
    env = {"HOSTINGER_API_TOKEN": "hostinger-012345"}
    wrong = {"HOSTINGER_API_TOKEN": "hostinger-wrong"}
    base = "https://developers.hostinger.com/api/dns/v1"
    authorize = bearer(env["HOSTINGER_API_TOKEN"])
    denied = (401, {"message": "Unauthenticated", "correlation_id": "26a91bd9"})
    denied_text = "Unauthenticated"

    @route("GET", "/zones/{name}")
    def get(self, r, name):
        zone = self.zone(name)
        return 200, [{"name": zone.sub(zone.at(n, t)[0]), "type": t, "ttl": 14400, "records": [{"content": x.value, "is_disabled": False} for x in zone.at(n, t)]}
                     for n, t in sorted({(x.name, x.type) for x in zone.records})]

    @route("PUT", "/zones/{name}")
    def put(self, r, name):
        b, zone = r.json({"overwrite": True, "zone": [{"name": str, "type": "TXT", "ttl": int, "records": list}]})["zone"][0], self.zone(name)
        assert all(set(x) == {"content"} for x in b["records"])
        zone.put(zone.full(b["name"]), "TXT", [x["content"] for x in b["records"]], b["ttl"])
        return 200, {"message": "Request accepted"}

    @route("DELETE", "/zones/{name}")
    def delete(self, r, name):
        b, zone = r.json({"filters": [{"name": str, "type": "TXT"}]})["filters"][0], self.zone(name)
        zone.put(zone.full(b["name"]), "TXT", [])
        return 200, {"message": "Request accepted"}
