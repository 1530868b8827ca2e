from fake import Api, Gone, header_is, route


class F5Xc(Api):
    code = "f5xc"
    source = "https://docs.cloud.f5.com/docs-v2/api/dns-zone-rrset; examples: lego, providers/dns/f5xc/internal/fixtures"
    env = {"F5XC_API_TOKEN": "f5xc-token-0123", "F5XC_TENANT_NAME": "acme", "F5XC_GROUP_NAME": "challenges"}
    wrong = {"F5XC_API_TOKEN": "f5xc-token-nope"}
    base = "https://acme.console.ves.volterra.io/api/config/dns/namespaces/system"
    authorize = header_is("authorization", "APIToken f5xc-token-0123")
    denied = (401, {"code": 16, "details": [], "message": "Permission denied"})
    denied_text = "Permission denied [16]"
    not_found = (404, {"code": 5, "details": [], "message": "the requested resource record was not found"})
    rate_limited = (503, {"code": 14, "details": [], "message": "Previous DNS zone change is pending. Try again later"}, [("Retry-After", "7")])

    def found(self, name, sub):
        zone = self.zone(name)
        records = zone.at(zone.full(sub))
        if not records:
            raise Gone()
        return zone, records

    @route("GET", "/dns_zones/{name}/rrsets/challenges/{sub}/TXT")
    def get(self, r, name, sub):
        zone, records = self.found(name, sub)
        return 200, {"dns_zone_name": name, "group_name": "challenges", "namespace": "system", "record_name": sub, "type": "TXT",
                     "rrset": {"description": "", "ttl": records[0].ttl, "txt_record": {"name": sub, "values": [x.value for x in records]}}}

    def rrset(self, r, **more):
        return r.json({"dns_zone_name": str, "group_name": "challenges", **more, "rrset": {"description": str, "ttl": int, "txt_record": {"name": str, "values": list}}})["rrset"]

    @route("POST", "/dns_zones/{name}/rrsets/challenges")
    def create(self, r, name):
        s, zone = self.rrset(r), self.zone(name)
        assert not zone.at(zone.full(s["txt_record"]["name"]))
        zone.put(zone.full(s["txt_record"]["name"]), "TXT", s["txt_record"]["values"], s["ttl"])
        return 200, {}

    @route("PUT", "/dns_zones/{name}/rrsets/challenges/{sub}/TXT")
    def replace(self, r, name, sub):
        s, (zone, _) = self.rrset(r, type="TXT"), self.found(name, sub)
        assert s["txt_record"]["name"] == sub and s["txt_record"]["values"]
        zone.put(zone.full(sub), "TXT", s["txt_record"]["values"], s["ttl"])
        return 200, {}

    @route("DELETE", "/dns_zones/{name}/rrsets/challenges/{sub}/TXT")
    def delete(self, r, name, sub):
        zone, _ = self.found(name, sub)
        zone.put(zone.full(sub), "TXT", [])
        return 200, {}
