from fake import Api, bearer, route


class CloudDns(Api):
    code = "clouddns"
    source = "https://admin.vshosting.cloud/clouddns/swagger/; examples: lego, providers/dns/clouddns/internal/fixtures"
    env = {"CLOUDDNS_CLIENT_ID": "client-7", "CLOUDDNS_EMAIL": "me@example.com", "CLOUDDNS_PASSWORD": "clouddns-pass-01"}
    wrong = {"CLOUDDNS_PASSWORD": "clouddns-pass-no"}
    base = "https://admin.vshosting.cloud/clouddns"
    authorize = bearer("access-token-0123")
    open_routes = ("login",)
    denied = (401, {"error": {"code": 401, "message": "Unauthorized"}})
    denied_text = "Invalid credentials [INVALID_CREDENTIALS]"
    not_found = (404, {"error": {"code": 404, "message": "Not found"}})
    ttl = False  # that of the zone
    wants_publish = None

    def setup(self):
        self.pending = []

    @route("POST", "https://admin.vshosting.cloud/api/public/auth/login")
    def login(self, r):
        if r.json({"email": "me@example.com", "password": str})["password"] != "clouddns-pass-01":
            return 403, {"error": {"code": "INVALID_CREDENTIALS", "message": "Invalid credentials"}}
        return 200, {"auth": {"accessToken": "access-token-0123", "refreshToken": "x"}}

    @route("POST", "/domain/search")
    def search(self, r):
        b = r.json({"search": [{"name": "clientId", "operator": "eq", "value": "client-7"}, {"name": "domainName", "operator": "eq", "value": str}]})
        name = b["search"][1]["value"]
        found = [z for z in self.zones.values() if z.name + "." == name]
        return 200, {"items": [{"id": "Z%d" % z.id, "domainName": z.name + ".", "status": "ACTIVE"} for z in found], "totalHits": len(found)}

    @route("POST", "/record-txt")
    def create(self, r):
        b = r.json({"type": "TXT", "domainId": str, "name": str, "value": str})
        assert b["name"].endswith(".")
        zone = self.zone(b["domainId"][1:])
        self.pending.append((zone, lambda: zone.add("TXT", b["name"][:-1], b["value"])))
        return 200, {}

    @route("GET", "/domain/{id}")
    def get(self, r, id):
        zone = self.zone(id[1:])
        return 200, {"id": id, "domainName": zone.name + ".", "lastDomainRecordList": [{"id": "R%d" % x.id, "domainId": id, "name": x.name + ".", "value": x.value,
                                                                                       "type": x.type} for x in zone.records]}

    @route("DELETE", "/record/{id}")
    def delete(self, r, id):
        for z in self.zones.values():
            if any(str(x.id) == id[1:] for x in z.records):
                self.pending.append((z, lambda z=z: z.drop(id[1:])))
                return 200, {}
        return self.not_found

    @route("PUT", "/domain/{id}/publish")
    def publish(self, r, id):
        r.json({"soaTtl": int})
        zone = self.zone(id[1:])
        for z, do in self.pending:
            if z is zone:
                do()
        self.pending = [p for p in self.pending if p[0] is not zone]
        return 200, {}
