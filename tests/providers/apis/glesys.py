from fake import Api, basic, route


class Glesys(Api):
    code = "glesys"
    source = "https://github.com/glesys/API/wiki/functions_domain"
    env = {"GLESYS_API_USER": "CL12345", "GLESYS_API_KEY": "glesys-0123456789"}
    wrong = {"GLESYS_API_KEY": "glesys-not-right"}
    base = "https://api.glesys.com"
    authorize = basic("CL12345", "glesys-0123456789")
    denied = (401, {"response": {"status": {"code": 401, "text": "You need to be authenticated to access this module."}}})
    denied_text = "You need to be authenticated to access this module."
    not_found = (404, {"response": {"status": {"code": 404, "text": "Could not find a record with this id."}}})

    def say(self, **more):
        return 200, {"response": {"status": {"code": 200, "text": "OK"}, **more}}

    def show(self, zone, x):
        return {"recordid": x.id, "domainname": zone.name, "host": zone.sub(x), "type": x.type, "data": x.value, "ttl": x.ttl}

    @route("POST", "/domain/addrecord")
    def create(self, r):
        b = r.json({"domainname": str, "host": str, "type": "TXT", "data": str, "ttl": int})
        zone = self.zone(b["domainname"])
        return self.say(record=self.show(zone, zone.add("TXT", zone.full(b["host"]), b["data"], b["ttl"])))

    @route("POST", "/domain/listrecords")
    def list(self, r):
        zone = self.zone(r.json({"domainname": str})["domainname"])
        return self.say(records=[self.show(zone, x) for x in zone.records])

    @route("POST", "/domain/deleterecord")
    def delete(self, r):
        id_ = r.json({"recordid": int})["recordid"]
        zone = next((z for z in self.zones.values() if any(x.id == id_ for x in z.records)), list(self.zones.values())[0])
        zone.drop(id_)
        return self.say()
