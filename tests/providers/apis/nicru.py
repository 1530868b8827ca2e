from fake import Api, Denied, route, xml


class NicRu(Api):
    code = "nicru"
    source = "https://www.nic.ru/help/api-dns-hostinga_3643.html"
    env = {"NICRU_USER": "123/NIC-D", "NICRU_PASSWORD": "nicru-0123456789", "NICRU_SERVICE_ID": "app-id-0123", "NICRU_SECRET": "app-secret-0123"}
    wrong = {"NICRU_PASSWORD": "nicru-not-right"}
    base = "https://api.nic.ru/dns-master"
    denied = (401, {"error": "invalid_grant", "error_description": "wrong login or password"})
    denied_text = "wrong login or password"
    open_routes = ("login",)

    def setup(self):
        self.waiting = []
        self.not_found = self.reply(xml("errors", xml("error", "Record not found", code="4091")), status="fail", http=404)

    def reply(self, *inside, status="success", http=200):
        return http, '<?xml version="1.0" encoding="UTF-8" ?>\n' + xml("response", xml("status", status), *inside), [("Content-Type", "text/xml")]

    def authorize(self, r):
        if r.header("authorization") != "Bearer nicru-session-token":
            raise Denied()

    @route("POST", "https://api.nic.ru/oauth/token")
    def login(self, r):
        b = r.form({"grant_type": "password", "username": "123/NIC-D", "password": str, "scope": ".+:/dns-master/.+", "client_id": "app-id-0123",
                    "client_secret": "app-secret-0123"})
        if b["password"] != NicRu.env["NICRU_PASSWORD"]:
            raise Denied()
        return 200, {"access_token": "nicru-session-token", "expires_in": 14400, "token_type": "Bearer"}

    def head(self, zone, *inside):
        return xml("zone", *inside, admin="123/NIC-REG", enable="true", id=zone.id, name=zone.name, service="myservice", payer="123/NIC-REG")

    @route("GET", "/zones")
    def list_zones(self, r):
        return self.reply(xml("data", *[self.head(z) for z in self.zones.values()]))

    @route("PUT", "/services/myservice/zones/{name}/records")
    def add(self, r, name):
        assert r.header("content-type") == "text/xml"
        e, zone = r.xml(), self.zone(name)
        rr = e.find("rr-list/rr")
        assert e.tag == "request" and [c.tag for c in rr] == ["name", "ttl", "type", "txt"] and rr.find("type").text == "TXT"
        self.waiting.append(lambda: zone.add("TXT", zone.full(rr.find("name").text), rr.find("txt/string").text, int(rr.find("ttl").text)))
        return self.reply(xml("data", self.head(zone)))

    @route("GET", "/services/myservice/zones/{name}/records")
    def list(self, r, name):
        zone = self.zone(name)
        rrs = [xml("rr", xml("name", zone.sub(x)), xml("idn-name", zone.sub(x)), xml("ttl", x.ttl), xml("type", x.type),
                   xml("txt", xml("string", x.value)) if x.type == "TXT" else xml("a", x.value), id=x.id) for x in zone.records]
        return self.reply(xml("data", self.head(zone, *rrs)))

    @route("DELETE", "/services/myservice/zones/{name}/records/{id}")
    def delete(self, r, name, id):
        r.nothing()
        zone = self.zone(name)
        zone.get(id)
        self.waiting.append(lambda: zone.drop(id))
        return self.reply()

    @route("POST", "/services/myservice/zones/{name}/commit")
    def commit(self, r, name):
        r.nothing()
        while self.waiting:
            self.waiting.pop(0)()
        return self.reply()
