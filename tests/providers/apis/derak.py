from fake import Api, basic, route


class Derak(Api):
    code, variant = "derak", "listed"
    source = "https://derak.cloud/faq/programming/ (API); as noted in lego, providers/dns/derak/internal/readme.md"
    env = {"DERAK_API_KEY": "derak-key-012345"}
    wrong = {"DERAK_API_KEY": "derak-key-wrong0"}
    base = "https://api.derak.cloud/v1.0"
    authorize = basic("api", "derak-key-012345")
    denied = (403, {"success": False, "error": 1003})
    denied_text = "error 1003"
    not_found = (404, {"success": False, "error": 1021})

    @route("GET", "https://api.derak.cloud/api/v2/service/cdn/zones")
    def sites(self, r):
        return 200, {"success": True, "result": [{"zoneId": "47c0%d" % z.id, "contextType": "CDN", "humanReadable": z.name, "status": "active"}
                                                 for z in self.zones.values()]}

    def show(self, zone, x):
        return {"recordId": "812b%d" % x.id, "type": x.type, "host": zone.sub(x, zone.name), "content": x.value, "ttl": x.ttl, "cloud": False, "advanced": False,
                "customSSLType": ""}

    @route("PUT", "/zones/{id}/dnsrecords")
    def create(self, r, id):
        b, zone = r.json({"type": "TXT", "host": str, "content": str, "ttl": int}), self.zone(id[4:])
        return 201, self.show(zone, zone.add("TXT", zone.full(b["host"]), b["content"], b["ttl"]))

    @route("GET", "/zones/{id}/dnsrecords")
    def list(self, r, id):
        q, zone = r.query(dnsType="TXT", content=str), self.zone(id[4:])
        found = [self.show(zone, x) for x in zone.records if x.type == "TXT" and q["content"] in x.value]
        return 200, {"data": found, "count": len(found)}

    @route("DELETE", "/zones/{id}/dnsrecords/{rid}")
    def delete(self, r, id, rid):
        self.zone(id[4:]).drop(rid[4:])
        return 200, {"success": True}


class DerakSite(Derak):
    """The site is told, its zone is found in DNS."""
    variant = "site"
    optional = ("DERAK_WEBSITE_ID",)
    hosts_sub_zones = False

    def setup(self):
        self.env = {**Derak.env, "DERAK_WEBSITE_ID": "47c0%d" % next(iter(self.zones.values())).id}

    @route("GET", "https://api.derak.cloud/api/v2/service/cdn/zones")
    def sites(self, r):
        raise AssertionError("nobody needs to ask for the site")
