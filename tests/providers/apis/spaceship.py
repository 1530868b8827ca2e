from fake import Api, Denied, route


class Spaceship(Api):
    code = "spaceship"
    source = "https://docs.spaceship.dev/#tag/DNS-records"
    env = {"SPACESHIP_API_KEY": "spaceship-key-01", "SPACESHIP_API_SECRET": "spaceship-secret-01"}
    wrong = {"SPACESHIP_API_SECRET": "spaceship-wrong"}
    base = "https://spaceship.dev/api/v1"
    denied = (401, {"detail": "The API key or secret is not valid"})
    denied_text = "The API key or secret is not valid"

    def authorize(self, r):
        if (r.header("x-api-key"), r.header("x-api-secret")) != tuple(Spaceship.env.values()):
            raise Denied()

    @route("PUT", "/dns/records/{name}")
    def add(self, r, name):
        x, zone = r.json({"items": [{"type": "TXT", "name": str, "ttl": int, "value": str}]})["items"][0], self.zone(name)
        zone.add("TXT", zone.full(x["name"]), x["value"], x["ttl"])
        return 204, None

    @route("DELETE", "/dns/records/{name}")
    def delete(self, r, name):
        x, zone = r.json([{"type": "TXT", "name": str, "value": str}])[0], self.zone(name)
        zone.records = [y for y in zone.records if y.key() != ("TXT", zone.full(x["name"]), x["value"])]
        return 204, None
