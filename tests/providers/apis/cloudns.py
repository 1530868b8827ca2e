from fake import Api, Denied, route


class ClouDns(Api):
    code, variant = "cloudns", "user"
    source = "https://www.cloudns.net/wiki/article/58/ (add), /57/ (list), /59/ (delete), /53/ (update status), /134/ (zone)"
    env = {"CLOUDNS_AUTH_ID": "1234", "CLOUDNS_AUTH_PASSWORD": "cloudns-0123"}
    wrong = {"CLOUDNS_AUTH_PASSWORD": "cloudns-wrong"}
    base = "https://api.cloudns.net/dns"
    denied = (200, {"status": "Failed", "statusDescription": "Invalid authentication, incorrect auth-id or auth-password."})
    denied_text = "Invalid authentication, incorrect auth-id or auth-password."
    user = "auth-id"
    polls = 0

    def authorize(self, r):
        assert r.query_map.pop(self.user) == "1234"
        if r.query_map.pop("auth-password") != self.env["CLOUDNS_AUTH_PASSWORD"]:
            raise Denied()

    @route("GET", "/get-zone-info.json")
    def zone_info(self, r):
        name = r.query(**{"domain-name": str})["domain-name"]
        if name not in self.zones:
            return 200, {"status": "Failed", "statusDescription": "Missing domain-name"}
        return 200, {"name": name, "type": "master", "zone": "domain", "status": "1"}

    @route("POST", "/add-record.json")
    def create(self, r):
        q = r.query(**{"domain-name": str, "host": str, "record": str, "ttl": {"60", "300"}, "record-type": "TXT"})
        zone = self.zone(q["domain-name"])
        return 200, {"status": "Success", "statusDescription": "The record was added successfully.",
                     "data": {"id": zone.add("TXT", zone.full(q["host"]), q["record"], int(q["ttl"])).id}}

    @route("GET", "/update-status.json")
    def status(self, r):
        self.polls += 1
        return 200, [{"server": "ns1.cloudns.net", "ip4": "192.0.2.1", "ip6": "", "updated": True},
                     {"server": "ns2.cloudns.net", "ip4": "192.0.2.2", "ip6": "", "updated": self.polls % 2 == 0}]

    @route("GET", "/records.json")
    def list(self, r):
        q = r.query(**{"domain-name": str, "host": str, "type": "TXT"})
        zone = self.zone(q["domain-name"])
        found = zone.at(zone.full(q["host"]))
        return 200, {str(x.id): {"id": str(x.id), "type": "TXT", "host": q["host"], "record": x.value, "failover": "0", "ttl": str(x.ttl), "status": 1}
                     for x in found} or []

    @route("POST", "/delete-record.json")
    def delete(self, r):
        q = r.query(**{"domain-name": str, "record-id": str})
        self.zone(q["domain-name"]).drop(q["record-id"])
        return 200, {"status": "Success", "statusDescription": "The record was deleted successfully."}


class ClouDnsSub(ClouDns):
    variant = "sub-user"
    user = "sub-auth-id"
    env = {"CLOUDNS_SUB_AUTH_ID": "1234", "CLOUDNS_AUTH_PASSWORD": "cloudns-0123"}
