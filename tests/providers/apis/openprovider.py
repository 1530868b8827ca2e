import json

from fake import Api, Denied, quoted, route, unquoted


class Openprovider(Api):
    code = "openprovider"
    source = "https://docs.openprovider.com/doc/all#operation/UpdateZone, #operation/ListZoneRecords, #operation/Login"
    env = {"OPENPROVIDER_USERNAME": "somebody", "OPENPROVIDER_PASSWORD": "openprov-0123456789"}
    wrong = {"OPENPROVIDER_PASSWORD": "openprov-not-right"}
    base = "https://api.openprovider.eu/v1beta"
    denied = (500, {"desc": "Authentication/Authorization Failed", "code": 196})
    denied_text = "Authentication/Authorization Failed [196]"
    not_found = (500, {"desc": "The domain is not in your account", "code": 320})
    open_routes = ("login",)

    def authorize(self, r):
        if r.header("authorization") != "Bearer 20d65561c9636d262e59aec8582c20c7":
            raise Denied()

    @route("POST", "/auth/login")
    def login(self, r):
        b = r.json({"username": str, "password": str, "ip": "0.0.0.0"})
        if (b["username"], b["password"]) != ("somebody", Openprovider.env["OPENPROVIDER_PASSWORD"]):
            raise Denied()
        return 200, {"code": 0, "data": {"reseller_id": 123456, "token": "20d65561c9636d262e59aec8582c20c7"}, "desc": ""}

    def list_of(self, r, items):
        some = items[int(r.query_map.get("offset", 0)):][:500]
        return 200, {"code": 0, "data": {"results": some, "total": len(items)}, "desc": ""}

    @route("GET", "/dns/zones")
    def list_zones(self, r):
        q = r.query(limit="500", name_pattern=str, offset=str)
        return self.list_of(r, [{"id": z.id, "name": z.name, "type": "master", "reseller_id": 123456} for z in self.zones.values() if q["name_pattern"] in z.name])

    @route("GET", "/dns/zones/{name}/records")
    def list(self, r, name):
        r.query(limit="500", offset=str)
        return self.list_of(r, [{"name": x.name, "ttl": x.ttl, "type": x.type, "value": quoted(x.value) if x.type == "TXT" else x.value}
                                for x in self.zone(name).records])

    @route("PUT", "/dns/zones/{name}")
    def update(self, r, name):
        zone, what = self.zone(name), "add" if "add" in json.loads(r.text)["records"] else "remove"
        b = r.json({"id": zone.id, "name": name, "records": {what: [{"name": str, "ttl": int, "type": "TXT", "value": str}]}})["records"][what][0]
        if what == "add":
            assert b["ttl"] >= 600
            zone.add("TXT", zone.full(b["name"]), b["value"], b["ttl"])
        else:
            hit = [x for x in zone.at(zone.full(b["name"])) if (x.value, x.ttl) == (unquoted(b["value"]), b["ttl"])]
            zone.drop(hit[0].id)
        return 200, {"code": 0, "data": {"success": True}, "desc": ""}
