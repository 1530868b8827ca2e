from fake import Api, Denied, route


class Axelname(Api):
    code = "axelname"
    source = "https://axelname.ru/static/content/files/axelname_api_rest_lite.pdf; examples: lego, providers/dns/axelname/internal/fixtures"
    env = {"AXELNAME_NICKNAME": "user-7", "AXELNAME_TOKEN": "axel-token-0123"}
    wrong = {"AXELNAME_TOKEN": "axel-token-wrong"}
    base = "https://my.axelname.ru/rest"
    denied = (200, {"error_code": "1", "error_text": "Authorization failed", "result": "error"})
    denied_text = "Authorization failed [1]"
    not_found = (200, {"error_code": "1", "error_text": "Domain not found", "result": "error"})
    ttl = False  # the API has none

    def authorize(self, r):
        assert r.query_map.pop("nichdl") == "user-7"
        if r.query_map.pop("token") != self.env["AXELNAME_TOKEN"]:
            raise Denied()

    @route("GET", "/dns_add")
    def add(self, r):
        q = r.query(domain=str, name=str, type="TXT", value=str)
        zone = self.zone(q["domain"])
        zone.add("TXT", zone.full(q["name"]), q["value"])
        return 200, {"code": "OK", "message": "DNS record added", "result": "success"}

    @route("GET", "/dns_list")
    def list(self, r):
        zone = self.zone(r.query(domain=str)["domain"])
        return 200, {"code": "OK", "message": "DNS-records", "count": len(zone.records), "result": "success",
                     "list": [{"id": str(x.id), "name": zone.sub(x) if x.type == "TXT" and x.name != zone.name else x.name, "type": x.type, "value": x.value}
                              for x in zone.records]}

    @route("GET", "/dns_delete")
    def delete(self, r):
        q = r.query(domain=str, id=str, name=str, type="TXT", value=str)
        zone = self.zone(q["domain"])
        x = zone.get(q["id"])
        assert zone.sub(x) == q["name"] and x.value == q["value"]
        zone.drop(q["id"])
        return 200, {"code": "OK", "message": "DNS record deleted", "result": "success"}
