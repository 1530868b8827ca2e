from fake import Api, header_is, route


class ArvanCloud(Api):
    code = "arvancloud"
    source = "https://www.arvancloud.ir/docs/api/cdn/4.0 (dns_records.list, .create, .remove); examples: lego, providers/dns/arvancloud/internal/fixtures"
    env = {"ARVANCLOUD_API_KEY": "Apikey arvan-0123456789"}
    wrong = {"ARVANCLOUD_API_KEY": "Apikey arvan-not-right"}
    base = "https://napi.arvancloud.ir/cdn/4.0"
    authorize = header_is("authorization", env["ARVANCLOUD_API_KEY"])
    denied = (401, {"message": "Unauthenticated."})
    denied_text = "Unauthenticated."
    not_found = (404, {"message": "Not Found"})
    page_size = 2

    def show(self, zone, x):
        value = {"text": x.value} if x.type == "TXT" else [{"ip": x.value, "port": None, "weight": 1, "country": ""}]
        return {"id": "fe93c082-%d" % x.id, "type": x.type.lower(), "name": zone.sub(x), "value": value, "ttl": x.ttl, "cloud": False,
                "upstream_https": "default", "ip_filter_mode": {"count": "single", "order": "none", "geo_filter": "none"}, "can_delete": True}

    @route("POST", "/domains/{name}/dns-records")
    def create(self, r, name):
        b = r.json({"type": "txt", "name": str, "value": {"text": str}, "ttl": int, "upstream_https": "default",
                    "ip_filter_mode": {"count": "single", "order": "none", "geo_filter": "none"}})
        zone = self.zone(name)
        return 201, {"data": self.show(zone, zone.add("TXT", zone.full(b["name"]), b["value"]["text"], b["ttl"])), "message": "DNS record created successfully"}

    @route("GET", "/domains/{name}/dns-records")
    def list(self, r, name):
        zone, number = self.zone(name), r.query(page=str)["page"]
        some, pages = self.page(zone.records, number)
        return 200, {"data": [self.show(zone, x) for x in some], "links": {}, "meta": {"current_page": int(number), "last_page": pages, "total": len(zone.records)}}

    @route("DELETE", "/domains/{name}/dns-records/{id}")
    def delete(self, r, name, id):
        r.nothing()
        self.zone(name).drop(id.split("-")[1])
        return 200, {"message": "DNS record deleted successfully"}
