import hashlib
import hmac
import re

from fake import Api, Denied, route


class AliDns(Api):
    code = "alidns"
    source = "https://www.alibabacloud.com/help/en/dns/api-alidns-2015-01-09-adddomainrecord; signature: " \
             "https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature"
    env = {"ALICLOUD_ACCESS_KEY": "LTAI0123456789", "ALICLOUD_SECRET_KEY": "ali-secret-0123"}
    wrong = {"ALICLOUD_SECRET_KEY": "ali-secret-wrong"}
    base = "https://alidns.aliyuncs.com"
    denied = (400, {"Code": "IncompleteSignature", "Message": "The request signature does not conform to Aliyun standards.", "RequestId": "x"})
    denied_text = "The request signature does not conform to Aliyun standards. [IncompleteSignature]"
    # https://www.alibabacloud.com/help/doc-detail/98807.htm
    rate_limited = (400, {"Code": "Throttling.User", "Message": "Request was denied due to user flow control.", "RequestId": "x"})
    lists_zones = True

    def authorize(self, r):
        m = re.fullmatch(r"ACS3-HMAC-SHA256 Credential=(\S+?),SignedHeaders=(\S+?),Signature=([0-9a-f]{64})", r.header("authorization"))
        names = m.group(2).split(";")
        assert names == sorted(names) and {"host", "x-acs-action", "x-acs-date", "x-acs-version", "x-acs-content-sha256", "x-acs-signature-nonce"} == set(names)
        lines = "".join("%s:%s\n" % (n, r.host if n == "host" else r.header(n)) for n in names)
        canonical = "\n".join([r.method, r.path, r.raw_query, lines, m.group(2), hashlib.sha256((r.text or "").encode()).hexdigest()])
        assert r.raw_query == "&".join(sorted(r.raw_query.split("&")))
        text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        if hmac.new(self.env["ALICLOUD_SECRET_KEY"].encode(), text.encode(), hashlib.sha256).hexdigest() != m.group(3):
            raise Denied()

    @route("POST", "/")
    def call(self, r):
        assert r.header("x-acs-version") == "2015-01-09" and not r.text
        return getattr(self, r.header("x-acs-action"))(r)

    def DescribeDomains(self, r):
        q = r.query(PageNumber=str, PageSize="100")
        some, _ = self.page(list(self.zones.values()), q["PageNumber"])
        return 200, {"TotalCount": len(self.zones), "PageNumber": int(q["PageNumber"]), "PageSize": 100,
                     "Domains": {"Domain": [{"DomainName": z.name, "DomainId": "d%d" % z.id} for z in some]}}

    def AddDomainRecord(self, r):
        q = r.query(DomainName=str, RR=str, Type="TXT", Value=str, TTL=str, Line="default")
        zone = self.zone(q["DomainName"])
        return 200, {"RequestId": "x", "RecordId": str(zone.add("TXT", zone.full(q["RR"]), q["Value"], int(q["TTL"])).id)}

    def DescribeSubDomainRecords(self, r):
        q = r.query(SubDomain=str, DomainName=str, Type="TXT", PageSize="500")
        zone = self.zone(q["DomainName"])
        return 200, {"TotalCount": 1, "DomainRecords": {"Record": [{"RecordId": str(x.id), "RR": zone.sub(x), "Type": "TXT", "Value": x.value, "TTL": x.ttl}
                                                                   for x in zone.at(q["SubDomain"])]}}

    def DeleteDomainRecord(self, r):
        id_ = r.query(RecordId=str)["RecordId"]
        for z in self.zones.values():
            if any(str(x.id) == id_ for x in z.records):
                z.drop(id_)
                return 200, {"RequestId": "x", "RecordId": id_}
        return 400, {"Code": "DomainRecordNotBelongToUser", "Message": "The DNS record is invalid or is not owned by the user."}
