from fake import SUB, TTL, VALUE, Crud, basic, quoted


class LimaCity(Crud):
    code = "limacity"
    source = "https://www.lima-city.de/hilfe/lima-city-api"
    env = {"LIMACITY_API_KEY": "limacity-0123456"}
    wrong = {"LIMACITY_API_KEY": "limacity-wrong"}
    base = "https://www.lima-city.de/usercp"
    authorize = basic("api", "limacity-0123456")
    denied = (401, {"status": "unauthorized", "errors": {}})
    denied_text = "unauthorized"
    zones_at = "GET /domains.json"
    create = "POST /domains/{zone}/records.json"
    body = {"nameserver_record": {"name": SUB, "content": VALUE, "ttl": TTL, "type": "TXT"}}
    records_at = "GET /domains/{zone}/records.json"
    remove = "DELETE /domains/{zone}/records/{id}"
    removed = (200, {"status": "ok"})

    def list_zones(self, r, shown):
        return 200, {"domains": [{"id": z["id"], "unicode_fqdn": z["name"], "status": "ok"} for z in shown]}

    def made(self, zone, x):
        return 200, {"status": "ok"}

    def show(self, zone, x):
        return {"id": x.id, "content": quoted(x.value) if x.type == "TXT" else x.value, "name": x.name, "subdomain": zone.sub(x, ""), "ttl": x.ttl, "type": x.type}

    def list_records(self, r, shown):
        return 200, {"records": shown}
