import hashlib

from fake import Api, Denied, route


class Com35(Api):
    code = "com35"
    source = "https://api.35.cn/CustomerCenter/doc/domain_v2.html; examples: lego, providers/dns/internal/westcn/internal/fixtures"
    env = {"COM35_USERNAME": "somebody", "COM35_PASSWORD": "com35-pass-0123"}
    wrong = {"COM35_PASSWORD": "com35-pass-wrong"}
    base = "https://api.35.cn/api/v2"
    denied = (200, {"result": 500, "clientid": "5488", "msg": "username,time,token", "errcode": 10000})
    denied_text = "username,time,token [10000]"
    not_found = (404, {"result": 404, "clientid": "5488", "msg": "no such record", "errcode": 404})
    needs_saved = True

    def authorize(self, r):
        f = r.form()
        assert f["username"] == "somebody" and abs(int(f["time"]) / 1000 - r.now) < 600
        if hashlib.md5(("somebody" + "com35-pass-0123" + f["time"]).encode()).hexdigest() != f["token"]:
            raise Denied()

    @route("POST", "/domain/")
    def call(self, r):
        act, f = r.query(act={"adddnsrecord", "deldnsrecord"})["act"], r.form()
        zone = self.zone(f["domain"])
        if act == "deldnsrecord":
            assert set(f) == {"username", "time", "token", "domain", "id"}
            zone.drop(f["id"])
            return 200, {"result": 200, "clientid": "5488"}
        assert set(f) == {"username", "time", "token", "domain", "host", "type", "value", "ttl"} and f["type"] == "TXT"
        return 200, {"result": 200, "clientid": "5488", "data": {"id": zone.add("TXT", zone.full(f["host"]), f["value"], int(f["ttl"])).id}}
