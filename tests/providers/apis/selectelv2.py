from fake import Api, Denied, Gone, quoted, route, unquoted


class SelectelV2(Api):
    code = "selectelv2"
    source = "https://docs.selectel.ru/en/api/dns/ and https://github.com/selectel/domains-go (pkg/v2); tokens: https://docs.openstack.org/api-ref/identity/v3/"
    env = {"SELECTELV2_USERNAME": "somebody", "SELECTELV2_PASSWORD": "selectel-0123456789", "SELECTELV2_ACCOUNT_ID": "123456", "SELECTELV2_PROJECT_ID": "a-project"}
    wrong = {"SELECTELV2_PASSWORD": "selectel-not-right"}
    base = "https://api.selectel.ru/domains/v2"
    denied = (401, {"error": {"code": 401, "message": "The request you have made requires authentication.", "title": "Unauthorized"}})
    denied_text = "The request you have made requires authentication."
    not_found = (404, {"error": "rrset_not_found", "description": "RRSet not found", "location": "rrset_id"})
    open_routes = ("login",)

    def setup(self):
        self.sets = {}

    def authorize(self, r):
        if r.header("x-auth-token") != "selectel-session-token":
            raise Denied()

    @route("POST", "https://cloud.api.selcloud.ru/identity/v3/auth/tokens")
    def login(self, r):
        b = r.json({"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "somebody", "password": str, "domain": {"name": "123456"}}}},
                             "scope": {"project": {"id": "a-project"}}}})
        if b["auth"]["identity"]["password"]["user"]["password"] != SelectelV2.env["SELECTELV2_PASSWORD"]:
            raise Denied()
        return 201, {"token": {"expires_at": "2030-01-01T00:00:00.000000Z"}}, [("X-Subject-Token", "selectel-session-token")]

    def by_id(self, id):
        return self.zone(int(id[2:]))

    @route("GET", "/zones")
    def list_zones(self, r):
        q = r.query(filter=str)
        found = [{"id": "z-%d" % z.id, "project_id": "a-project", "name": z.name + ".", "disabled": False} for z in self.zones.values() if q["filter"] in z.name]
        return 200, {"count": len(found), "next_offset": 0, "result": found}

    @route("GET", "/zones/{id}/rrset")
    def list(self, r, id):
        q, zone = r.query(name=str, rrset_types="TXT"), self.by_id(id)
        found = []
        if zone.at(q["name"]):
            self.sets["r-%d" % len(q["name"])] = q["name"]
            found = [{"id": "r-%d" % len(q["name"]), "zone_id": id, "name": q["name"] + ".", "ttl": zone.at(q["name"])[0].ttl, "type": "TXT", "comment": "",
                      "managed_by": "", "records": [{"content": quoted(x.value), "disabled": False} for x in zone.at(q["name"])]}]
        return 200, {"count": len(found), "next_offset": 0, "result": found}

    def put(self, zone, name, records, ttl):
        assert ttl >= 60 and records and all(set(x) == {"content", "disabled"} and x["disabled"] is False for x in records)
        zone.put(name, "TXT", [unquoted(x["content"]) for x in records], ttl)

    @route("POST", "/zones/{id}/rrset")
    def create(self, r, id):
        b = r.json({"name": str, "type": "TXT", "ttl": int, "records": list})
        assert b["name"].endswith(".")
        self.put(self.by_id(id), b["name"][:-1], b["records"], b["ttl"])
        return 200, {"id": "r-1", **b}

    @route("PATCH", "/zones/{id}/rrset/{rid}")
    def update(self, r, id, rid):
        b = r.json({"ttl": int, "records": list})
        self.put(self.by_id(id), self.sets[rid], b["records"], b["ttl"])
        return 204, None

    @route("DELETE", "/zones/{id}/rrset/{rid}")
    def delete(self, r, id, rid):
        if rid not in self.sets:
            raise Gone()
        self.by_id(id).put(self.sets[rid], "TXT", [])
        return 204, None
