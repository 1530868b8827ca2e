from fake import SUB, TTL, VALUE, Crud, header_is


class ArvanCloud(Crud):
    code = "arvancloud"
    source = "https://www.arvancloud.ir/docs/api/cdn/4.0"
    env = {"ARVANCLOUD_API_KEY": "Apikey 01234567-89ab"}
    wrong = {"ARVANCLOUD_API_KEY": "Apikey not-right"}
    base = "https://napi.arvancloud.ir/cdn/4.0/domains"
    authorize = header_is("authorization", env["ARVANCLOUD_API_KEY"])
    denied = (401, {"message": "Unauthenticated."})
    denied_text = "Unauthenticated."
    create = "POST /{zone}/dns-records"
    body = {"type": "txt", "name": SUB, "ttl": TTL, "value": {"text": VALUE}, "upstream_https": "default",
            "ip_filter_mode": {"count": "single", "order": "none", "geo_filter": "none"}}
    records_at, records_query = "GET /{zone}/dns-records", None
    remove = "DELETE /{zone}/dns-records/{id}"
    removed = (200, {"message": "DNS record deleted"})
    page_size = 3

    def show(self, zone, x):
        return {"id": str(x.id), "type": x.type.lower(), "name": zone.sub(x), "value": {"text": x.value}, "ttl": x.ttl, "cloud": False}

    def made(self, zone, x):
        return 201, {"data": self.show(zone, x), "message": "DNS record created"}

    def list_records(self, r, shown):
        q = r.query(per_page="100", page=str)
        some, pages = self.page(shown, q["page"])
        return 200, {"data": some, "meta": {"current_page": int(q["page"]), "last_page": pages, "per_page": 100, "total": len(shown)}}
