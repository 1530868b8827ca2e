import hashlib
import hmac
import json
import re

from fake import Api, Denied, route, unquoted


class Lightsail(Api):
    code = "lightsail"
    source = "https://docs.aws.amazon.com/lightsail/2016-11-28/api-reference/API_CreateDomainEntry.html"
    env = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE0123", "AWS_SECRET_ACCESS_KEY": "lightsail-secret-0123", "DNS_ZONE": "example.com"}
    wrong = {"AWS_SECRET_ACCESS_KEY": "lightsail-secret-bad"}
    base = "https://lightsail.us-east-1.amazonaws.com"
    denied = (400, {"__type": "InvalidSignatureException", "message": "The request signature we calculated does not match"})
    denied_text = "does not match [InvalidSignatureException]"
    hosts_sub_zones, ttl = False, False

    def authorize(self, r):
        amz = r.header("x-amz-date")
        names = "host;x-amz-date"
        scope = "%s/us-east-1/lightsail/aws4_request" % amz[:8]
        m = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})", r.header("authorization"))
        assert m.group(1) == "AKIDEXAMPLE0123/" + scope and m.group(2) == names
        canonical = "\n".join(["POST", "/", "", "host:" + r.host, "x-amz-date:" + amz, "", names, hashlib.sha256(r.text.encode()).hexdigest()])
        key = ("AWS4" + self.env["AWS_SECRET_ACCESS_KEY"]).encode()
        for part in scope.split("/") + ["AWS4-HMAC-SHA256\n%s\n%s\n%s" % (amz, scope, hashlib.sha256(canonical.encode()).hexdigest())]:
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        if key.hex() != m.group(3):
            raise Denied()

    @route("POST", "/")
    def call(self, r):
        assert r.header("content-type") == "application/x-amz-json-1.1"
        b = json.loads(r.text)
        assert set(b) == {"domainName", "domainEntry"} and set(b["domainEntry"]) == {"name", "target", "type"}
        zone, e = self.zone(b["domainName"]), b["domainEntry"]
        if r.header("x-amz-target") == "Lightsail_20161128.CreateDomainEntry":
            zone.add(e["type"], e["name"], unquoted(e["target"]))
        else:
            assert r.header("x-amz-target") == "Lightsail_20161128.DeleteDomainEntry"
            mine = [x for x in zone.records if x.key() == (e["type"], e["name"], unquoted(e["target"]))]
            if not mine:
                return 400, {"__type": "NotFoundException", "message": "The DomainEntry does not exist"}
            zone.drop(mine[0].id)
        return 200, {"operation": {"id": "x", "status": "Succeeded"}}
