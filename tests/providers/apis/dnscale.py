from fake import Api, Gone, bearer, route


class DnScale(Api):
    code = "dnscale"
    source = "https://dnscale.eu/api; examples: lego, providers/dns/dnscale/internal"
    env = {"DNSCALE_API_TOKEN": "dnscale-0123456"}
    wrong = {"DNSCALE_API_TOKEN": "dnscale-wrong00"}
    base = "https://api.dnscale.eu/v1"
    authorize = bearer(env["DNSCALE_API_TOKEN"])
    denied = (401, {"status": "error", "error": {"code": "UNAUTHORIZED", "message": "Invalid token"}})
    denied_text = "Invalid token [UNAUTHORIZED]"
    not_found = (404, {"status": "error", "error": {"code": "NOT_FOUND", "message": "Record not found"}})
    lists_zones, page_size = True, 100

    @route("GET", "/zones")
    def list(self, r):
        q = r.query(limit="100", offset=str)
        at = int(q["offset"])
        return 200, {"status": "success", "data": {"items": [{"id": "zone_%d" % z.id, "name": z.name, "type": "primary", "status": "active"}
                                                             for z in list(self.zones.values())[at:at + 100]],
                                                   "total": len(self.zones), "limit": 100, "offset": at}}

    @route("POST", "/zones/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"name": str, "type": "TXT", "content": str, "ttl": int}), self.zone(id[5:])
        x = zone.add("TXT", b["name"], b["content"], b["ttl"])
        return 201, {"status": "success", "data": {"message": "Record created successfully",
                                                   "record": {"id": "rec_%d" % x.id, "name": x.name + ".", "type": "TXT", "content": x.value, "ttl": x.ttl}}}

    @route("DELETE", "/zones/{id}/records/{rid}")
    def delete(self, r, id, rid):
        self.zone(id[5:]).drop(rid[4:])
        return 200, {"status": "success", "data": {"message": "Record deleted"}}

    @route("DELETE", "/zones/{id}/records/by-name/{name}/TXT")
    def delete_by_name(self, r, id, name):
        q, zone = r.query(content=str), self.zone(id[5:])
        hit = [x for x in zone.at(name) if x.value == q["content"]]
        if not hit:
            raise Gone()
        zone.records = [x for x in zone.records if x not in hit]
        return 200, {"status": "success", "data": {"message": "Records deleted"}}
