from fake import Api, Denied, route


class WebnamesRu(Api):
    code = "webnamesru"
    source = "https://github.com/regtime-ltd/certbot-dns-webnames"
    env = {"WEBNAMESRU_API_KEY": "webru-0123456789"}
    wrong = {"WEBNAMESRU_API_KEY": "webru-not-right"}
    base = "https://www.webnames.ru/scripts/json_domain_zone_manager.pl"
    denied = (200, {"result": "ERROR", "details": "invalid_apikey"})
    denied_text = "ERROR: invalid_apikey"
    ttl = False

    @route("POST", "")
    def call(self, r):
        b = r.form({"apikey": str, "domain": str, "type": "TXT", "record": str, "action": {"add", "delete"}})
        if b["apikey"] != WebnamesRu.env["WEBNAMESRU_API_KEY"]:
            raise Denied()
        zone, (sub, value) = self.zone(b["domain"]), b["record"].split(":", 1)
        if b["action"] == "add":
            zone.add("TXT", zone.full(sub), value)
        else:
            zone.records = [x for x in zone.records if (x.type, x.name, x.value) != ("TXT", zone.full(sub), value)]
        return 200, {"result": "OK", "details": 1}
