from fake import Api, basic, route


class Simply(Api):
    code = "simply"
    source = "https://www.simply.com/en/docs/api/"
    env = {"SIMPLY_ACCOUNT_NAME": "S123456", "SIMPLY_API_KEY": "simply-0123456789"}
    wrong = {"SIMPLY_API_KEY": "simply-not-right"}
    base = "https://api.simply.com/2"
    authorize = basic("S123456", "simply-0123456789")
    denied = (401, {"error": "Invalid account authorization"})
    denied_text = "Invalid account authorization"
    not_found = (404, {"error": "Unknown DNS record"})

    @route("POST", "/my/products/{name}/dns/records/")
    def create(self, r, name):
        b, zone = r.json({"type": "TXT", "name": str, "data": str, "ttl": int}), self.zone(name)
        return 200, {"status": 200, "message": "success", "record": {"id": zone.add("TXT", zone.full(b["name"]), b["data"], b["ttl"]).id}}

    @route("GET", "/my/products/{name}/dns/records/")
    def list(self, r, name):
        zone = self.zone(name)
        return 200, {"status": 200, "message": "success", "records": [
            {"record_id": x.id, "name": zone.sub(x), "ttl": x.ttl, "data": x.value, "type": x.type, "priority": 0} for x in zone.records]}

    @route("DELETE", "/my/products/{name}/dns/records/{id}/")
    def delete(self, r, name, id):
        self.zone(name).drop(id)
        return 200, {"status": 200, "message": "success"}
