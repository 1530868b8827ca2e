from fake import Api, Denied, Gone, route


class Njalla(Api):
    code = "njalla"
    source = "https://njal.la/api/"
    env = {"NJALLA_TOKEN": "njalla-0123456789"}
    wrong = {"NJALLA_TOKEN": "njalla-not-right"}
    base = "https://njal.la/api/1"
    denied = (200, {"jsonrpc": "2.0", "error": {"code": 403, "message": "Invalid token."}})
    denied_text = "Invalid token. [403]"
    not_found = (200, {"jsonrpc": "2.0", "error": {"code": 404, "message": "Not found"}})
    rate_limited = (429, "slow down", [("Retry-After", "7")])

    def authorize(self, r):
        if r.header("authorization") != "Njalla " + self.env["NJALLA_TOKEN"]:
            raise Denied()

    def show(self, zone, x):
        return {"id": x.id, "name": zone.sub(x), "type": x.type, "content": x.value, "ttl": x.ttl}

    @route("POST", "/")
    def call(self, r):
        b = r.json({"method": str, "params": dict})
        p, zone = b["params"], self.zone(b["params"]["domain"])
        if b["method"] == "get-domain":
            assert set(p) == {"domain"}
            result = {"name": zone.name, "status": "active", "expiry": "2030-01-01T00:00:00Z", "locked": True}
        elif b["method"] == "list-records":
            assert set(p) == {"domain"}
            result = {"records": [self.show(zone, x) for x in zone.records]}
        elif b["method"] == "add-record":
            assert set(p) == {"domain", "type", "name", "content", "ttl"} and p["type"] == "TXT" and type(p["ttl"]) is int
            result = self.show(zone, zone.add("TXT", zone.full(p["name"]), p["content"], p["ttl"]))
        else:
            assert b["method"] == "remove-record" and set(p) == {"domain", "id"}
            zone.drop(p["id"])
            result = {}
        return 200, {"jsonrpc": "2.0", "id": "897", "result": result}
