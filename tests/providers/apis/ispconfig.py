import re

from fake import Api, Denied, route


class IspConfig(Api):
    code, variant = "ispconfig", "plain"
    source = "https://git.ispconfig.org/ispconfig/ispconfig3/-/blob/develop/remoting_client/API-docs/ (login, dns_zone_get, client_get_id, dns_txt_add, …)"
    env = {"ISPCONFIG_SERVER_URL": "https://panel.test:8080/remote/json.php", "ISPCONFIG_USERNAME": "remote", "ISPCONFIG_PASSWORD": "isp-pass-012345"}
    wrong = {"ISPCONFIG_PASSWORD": "isp-pass-wrong0"}
    base = "https://panel.test:8080/remote"
    denied = (200, {"code": "remote_fault", "message": "The session is expired or does not exist.", "response": False})
    denied_text = "The login failed. Username or password wrong. [remote_fault]"
    insecure = False

    def say(self, response):
        return 200, {"code": "ok", "message": "", "response": response}

    def fault(self, message):
        return 200, {"code": "remote_fault", "message": message, "response": False}

    @route("POST", "/json.php")
    def call(self, r):
        assert r.tls["insecure"] == self.insecure
        method = r.raw_query
        if method == "login":
            b = r.json({"username": "remote", "password": str, "client_login": False})
            return self.say("session-0123456789") if b["password"] == "isp-pass-012345" else self.fault("The login failed. Username or password wrong.")
        b = r.json(dict)
        if b.pop("session_id") != "session-0123456789":
            raise Denied()
        return getattr(self, method)(b)

    def logout(self, b):
        return self.say(True)

    def dns_zone_get_id(self, b):
        assert set(b) == {"origin"}
        zone = self.zones.get(b["origin"])
        return self.say(zone.id) if zone else self.fault("There is no zone for this domain")

    def dns_zone_get(self, b):
        assert set(b) == {"primary_id"} and isinstance(b["primary_id"], str)
        zone = self.zone(b["primary_id"])
        return self.say({"id": str(zone.id), "sys_userid": "789", "server_id": "3", "origin": zone.name + ".", "active": "Y"})

    def client_get_id(self, b):
        assert b == {"sys_userid": "789"}
        return self.say(12)

    def dns_txt_add(self, b):
        assert set(b) == {"client_id", "params", "update_serial"} and b["client_id"] == "12" and b["update_serial"] is True
        p = b["params"]
        assert set(p) == {"server_id", "zone", "name", "type", "data", "aux", "ttl", "active", "stamp", "update_serial"}
        assert p["server_id"] == "3" and p["name"].endswith(".") and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", p["stamp"])
        return self.say(str(self.zone(p["zone"]).add("TXT", p["name"][:-1], p["data"], int(p["ttl"])).id))

    def dns_txt_get(self, b):
        assert set(b) == {"primary_id"} and b["primary_id"]["type"] == "TXT"
        found = [x for z in self.zones.values() for x in z.at(b["primary_id"]["name"][:-1])]
        return self.say([{"id": str(x.id), "name": x.name + ".", "type": "TXT", "data": x.value, "ttl": str(x.ttl)} for x in found])

    def dns_txt_delete(self, b):
        assert set(b) == {"primary_id", "update_serial"} and isinstance(b["primary_id"], str)
        for z in self.zones.values():
            if any(str(x.id) == b["primary_id"] for x in z.records):
                z.drop(b["primary_id"])
                return self.say(1)
        return self.say(0)


class IspConfigInsecure(IspConfig):
    variant = "insecure"
    env = {**IspConfig.env, "ISPCONFIG_INSECURE_SKIP_VERIFY": "true"}
    optional = ("ISPCONFIG_INSECURE_SKIP_VERIFY",)
    insecure = True
