from fake import Api, Gone, bearer, header_is, route, unquoted


class Hetzner(Api):
    code = "hetzner"
    source = "https://docs.hetzner.cloud/reference/cloud#dns (zone RRSet actions)"
    env = {"HETZNER_API_TOKEN": "hz-0123456789abcdef"}
    wrong = {"HETZNER_API_TOKEN": "hz-not-the-right-one"}
    base = "https://api.hetzner.cloud/v1"
    authorize = bearer(env["HETZNER_API_TOKEN"])
    denied = (401, {"error": {"code": "unauthorized", "message": "unable to authenticate", "details": None}})
    denied_text = "unable to authenticate [unauthorized]"
    not_found = (404, {"error": {"code": "not_found", "message": "RRSet not found", "details": None}})
    polls = 0

    def action(self, status, command):
        return {"action": {"id": 77, "command": command, "status": status, "started": "2025-01-01T00:00:00Z", "finished": None, "progress": 0,
                           "resources": [], "error": None}}

    @route("POST", "/zones/{name}/rrsets/{sub}/TXT/actions/add_records")
    def add(self, r, name, sub):
        b, zone = r.json({"ttl": int, "records": [{"value": str}]}), self.zone(name)
        zone.add("TXT", zone.full(sub), unquoted(b["records"][0]["value"]), b["ttl"])
        return 201, self.action("running", "add_rrset_records")

    @route("POST", "/zones/{name}/rrsets/{sub}/TXT/actions/remove_records")
    def remove(self, r, name, sub):
        b, zone = r.json({"records": [{"value": str}]}), self.zone(name)
        mine = [x for x in zone.at(zone.full(sub)) if x.value == unquoted(b["records"][0]["value"])]
        if not mine:
            raise Gone()
        zone.drop(mine[0].id)
        return 201, self.action("running", "remove_rrset_records")

    @route("GET", "/actions/{id}")
    def get_action(self, r, id):
        assert id == "77"
        self.polls += 1
        return 200, self.action("success" if self.polls % 2 == 0 else "running", "add_rrset_records")


class HetznerConsole(Api):
    """The API of before."""
    code, variant = "hetzner", "console"
    source = "https://dns.hetzner.com/api-docs; examples: lego, providers/dns/hetzner/internal/legacy/internal/fixtures"
    env = {"HETZNER_API_KEY": "hz-console-0123456789"}
    wrong = {"HETZNER_API_KEY": "hz-console-wrong-0123"}
    base = "https://dns.hetzner.com/api/v1"
    authorize = header_is("auth-api-token", env["HETZNER_API_KEY"])
    denied = (401, {"message": "Invalid authentication credentials"})
    denied_text = "Invalid authentication credentials"
    not_found = (404, {"error": {"message": "record not found", "code": 404}})

    @route("GET", "/zones")
    def list_zones(self, r):
        name = r.query(name=str)["name"]
        if name not in self.zones:
            return 404, {"error": {"message": "zone not found", "code": 404}, "zones": []}
        return 200, {"zones": [{"id": "zone%d" % self.zones[name].id, "name": name, "ttl": 86400, "status": "verified"}],
                     "meta": {"pagination": {"page": 1, "per_page": 100, "last_page": 1, "total_entries": 1}}}

    def show(self, z, x):
        return {"type": x.type, "id": "r%d" % x.id, "zone_id": "zone%d" % z.id, "name": z.sub(x), "value": x.value, "ttl": x.ttl}

    @route("POST", "/records")
    def add(self, r):
        b = r.json({"name": str, "type": "TXT", "value": str, "ttl": int, "zone_id": str})
        z = self.zone(b["zone_id"][4:])
        assert b["name"]
        return 200, {"record": self.show(z, z.add("TXT", z.full(b["name"]), b["value"], b["ttl"]))}

    @route("GET", "/records")
    def records(self, r):
        z = self.zone(r.query(zone_id=str)["zone_id"][4:])
        return 200, {"records": [self.show(z, x) for x in z.records], "meta": {"pagination": {"page": 1, "per_page": 100, "last_page": 1}}}

    @route("DELETE", "/records/{id}")
    def remove(self, r, id):
        for z in self.zones.values():
            if any("r%d" % x.id == id for x in z.records):
                z.drop(id[1:])
                return 200, {"error": {"message": "", "code": 0}}
        raise Gone()
