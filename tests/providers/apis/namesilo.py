from fake import Api, Denied, route, xml


class NameSilo(Api):
    code = "namesilo"
    source = "https://www.namesilo.com/api-reference#dns/dns-add-record"
    env = {"NAMESILO_API_KEY": "namesilo-0123456"}
    wrong = {"NAMESILO_API_KEY": "namesilo-wrong"}
    base = "https://www.namesilo.com/api"
    denied_text = "Invalid API Key [110]"

    def say(self, code, detail, *more):
        return 200, xml("namesilo", xml("request", xml("operation", "x"), xml("ip", "192.0.2.1")), xml("reply", xml("code", code), xml("detail", detail), *more))

    def authorize(self, r):
        if r.query_map.pop("key") != self.env["NAMESILO_API_KEY"]:
            raise Denied()
        assert r.query_map.pop("version") == "1" and r.query_map.pop("type") == "xml"

    def answer(self, r):
        self.denied = self.say(110, "Invalid API Key")
        return super().answer(r)

    @route("GET", "/dnsAddRecord")
    def add(self, r):
        q = r.query(domain=str, rrtype="TXT", rrhost=str, rrvalue=str, rrttl=str)
        zone = self.zone(q["domain"])
        assert int(q["rrttl"]) >= 3600
        return self.say(300, "success", xml("record_id", "r%d" % zone.add("TXT", zone.full(q["rrhost"]), q["rrvalue"], int(q["rrttl"])).id))

    @route("GET", "/dnsListRecords")
    def list(self, r):
        zone = self.zone(r.query(domain=str)["domain"])
        return self.say(300, "success", *[xml("resource_record", xml("record_id", "r%d" % x.id), xml("type", x.type), xml("host", x.name), xml("value", x.value),
                                              xml("ttl", x.ttl), xml("distance", 0)) for x in zone.records])

    @route("GET", "/dnsDeleteRecord")
    def delete(self, r):
        q = r.query(domain=str, rrid=str)
        self.zone(q["domain"]).drop(q["rrid"][1:])
        return self.say(300, "success")
