from fake import Api, Denied, route


class EuroDns(Api):
    code = "eurodns"
    source = "https://docapi.eurodns.com/#/dnsprovider (getdnszone, checkdnszone, savednszone); examples: lego, providers/dns/eurodns/internal/fixtures"
    env = {"EURODNS_APP_ID": "eurodns-app", "EURODNS_API_KEY": "eurodns-key-01234"}
    wrong = {"EURODNS_API_KEY": "eurodns-key-wrong"}
    base = "https://rest-api.eurodns.com/dns-zones"
    denied = (401, {"errors": [{"code": "INVALID_API_KEY", "title": "Invalid API Key"}]})
    denied_text = "Invalid API Key [INVALID_API_KEY]"
    not_found = (404, {"errors": [{"code": "NOT_FOUND", "title": "Zone not found"}]})
    forwards = {"urlForwards": [{"id": 2000, "forwardType": "FRAME", "host": "www", "url": "https://example.org/", "title": "", "keywords": "", "description": "",
                                 "updated": True}], "mailForwards": []}

    def setup(self):
        self.checked = None

    def authorize(self, r):
        assert r.header("x-app-id") == "eurodns-app"
        if r.header("x-api-key") != "eurodns-key-01234":
            raise Denied()

    @route("GET", "/{name}")
    def get(self, r, name):
        zone = self.zone(name)
        return 200, {"name": name, "domainConnect": True, **self.forwards, "report": None, "records": [
            {"id": x.id, "type": x.type, "host": zone.sub(x), "ttl": x.ttl, "rdata": x.value, "updated": True, "locked": False, "isDynDns": False} for x in zone.records]}

    def whole(self, r, name):
        b = r.json({"name": name, "domainConnect": True, "records": list, **self.forwards})
        for x in b["records"]:
            assert set(x) - {"id"} == {"type", "host", "ttl", "rdata", "updated", "locked", "isDynDns"}
        return b

    @route("POST", "/{name}/check")
    def check(self, r, name):
        self.checked = self.whole(r, name)
        return 200, {**self.checked, "report": {"isValid": True, "recordErrors": [], "urlForwardErrors": [], "mailForwardErrors": [], "zoneErrors": []}}

    @route("PUT", "/{name}")
    def save(self, r, name):
        b, zone = self.whole(r, name), self.zone(name)
        assert b == self.checked
        zone.records = []
        for x in b["records"]:
            zone.add(x["type"], zone.full(x["host"]), x["rdata"], x["ttl"])
        return 204, None
