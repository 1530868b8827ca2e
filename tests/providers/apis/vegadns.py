from fake import Api, Denied, Gone, route


class VegaDns(Api):
    code, variant = "vegadns", "oauth"
    source = "https://github.com/shupp/VegaDNS-API (swagger) and https://github.com/nrdcg/vegadns"
    env = {"VEGADNS_URL": "https://vega.example.net", "SECRET_VEGADNS_KEY": "vega-key-0123", "SECRET_VEGADNS_SECRET": "vega-secret-0123"}
    wrong = {"SECRET_VEGADNS_SECRET": "vega-secret-wrong"}
    base = "https://vega.example.net/1.0"
    denied = (401, {"error": "invalid_client"})
    denied_text = "invalid_client"
    not_found = (404, {"status": "error", "message": "record_id does not exist"})
    open_routes = ("login",)
    bearer = "Bearer X123Y"

    def authorize(self, r):
        if r.header("authorization") != self.bearer:
            raise Denied()

    @route("POST", "/token")
    def login(self, r):
        r.form({"grant_type": "client_credentials"})
        if r.basic() != "vega-key-0123:vega-secret-0123":
            raise Denied()
        return 200, {"access_token": "X123Y", "token_type": "bearer", "expires_in": 5000}

    @route("GET", "/domains")
    def list_zones(self, r):
        q = r.query(search=str)
        return 200, {"status": "ok", "domains": [{"domain_id": z.id, "domain": z.name, "status": "active", "owner_id": 0} for z in self.zones.values()
                                                 if q["search"] in z.name]}

    @route("POST", "/records")
    def create(self, r):
        b = r.form({"record_type": "TXT", "ttl": str, "domain_id": str, "name": str, "value": str})
        self.zone(b["domain_id"]).add("TXT", b["name"], b["value"], int(b["ttl"]))
        return 201, {"status": "ok"}

    @route("GET", "/records")
    def list(self, r):
        zone = self.zone(r.query(domain_id=str)["domain_id"])
        return 200, {"status": "200", "total_records": len(zone.records), "domain": {"domain_id": zone.id, "domain": zone.name}, "records": [
            {"name": x.name, "value": x.value, "record_type": x.type, "ttl": x.ttl, "record_id": x.id, "location_id": None, "domain_id": zone.id}
            for x in zone.records]}

    @route("DELETE", "/records/{id}")
    def delete(self, r, id):
        r.nothing()
        for z in self.zones.values():
            if any(str(x.id) == id for x in z.records):
                z.drop(id)
                return 200, {"status": "ok"}
        raise Gone()


class VegaDnsOpen(VegaDns):
    variant = "open"
    env = {"VEGADNS_URL": "https://vega.example.net"}
    wrong = {}
    bearer = ""
