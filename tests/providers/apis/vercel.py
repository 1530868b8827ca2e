from fake import SUB, TTL, VALUE, Crud, bearer


class Vercel(Crud):
    code = "vercel"
    source = "https://vercel.com/docs/rest-api/reference/endpoints/dns/create-a-dns-record"
    env = {"VERCEL_API_TOKEN": "vercel-0123456789"}
    wrong = {"VERCEL_API_TOKEN": "vercel-not-right"}
    base = "https://api.vercel.com/v2/domains"
    authorize = bearer(env["VERCEL_API_TOKEN"])
    denied = (403, {"error": {"code": "forbidden", "message": "Not authorized", "invalidToken": True}})
    denied_text = "Not authorized [forbidden]"
    not_found = (404, {"error": {"code": "not_found", "message": "The DNS record was not found."}})
    needs_saved = True
    create = "POST /{zone}/records"
    body = {"name": SUB, "type": "TXT", "value": VALUE, "ttl": TTL}
    remove = "DELETE /{zone}/records/{id}"
    removed = (200, {})

    def made(self, zone, x):
        return 200, {"uid": str(x.id), "updated": 1}
