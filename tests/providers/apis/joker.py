from fake import Api, Denied, route


class JokerDmapi(Api):
    code, variant = "joker", "dmapi-key"
    source = "https://joker.com/faq/category/39/22-dmapi.html (login, dns-zone-get, dns-zone-put, logout)"
    env = {"JOKER_API_KEY": "joker-key-01234"}
    wrong = {"JOKER_API_KEY": "joker-key-wrong"}
    base = "https://dmapi.joker.com/request"
    denied = (200, "Version: 1.2.59\nStatus-Code: 2200\nStatus-Text: Authentication error\nResult: NACK\nProc-ID: 1\n\n")
    denied_text = "Authentication error"
    open_routes = ("login",)
    who = {"api-key": "joker-key-01234"}

    def authorize(self, r):
        if r.form()["auth-sid"] != "8c9e8a7e2f4b1d3c":
            raise Denied()

    def say(self, headers="", body=""):
        return 200, "Version: 1.2.59\nStatus-Code: 0\nStatus-Text: Command completed successfully\nResult: ACK\nProc-ID: 1\n%s\n%s" % (headers, body)

    @route("POST", "/login")
    def login(self, r):
        if r.form() != self.who:
            return self.denied
        return self.say("Auth-Sid: 8c9e8a7e2f4b1d3c\nUID: 12345\n", "com\nnet\n")

    @route("POST", "/logout")
    def logout(self, r):
        r.form({"auth-sid": str})
        return self.say()

    @route("POST", "/dns-zone-get")
    def get(self, r):
        zone = self.zone(r.form({"auth-sid": str, "domain": str})["domain"])
        lines = ["$dyndns=yes:user:secret"]
        for x in zone.records:
            value = '"%s "' % x.value if x.type == "TXT" and len(x.value) == 43 else '"%s"' % x.value if x.type == "TXT" else x.value
            lines.append("%s %s %d %s %d" % (zone.sub(x), x.type, 10 if x.type == "MX" else 0, value, x.ttl))
        return self.say(body="\n".join(lines) + "\n")

    @route("POST", "/dns-zone-put")
    def put(self, r):
        f = r.form({"auth-sid": str, "domain": str, "zone": str})
        zone = self.zone(f["domain"])
        lines = f["zone"].split("\n")
        assert lines[0] == "$dyndns=yes:user:secret" and all(lines)
        zone.records = []
        for line in lines[1:]:
            name, type_, prio, rest = line.split(" ", 3)
            value, ttl = rest.rsplit(" ", 1)
            assert prio == ("10" if type_ == "MX" else "0")
            zone.add(type_, zone.full(name), value.strip('"').rstrip(" ") if type_ == "TXT" else value, int(ttl))
        return self.say()


class JokerDmapiPassword(JokerDmapi):
    variant = "dmapi-password"
    env = {"JOKER_API_MODE": "DMAPI", "JOKER_USERNAME": "somebody", "JOKER_PASSWORD": "joker-pass-0123"}
    wrong = {"JOKER_PASSWORD": "joker-pass-nope"}
    optional = ("JOKER_API_MODE",)
    who = {"username": "somebody", "password": "joker-pass-0123"}


class JokerSvc(Api):
    code, variant = "joker", "svc"
    source = "https://joker.com/faq/content/6/496/en/let_s-encrypt-support.html"
    env = {"JOKER_API_MODE": "SVC", "JOKER_USERNAME": "somebody", "JOKER_PASSWORD": "svc-pass-012345"}
    wrong = {"JOKER_PASSWORD": "svc-pass-wrong0"}
    optional = ("JOKER_API_MODE",)
    base = "https://svc.joker.com/nic"
    denied_text = "badauth"
    one_value, keeps_foreign, ttl = True, False, False

    @route("POST", "/replace")
    def replace(self, r):
        f = r.form({"username": "somebody", "password": str, "zone": str, "label": str, "type": "TXT", "value": str})
        if f["password"] != "svc-pass-012345":
            return 401, "badauth"
        zone = self.zone(f["zone"])
        zone.put(zone.full(f["label"]), "TXT", [f["value"]] if f["value"] else [])
        return 200, "OK: 1 inserted, 0 deleted"
