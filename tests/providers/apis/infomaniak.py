from fake import Api, Gone, bearer, route


class Infomaniak(Api):
    code = "infomaniak"
    source = "https://developer.infomaniak.com/docs/api/post/2/zones/%7Bzone%7D/records"
    env = {"INFOMANIAK_ACCESS_TOKEN": "infomaniak-0123456789"}
    wrong = {"INFOMANIAK_ACCESS_TOKEN": "infomaniak-not-right"}
    base = "https://api.infomaniak.com/2"
    authorize = bearer(env["INFOMANIAK_ACCESS_TOKEN"])
    denied = (401, {"result": "error", "error": {"code": "not_authorized", "description": "Authorization required"}})
    denied_text = "Authorization required [not_authorized]"
    not_found = (404, {"result": "error", "error": {"code": "object_not_found", "description": "Object not found"}})
    needs_saved = True

    @route("GET", "/zones/{name}/exists")
    def exists(self, r, name):
        self.zone(name)
        return 200, {"result": "success", "data": True}

    @route("POST", "/zones/{name}/records")
    def create(self, r, name):
        b, zone = r.json({"source": str, "target": str, "ttl": int, "type": "TXT"}), self.zone(name)
        return 200, {"result": "success", "data": {**b, "id": zone.add("TXT", zone.full(b["source"]), b["target"], b["ttl"]).id}}

    @route("DELETE", "/zones/{name}/records/{id}")
    def delete(self, r, name, id):
        self.zone(name).drop(id)
        return 200, {"result": "success", "data": True}
