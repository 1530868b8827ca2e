from fake import Api, Denied, Gone, route


class WebnamesCa(Api):
    code = "webnamesca"
    source = "https://www.webnames.ca/_/swagger/index.html"
    env = {"WEBNAMESCA_API_USER": "somebody", "WEBNAMESCA_API_KEY": "webca-0123456789"}
    wrong = {"WEBNAMESCA_API_KEY": "webca-not-right"}
    base = "https://www.webnames.ca/_/APICore"
    denied = (401, {"errorMessage": "User does not exist.", "errorDetails": "", "logID": 35579, "result": {}})
    denied_text = "User does not exist."
    not_found = (404, {"errorMessage": "Record does not exist.", "errorDetails": "", "logID": 35580, "result": {}})
    ttl = False

    def authorize(self, r):
        if (r.header("api-user"), r.header("api-key")) != ("somebody", WebnamesCa.env["WEBNAMESCA_API_KEY"]):
            raise Denied()

    def done(self, zone, host):
        return 200, {"result": {"domainID": zone.id, "dnsRecordSets": [{"hostname": host, "type": "TXT", "records": [x.value for x in zone.at(host)]}]}, "logID": 1}

    @route("POST", "/domains/{name}/add-txt-record")
    def add(self, r, name):
        r.nothing()
        q, zone = r.query(hostName=str, txt=str), self.zone(name)
        zone.add("TXT", q["hostName"], q["txt"])
        return self.done(zone, q["hostName"])

    @route("DELETE", "/domains/{name}/delete-txt-record")
    def delete(self, r, name):
        r.nothing()
        q, zone = r.query(hostName=str, txt=str), self.zone(name)
        hit = [x for x in zone.at(q["hostName"]) if x.value == q["txt"]]
        if not hit:
            raise Gone()
        zone.drop(hit[0].id)
        return self.done(zone, q["hostName"])
