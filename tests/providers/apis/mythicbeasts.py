from fake import Api, Denied, route


class MythicBeasts(Api):
    code = "mythicbeasts"
    source = "https://www.mythic-beasts.com/support/api/dnsv2 and https://www.mythic-beasts.com/support/api/auth"
    env = {"MYTHICBEASTS_USERNAME": "kq3m5u7ofvlm7aob", "MYTHICBEASTS_PASSWORD": "mythic-0123456789"}
    wrong = {"MYTHICBEASTS_PASSWORD": "mythic-not-right"}
    base = "https://api.mythic-beasts.com/dns/v2"
    denied = (401, {"error": "invalid_client", "error_description": "The client credentials are not valid"})
    denied_text = "The client credentials are not valid"
    not_found = (404, {"error": "Zone not found"})
    open_routes = ("login",)

    def authorize(self, r):
        if r.header("authorization") != "Bearer mythic-session-token":
            raise Denied()

    @route("POST", "https://auth.mythic-beasts.com/login")
    def login(self, r):
        r.form({"grant_type": "client_credentials"})
        if r.basic() != "kq3m5u7ofvlm7aob:" + MythicBeasts.env["MYTHICBEASTS_PASSWORD"]:
            raise Denied()
        return 200, {"access_token": "mythic-session-token", "expires_in": 300, "token_type": "bearer"}

    @route("POST", "/zones/{name}/records/{host}/TXT")
    def create(self, r, name, host):
        b, zone = r.json({"records": [{"host": host, "ttl": int, "type": "TXT", "data": str}]})["records"][0], self.zone(name)
        zone.add("TXT", zone.full(host), b["data"], b["ttl"])
        return 200, {"records_added": 1, "message": "1 record added"}

    @route("DELETE", "/zones/{name}/records/{host}/TXT")
    def delete(self, r, name, host):
        r.nothing()
        q, zone = r.query(data=str), self.zone(name)
        hit = [x for x in zone.at(zone.full(host)) if x.value == q["data"]]
        for x in hit:
            zone.drop(x.id)
        return 200, {"records_removed": len(hit), "message": "%d records removed" % len(hit)}
