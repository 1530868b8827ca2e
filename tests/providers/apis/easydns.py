from fake import Api, Gone, basic, route


class EasyDns(Api):
    code = "easydns"
    source = "https://docs.sandbox.rest.easydns.net/"
    env = {"EASYDNS_TOKEN": "easy-token-0123", "EASYDNS_KEY": "easy-key-0123"}
    wrong = {"EASYDNS_KEY": "easy-key-wrong"}
    base = "https://rest.easydns.net"
    authorize = basic("easy-token-0123", "easy-key-0123")
    denied = (403, {"error": {"code": 403, "message": "Access denied: wrong token or key"}})
    denied_text = "Access denied: wrong token or key"
    one_at_a_time = True
    not_found = (404, {"error": {"code": 404, "message": "Zone or record not found"}})

    def show(self, zone, x):
        return {"id": str(x.id), "domain": zone.name, "host": zone.sub(x), "ttl": str(x.ttl), "prio": "0", "geozone_id": "0", "type": x.type, "rdata": x.value}

    @route("GET", "/zones/records/all/{name}")
    def list(self, r, name):
        r.query(format="json")
        zone = self.zone(name)
        return 200, {"tm": 0, "data": [self.show(zone, x) for x in zone.records], "count": len(zone.records), "status": 200}

    @route("PUT", "/zones/records/add/{name}/TXT")
    def create(self, r, name):
        zone = self.zone(name)
        b = r.json({"domain": name, "host": str, "ttl": str, "prio": "0", "type": "TXT", "rdata": str})
        return 201, {"msg": "OK", "tm": 0, "status": 201, "data": self.show(zone, zone.add("TXT", zone.full(b["host"]), b["rdata"], int(b["ttl"])))}

    @route("DELETE", "/zones/records/{name}/{id}")
    def delete(self, r, name, id):
        self.zone(name).drop(id)
        return 200, {"msg": "OK", "status": 200}
