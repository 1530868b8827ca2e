import hashlib
import json
from datetime import datetime
from zoneinfo import ZoneInfo

from fake import Api, route


class Wedos(Api):
    code = "wedos"
    source = "https://kb.wedos.com/en/wapi-api-interface/wapi-manual/"
    env = {"WEDOS_USERNAME": "me@example.net", "WEDOS_WAPI_PASSWORD": "wedos-0123456"}
    wrong = {"WEDOS_WAPI_PASSWORD": "wedos-wrong"}
    base = "https://api.wedos.com/wapi"
    denied_text = "Access not authorised [2007]"
    committed = True

    def say(self, code, result, **data):
        return 200, {"response": {"code": code, "result": result, "timestamp": 1, "data": data}}

    @route("POST", "/json")
    def call(self, r):
        b = json.loads(r.form({"request": str})["request"])["request"]
        assert set(b) == {"user", "auth", "command", "data"} and b["user"] == "me@example.net"
        hour = datetime.fromtimestamp(r.now, ZoneInfo("Europe/Prague")).strftime("%H")
        secret = "me@example.net" + hashlib.sha1(self.env["WEDOS_WAPI_PASSWORD"].encode()).hexdigest() + hour
        if b["auth"] != hashlib.sha1(secret.encode()).hexdigest():
            return self.say(2007, "Access not authorised")
        command, d = b["command"], b["data"]
        zone = self.zone(d.get("domain") or d["name"])
        if command == "dns-rows-list":
            return self.say(1000, "OK", row=[{"ID": str(x.id), "name": zone.sub(x, ""), "ttl": str(x.ttl), "rdtype": x.type, "rdata": x.value} for x in zone.records])
        if command == "dns-row-add":
            assert set(d) == {"domain", "name", "ttl", "type", "rdata"}
            zone.add(d["type"], zone.full(d["name"]), d["rdata"], d["ttl"])
        elif command == "dns-row-delete":
            zone.drop(d["row_id"])
        else:
            assert command == "dns-domain-commit"
        return self.say(1000, "OK")
