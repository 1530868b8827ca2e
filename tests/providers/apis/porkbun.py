import json

from fake import Api, Denied, route


class Porkbun(Api):
    code = "porkbun"
    source = "https://porkbun.com/api/json/v3/documentation"
    env = {"PORKBUN_API_KEY": "pk1_0123456789", "PORKBUN_SECRET_API_KEY": "sk1_0123456789"}
    wrong = {"PORKBUN_SECRET_API_KEY": "sk1_not_right"}
    base = "https://api.porkbun.com/api/json/v3"
    denied = (400, {"status": "ERROR", "message": "Invalid API key. (002)"})
    denied_text = "Invalid API key. (002)"

    def authorize(self, r):
        b = json.loads(r.text)
        if b["apikey"] != self.env["PORKBUN_API_KEY"] or b["secretapikey"] != self.env["PORKBUN_SECRET_API_KEY"]:
            raise Denied()

    @route("POST", "/dns/create/{name}")
    def create(self, r, name):
        b, zone = r.json({"apikey": str, "secretapikey": str, "name": str, "type": "TXT", "content": str, "ttl": str}), self.zone(name)
        return 200, {"status": "SUCCESS", "id": str(zone.add("TXT", zone.full(b["name"]), b["content"], int(b["ttl"])).id)}

    @route("POST", "/dns/retrieveByNameType/{name}/TXT/{sub}")
    def list(self, r, name, sub):
        r.json({"apikey": str, "secretapikey": str})
        zone = self.zone(name)
        return 200, {"status": "SUCCESS", "records": [{"id": str(x.id), "name": x.name, "type": "TXT", "content": x.value, "ttl": str(x.ttl), "prio": "0",
                                                       "notes": ""} for x in zone.at(zone.full(sub))]}

    @route("POST", "/dns/delete/{name}/{id}")
    def delete(self, r, name, id):
        r.json({"apikey": str, "secretapikey": str})
        zone = self.zone(name)
        if not [x for x in zone.records if str(x.id) == id]:
            return 400, {"status": "ERROR", "message": "Invalid record ID."}
        zone.drop(id)
        return 200, {"status": "SUCCESS"}
