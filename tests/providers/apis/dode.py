from fake import Api, route


class DoDe(Api):
    code = "dode"
    source = "https://www.do.de/wiki/freie-ssl-tls-zertifikate-ueber-acme/"
    env = {"DODE_TOKEN": "dode-0123456789"}
    wrong = {"DODE_TOKEN": "dode-not-right"}
    base = "https://www.do.de/api"
    denied = (200, {"success": False, "error": "invalid domain or token"})
    denied_text = "invalid domain or token"
    one_value, ttl = True, False
    domain = "dode.example.org"
    hosts_sub_zones = False

    @route("GET", "/letsencrypt")
    def call(self, r):
        q = r.query_map
        if q["token"] != self.env["DODE_TOKEN"]:
            return self.denied
        zone = self.zones[self.domain]
        if "value" in q:
            r.query(token=str, domain=str, value=str)
            zone.put(q["domain"], "TXT", [q["value"]])
        else:
            r.query(token=str, domain=str, action="delete")
            zone.put(q["domain"], "TXT", [])
        return 200, {"Domain": q["domain"], "Success": True}
