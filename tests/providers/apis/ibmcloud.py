from fake import Api, basic, route


class IbmCloud(Api):
    code = "ibmcloud"
    source = "https://sldn.softlayer.com/reference/services/SoftLayer_Dns_Domain/; how it becomes REST: https://github.com/softlayer/softlayer-go, session/rest.go"
    env = {"SOFTLAYER_USERNAME": "SL0123456", "SOFTLAYER_API_KEY": "softlayer-key-01"}
    wrong = {"SOFTLAYER_API_KEY": "softlayer-key-no"}
    base = "https://api.softlayer.com/rest/v3.1"
    authorize = basic("SL0123456", "softlayer-key-01")
    denied = (401, {"error": "Invalid API token.", "code": "SoftLayer_Exception_InvalidLogin"})
    denied_text = "Invalid API token. [SoftLayer_Exception_InvalidLogin]"
    not_found = (404, {"error": "Unable to find object with id.", "code": "SoftLayer_Exception_ObjectNotFound"})

    def show(self, zone, x):
        return {"id": x.id, "domainId": zone.id, "host": x.name + "." if x.type == "TXT" else zone.sub(x), "type": x.type.lower(), "data": x.value, "ttl": x.ttl}

    @route("POST", "/SoftLayer_Dns_Domain/getByDomainName.json")
    def by_name(self, r):
        name = r.json({"parameters": [str]})["parameters"][0]
        return 200, [{"id": z.id, "name": z.name, "serial": 1} for z in self.zones.values() if name in z.name]  # a search, not a look-up

    @route("POST", "/SoftLayer_Dns_Domain/{id}/createTxtRecord.json")
    def create(self, r, id):
        host, data, ttl = r.json({"parameters": [str, str, int]})["parameters"]
        zone = self.zone(id)
        assert host.endswith(".")
        return 200, self.show(zone, zone.add("TXT", host[:-1], data, ttl))

    @route("GET", "/SoftLayer_Dns_Domain/{id}/getResourceRecords.json")
    def records(self, r, id):
        zone = self.zone(id)
        return 200, [self.show(zone, x) for x in zone.records]

    @route("DELETE", "/SoftLayer_Dns_Domain_ResourceRecord/{id}.json")
    def delete(self, r, id):
        for z in self.zones.values():
            if any(str(x.id) == id for x in z.records):
                z.drop(id)
                return 200, "true", [("Content-Type", "application/json")]
        return self.not_found
