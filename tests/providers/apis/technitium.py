from fake import Api, Denied, route


class Technitium(Api):
    code = "technitium"
    source = "https://github.com/TechnitiumSoftware/DnsServer/blob/master/APIDOCS.md#add-record"
    env = {"TECHNITIUM_SERVER_BASE_URL": "http://dns.example.net:5380", "TECHNITIUM_API_TOKEN": "technitium-0123456789"}
    wrong = {"TECHNITIUM_API_TOKEN": "technitium-not-right"}
    base = "http://dns.example.net:5380/api/zones/records"
    denied = (200, {"status": "invalid-token", "errorMessage": "Invalid token or session expired."})
    denied_text = "Invalid token or session expired. [invalid-token]"

    def asked(self, r, **want):
        b = r.form({"token": str, "domain": str, "type": "TXT", "text": str, **want})
        if b["token"] != Technitium.env["TECHNITIUM_API_TOKEN"]:
            raise Denied()
        return b, max((z for z in self.zones.values() if b["domain"].endswith(z.name)), key=lambda z: len(z.name))

    @route("POST", "/add")
    def add(self, r):
        b, zone = self.asked(r, ttl=str)
        zone.add("TXT", b["domain"], b["text"], int(b["ttl"]))
        return 200, {"response": {"zone": {"name": zone.name, "type": "Primary"}, "addedRecord": {"name": b["domain"], "type": "TXT"}}, "status": "ok"}

    @route("POST", "/delete")
    def delete(self, r):
        b, zone = self.asked(r)
        zone.records = [x for x in zone.records if (x.type, x.name, x.value) != ("TXT", b["domain"], b["text"])]
        return 200, {"response": {}, "status": "ok"}
