from fake import Api, Gone, header_is, route


class Regfish(Api):
    code = "regfish"
    source = "https://regfish.readme.io/ and https://github.com/regfish/regfish-dnsapi-go"
    env = {"REGFISH_API_KEY": "regfish-0123456789"}
    wrong = {"REGFISH_API_KEY": "regfish-not-right"}
    base = "https://api.regfish.de"
    authorize = header_is("x-api-key", "regfish-0123456789")
    denied = (401, {"success": False, "code": 401, "message": "Unauthorized"})
    denied_text = "Unauthorized [401]"
    not_found = (404, {"success": False, "code": 404, "message": "Not found"})

    def show(self, x):
        return {"id": x.id, "name": x.name + ".", "type": x.type, "data": x.value, "ttl": x.ttl}

    @route("POST", "/dns/rr")
    def create(self, r):
        b = r.json({"type": "TXT", "name": str, "data": str, "ttl": int})
        assert b["name"].endswith(".")
        name = b["name"][:-1]
        zone = max((z for z in self.zones.values() if name.endswith(z.name)), key=lambda z: len(z.name))
        return 200, {"success": True, "response": self.show(zone.add("TXT", name, b["data"], b["ttl"]))}

    @route("GET", "/dns/{name}/rr")
    def list(self, r, name):
        return 200, {"success": True, "response": [self.show(x) for x in self.zone(name).records]}

    @route("DELETE", "/dns/rr/{id}")
    def delete(self, r, id):
        r.nothing()
        for z in self.zones.values():
            if any(str(x.id) == id for x in z.records):
                z.drop(id)
                return 200, {"success": True}
        raise Gone()
