from fake import Api, header_is, route


class Poweradmin(Api):
    code = "poweradmin"
    source = "https://docs.poweradmin.org/configuration/api/ and https://github.com/poweradmin/poweradmin (lib/Application/Controller/Api/V2)"
    env = {"POWERADMIN_BASE_URL": "https://admin.example.net", "POWERADMIN_API_KEY": "pwa_0123456789"}
    wrong = {"POWERADMIN_API_KEY": "pwa_not_right"}
    base = "https://admin.example.net/api/v2"
    authorize = header_is("x-api-key", "pwa_0123456789")
    denied = (401, {"success": False, "message": "Invalid or missing API key", "data": None})
    denied_text = "Invalid or missing API key"
    not_found = (404, {"success": False, "message": "Record not found", "data": None})
    lists_zones = True

    @route("GET", "/zones")
    def list_zones(self, r):
        q = r.query(page=str, per_page="100")
        some, last = self.page(list(self.zones.values()), q["page"])
        return 200, {"success": True, "data": {"zones": [{"id": z.id, "name": z.name, "type": "MASTER", "created_at": None} for z in some]},
                     "pagination": {"current_page": int(q["page"]), "per_page": 100, "total": len(self.zones), "last_page": last}}

    @route("POST", "/zones/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"name": str, "type": "TXT", "content": str, "ttl": int}), self.zone(id)
        x = zone.add("TXT", b["name"], b["content"], b["ttl"])
        return 201, {"success": True, "message": "Record created successfully", "data": {"record": {
            "id": x.id, "zone_id": zone.id, "name": x.name, "content": x.value, "type": "TXT", "ttl": x.ttl}}}

    def records(self, zone):
        return {"records": [{"id": x.id, "name": x.name, "type": x.type, "content": x.value, "ttl": x.ttl, "priority": 0, "disabled": False, "auth": True}
                            for x in zone.records if x.type == "TXT"]}

    @route("GET", "/zones/{id}/records")
    def list(self, r, id):
        r.query(type="TXT")
        return 200, {"success": True, "message": "Records retrieved successfully", "data": self.records(self.zone(id))}

    @route("DELETE", "/zones/{id}/records/{rid}")
    def delete(self, r, id, rid):
        r.nothing()
        self.zone(id).drop(rid)
        return 204, {"success": True, "message": "Record deleted successfully", "data": None}


class Poweradmin40(Poweradmin):
    variant = "4.0"

    def records(self, zone):
        return Poweradmin.records(self, zone)["records"]
