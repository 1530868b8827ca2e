from fake import Api, bearer, route


class Liara(Api):
    code, variant = "liara", "own"
    source = "https://openapi.liara.ir/?urls.primaryName=DNS; examples: lego, providers/dns/liara/internal/fixtures"
    env = {"LIARA_API_KEY": "liara-key-01234"}
    wrong = {"LIARA_API_KEY": "liara-key-wrong"}
    base = "https://dns-service.iran.liara.ir/api/v1/zones"
    authorize = bearer(env["LIARA_API_KEY"])
    denied = (401, {"statusCode": 401, "error": "Unauthorized", "message": "Invalid token missing header"})
    denied_text = "Invalid token missing header"
    not_found = (404, {"statusCode": 404, "error": "Not Found", "message": "record not found"})
    team = {}

    def show(self, zone, x):
        return {"id": "lr%d" % x.id, "name": zone.sub(x), "type": x.type, "ttl": x.ttl, "contents": [{"text": x.value}]}

    @route("POST", "/{name}/dns-records")
    def create(self, r, name):
        b, zone = r.json({"type": "TXT", "name": str, "ttl": int, "contents": [{"text": str}]}), self.zone(name)
        r.query(**self.team)
        return 201, {"status": "success", "data": self.show(zone, zone.add("TXT", zone.full(b["name"]), b["contents"][0]["text"], b["ttl"]))}

    @route("GET", "/{name}/dns-records")
    def list(self, r, name):
        r.query(**self.team)
        zone = self.zone(name)
        return 200, {"status": "success", "data": [self.show(zone, x) for x in zone.records]}

    @route("DELETE", "/{name}/dns-records/{id}")
    def delete(self, r, name, id):
        r.query(**self.team)
        self.zone(name).drop(id[2:])
        return 204, None


class LiaraTeam(Liara):
    variant = "team"
    env = {**Liara.env, "LIARA_TEAM_ID": "team-7"}
    optional = ("LIARA_TEAM_ID",)
    team = {"teamID": "team-7"}
