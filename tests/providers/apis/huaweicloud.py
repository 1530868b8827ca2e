import hashlib
import hmac
import re

from fake import Api, Denied, quoted, route, unquoted


class Huawei(Api):
    code = "huaweicloud"
    source = "https://support.huaweicloud.com/intl/en-us/api-dns/dns_api_64001.html; signature: https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html"
    env = {"HUAWEICLOUD_ACCESS_KEY_ID": "HWAK0123456789", "HUAWEICLOUD_SECRET_ACCESS_KEY": "huawei-secret-0123", "HUAWEICLOUD_REGION": "eu-west-101"}
    wrong = {"HUAWEICLOUD_SECRET_ACCESS_KEY": "huawei-secret-wrong"}
    base = "https://dns.eu-west-101.myhuaweicloud.com/v2"
    denied = (401, {"error_msg": "Incorrect IAM authentication information: verify aksk signature fail", "error_code": "APIGW.0301", "request_id": "x"})
    denied_text = "verify aksk signature fail [APIGW.0301]"
    not_found = (404, {"code": "DNS.0313", "message": "This record set does not exist."})
    polls = 0

    def authorize(self, r):
        m = re.fullmatch(r"SDK-HMAC-SHA256 Access=(\S+), SignedHeaders=host;x-sdk-date, Signature=([0-9a-f]{64})", r.header("authorization"))
        date = r.header("x-sdk-date")
        canonical = "\n".join([r.method, r.path + "/", r.raw_query, "host:" + r.host, "x-sdk-date:" + date, "", "host;x-sdk-date",
                               hashlib.sha256((r.text or "").encode()).hexdigest()])
        text = "SDK-HMAC-SHA256\n%s\n%s" % (date, hashlib.sha256(canonical.encode()).hexdigest())
        if hmac.new(self.env["HUAWEICLOUD_SECRET_ACCESS_KEY"].encode(), text.encode(), hashlib.sha256).hexdigest() != m.group(2):
            raise Denied()

    @route("GET", "/zones")
    def list_zones(self, r):
        name = r.query(name=str)["name"]
        return 200, {"zones": [{"id": "z%d" % z.id, "name": z.name + ".", "zone_type": "public"} for z in self.zones.values() if name[:-1] in z.name]}

    def show(self, name, found):
        self.polls += 1
        return {"id": "set-" + name, "name": name + ".", "type": "TXT", "ttl": found[0].ttl if found else 0, "records": [quoted(x.value) for x in found],
                "status": "ACTIVE" if self.polls % 2 else "PENDING_UPDATE"}

    @route("GET", "/zones/{id}/recordsets")
    def list(self, r, id):
        q, zone = r.query(name=str, type="TXT"), self.zone(id[1:])
        names = sorted({x.name for x in zone.records if x.type == "TXT" and q["name"][:-1] in x.name})  # a partial match
        return 200, {"recordsets": [self.show(n, zone.at(n)) for n in names], "metadata": {"total_count": len(names)}}

    @route("POST", "/zones/{id}/recordsets")
    def create(self, r, id):
        b, zone = r.json({"name": str, "type": "TXT", "ttl": int, "records": list}), self.zone(id[1:])
        assert not zone.at(b["name"][:-1])
        zone.put(b["name"][:-1], "TXT", [unquoted(v) for v in b["records"]], b["ttl"])
        return 202, {**self.show(b["name"][:-1], zone.at(b["name"][:-1])), "status": "PENDING_CREATE"}

    @route("GET", "/zones/{id}/recordsets/{rid}")
    def get(self, r, id, rid):
        return 200, self.show(rid[4:], self.zone(id[1:]).at(rid[4:]))

    @route("PUT", "/zones/{id}/recordsets/{rid}")
    def update(self, r, id, rid):
        b, zone = r.json({"name": rid[4:] + ".", "type": "TXT", "ttl": int, "records": list}), self.zone(id[1:])
        zone.put(rid[4:], "TXT", [unquoted(v) for v in b["records"]], b["ttl"])
        return 202, {**self.show(rid[4:], zone.at(rid[4:])), "status": "PENDING_UPDATE"}

    @route("DELETE", "/zones/{id}/recordsets/{rid}")
    def delete(self, r, id, rid):
        self.zone(id[1:]).put(rid[4:], "TXT", [])
        return 202, {"id": rid, "status": "PENDING_DELETE"}
