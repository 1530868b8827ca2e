from fake import FQDN, TTL, VALUE, Crud, header_is


class Selectel(Crud):
    code = "selectel"
    source = "https://developers.selectel.ru/docs/cloud-services/dns_api/"
    env = {"SELECTEL_API_TOKEN": "selectel-0123456"}
    wrong = {"SELECTEL_API_TOKEN": "selectel-wrong"}
    base = "https://api.selectel.ru/domains/v1"
    authorize = header_is("x-token", env["SELECTEL_API_TOKEN"])
    denied = (401, {"error": "wrong_api_key", "code": 401})
    denied_text = "wrong_api_key"
    not_found = (404, {"error": "domain_not_found", "code": 404})
    create = "POST /{zone}/records/"
    body = {"name": FQDN, "type": "TXT", "ttl": TTL, "content": VALUE}
    records_at = "GET /{zone}/records/"
    remove = "DELETE /{zone}/records/{id}"

    def setup(self):
        import re
        super().setup()
        self.handlers.append(("GET", re.compile(re.escape(self.base) + "/(?P<name>[^/?]+)"), self._one))

    def _one(self, r, name):
        return 200, self.show_zone(self.zone(name))

    def show(self, zone, x):
        return {"id": x.id, "name": x.name, "type": x.type, "ttl": x.ttl, "content": x.value}
