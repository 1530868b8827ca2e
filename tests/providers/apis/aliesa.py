import hashlib
import hmac
import json
import re

from fake import Api, Denied, route


class AliEsa(Api):
    code, variant = "aliesa", "keys"
    source = "https://www.alibabacloud.com/help/en/edge-security-acceleration/esa/api-esa-2024-09-10-overview; signature: " \
             "https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature"
    env = {"ALIESA_ACCESS_KEY": "LTAI0123456789", "ALIESA_SECRET_KEY": "esa-secret-0123"}
    wrong = {"ALIESA_SECRET_KEY": "esa-secret-wrong"}
    base = "https://esa.cn-hangzhou.aliyuncs.com"
    denied = (400, {"Code": "IncompleteSignature", "Message": "The request signature does not conform to Aliyun standards.", "RequestId": "x"})
    denied_text = "The request signature does not conform to Aliyun standards. [IncompleteSignature]"
    # https://www.alibabacloud.com/help/doc-detail/98807.htm
    rate_limited = (400, {"Code": "Throttling.User", "Message": "Request was denied due to user flow control.", "RequestId": "x"})
    session = ""

    def authorize(self, r):
        m = re.fullmatch(r"ACS3-HMAC-SHA256 Credential=LTAI0123456789,SignedHeaders=(\S+?),Signature=([0-9a-f]{64})", r.header("authorization"))
        names = m.group(1).split(";")
        want = {"host", "x-acs-action", "x-acs-date", "x-acs-version", "x-acs-content-sha256", "x-acs-signature-nonce"}
        assert names == sorted(names) and set(names) == want | ({"x-acs-security-token"} if self.session else set())
        assert r.header("x-acs-security-token") == self.session and r.header("x-acs-version") == "2024-09-10"
        lines = "".join("%s:%s\n" % (n, r.host if n == "host" else r.header(n)) for n in names)
        canonical = "\n".join([r.method, r.path, r.raw_query, lines, m.group(1), hashlib.sha256((r.text or "").encode()).hexdigest()])
        assert r.raw_query == "&".join(sorted(r.raw_query.split("&")))
        text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        if hmac.new(b"esa-secret-0123", text.encode(), hashlib.sha256).hexdigest() != m.group(2):
            raise Denied()

    @route("GET", "/")
    def read(self, r):
        return {"ListSites": self.sites, "ListRecords": self.records}[r.header("x-acs-action")](r)

    @route("POST", "/")
    def write(self, r):
        return {"CreateRecord": self.create, "DeleteRecord": self.delete}[r.header("x-acs-action")](r)

    def sites(self, r):
        q = r.query(SiteName=str, SiteSearchType="suffix", PageSize="500")
        return 200, {"TotalCount": 1, "Sites": [{"SiteId": z.id, "SiteName": z.name, "Status": "active"} for z in self.zones.values() if z.name.endswith(q["SiteName"])]}

    def create(self, r):
        q = r.query(SiteId=str, RecordName=str, Type="TXT", Ttl=str, Data=str)
        data = json.loads(q["Data"])
        assert set(data) == {"Value"}
        return 200, {"RecordId": self.zone(q["SiteId"]).add("TXT", q["RecordName"], data["Value"], int(q["Ttl"])).id, "RequestId": "x"}

    def records(self, r):
        q = r.query(SiteId=str, RecordName=str, RecordMatchType="exact", Type="TXT", PageSize="100")
        found = self.zone(q["SiteId"]).at(q["RecordName"])
        return 200, {"TotalCount": len(found), "Records": [{"RecordId": x.id, "RecordName": x.name, "RecordType": "TXT", "Ttl": x.ttl, "Data": {"Value": x.value}}
                                                           for x in found]}

    def delete(self, r):
        id_ = r.query(RecordId=str)["RecordId"]
        for z in self.zones.values():
            z.records = [x for x in z.records if str(x.id) != id_]
        return 200, {"RequestId": "x"}


class AliEsaRole(AliEsa):
    """The role of an ECS instance."""
    variant = "role"
    env = {"ALIESA_RAM_ROLE": "dns-role"}
    wrong = {}
    session = "sts-token-0123456"
    open_routes = ("role",)

    @route("GET", "http://100.100.100.200/latest/meta-data/ram/security-credentials/dns-role")
    def role(self, r):
        return 200, {"Code": "Success", "AccessKeyId": "LTAI0123456789", "AccessKeySecret": "esa-secret-0123", "SecurityToken": self.session}
