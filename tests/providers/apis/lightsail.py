import hashlib
import hmac
import json
import re

from fake import Api, Denied, Gone, route, same, unquoted


class Lightsail(Api):
    code = "lightsail"
    source = "https://docs.aws.amazon.com/lightsail/2016-11-28/api-reference/API_CreateDomainEntry.html; signature: " \
             "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"
    env = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE0123", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
    wrong = {"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYNOTRIGHT"}
    base = "https://lightsail.us-east-1.amazonaws.com"
    denied = (403, {"__type": "InvalidSignatureException", "message": "The request signature we calculated does not match."})
    denied_text = "The request signature we calculated does not match. [InvalidSignatureException]"
    not_found = (400, {"__type": "NotFoundException", "message": "The DomainEntry does not exist"})
    # https://docs.aws.amazon.com/lightsail/2016-11-28/api-reference/CommonErrors.html
    rate_limited = (400, {"__type": "ThrottlingException", "message": "Rate exceeded"})
    ttl = False
    ambient = True

    def authorize(self, r):
        amz = r.header("x-amz-date")
        m = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=host;x-amz-date, Signature=([0-9a-f]{64})", r.header("authorization"))
        scope = "%s/us-east-1/lightsail/aws4_request" % amz[:8]
        assert m and m.group(1) == "AKIDEXAMPLE0123/" + scope
        canonical = "\n".join([r.method, r.path, "", "host:" + r.host, "x-amz-date:" + amz, "", "host;x-amz-date", hashlib.sha256(r.text.encode()).hexdigest()])
        key = ("AWS4" + Lightsail.env["AWS_SECRET_ACCESS_KEY"]).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        text = "AWS4-HMAC-SHA256\n%s\n%s\n%s" % (amz, scope, hashlib.sha256(canonical.encode()).hexdigest())
        if hmac.new(key, text.encode(), hashlib.sha256).hexdigest() != m.group(2):
            raise Denied()

    @route("POST", "/")
    def call(self, r):
        r._type("application/x-amz-json-1.1")
        b = same("body", json.loads(r.text), {"domainName": str, "domainEntry": {"name": str, "target": str, "type": "TXT"}})
        action, zone, x = r.header("x-amz-target"), self.zone(b["domainName"]), b["domainEntry"]
        value = unquoted(x["target"])
        if action == "Lightsail_20161128.CreateDomainEntry":
            zone.add("TXT", x["name"], value)
        else:
            assert action == "Lightsail_20161128.DeleteDomainEntry"
            hit = [y for y in zone.at(x["name"]) if y.value == value]
            if not hit:
                raise Gone()
            zone.drop(hit[0].id)
        return 200, {"operation": {"id": "1", "status": "Succeeded", "operationType": action.split(".")[1]}}


class LightsailZone(Lightsail):
    variant = "zone-given"
    env = {**Lightsail.env, "DNS_ZONE": "example.com"}
    optional = ("DNS_ZONE",)
    hosts_sub_zones = False
