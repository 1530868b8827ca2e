from fake import Api, basic, route


class Veesp(Api):
    code = "veesp"
    source = "https://secure.veesp.com/userapi#dns-96"
    env = {"VEESP_USERNAME": "somebody@example.net", "VEESP_PASSWORD": "veesp-0123456789"}
    wrong = {"VEESP_PASSWORD": "veesp-not-right"}
    base = "https://secure.veesp.com/api"
    authorize = basic("somebody@example.net", "veesp-0123456789")
    denied = (401, {"error": ["wronglogin", "unauthorized"]})
    denied_text = "wronglogin"

    @route("GET", "/dns")
    def list_zones(self, r):
        return 200, {"service_ids": ["10"], "zones": [{"domain_id": str(z.id), "name": z.name, "service_id": "10"} for z in self.zones.values()]}

    @route("POST", "/service/10/dns/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"name": str, "ttl": int, "type": "TXT", "content": str}), self.zone(id)
        zone.add("TXT", zone.full(b["name"]), b["content"], b["ttl"])
        return 200, {"success": True}

    @route("GET", "/service/10/dns/{id}")
    def list(self, r, id):
        zone = self.zone(id)
        return 200, {"service_id": 10, "name": zone.name, "records": [
            {"id": str(x.id), "name": zone.sub(x), "ttl": x.ttl, "priority": 0, "content": x.value, "type": x.type} for x in zone.records]}

    @route("DELETE", "/service/10/dns/{id}/records/{rid}")
    def delete(self, r, id, rid):
        r.nothing()
        self.zone(id).drop(rid)
        return 200, {"success": True}
