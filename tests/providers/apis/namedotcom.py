from fake import Api, basic, route


class NameDotCom(Api):
    code = "namedotcom"
    source = "https://www.name.com/api-docs/dns"
    env = {"NAMECOM_USERNAME": "somebody", "NAMECOM_API_TOKEN": "namecom-0123456789"}
    wrong = {"NAMECOM_API_TOKEN": "namecom-not-right"}
    base = "https://api.name.com/v4"
    authorize = basic("somebody", "namecom-0123456789")
    denied = (401, {"message": "Unauthenticated", "details": ""})
    denied_text = "Unauthenticated"
    not_found = (404, {"message": "Not Found"})
    page_size = 3  # so that the records are on several pages

    def show(self, zone, x):
        return {"id": x.id, "domainName": zone.name, "host": zone.sub(x, ""), "fqdn": x.name + ".", "type": x.type, "answer": x.value, "ttl": x.ttl}

    @route("POST", "/domains/{name}/records")
    def create(self, r, name):
        b, zone = r.json({"host": str, "type": "TXT", "answer": str, "ttl": int}), self.zone(name)
        assert b["ttl"] >= 300
        return 200, self.show(zone, zone.add("TXT", zone.full(b["host"]), b["answer"], b["ttl"]))

    @route("GET", "/domains/{name}/records")
    def list(self, r, name):
        q, zone = r.query(perPage="1000", page=str), self.zone(name)
        some, pages = self.page([self.show(zone, x) for x in zone.records], q["page"])
        return 200, {"records": some, **({"nextPage": int(q["page"]) + 1, "lastPage": pages} if int(q["page"]) < pages else {})}

    @route("DELETE", "/domains/{name}/records/{id}")
    def delete(self, r, name, id):
        self.zone(name).drop(id)
        return 200, {}
