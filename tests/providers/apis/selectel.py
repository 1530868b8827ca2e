from fake import Api, Denied, route


class Selectel(Api):
    code = "selectel"
    source = "https://docs.selectel.ru/api/dns-legacy"
    env = {"SELECTEL_API_TOKEN": "selectel-0123456789"}
    wrong = {"SELECTEL_API_TOKEN": "selectel-not-right"}
    base = "https://api.selectel.ru/domains/v1"
    denied = (401, {"error": "authorization failed", "code": 401, "field": "token"})
    denied_text = "authorization failed token [401]"
    not_found = (404, {"error": "not found", "code": 404, "field": ""})

    def authorize(self, r):
        if r.header("x-token") != list(self.env.values())[0]:
            raise Denied()

    @route("GET", "/{name}")
    def by_name(self, r, name):
        zone = self.zone(name)
        return 200, {"id": zone.id, "name": zone.name, "user_id": 1, "create_date": 1, "change_date": 1, "tags": []}

    def show(self, x):
        return {"id": x.id, "name": x.name, "type": x.type, "ttl": x.ttl, "content": x.value, "change_date": 1}

    @route("POST", "/{id}/records/")
    def create(self, r, id):
        b = r.json({"name": str, "type": "TXT", "ttl": int, "content": str})
        assert b["ttl"] >= 60
        return 200, self.show(self.zone(id).add("TXT", b["name"], b["content"], b["ttl"]))

    @route("GET", "/{id}/records/")
    def list(self, r, id):
        return 200, [self.show(x) for x in self.zone(id).records]

    @route("DELETE", "/{id}/records/{rid}")
    def delete(self, r, id, rid):
        r.nothing()
        self.zone(id).drop(rid)
        return 204, None
