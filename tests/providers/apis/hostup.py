from fake import Api, bearer, route


class HostUp(Api):
    code = "hostup"
    source = "https://developer.hostup.se/endpoints/domain-services/ (get-v2-dns-zones, post-v2-dns-zones-id-records, delete-v2-dns-zones-id-records-recordid)"
    env = {"HOSTUP_API_KEY": "hostup-key-0123"}
    wrong = {"HOSTUP_API_KEY": "hostup-key-nope"}
    base = "https://cloud.hostup.se/api/v2"
    authorize = bearer(env["HOSTUP_API_KEY"])
    denied = (401, {"type": "https://developer.hostup.se/errors/unauthorized", "title": "Unauthorized", "status": 401, "detail": "The API key is not valid.",
                    "code": "unauthorized"})
    denied_text = "The API key is not valid. [unauthorized]"
    not_found = (404, {"title": "Not found", "status": 404, "detail": "No such record.", "code": "not_found"})
    needs_saved = True

    @route("GET", "/dns-zones")
    def list_zones(self, r):
        name = r.query(name=str)["name"]
        return 200, {"data": [{"id": "zone_%d" % z.id, "name": z.name, "zoneStatus": "active", "isDnsOnly": False, "kind": "linked"} for z in self.zones.values()
                              if z.name == name], "hasMore": False, "nextCursor": None}

    @route("POST", "/dns-zones/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"type": "TXT", "name": str, "value": str, "ttl": int}), self.zone(id[5:])
        x = zone.add("TXT", zone.full(b["name"]), b["value"], b["ttl"])
        return 201, {"id": "drr_%d" % x.id, "type": "TXT", "name": x.name, "value": x.value, "ttl": x.ttl, "priority": None, "status": "pending"}

    @route("DELETE", "/dns-zones/{id}/records/{rid}")
    def delete(self, r, id, rid):
        self.zone(id[5:]).drop(rid[4:])
        return 204, None
