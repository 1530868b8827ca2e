from fake import Api, bearer, route


class Netlify(Api):
    code = "netlify"
    source = "https://open-api.netlify.com/#tag/dnsZone; pages: https://docs.netlify.com/api/get-started/#pagination"
    env = {"NETLIFY_TOKEN": "nfp_0123456789"}
    wrong = {"NETLIFY_TOKEN": "nfp_not_right"}
    base = "https://api.netlify.com/api/v1"
    authorize = bearer(env["NETLIFY_TOKEN"])
    denied = (401, {"code": 401, "message": "Access Denied"})
    denied_text = "Access Denied"
    lists_zones = True
    not_found = (404, {"code": 404, "message": "Not Found"})

    def zid(self, zone):
        return "5b43%06d" % zone.id

    def by_id(self, id):
        return self.zone(int(id[4:]))

    def show(self, zone, x):
        return {"hostname": x.name, "type": x.type, "ttl": x.ttl, "priority": None, "weight": None, "port": None, "flag": None, "tag": None,
                "id": "5b47%d" % x.id, "site_id": None, "dns_zone_id": self.zid(zone), "errors": [], "managed": False, "value": x.value}

    @route("GET", "/dns_zones")
    def list_zones(self, r):
        return self.pages(r, [{"id": self.zid(z), "name": z.name, "errors": [], "account_slug": "somebody", "records": []} for z in self.zones.values()])

    def pages(self, r, items):
        number = int(r.query_map.get("page", "1"))
        some, last = self.page(items, number)
        here = r.url.split("?")[0]
        links = ['<%s?page=%d>; rel="%s"' % (here, n, word) for n, word in ((number - 1, "prev"), (number + 1, "next"), (last, "last")) if 0 < n <= last]
        return 200, some, [("Link", ", ".join(links))]

    @route("POST", "/dns_zones/{id}/dns_records")
    def create(self, r, id):
        b, zone = r.json({"type": "TXT", "hostname": str, "value": str, "ttl": int}), self.by_id(id)
        return 201, self.show(zone, zone.add("TXT", b["hostname"], b["value"], b["ttl"]))

    @route("GET", "/dns_zones/{id}/dns_records")
    def list(self, r, id):
        zone = self.by_id(id)
        return self.pages(r, [self.show(zone, x) for x in zone.records])

    @route("DELETE", "/dns_zones/{id}/dns_records/{rid}")
    def delete(self, r, id, rid):
        r.nothing()
        self.by_id(id).drop(rid[4:])
        return 204, None
