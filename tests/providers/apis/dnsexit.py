from fake import Api, header_is, route


class DnsExit(Api):
    code = "dnsexit"
    source = "https://dnsexit.com/dns/dns-api/"
    env = {"DNSEXIT_API_KEY": "dnsexit-0123456789"}
    wrong = {"DNSEXIT_API_KEY": "dnsexit-not-right0"}
    base = "https://api.dnsexit.com/dns"
    authorize = header_is("apikey", env["DNSEXIT_API_KEY"])
    denied = (200, {"code": 2, "message": "API Key Authentication Error"})
    denied_text = "API Key Authentication Error"

    @route("POST", "/")
    def post(self, r):
        b = r.json(dict)
        zone = self.zone(b["domain"])
        assert set(b) in ({"domain", "add"}, {"domain", "delete"})
        for x in b.get("add", []):
            assert set(x) == {"type", "name", "content", "ttl"}
            zone.add(x["type"], zone.full(x["name"]), x["content"], x["ttl"] * 60)
        for x in b.get("delete", []):
            assert set(x) == {"type", "name", "content"}
            hit = [y for y in zone.at(zone.full(x["name"]), x["type"]) if y.value == x["content"]]
            if not hit:
                return 200, {"code": 1, "message": "Success, but some errors occur", "details": ["No such record"]}
            zone.records.remove(hit[0])
        return 200, {"code": 0, "details": ["UPDATE Record"], "message": "Success"}
