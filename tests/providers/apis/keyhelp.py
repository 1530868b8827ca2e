from fake import Api, header_is, quoted, route


class KeyHelp(Api):
    code = "keyhelp"
    source = "https://app.swaggerhub.com/apis-docs/keyhelp/api/; examples: lego, providers/dns/keyhelp/internal/fixtures"
    env = {"KEYHELP_BASE_URL": "https://keyhelp.test", "KEYHELP_API_KEY": "keyhelp-key-0123"}
    wrong = {"KEYHELP_API_KEY": "keyhelp-key-nope"}
    base = "https://keyhelp.test/api/v2"
    authorize = header_is("x-api-key", env["KEYHELP_API_KEY"])
    denied = (401, {"code": "401 Unauthorized", "message": "API key is missing or invalid."})
    denied_text = "API key is missing or invalid. [401 Unauthorized]"
    soa = {"ttl": 86400, "primary_ns": "ns.example.com.", "rname": "root.example.com.", "refresh": 14400, "retry": 1800, "expire": 604800, "minimum": 3600}
    dkim = 'default._domainkey IN TXT ( "v=DKIM1; k=rsa; s=email; " )'

    @route("GET", "/domains")
    def domains(self, r):
        r.query(sort="domain_utf8")
        return 200, [{"id": z.id, "id_user": 4, "id_parent_domain": 0, "status": 1, "domain": z.name, "domain_utf8": z.name} for z in self.zones.values()]

    @route("GET", "/dns/{id}")
    def get(self, r, id):
        zone = self.zone(id)
        return 200, {"is_custom_dns": False, "is_dns_disabled": False, "dkim_record": self.dkim, "records": {"soa": self.soa, "other": [
            {"host": zone.sub(x), "ttl": x.ttl, "type": x.type, "value": quoted(x.value) if x.type == "TXT" else x.value} for x in zone.records]}}

    @route("PUT", "/dns/{id}")
    def put(self, r, id):
        b, zone = r.json({"dkim_record": self.dkim, "records": {"soa": self.soa, "other": list}}), self.zone(id)
        zone.records = []
        for x in b["records"]["other"]:
            assert set(x) == {"host", "ttl", "type", "value"}
            zone.add(x["type"], zone.full(x["host"]), x["value"].strip('"'), x["ttl"])
        return 200, {"id": zone.id}
