import hashlib
import hmac
import re

from fake import Api, Denied, route


class JdCloud(Api):
    code = "jdcloud"
    source = "https://docs.jdcloud.com/cn/jd-cloud-dns/api/overview; signature: https://docs.jdcloud.com/cn/common-declaration/api/signature-process"
    env = {"JDCLOUD_ACCESS_KEY_ID": "jd-key-0123456", "JDCLOUD_ACCESS_KEY_SECRET": "jd-secret-01234"}
    wrong = {"JDCLOUD_ACCESS_KEY_SECRET": "jd-secret-wrong"}
    base = "https://domainservice.jdcloud-api.com/v2/regions/cn-north-1/domain"
    denied = (401, {"requestId": "x", "error": {"code": 401, "message": "The request signature does not match", "status": "UNAUTHENTICATED"}})
    denied_text = "The request signature does not match [UNAUTHENTICATED]"
    not_found = (404, {"requestId": "x", "error": {"code": 404, "message": "not found", "status": "NOT_FOUND"}})

    def authorize(self, r):
        m = re.fullmatch(r"JDCLOUD2-HMAC-SHA256 Credential=jd-key-0123456/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})", r.header("authorization"))
        stamp, names = r.header("x-jdcloud-date"), m.group(2).split(";")
        assert names == ["content-type", "host", "x-jdcloud-date", "x-jdcloud-nonce"] and m.group(1) == stamp[:8] + "/cn-north-1/domainservice/jdcloud2_request"
        lines = "".join("%s:%s\n" % (n, r.host if n == "host" else r.header(n)) for n in names)
        assert r.raw_query == "&".join(sorted(r.raw_query.split("&")))
        canonical = "\n".join([r.method, r.path, r.raw_query, lines, m.group(2), hashlib.sha256((r.text or "").encode()).hexdigest()])
        key = b"JDCLOUD2jd-secret-01234"
        for part in m.group(1).split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        text = "JDCLOUD2-HMAC-SHA256\n%s\n%s\n%s" % (stamp, m.group(1), hashlib.sha256(canonical.encode()).hexdigest())
        if hmac.new(key, text.encode(), hashlib.sha256).hexdigest() != m.group(3):
            raise Denied()

    def say(self, result):
        return 200, {"requestId": "x", "error": {"code": 0, "status": "", "message": ""}, "result": result}

    def show(self, zone, x):
        return {"id": x.id, "hostRecord": zone.sub(x), "hostValue": x.value, "jcloudRes": False, "mxPriority": 0, "port": 0, "ttl": x.ttl, "type": x.type, "weight": 0,
                "viewValue": [1, 2]}

    @route("GET", "")
    def domains(self, r):
        q = r.query(domainName=str, pageNumber=str, pageSize="10")
        found = [z for z in sorted(self.zones.values(), key=lambda z: -len(z.name)) if q["domainName"] in z.name]
        some, pages = self.page(found, q["pageNumber"], 1)
        return self.say({"dataList": [{"id": z.id, "domainName": z.name} for z in some], "totalCount": len(found), "totalPage": pages})

    @route("POST", "/{id}/ResourceRecord")
    def create(self, r, id):
        b = r.json({"domainId": id, "regionId": "cn-north-1", "req": {"hostRecord": str, "hostValue": str, "ttl": int, "type": "TXT", "viewValue": -1}})
        zone = self.zone(id)
        return self.say({"dataList": self.show(zone, zone.add("TXT", zone.full(b["req"]["hostRecord"]), b["req"]["hostValue"], b["req"]["ttl"]))})

    @route("GET", "/{id}/ResourceRecord")
    def list(self, r, id):
        q, zone = r.query(pageNumber=str, pageSize="99"), self.zone(id)
        some, pages = self.page(zone.records, q["pageNumber"], 2)
        return self.say({"dataList": [self.show(zone, x) for x in some], "totalCount": len(zone.records), "totalPage": pages})

    @route("DELETE", "/{id}/ResourceRecord/{rid}")
    def delete(self, r, id, rid):
        self.zone(id).drop(rid)
        return self.say({})
