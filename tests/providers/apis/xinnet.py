import hashlib
import hmac
import time

from fake import Api, Denied, route


class Xinnet(Api):
    code = "xinnet"
    source = "https://apidoc.xin.cn/doc-7283900, https://apidoc.xin.cn/doc-7283901; signature: https://apidoc.xin.cn/doc-7283837"
    env = {"XINNET_SECRET": "xinnet-secret-0123", "XINNET_AGENT_ID": "agent12345"}
    wrong = {"XINNET_SECRET": "xinnet-secret-wrong"}
    base = "https://apiv2.xinnet.com/api/dns"
    denied = (401, {"code": "401", "msg": "签名错误", "data": None, "requestId": "1"})
    denied_text = "签名错误 [401]"
    not_found = (404, {"code": "404", "msg": "not found", "data": None, "requestId": "1"})
    needs_saved = True  # how its records are listed is not known to us

    def authorize(self, r):
        stamp = r.header("timestamp")
        assert stamp == time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(r.now))
        mac = hmac.new(Xinnet.env["XINNET_SECRET"].encode(), "\n".join(["HMAC-SHA256", stamp, r.method, r.path, r.text]).encode(), hashlib.sha256).hexdigest()
        if r.header("authorization") != "HMAC-SHA256 Access=agent12345, Signature=" + mac:
            raise Denied()

    @route("POST", "/create/")
    def create(self, r):
        b = r.json({"domainName": str, "recordName": str, "type": "TXT", "value": str, "line": "默认", "ttl": int})
        x = self.zone(b["domainName"]).add("TXT", b["recordName"], b["value"], b["ttl"])
        return 200, {"code": "0", "msg": "请求成功", "data": x.id, "requestId": "vMbN86W3H8Jwhd9RdZ7"}

    @route("POST", "/delete/")
    def delete(self, r):
        b = r.json({"domainName": str, "recordId": int})
        self.zone(b["domainName"]).drop(b["recordId"])
        return 200, {"code": "0", "msg": "请求成功", "data": None, "requestId": "T8e03hNjBbcAO2iIGPC"}
