from fake import Api, Gone, header_is, route


class Gcore(Api):
    code = "gcore"
    source = "https://api.gcore.com/docs/dns#tag/rrsets"
    env = {"GCORE_PERMANENT_API_TOKEN": "gcore$0123456789"}
    wrong = {"GCORE_PERMANENT_API_TOKEN": "gcore$not-right0"}
    base = "https://api.gcore.com/dns/v2"
    authorize = header_is("authorization", "APIKey gcore$0123456789")
    denied = (401, {"error": "permission denied: token is not valid"})
    denied_text = "permission denied: token is not valid"
    not_found = (404, {"error": "record is not found"})

    @route("GET", "/zones/{name}")
    def get_zone(self, r, name):
        return 200, {"id": self.zone(name).id, "name": name, "rrsets_amount": {}}

    @route("GET", "/zones/{zone}/{name}/TXT")
    def get(self, r, zone, name):
        found = self.zone(zone).at(name)
        if not found:
            raise Gone()
        return 200, {"name": name, "type": "TXT", "ttl": found[0].ttl, "filters": [],
                     "resource_records": [{"id": x.id, "content": [x.value], "meta": {}, "enabled": True} for x in found]}

    def write(self, r, zone, name):
        b = r.json({"ttl": int, "resource_records": list})
        assert b["resource_records"] and all(len(x["content"]) == 1 for x in b["resource_records"])
        self.zone(zone).put(name, "TXT", [x["content"][0] for x in b["resource_records"]], b["ttl"])
        return 200, {"id": 1}

    @route("POST", "/zones/{zone}/{name}/TXT")
    def create(self, r, zone, name):
        assert not self.zone(zone).at(name)
        return self.write(r, zone, name)

    @route("PUT", "/zones/{zone}/{name}/TXT")
    def update(self, r, zone, name):
        assert self.zone(zone).at(name)
        return self.write(r, zone, name)

    @route("DELETE", "/zones/{zone}/{name}/TXT")
    def delete(self, r, zone, name):
        self.zone(zone).put(name, "TXT", [])
        return 204, None
