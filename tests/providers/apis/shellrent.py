from fake import Api, header_is, route


class Shellrent(Api):
    code = "shellrent"
    source = "https://api.shellrent.com/section/api2"
    env = {"SHELLRENT_USERNAME": "somebody", "SHELLRENT_TOKEN": "shell-0123456789"}
    wrong = {"SHELLRENT_TOKEN": "shell-not-right"}
    base = "https://manager.shellrent.com/api2"
    authorize = header_is("authorization", "somebody.shell-0123456789")
    denied = (401, {"error": 2, "title": "", "message": "Token di autorizzazione non valido", "data": None})
    denied_text = "Token di autorizzazione non valido [2]"
    not_found = (404, {"error": 404, "title": "", "message": "Record non trovato", "data": None})
    needs_saved = True  # no documented list of records is known to us

    def say(self, data):
        return 200, {"error": 0, "message": "", "data": data}

    @route("GET", "/purchase")
    def purchases(self, r):
        return self.say([2018] + [10000 + z.id for z in self.zones.values()])

    @route("GET", "/purchase/details/{id}")
    def purchase(self, r, id):
        if id == "2018":
            return self.say({"ID": 2018, "name": "a server", "domain_id": None})
        return self.say({"ID": int(id), "name": "domain", "domain_id": int(id) - 10000})

    @route("GET", "/domain/details/{id}")
    def domain_details(self, r, id):
        zone = self.zone(id)
        return self.say({"id": zone.id, "domain_name": zone.name, "domain_name_ascii": zone.name})

    @route("POST", "/dns_record/store/{id}")
    def store(self, r, id):
        b, zone = r.json({"type": "TXT", "host": str, "ttl": {3600, 14400, 28800, 57600, 86400}, "destination": str}), self.zone(id)
        return self.say({"id": str(zone.add("TXT", zone.full(b["host"]), b["destination"], b["ttl"]).id)})

    @route("DELETE", "/dns_record/remove/{id}/{rid}")
    def remove(self, r, id, rid):
        r.nothing()
        self.zone(id).drop(rid)
        return 200, {"error": 0, "message": ""}
