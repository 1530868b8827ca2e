import json

from fake import Api, Gone, bearer, route, same


class OnlineNet(Api):
    code = "onlinenet"
    source = "https://console.online.net/en/api/ (domain, version)"
    env = {"ONLINENET_API_TOKEN": "online-0123456789"}
    wrong = {"ONLINENET_API_TOKEN": "online-not-right"}
    base = "https://api.online.net/api/v1"
    authorize = bearer(env["ONLINENET_API_TOKEN"])
    denied = (401, {"error": "Token not valid", "code": 9})
    denied_text = "Token not valid [9]"
    not_found = (404, {"error": "Object not found", "code": 8})

    @route("PATCH", "/domain/{name}/version/active")
    def edit(self, r, name):
        zone, op = self.zone(name), json.loads(r.text)[0]
        record = {"name": str, "type": "TXT", "ttl": int, "data": str}
        adds = op["changeType"] == "ADD"
        same("operation", op, {"name": str, "type": "TXT", "changeType": {"ADD", "DELETE"}, "records": [record], **({} if adds else {"data": str})})
        fqdn = zone.full(op["name"])
        if adds:
            zone.add("TXT", fqdn, op["records"][0]["data"], op["records"][0]["ttl"])
        else:
            hit = [x for x in zone.at(fqdn) if x.value == op["data"]]
            if not hit:
                raise Gone()
            zone.drop(hit[0].id)
        return 204, None
