from fake import Api, route


class Netcup(Api):
    code = "netcup"
    source = "https://ccp.netcup.net/run/webservice/servers/endpoint.php (the service's own description)"
    env = {"NETCUP_CUSTOMER_NUMBER": "12345", "NETCUP_API_KEY": "netcup-key-0123", "NETCUP_API_PASSWORD": "netcup-pass-0123"}
    wrong = {"NETCUP_API_PASSWORD": "netcup-pass-bad"}
    base = "https://ccp.netcup.net/run/webservice/servers"
    denied_text = "The login to the API failed"
    ttl = False  # the zone's
    open_sessions = 0

    def say(self, action, data, ok=True, short="ok", long="done"):
        return 200, {"serverrequestid": "x", "clientrequestid": "", "action": action, "status": "success" if ok else "error",
                     "statuscode": 2000 if ok else 4013, "shortmessage": short, "longmessage": long, "responsedata": data}

    @route("POST", "/endpoint.php")
    def call(self, r):
        assert r.raw_query == "JSON"
        b = r.json({"action": str, "param": dict})
        action, p = b["action"], b["param"]
        assert p["customernumber"] == "12345" and p["apikey"] == "netcup-key-0123"
        if action == "login":
            assert set(p) == {"customernumber", "apikey", "apipassword"}
            if p["apipassword"] != self.env["NETCUP_API_PASSWORD"]:
                return self.say(action, "", False, "Login failed.", "The login to the API failed")
            self.open_sessions += 1
            return self.say(action, {"apisessionid": "session-0123456789"})
        assert p["apisessionid"] == "session-0123456789" and self.open_sessions == 1
        if action == "logout":
            self.open_sessions = 0
            return self.say(action, "")
        zone = self.zone(p["domainname"])
        if action == "infoDnsRecords":
            return self.say(action, {"dnsrecords": [{"id": str(x.id), "hostname": zone.sub(x), "type": x.type, "priority": "0", "destination": x.value,
                                                     "deleterecord": False, "state": "yes"} for x in zone.records]})
        assert action == "updateDnsRecords"
        for x in p["dnsrecordset"]["dnsrecords"]:
            if x.get("deleterecord"):
                assert zone.get(x["id"]).value == x["destination"]
                zone.drop(x["id"])
            else:
                assert set(x) == {"hostname", "type", "destination"}
                zone.add(x["type"], zone.full(x["hostname"]), x["destination"])
        return self.say(action, {"dnsrecords": []})
