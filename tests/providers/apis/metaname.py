from fake import Api, Denied, Gone, route


class Metaname(Api):
    code = "metaname"
    source = "https://metaname.net/api/1.1/doc"
    env = {"METANAME_ACCOUNT_REFERENCE": "8p3z", "METANAME_API_KEY": "metaname-0123456789"}
    wrong = {"METANAME_API_KEY": "metaname-not-right"}
    base = "https://metaname.net/api/1.1"
    denied = (200, {"jsonrpc": "2.0", "id": 1, "error": {"code": -3, "message": "Authentication failed"}})
    denied_text = "Authentication failed [-3]"
    not_found = (200, {"jsonrpc": "2.0", "id": 1, "error": {"code": -6, "message": "Resource record not found"}})

    @route("POST", "")
    def call(self, r):
        b = r.json({"jsonrpc": "2.0", "id": int, "method": str, "params": list})
        account, key, zone, *more = b["params"]
        if (account, key) != ("8p3z", self.env["METANAME_API_KEY"]):
            raise Denied()
        zone = self.zone(zone)
        if b["method"] == "dns_zone":
            assert not more
            result = [{"name": zone.sub(x, ""), "type": x.type, "aux": None, "ttl": x.ttl, "data": x.value, "reference": "r%d" % x.id} for x in zone.records]
        elif b["method"] == "create_dns_record":
            x = more[0]
            assert set(x) == {"name", "type", "aux", "ttl", "data"} and x["type"] == "TXT" and x["aux"] is None and type(x["ttl"]) is int
            result = "r%d" % zone.add("TXT", zone.full(x["name"]), x["data"], x["ttl"]).id
        else:
            assert b["method"] == "delete_dns_record"
            result = zone.drop(more[0][1:])
        return 200, {"jsonrpc": "2.0", "id": b["id"], "result": result}
