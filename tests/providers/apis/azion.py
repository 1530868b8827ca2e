from fake import Api, Denied, route


class Azion(Api):
    code = "azion"
    source = "https://api.azion.com/ (Intelligent DNS), https://github.com/aziontech/azionapi-go-sdk/tree/main/idns"
    env = {"AZION_PERSONAL_TOKEN": "azion-token-0123"}
    wrong = {"AZION_PERSONAL_TOKEN": "azion-token-wrong"}
    base = "https://api.azionapi.net/intelligent_dns"
    denied = (401, {"detail": "Invalid token"})
    denied_text = "Invalid token"
    not_found = (404, {"detail": "Not found."})
    lists_zones, page_size = True, 50

    def authorize(self, r):
        assert r.header("accept") == "application/json; version=3"
        if r.header("authorization") != "Token azion-token-0123":
            raise Denied()

    def sets(self, zone):
        found = {}
        for x in zone.records:
            found.setdefault((x.name, x.type), []).append(x)
        return found

    def show(self, zone, records):
        return {"record_id": records[0].id, "entry": zone.sub(records[0]), "record_type": records[0].type, "ttl": records[0].ttl, "policy": "simple",
                "description": "", "answers_list": [x.value for x in records]}

    @route("GET", "")
    def list(self, r):
        q = r.query(page_size="50", page=str)
        some, pages = self.page(sorted(self.zones.values(), key=lambda z: -len(z.name)), q["page"])
        return 200, {"count": len(self.zones), "total_pages": pages, "schema_version": 3, "links": {"previous": None, "next": None},
                     "results": [{"id": z.id, "name": "zone %d" % z.id, "domain": z.name, "is_active": True} for z in some]}

    @route("GET", "/{id}/records")
    def records(self, r, id):
        q, zone = r.query(page_size="50", page=str), self.zone(id)
        some, pages = self.page(list(self.sets(zone).values()), q["page"], 2)
        return 200, {"count": 9, "total_pages": pages, "schema_version": 3, "links": {}, "results": {"zone_id": zone.id, "domain": zone.name,
                                                                                                    "records": [self.show(zone, x) for x in some]}}

    def body(self, r):
        b = r.json({"entry": str, "record_type": "TXT", "answers_list": list, "ttl": int})
        assert b["entry"] and b["answers_list"]
        return b

    @route("POST", "/{id}/records")
    def create(self, r, id):
        b, zone = self.body(r), self.zone(id)
        assert not zone.at(zone.full(b["entry"]))
        zone.put(zone.full(b["entry"]), "TXT", b["answers_list"], b["ttl"])
        return 201, {"schema_version": 3, "results": [{"id": 1}]}

    def find(self, zone, rid):
        for key, records in self.sets(zone).items():
            if str(records[0].id) == rid:
                return key
        raise AssertionError("no record set has the id " + rid)

    @route("PUT", "/{id}/records/{rid}")
    def put(self, r, id, rid):
        b, zone = self.body(r), self.zone(id)
        assert self.find(zone, rid) == (zone.full(b["entry"]), "TXT")
        zone.put(zone.full(b["entry"]), "TXT", b["answers_list"], b["ttl"])
        return 200, {"schema_version": 3, "results": [{"id": 1}]}

    @route("DELETE", "/{id}/records/{rid}")
    def delete(self, r, id, rid):
        zone = self.zone(id)
        name, type_ = self.find(zone, rid)
        zone.put(name, type_, [])
        return 200, {"schema_version": 3, "results": {"message": "deleted"}}
