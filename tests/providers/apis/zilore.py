from fake import Api, header_is, quoted, route, unquoted


class Zilore(Api):
    code = "zilore"
    source = "https://zilore.com/en/help/api/records/add_record, /list_records, /delete_record"
    env = {"ZILORE_ACCESS_KEY": "zilore-0123456789"}
    wrong = {"ZILORE_ACCESS_KEY": "zilore-not-right"}
    base = "https://api.zilore.com/dns/v1"
    authorize = header_is("x-auth-key", "zilore-0123456789")
    denied = (401, {"status": "fail", "error": {"code": 3, "message": "Authorization failed"}, "details": "wrong key"})
    denied_text = "Authorization failed wrong key [3]"
    not_found = (404, {"status": "fail", "error": {"code": 10, "message": "Record not found"}, "details": ""})

    @route("POST", "/domains/{name}/records")
    def create(self, r, name):
        q, zone = r.query(record_type="TXT", record_ttl=str, record_name=str, record_value=str), self.zone(name)
        x = zone.add("TXT", q["record_name"], unquoted(q["record_value"]), int(q["record_ttl"]))
        return 200, {"status": "ok", "response": {"record_id": x.id, "record_status": "added"}}

    @route("GET", "/domains/{name}/records")
    def list(self, r, name):
        q, zone = r.query(search_text=str, search_record_type="TXT"), self.zone(name)
        return 200, {"status": "ok", "response": [{"record_id": x.id, "record_name": x.name, "record_type": x.type, "record_ttl": x.ttl,
                                                   "record_value": quoted(x.value), "record_status": "active"}
                                                  for x in zone.records if x.type == "TXT" and q["search_text"] in x.value]}

    @route("DELETE", "/domains/{name}/records")
    def delete(self, r, name):
        r.nothing()
        self.zone(name).drop(r.query(record_id=str)["record_id"])
        return 200, {"status": "ok", "response": {"record_status": "deleted"}}
