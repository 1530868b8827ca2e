from fake import Api, Gone, header_is, route


class Leaseweb(Api):
    code = "leaseweb"
    source = "https://developer.leaseweb.com/docs/#tag/DNS"
    env = {"LEASEWEB_API_KEY": "leaseweb-0123456"}
    wrong = {"LEASEWEB_API_KEY": "leaseweb-wrong"}
    base = "https://api.leaseweb.com/hosting/v2/domains"
    authorize = header_is("x-lsw-auth", env["LEASEWEB_API_KEY"])
    denied = (401, {"correlationId": "x", "errorCode": "401", "errorMessage": "You are not authorized to view this resource."})
    denied_text = "You are not authorized to view this resource. [401]"
    not_found = (404, {"correlationId": "x", "errorCode": "404", "errorMessage": "Resource not found"})
    ttl = False  # that of a set that is there stays

    @route("GET", "/{name}/resourceRecordSets/{full}/TXT")
    def get(self, r, name, full):
        found = self.zone(name).at(full[:-1])
        if not found:
            raise Gone()
        return 200, {"name": full, "type": "TXT", "ttl": found[0].ttl, "editable": True, "content": [x.value for x in found], "_links": {}}

    @route("POST", "/{name}/resourceRecordSets")
    def create(self, r, name):
        b = r.json({"name": str, "type": "TXT", "ttl": int, "content": list})
        assert not self.zone(name).at(b["name"][:-1]) and b["ttl"] in (60, 300, 1800, 3600)
        self.zone(name).put(b["name"][:-1], "TXT", b["content"], b["ttl"])
        return 201, b

    @route("PUT", "/{name}/resourceRecordSets/{full}/TXT")
    def update(self, r, name, full):
        b, zone = r.json({"ttl": int, "content": list}), self.zone(name)
        assert zone.at(full[:-1])[0].ttl == b["ttl"]
        zone.put(full[:-1], "TXT", b["content"], b["ttl"])
        return 200, b

    @route("DELETE", "/{name}/resourceRecordSets/{full}/TXT")
    def delete(self, r, name, full):
        self.zone(name).put(full[:-1], "TXT", [])
        return 204, None
