from fake import Api, header_is, route

TYPES = {"A": 0, "TXT": 3, "MX": 4}


class Bunny(Api):
    code = "bunny"
    source = "https://docs.bunny.net/reference/dnszonepublic_addrecord"
    env = {"BUNNY_API_KEY": "bunny-0123456789"}
    wrong = {"BUNNY_API_KEY": "bunny-not-right"}
    base = "https://api.bunny.net"
    authorize = header_is("accesskey", env["BUNNY_API_KEY"])
    denied = (401, {"ErrorKey": "unauthorized", "Field": None, "Message": "The request authorization failed."})
    denied_text = "The request authorization failed. [unauthorized]"
    not_found = (404, {"ErrorKey": "dns.record.not_found", "Field": "Record", "Message": "The requested DNS record was not found."})
    lists_zones, page_size = True, 1000

    def show(self, zone, x):
        return {"Id": x.id, "Type": TYPES[x.type], "Name": zone.sub(x, ""), "Value": x.value, "Ttl": x.ttl, "Disabled": False}

    def show_zone(self, z, records):
        return {"Id": z.id, "Domain": z.name, "Records": [self.show(z, x) for x in z.records] if records else []}

    @route("GET", "/dnszone")
    def list_zones(self, r):
        q = r.query(perPage="1000", page=str)
        some, last = self.page(list(self.zones.values()), q["page"])
        return 200, {"CurrentPage": int(q["page"]), "TotalItems": len(self.zones), "HasMoreItems": int(q["page"]) < last,
                     "Items": [self.show_zone(z, False) for z in some]}

    @route("GET", "/dnszone/{id}")
    def get(self, r, id):
        return 200, self.show_zone(self.zone(id), True)

    @route("PUT", "/dnszone/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"Type": 3, "Name": str, "Value": str, "Ttl": int}), self.zone(id)
        return 201, self.show(zone, zone.add("TXT", zone.full(b["Name"]), b["Value"], b["Ttl"]))

    @route("DELETE", "/dnszone/{id}/records/{rid}")
    def delete(self, r, id, rid):
        self.zone(id).drop(rid)
        return 204, None
