import re

from fake import Api, Denied, bearer, route


class StackPath(Api):
    code = "stackpath"
    source = "https://stackpath.dev/reference (getzones, getzonerecords, createzonerecord, deletezonerecord; gone with the service); examples: lego, providers/dns/stackpath/internal/fixtures of 4.35"
    env = {"STACKPATH_CLIENT_ID": "stack-client-01", "STACKPATH_CLIENT_SECRET": "stack-secret-0123", "STACKPATH_STACK_ID": "my-stack"}
    wrong = {"STACKPATH_CLIENT_SECRET": "stack-secret-wrong"}
    base = "https://gateway.stackpath.com/dns/v1/stacks/my-stack/zones"
    authorize = bearer("stack-token-0123456789")
    denied = (401, {"code": 401, "error": "an unauthorized request is attempted."})
    denied_text = "an unauthorized request is attempted. [401]"
    not_found = (404, {"code": 5, "error": "no such record"})
    open_routes = ("login",)

    @route("POST", "https://gateway.stackpath.com/identity/v1/oauth2/token")
    def login(self, r):
        f = r.form({"grant_type": "client_credentials", "client_id": "stack-client-01", "client_secret": str})
        if f["client_secret"] != self.env["STACKPATH_CLIENT_SECRET"]:
            raise Denied()
        return 200, {"access_token": "stack-token-0123456789", "token_type": "bearer", "expires_in": 3600}

    @route("GET", "")
    def list_zones(self, r):
        name = re.fullmatch(r"domain='([a-z0-9.-]+)'", r.query(**{"page_request.filter": str})["page_request.filter"])[1]
        return 200, {"zones": [{"stackId": "my-stack", "id": str(z.id), "domain": z.name, "status": "ACTIVE"} for z in self.zones.values() if z.name == name]}

    @route("GET", "/{zone}/records")
    def records(self, r, zone):
        z = self.zone(zone)
        sub = re.fullmatch(r"name='([a-z0-9._@-]+)' and type='TXT'", r.query(**{"page_request.filter": str})["page_request.filter"])[1]
        return 200, {"records": [{"id": str(x.id), "name": sub, "type": "TXT", "ttl": x.ttl, "data": x.value} for x in z.at(z.full(sub))]}

    @route("POST", "/{zone}/records")
    def add(self, r, zone):
        b, z = r.json({"name": str, "type": "TXT", "ttl": int, "data": str}), self.zone(zone)
        x = z.add("TXT", z.full(b["name"]), b["data"], b["ttl"])
        return 200, {"record": {**b, "id": str(x.id)}}

    @route("DELETE", "/{zone}/records/{id}")
    def remove(self, r, zone, id):
        self.zone(zone).drop(id)
        return 204, None
