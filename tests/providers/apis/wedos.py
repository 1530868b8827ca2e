import hashlib
import json
import time

from fake import Api, Denied, route, same


class Wedos(Api):
    code = "wedos"
    source = "https://kb.wedos.com/en/wapi-api-interface/wapi-manual/ and https://kb.wedos.com/en/wapi-api-interface/wapi-command-dns-add-row/"
    env = {"WEDOS_USERNAME": "somebody@example.net", "WEDOS_WAPI_PASSWORD": "wedos-0123456789"}
    wrong = {"WEDOS_WAPI_PASSWORD": "wedos-not-right"}
    base = "https://api.wedos.com/wapi/json"
    denied = (200, {"response": {"code": 2051, "result": "Access not allowed from this IP address or wrong auth", "timestamp": 1, "svTRID": "1"}})
    denied_text = "Access not allowed from this IP address or wrong auth [2051]"

    def setup(self):
        self.waiting = []

    @route("POST", "")
    def call(self, r):
        b = same("request", json.loads(r.form({"request": str})["request"]), {"request": {"user": "somebody@example.net", "auth": str, "command": str, "data": dict}})
        hour = time.strftime("%H", time.gmtime(r.now + 7200))  # the conversations are in June, when Prague has UTC + 2
        inner = hashlib.sha1(Wedos.env["WEDOS_WAPI_PASSWORD"].encode()).hexdigest()
        if b["request"]["auth"] != hashlib.sha1(("somebody@example.net" + inner + hour).encode()).hexdigest():
            raise Denied()
        command, d = b["request"]["command"], b["request"]["data"]
        zone, data = self.zone(d.get("domain") or d["name"]), {}
        if command == "dns-row-add":
            same("data", d, {"domain": str, "name": str, "ttl": int, "type": "TXT", "rdata": str})
            assert d["ttl"] >= 300
            self.waiting.append(lambda: zone.add("TXT", zone.full(d["name"]), d["rdata"], d["ttl"]))
        elif command == "dns-rows-list":
            same("data", d, {"domain": str})
            data = {"row": [{"ID": str(x.id), "name": zone.sub(x, ""), "ttl": str(x.ttl), "rdtype": x.type, "rdata": x.value} for x in zone.records]}
        elif command == "dns-row-delete":
            same("data", d, {"domain": str, "row_id": str})
            self.waiting.append(lambda: zone.drop(d["row_id"]))
        else:
            assert command == "dns-domain-commit" and set(d) == {"name"}
            while self.waiting:
                self.waiting.pop(0)()
        return 200, {"response": {"code": 1000, "result": "OK", "timestamp": r.now, "svTRID": "1", "command": command, "data": data}}
