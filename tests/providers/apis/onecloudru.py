from fake import Api, bearer, route


class OneCloud(Api):
    code = "onecloudru"
    source = "https://1cloud.ru/api/dns/domainlist and https://1cloud.ru/api/dns/createrecordtxt"
    env = {"ONECLOUDRU_TOKEN": "1cloud-0123456789"}
    wrong = {"ONECLOUDRU_TOKEN": "1cloud-not-right"}
    base = "https://api.1cloud.ru/dns"
    authorize = bearer(env["ONECLOUDRU_TOKEN"])
    denied = (401, {"Message": "Unauthorized request"})
    denied_text = "Unauthorized request"

    def show(self, zone, x):
        return {"ID": x.id, "TypeRecord": x.type, "IP": "", "HostName": x.name + ".", "Priority": "", "Text": x.value if x.type == "TXT" else "",
                "Proto": "", "Service": "", "Weight": "", "TTL": x.ttl, "CanonicalDescription": ""}

    @route("GET", "")
    def list(self, r):
        return 200, [{"ID": z.id, "Name": z.name, "TechName": z.name, "State": "Active", "IsDelegate": True,
                      "LinkedRecords": [self.show(z, x) for x in z.records]} for z in self.zones.values()]

    @route("POST", "/recordtxt")
    def create(self, r):
        b = r.json({"DomainId": str, "Name": str, "TTL": str, "Text": str})
        zone = self.zone(b["DomainId"])
        return 200, self.show(zone, zone.add("TXT", zone.full(b["Name"]), b["Text"], int(b["TTL"])))

    @route("DELETE", "/{id}/{rid}")
    def delete(self, r, id, rid):
        r.nothing()
        self.zone(id).drop(rid)
        return 200, None
