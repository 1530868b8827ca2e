import hashlib

from fake import Api, Denied, route


class NearlyFreeSpeech(Api):
    code = "nearlyfreespeech"
    source = "https://members.nearlyfreespeech.net/wiki/API/DNSAddRR; https://members.nearlyfreespeech.net/wiki/API/Introduction (authentication)"
    env = {"NEARLYFREESPEECH_API_KEY": "nfsn-0123456789", "NEARLYFREESPEECH_LOGIN": "somebody"}
    wrong = {"NEARLYFREESPEECH_API_KEY": "nfsn-not-right"}
    base = "https://api.nearlyfreespeech.net/dns"
    denied = (401, {"error": "The API request could not be authenticated.", "debug": "The authentication hash is not correct."})
    denied_text = "The API request could not be authenticated."

    def authorize(self, r):
        login, stamp, salt, digest = r.header("x-nfsn-authentication").split(";")
        assert login == "somebody" and int(stamp) == r.now and len(salt) == 16 and salt.isalnum()
        text = ";".join([login, stamp, salt, self.env["NEARLYFREESPEECH_API_KEY"], r.path, hashlib.sha1((r.text or "").encode()).hexdigest()])
        if hashlib.sha1(text.encode()).hexdigest() != digest:
            raise Denied()

    @route("POST", "/{name}/addRR")
    def add(self, r, name):
        f, zone = r.form({"name": str, "type": "TXT", "data": str, "ttl": str}), self.zone(name)
        zone.add("TXT", zone.full(f["name"]), f["data"], int(f["ttl"]))
        return 200, ""

    @route("POST", "/{name}/listRRs")
    def list(self, r, name):
        f, zone = r.form({"name": str, "type": "TXT"}), self.zone(name)
        return 200, [{"name": f["name"], "type": "TXT", "data": '"%s"' % x.value, "ttl": x.ttl, "scope": "member"} for x in zone.at(zone.full(f["name"]))]

    @route("POST", "/{name}/removeRR")
    def remove(self, r, name):
        f, zone = r.form({"name": str, "type": "TXT", "data": str}), self.zone(name)
        mine = [x for x in zone.at(zone.full(f["name"])) if x.value == f["data"]]
        if not mine:
            return 400, {"error": "No such record", "debug": ""}
        zone.drop(mine[0].id)
        return 200, ""
