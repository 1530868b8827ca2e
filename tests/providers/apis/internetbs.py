from fake import Api, Denied, route


class InternetBs(Api):
    code = "internetbs"
    source = "https://internetbs.net/internet-bs-api.pdf"
    env = {"INTERNET_BS_API_KEY": "ibs-key-012345", "INTERNET_BS_PASSWORD": "ibs-pass-012345"}
    wrong = {"INTERNET_BS_PASSWORD": "ibs-pass-wrong0"}
    base = "https://api.internet.bs/Domain/DnsRecord"
    denied = (200, {"transactid": "d46d8125", "status": "FAILURE", "message": "Invalid API key and/or Password", "code": 107002})
    denied_text = "Invalid API key and/or Password [107002]"

    def authorize(self, r):
        f = r.form()
        if (f["apiKey"], f["password"]) != ("ibs-key-012345", "ibs-pass-012345"):
            raise Denied()

    def body(self, r, **want):
        return r.form({"apiKey": str, "password": str, "ResponseFormat": "JSON", **want})

    def closest(self, name):
        return max((z for z in self.zones.values() if name.endswith("." + z.name)), key=lambda z: len(z.name))

    def done(self, **more):
        return 200, {"transactid": "548e3298", "status": "SUCCESS", **more}

    @route("POST", "/Add")
    def add(self, r):
        f = self.body(r, fullrecordname=str, type="TXT", value=str, ttl=str)
        self.closest(f["fullrecordname"]).add("TXT", f["fullrecordname"], f["value"], int(f["ttl"]))
        return self.done()

    @route("POST", "/List")
    def list(self, r):
        found = [x for x in self.zone(self.body(r, Domain=str, FilterType="TXT")["Domain"]).records if x.type == "TXT"]
        return self.done(total_records=len(found), records=[{"name": x.name, "value": x.value, "ttl": x.ttl, "type": x.type} for x in found])

    @route("POST", "/Remove")
    def remove(self, r):
        f = self.body(r, fullrecordname=str, type="TXT", value=str)
        zone = self.closest(f["fullrecordname"])
        zone.drop([x for x in zone.at(f["fullrecordname"]) if x.value == f["value"]][0].id)
        return self.done()
