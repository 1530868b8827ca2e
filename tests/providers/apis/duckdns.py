from fake import Api, route


class DuckDns(Api):
    code = "duckdns"
    source = "https://www.duckdns.org/spec.jsp"
    env = {"DUCKDNS_TOKEN": "a7c4d0ad-114e-40ef-ba1d"}
    wrong = {"DUCKDNS_TOKEN": "a7c4d0ad-not-right"}
    base = "https://www.duckdns.org"
    denied = (200, "KO")
    denied_text = "KO"
    one_value, hosts_sub_zones, ttl = True, False, False
    domain = "example.duckdns.org"  # what people have there

    @route("GET", "/update")
    def update(self, r):
        q = r.query(domains=self.domain, token=str, clear={"true", "false"}, txt=str)
        if q["token"] != self.env["DUCKDNS_TOKEN"]:
            return self.denied
        zone = self.zones[self.domain]
        zone.put("_acme-challenge." + self.domain, "TXT", [] if q["clear"] == "true" else [q["txt"]])
        return 200, "OK"
