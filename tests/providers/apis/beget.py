import json

from fake import Api, Denied, route


class Beget(Api):
    code = "beget"
    source = "https://beget.com/ru/kb/api/funkczii-upravleniya-dns; what getData really answers: lego, providers/dns/beget/internal/fixtures/getData-real.json"
    env = {"BEGET_USERNAME": "somebody", "BEGET_PASSWORD": "beget-pass-0123"}
    wrong = {"BEGET_PASSWORD": "beget-pass-wrong"}
    base = "https://api.beget.com/api/dns"
    denied = (200, {"status": "error", "error_text": "Incorrect login or password", "error_code": "AUTH_ERROR"})
    denied_text = "Incorrect login or password"

    def authorize(self, r):
        if r.query_map["login"] != "somebody" or r.query_map["passwd"] != self.env["BEGET_PASSWORD"]:
            raise Denied()

    def input(self, r):
        q = r.query(login=str, passwd=str, input_format="json", output_format="json", input_data=str)
        b = json.loads(q["input_data"])
        zones = [z for z in self.zones.values() if b["fqdn"].endswith("." + z.name)]
        return b, max(zones, key=lambda z: len(z.name))

    def say(self, result):
        return 200, {"status": "success", "answer": {"status": "success", "result": result}}

    @route("GET", "/getData")
    def get_data(self, r):
        b, zone = self.input(r)
        assert set(b) == {"fqdn"}
        found = zone.at(b["fqdn"])
        records = {"records": {"TXT": [{"ttl": x.ttl, "txtdata": x.value} for x in found], "DNS": [{"value": "ns1.beget.pro"}]}} if found else {}
        return self.say({"is_under_control": True, "is_beget_dns": True, "is_subdomain": False, "fqdn": b["fqdn"], "set_type": 1, **records})

    @route("GET", "/changeRecords")
    def change(self, r):
        b, zone = self.input(r)
        assert set(b) == {"fqdn", "records"} and set(b["records"]) <= {"TXT"}
        zone.put(b["fqdn"], "TXT", [])
        for x in b["records"].get("TXT", []):
            assert set(x) in ({"ttl", "txtdata"}, {"value", "priority", "ttl"})
            zone.add("TXT", b["fqdn"], x.get("txtdata") or x["value"], x["ttl"])
        return self.say(True)
