from fake import Api, header_is, route


class GoDaddy(Api):
    code = "godaddy"
    source = "https://developer.godaddy.com/doc/endpoint/domains#/v1/recordReplaceTypeName"
    env = {"GODADDY_API_KEY": "gd-key-0123456", "GODADDY_API_SECRET": "gd-secret-0123"}
    wrong = {"GODADDY_API_SECRET": "gd-secret-wrong"}
    base = "https://api.godaddy.com/v1"
    authorize = header_is("authorization", "sso-key gd-key-0123456:gd-secret-0123")
    denied = (401, {"code": "UNABLE_TO_AUTHENTICATE", "message": "Unauthorized : Could not authenticate API key/secret"})
    denied_text = "Could not authenticate API key/secret [UNABLE_TO_AUTHENTICATE]"
    not_found = (404, {"code": "UNKNOWN_DOMAIN", "message": "The given domain is not registered"})

    @route("GET", "/domains/{name}/records/TXT/{sub}")
    def get(self, r, name, sub):
        zone = self.zone(name)
        return 200, [{"data": x.value, "name": sub, "ttl": x.ttl, "type": "TXT"} for x in zone.at(zone.full(sub))]

    @route("PUT", "/domains/{name}/records/TXT/{sub}")
    def put(self, r, name, sub):
        b, zone = r.json(list), self.zone(name)
        assert b and all(set(x) == {"data", "name", "ttl", "type"} and x["name"] == sub for x in b)
        zone.put(zone.full(sub), "TXT", [])
        for x in b:
            assert x["ttl"] >= 600
            zone.add("TXT", zone.full(sub), x["data"], x["ttl"])
        return 200, ""

    @route("DELETE", "/domains/{name}/records/TXT/{sub}")
    def delete(self, r, name, sub):
        zone = self.zone(name)
        zone.put(zone.full(sub), "TXT", [])
        return 204, None
