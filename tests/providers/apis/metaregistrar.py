from fake import Api, Gone, header_is, route, unquoted


class Metaregistrar(Api):
    code = "metaregistrar"
    source = "https://metaregistrar.dev/docu/metaapi/requests/patch_Update_dns_zone.html"
    env = {"METAREGISTRAR_API_TOKEN": "meta-0123456789"}
    wrong = {"METAREGISTRAR_API_TOKEN": "meta-not-right"}
    base = "https://api.metaregistrar.com"
    authorize = header_is("token", "meta-0123456789")
    denied = (401, {"error": "invalid_token", "message": "the supplied token is invalid"})
    denied_text = "the supplied token is invalid [invalid_token]"
    not_found = (400, {"responseId": "1_0a40", "status": "error", "errorCode": "does_not_exist", "errorMessage": "This record does not exist"})

    @route("PATCH", "/dnszone/{name}")
    def update(self, r, name):
        import json
        zone, adds = self.zone(name), "add" in json.loads(r.text)
        b = r.json({"add" if adds else "rem": [{"name": str, "type": "TXT", "ttl": int, "content": str}]})
        x = (b.get("add") or b.get("rem"))[0]
        if adds:
            zone.add("TXT", x["name"], x["content"], x["ttl"])
        else:  # as it is kept
            hit = [y for y in zone.at(x["name"]) if y.value == unquoted(x["content"])]
            if not hit:
                raise Gone()
            zone.drop(hit[0].id)
        return 200, {"responseId": "mapi1_cb46", "status": "ok", "message": "Command completed successfully"}
