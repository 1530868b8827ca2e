from fake import Api, Denied, Gone, route


class Gravity(Api):
    code = "gravity"
    source = "https://gravity.beryju.io/docs/api/reference/; examples: lego, providers/dns/gravity/internal/fixtures"
    env = {"GRAVITY_USERNAME": "admin", "GRAVITY_PASSWORD": "gravity-pass-0", "GRAVITY_SERVER_URL": "https://gravity.test:8009"}
    wrong = {"GRAVITY_PASSWORD": "gravity-pass-X"}
    base = "https://gravity.test:8009/api/v1"
    denied = (401, {"code": 0, "context": {}, "error": "unauthenticated", "status": "UNAUTHENTICATED"})
    denied_text = "unauthenticated"
    not_found = (404, {"code": 0, "error": "not found", "status": "NOT_FOUND"})
    open_routes = ("login",)
    ttl = False  # that of the zone

    def setup(self):
        self.uids = {}

    def authorize(self, r):
        if r.header("cookie") != "gravity_session=abc123":
            raise Denied()

    @route("POST", "/auth/login")
    def login(self, r):
        if r.json({"username": "admin", "password": str})["password"] != "gravity-pass-0":
            return self.denied
        return 200, {"successful": True}, [("Set-Cookie", "gravity_session=abc123; Path=/; HttpOnly")]

    @route("GET", "/dns/zones")
    def list_zones(self, r):
        name = r.query(name=str)["name"]
        return 200, {"zones": [{"name": z.name + ".", "handlerConfigs": [], "defaultTTL": 86400, "authoritative": True} for z in self.zones.values()
                               if z.name + "." == name] or None}

    @route("POST", "/dns/zones/records")
    def create(self, r):
        q = r.query(zone=str, hostname=str, uid=str)
        b, zone = r.json({"type": "TXT", "hostname": q["hostname"], "data": str, "uid": q["uid"]}), self.zone(q["zone"][:-1])
        assert q["zone"].endswith(".")
        self.uids[(zone.full(q["hostname"]), q["uid"])] = zone.add("TXT", zone.full(q["hostname"]), b["data"])
        return 204, None

    @route("DELETE", "/dns/zones/records")
    def delete(self, r):
        q = r.query(zone=str, hostname=str, uid=str, type="TXT")
        zone = self.zone(q["zone"][:-1])
        x = self.uids.pop((zone.full(q["hostname"]), q["uid"]), None)
        if x not in zone.records:
            raise Gone()
        zone.records.remove(x)
        return 204, None
