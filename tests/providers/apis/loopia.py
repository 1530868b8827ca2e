import xmlrpc.client

from fake import Api, route


class Loopia(Api):
    code = "loopia"
    source = "https://www.loopia.com/api/addzonerecord/ (and the other calls beside it)"
    env = {"LOOPIA_API_USER": "me@loopiaapi", "LOOPIA_API_PASSWORD": "loopia-0123"}
    wrong = {"LOOPIA_API_PASSWORD": "loopia-wrong"}
    base = "https://api.loopia.se"
    denied_text = "AUTH_ERROR"

    def say(self, value):
        return 200, xmlrpc.client.dumps((value,), methodresponse=True), [("Content-Type", "text/xml")]

    @route("POST", "/RPCSERV")
    def call(self, r):
        assert r.header("content-type") == "text/xml"
        (user, password, name, sub, *more), method = xmlrpc.client.loads(r.text)
        if (user, password) != (self.env["LOOPIA_API_USER"], self.env["LOOPIA_API_PASSWORD"]):
            return self.say("AUTH_ERROR")
        zone = self.zone(name)
        full = zone.full(sub)
        if method == "addZoneRecord":
            x = more[0]
            assert set(x) == {"type", "ttl", "priority", "rdata", "record_id"} and x["priority"] == 0 and x["record_id"] == 0
            zone.add(x["type"], full, x["rdata"], x["ttl"])
            return self.say("OK")
        if method == "getZoneRecords":
            return self.say([{"type": x.type, "ttl": x.ttl, "priority": 0, "rdata": x.value, "record_id": x.id} for x in zone.records if x.name == full])
        if method == "removeZoneRecord":
            assert isinstance(more[0], int)
            zone.drop(more[0])
            return self.say("OK")
        assert method == "removeSubdomain" and not [x for x in zone.records if x.name == full]
        return self.say("OK")
