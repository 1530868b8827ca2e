from fake import SUB_AT, TTL, VALUE, Crud, basic


class Domeneshop(Crud):
    code = "domeneshop"
    source = "https://api.domeneshop.no/docs/"
    env = {"DOMENESHOP_API_TOKEN": "domeneshop-token", "DOMENESHOP_API_SECRET": "domeneshop-secret"}
    wrong = {"DOMENESHOP_API_SECRET": "domeneshop-wrong"}
    base = "https://api.domeneshop.no/v0"
    authorize = basic("domeneshop-token", "domeneshop-secret")
    denied = (401, {"code": "auth:failure", "help": "Wrong token or secret"})
    denied_text = "Wrong token or secret [auth:failure]"
    zones_at = "GET /domains"
    create = "POST /domains/{zone}/dns"
    body = {"data": VALUE, "host": SUB_AT, "ttl": TTL, "type": "TXT"}
    records_at = "GET /domains/{zone}/dns"
    remove = "DELETE /domains/{zone}/dns/{id}"

    def show_zone(self, z):
        return {"id": z.id, "domain": z.name, "status": "active"}

    def show(self, zone, x):
        return {"id": x.id, "host": zone.sub(x), "ttl": x.ttl, "type": x.type, "data": x.value}
