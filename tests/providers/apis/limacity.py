from fake import Api, basic, quoted, route


class LimaCity(Api):
    code = "limacity"
    source = "https://www.lima-city.de/hilfe/lima-city-api"
    env = {"LIMACITY_API_KEY": "lima-0123456789"}
    wrong = {"LIMACITY_API_KEY": "lima-not-right"}
    base = "https://www.lima-city.de/usercp"
    authorize = basic("api", "lima-0123456789")
    denied = (401, {"status": "unauthorized", "errors": {"base": ["wrong key"]}})
    denied_text = "unauthorized wrong key"
    not_found = (404, {"status": "not_found"})

    @route("GET", "/domains.json")
    def list_zones(self, r):
        return 200, {"domains": [{"id": z.id, "mode": "CREATE", "tld": z.name.split(".")[-1], "domain": z.name.split(".")[0], "in_subscription": False,
                                  "auto_renew": False, "status": "ok", "unicode_fqdn": z.name} for z in self.zones.values()]}

    @route("POST", "/domains/{id}/records.json")
    def create(self, r, id):
        b, zone = r.json({"nameserver_record": {"name": str, "content": str, "ttl": int, "type": "TXT"}})["nameserver_record"], self.zone(id)
        zone.add("TXT", zone.full(b["name"]), b["content"], b["ttl"])
        return 200, {"status": "ok"}

    @route("GET", "/domains/{id}/records.json")
    def list(self, r, id):
        zone = self.zone(id)
        return 200, {"records": [{"id": x.id, "content": quoted(x.value) if x.type == "TXT" else x.value, "name": x.name, "subdomain": zone.sub(x, None),
                                  "ttl": x.ttl, "type": x.type, "priority": None} for x in zone.records]}

    @route("DELETE", "/domains/{id}/records/{rid}")
    def delete(self, r, id, rid):
        r.nothing()
        self.zone(id).drop(rid)
        return 200, {"status": "ok"}
