import hashlib
import hmac
import time
import urllib.parse

from fake import Api, Denied, route


class BaiduCloud(Api):
    code = "baiducloud"
    source = "https://cloud.baidu.com/doc/DNS/s/El4s7lssr; signature: https://cloud.baidu.com/doc/Reference/s/njwvz1yfu"
    env = {"BAIDUCLOUD_ACCESS_KEY_ID": "baidu-key-0123", "BAIDUCLOUD_SECRET_ACCESS_KEY": "baidu-secret-0123"}
    wrong = {"BAIDUCLOUD_SECRET_ACCESS_KEY": "baidu-secret-nope"}
    base = "https://dns.baidubce.com/v1/dns/zone"
    denied = (403, {"code": "SignatureDoesNotMatch", "message": "The request signature we calculated does not match the signature you provided.", "requestId": "x"})
    denied_text = "does not match the signature you provided. [SignatureDoesNotMatch]"
    not_found = (404, {"code": "RecordNotFound", "message": "no such record", "requestId": "x"})

    def authorize(self, r):
        version, key, stamp, expire, names, mac = r.header("authorization").split("/")
        assert (version, key, expire) == ("bce-auth-v1", "baidu-key-0123", "1800") and r.header("x-bce-date") == stamp
        assert stamp == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(r.now)) and "host" in names.split(";")
        lines = "\n".join("%s:%s" % (n, urllib.parse.quote(r.host if n == "host" else r.header(n), safe="")) for n in sorted(names.split(";")))
        signing = hmac.new(b"baidu-secret-0123", "/".join([version, key, stamp, expire]).encode(), hashlib.sha256).hexdigest()
        query = "&".join(sorted(r.raw_query.split("&"))) if r.raw_query else ""
        text = "\n".join([r.method, urllib.parse.quote(r.path), query, lines])
        if hmac.new(signing.encode(), text.encode(), hashlib.sha256).hexdigest() != mac:
            raise Denied()

    @route("POST", "/{name}/record")
    def create(self, r, name):
        b, zone = r.json({"rr": str, "type": "TXT", "value": str, "ttl": int, "description": str}), self.zone(name)
        zone.add("TXT", zone.full(b["rr"]), b["value"], b["ttl"])
        return 200, None

    @route("GET", "/{name}/record")
    def list(self, r, name):
        zone, at = self.zone(name), int(r.query_map.get("marker", "m0")[1:])
        assert set(r.query_map) <= {"marker"}
        more = at + 2 < len(zone.records)
        return 200, {"marker": "", "isTruncated": more, "maxKeys": 2, **({"nextMarker": "m%d" % (at + 2)} if more else {}),
                     "records": [{"id": "r%d" % x.id, "rr": zone.sub(x), "status": "running", "type": x.type, "value": x.value, "ttl": x.ttl, "line": "default"}
                                 for x in zone.records[at:at + 2]]}

    @route("DELETE", "/{name}/record/{id}")
    def delete(self, r, name, id):
        self.zone(name).drop(id[1:])
        return 200, None
