from fake import Api, Gone, bearer, route


class NederHost(Api):
    code = "nederhost"
    source = "https://www.nederhost.nl/kennisbank/domeinnamen/DNS/REST_DNS-API"
    env = {"NEDERHOST_API_KEY": "neder-0123456789"}
    wrong = {"NEDERHOST_API_KEY": "neder-not-right"}
    base = "https://api.nederhost.nl/dns/v1"
    authorize = bearer(env["NEDERHOST_API_KEY"])
    denied = (401, {"error": "invalid token"})
    denied_text = "invalid token"
    not_found = (404, {"error": "not found"})

    @route("PATCH", "/zones/{name}/records/{fqdn}/TXT")
    def add(self, r, name, fqdn):
        b, zone = r.json([{"content": str, "ttl": int}])[0], self.zone(name)
        zone.add("TXT", fqdn, b["content"], b["ttl"])
        return 200, {fqdn: {"TXT": [{"id": x.id, "ttl": x.ttl, "content": x.value} for x in zone.at(fqdn)]}}

    @route("DELETE", "/zones/{name}/records/{fqdn}/TXT")
    def delete(self, r, name, fqdn):
        r.nothing()
        q, zone = r.query(content=str), self.zone(name)
        hit = [x for x in zone.at(fqdn) if x.value == q["content"]]
        if not hit:
            raise Gone()
        zone.drop(hit[0].id)
        return 204, None
