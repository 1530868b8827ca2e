from fake import Api, basic, route


class DnsServices(Api):
    code = "dnsservices"
    source = "https://dns.services/userapi (DNS); examples: lego, providers/dns/dnsservices/internal/fixtures"
    env = {"DNSSERVICES_USERNAME": "somebody", "DNSSERVICES_PASSWORD": "dnss-pass-01234"}
    wrong = {"DNSSERVICES_PASSWORD": "dnss-pass-wrong"}
    base = "https://dns.services/api"
    authorize = basic("somebody", "dnss-pass-01234")
    denied = (401, {"error": ["wronglogin", "unauthorized"]})
    denied_text = "wronglogin"
    not_found = (404, {"error": ["notfound"]})

    @route("GET", "/dns")
    def zones_(self, r):
        return 200, {"service_ids": ["10"], "zones": [{"domain_id": str(z.id), "name": z.name, "service_id": "10"} for z in self.zones.values()]}

    @route("POST", "/service/10/dns/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"name": str, "type": "TXT", "content": str, "ttl": int}), self.zone(id)
        zone.add("TXT", zone.full(b["name"]), b["content"], b["ttl"])
        return 200, {"success": True}

    @route("GET", "/service/10/dns/{id}")
    def details(self, r, id):
        zone = self.zone(id)
        return 200, {"service_id": 10, "name": zone.name, "records": [{"id": str(x.id), "name": zone.sub(x, zone.name), "ttl": x.ttl, "priority": 0,
                                                                        "content": x.value, "type": x.type} for x in zone.records]}

    @route("DELETE", "/service/10/dns/{id}/records/{rid}")
    def delete(self, r, id, rid):
        self.zone(id).drop(rid)
        return 200, {"success": True}
