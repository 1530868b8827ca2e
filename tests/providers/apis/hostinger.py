from fake import Api, bearer, quoted, route


class Hostinger(Api):
    code = "hostinger"
    source = "https://developers.hostinger.com/#tag/dns-zone"
    env = {"HOSTINGER_API_TOKEN": "hostinger-token-0"}
    wrong = {"HOSTINGER_API_TOKEN": "hostinger-token-X"}
    base = "https://developers.hostinger.com/api/dns/v1"
    authorize = bearer(env["HOSTINGER_API_TOKEN"])
    denied = (401, {"message": "Unauthenticated", "correlation_id": "26a91bd9"})
    denied_text = "Unauthenticated"
    not_found = (404, {"message": "Not found", "correlation_id": "26a91bd9"})

    @route("GET", "/zones/{name}")
    def get(self, r, name):
        zone, sets = self.zone(name), {}
        for x in zone.records:
            sets.setdefault((zone.sub(x), x.type), []).append(x)
        return 200, [{"name": n, "type": t, "ttl": f[0].ttl, "records": [{"content": quoted(x.value) if t == "TXT" else x.value, "is_disabled": False} for x in f]}
                     for (n, t), f in sets.items()]

    @route("PUT", "/zones/{name}")
    def put(self, r, name):
        b, zone = r.json({"overwrite": bool, "zone": [{"name": str, "type": "TXT", "ttl": int, "records": list}]}), self.zone(name)
        one = b["zone"][0]
        assert one["records"]
        full = zone.full(one["name"])
        if b["overwrite"]:
            zone.put(full, "TXT", [])
        for x in one["records"]:
            assert set(x) <= {"content", "is_disabled"}
            value = x["content"]
            zone.add("TXT", full, value[1:-1] if value.startswith('"') else value, one["ttl"])
        return 200, {"message": "Request accepted"}

    @route("DELETE", "/zones/{name}")
    def delete(self, r, name):
        b, zone = r.json({"filters": [{"name": str, "type": "TXT"}]}), self.zone(name)
        zone.put(zone.full(b["filters"][0]["name"]), "TXT", [])
        return 200, {"message": "Request accepted"}
