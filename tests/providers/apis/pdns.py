from fake import Api, header_is, quoted, route, unquoted


class PowerDns(Api):
    code = "pdns"
    source = "https://doc.powerdns.com/authoritative/http-api/zone.html"
    env = {"PDNS_API_URL": "http://127.0.0.1:8081", "PDNS_API_KEY": "pdns-0123456789"}
    wrong = {"PDNS_API_KEY": "pdns-not-right"}
    base = "http://127.0.0.1:8081/api/v1/servers/localhost"
    authorize = header_is("x-api-key", env["PDNS_API_KEY"])
    denied = (401, "Unauthorized")
    denied_text = "Unauthorized"
    not_found = (404, {"error": "Not Found"})
    notified = True

    @route("GET", "/zones/{name}")
    def get(self, r, name):
        zone = self.zone(name[:-1])
        head = {"id": name, "name": name, "kind": "Master", "serial": 1, "url": r.path}
        if r.query_map == {"rrsets": "false"}:
            return 200, head
        q = r.query(rrset_name=str, rrset_type="TXT")
        sets = []
        for n in sorted({x.name for x in zone.records if x.type == "TXT"}):  # servers before 4.8 answer with all of them
            sets.append({"name": n + ".", "type": "TXT", "ttl": 1, "comments": [], "records": [{"content": quoted(x.value), "disabled": False} for x in zone.at(n)]})
        assert q["rrset_name"].endswith(".")
        return 200, {**head, "rrsets": sets}

    @route("PATCH", "/zones/{name}")
    def patch(self, r, name):
        b, zone = r.json({"rrsets": [dict]}), self.zone(name[:-1])
        s = b["rrsets"][0]
        assert s["type"] == "TXT"
        if s["changetype"] == "DELETE":
            assert set(s) == {"name", "type", "changetype"}
            zone.put(s["name"][:-1], "TXT", [])
        else:
            assert s["changetype"] == "REPLACE" and set(s) == {"name", "type", "ttl", "changetype", "records"}
            zone.put(s["name"][:-1], "TXT", [unquoted(x["content"]) for x in s["records"]], s["ttl"])
        self.notified = False
        return 204, None

    @route("PUT", "/zones/{name}/notify")
    def notify(self, r, name):
        r.nothing()
        assert not self.notified
        self.notified = True
        return 200, {"result": "Notification queued"}
