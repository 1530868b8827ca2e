from fake import Api, Gone, header_is, route


class Leaseweb(Api):
    code = "leaseweb"
    source = "https://developer.leaseweb.com/docs/#tag/DNS"
    env = {"LEASEWEB_API_KEY": "leaseweb-key-01"}
    wrong = {"LEASEWEB_API_KEY": "leaseweb-key-no"}
    base = "https://api.leaseweb.com/hosting/v2/domains"
    authorize = header_is("x-lsw-auth", env["LEASEWEB_API_KEY"])
    denied = (401, {"correlationId": "289346a1", "errorCode": "401", "errorMessage": "You are not authorized to view this resource."})
    denied_text = "You are not authorized to view this resource. [401]"
    not_found = (404, {"correlationId": "289346a1", "errorCode": "404", "errorMessage": "Resource not found"})
    ttl = 300  # the next that may be

    def check(self, b):
        assert b["ttl"] in (60, 300, 1800, 3600, 14400, 28800, 43200, 86400) and b["content"]

    def found(self, zone, name):
        assert name.endswith(".")
        records = self.zone(zone).at(name[:-1])
        if not records:
            raise Gone()
        return records

    @route("GET", "/{zone}/resourceRecordSets/{name}/TXT")
    def get(self, r, zone, name):
        records = self.found(zone, name)
        return 200, {"name": name, "type": "TXT", "ttl": records[0].ttl, "editable": True, "content": [x.value for x in records], "_links": {}}

    @route("POST", "/{zone}/resourceRecordSets")
    def create(self, r, zone):
        b = r.json({"name": str, "type": "TXT", "ttl": int, "content": list})
        self.check(b)
        assert b["name"].endswith(".") and not self.zone(zone).at(b["name"][:-1])
        self.zone(zone).put(b["name"][:-1], "TXT", b["content"], b["ttl"])
        return 201, b

    @route("PUT", "/{zone}/resourceRecordSets/{name}/TXT")
    def update(self, r, zone, name):
        b = r.json({"ttl": int, "content": list})
        self.check(b)
        self.found(zone, name)
        self.zone(zone).put(name[:-1], "TXT", b["content"], b["ttl"])
        return 200, b

    @route("DELETE", "/{zone}/resourceRecordSets/{name}/TXT")
    def delete(self, r, zone, name):
        self.found(zone, name)
        self.zone(zone).put(name[:-1], "TXT", [])
        return 204, None
