import json

from fake import Api, Denied, Gone, route, same


class ManageEngine(Api):
    code = "manageengine"
    source = "https://pitstop.manageengine.com/portal/en/kb/articles/manageengine-clouddns-rest-api-documentation"
    env = {"MANAGEENGINE_CLIENT_ID": "client-0123", "MANAGEENGINE_CLIENT_SECRET": "manage-0123456789"}
    wrong = {"MANAGEENGINE_CLIENT_SECRET": "manage-not-right"}
    base = "https://clouddns.manageengine.com/v1"
    denied = (401, {"error": "invalid_client"})
    denied_text = "invalid_client"
    not_found = (404, {"detail": "Not found."})
    open_routes = ("login",)

    def setup(self):
        self.ids = {}

    def authorize(self, r):
        if r.header("authorization") != "Bearer manage-session-token":
            raise Denied()

    @route("POST", "https://clouddns.manageengine.com/oauth2/token/")
    def login(self, r):
        r.form({"grant_type": "client_credentials"})
        if r.basic() != "client-0123:" + ManageEngine.env["MANAGEENGINE_CLIENT_SECRET"]:
            raise Denied()
        return 200, {"access_token": "manage-session-token", "expires_in": 36000, "token_type": "Bearer", "scope": "dns"}

    def id_of(self, name):
        return self.ids.setdefault(name, len(self.ids) + 6)

    def name_of(self, id):
        for name, i in self.ids.items():
            if str(i) == id:
                return name
        raise Gone()

    @route("GET", "/dns/domain")
    def list_zones(self, r):
        return 200, [{"zone_id": z.id, "zone_name": z.name + ".", "zone_ttl": 500, "zone_type": 0, "serial": 2022042206} for z in self.zones.values()]

    @route("GET", "/dns/domain/{id}/records/SPF_TXT")
    def list(self, r, id):
        zone = self.zone(id)
        return 200, [{"spf_txt_domain_id": self.id_of(n), "zone_id": zone.id, "domain_name": n + ".", "domain_ttl": zone.at(n)[0].ttl, "domain_location_id": 1,
                      "record_type": "TXT", "records": [{"record_id": 1, "value": [x.value for x in zone.at(n)], "disabled": False, "domain_id": self.id_of(n)}]}
                     for n in sorted({x.name for x in zone.records if x.type == "TXT"})]

    def config(self, r, zone, **more):
        ids = {"domain_id": more["spf_txt_domain_id"]} if more else {}
        c = same("config", json.loads(r.form({"config": str})["config"]), [{
            "zone_id": zone.id, "domain_name": str, "domain_ttl": int, "record_type": "TXT", "records": [{"value": list, **ids}], **more}])[0]
        assert c["domain_name"].endswith(".")
        zone.put(c["domain_name"][:-1], "TXT", c["records"][0]["value"], c["domain_ttl"])

    @route("POST", "/dns/domain/{id}/records/SPF_TXT/")
    def create(self, r, id):
        self.config(r, self.zone(id))
        return 201, {"message": "Record created successfully"}

    @route("PUT", "/dns/domain/{id}/records/SPF_TXT/{sid}/")
    def update(self, r, id, sid):
        self.name_of(sid)
        self.config(r, self.zone(id), spf_txt_domain_id=int(sid))
        return 200, {"message": "Record updated successfully"}

    @route("DELETE", "/dns/domain/{id}/records/SPF_TXT/{sid}")
    def delete(self, r, id, sid):
        r.nothing()
        self.zone(id).put(self.name_of(sid), "TXT", [])
        return 200, {"message": "Record deleted successfully"}
