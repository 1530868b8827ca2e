from fake import Api, basic, route


class Alwaysdata(Api):
    code, variant = "alwaysdata", "key"
    source = "https://help.alwaysdata.com/en/development/api/usage/, https://api.alwaysdata.com/doc/"
    env = {"ALWAYSDATA_API_KEY": "ad-key-0123456789"}
    wrong = {"ALWAYSDATA_API_KEY": "ad-key-not-right"}
    base = "https://api.alwaysdata.com/v1"
    authorize = basic("ad-key-0123456789", "")
    denied = (401, "Authorization Required")
    denied_text = "Authorization Required"
    not_found = (404, "Not Found")

    @route("GET", "/domain/")
    def domains(self, r):
        return 200, [{"id": z.id, "href": "/v1/domain/%d/" % z.id, "name": z.name, "is_internal": False, "annotation": ""} for z in self.zones.values()]

    @route("POST", "/record/")
    def create(self, r):
        b = r.json({"domain": int, "name": str, "type": "TXT", "value": str, "ttl": int})
        zone = self.zone(b["domain"])
        zone.add("TXT", zone.full(b["name"]), b["value"], b["ttl"])
        return 201, None

    @route("GET", "/record/")
    def records(self, r):
        q = r.query(domain=str, name=str)
        zone = self.zone(q["domain"])
        return 200, [{"id": x.id, "href": "/v1/record/%d/" % x.id, "domain": {"href": "/v1/domain/%d/" % zone.id}, "type": x.type, "name": zone.sub(x, ""),
                      "value": x.value, "priority": None, "ttl": x.ttl, "annotation": "", "is_user_defined": True, "is_active": True}
                     for x in zone.records if x.name == zone.full(q["name"])]

    @route("DELETE", "/record/{id}/")
    def delete(self, r, id):
        for z in self.zones.values():
            if any(str(x.id) == id for x in z.records):
                z.drop(id)
                return 204, None
        return self.not_found


class AlwaysdataAccount(Alwaysdata):
    """A key that sees several accounts says which one."""
    variant = "account"
    env = {"ALWAYSDATA_API_KEY": "ad-key-0123456789", "ALWAYSDATA_ACCOUNT": "mycompany"}
    optional = ("ALWAYSDATA_ACCOUNT",)
    authorize = basic("ad-key-0123456789 account=mycompany", "")
