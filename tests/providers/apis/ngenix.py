from fake import Api, basic, route, same


class Ngenix(Api):
    code = "ngenix"
    source = "https://help.ngenix.net/articles/#!apidocs/upravlenie-dns"
    env = {"NGENIX_USERNAME": "somebody@example.net", "NGENIX_TOKEN": "ngenix-0123456789", "NGENIX_CUSTOMER_ID": "4321"}
    wrong = {"NGENIX_TOKEN": "ngenix-not-right"}
    base = "https://api.ngenix.net/api/v3"
    authorize = basic("somebody@example.net/token", "ngenix-0123456789")
    denied = (401, {"code": 401, "detail": "Bad credentials"})
    denied_text = "Bad credentials [401]"
    not_found = (404, {"code": 404, "detail": "Not found"})
    ttl = False
    dnssec = {"enabled": False}

    @route("GET", "/dns-zone")
    def list_zones(self, r):
        r.query(customerId="4321")
        return 200, {"modelName": "DnsZoneCollection", "elements": [
            {"id": z.id, "name": z.name, "links": {"self": "%s/dns-zone/%d" % (self.base, z.id)}} for z in self.zones.values()]}

    def show(self, zone):
        cdn = {"name": "cdn", "type": "A", "configRef": {"id": 12, "link": self.base + "/config/12"}}
        return {"id": zone.id, "modelName": "DnsZone", "name": zone.name, "customerRef": {"id": 4321}, "comment": "a note", "dnssec": self.dnssec,
                "records": [cdn] + [{"name": zone.sub(x, ""), "type": x.type, "data": x.value} for x in zone.records]}

    @route("GET", "/dns-zone/{id}")
    def get(self, r, id):
        return 200, self.show(self.zone(id))

    @route("PATCH", "/dns-zone/{id}")
    def patch(self, r, id):
        signing = {"enabled": True, "dnssecKeyRef": {"id": 1234}} if self.dnssec["enabled"] else {"enabled": False}
        b, zone = r.json({"records": list, "comment": "a note", "dnssec": signing}), self.zone(id)
        same("first record", b["records"][0], {"name": "cdn", "type": "A", "configRef": {"id": 12}})
        zone.records = []
        for x in b["records"][1:]:
            same("record", x, {"name": str, "type": str, "data": str})
            zone.add(x["type"], zone.full(x["name"]), x["data"])
        return 200, self.show(zone)


class NgenixSigned(Ngenix):
    variant = "signed-zone"
    dnssec = {"enabled": True, "dnssecKeyRef": {"id": 1234, "link": Ngenix.base + "/dnssec-key/1234"}}
