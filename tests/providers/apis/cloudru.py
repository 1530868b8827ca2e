from fake import Api, bearer, route


class CloudRu(Api):
    code = "cloudru"
    source = "https://cloud.ru/ru/docs/clouddns/ug/topics/api-ref.html; examples: lego, providers/dns/cloudru/internal/fixtures"
    env = {"CLOUDRU_SERVICE_INSTANCE_ID": "2d7b6194", "CLOUDRU_KEY_ID": "cloudru-key-id", "CLOUDRU_SECRET": "cloudru-secret-01"}
    wrong = {"CLOUDRU_SECRET": "cloudru-secret-no"}
    base = "https://console.cloud.ru/api/clouddns/v1"
    authorize = bearer("eyJhbGciOiJSUzI1NiJ9")
    open_routes = ("login",)
    denied = (401, {"code": 16, "message": "unauthenticated"})
    denied_text = "client not found"
    one_value = True

    @route("POST", "https://auth.iam.cloud.ru/auth/system/openid/token")
    def login(self, r):
        f = r.form({"grant_type": "access_key", "client_id": "cloudru-key-id", "client_secret": str})
        if f["client_secret"] != "cloudru-secret-01":
            return 401, {"error": "invalid_client", "error_description": "client not found"}
        return 200, {"access_token": "eyJhbGciOiJSUzI1NiJ9", "expires_in": 3600, "token_type": "Bearer"}

    @route("GET", "/zones")
    def list_zones(self, r):
        r.query(parentId="2d7b6194")
        return 200, {"items": [{"id": "59556fcd-%d" % z.id, "parent_id": "2d7b6194", "name": z.name, "valid": True, "delegated": True} for z in self.zones.values()]}

    @route("GET", "/zones/{id}/records")
    def list(self, r, id):
        zone, sets = self.zone(id.split("-")[1]), {}
        for x in zone.records:
            sets.setdefault((x.name, x.type), []).append(x)
        return 200, {"items": [{"zone_id": id, "name": name + ".", "type": t, "values": [x.value for x in found], "ttl": str(found[0].ttl), "enables": True}
                               for (name, t), found in sets.items()]}

    @route("POST", "/zones/{id}/records")
    def create(self, r, id):
        b, zone = r.json({"zone_id": id, "name": str, "type": "TXT", "values": [str], "ttl": str}), self.zone(id.split("-")[1])
        if zone.at(b["name"][:-1]):
            return 409, {"code": 6, "message": "record already exists"}
        zone.add("TXT", b["name"][:-1], b["values"][0], int(b["ttl"]))
        return 200, {**b, "enables": True, "readonly": False}

    @route("DELETE", "/zones/{id}/records/{name}/TXT")
    def delete(self, r, id, name):
        zone = self.zone(id.split("-")[1])
        assert name.endswith(".")
        zone.put(name[:-1], "TXT", [])
        return 200, {}
