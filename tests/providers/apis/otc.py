from fake import Api, Denied, Gone, quoted, route, unquoted


class Otc(Api):
    code = "otc"
    source = "https://docs.otc.t-systems.com/domain-name-service/api-ref/apis/record_set_management/index.html and " \
             "https://docs.otc.t-systems.com/identity-access-management/api-ref/apis/token_management/obtaining_a_user_token.html"
    env = {"OTC_DOMAIN_NAME": "OTC-EU-DE-0001", "OTC_USER_NAME": "somebody", "OTC_PASSWORD": "otc-0123456789", "OTC_PROJECT_NAME": "eu-de"}
    wrong = {"OTC_PASSWORD": "otc-not-right"}
    base = "https://dns.eu-de.otc.t-systems.com/v2"
    denied = (401, {"error": {"message": "The username or password is wrong.", "code": 401, "title": "Unauthorized"}})
    denied_text = "The username or password is wrong. [401]"
    not_found = (404, {"code": "DNS.0312", "message": "This recordset does not exist."})
    open_routes = ("login",)
    kind = None

    def setup(self):
        self.sets = {}

    def authorize(self, r):
        if r.header("x-auth-token") != "otc-session-token":
            raise Denied()

    @route("POST", "https://iam.eu-de.otc.t-systems.com:443/v3/auth/tokens")
    def login(self, r):
        b = r.json({"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "somebody", "password": str, "domain": {"name": "OTC-EU-DE-0001"}}}},
                             "scope": {"project": {"name": "eu-de"}}}})
        if b["auth"]["identity"]["password"]["user"]["password"] != Otc.env["OTC_PASSWORD"]:
            raise Denied()
        catalog = [{"type": t, "id": "1", "name": "", "endpoints": [{"url": u, "region": "eu-de", "interface": "public"}]}
                   for t, u in (("ecs", "https://ecs.eu-de.otc.t-systems.com"), ("dns", "https://dns.eu-de.otc.t-systems.com"))]
        return 201, {"token": {"catalog": catalog, "expires_at": "2030-01-01T00:00:00.000000Z"}}, [("X-Subject-Token", "otc-session-token")]

    def by_id(self, id):
        return self.zone(int(id[2:]))

    @route("GET", "/zones")
    def list_zones(self, r):
        q = r.query(name=str, **({"type": self.kind} if self.kind else {}))
        return 200, {"links": {}, "zones": [{"id": "z-%d" % z.id, "name": z.name + ".", "status": "ACTIVE"} for z in self.zones.values()
                                            if z.name + "." == q["name"]], "metadata": {"total_count": 1}}

    @route("GET", "/zones/{id}/recordsets")
    def list(self, r, id):
        q, zone = r.query(type="TXT", name=str), self.by_id(id)
        names = sorted({x.name for x in zone.records if x.type == "TXT" and q["name"][:-1] in x.name})  # a part of the name is enough
        for n in names:
            self.sets.setdefault("r-" + n.replace(".", "-"), n)
        return 200, {"links": {}, "recordsets": [{"id": "r-" + n.replace(".", "-"), "name": n + ".", "type": "TXT", "ttl": zone.at(n)[0].ttl, "status": "ACTIVE",
                                                  "records": [quoted(x.value) for x in zone.at(n)], "zone_id": id} for n in names]}

    def put_set(self, r, zone):
        b = r.json({"name": str, "type": "TXT", "ttl": int, "records": list})
        assert b["name"].endswith(".") and b["ttl"] >= 300 and b["records"]
        zone.put(b["name"][:-1], "TXT", [unquoted(x) for x in b["records"]], b["ttl"])
        return 202, {"status": "PENDING_UPDATE", **b}

    @route("POST", "/zones/{id}/recordsets")
    def create(self, r, id):
        return self.put_set(r, self.by_id(id))

    @route("PUT", "/zones/{id}/recordsets/{rid}")
    def update(self, r, id, rid):
        assert rid in self.sets
        return self.put_set(r, self.by_id(id))

    @route("DELETE", "/zones/{id}/recordsets/{rid}")
    def delete(self, r, id, rid):
        if rid not in self.sets:
            raise Gone()
        self.by_id(id).put(self.sets[rid], "TXT", [])
        return 202, {"id": rid, "status": "PENDING_DELETE"}


class OtcPrivate(Otc):
    variant = "private-zone"
    kind = "private"
    env = {**Otc.env, "OTC_PRIVATE_ZONE": "true"}
    optional = ("OTC_PRIVATE_ZONE",)
