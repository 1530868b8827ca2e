from fake import Api, basic, route


class LuaDns(Api):
    code = "luadns"
    source = "https://luadns.com/api.html"
    env = {"LUADNS_API_USERNAME": "joe@example.com", "LUADNS_API_TOKEN": "lua-0123456789"}
    wrong = {"LUADNS_API_TOKEN": "lua-not-right"}
    base = "https://api.luadns.com/v1"
    authorize = basic("joe@example.com", "lua-0123456789")
    denied = (401, {"status": "Unauthorized", "request_id": "i-1", "message": "Invalid username or api key."})
    denied_text = "Invalid username or api key."
    not_found = (404, {"status": "Not Found", "request_id": "i-2", "message": "Record not found"})

    @route("GET", "/zones")
    def list_zones(self, r):
        return 200, [{"id": z.id, "name": z.name, "synced": False, "queries_count": 0, "records_count": 3} for z in self.zones.values()]

    def show(self, zone, x):
        return {"id": x.id, "name": x.name + ".", "type": x.type, "content": x.value, "ttl": x.ttl, "zone_id": zone.id}

    @route("POST", "/zones/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"name": str, "type": "TXT", "content": str, "ttl": int}), self.zone(id)
        assert b["name"].endswith(".")
        return 200, self.show(zone, zone.add("TXT", b["name"][:-1], b["content"], b["ttl"]))

    @route("GET", "/zones/{id}/records")
    def list(self, r, id):
        return 200, [self.show(self.zone(id), x) for x in self.zone(id).records]

    @route("DELETE", "/zones/{id}/records/{rid}")
    def delete(self, r, id, rid):
        x = self.show(self.zone(id), self.zone(id).get(rid))
        self.zone(id).drop(rid)
        return 200, x
