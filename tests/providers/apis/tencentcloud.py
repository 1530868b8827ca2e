import hashlib
import hmac
import re
import time

from fake import Api, Denied, route


class Tencent(Api):
    code = "tencentcloud"
    source = "https://www.tencentcloud.com/document/product/1157/49025; signature: https://www.tencentcloud.com/document/product/1157/49015"
    env = {"TENCENTCLOUD_SECRET_ID": "AKID0123456789", "TENCENTCLOUD_SECRET_KEY": "tencent-secret-0123"}
    wrong = {"TENCENTCLOUD_SECRET_KEY": "tencent-secret-wrong"}
    base = "https://dnspod.tencentcloudapi.com"
    denied_text = "The provided credentials could not be validated. [AuthFailure.SignatureFailure]"
    lists_zones, page_size = True, 3000

    # the error codes that all its APIs have: https://tencentcloud.com/document/product/1209/56023
    rate_limited = (200, {"Response": {"Error": {"Code": "RequestLimitExceeded", "Message": "The number of requests exceeds the frequency limit."}, "RequestId": "x"}})

    def error(self, code, message):
        return 200, {"Response": {"Error": {"Code": code, "Message": message}, "RequestId": "x"}}

    denied = error(None, "AuthFailure.SignatureFailure", "The provided credentials could not be validated.")

    def authorize(self, r):
        stamp = int(r.header("x-tc-timestamp"))
        day = time.strftime("%Y-%m-%d", time.gmtime(stamp))
        assert stamp == r.now and r.header("content-type") == "application/json; charset=utf-8"
        headers = "content-type:application/json; charset=utf-8\nhost:%s\nx-tc-action:%s\n" % (r.host, r.header("x-tc-action").lower())
        canonical = "\n".join(["POST", "/", "", headers, "content-type;host;x-tc-action", hashlib.sha256(r.text.encode()).hexdigest()])
        text = "TC3-HMAC-SHA256\n%d\n%s/dnspod/tc3_request\n%s" % (stamp, day, hashlib.sha256(canonical.encode()).hexdigest())
        key = ("TC3" + self.env["TENCENTCLOUD_SECRET_KEY"]).encode()
        for part in (day, "dnspod", "tc3_request", text):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        want = "TC3-HMAC-SHA256 Credential=AKID0123456789/%s/dnspod/tc3_request, SignedHeaders=content-type;host;x-tc-action, Signature=" % day
        assert r.header("authorization").startswith(want)
        if re.fullmatch(".*Signature=([0-9a-f]{64})", r.header("authorization")).group(1) != key.hex():
            raise Denied()

    @route("POST", "/")
    def call(self, r):
        assert r.header("x-tc-version") == "2021-03-23"
        return 200, {"Response": getattr(self, r.header("x-tc-action"))(r)}

    def DescribeDomainList(self, r):
        b = r.json({"Limit": 3000, "Offset": int})
        some = list(self.zones.values())[b["Offset"]:b["Offset"] + 3000]
        return {"DomainCountInfo": {"DomainTotal": len(self.zones)}, "DomainList": [{"DomainId": z.id, "Name": z.name, "Punycode": z.name} for z in some]}

    def CreateRecord(self, r):
        b = r.json({"Domain": str, "DomainId": int, "SubDomain": str, "RecordType": "TXT", "RecordLine": "默认", "Value": str, "TTL": int})
        zone = self.zone(b["DomainId"])
        assert zone.name == b["Domain"]
        return {"RecordId": zone.add("TXT", zone.full(b["SubDomain"]), b["Value"], b["TTL"]).id, "RequestId": "x"}

    def DescribeRecordList(self, r):
        b = r.json({"Domain": str, "DomainId": int, "Subdomain": str, "RecordType": "TXT"})
        zone = self.zone(b["DomainId"])
        found = zone.at(zone.full(b["Subdomain"]))
        if not found:
            return self.error("ResourceNotFound.NoDataOfRecord", "The record list is empty.")[1]["Response"]
        return {"RecordList": [{"RecordId": x.id, "Value": x.value, "Name": b["Subdomain"], "Type": "TXT", "TTL": x.ttl} for x in found]}

    def DeleteRecord(self, r):
        b = r.json({"Domain": str, "DomainId": int, "RecordId": int})
        zone = self.zone(b["DomainId"])
        if not any(x.id == b["RecordId"] for x in zone.records):
            return self.error("InvalidParameter.RecordIdInvalid", "The record number is invalid.")[1]["Response"]
        zone.drop(b["RecordId"])
        return {"RequestId": "x"}
