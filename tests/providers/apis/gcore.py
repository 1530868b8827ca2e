from fake import Api, Gone, header_is, route


class GCore(Api):
    code = "gcore"
    source = "https://api.gcore.com/docs/dns#tag/rrsets"
    env = {"GCORE_PERMANENT_API_TOKEN": "1234$gcore-0123456789"}
    wrong = {"GCORE_PERMANENT_API_TOKEN": "1234$gcore-not-right"}
    base = "https://api.gcore.com/dns/v2/zones"
    authorize = header_is("authorization", "APIKey 1234$gcore-0123456789")
    denied = (401, {"error": "invalid api key"})
    denied_text = "invalid api key"
    not_found = (404, {"error": "record is not found"})

    @route("GET", "/{name}")
    def get_zone(self, r, name):
        return 200, {"name": self.zone(name).name}

    @route("GET", "/{name}/{full}/TXT")
    def get(self, r, name, full):
        found = self.zone(name).at(full)
        if not found:
            raise Gone()
        return 200, {"ttl": found[0].ttl, "resource_records": [{"content": [x.value], "enabled": True, "id": x.id} for x in found]}

    def write(self, r, name, full):
        b = r.json({"ttl": int, "resource_records": list})
        self.zone(name).put(full, "TXT", [x["content"][0] for x in b["resource_records"]], b["ttl"])
        return 200, b

    @route("POST", "/{name}/{full}/TXT")
    def create(self, r, name, full):
        assert not self.zone(name).at(full)
        return self.write(r, name, full)

    @route("PUT", "/{name}/{full}/TXT")
    def update(self, r, name, full):
        assert self.zone(name).at(full)
        return self.write(r, name, full)

    @route("DELETE", "/{name}/{full}/TXT")
    def delete(self, r, name, full):
        self.zone(name).put(full, "TXT", [])
        return 200, {}
