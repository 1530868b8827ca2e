import hashlib
import urllib.parse

from fake import Api, Denied, route


class Gname(Api):
    code = "gname"
    source = "https://www.gname.com/domain/api/jiexi/add; the list: acme.sh, dnsapi/dns_gname.sh; answers: lego, providers/dns/gname/internal/fixtures"
    env = {"GNAME_APP_ID": "gname-app", "GNAME_APP_KEY": "gname-key-01234"}
    wrong = {"GNAME_APP_KEY": "gname-key-wrong"}
    base = "https://api.gname.com/api/resolution"
    denied = (200, {"code": -1, "msg": "Sorry,APPID  is invalid", "data": "", "requestid": "20260108"})
    denied_text = "Sorry,APPID  is invalid [-1]"
    not_found = (404, {"code": -1, "msg": "no such record", "data": ""})

    def authorize(self, r):
        f = r.form()
        token = f.pop("gntoken")
        text = urllib.parse.urlencode(sorted(f.items())) + "gname-key-01234"
        assert f["appid"] == "gname-app" and abs(int(f["gntime"]) - r.now) < 600
        if hashlib.md5(text.encode()).hexdigest().upper() != token:
            raise Denied()

    def body(self, r, **want):
        return r.form({"appid": str, "gntime": str, "gntoken": str, **want})

    @route("POST", "/add")
    def add(self, r):
        f = self.body(r, ym=str, lx="TXT", zj=str, jlz=str, ttl=str)
        zone = self.zone(f["ym"])
        return 200, {"code": 1, "msg": "make domain resolution successfully", "data": zone.add("TXT", zone.full(f["zj"]), f["jlz"], int(f["ttl"])).id}

    @route("POST", "/list")
    def list(self, r):
        zone = self.zone(self.body(r, ym=str, lx="TXT", page="1", limit="1000")["ym"])
        return 200, {"code": 1, "msg": "ok", "data": [{"id": str(x.id), "zjt": zone.sub(x), "lx": x.type, "jxz": x.value, "ttl": str(x.ttl)} for x in zone.records
                                                      if x.type == "TXT"], "count": 9}

    @route("POST", "/delete")
    def delete(self, r):
        f = self.body(r, ym=str, jxid=str)
        self.zone(f["ym"]).drop(f["jxid"])
        return 200, {"code": 1, "msg": "delete domain resolution successfully", "data": ""}
