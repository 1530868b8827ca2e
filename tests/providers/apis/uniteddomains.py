from fake import Api, header_is, quoted, route, same


class UnitedDomains(Api):
    code = "uniteddomains"
    source = "https://www.united-domains.de/dns-apidoc/"
    env = {"UNITEDDOMAINS_API_KEY": "prefix.united-0123456789"}
    wrong = {"UNITEDDOMAINS_API_KEY": "prefix.united-not-right"}
    base = "https://dnsapi.united-domains.de/dns/v1"
    authorize = header_is("x-api-key", "prefix.united-0123456789")
    denied = (401, [{"code": "UNAUTHORIZED", "message": "The customer is not authorized to do this operation."}])
    denied_text = "The customer is not authorized to do this operation. [UNAUTHORIZED]"
    not_found = (404, [{"code": "RECORD_NOT_FOUND", "message": "Record does not exist."}])

    def by_id(self, id):
        return self.zone(int(id[9:]))

    @route("GET", "/zones")
    def list_zones(self, r):
        return 200, [{"id": "11af3414-%d" % z.id, "name": z.name, "type": "NATIVE"} for z in self.zones.values()]

    @route("GET", "/zones/{id}")
    def list(self, r, id):
        q, zone = r.query(recordName=str, recordType="TXT"), self.by_id(id)
        return 200, {"id": id, "name": zone.name, "type": "NATIVE", "records": [
            {"id": "22af3414-%d" % x.id, "name": x.name, "rootName": zone.name, "type": "TXT", "content": quoted(x.value), "changeDate": "2025-01-01",
             "ttl": x.ttl, "disabled": False} for x in zone.at(q["recordName"])]}

    @route("PATCH", "/zones/{id}")
    def patch(self, r, id):
        b, zone = r.json(list), self.by_id(id)
        for x in b:
            same("record", {k: x[k] for k in x if k != "disabled"}, {"name": b[0]["name"], "type": "TXT", "content": str, "ttl": int})
            assert x.get("disabled") in (None, False)
        zone.put(b[0]["name"], "TXT", [])
        for x in b:
            zone.add("TXT", x["name"], x["content"].strip('"'), x["ttl"])
        return 200, None

    @route("DELETE", "/zones/{id}/records/{rid}")
    def delete(self, r, id, rid):
        r.nothing()
        self.by_id(id).drop(rid[9:])
        return 200, None
