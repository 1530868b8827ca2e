from fake import Api, bearer, quoted, route, unquoted


class Cloudflare(Api):
    code, variant = "cloudflare", "token"
    source = "https://developers.cloudflare.com/api/resources/dns/subresources/records/"
    env = {"CLOUDFLARE_DNS_API_TOKEN": "cf-token-0123456789"}
    wrong = {"CLOUDFLARE_DNS_API_TOKEN": "cf-token-not-right"}
    base = "https://api.cloudflare.com/client/v4"
    authorize = bearer(env["CLOUDFLARE_DNS_API_TOKEN"])
    denied = (403, {"success": False, "errors": [{"code": 9109, "message": "Invalid access token"}], "messages": [], "result": None})
    denied_text = "Invalid access token [9109]"
    not_found = (404, {"success": False, "errors": [{"code": 81044, "message": "Record does not exist."}], "messages": [], "result": None})

    def ok(self, result):
        return 200, {"success": True, "errors": [], "messages": [], "result": result}

    def show(self, r):
        return {"id": "rec%d" % r.id, "type": r.type, "name": r.name, "content": quoted(r.value) if r.type == "TXT" else r.value, "ttl": r.ttl,
                "proxied": False}

    @route("GET", "/zones")
    def list_zones(self, r):
        q = r.query(name=str, per_page="50")
        return self.ok([{"id": str(z.id), "name": z.name, "status": "active"} for z in self.zones.values() if z.name == q["name"]])

    @route("POST", "/zones/{id}/dns_records")
    def create(self, r, id):
        b, zone = r.json({"type": "TXT", "name": str, "content": str, "ttl": int}), self.zone(id)
        return self.ok(self.show(zone.add("TXT", b["name"], unquoted(b["content"]), b["ttl"])))

    @route("GET", "/zones/{id}/dns_records")
    def list(self, r, id):
        q = r.query(type="TXT", name=str, per_page="100")
        return self.ok([self.show(x) for x in self.zone(id).at(q["name"])])

    @route("DELETE", "/zones/{id}/dns_records/{rid}")
    def delete(self, r, id, rid):
        self.zone(id).drop(rid[3:])
        return self.ok({"id": rid})


class CloudflareKey(Cloudflare):
    variant = "key"
    env = {"CF_API_EMAIL": "me@example.com", "CF_API_KEY": "global-key-0123456789"}
    wrong = {"CF_API_KEY": "global-key-not-right"}

    def authorize(self, r):
        if r.header("x-auth-email") != "me@example.com" or r.header("x-auth-key") != "global-key-0123456789":
            from fake import Denied
            raise Denied()
