from fake import Api, Denied, Gone, route, xml


class NameSilo(Api):
    code = "namesilo"
    source = "https://www.namesilo.com/api-reference#dns/dns-list-records"
    env = {"NAMESILO_API_KEY": "silo0123456789"}
    wrong = {"NAMESILO_API_KEY": "silo-not-right"}
    base = "https://www.namesilo.com/api"

    @staticmethod
    def reply(code, detail, *more):
        return 200, '<?xml version="1.0"?>' + xml("namesilo", xml("request", xml("operation", "dns"), xml("ip", "192.0.2.1")),
                                                  xml("reply", xml("code", code), xml("detail", detail), *more)), [("Content-Type", "text/xml")]

    denied_text = "Invalid API Key [110]"

    def setup(self):
        self.denied = self.reply(110, "Invalid API Key")
        self.not_found = self.reply(280, "could not delete resource record")

    def authorize(self, r):
        assert r.query_map.pop("version") == "1" and r.query_map.pop("type") == "xml"
        if r.query_map.pop("key") != self.env["NAMESILO_API_KEY"]:
            raise Denied()

    @route("GET", "/dnsAddRecord")
    def add(self, r):
        q = r.query(domain=str, rrtype="TXT", rrhost=str, rrvalue=str, rrttl=str)
        zone = self.zone(q["domain"])
        assert 3600 <= int(q["rrttl"]) <= 2592000
        return self.reply(300, "success", xml("record_id", "r%d" % zone.add("TXT", zone.full(q["rrhost"]), q["rrvalue"], int(q["rrttl"])).id))

    @route("GET", "/dnsListRecords")
    def list(self, r):
        zone = self.zone(r.query(domain=str)["domain"])
        return self.reply(300, "success", *[xml("resource_record", xml("record_id", "r%d" % x.id), xml("type", x.type), xml("host", x.name),
                                                xml("value", x.value), xml("ttl", x.ttl), xml("distance", 0)) for x in zone.records])

    @route("GET", "/dnsDeleteRecord")
    def delete(self, r):
        q = r.query(domain=str, rrid=str)
        self.zone(q["domain"]).drop(q["rrid"][1:])
        return self.reply(300, "success")
