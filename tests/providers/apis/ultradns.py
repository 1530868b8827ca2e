from fake import Api, Denied, Gone, route


class UltraDns(Api):
    code = "ultradns"
    source = "https://ultra-portalstatic.ultradns.com/static/docs/REST-API_User_Guide.pdf and https://github.com/ultradns/ultradns-go-sdk"
    env = {"ULTRADNS_USERNAME": "somebody", "ULTRADNS_PASSWORD": "ultra-0123456789"}
    wrong = {"ULTRADNS_PASSWORD": "ultra-not-right"}
    base = "https://api.ultradns.com"
    denied = (401, {"errorCode": 60001, "errorMessage": "invalid_grant:Invalid username & password combination.", "error": "invalid_grant",
                    "error_description": "60001: invalid_grant:Invalid username & password combination."})
    denied_text = "Invalid username & password combination."
    not_found = (404, [{"errorCode": 70002, "errorMessage": "Data not found."}])
    open_routes = ("login",)

    def authorize(self, r):
        if r.header("authorization") != "Bearer ultra-session-token":
            raise Denied()

    @route("POST", "/authorization/token")
    def login(self, r):
        b = r.form({"grant_type": "password", "username": "somebody", "password": str})
        if b["password"] != UltraDns.env["ULTRADNS_PASSWORD"]:
            raise Denied()
        return 200, {"tokenType": "Bearer", "accessToken": "ultra-session-token", "expiresIn": "3600", "token_type": "Bearer",
                     "access_token": "ultra-session-token", "expires_in": "3600"}

    def place(self, name, owner):
        assert name.endswith(".") and owner.endswith(".")
        return self.zone(name[:-1]), owner[:-1]

    @route("GET", "/zones/{name}/rrsets/TXT/{owner}")
    def get(self, r, name, owner):
        zone, fqdn = self.place(name, owner)
        if not zone.at(fqdn):
            raise Gone()
        return 200, {"zoneName": name, "rrSets": [{"ownerName": owner, "rrtype": "TXT (16)", "ttl": zone.at(fqdn)[0].ttl, "rdata": [x.value for x in zone.at(fqdn)]}],
                     "queryInfo": {}, "resultInfo": {"totalCount": 1, "offset": 0, "returnedCount": 1}}

    def put_set(self, r, name, owner, there):
        zone, fqdn = self.place(name, owner)
        assert bool(zone.at(fqdn)) == there
        b = r.json({"ownerName": owner, "rrtype": "TXT", "ttl": int, "rdata": list})
        zone.put(fqdn, "TXT", b["rdata"], b["ttl"])

    @route("POST", "/zones/{name}/rrsets/TXT/{owner}")
    def create(self, r, name, owner):
        self.put_set(r, name, owner, False)
        return 201, {"message": "Successful"}

    @route("PUT", "/zones/{name}/rrsets/TXT/{owner}")
    def update(self, r, name, owner):
        self.put_set(r, name, owner, True)
        return 200, {"message": "Successful"}

    @route("DELETE", "/zones/{name}/rrsets/TXT/{owner}")
    def delete(self, r, name, owner):
        r.nothing()
        zone, fqdn = self.place(name, owner)
        zone.put(fqdn, "TXT", [])
        return 204, None
