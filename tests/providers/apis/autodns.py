from fake import Api, Denied, route


class AutoDns(Api):
    code = "autodns"
    source = "https://help.internetx.com/display/APIJSONEN, https://github.com/InterNetX/domainrobot-api (domainrobot.json, /zone/{name}/_stream)"
    env = {"AUTODNS_API_USER": "somebody", "AUTODNS_API_PASSWORD": "auto-pass-0123"}
    wrong = {"AUTODNS_API_PASSWORD": "auto-pass-wrong"}
    base = "https://api.autodns.com/v1"
    denied = (401, {"stid": "20251121-x", "messages": [], "status": {"code": "EF00202", "text": "The user could not be authenticated.", "type": "ERROR"}})
    denied_text = "The user could not be authenticated. "

    def authorize(self, r):
        assert r.header("x-domainrobot-context") == "4"
        if r.basic() != "somebody:auto-pass-0123":
            raise Denied()

    @route("POST", "/zone/{name}/_stream")
    def stream(self, r, name):
        b = r.json(dict)
        assert set(b) == {"adds", "rems"} and name.endswith(".")
        zone = max((z for z in self.zones.values() if ("." + name[:-1]).endswith("." + z.name)), key=lambda z: len(z.name))
        for x in b["adds"] or []:
            assert set(x) == {"name", "ttl", "type", "value"} and x["name"].endswith(".")
            zone.add(x["type"], x["name"][:-1], x["value"], x["ttl"])
        for x in b["rems"] or []:
            assert set(x) == {"name", "ttl", "type", "value"}
            zone.records = [y for y in zone.records if y.key() != (x["type"], x["name"][:-1], x["value"])]
        return 200, {"stid": "20251121-x", "messages": [], "status": {"code": "S0301", "text": "Zone was updated successfully on the name server.", "type": "SUCCESS"},
                     "data": [{"origin": zone.name}]}
