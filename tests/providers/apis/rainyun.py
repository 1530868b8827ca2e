import json

from fake import Api, header_is, route


class RainYun(Api):
    code = "rainyun"
    source = "https://www.apifox.cn/apidoc/shared-a4595cc8-44c5-4678-a2a3-eed7738dab03/api-151416609"
    env = {"RAINYUN_API_KEY": "rainyun-0123456789"}
    wrong = {"RAINYUN_API_KEY": "rainyun-not-right"}
    base = "https://api.v2.rainyun.com/product"
    authorize = header_is("x-api-key", "rainyun-0123456789")
    denied = (403, {"code": 30039, "message": "密钥认证错误或已失效"})
    denied_text = "密钥认证错误或已失效 [30039]"

    @route("GET", "/domain")
    def list_zones(self, r):
        assert json.loads(r.query(options=str)["options"]) == {"columnFilters": {"domains.Domain": ""}, "sort": [], "page": 1, "perPage": 100}
        found = [{"id": z.id, "domain": z.name} for z in self.zones.values()]
        return 200, {"code": 0, "data": {"TotalRecords": len(found), "Records": found[:100]}}

    @route("POST", "/domain/{id}/dns")
    def create(self, r, id):
        b, zone = r.json({"host": str, "level": 10, "line": "DEFAULT", "ttl": int, "type": "TXT", "value": str}), self.zone(id)
        zone.add("TXT", zone.full(b["host"]), b["value"], b["ttl"])
        return 200, {"code": 0, "data": {}}

    @route("GET", "/domain/{id}/dns")
    def list(self, r, id):
        q, zone = r.query(limit="100", page_no=str), self.zone(id)
        some, _ = self.page(zone.records, q["page_no"])
        return 200, {"code": 0, "data": {"TotalRecords": len(zone.records), "Records": [
            {"record_id": x.id, "host": x.name, "type": x.type, "TTL": x.ttl, "value": x.value, "line": "DEFAULT"} for x in some]}}

    @route("DELETE", "/domain/{id}/dns")
    def delete(self, r, id):
        r.nothing()
        self.zone(id).drop(r.query(record_id=str)["record_id"])
        return 200, {"code": 0, "data": {}}
