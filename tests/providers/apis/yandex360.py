from fake import Api, Denied, route


class Yandex360(Api):
    code = "yandex360"
    source = "https://yandex.ru/dev/api360/doc/ref/DomainDNSService/DomainDNSService_Create/ and _List, _Delete"
    env = {"YANDEX360_OAUTH_TOKEN": "y0_0123456789", "YANDEX360_ORG_ID": "1234567"}
    wrong = {"YANDEX360_OAUTH_TOKEN": "y0_not_right"}
    base = "https://api360.yandex.net/directory/v1/org/1234567"
    denied = (401, {"code": 16, "message": "Unauthenticated", "details": []})
    denied_text = "Unauthenticated [16]"
    not_found = (404, {"code": 5, "message": "Not Found", "details": []})

    def authorize(self, r):
        if r.header("authorization") != "OAuth " + Yandex360.env["YANDEX360_OAUTH_TOKEN"]:
            raise Denied()

    def show(self, zone, x):
        return {"recordId": x.id, "type": x.type, "name": zone.sub(x), "ttl": x.ttl, "text" if x.type == "TXT" else "address": x.value}

    @route("POST", "/domains/{name}/dns")
    def create(self, r, name):
        b, zone = r.json({"type": "TXT", "name": str, "text": str, "ttl": int}), self.zone(name)
        return 200, self.show(zone, zone.add("TXT", zone.full(b["name"]), b["text"], b["ttl"]))

    @route("GET", "/domains/{name}/dns")
    def list(self, r, name):
        q, zone = r.query(perPage="100", page=str), self.zone(name)
        some, last = self.page(zone.records, q["page"], 2)
        return 200, {"page": int(q["page"]), "pages": last, "perPage": 2, "total": len(zone.records), "records": [self.show(zone, x) for x in some]}

    @route("DELETE", "/domains/{name}/dns/{id}")
    def delete(self, r, name, id):
        r.nothing()
        self.zone(name).drop(id)
        return 200, {}
