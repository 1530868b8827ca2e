from fake import Api, bearer, route


class Katapult(Api):
    code = "katapult"
    source = "https://docs.katapult.io/docs/api/core/post-dns-zone-records; the path of the removal: lego, providers/dns/katapult/internal/client.go"
    env = {"KATAPULT_API_KEY": "katapult-key-01"}
    wrong = {"KATAPULT_API_KEY": "katapult-key-no"}
    base = "https://api.katapult.io/core/v1/dns_zones"
    authorize = bearer(env["KATAPULT_API_KEY"])
    denied = (403, {"code": "invalid_api_token", "description": "The API token provided was not valid", "detail": {}})
    denied_text = "The API token provided was not valid [invalid_api_token]"
    not_found = (404, {"code": "dns_record_not_found", "description": "No DNS record was found", "detail": {}})
    needs_saved = True

    @route("POST", "/dns_zone/records")
    def create(self, r):
        b = r.json({"dns_zone": {"name": str}, "properties": {"name": str, "type": "TXT", "ttl": int, "content": {"TXT": {"content": str}}}})
        zone, p = self.zone(b["dns_zone"]["name"]), b["properties"]
        x = zone.add("TXT", zone.full(p["name"]), p["content"]["TXT"]["content"], p["ttl"])
        return 200, {"dns_record": {"id": "dnsrec_%d" % x.id, "name": p["name"], "full_name": x.name, "ttl": x.ttl, "type": "TXT", "content": x.value}}

    @route("DELETE", "/dns_record")
    def delete(self, r):
        id_ = r.json({"dns_record": {"id": str}})["dns_record"]["id"]
        for z in self.zones.values():
            if any("dnsrec_%d" % x.id == id_ for x in z.records):
                z.drop(id_[7:])
                return 200, {"dns_record": {"id": id_}}
        return self.not_found
