import hashlib
import hmac
import re

from fake import Api, Denied, Gone, route


class Volcengine(Api):
    code = "volcengine"
    source = "https://www.volcengine.com/docs/6758/155086; signature: https://www.volcengine.com/docs/6369/67269"
    env = {"VOLC_ACCESSKEY": "AKLTvolc0123456789", "VOLC_SECRETKEY": "volc-secret-0123456789"}
    wrong = {"VOLC_SECRETKEY": "volc-secret-not-right"}
    base = "https://open.volcengineapi.com"
    denied = (401, {"ResponseMetadata": {"RequestId": "1", "Error": {"CodeN": 100010, "Code": "SignatureDoesNotMatch", "Message": "The request signature does not match."}}})
    denied_text = "The request signature does not match. [SignatureDoesNotMatch]"
    not_found = (400, {"ResponseMetadata": {"RequestId": "1", "Error": {"CodeN": 0, "Code": "ErrRecordNotFound", "Message": "The record does not exist."}}})

    def authorize(self, r):
        stamp, body = r.header("x-date"), hashlib.sha256((r.text or "").encode()).hexdigest()
        m = re.fullmatch(r"HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})", r.header("authorization"))
        scope, names = "%s/cn-beijing/dns/request" % stamp[:8], "content-type;host;x-content-sha256;x-date"
        assert m and m.group(1) == "AKLTvolc0123456789/" + scope and m.group(2) == names and r.header("x-content-sha256") == body
        assert r.raw_query == "&".join(sorted(r.raw_query.split("&")))
        headers = {"content-type": r.header("content-type"), "host": r.host, "x-content-sha256": body, "x-date": stamp}
        canonical = "\n".join([r.method, r.path, r.raw_query, *["%s:%s" % (n, headers[n]) for n in names.split(";")], "", names, body])
        key = Volcengine.env["VOLC_SECRETKEY"].encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        text = "HMAC-SHA256\n%s\n%s\n%s" % (stamp, scope, hashlib.sha256(canonical.encode()).hexdigest())
        if hmac.new(key, text.encode(), hashlib.sha256).hexdigest() != m.group(3):
            raise Denied()
        assert r.query_map.pop("Version") == "2018-08-01"

    def say(self, result):
        return 200, {"ResponseMetadata": {"RequestId": "1", "Service": "dns", "Region": "cn-beijing", "Version": "2018-08-01"}, "Result": result}

    def show(self, zone, x):
        return {"RecordID": "rec-%d" % x.id, "Host": zone.sub(x), "Type": x.type, "Value": x.value, "TTL": x.ttl, "Line": "default"}

    @route("GET", "/")
    def get(self, r):
        if r.query_map["Action"] == "ListZones":
            q = r.query(Action="ListZones", Key=str, SearchMode="exact")
            found = [{"ZID": z.id, "ZoneName": z.name} for z in self.zones.values() if z.name == q["Key"]]
            return self.say({"Total": len(found), "Zones": found})
        q = r.query(Action="ListRecords", ZID=str, Host=str, Type="TXT", Value=str)
        zone = self.zone(q["ZID"])
        found = [self.show(zone, x) for x in zone.at(zone.full(q["Host"])) if x.value == q["Value"]]
        return self.say({"PageNumber": 1, "PageSize": 20, "TotalCount": len(found), "Records": found})

    @route("POST", "/")
    def post(self, r):
        if r.query(Action={"CreateRecord", "DeleteRecord"})["Action"] == "CreateRecord":
            b = r.json({"ZID": int, "Host": str, "Type": "TXT", "Value": str, "TTL": int})
            zone = self.zone(b["ZID"])
            return self.say(self.show(zone, zone.add("TXT", zone.full(b["Host"]), b["Value"], b["TTL"])))
        id_ = r.json({"RecordID": str})["RecordID"][4:]
        for z in self.zones.values():
            if any(str(x.id) == id_ for x in z.records):
                z.drop(id_)
                return self.say(None)
        raise Gone()
