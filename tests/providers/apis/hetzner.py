from fake import Api, Gone, bearer, route, unquoted


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
