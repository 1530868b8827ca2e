from fake import Api, bearer, route


class CoreNetworks(Api):
    code = "corenetworks"
    source = "https://beta.api.core-networks.de/doc/"
    env = {"CORENETWORKS_LOGIN": "somebody", "CORENETWORKS_PASSWORD": "cn-pass-0123456"}
    wrong = {"CORENETWORKS_PASSWORD": "cn-pass-wrong00"}
    base = "https://beta.api.core-networks.de"
    open_routes = ("login",)
    authorize = bearer("authsecret")
    denied = (401, {"message": "Unauthorized"})
    denied_text = "Login failed"

    def setup(self):
        self.pending = []

    @route("POST", "/auth/token")
    def login(self, r):
        b = r.json({"login": "somebody", "password": str})
        if b["password"] != self.env["CORENETWORKS_PASSWORD"]:
            return 401, {"message": "Login failed"}
        return 200, {"token": "authsecret", "expires": 3600}

    @route("POST", "/dnszones/{name}/records/")
    def add(self, r, name):
        b, zone = r.json({"name": str, "ttl": int, "type": "TXT", "data": str}), self.zone(name)
        assert b["name"]
        self.pending.append((zone, lambda: zone.add("TXT", zone.full(b["name"]), b["data"], b["ttl"])))
        return 204, None

    @route("POST", "/dnszones/{name}/records/delete")
    def delete(self, r, name):
        b, zone = r.json({"name": str, "type": "TXT", "data": str}), self.zone(name)

        def do():
            zone.records = [x for x in zone.records if x.key() != ("TXT", zone.full(b["name"]), b["data"])]
        self.pending.append((zone, do))
        return 204, None

    @route("POST", "/dnszones/{name}/records/commit")
    def commit(self, r, name):
        r.nothing()
        zone = self.zone(name)
        for z, do in self.pending:
            if z is zone:
                do()
        self.pending = [p for p in self.pending if p[0] is not zone]
        return 204, None
