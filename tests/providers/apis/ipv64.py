from fake import Api, bearer, route


class Ipv64(Api):
    code = "ipv64"
    source = "https://ipv64.net/dyndns_updater_api"
    env = {"IPV64_API_KEY": "ipv64-0123456789"}
    wrong = {"IPV64_API_KEY": "ipv64-not-right"}
    base = "https://ipv64.net"
    authorize = bearer(env["IPV64_API_KEY"])
    denied = (401, {"info": "error", "status": "401 Unauthorized"})
    denied_text = "401 Unauthorized"
    not_found = (404, {"info": "error", "status": "404 Not Found", "del_record": "record not found"})
    hosts_sub_zones, ttl = False, False
    domain = "lego.ipv64.net"

    @route("POST", "/api")
    def add(self, r):
        f = r.form({"add_record": str, "praefix": str, "type": "TXT", "content": str})
        zone = self.zone(f["add_record"])
        zone.add("TXT", zone.full(f["praefix"]), f["content"])
        return 201, {"info": "success", "status": "201 Created", "add_record": zone.name}

    @route("DELETE", "/api")
    def delete(self, r):
        f = r.form({"del_record": str, "praefix": str, "type": "TXT", "content": str})
        zone = self.zone(f["del_record"])
        mine = [x for x in zone.at(zone.full(f["praefix"])) if x.value == f["content"]]
        zone.drop(mine[0].id if mine else 0)
        return 202, {"info": "success", "status": "202 Accepted", "del_record": "del_record"}
