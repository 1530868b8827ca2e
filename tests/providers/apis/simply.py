from fake import SUB, TTL, VALUE, Crud, basic


class Simply(Crud):
    code = "simply"
    source = "https://www.simply.com/en/docs/api/"
    env = {"SIMPLY_ACCOUNT_NAME": "UE123456", "SIMPLY_API_KEY": "simply-0123456789"}
    wrong = {"SIMPLY_API_KEY": "simply-not-right"}
    base = "https://api.simply.com/2/my/products"
    authorize = basic("UE123456", "simply-0123456789")
    denied = (401, {"error": "Invalid account authorization"})
    denied_text = "Invalid account authorization"
    not_found = (404, {"error": "Unknown DNS record"})
    create = "POST /{zone}/dns/records/"
    body = {"name": SUB, "type": "TXT", "data": VALUE, "ttl": TTL}
    records_at = "GET /{zone}/dns/records/"
    remove = "DELETE /{zone}/dns/records/{id}/"
    removed = (200, {"status": 200, "message": "success"})

    def show(self, zone, x):
        return {"record_id": x.id, "name": zone.sub(x), "ttl": x.ttl, "data": x.value, "type": x.type, "priority": 0}

    def made(self, zone, x):
        return 200, {"status": 200, "message": "success", "record": {"id": x.id}}

    def list_records(self, r, shown):
        return 200, {"status": 200, "message": "success", "records": shown}
