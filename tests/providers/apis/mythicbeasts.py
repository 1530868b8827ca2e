from fake import Api, bearer, route


class MythicBeasts(Api):
    code = "mythicbeasts"
    source = "https://www.mythic-beasts.com/support/api/dnsv2; https://www.mythic-beasts.com/support/api/auth"
    env = {"MYTHICBEASTS_USERNAME": "keyid0123456789", "MYTHICBEASTS_PASSWORD": "mythic-secret-01"}
    wrong = {"MYTHICBEASTS_PASSWORD": "mythic-wrong"}
    base = "https://api.mythic-beasts.com/dns/v2"
    authorize = bearer("mythic-token-0123")
    denied = (401, {"error": "invalid_client", "error_description": "Invalid API key"})
    denied_text = "Invalid API key"
    open_routes = ("login",)

    @route("POST", "https://auth.mythic-beasts.com/login")
    def login(self, r):
        r.form({"grant_type": "client_credentials"})
        return (200, {"access_token": "mythic-token-0123", "expires_in": 300, "token_type": "bearer"}) if r.basic() == "keyid0123456789:mythic-secret-01" else self.denied

    @route("POST", "/zones/{name}/records/{host}/TXT")
    def create(self, r, name, host):
        x, zone = r.json({"records": [{"host": str, "ttl": int, "type": "TXT", "data": str}]})["records"][0], self.zone(name)
        assert x["host"] == host
        zone.add("TXT", zone.full(host), x["data"], x["ttl"])
        return 200, {"records_added": 1, "message": "1 record added"}

    @route("DELETE", "/zones/{name}/records/{host}/TXT")
    def delete(self, r, name, host):
        value, zone = r.query(data=str)["data"], self.zone(name)
        before = len(zone.records)
        zone.records = [x for x in zone.records if x.key() != ("TXT", zone.full(host), value)]
        return 200, {"records_removed": before - len(zone.records), "message": "done"}
