import hashlib
import hmac
import time

from fake import Api, Denied, route


class EdgeOne(Api):
    code, variant = "edgeone", "listed"
    source = "https://edgeone.ai/document/50454#dns-record-apis; signature: https://www.tencentcloud.com/document/product/1157/49015"
    env = {"EDGEONE_SECRET_ID": "AKID0123456789", "EDGEONE_SECRET_KEY": "edgeone-secret-0123"}
    wrong = {"EDGEONE_SECRET_KEY": "edgeone-secret-wrong"}
    base = "https://teo.intl.tencentcloudapi.com"
    denied = (200, {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "The provided credentials could not be validated."}, "RequestId": "x"}})
    denied_text = "The provided credentials could not be validated. [AuthFailure.SignatureFailure]"
    # the error codes that all its APIs have: https://tencentcloud.com/document/product/1209/56023
    rate_limited = (200, {"Response": {"Error": {"Code": "RequestLimitExceeded", "Message": "The number of requests exceeds the frequency limit."}, "RequestId": "x"}})
    lists_zones, page_size = True, 100
    zones_listed = True

    def authorize(self, r):
        stamp = int(r.header("x-tc-timestamp"))
        day = time.strftime("%Y-%m-%d", time.gmtime(stamp))
        assert stamp == r.now and r.header("content-type") == "application/json; charset=utf-8" and r.header("x-tc-version") == "2022-09-01"
        headers = "content-type:application/json; charset=utf-8\nhost:%s\nx-tc-action:%s\n" % (r.host, r.header("x-tc-action").lower())
        canonical = "\n".join(["POST", "/", "", headers, "content-type;host;x-tc-action", hashlib.sha256(r.text.encode()).hexdigest()])
        text = "TC3-HMAC-SHA256\n%d\n%s/teo/tc3_request\n%s" % (stamp, day, hashlib.sha256(canonical.encode()).hexdigest())
        key = b"TC3edgeone-secret-0123"
        for part in (day, "teo", "tc3_request", text):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        want = "TC3-HMAC-SHA256 Credential=AKID0123456789/%s/teo/tc3_request, SignedHeaders=content-type;host;x-tc-action, Signature=" % day
        assert r.header("authorization").startswith(want)
        if r.header("authorization")[len(want):] != key.hex():
            raise Denied()

    @route("POST", "/")
    def call(self, r):
        return 200, {"Response": {**getattr(self, r.header("x-tc-action"))(r), "RequestId": "x"}}

    def DescribeZones(self, r):
        assert self.zones_listed
        b = r.json({"Limit": 100, "Offset": int})
        return {"TotalCount": len(self.zones), "Zones": [{"ZoneId": "zone-%d" % z.id, "ZoneName": z.name, "Status": "active"}
                                                         for z in list(self.zones.values())[b["Offset"]:b["Offset"] + 100]]}

    def CreateDnsRecord(self, r):
        b = r.json({"ZoneId": str, "Name": str, "Type": "TXT", "Content": str, "TTL": int})
        return {"RecordId": "record-%d" % self.zone(b["ZoneId"][5:]).add("TXT", b["Name"], b["Content"], b["TTL"]).id}

    def DescribeDnsRecords(self, r):
        b = r.json({"ZoneId": str, "Limit": 1000, "Filters": [{"Name": "name", "Values": [str]}, {"Name": "type", "Values": ["TXT"]}]})
        found = self.zone(b["ZoneId"][5:]).at(b["Filters"][0]["Values"][0])
        return {"TotalCount": len(found), "DnsRecords": [{"ZoneId": b["ZoneId"], "RecordId": "record-%d" % x.id, "Name": x.name, "Type": "TXT", "Content": x.value,
                                                          "TTL": x.ttl, "Status": "enable"} for x in found]}

    def DeleteDnsRecords(self, r):
        b = r.json({"ZoneId": str, "RecordIds": [str]})
        self.zone(b["ZoneId"][5:]).drop(b["RecordIds"][0][7:])
        return {}


class EdgeOneMapped(EdgeOne):
    """The id of the site is told, so nobody asks for it."""
    variant = "mapped"
    optional = ("EDGEONE_ZONES_MAPPING",)
    lists_zones, zones_listed = False, False

    def setup(self):
        self.env = {**EdgeOne.env, "EDGEONE_ZONES_MAPPING": ",".join("%s:zone-%d" % (z.name, z.id) for z in self.zones.values())}
