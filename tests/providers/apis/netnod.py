from fake import Api, Denied, route, unquoted


class Netnod(Api):
    code = "netnod"
    source = "Netnod Primary DNS API, linked from https://www.netnod.se/dns/"
    env = {"NETNOD_TOKEN": "netnod-0123456789"}
    wrong = {"NETNOD_TOKEN": "netnod-not-right"}
    base = "https://primarydnsapi.netnod.se/api/v1"
    denied = (401, {"detail": "Invalid token."})
    denied_text = "Invalid token."
    not_found = (404, {"detail": "Not found."})

    def authorize(self, r):
        if r.header("authorization") != "Token " + self.env["NETNOD_TOKEN"]:
            raise Denied()

    @route("PATCH", "/zones/{name}")
    def update(self, r, name):
        assert name.endswith(".")
        b = r.json({"rrsets": [{"name": str, "type": "TXT", "ttl": int, "changetype": {"EXTEND", "PRUNE"}, "records": [{"content": str, "disabled": False}]}]})
        zone, s = self.zone(name[:-1]), b["rrsets"][0]
        assert s["name"].endswith(".")
        fqdn, value = s["name"][:-1], unquoted(s["records"][0]["content"])
        there = [x for x in zone.at(fqdn) if x.value == value]
        if s["changetype"] == "PRUNE":
            for x in there:
                zone.drop(x.id)
        elif not there:
            zone.add("TXT", fqdn, value, s["ttl"])
        return 204, None
