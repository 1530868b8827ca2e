from fake import Api, header_is, route, unquoted


class Scaleway(Api):
    code = "scaleway"
    source = "https://www.scaleway.com/en/developers/api/domains-and-dns/#path-records-update-records-within-a-dns-zone"
    env = {"SCW_SECRET_KEY": "scw-0123456789ab"}
    wrong = {"SCW_SECRET_KEY": "scw-not-right-one"}
    base = "https://api.scaleway.com/domain/v2beta1"
    authorize = header_is("x-auth-token", env["SCW_SECRET_KEY"])
    denied = (403, {"message": "authentication is denied", "method": "api_key", "reason": "not_found", "type": "denied_authentication"})
    denied_text = "authentication is denied"
    not_found = (404, {"message": "resource is not found", "resource": "record", "type": "not_found"})

    @route("PATCH", "/dns-zones/{name}/records")
    def change(self, r, name):
        b, zone = r.json({"return_all_records": False, "changes": list}), self.zone(name)
        change = b["changes"][0]
        if "add" in change:
            x = change["add"]["records"][0]
            assert set(x) == {"name", "type", "data", "ttl"} and x["ttl"] >= 60
            zone.add("TXT", zone.full(x["name"]), unquoted(x["data"]), x["ttl"])
        else:
            x = change["delete"]["id_fields"]
            assert set(x) == {"name", "type", "data"}
            mine = [y for y in zone.at(zone.full(x["name"])) if y.value == unquoted(x["data"])]
            zone.drop(mine[0].id if mine else 0)
        return 200, {"records": []}
