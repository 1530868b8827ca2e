import json

from fake import Api, Denied, route, unquoted


class HostingDe(Api):
    code = "hostingde"
    source = "https://www.hosting.de/api/#dns (zoneConfigsFind, zoneUpdate); examples: lego, providers/dns/internal/hostingde/internal/fixtures"
    env = {"HOSTINGDE_API_KEY": "hostingde-key-01"}
    wrong = {"HOSTINGDE_API_KEY": "hostingde-key-no"}
    base = "https://secure.hosting.de/api/dns/v1/json"
    token = "hostingde-key-01"
    denied = (200, {"errors": [{"code": 10101, "contextObject": "", "contextPath": "", "details": [], "text": "Invalid authToken", "value": ""}], "status": "error"})
    denied_text = "Invalid authToken"

    def setup(self):
        self.busy = {}

    def authorize(self, r):
        if json.loads(r.text)["authToken"] != self.token:
            raise Denied()

    def config(self, zone, status):
        return {"id": "zc%d" % zone.id, "accountId": "456", "status": status, "name": zone.name, "nameUnicode": zone.name, "masterIp": "", "type": "NATIVE",
                "emailAddress": "a@example.com", "zoneTransferWhitelist": [], "lastChangeDate": "2025-01-01T00:00:00Z", "dnsServerGroupId": "g", "dnsSecMode": "off",
                "soaValues": {"refresh": 1, "retry": 2, "expire": 3, "ttl": 4, "negativeTtl": 5}, "templateValues": None}

    def say(self, response):
        return 200, {"errors": [], "metadata": {"clientTransactionId": "", "serverTransactionId": "2"}, "warnings": [], "status": "success", "response": response}

    @route("POST", "/zoneConfigsFind")
    def find(self, r):
        b = r.json({"authToken": str, "filter": {"field": "zoneName", "value": str}, "limit": 1, "page": 1})
        zone = self.zones[b["filter"]["value"]]
        left = self.busy.get(zone.name, 0)
        self.busy[zone.name] = max(0, left - 1)
        return self.say({"limit": 1, "page": 1, "totalEntries": 1, "totalPages": 1, "type": "FindZoneConfigsResult",
                         "data": [self.config(zone, "blocked" if left else "active")]})

    @route("POST", "/zoneUpdate")
    def update(self, r):
        b = r.json({"authToken": str, "zoneConfig": dict, "recordsToAdd": list, "recordsToDelete": list})
        zone = self.zones[b["zoneConfig"]["name"]]
        assert b["zoneConfig"] == self.config(zone, "active") and not self.busy.get(zone.name)
        for x in b["recordsToAdd"]:
            assert set(x) == {"name", "type", "content", "ttl"}
            zone.add(x["type"], x["name"], x["content"], x["ttl"])
        for x in b["recordsToDelete"]:
            assert set(x) == {"name", "type", "content"}
            zone.records = [y for y in zone.records if y.key() != (x["type"], x["name"], unquoted(x["content"]))]
        self.busy[zone.name] = 2
        return self.say({"records": [], "zoneConfig": self.config(zone, "blocked")})
