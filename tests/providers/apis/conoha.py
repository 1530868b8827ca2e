from fake import Api, header_is, route


class ConoHa(Api):
    code = "conoha"
    source = "https://doc.conoha.jp/reference/api-vps2/api-dns-vps2"
    env = {"CONOHA_TENANT_ID": "487727e3", "CONOHA_API_USERNAME": "ConoHa", "CONOHA_API_PASSWORD": "conoha-pass-0123"}
    wrong = {"CONOHA_API_PASSWORD": "conoha-pass-wrong"}
    base = "https://dns-service.tyo1.conoha.io/v1"
    authorize = header_is("x-auth-token", "conoha-token-0123")
    open_routes = ("login",)
    denied = (401, {"unauthorized": {"message": "Invalid token", "code": 401}})
    denied_text = "Invalid user / password"
    not_found = (404, {"message": "Record not found", "code": 404})
    key = "id"

    @route("POST", "https://identity.tyo1.conoha.io/v2.0/tokens")
    def login(self, r):
        b = r.json({"auth": {"tenantId": "487727e3", "passwordCredentials": {"username": "ConoHa", "password": str}}})
        if b["auth"]["passwordCredentials"]["password"] != "conoha-pass-0123":
            return 401, {"error": {"message": "Invalid user / password", "code": 401, "title": "Unauthorized"}}
        return 200, {"access": {"token": {"issued_at": "2015-05-19T07:08:21.927295", "expires": "2015-05-20T07:08:21Z", "id": "conoha-token-0123"}}}

    @route("GET", "/domains")
    def domains(self, r):
        return 200, {"domains": [{self.key: "09494b72-%d" % z.id, "name": z.name + ".", "ttl": 3600, "serial": 1} for z in self.zones.values()]}

    def show(self, x):
        return {self.key: "2e32e609-%d" % x.id, "name": x.name + ".", "type": x.type, "data": x.value, "ttl": x.ttl, "priority": None}

    @route("POST", "/domains/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"name": str, "type": "TXT", "data": str, "ttl": int}), self.zone(id.split("-")[1])
        assert b["name"].endswith(".")
        return 200, self.show(zone.add("TXT", b["name"][:-1], b["data"], b["ttl"]))

    @route("GET", "/domains/{id}/records")
    def list(self, r, id):
        return 200, {"records": [self.show(x) for x in self.zone(id.split("-")[1]).records]}

    @route("DELETE", "/domains/{id}/records/{rid}")
    def delete(self, r, id, rid):
        self.zone(id.split("-")[1]).drop(rid.split("-")[1])
        return 204, None
