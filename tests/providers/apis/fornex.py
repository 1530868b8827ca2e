from fake import Api, header_is, route


class Fornex(Api):
    code = "fornex"
    source = "https://fornex.com/api/#tag/Domain:-Entry; examples: lego, providers/dns/fornex/internal/fixtures"
    env = {"FORNEX_API_KEY": "fornex-key-0123"}
    wrong = {"FORNEX_API_KEY": "fornex-key-nope"}
    base = "https://fornex.com/api/dns/domain"
    authorize = header_is("api-key", env["FORNEX_API_KEY"])
    denied = (401, {"detail": "Authentication credentials were not provided."})
    denied_text = "Authentication credentials were not provided."
    not_found = (404, {"detail": "Not found."})
    needs_saved = True

    @route("POST", "/{name}/entry_set")
    def create(self, r, name):
        b, zone = r.json({"host": str, "type": "TXT", "ttl": int, "value": str}), self.zone(name)
        assert b["ttl"] in (120, 300, 600, 900, 1800, 3600, 7200, 18000, 43200, 86400)
        return 201, {"id": zone.add("TXT", zone.full(b["host"]), b["value"], b["ttl"]).id, **b}

    @route("DELETE", "/{name}/entry_set/{id}")
    def delete(self, r, name, id):
        r.nothing()
        self.zone(name).drop(id)
        return 204, None
