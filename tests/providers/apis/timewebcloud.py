from fake import Api, bearer, route


class Timeweb(Api):
    code = "timewebcloud"
    source = "https://timeweb.cloud/api-docs#tag/Domeny/operation/createDomainDNSRecordV2"
    env = {"TIMEWEBCLOUD_AUTH_TOKEN": "eyJ-0123456789"}
    wrong = {"TIMEWEBCLOUD_AUTH_TOKEN": "eyJ-not-right"}
    base = "https://api.timeweb.cloud/api"
    authorize = bearer(env["TIMEWEBCLOUD_AUTH_TOKEN"])
    denied = (401, {"status_code": 401, "message": "Unauthorized", "error_code": "unauthorized", "response_id": "15095f25-aac3-4d60-a788-96cb5136f186"})
    denied_text = "Unauthorized [unauthorized]"
    not_found = (404, {"status_code": 404, "message": "Not found", "error_code": "not_found", "response_id": "15095f25-aac3-4d60-a788-96cb5136f186"})
    ttl = False

    def zone_of(self, fqdn):
        return max((z for z in self.zones.values() if fqdn.endswith("." + z.name)), key=lambda z: len(z.name))

    def show(self, zone, x):
        return {"id": x.id, "type": x.type, "fqdn": zone.name, "data": {"value": x.value, "subdomain": zone.sub(x, None)}}

    @route("POST", "/v2/domains/{fqdn}/dns-records")
    def create(self, r, fqdn):
        b, zone = r.json({"type": "TXT", "value": str}), self.zone_of(fqdn)
        return 201, {"dns_record": self.show(zone, zone.add("TXT", fqdn, b["value"])), "response_id": "1"}

    @route("GET", "/v1/domains/{name}/dns-records")
    def list(self, r, name):
        q, zone = r.query(limit="100", offset=str), self.zone(name)
        found = [self.show(zone, x) for x in zone.records][int(q["offset"]):][:100]
        return 200, {"meta": {"total": len(found)}, "dns_records": found, "response_id": "1"}

    @route("DELETE", "/v2/domains/{fqdn}/dns-records/{id}")
    def delete(self, r, fqdn, id):
        r.nothing()
        self.zone_of(fqdn).drop(id)
        return 204, None
