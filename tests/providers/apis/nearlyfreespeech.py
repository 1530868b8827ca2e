import hashlib
import re

from fake import Api, Denied, route


class NearlyFreeSpeech(Api):
    code = "nearlyfreespeech"
    source = "https://members.nearlyfreespeech.net/wiki/API/Introduction, /DNSAddRR, /DNSListRRs, /DNSRemoveRR"
    env = {"NEARLYFREESPEECH_API_KEY": "nfsn-0123456789", "NEARLYFREESPEECH_LOGIN": "somebody"}
    wrong = {"NEARLYFREESPEECH_API_KEY": "nfsn-not-right"}
    base = "https://api.nearlyfreespeech.net"
    denied = (401, {"error": "The API request could not be authenticated.", "debug": "The authentication hash is incorrect."})
    denied_text = "The API request could not be authenticated."
    salts = ()

    def authorize(self, r):
        login, now, salt, mac = r.header("x-nfsn-authentication").split(";")
        assert login == "somebody" and int(now) == r.now and re.fullmatch("[A-Za-z0-9]{16}", salt)
        body = hashlib.sha1(r.text.encode()).hexdigest()
        if mac != hashlib.sha1(";".join([login, now, salt, NearlyFreeSpeech.env["NEARLYFREESPEECH_API_KEY"], r.path, body]).encode()).hexdigest():
            raise Denied()

    @route("POST", "/dns/{name}/addRR")
    def add(self, r, name):
        b, zone = r.form({"name": str, "type": "TXT", "data": str, "ttl": str}), self.zone(name)
        zone.add("TXT", zone.full(b["name"]), b["data"], int(b["ttl"]))
        return 200, ""

    @route("POST", "/dns/{name}/listRRs")
    def list(self, r, name):
        b, zone = r.form({"name": str, "type": "TXT"}), self.zone(name)
        return 200, [{"name": b["name"], "type": "TXT", "data": x.value, "ttl": x.ttl, "scope": "member"} for x in zone.at(zone.full(b["name"]))]

    @route("POST", "/dns/{name}/removeRR")
    def remove(self, r, name):
        b, zone = r.form({"name": str, "type": "TXT", "data": str}), self.zone(name)
        zone.drop([x for x in zone.at(zone.full(b["name"])) if x.value == b["data"]][0].id)
        return 200, ""
