from fake import Api, route


class Hurricane(Api):
    code = "hurricane"
    source = "https://dns.he.net/docs.html (dynamic TXT)"
    env = {"HURRICANE_TOKENS": "other.example:not-this-one,he.example.org:he-token-0123"}
    wrong = {"HURRICANE_TOKENS": "he.example.org:he-token-wrong"}
    base = "https://dyn.dns.he.net"
    denied_text = "badauth"
    one_value, hosts_sub_zones, ttl = True, False, False
    domain = "he.example.org"

    @route("POST", "/nic/update")
    def update(self, r):
        f = r.form({"password": str, "hostname": "_acme-challenge.he.example.org", "txt": str})
        if f["password"] != "he-token-0123":
            return 200, "badauth"
        self.zones[self.domain].put(f["hostname"], "TXT", [] if f["txt"] == "." else [f["txt"]])
        return 200, 'good "%s"' % f["txt"]
