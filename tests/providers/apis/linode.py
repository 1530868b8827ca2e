from fake import Api, bearer, route


class Linode(Api):
    code = "linode"
    source = "https://techdocs.akamai.com/linode-api/reference/post-domain-record"
    env = {"LINODE_TOKEN": "linode-0123456789"}
    wrong = {"LINODE_TOKEN": "linode-not-right"}
    base = "https://api.linode.com/v4"
    authorize = bearer(env["LINODE_TOKEN"])
    denied = (401, {"errors": [{"reason": "Invalid Token"}]})
    denied_text = "Invalid Token"
    not_found = (404, {"errors": [{"reason": "Not found"}]})
    lists_zones, page_size = True, 500

    def paged(self, r, items):
        q = dict(r.query_map)
        assert q["page_size"] == "500"
        some, pages = self.page(items, q["page"])
        return 200, {"data": some, "page": int(q["page"]), "pages": pages, "results": len(items)}

    @route("GET", "/domains")
    def list_zones(self, r):
        return self.paged(r, [{"id": z.id, "domain": z.name, "type": "master"} for z in self.zones.values()])

    def show(self, zone, x):
        return {"id": x.id, "type": x.type, "name": zone.sub(x, ""), "target": x.value, "ttl_sec": x.ttl, "priority": 0, "weight": 0, "port": 0}

    @route("POST", "/domains/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"type": "TXT", "name": str, "target": str, "ttl_sec": int}), self.zone(id)
        return 200, self.show(zone, zone.add("TXT", zone.full(b["name"]), b["target"], b["ttl_sec"]))

    @route("GET", "/domains/{id}/records")
    def list(self, r, id):
        zone = self.zone(id)
        return self.paged(r, [self.show(zone, x) for x in zone.records])

    @route("DELETE", "/domains/{id}/records/{rid}")
    def delete(self, r, id, rid):
        self.zone(id).drop(rid)
        return 200, {}
