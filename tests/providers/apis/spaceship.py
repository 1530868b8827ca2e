from fake import Api, Denied, Gone, route


class Spaceship(Api):
    code = "spaceship"
    source = "https://docs.spaceship.dev/#tag/DNS-records"
    env = {"SPACESHIP_API_KEY": "ship-key-0123456", "SPACESHIP_API_SECRET": "ship-secret-0123"}
    wrong = {"SPACESHIP_API_SECRET": "ship-secret-wrong"}
    base = "https://spaceship.dev/api/v1"
    denied = (401, {"detail": "Authentication failed"})
    denied_text = "Authentication failed"
    not_found = (404, {"detail": "Not found"})

    def authorize(self, r):
        if (r.header("x-api-key"), r.header("x-api-secret")) != ("ship-key-0123456", "ship-secret-0123"):
            raise Denied()

    @route("PUT", "/dns/records/{name}")
    def save(self, r, name):
        b, zone = r.json({"items": [{"type": "TXT", "name": str, "value": str, "ttl": int}]})["items"][0], self.zone(name)
        assert 60 <= b["ttl"] <= 3600 and b["name"]
        zone.add("TXT", zone.full(b["name"]), b["value"], b["ttl"])
        return 204, None

    @route("DELETE", "/dns/records/{name}")
    def delete(self, r, name):
        b, zone = r.json([{"type": "TXT", "name": str, "value": str}])[0], self.zone(name)
        hit = [x for x in zone.at(zone.full(b["name"])) if x.value == b["value"]]
        if not hit:
            raise Gone()
        zone.drop(hit[0].id)
        return 204, None
