from fake import Api, header_is, route


class Czechia(Api):
    code = "czechia"
    source = "https://api.czechia.com/swagger/index.html"
    env = {"CZECHIA_TOKEN": "czechia-token-01"}
    wrong = {"CZECHIA_TOKEN": "czechia-token-no"}
    base = "https://api.czechia.com/api"
    authorize = header_is("authorizationtoken", env["CZECHIA_TOKEN"])
    denied = (401, {"message": "Unauthorized"})
    denied_text = "Unauthorized"
    not_found = (404, {"message": "The record was not found"})

    def body(self, r):
        return r.json({"hostName": str, "text": str, "ttl": int, "publishZone": 1})

    @route("POST", "/DNS/{name}/TXT")
    def add(self, r, name):
        b, zone = self.body(r), self.zone(name)
        zone.add("TXT", zone.full(b["hostName"]), b["text"], b["ttl"])
        return 201, None

    @route("DELETE", "/DNS/{name}/TXT")
    def delete(self, r, name):
        b, zone = self.body(r), self.zone(name)
        hit = [x for x in zone.at(zone.full(b["hostName"])) if x.value == b["text"]]
        if not hit:
            return self.not_found
        zone.drop(hit[0].id)
        return 200, None
