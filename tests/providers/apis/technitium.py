from fake import Api, Denied, route


class Technitium(Api):
    code = "technitium"
    source = "https://github.com/TechnitiumSoftware/DnsServer/blob/master/APIDOCS.md#add-record"
    env = {"TECHNITIUM_SERVER_BASE_URL": "http://127.0.0.1:5380", "TECHNITIUM_API_TOKEN": "technitium-0123456"}
    wrong = {"TECHNITIUM_API_TOKEN": "technitium-wrong"}
    base = "http://127.0.0.1:5380/api/zones/records"
    denied = (200, {"status": "invalid-token", "errorMessage": "Invalid token or session expired."})
    denied_text = "Invalid token or session expired."

    def authorize(self, r):
        if r.form()["token"] != self.env["TECHNITIUM_API_TOKEN"]:
            raise Denied()

    def zone_of(self, name):
        return max((z for z in self.zones.values() if name.endswith("." + z.name)), key=lambda z: len(z.name))

    @route("POST", "/add")
    def add(self, r):
        b = r.form({"token": str, "domain": str, "type": "TXT", "ttl": str, "text": str})
        self.zone_of(b["domain"]).add("TXT", b["domain"], b["text"], int(b["ttl"]))
        return 200, {"status": "ok", "response": {}}

    @route("POST", "/delete")
    def delete(self, r):
        b = r.form({"token": str, "domain": str, "type": "TXT", "text": str})
        zone = self.zone_of(b["domain"])
        zone.records = [x for x in zone.records if x.key() != ("TXT", b["domain"], b["text"])]
        return 200, {"status": "ok", "response": {}}
