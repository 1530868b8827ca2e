from fake import Api, Gone, basic, quoted, route


class Rage4(Api):
    code = "rage4"
    source = "https://rage4.com/swagger/index.html?urls.primaryName=dns-legacy#/DNS"
    env = {"RAGE4_USERNAME": "somebody@example.net", "RAGE4_PASSWORD": "rage4-0123456789"}
    wrong = {"RAGE4_PASSWORD": "rage4-not-right"}
    base = "https://rage4.com/rapi"
    authorize = basic("somebody@example.net", "rage4-0123456789")
    denied = (401, {"type": "https://www.rfc-editor.org/rfc/rfc7235#section-3.1", "title": "Unauthorized", "status": 401, "detail": "Wrong key", "errors": []})
    denied_text = "Wrong key"
    not_found = (404, {"title": "Not Found", "status": 404, "detail": "No such record", "errors": []})

    @route("GET", "/GetDomains")
    def list_zones(self, r):
        return 200, [{"id": z.id, "name": z.name, "owner_email": "somebody@example.net", "type": "NATIVE"} for z in self.zones.values()]

    @route("POST", "/CreateRecord")
    def create(self, r):
        b = r.json({"id": int, "name": str, "content": str, "type": "TXT", "ttl": int, "isActive": True})
        return 200, {"status": True, "id": self.zone(b["id"]).add("TXT", b["name"], b["content"], b["ttl"]).id, "error": None}

    @route("GET", "/GetRecords")
    def list(self, r):
        zone = self.zone(r.query(id=str)["id"])
        return 200, [{"id": x.id, "name": x.name, "content": quoted(x.value) if x.type == "TXT" else x.value, "type": x.type, "ttl": x.ttl, "is_active": True}
                     for x in zone.records]

    @route("DELETE", "/DeleteRecord")
    def delete(self, r):
        r.nothing()
        id_ = r.query(id=str)["id"]
        for z in self.zones.values():
            if any(str(x.id) == id_ for x in z.records):
                z.drop(id_)
                return 200, {"status": True, "id": int(id_), "error": None}
        raise Gone()
