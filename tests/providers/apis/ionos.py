from fake import Api, header_is, quoted, route


class Ionos(Api):
    code = "ionos"
    source = "https://developer.hosting.ionos.com/docs/dns"
    env = {"IONOS_API_KEY": "prefix.secret-0123456789"}
    wrong = {"IONOS_API_KEY": "prefix.not-right"}
    base = "https://api.hosting.ionos.com/dns/v1"
    authorize = header_is("x-api-key", env["IONOS_API_KEY"])
    denied = (401, [{"code": "UNAUTHORIZED", "message": "The customer is not authorized to do this operation."}])
    denied_text = "The customer is not authorized to do this operation. [UNAUTHORIZED]"
    not_found = (404, [{"code": "RECORD_NOT_FOUND", "message": "Record does not exist."}])

    def show(self, x):
        return {"id": "a4c09921-%d" % x.id, "name": x.name, "rootName": "", "type": x.type, "content": quoted(x.value) if x.type == "TXT" else x.value,
                "changeDate": "2025-01-01", "ttl": x.ttl, "prio": 0, "disabled": False}

    @route("GET", "/zones")
    def list_zones(self, r):
        return 200, [{"id": "11af3414-%d" % z.id, "name": z.name, "type": "NATIVE"} for z in self.zones.values()]

    @route("POST", "/zones/{id}/records")
    def create(self, r, id):
        b = r.json([{"name": str, "type": "TXT", "content": str, "ttl": int, "prio": 0, "disabled": False}])
        return 201, [self.show(self.zone(id.split("-")[1]).add("TXT", b[0]["name"], b[0]["content"], b[0]["ttl"]))]

    @route("GET", "/zones/{id}")
    def get(self, r, id):
        q, zone = r.query(recordName=str, recordType="TXT"), self.zone(id.split("-")[1])
        return 200, {"id": id, "name": zone.name, "type": "NATIVE", "records": [self.show(x) for x in zone.at(q["recordName"])]}

    @route("DELETE", "/zones/{id}/records/{rid}")
    def delete(self, r, id, rid):
        self.zone(id.split("-")[1]).drop(rid.split("-")[1])
        return 200, ""
