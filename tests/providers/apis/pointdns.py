from fake import Api, basic, quoted, route


class PointDns(Api):
    code = "pointdns"
    source = "https://w.pointhq.com/api/docs"
    env = {"POINTDNS_USERNAME": "somebody@example.net", "POINTDNS_PASSWORD": "point-0123456789"}
    wrong = {"POINTDNS_PASSWORD": "point-not-right"}
    base = "https://api.pointhq.com"
    authorize = basic("somebody@example.net", "point-0123456789")
    denied = (403, {"status": "Error", "message": "Access denied"})
    denied_text = "Error: Access denied"
    not_found = (404, {"status": "Error", "message": "Not found"})

    def show(self, zone, x):
        return {"zone_record": {"id": x.id, "name": x.name + ".", "data": quoted(x.value), "aux": None, "record_type": x.type, "ttl": x.ttl, "zone_id": zone.id}}

    @route("POST", "/zones/{name}/records")
    def create(self, r, name):
        b, zone = r.json({"zone_record": {"name": str, "record_type": "TXT", "data": str, "ttl": int}})["zone_record"], self.zone(name)
        return 201, self.show(zone, zone.add("TXT", zone.full(b["name"]), b["data"], b["ttl"]))

    @route("GET", "/zones/{name}/records")
    def list(self, r, name):
        zone = self.zone(name)
        return 200, [self.show(zone, x) for x in zone.records]

    @route("DELETE", "/zones/{name}/records/{id}")
    def delete(self, r, name, id):
        r.nothing()
        self.zone(name).drop(id)
        return 200, {"zone_record": {"status": "OK"}}
