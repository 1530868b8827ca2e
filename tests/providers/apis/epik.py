from fake import Api, Denied, route


class Epik(Api):
    code = "epik"
    source = "https://docs-userapi.epik.com/v2/ (DNS Host Records)"
    env = {"EPIK_SIGNATURE": "epik-signature-0123"}
    wrong = {"EPIK_SIGNATURE": "epik-signature-wrong"}
    base = "https://usersapiv2.epik.com/v2"
    denied = (401, {"errors": [{"code": 1, "message": "Unauthorized", "description": "Unauthorized: Signature was not provided or was invalid"}]})
    denied_text = "Unauthorized: Signature was not provided or was invalid [1]"
    not_found = (404, {"errors": [{"code": 2, "message": "Not found", "description": "Not found"}]})

    def authorize(self, r):
        if r.query_map.pop("SIGNATURE") != "epik-signature-0123":
            raise Denied()

    def done(self):
        return 200, {"code": 1000, "message": "Command completed successfully.", "description": None}

    @route("POST", "/domains/{name}/records")
    def create(self, r, name):
        b = r.json({"create_host_records_payload": {"HOST": str, "TYPE": "TXT", "DATA": str, "AUX": 0, "TTL": int}})["create_host_records_payload"]
        zone = self.zone(name)
        zone.add("TXT", zone.full(b["HOST"]), b["DATA"], b["TTL"])
        return self.done()

    @route("GET", "/domains/{name}/records")
    def list(self, r, name):
        zone = self.zone(name)
        return 200, {"data": {"name": zone.name.upper(), "code": 1000, "records": [{"id": "abc%d" % x.id, "name": zone.sub(x, ""), "type": x.type, "data": x.value,
                                                                                   "aux": 0, "ttl": x.ttl} for x in zone.records]}}

    @route("DELETE", "/domains/{name}/records")
    def delete(self, r, name):
        self.zone(name).drop(r.query(ID=str)["ID"][3:])
        return self.done()
