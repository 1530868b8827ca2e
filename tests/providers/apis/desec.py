from fake import Api, Gone, header_is, quoted, route, unquoted


class Desec(Api):
    code = "desec"
    source = "https://desec.readthedocs.io/en/latest/dns/rrsets.html"
    env = {"DESEC_TOKEN": "desec-0123456789"}
    wrong = {"DESEC_TOKEN": "desec-not-the-right"}
    base = "https://desec.io/api/v1"
    authorize = header_is("authorization", "Token " + env["DESEC_TOKEN"])
    denied = (401, {"detail": "Invalid token."})
    denied_text = "Invalid token."
    not_found = (404, {"detail": "Not found."})
    rate_limited = (429, {"detail": "Request was throttled. Expected available in 7 seconds."}, [("Retry-After", "7")])

    @route("GET", "/domains/")
    def domains(self, r):
        name = r.query(owns_qname=str)["owns_qname"]
        owners = [z for z in self.zones.values() if name == z.name or name.endswith("." + z.name)]
        return 200, [{"name": z.name, "minimum_ttl": 3600, "keys": []} for z in sorted(owners, key=lambda z: -len(z.name))[:1]]

    def found(self, name, sub):
        zone = self.zone(name)
        return zone, zone.full(sub)

    @route("GET", "/domains/{name}/rrsets/{sub}/TXT/")
    def get(self, r, name, sub):
        zone, full = self.found(name, sub)
        if not zone.at(full):
            raise Gone()
        return 200, {"domain": name, "subname": sub, "name": full + ".", "type": "TXT", "ttl": 3600, "records": [quoted(x.value) for x in zone.at(full)]}

    @route("POST", "/domains/{name}/rrsets/")
    def create(self, r, name):
        b = r.json({"subname": str, "type": "TXT", "ttl": 3600, "records": list})
        zone, full = self.found(name, b["subname"])
        if zone.at(full):
            return 400, {"non_field_errors": ["Another RRset with the same subdomain and type exists for this domain."]}
        zone.put(full, "TXT", [unquoted(v) for v in b["records"]], b["ttl"])
        return 201, b

    @route("PATCH", "/domains/{name}/rrsets/{sub}/TXT/")
    def patch(self, r, name, sub):
        zone, full = self.found(name, sub)
        if not zone.at(full):
            raise Gone()
        b = r.json({"records": list})
        zone.put(full, "TXT", [unquoted(v) for v in b["records"]])
        return (200, b) if b["records"] else (204, None)
