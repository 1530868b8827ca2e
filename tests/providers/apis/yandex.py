from fake import Api, Denied, route


class Yandex(Api):
    code = "yandex"
    source = "https://yandex.com/dev/domain/doc/concepts/api-dns.html"
    env = {"YANDEX_PDD_TOKEN": "yandex-0123456789"}
    wrong = {"YANDEX_PDD_TOKEN": "yandex-not-right"}
    base = "https://pddimp.yandex.ru/api2/admin/dns"
    denied = (200, {"success": "error", "error": "bad_token"})
    denied_text = "bad_token"
    not_found = (200, {"success": "error", "error": "no_such_record"})

    def authorize(self, r):
        if r.header("pddtoken") != Yandex.env["YANDEX_PDD_TOKEN"]:
            raise Denied()

    def show(self, zone, x):
        return {"record_id": x.id, "domain": zone.name, "subdomain": zone.sub(x), "fqdn": x.name, "ttl": x.ttl, "type": x.type, "content": x.value}

    @route("POST", "/add")
    def add(self, r):
        b = r.form({"domain": str, "subdomain": str, "type": "TXT", "ttl": str, "content": str})
        zone = self.zone(b["domain"])
        return 200, {"success": "ok", "domain": zone.name, "record": self.show(zone, zone.add("TXT", zone.full(b["subdomain"]), b["content"], int(b["ttl"])))}

    @route("GET", "/list")
    def list(self, r):
        zone = self.zone(r.query(domain=str)["domain"])
        return 200, {"success": "ok", "domain": zone.name, "records": [self.show(zone, x) for x in zone.records]}

    @route("POST", "/del")
    def delete(self, r):
        b = r.form({"domain": str, "record_id": str})
        self.zone(b["domain"]).drop(b["record_id"])
        return 200, {"success": "ok", "domain": b["domain"], "record_id": int(b["record_id"])}
