import hashlib

from fake import Api, Denied, bearer, route


class Ovh(Api):
    code, variant = "ovh", "keys"
    source = "https://help.ovhcloud.com/csm/en-api-getting-started-ovhcloud-api (signature), https://eu.api.ovh.com/console/?section=%2Fdomain"
    env = {"OVH_APPLICATION_KEY": "app-key-012345", "OVH_APPLICATION_SECRET": "app-secret-012345", "OVH_CONSUMER_KEY": "consumer-012345"}
    wrong = {"OVH_APPLICATION_SECRET": "not-the-right-secret"}
    base = "https://eu.api.ovh.com/1.0"
    denied = (400, {"message": "Invalid signature", "errorCode": "INVALID_SIGNATURE", "httpCode": "400 Bad Request"})
    denied_text = "Invalid signature"
    not_found = (404, {"message": "This service does not exist", "httpCode": "404 Not Found"})
    open_routes = ("time",)
    skew = 3600  # the machine's clock is an hour slow; the API's counts
    refreshed = True

    def authorize(self, r):
        stamp = r.header("x-ovh-timestamp")
        assert abs(int(stamp) - (r.now + self.skew)) < 30 and r.header("x-ovh-application") == self.env["OVH_APPLICATION_KEY"]
        text = "+".join([self.env["OVH_APPLICATION_SECRET"], self.env["OVH_CONSUMER_KEY"], r.method, r.url, r.text or "", stamp])
        if r.header("x-ovh-consumer") != self.env["OVH_CONSUMER_KEY"] or r.header("x-ovh-signature") != "$1$" + hashlib.sha1(text.encode()).hexdigest():
            raise Denied()

    @route("GET", "/auth/time")
    def time(self, r):
        return 200, str(r.now + self.skew), [("Content-Type", "application/json")]

    @route("POST", "/domain/zone/{name}/record")
    def create(self, r, name):
        b, zone = r.json({"fieldType": "TXT", "subDomain": str, "target": str, "ttl": int}), self.zone(name)
        record = zone.add("TXT", zone.full(b["subDomain"]), b["target"], b["ttl"])
        self.refreshed = False
        return 200, {**b, "id": record.id, "zone": name}

    @route("GET", "/domain/zone/{name}/record")
    def ids(self, r, name):
        q, zone = r.query(fieldType="TXT", subDomain=str), self.zone(name)
        return 200, [x.id for x in zone.at(zone.full(q["subDomain"]))]

    @route("GET", "/domain/zone/{name}/record/{id}")
    def get(self, r, name, id):
        zone = self.zone(name)
        x = zone.get(id)
        return 200, {"id": x.id, "zone": name, "fieldType": x.type, "subDomain": zone.sub(x, ""), "target": x.value, "ttl": x.ttl}

    @route("DELETE", "/domain/zone/{name}/record/{id}")
    def delete(self, r, name, id):
        self.zone(name).drop(id)
        self.refreshed = False
        return 200, "null", [("Content-Type", "application/json")]

    @route("POST", "/domain/zone/{name}/refresh")
    def refresh(self, r, name):
        r.nothing()
        assert not self.refreshed, "refreshed although nothing changed"
        self.refreshed = True
        return 200, "null", [("Content-Type", "application/json")]


class OvhOauth(Ovh):
    variant = "oauth2"
    env = {"OVH_CLIENT_ID": "EU.client-0123", "OVH_CLIENT_SECRET": "client-secret-0123", "OVH_ENDPOINT": "ovh-eu"}
    optional = ("OVH_ENDPOINT",)
    wrong = {"OVH_CLIENT_SECRET": "client-secret-wrong"}
    denied = (401, {"error": "invalid_client", "error_description": "Client authentication failed"})
    denied_text = "Client authentication failed"
    open_routes = ("login",)
    authorize = bearer("the-access-token")

    @route("POST", "https://www.ovh.com/auth/oauth2/token")
    def login(self, r):
        f = r.form({"grant_type": "client_credentials", "client_id": "EU.client-0123", "client_secret": str, "scope": "all"})
        if f["client_secret"] != self.env["OVH_CLIENT_SECRET"]:
            raise Denied()
        return 200, {"access_token": "the-access-token", "token_type": "Bearer", "expires_in": 3600, "scope": "all"}
