from fake import FQDN, VALUE, Crud, basic


class ZoneEe(Crud):
    code = "zoneee"
    source = "https://api.zone.eu/v2#operation/createtxtrecord"
    env = {"ZONEEE_API_USER": "somebody", "ZONEEE_API_KEY": "zoneee-0123456789"}
    wrong = {"ZONEEE_API_KEY": "zoneee-not-right"}
    base = "https://api.zone.eu/v2/dns"
    authorize = basic("somebody", "zoneee-0123456789")
    denied = (401, "", [("X-Status-Message", "Authentication failed")])
    denied_text = "Authentication failed"
    ttl = False
    create = "POST /{zone}/txt"
    body = {"name": FQDN, "destination": VALUE}
    records_at = "GET /{zone}/txt"
    remove = "DELETE /{zone}/txt/{id}"

    def show(self, zone, x):
        return {"resource_url": "x", "destination": x.value, "id": str(x.id), "name": x.name, "delete": True, "modify": True}

    def made(self, zone, x):
        return 201, [self.show(zone, x)]
