from fake import Api, Denied, route


class Vercel(Api):
    code = "vercel"
    source = "https://vercel.com/docs/rest-api/dns"
    env = {"VERCEL_API_TOKEN": "vercel-0123456789"}
    wrong = {"VERCEL_API_TOKEN": "vercel-not-right"}
    base = "https://api.vercel.com"
    denied = (403, {"error": {"code": "forbidden", "message": "Not authorized", "invalidToken": True}})
    denied_text = "Not authorized [forbidden]"
    not_found = (404, {"error": {"code": "not_found", "message": "The record was not found"}})
    team = None

    def authorize(self, r):
        if r.header("authorization") != "Bearer " + self.env["VERCEL_API_TOKEN"]:
            raise Denied()
        assert r.query_map.get("teamId") == self.team

    @route("POST", "/v2/domains/{name}/records")
    def create(self, r, name):
        b, zone = r.json({"type": "TXT", "name": str, "value": str, "ttl": int}), self.zone(name)
        assert b["ttl"] >= 60
        return 200, {"uid": "rec_%d" % zone.add("TXT", zone.full(b["name"]), b["value"], b["ttl"]).id, "updated": 1}

    @route("GET", "/v5/domains/{name}/records")
    def list(self, r, name):
        q, zone = r.query_map, self.zone(name)
        assert q["limit"] == "100" and set(q) <= {"limit", "until", "teamId"}
        # one on each page, the newest first
        left = [x for x in reversed(zone.records) if "until" not in q or x.id < int(q["until"])]
        show = [{"id": "rec_%d" % x.id, "slug": "", "name": zone.sub(x, ""), "type": x.type, "value": x.value, "ttl": x.ttl, "creator": "somebody",
                 "created": x.id, "updated": x.id} for x in left[:1]]
        return 200, {"records": show, "pagination": {"count": len(show), "next": left[0].id if len(left) > 1 else None, "prev": None}}

    @route("DELETE", "/v2/domains/{name}/records/{id}")
    def delete(self, r, name, id):
        r.nothing()
        self.zone(name).drop(id[4:])
        return 200, {}


class VercelTeam(Vercel):
    variant = "team"
    team = "team_nLlpyC6RE1qxqglFKbrMxlud"
    env = {**Vercel.env, "VERCEL_TEAM_ID": team}
    optional = ("VERCEL_TEAM_ID",)
