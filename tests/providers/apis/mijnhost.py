from fake import Api, header_is, route


class MijnHost(Api):
    code = "mijnhost"
    source = "https://mijn.host/api/doc/api-3563906"
    env = {"MIJNHOST_API_KEY": "mijnhost-0123456"}
    wrong = {"MIJNHOST_API_KEY": "mijnhost-wrong"}
    base = "https://mijn.host/api/v2"
    authorize = header_is("api-key", env["MIJNHOST_API_KEY"])
    denied = (401, {"status": 401, "status_description": "Invalid API key"})
    denied_text = "Invalid API key"

    def say(self, **data):
        return 200, {"status": 200, "status_description": "Request successful", "data": data}

    @route("GET", "/domains")
    def list_zones(self, r):
        return self.say(domains=[{"id": z.id, "domain": z.name, "status": "Active"} for z in self.zones.values()])

    @route("GET", "/domains/{name}/dns")
    def get(self, r, name):
        return self.say(domain=name, records=[{"type": x.type, "name": x.name + ".", "value": x.value, "ttl": x.ttl} for x in self.zone(name).records])

    @route("PUT", "/domains/{name}/dns")
    def put(self, r, name):
        zone = self.zone(name)
        zone.records = []
        for x in r.json({"records": list})["records"]:
            assert set(x) == {"type", "name", "value", "ttl"}
            zone.add(x["type"], x["name"][:-1], x["value"], x["ttl"])
        return 200, {"status": 200, "status_description": "DNS successfully updated"}
