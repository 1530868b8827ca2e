from fake import Api, Gone, basic, quoted, route, unquoted


class LiquidWeb(Api):
    code, variant = "liquidweb", "zones"
    source = "https://api.liquidweb.com/docs/ (Network/DNS/Record) and https://github.com/liquidweb/liquidweb-go"
    env = {"LWAPI_USERNAME": "somebody", "LWAPI_PASSWORD": "lw-0123456789"}
    wrong = {"LWAPI_PASSWORD": "lw-not-right"}
    base = "https://api.liquidweb.com"
    authorize = basic("somebody", "lw-0123456789")
    denied = (401, {"error_class": "LW::Exception::API::Unauthorized", "full_message": "Invalid username or password"})
    denied_text = "Invalid username or password [LW::Exception::API::Unauthorized]"
    not_found = (200, {"error_class": "LW::Exception::RecordNotFound", "full_message": "Record 'id' not found"})

    def list_of(self, items):
        return 200, {"item_count": len(items), "item_total": len(items), "items": items, "page_num": 1, "page_size": 1000, "page_total": 1}

    def show(self, zone, x):
        return {"id": x.id, "name": x.name, "type": x.type, "rdata": quoted(x.value) if x.type == "TXT" else x.value, "ttl": x.ttl, "zone_id": zone.id}

    @route("POST", "/bleed/Network/DNS/Zone/list")
    def list_zones(self, r):
        r.json({"params": {"page_size": 1000}})
        return self.list_of([{"id": z.id, "name": z.name, "active": 1} for z in self.zones.values()])

    @route("POST", "/v1/Network/DNS/Record/create")
    def create(self, r):
        b = r.json({"params": {"name": str, "rdata": str, "type": "TXT", "zone": str, "ttl": int}})["params"]
        zone = self.zone(b["zone"])
        return 200, self.show(zone, zone.add("TXT", b["name"], unquoted(b["rdata"]), b["ttl"]))

    @route("POST", "/v1/Network/DNS/Record/list")
    def list(self, r):
        zone = self.zone(r.json({"params": {"zone": str, "page_size": 1000}})["params"]["zone"])
        return self.list_of([self.show(zone, x) for x in zone.records])

    @route("POST", "/v1/Network/DNS/Record/delete")
    def delete(self, r):
        id_ = r.json({"params": {"id": int}})["params"]["id"]
        for z in self.zones.values():
            if any(x.id == id_ for x in z.records):
                z.drop(id_)
                return 200, {"deleted": id_}
        raise Gone()


class LiquidWebOneZone(LiquidWeb):
    variant = "one-zone"
    env = {**LiquidWeb.env, "LWAPI_ZONE": "example.com"}
    hosts_sub_zones = False
