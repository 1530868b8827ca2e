from fake import Api, Denied, route


class Tele3(Api):
    code = "tele3"
    source = "https://www.tele3.cz/system-acme-api.html"
    env = {"TELE3_KEY": "tele3-key-01234", "TELE3_SECRET": "tele3-secret-0123"}
    wrong = {"TELE3_SECRET": "tele3-secret-wrong"}
    base = "https://www.tele3.cz/acme/"
    denied = (200, "authentication failed")
    denied_text = "authentication failed"
    ttl = False

    @route("POST", "")
    def call(self, r):
        b = r.json({"key": "tele3-key-01234", "secret": str, "ope": {"add", "rm"}, "domain": str, "value": str})
        if b["secret"] != Tele3.env["TELE3_SECRET"]:
            raise Denied()
        zone = max((z for z in self.zones.values() if b["domain"].endswith(z.name)), key=lambda z: len(z.name))
        if b["ope"] == "add":
            zone.add("TXT", b["domain"], b["value"])
        else:
            zone.records = [x for x in zone.records if (x.type, x.name, x.value) != ("TXT", b["domain"], b["value"])]
        return 200, "success"
