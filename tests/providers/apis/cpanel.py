import base64
import json

from fake import Api, Denied, route


def b64(text):
    return base64.b64encode(str(text).encode()).decode()


class CPanel(Api):
    code, variant = "cpanel", "cpanel"
    source = "https://api.docs.cpanel.net/openapi/cpanel/operation/dns-parse_zone/, …/dns-mass_edit_zone/"
    env = {"CPANEL_USERNAME": "somebody", "CPANEL_TOKEN": "cpanel-token-01", "CPANEL_BASE_URL": "https://cpanel.test:2083"}
    wrong = {"CPANEL_TOKEN": "cpanel-token-no"}
    base = "https://cpanel.test:2083"
    denied = (401, "Token authentication failed: access denied")
    denied_text = "Token authentication failed: access denied"
    who = "cpanel"
    full_names = True

    def setup(self):
        self.serials = {n: 2021031900 for n in self.zones}

    def authorize(self, r):
        if r.header("authorization") != "%s somebody:cpanel-token-01" % self.who:
            raise Denied()

    def lines(self, zone):
        soa = ["ns1.%s." % zone.name, "root.%s." % zone.name, self.serials[zone.name], 3600, 1800, 1209600, 86400]
        out = [{"line_index": 0, "type": "comment", "text_b64": b64("; cPanel")},
               {"line_index": 2, "type": "record", "record_type": "SOA", "dname_b64": b64(zone.name + "."), "data_b64": [b64(x) for x in soa], "ttl": 86400}]
        return out + [{"line_index": 10 + x.id, "type": "record", "record_type": x.type, "dname_b64": b64(x.name + "." if self.full_names else zone.sub(x)),
                       "data_b64": [b64(x.value)], "ttl": x.ttl} for x in zone.records]

    def edit(self, q):
        zone = self.zone(q["zone"])
        if q["serial"] != str(self.serials[zone.name]):
            return "The given serial number (%s) does not match the DNS zone's serial number" % q["serial"]
        if "add" in q:
            b = json.loads(q["add"])
            assert set(b) == {"dname", "ttl", "record_type", "data"} and b["dname"].endswith(".") and len(b["data"]) == 1
            zone.add(b["record_type"], b["dname"][:-1], b["data"][0], b["ttl"])
        else:
            zone.drop(int(q["remove"]) - 10)
        self.serials[zone.name] += 1
        return None

    def say(self, data, error=None):
        return 200, {"metadata": {}, "messages": None, "status": 0 if error else 1, "warnings": None, "errors": [error] if error else None, "data": data}

    @route("GET", "/execute/DNS/parse_zone")
    def parse(self, r):
        return self.say(self.lines(self.zone(r.query(zone=str)["zone"])))

    @route("GET", "/execute/DNS/mass_edit_zone")
    def mass_edit(self, r):
        q = r.query(zone=str, serial=str, **{"add" if "add" in r.query_map else "remove": str})
        error = self.edit(q)
        return self.say(None if error else {"new_serial": str(self.serials[q["zone"]])}, error)


class Whm(CPanel):
    variant = "whm"
    source = "https://api.docs.cpanel.net/openapi/whm/operation/parse_dns_zone/, …/mass_edit_dns_zone/"
    env = {**CPanel.env, "CPANEL_MODE": "whm", "CPANEL_BASE_URL": "https://whm.test:2087"}
    optional = ("CPANEL_MODE",)
    base = "https://whm.test:2087"
    who = "whm"
    full_names = False

    def say(self, data, error=None):
        return 200, {"data": data, "metadata": {"command": "x", "reason": error or "OK", "result": 0 if error else 1, "version": 1}}

    @route("GET", "/json-api/parse_dns_zone")
    def parse(self, r):
        return self.say({"payload": self.lines(self.zone(r.query(zone=str, **{"api.version": "1"})["zone"]))})

    @route("GET", "/json-api/mass_edit_dns_zone")
    def mass_edit(self, r):
        q = r.query(zone=str, serial=str, **{"api.version": "1", "add" if "add" in r.query_map else "remove": str})
        error = self.edit(q)
        return self.say(None if error else {"new_serial": str(self.serials[q["zone"]])}, error)
