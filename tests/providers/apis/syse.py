from fake import Api, Denied, route


class Syse(Api):
    code = "syse"
    source = "https://www.syse.no/api/dns"
    env = {"SYSE_CREDENTIALS": "example.com:syse-0123456789,sub.example.com:syse-9876543210"}
    wrong = {"SYSE_CREDENTIALS": "example.com:syse-not-right"}
    base = "https://www.syse.no/api"
    denied = (401, {"message": "wrong password"})
    denied_text = "wrong password"
    needs_saved = True  # no list of records is documented

    def check(self, r, name):
        if r.basic() != "%s:%s" % (name, {"example.com": "syse-0123456789", "sub.example.com": "syse-9876543210"}[name]):
            raise Denied()
        return self.zone(name)

    @route("POST", "/dns/{name}")
    def create(self, r, name):
        zone = self.check(r, name)
        b = r.json({"type": "TXT", "prefix": str, "content": str, "ttl": int, "active": True})
        return 201, {"id": str(zone.add("TXT", zone.full(b["prefix"]), b["content"], b["ttl"]).id), **b}

    @route("DELETE", "/dns/{name}/{id}")
    def delete(self, r, name, id):
        self.check(r, name).drop(id)
        return 200, None
