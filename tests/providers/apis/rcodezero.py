from fake import Api, bearer, quoted, route, unquoted


class RcodeZero(Api):
    code = "rcodezero"
    source = "https://my.rcodezero.at/openapi (ACME)"
    env = {"RCODEZERO_API_TOKEN": "rcode-0123456789"}
    wrong = {"RCODEZERO_API_TOKEN": "rcode-not-right"}
    base = "https://my.rcodezero.at/api/v1/acme/zones"
    authorize = bearer(env["RCODEZERO_API_TOKEN"])
    denied = (401, {"status": "failed", "message": "Unauthenticated"})
    denied_text = "failed Unauthenticated"

    @route("GET", "/{name}/rrsets")
    def list(self, r, name):
        zone = self.zone(name)
        names = sorted({x.name for x in zone.records if x.name.startswith("_acme-challenge")})
        return 200, {"data": [{"name": n + ".", "type": "TXT", "ttl": zone.at(n)[0].ttl, "records": [
            {"content": quoted(x.value), "disabled": False} for x in zone.at(n)]} for n in names]}

    @route("PATCH", "/{name}/rrsets")
    def change(self, r, name):
        s = r.json([{"name": str, "type": "TXT", "changetype": {"add", "update", "delete"}, "records": list, "ttl": int}])[0]
        zone, fqdn = self.zone(name), s["name"][:-1]
        assert s["name"].endswith(".") and fqdn.startswith("_acme-challenge.")
        assert bool(zone.at(fqdn)) == (s["changetype"] != "add") and bool(s["records"]) == (s["changetype"] != "delete")
        assert all(set(x) == {"content", "disabled"} and x["disabled"] is False for x in s["records"])
        zone.put(fqdn, "TXT", [unquoted(x["content"]) for x in s["records"]], s["ttl"])
        return 200, {"status": "ok", "message": "RRsets updated"}


class RcodeZeroList(RcodeZero):
    variant = "plain-list"

    @route("GET", "/{name}/rrsets")
    def list(self, r, name):
        status, body = RcodeZero.list(self, r, name)
        return status, body["data"]
