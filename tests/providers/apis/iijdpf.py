from fake import Api, bearer, quoted, route, unquoted


class IijDpf(Api):
    code = "iijdpf"
    source = "https://manual.iij.jp/dpf/dpfapi/; formats: https://github.com/mimuret/golang-iij-dpf (pkg/apis/dpf/v1)"
    env = {"IIJ_DPF_API_TOKEN": "dpf-token-01234", "IIJ_DPF_DPM_SERVICE_CODE": "dpm0000001"}
    wrong = {"IIJ_DPF_API_TOKEN": "dpf-token-wrong"}
    base = "https://api.dns-platform.jp/dpf/v1"
    authorize = bearer("dpf-token-01234")
    denied = (400, {"request_id": "743C", "error_type": "ParameterError", "error_message": "There are invalid parameters.",
                    "error_details": [{"code": "invalid", "attribute": "access_token"}]})
    denied_text = "ParameterError: There are invalid parameters. invalid access_token"
    not_found = (404, {"request_id": "743C", "error_type": "NotFound", "error_message": "Specified resource not found."})
    hosts_sub_zones = False  # a service code is one zone

    def setup(self):
        self.pending, self.jobs = [], {}

    def job(self):
        id_ = "8C246D4D%d" % (len(self.jobs) + 1)
        self.jobs[id_] = 2
        return 202, {"request_id": id_, "jobs_url": self.base + "/jobs/" + id_}

    @route("GET", "/jobs/{id}")
    def jobs_(self, r, id):
        self.jobs[id] -= 1
        return 200, {"request_id": id, "status": "RUNNING" if self.jobs[id] > 0 else "SUCCESSFUL", "resources_url": self.base + "/x"}

    @route("GET", "/zones")
    def list_zones(self, r):
        r.query(**{"_keywords_service_code[]": "dpm0000001"})
        return 200, {"request_id": "2C18", "results": [{"id": "m%d" % z.id, "common_config_id": 1, "service_code": "dpm000000%d" % (i + 1), "state": 1, "favorite": 1,
                                                        "name": z.name + ".", "description": ""} for i, z in enumerate(self.zones.values())]}

    @route("GET", "/zones/{id}/records/currents")
    def currents(self, r, id):
        name = r.query(**{"_keywords_name[]": str})["_keywords_name[]"]
        found = self.zone(id[1:]).at(name[:-1])
        sets = [{"id": "r%d" % found[0].id, "name": name, "ttl": found[0].ttl, "rrtype": "TXT", "rdata": [{"value": quoted(x.value)} for x in found], "state": 0,
                 "description": "", "operator": "somebody"}] if found else []
        return 200, {"request_id": "2C18", "results": [{"id": "r1", "name": name, "ttl": None, "rrtype": "A", "rdata": [{"value": "192.0.2.1"}]}] + sets}

    @route("POST", "/zones/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"name": str, "ttl": int, "rrtype": "TXT", "rdata": list, "description": str}), self.zone(id[1:])
        assert b["name"].endswith(".") and not zone.at(b["name"][:-1]) and not self.pending
        self.pending.append(lambda: zone.put(b["name"][:-1], "TXT", [unquoted(x["value"]) for x in b["rdata"]], b["ttl"]))
        return self.job()

    @route("PATCH", "/zones/{id}/records/{rid}")
    def update(self, r, id, rid):
        b, zone = r.json({"ttl": int, "rdata": list}), self.zone(id[1:])
        name = zone.get(rid[1:]).name
        assert b["rdata"] and not self.pending
        self.pending.append(lambda: zone.put(name, "TXT", [unquoted(x["value"]) for x in b["rdata"]], b["ttl"]))
        return self.job()

    @route("DELETE", "/zones/{id}/records/{rid}")
    def delete(self, r, id, rid):
        zone = self.zone(id[1:])
        name = zone.get(rid[1:]).name
        self.pending.append(lambda: zone.put(name, "TXT", []))
        return self.job()

    @route("PATCH", "/zones/{id}/changes")
    def apply(self, r, id):
        r.json({"description": str})
        assert all(n <= 0 for n in self.jobs.values())
        for do in self.pending:
            do()
        self.pending = []
        return self.job()
