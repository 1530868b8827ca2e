import hashlib

from fake import Api, Denied, route


class WestCn(Api):
    code = "westcn"
    source = "https://www.west.cn/CustomerCenter/doc/domain_v2.html; an error as it comes, in GBK: lego, providers/dns/internal/westcn/internal/fixtures"
    env = {"WESTCN_USERNAME": "somebody", "WESTCN_PASSWORD": "westcn-0123456789"}
    wrong = {"WESTCN_PASSWORD": "westcn-not-right"}
    base = "https://api.west.cn/api/v2/domain/"
    denied = (200, '{"result": 500, "clientid": "54880064508339547956", "msg": "username,time,token必传", "errcode": 10000}'.encode("gbk"))
    denied_text = "username,time,token必传 [10000]"
    not_found = (404, {"result": 404, "msg": "no such record", "errcode": 404})
    needs_saved = True  # how its records are listed is not known to us

    @route("POST", "")
    def call(self, r):
        act, b = r.query(act={"adddnsrecord", "deldnsrecord"})["act"], r.form()
        ms = int(b["time"])
        assert b.pop("username") == "somebody" and ms // 1000 == r.now
        if b.pop("token") != hashlib.md5(("somebody" + WestCn.env["WESTCN_PASSWORD"] + b.pop("time")).encode()).hexdigest():
            raise Denied()
        zone = self.zone(b["domain"])
        if act == "adddnsrecord":
            assert set(b) == {"domain", "host", "type", "value", "ttl"} and b["type"] == "TXT" and 60 <= int(b["ttl"]) <= 86400
            return 200, {"result": 200, "clientid": "1", "data": {"id": zone.add("TXT", zone.full(b["host"]), b["value"], int(b["ttl"])).id}}
        assert set(b) == {"domain", "id"}
        zone.drop(b["id"])
        return 200, {"result": 200, "clientid": "1"}
