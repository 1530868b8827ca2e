from fake import Api, header_is, route, same


class MijnHost(Api):
    code = "mijnhost"
    source = "https://mijn.host/api/doc/api-3563906 and https://mijn.host/api/doc/api-3563907"
    env = {"MIJNHOST_API_KEY": "mijn-0123456789"}
    wrong = {"MIJNHOST_API_KEY": "mijn-not-right"}
    base = "https://mijn.host/api/v2"
    authorize = header_is("api-key", "mijn-0123456789")
    denied = (401, {"status": 401, "status_description": "Invalid API key"})
    denied_text = "Invalid API key"
    not_found = (404, {"status": 404, "status_description": "Domain not found"})

    @route("GET", "/domains")
    def list_zones(self, r):
        return 200, {"status": 200, "status_description": "Request successful", "data": {"domains": [
            {"id": z.id, "domain": z.name, "renewal_date": "2030-01-01", "status": "Active", "status_id": 1, "tags": []} for z in self.zones.values()]}}

    @route("GET", "/domains/{name}/dns")
    def list(self, r, name):
        return 200, {"status": 200, "status_description": "Request successful", "data": {"domain": name, "records": [
            {"type": x.type, "name": x.name + ".", "value": x.value, "ttl": x.ttl} for x in self.zone(name).records]}}

    @route("PUT", "/domains/{name}/dns")
    def replace(self, r, name):
        b, zone = r.json({"records": list}), self.zone(name)
        zone.records = []
        for x in b["records"]:
            same("record", x, {"type": str, "name": str, "value": str, "ttl": int})
            assert x["name"].endswith(".")
            zone.add(x["type"], x["name"][:-1], x["value"], x["ttl"])
        return 200, {"status": 200, "status_description": "DNS successfully updated"}
