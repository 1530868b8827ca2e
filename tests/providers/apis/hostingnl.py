from fake import Api, header_is, quoted, route, unquoted


class HostingNl(Api):
    code = "hostingnl"
    source = "https://api.hosting.nl/api/documentation; examples: lego, providers/dns/hostingnl/internal/fixtures"
    env = {"HOSTINGNL_API_KEY": "hostingnl-key-0"}
    wrong = {"HOSTINGNL_API_KEY": "hostingnl-key-X"}
    base = "https://api.hosting.nl"
    authorize = header_is("api-token", env["HOSTINGNL_API_KEY"])
    denied = (401, {"errors": {"message": "Unauthenticated."}})
    denied_text = "Unauthenticated."
    not_found = (404, {"error": "Resource not found"})
    needs_saved = True

    @route("POST", "/domains/{name}/dns")
    def create(self, r, name):
        b = r.json([{"name": str, "type": "TXT", "content": str, "ttl": int}])[0]
        x = self.zone(name).add("TXT", b["name"], unquoted(b["content"]), b["ttl"])
        return 200, {"success": True, "data": [{"id": str(x.id), "type": "TXT", "content": quoted(x.value), "name": x.name, "prio": 0, "ttl": x.ttl}]}

    @route("DELETE", "/domains/{name}/dns")
    def delete(self, r, name):
        id_ = r.json([{"id": str}])[0]["id"]
        self.zone(name).drop(id_)
        return 200, {"success": True, "data": [{"id": id_}]}
