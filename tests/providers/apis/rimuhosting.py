from fake import Api, Denied, route, xml


class RimuHosting(Api):
    code = "rimuhosting"
    source = "https://rimuhosting.com/dns/dyndns.jsp"
    env = {"RIMUHOSTING_API_KEY": "rimu-0123456789"}
    wrong = {"RIMUHOSTING_API_KEY": "rimu-not-right"}
    base = "https://rimuhosting.com/dns/dyndns.jsp"
    head = ('<?xml version ="1.0" ?>\n<!DOCTYPE html [<!ENTITY nbsp \'&#160;\'><!ENTITY trade \'&#8482;\'><!ENTITY copy \'&#169;\'>]>\n')
    denied = (403, head + "<error>ERROR: No valid api_key was provided</error>", [("Content-Type", "text/xml")])
    denied_text = "ERROR: No valid api_key was provided"

    def authorize(self, r):
        if r.query_map.pop("api_key") != list(self.env.values())[0]:
            raise Denied()

    def place(self, fqdn):
        return max((z for z in self.zones.values() if fqdn.endswith(z.name)), key=lambda z: len(z.name))

    def one(self, fqdn, records):
        return xml("action", *[xml("record", name=x.name, type="TXT", content=x.value, ttl="%d seconds" % x.ttl, prio="0") for x in records],
                   action="QUERY", host=fqdn, type="TXT")

    @route("GET", "")
    def call(self, r):
        many = "action[1]" in r.query_map
        numbers = range(1, 1 + sum(k.startswith("action") for k in r.query_map)) if many else [None]
        asked = [{k.split("[")[0]: v for k, v in r.query_map.items() if n is None or k.endswith("[%d]" % n)} for n in numbers]
        assert len(r.query_map) == sum(len(a) for a in asked) and all(a["type"] == "TXT" for a in asked)
        fqdn, zone = asked[0]["name"], self.place(asked[0]["name"])
        if asked[0]["action"] == "SET":
            assert all(set(a) == {"action", "name", "type", "value", "ttl"} and a["action"] == "SET" and a["name"] == fqdn for a in asked)
            zone.put(fqdn, "TXT", [])
            for a in asked:
                zone.add("TXT", fqdn, a["value"], int(a["ttl"]))
        elif asked[0]["action"] == "DELETE":
            assert not many and set(asked[0]) == {"action", "name", "type", "value"}
            zone.records = [x for x in zone.records if (x.type, x.name, x.value) != ("TXT", fqdn, asked[0]["value"])]
        else:
            assert not many and asked[0] == {"action": "QUERY", "name": fqdn, "type": "TXT"}
        return 200, self.head + xml("dnsapi_result", xml("is_ok", "OK:"), xml("result_counts", added=0, changed=0, unchanged=0, deleted=0),
                                    xml("actions", self.one(fqdn, zone.at(fqdn)))), [("Content-Type", "text/xml")]
