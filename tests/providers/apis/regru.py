import json

from fake import Api, Denied, route, same


class RegRu(Api):
    code = "regru"
    source = "https://www.reg.ru/reseller/api2doc#zone_add_txt and #zone_remove_record"
    env = {"REGRU_USERNAME": "somebody", "REGRU_PASSWORD": "regru-0123456789"}
    wrong = {"REGRU_PASSWORD": "regru-not-right"}
    base = "https://api.reg.ru/api/regru2"
    denied = (200, {"charset": "utf-8", "error_code": "PASSWORD_AUTH_FAILED", "error_params": {}, "error_text": "Username/password Incorrect",
                    "messagestore": None, "result": "error"})
    denied_text = "Username/password Incorrect [PASSWORD_AUTH_FAILED]"
    ttl = False

    def input(self, r, want):
        b = r.form({"username": "somebody", "password": str, "input_format": "json", "input_data": str})
        if b["password"] != RegRu.env["REGRU_PASSWORD"]:
            raise Denied()
        d = same("input_data", json.loads(b["input_data"]), {"domains": [{"dname": str}], "subdomain": str, "output_content_type": "plain", **want})
        zone = self.zone(d["domains"][0]["dname"])
        return d, zone, zone.full(d["subdomain"])

    def done(self, zone):
        return 200, {"answer": {"domains": [{"dname": zone.name, "result": "success", "service_id": 12345}]}, "charset": "utf-8", "messagestore": None,
                     "result": "success"}

    @route("POST", "/zone/add_txt")
    def add(self, r):
        d, zone, fqdn = self.input(r, {"text": str})
        zone.add("TXT", fqdn, d["text"])
        return self.done(zone)

    @route("POST", "/zone/remove_record")
    def remove(self, r):
        d, zone, fqdn = self.input(r, {"content": str, "record_type": "TXT"})
        zone.records = [x for x in zone.records if (x.type, x.name, x.value) != ("TXT", fqdn, d["content"])]
        return self.done(zone)
