from fake import Api, Denied, route


class Servercow(Api):
    code = "servercow"
    source = "https://cp.servercow.de/en/client/plugin/support_manager/knowledgebase/view/34/dns-api-v1/7/"
    env = {"SERVERCOW_USERNAME": "somebody", "SERVERCOW_PASSWORD": "servercow-0123"}
    wrong = {"SERVERCOW_PASSWORD": "servercow-wrong"}
    base = "https://api.servercow.de/dns/v1/domains"
    denied = (401, {"error": "Wrong username or password"})
    denied_text = "Wrong username or password"

    def authorize(self, r):
        if (r.header("x-auth-username"), r.header("x-auth-password")) != ("somebody", "servercow-0123"):
            raise Denied()

    @route("GET", "/{name}")
    def get(self, r, name):
        zone, out = self.zone(name), []
        for n, t in sorted({(x.name, x.type) for x in zone.records}):
            found = zone.at(n, t)  # one value stands alone, several are a list
            out.append({"name": zone.sub(found[0], ""), "type": t, "ttl": found[0].ttl, "content": found[0].value if len(found) == 1 else [x.value for x in found]})
        return 200, out

    @route("POST", "/{name}")
    def put(self, r, name):
        b, zone = r.json({"type": "TXT", "name": str, "content": list, "ttl": int}), self.zone(name)
        zone.put(zone.full(b["name"]), "TXT", b["content"], b["ttl"])
        return 200, {"message": "ok"}

    @route("DELETE", "/{name}")
    def delete(self, r, name):
        b, zone = r.json({"type": "TXT", "name": str}), self.zone(name)
        zone.put(zone.full(b["name"]), "TXT", [])
        return 200, {"message": "ok"}
