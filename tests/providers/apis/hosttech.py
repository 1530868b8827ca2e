from fake import Api, bearer, route


class Hosttech(Api):
    code = "hosttech"
    source = "https://api.ns1.hosttech.eu/api/documentation"
    env = {"HOSTTECH_API_KEY": "hosttech-key-01"}
    wrong = {"HOSTTECH_API_KEY": "hosttech-key-no"}
    base = "https://api.ns1.hosttech.eu/api/user/v1"
    authorize = bearer(env["HOSTTECH_API_KEY"])
    denied = (401, {"message": "Unauthenticated."})
    denied_text = "Unauthenticated."
    not_found = (404, {"message": "Not found."})

    def show(self, zone, x):
        return {"id": x.id, "type": x.type, "name": zone.sub(x, ""), "text": x.value, "ttl": x.ttl, "comment": ""}

    @route("GET", "/zones/{name}")
    def get_zone(self, r, name):
        zone = self.zone(name)
        return 200, {"data": {"id": zone.id, "name": zone.name, "email": "a@example.com", "ttl": 10800, "nameserver": "ns1.hosttech.ch", "records": []}}

    @route("POST", "/zones/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"type": "TXT", "name": str, "text": str, "ttl": int}), self.zone(id)
        return 201, {"data": self.show(zone, zone.add("TXT", zone.full(b["name"]), b["text"], b["ttl"]))}

    @route("GET", "/zones/{id}/records")
    def list(self, r, id):
        r.query(type="TXT")
        zone = self.zone(id)
        return 200, {"data": [self.show(zone, x) for x in zone.records if x.type == "TXT"]}

    @route("DELETE", "/zones/{id}/records/{rid}")
    def delete(self, r, id, rid):
        self.zone(id).drop(rid)
        return 204, None
