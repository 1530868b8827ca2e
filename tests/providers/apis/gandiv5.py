from fake import Api, Gone, bearer, header_is, quoted, route, unquoted


class Gandi(Api):
    code, variant = "gandiv5", "pat"
    source = "https://api.gandi.net/docs/livedns/"
    env = {"GANDIV5_PERSONAL_ACCESS_TOKEN": "pat-0123456789"}
    wrong = {"GANDIV5_PERSONAL_ACCESS_TOKEN": "pat-not-the-right"}
    base = "https://api.gandi.net/v5/livedns"
    authorize = bearer(env["GANDIV5_PERSONAL_ACCESS_TOKEN"])
    denied = (403, {"object": "HTTPForbidden", "cause": "Forbidden", "code": 403, "message": "Access was denied to this resource."})
    denied_text = "Access was denied to this resource."
    not_found = (404, {"object": "dns-record", "cause": "Not Found", "code": 404, "message": "Can't find the DNS record"})

    @route("GET", "/domains/{name}/records/{sub}/TXT")
    def get(self, r, name, sub):
        zone = self.zone(name)
        found = zone.at(zone.full(sub))
        if not found:
            raise Gone()
        return 200, {"rrset_name": sub, "rrset_type": "TXT", "rrset_ttl": found[0].ttl, "rrset_values": [quoted(x.value) for x in found],
                     "rrset_href": r.url}

    @route("PUT", "/domains/{name}/records/{sub}/TXT")
    def put(self, r, name, sub):
        b, zone = r.json({"rrset_ttl": int, "rrset_values": list}), self.zone(name)
        assert b["rrset_ttl"] >= 300 and b["rrset_values"]
        zone.put(zone.full(sub), "TXT", [unquoted(v) for v in b["rrset_values"]], b["rrset_ttl"])
        return 201, {"message": "DNS Record Created"}

    @route("DELETE", "/domains/{name}/records/{sub}/TXT")
    def delete(self, r, name, sub):
        zone = self.zone(name)
        zone.put(zone.full(sub), "TXT", [])
        return 204, None


class GandiKey(Gandi):
    variant = "key"
    env = {"GANDIV5_API_KEY": "api-key-0123456789"}
    wrong = {"GANDIV5_API_KEY": "api-key-not-right"}
    authorize = header_is("authorization", "Apikey api-key-0123456789")
