from fake import Api, Denied, route


class Rackspace(Api):
    code = "rackspace"
    source = "https://docs.rackspace.com/reference/cloud-dns-records-operations"
    env = {"RACKSPACE_USER": "somebody", "RACKSPACE_API_KEY": "rackspace-0123456789"}
    wrong = {"RACKSPACE_API_KEY": "rackspace-not-right"}
    base = "https://dns.api.rackspacecloud.com/v1.0/110011"
    denied = (401, {"unauthorized": {"code": 401, "message": "Username or api key is invalid."}})
    denied_text = "Username or api key is invalid."
    not_found = (404, {"message": "Object not Found.", "code": 404, "details": ""})
    open_routes = ("login",)

    def setup(self):
        self.jobs = {}

    def authorize(self, r):
        if r.header("x-auth-token") != "rackspace-session-token":
            raise Denied()

    @route("POST", "https://identity.api.rackspacecloud.com/v2.0/tokens")
    def login(self, r):
        b = r.json({"auth": {"RAX-KSKEY:apiKeyCredentials": {"username": "somebody", "apiKey": str}}})
        if b["auth"]["RAX-KSKEY:apiKeyCredentials"]["apiKey"] != Rackspace.env["RACKSPACE_API_KEY"]:
            raise Denied()
        return 200, {"access": {"token": {"id": "rackspace-session-token", "expires": "2030-01-01T00:00:00.000Z", "tenant": {"id": "110011", "name": "110011"}},
                                "serviceCatalog": [{"name": "cloudDatabases", "type": "rax:database", "endpoints": [{"publicURL": "https://db.example.net/v1"}]},
                                                   {"name": "cloudDNS", "type": "rax:dns", "endpoints": [{"publicURL": self.base, "tenantId": "110011"}]}],
                                "user": {"id": "161418", "name": "somebody", "roles": []}}}

    def by_id(self, id):
        return self.zone(int(id))

    @route("GET", "/domains")
    def list_zones(self, r):
        name = r.query(name=str)["name"]
        found = [{"id": str(z.id), "name": z.name, "emailAddress": "somebody@example.net"} for z in self.zones.values() if z.name.endswith(name)]
        return 200, {"domains": found, "totalEntries": len(found)}

    @route("POST", "/domains/{id}/records")
    def create(self, r, id):
        b = r.json({"records": [{"name": str, "type": "TXT", "data": str, "ttl": int}]})["records"][0]
        assert b["ttl"] >= 300
        self.by_id(id).add("TXT", b["name"], b["data"], b["ttl"])
        return self.running("POST")

    def running(self, verb):
        job = "586605c8-%04d" % len(self.jobs)
        self.jobs[job] = 0
        return 202, {"request": "", "status": "RUNNING", "verb": verb, "jobId": job, "callbackUrl": "%s/status/%s" % (self.base, job), "requestUrl": self.base}

    @route("GET", "/status/{job}")
    def status(self, r, job):
        r.query(showDetails="true")
        self.jobs[job] += 1
        return 200, {"status": "COMPLETED" if self.jobs[job] > 1 else "RUNNING", "jobId": job, "response": {"records": []}}

    @route("GET", "/domains/{id}/records")
    def list(self, r, id):
        q = r.query(type="TXT", name=str)
        found = [{"id": "TXT-%d" % x.id, "name": x.name, "type": x.type, "data": x.value, "ttl": x.ttl} for x in self.by_id(id).at(q["name"])]
        return 200, {"totalEntries": len(found), "records": found}

    @route("DELETE", "/domains/{id}/records")
    def delete(self, r, id):
        r.nothing()
        self.by_id(id).drop(r.query(id=str)["id"][4:])
        return self.running("DELETE")
