import json
import urllib.parse

from fake import Api, basic, route


class Sakura(Api):
    code = "sakuracloud"
    source = "https://manual.sakura.ad.jp/cloud-api/1.1/appliance/index.html (CommonServiceItem, DNS)"
    env = {"SAKURACLOUD_ACCESS_TOKEN": "sakura-token-0123", "SAKURACLOUD_ACCESS_TOKEN_SECRET": "sakura-secret-0123"}
    wrong = {"SAKURACLOUD_ACCESS_TOKEN_SECRET": "sakura-secret-bad"}
    base = "https://secure.sakura.ad.jp/cloud/zone/is1a/api/cloud/1.1"
    authorize = basic("sakura-token-0123", "sakura-secret-0123")
    denied = (401, {"is_fatal": True, "status": "401 Unauthorized", "error_code": "unauthorized", "error_msg": "Unauthorized"})
    denied_text = "Unauthorized [unauthorized]"

    def show(self, z):
        sets = [{"Name": z.sub(x), "Type": x.type, "RData": x.value, "TTL": x.ttl} for x in z.records]
        return {"ID": str(z.id), "Name": z.name, "Settings": {"DNS": {"ResourceRecordSets": sets}}, "Provider": {"Class": "dns"}}

    @route("GET", "/commonserviceitem")
    def find(self, r):
        f = json.loads(urllib.parse.unquote(r.raw_query))
        assert set(f) == {"Filter"} and f["Filter"]["Provider.Class"] == "dns"
        found = [self.show(z) for z in self.zones.values() if f["Filter"]["Name"] in z.name]  # a partial match
        return 200, {"From": 0, "Count": len(found), "Total": len(found), "CommonServiceItems": found, "is_ok": True}

    @route("GET", "/commonserviceitem/{id}")
    def get(self, r, id):
        return 200, {"CommonServiceItem": self.show(self.zone(id)), "is_ok": True}

    @route("PUT", "/commonserviceitem/{id}")
    def put(self, r, id):
        b, z = r.json({"CommonServiceItem": {"Settings": {"DNS": {"ResourceRecordSets": list}}}}), self.zone(id)
        z.records = []
        for x in b["CommonServiceItem"]["Settings"]["DNS"]["ResourceRecordSets"]:
            z.add(x["Type"], z.full(x["Name"]), x["RData"], x["TTL"])
        return 200, {"CommonServiceItem": self.show(z), "Success": True, "is_ok": True}
