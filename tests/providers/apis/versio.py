from fake import Api, basic, quoted, route, same


class Versio(Api):
    code = "versio"
    source = "https://www.versio.nl/RESTapidoc/#api-Domains-Update"
    env = {"VERSIO_USERNAME": "somebody@example.net", "VERSIO_PASSWORD": "versio-0123456789"}
    wrong = {"VERSIO_PASSWORD": "versio-not-right"}
    base = "https://www.versio.nl/api/v1"
    authorize = basic("somebody@example.net", "versio-0123456789")
    denied = (401, {"error": {"code": 401, "message": "You are not authorized to access this resource. Did you supply the correct credentials?"}})
    denied_text = "You are not authorized to access this resource."
    not_found = (404, {"error": {"code": 404, "message": "Domain not found"}})

    @route("GET", "/domains/{name}")
    def get(self, r, name):
        r.query(show_dns_records="true")
        return 200, {"domainInfo": {"domain": name, "status": "OK", "dns_management": True, "dns_records": [
            {"type": x.type, "name": x.name, "value": quoted(x.value) if x.type == "TXT" else x.value, "prio": 10 if x.type == "MX" else 0, "ttl": x.ttl}
            for x in self.zone(name).records]}}

    @route("POST", "/domains/{name}/update")
    def update(self, r, name):
        b, zone = r.json({"dns_records": list}), self.zone(name)
        zone.records = []
        for x in b["dns_records"]:
            same("record", x, {"type": str, "name": str, "value": str, "ttl": int, **({"prio": 10 if x["type"] == "MX" else 0} if "prio" in x else {})})
            zone.add(x["type"], x["name"].rstrip("."), x["value"].strip('"'), x["ttl"])
        return self.get_again(name)

    def get_again(self, name):
        return 200, {"domainInfo": {"domain": name, "status": "OK"}}
