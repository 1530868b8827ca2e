from fake import Api, header_is, route


class Octenium(Api):
    code = "octenium"
    source = "https://octenium.com/api#tag/Domains-DNS"
    env = {"OCTENIUM_API_KEY": "octenium-0123456789"}
    wrong = {"OCTENIUM_API_KEY": "octenium-not-right"}
    base = "https://api.panel.octenium.com"
    authorize = header_is("x-api-key", "octenium-0123456789")
    denied = (200, {"api-status": "error", "api-response": [], "api-error": "invalid api key"})
    denied_text = "invalid api key"

    def say(self, **what):
        return 200, {"api-status": "success", "api-response": what}

    @route("GET", "/domains")
    def list_zones(self, r):
        name = r.query(**{"domain-name": str})["domain-name"]
        return self.say(domains={str(z.id): {"domain-name": z.name, "registration-date": "12/09/2021", "expiration-date": "-", "status": "active"}
                                 for z in self.zones.values() if z.name == name})

    def show(self, x):
        return {"line": x.id, "type": x.type, "name": x.name + ".", "ttl": x.ttl, "value": x.value, "raw": {}}

    @route("POST", "/domains/dns-records/add")
    def add(self, r):
        b = r.form({"order-id": str, "type": "TXT", "name": str, "ttl": str, "value": str})
        assert b["name"].endswith(".")
        x = self.show(self.zone(b["order-id"]).add("TXT", b["name"][:-1], b["value"], int(b["ttl"])))
        del x["line"]
        return self.say(record=x)

    @route("POST", "/domains/dns-records/list")
    def list(self, r):
        b = r.form({"order-id": str, "types[]": "TXT"})
        return self.say(records=[self.show(x) for x in self.zone(b["order-id"]).records if x.type == "TXT"])

    @route("POST", "/domains/dns-records/delete")
    def delete(self, r):
        b = r.form({"order-id": str, "line": str})
        self.zone(b["order-id"]).drop(b["line"])
        return self.say(deleted={"count": 1, "lines": [int(b["line"])]})
