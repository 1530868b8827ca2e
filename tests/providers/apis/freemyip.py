from fake import Api, Denied, route


class FreeMyIp(Api):
    code = "freemyip"
    source = "https://freemyip.com/help; https://github.com/nrdcg/freemyip"
    env = {"FREEMYIP_TOKEN": "f0123456789abcdef0123456"}
    wrong = {"FREEMYIP_TOKEN": "f-not-the-right-token-01"}
    base = "https://freemyip.com"
    denied = (200, "ERROR\nThe token is not valid.")
    denied_text = "The token is not valid."
    one_value, hosts_sub_zones, ttl = True, False, False
    domain = "example.freemyip.com"

    def authorize(self, r):
        if r.query_map.pop("token") != self.env["FREEMYIP_TOKEN"]:
            raise Denied()

    @route("GET", "/update")
    def update(self, r):
        q = r.query(domain="_acme-challenge." + self.domain, txt=str)
        self.zones[self.domain].put(q["domain"], "TXT", [] if q["txt"] == "null" else [q["txt"]])
        return 200, "OK"
