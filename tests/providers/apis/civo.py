from fake import SUB, TTL, VALUE, Crud, bearer


class Civo(Crud):
    code = "civo"
    source = "https://www.civo.com/api/dns"
    env = {"CIVO_TOKEN": "civo-0123456789"}
    wrong = {"CIVO_TOKEN": "civo-not-right"}
    base = "https://api.civo.com/v2"
    authorize = bearer(env["CIVO_TOKEN"])
    denied = (401, {"code": "authentication_failed", "reason": "The authentication failed"})
    denied_text = "The authentication failed [authentication_failed]"
    zones_at, zones_query = "GET /dns", {"region": "LON1"}
    create = "POST /dns/{zone}/records"
    body = {"type": "TXT", "name": SUB, "value": VALUE, "ttl": TTL}
    records_at, records_query = "GET /dns/{zone}/records", {"region": "LON1"}
    remove = "DELETE /dns/{zone}/records/{id}"
    removed = (200, {"result": "success"})

    def show(self, zone, x):
        return {"id": str(x.id), "domain_id": str(zone.id), "name": zone.sub(x, ""), "value": x.value, "type": x.type.lower(), "ttl": x.ttl}
