from fake import Api, bearer, route


class IonosCloud(Api):
    code = "ionoscloud"
    source = "https://api.ionos.com/docs/dns/v1/ (zonesGet, zonesRecordsPost, zonesRecordsGet, zonesRecordsDelete)"
    env = {"IONOSCLOUD_API_TOKEN": "ionos-token-012"}
    wrong = {"IONOSCLOUD_API_TOKEN": "ionos-token-bad"}
    base = "https://dns.de-fra.ionos.com"
    authorize = bearer(env["IONOSCLOUD_API_TOKEN"])
    denied = (401, {"httpStatus": 401, "messages": [{"errorCode": "paas-auth-1", "message": "Unauthorized, wrong or no api key provided to process this request"}]})
    denied_text = "Unauthorized, wrong or no api key provided to process this request [paas-auth-1]"
    not_found = (404, {"httpStatus": 404, "messages": [{"errorCode": "paas-not-found-1", "message": "Not found"}]})

    def show(self, zone, x):
        return {"id": "90d81ac0-%d" % x.id, "type": "record", "href": "/zones/x", "metadata": {"fqdn": x.name, "state": "AVAILABLE", "zoneId": "e74d0d15-%d" % zone.id},
                "properties": {"name": zone.sub(x, ""), "type": x.type, "content": x.value, "ttl": x.ttl, "priority": 0, "enabled": True}}

    @route("GET", "/zones")
    def list_zones(self, r):
        name = r.query(**{"filter.zoneName": str})["filter.zoneName"]
        return 200, {"type": "collection", "offset": 0, "limit": 1000, "items": [
            {"id": "e74d0d15-%d" % z.id, "type": "zone", "metadata": {"state": "AVAILABLE"}, "properties": {"zoneName": z.name, "description": "", "enabled": True}}
            for z in self.zones.values() if name in z.name]}

    @route("POST", "/zones/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"properties": {"name": str, "type": "TXT", "content": str, "ttl": int}})["properties"], self.zone(id.split("-")[1])
        return 202, self.show(zone, zone.add("TXT", zone.full(b["name"]), b["content"], b["ttl"]))

    @route("GET", "/zones/{id}/records")
    def list(self, r, id):
        zone = self.zone(id.split("-")[1])
        return 200, {"type": "collection", "offset": 0, "limit": 1000, "items": [self.show(zone, x) for x in zone.records]}

    @route("DELETE", "/zones/{id}/records/{rid}")
    def delete(self, r, id, rid):
        self.zone(id.split("-")[1]).drop(rid.split("-")[1])
        return 202, {}
