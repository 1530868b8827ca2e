from fake import Api, basic, route


class ZoneEe(Api):
    code = "zoneee"
    source = "https://api.zone.eu/v2#operation/creatednstxtrecord"
    env = {"ZONEEE_API_USER": "somebody", "ZONEEE_API_KEY": "zoneee-0123456789"}
    wrong = {"ZONEEE_API_KEY": "zoneee-not-right"}
    base = "https://api.zone.eu/v2"
    authorize = basic("somebody", "zoneee-0123456789")
    denied = (401, "", [("X-Status-Message", "Authentication failed")])
    denied_text = "Authentication failed"
    not_found = (404, "", [("X-Status-Message", "Record not found")])
    ttl = False

    def show(self, x):
        return {"resource_url": "", "destination": x.value, "id": str(x.id), "name": x.name, "delete": True, "modify": True}

    @route("POST", "/dns/{name}/txt")
    def create(self, r, name):
        b = r.json({"name": str, "destination": str})
        return 201, [self.show(self.zone(name).add("TXT", b["name"], b["destination"]))]

    @route("GET", "/dns/{name}/txt")
    def list(self, r, name):
        return 200, [self.show(x) for x in self.zone(name).records if x.type == "TXT"]

    @route("DELETE", "/dns/{name}/txt/{id}")
    def delete(self, r, name, id):
        r.nothing()
        self.zone(name).drop(id)
        return 204, None
