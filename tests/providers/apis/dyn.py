from fake import Api, Denied, Gone, route


class Dyn(Api):
    code = "dyn"
    source = "https://help.dyn.com/rest/ (session-log-in, create-txt-record-api, get-txt-records-api, delete-txt-records-api, update-zone-api)"
    env = {"DYN_CUSTOMER_NAME": "customer", "DYN_USER_NAME": "somebody", "DYN_PASSWORD": "dyn-pass-012345"}
    wrong = {"DYN_PASSWORD": "dyn-pass-wrong0"}
    base = "https://api.dynect.net/REST"
    denied = (401, {"status": "failure", "data": {}, "job_id": 1, "msgs": [{"INFO": "login: Credentials you entered did not match those in our database.",
                                                                         "SOURCE": "BLL", "ERR_CD": "INVALID_DATA", "LVL": "ERROR"}]})
    denied_text = "login: Credentials you entered did not match"
    not_found = (404, {"status": "failure", "data": {}, "job_id": 1, "msgs": [{"INFO": "node: Not in zone", "SOURCE": "BLL", "ERR_CD": "NOT_FOUND", "LVL": "ERROR"}]})
    open_routes = ("login",)
    sessions = 0

    def setup(self):
        self.pending = []

    def authorize(self, r):
        assert r.header("content-type") == "application/json"
        if r.header("auth-token") != "dyn-session-token":
            raise Denied()

    def say(self, data):
        return 200, {"status": "success", "data": data, "job_id": 1, "msgs": []}

    @route("POST", "/Session")
    def login(self, r):
        b = r.json({"customer_name": "customer", "user_name": "somebody", "password": str})
        if b["password"] != "dyn-pass-012345":
            return self.denied
        return self.say({"token": "dyn-session-token", "version": "3.7.0"})

    @route("DELETE", "/Session")
    def logout(self, r):
        return self.say({})

    @route("POST", "/TXTRecord/{zone}/{name}/")
    def create(self, r, zone, name):
        b, z = r.json({"rdata": {"txtdata": str}, "ttl": str}), self.zone(zone)
        self.pending.append((z, lambda: z.add("TXT", name, b["rdata"]["txtdata"], int(b["ttl"]))))
        return self.say({"fqdn": name, "rdata": b["rdata"], "record_type": "TXT", "ttl": int(b["ttl"]), "zone": zone, "record_id": 0})

    @route("GET", "/TXTRecord/{zone}/{name}/")
    def list(self, r, zone, name):
        found = self.zone(zone).at(name)
        if not found:
            raise Gone()
        return self.say(["/REST/TXTRecord/%s/%s/%d" % (zone, name, x.id) for x in found])

    @route("GET", "/TXTRecord/{zone}/{name}/{id}/")
    def get(self, r, zone, name, id):
        x = self.zone(zone).get(id)
        return self.say({"fqdn": name, "rdata": {"txtdata": x.value}, "record_id": x.id, "record_type": "TXT", "ttl": x.ttl, "zone": zone})

    @route("DELETE", "/TXTRecord/{zone}/{name}/{id}/")
    def delete(self, r, zone, name, id):
        z = self.zone(zone)
        assert z.get(id).name == name
        self.pending.append((z, lambda: z.drop(id)))
        return self.say({})

    @route("PUT", "/Zone/{zone}")
    def publish(self, r, zone):
        r.json({"publish": True, "notes": str})
        z = self.zone(zone)
        for p, do in self.pending:
            if p is z:
                do()
        self.pending = [p for p in self.pending if p[0] is not z]
        return self.say({"serial": 2, "zone": zone})
