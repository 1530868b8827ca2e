from fake import Api, bearer, route


class Connbyte(Api):
    code = "connbyte"
    source = "https://api.connbyte.com/; examples: lego, providers/dns/connbyte/internal/fixtures"
    env = {"CONNBYTE_TOKEN": "cb-token-0123456"}
    wrong = {"CONNBYTE_TOKEN": "cb-token-wrong00"}
    base = "https://api.connbyte.com/ns"
    authorize = bearer(env["CONNBYTE_TOKEN"])
    denied = (403, {"status": {"code": 403, "title": "Forbidden", "message": "The action is only for prepaid users."}})
    denied_text = "The action is only for prepaid users. [403]"
    not_found = (404, {"status": {"code": 404, "title": "Not Found", "message": "Not found."}})
    needs_saved = True

    def say(self, data):
        return 200, {"status": {"code": 200, "title": "OK", "message": "Data were transferred.", "version": "3.19.0"}, "data": data}

    @route("POST", "/zone/list")
    def zones_(self, r):
        r.nothing()
        return self.say([{"zone": {"id": "01DXF6DT%d" % z.id, "projectId": "01DXF", "title": "", "zone": z.name}} for z in self.zones.values()])

    @route("POST", "/record/create")
    def create(self, r):
        b = r.json({"zoneId": str, "name": str, "type": "TXT", "content": str, "ttl": int, "priority": 0, "disabled": False})
        zone = self.zone(b["zoneId"][8:])
        x = zone.add("TXT", zone.full(b["name"]), b["content"], b["ttl"])
        return self.say({"id": x.id, "record": x.name})

    @route("POST", "/record/delete")
    def delete(self, r):
        b = r.json({"zoneId": str, "recordId": int})
        self.zone(b["zoneId"][8:]).drop(b["recordId"])
        return self.say({})
