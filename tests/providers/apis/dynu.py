from fake import Api, Denied, Gone, header_is, route


class Dynu(Api):
    code = "dynu"
    source = "https://www.dynu.com/Support/API"
    env = {"DYNU_API_KEY": "dynu-0123456789"}
    wrong = {"DYNU_API_KEY": "dynu-not-right"}
    base = "https://api.dynu.com/v2"
    authorize = header_is("api-key", env["DYNU_API_KEY"])
    denied = (401, {"statusCode": 401, "type": "Authentication Exception", "message": "Failed to authenticate."})
    denied_text = "Failed to authenticate. [Authentication Exception]"
    not_found = (404, {"statusCode": 404, "type": "Not Found", "message": "Not Found."})

    def show(self, zone, x):
        return {"id": x.id, "domainId": zone.id, "domainName": zone.name, "nodeName": zone.sub(x, ""), "hostname": x.name, "recordType": x.type,
                "ttl": x.ttl, "state": True, "content": "", "textData": x.value}

    @route("GET", "/dns/getroot/{name}")
    def root(self, r, name):
        owners = [z for z in self.zones.values() if name == z.name or name.endswith("." + z.name)]
        if not owners:
            raise Gone()
        z = max(owners, key=lambda z: len(z.name))
        return 200, {"statusCode": 200, "id": z.id, "domainName": z.name, "hostname": name, "node": name[:-len(z.name) - 1]}

    @route("POST", "/dns/{id}/record")
    def create(self, r, id):
        zone = self.zone(id)
        b = r.json({"recordType": "TXT", "domainName": zone.name, "nodeName": str, "hostname": str, "state": True, "textData": str, "ttl": int})
        assert b["hostname"] == zone.full(b["nodeName"])
        return 200, {"statusCode": 200, **self.show(zone, zone.add("TXT", b["hostname"], b["textData"], b["ttl"]))}

    @route("GET", "/dns/record/{name}")
    def list(self, r, name):
        r.query(recordType="TXT")
        return 200, {"statusCode": 200, "dnsRecords": [self.show(z, x) for z in self.zones.values() for x in z.at(name)]}

    @route("DELETE", "/dns/{id}/record/{rid}")
    def delete(self, r, id, rid):
        self.zone(id).drop(rid)
        return 200, {"statusCode": 200}
