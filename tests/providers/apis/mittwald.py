from fake import Api, bearer, route


class Mittwald(Api):
    code = "mittwald"
    source = "https://api.mittwald.de/v2/docs/#/Domain (dns-list-dns-zones, dns-create-dns-zone, dns-update-record-set)"
    env = {"MITTWALD_TOKEN": "mittwald-0123456789"}
    wrong = {"MITTWALD_TOKEN": "mittwald-not-right"}
    base = "https://api.mittwald.de/v2"
    authorize = bearer(env["MITTWALD_TOKEN"])
    denied = (401, {"type": "Unauthenticated", "message": "access token is invalid"})
    denied_text = "access token is invalid"
    not_found = (404, {"type": "ResourceNotFound", "message": "dns zone not found"})

    def setup(self):
        self.ids = {}
        for z in self.zones.values():
            for name in [z.name] + [x.name for x in z.records if x.type == "TXT"]:
                self.ids.setdefault(name, "3fa85f64-%04d" % len(self.ids))

    def place(self, id):
        name = {v: k for k, v in self.ids.items()}[id]
        return max((z for z in self.zones.values() if name.endswith(z.name)), key=lambda z: len(z.name)), name

    def show(self, id):
        zone, name = self.place(id)
        values = [x.value for x in zone.at(name)]
        txt = {"settings": {"ttl": {"seconds": zone.at(name)[0].ttl}}, "entries": values} if values else {}
        return {"id": id, "domain": name, "recordSet": {"cname": {}, "combinedARecords": {}, "mx": {}, "srv": {}, "txt": txt}}

    @route("GET", "/domains")
    def domains(self, r):
        return 200, [{"domain": z.name, "domainId": "d-%d" % z.id, "projectId": "p-77", "connected": True} for z in self.zones.values()]

    @route("GET", "/projects/p-77/dns-zones")
    def list(self, r):
        return 200, [self.show(i) for i in self.ids.values()]

    @route("POST", "/dns-zones")
    def create(self, r):
        b = r.json({"name": str, "parentZoneId": str})
        name = "%s.%s" % (b["name"], self.place(b["parentZoneId"])[1])
        assert name not in self.ids
        self.ids[name] = "3fa85f64-%04d" % len(self.ids)
        return 201, {"id": self.ids[name]}

    @route("GET", "/dns-zones/{id}")
    def get(self, r, id):
        return 200, self.show(id)

    @route("PUT", "/dns-zones/{id}/record-sets/txt")
    def put(self, r, id):
        zone, name = self.place(id)
        if r.text == "{}":
            zone.put(name, "TXT", [])
        else:
            b = r.json({"settings": {"ttl": {"seconds": int}}, "entries": list})
            assert b["entries"] and b["settings"]["ttl"]["seconds"] >= 300
            zone.put(name, "TXT", b["entries"], b["settings"]["ttl"]["seconds"])
        return 204, None
