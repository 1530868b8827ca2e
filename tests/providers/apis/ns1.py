from fake import Api, Gone, header_is, route


class Ns1(Api):
    code = "ns1"
    source = "https://developer.ibm.com/apis/catalog/ns1--ibm-ns1-connect-api/ (records)"
    env = {"NS1_API_KEY": "ns1-0123456789"}
    wrong = {"NS1_API_KEY": "ns1-not-right"}
    base = "https://api.nsone.net/v1"
    authorize = header_is("x-nsone-key", env["NS1_API_KEY"])
    denied = (401, {"message": "Unauthorized"})
    denied_text = "Unauthorized"
    not_found = (404, {"message": "record not found"})

    def show(self, zone, found):
        return {"zone": zone.name, "domain": found[0].name, "type": "TXT", "ttl": found[0].ttl,
                "answers": [{"answer": [x.value], "id": "a%d" % x.id} for x in found], "filters": []}

    @route("GET", "/zones/{zone}/{name}/TXT")
    def get(self, r, zone, name):
        found = self.zone(zone).at(name)
        if not found:
            raise Gone()
        return 200, self.show(self.zone(zone), found)

    @route("PUT", "/zones/{zone}/{name}/TXT")
    def create(self, r, zone, name):
        b = r.json({"zone": zone, "domain": name, "type": "TXT", "ttl": int, "answers": list})
        assert not self.zone(zone).at(name)
        self.zone(zone).put(name, "TXT", [a["answer"][0] for a in b["answers"]], b["ttl"])
        return 200, b

    @route("POST", "/zones/{zone}/{name}/TXT")
    def update(self, r, zone, name):
        b = r.json({"answers": list})
        assert self.zone(zone).at(name) and all("answer" in a for a in b["answers"])
        self.zone(zone).put(name, "TXT", [a["answer"][0] for a in b["answers"]])
        return 200, b

    @route("DELETE", "/zones/{zone}/{name}/TXT")
    def delete(self, r, zone, name):
        self.zone(zone).put(name, "TXT", [])
        return 200, {}

    ttl = False  # the TTL of a record that is there stays
