from fake import Api, header_is, quoted, route, unquoted


class SafeDns(Api):
    code = "safedns"
    source = "https://developers.ukfast.io/documentation/safedns"
    env = {"SAFEDNS_AUTH_TOKEN": "safedns-0123456789"}
    wrong = {"SAFEDNS_AUTH_TOKEN": "safedns-not-right"}
    base = "https://api.ukfast.io/safedns/v1"
    authorize = header_is("authorization", "safedns-0123456789")
    denied = (401, {"message": "Unauthenticated"})
    denied_text = "Unauthenticated"
    not_found = (404, {"errors": [{"title": "Not found", "detail": "No record found for supplied ID", "status": 404}]})

    @route("POST", "/zones/{name}/records")
    def create(self, r, name):
        b, zone = r.json({"type": "TXT", "name": str, "content": str, "ttl": int}), self.zone(name)
        id_ = zone.add("TXT", b["name"], unquoted(b["content"]), b["ttl"]).id
        return 201, {"data": {"id": id_}, "meta": {"location": "%s/zones/%s/records/%d" % (self.base, name, id_)}}

    @route("GET", "/zones/{name}/records")
    def list(self, r, name):
        zone, page = self.zone(name), int(r.query_map.get("page", "1"))
        some, last = self.page(zone.records, page, 2)
        here = "%s/zones/%s/records?page=" % (self.base, name)
        return 200, {"data": [{"id": x.id, "name": x.name, "type": x.type, "content": quoted(x.value), "ttl": x.ttl} for x in some],
                     "meta": {"pagination": {"total": len(zone.records), "count": len(some), "per_page": 2, "total_pages": last,
                                             "links": {"next": here + str(page + 1) if page < last else None}}}}

    @route("DELETE", "/zones/{name}/records/{id}")
    def delete(self, r, name, id):
        r.nothing()
        self.zone(name).drop(id)
        return 204, None
