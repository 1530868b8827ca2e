from fake import Api, Denied, route


class Dode(Api):
    code = "dode"
    source = "https://www.do.de/wiki/freie-ssl-tls-zertifikate-ueber-acme/"
    env = {"DODE_TOKEN": "dode-token-0123"}
    wrong = {"DODE_TOKEN": "dode-token-wrong"}
    base = "https://my.do.de/api"
    denied = (200, {"domain": "example.com", "success": False, "error": "unknown token"})
    denied_text = "unknown token"
    one_value, keeps_foreign, ttl = True, False, False

    def authorize(self, r):
        if r.query_map.pop("token") != self.env["DODE_TOKEN"]:
            raise Denied()

    @route("GET", "/letsencrypt")
    def update(self, r):
        q = r.query_map
        zone = max((z for z in self.zones.values() if q["domain"].endswith("." + z.name)), key=lambda z: len(z.name))
        if set(q) == {"domain", "action"}:
            assert q["action"] == "delete"
            zone.put(q["domain"], "TXT", [])
        else:
            assert set(q) == {"domain", "value"}
            zone.put(q["domain"], "TXT", [q["value"]])
        return 200, {"Domain": q["domain"], "Success": True}
