from fake import Api, Gone, header_is, route, unquoted


class OpusDns(Api):
    code = "opusdns"
    source = "https://developers.opusdns.com/products/dns/manage-records"
    env = {"OPUSDNS_API_KEY": "opk_0123456789"}
    wrong = {"OPUSDNS_API_KEY": "opk_not_right"}
    base = "https://api.opusdns.com/v1"
    authorize = header_is("x-api-key", "opk_0123456789")
    denied = (401, {"type": "authentication", "title": "Unauthorized", "status": 401, "detail": "The API key is not valid."})
    denied_text = "Unauthorized The API key is not valid."
    not_found = (404, {"type": "not-found", "title": "Not Found", "status": 404, "detail": "There is no such record."})

    @route("PATCH", "/dns/{name}/records")
    def change(self, r, name):
        b = r.json({"ops": [{"op": {"upsert", "remove"}, "record": {"name": str, "type": "TXT", "ttl": int, "rdata": str}}]})["ops"][0]
        zone, x = self.zone(name), b["record"]
        fqdn, value = zone.full(x["name"]), unquoted(x["rdata"])
        there = [y for y in zone.at(fqdn) if y.value == value]
        if b["op"] == "upsert" and not there:
            zone.add("TXT", fqdn, value, x["ttl"])
        if b["op"] == "remove":
            if not there:
                raise Gone()
            zone.drop(there[0].id)
        return 204, None
