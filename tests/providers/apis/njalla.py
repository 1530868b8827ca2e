from fake import Api, header_is, route


class Njalla(Api):
    code = "njalla"
    source = "https://njal.la/api/"
    env = {"NJALLA_TOKEN": "njalla-0123456789"}
    wrong = {"NJALLA_TOKEN": "njalla-not-right"}
    base = "https://njal.la/api/1"
    authorize = header_is("authorization", "Njalla njalla-0123456789")
    denied = (200, {"jsonrpc": "2.0", "error": {"code": 403, "message": "Permission denied"}})
    denied_text = "Permission denied [403]"
    not_found = (404, {"jsonrpc": "2.0", "error": {"code": 404, "message": "Record not found"}})

    def show(self, zone, x):
        return {"id": str(x.id), "content": x.value, "domain": zone.name, "name": zone.sub(x), "ttl": x.ttl, "type": x.type}

    @route("POST", "/")
    def call(self, r):
        b = r.json({"method": str, "params": dict})
        p = b["params"]
        zone = self.zone(p["domain"])
        if b["method"] == "add-record":
            assert set(p) == {"domain", "type", "name", "content", "ttl"}
            result = self.show(zone, zone.add(p["type"], zone.full(p["name"]), p["content"], p["ttl"]))
        elif b["method"] == "list-records":
            result = {"records": [self.show(zone, x) for x in zone.records]}
        else:
            assert b["method"] == "remove-record" and set(p) == {"domain", "id"}
            zone.drop(p["id"])
            result = {}
        return 200, {"jsonrpc": "2.0", "id": "897", "result": result}
