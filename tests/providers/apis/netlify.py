from fake import FQDN, TTL, VALUE, Crud, bearer


class Netlify(Crud):
    code = "netlify"
    source = "https://open-api.netlify.com/#tag/dnsZone/operation/createDnsRecord"
    env = {"NETLIFY_TOKEN": "netlify-0123456789"}
    wrong = {"NETLIFY_TOKEN": "netlify-not-right"}
    base = "https://api.netlify.com/api/v1/dns_zones"
    authorize = bearer(env["NETLIFY_TOKEN"])
    denied = (401, {"code": 401, "message": "Access Denied: Origin"})
    denied_text = "Access Denied: Origin"
    create = "POST /{zone}/dns_records"
    body = {"hostname": FQDN, "type": "TXT", "value": VALUE, "ttl": TTL}
    records_at = "GET /{zone}/dns_records"
    remove = "DELETE /{zone}/dns_records/{id}"

    def zone(self, name):
        return super().zone(name.replace("_", "."))

    def show(self, zone, x):
        return {"id": str(x.id), "hostname": x.name, "type": x.type, "value": x.value, "ttl": x.ttl, "dns_zone_id": zone.name.replace(".", "_")}
