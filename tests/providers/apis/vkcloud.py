from fake import Api, Denied, route


class VkCloud(Api):
    code = "vkcloud"
    source = "https://cloud.vk.com/docs/en/tools-for-using-services/api/api-spec/api-dns; tokens: https://docs.openstack.org/api-ref/identity/v3/"
    env = {"VK_CLOUD_PROJECT_ID": "0123456789abcdef", "VK_CLOUD_USERNAME": "somebody@example.net", "VK_CLOUD_PASSWORD": "vk-0123456789"}
    wrong = {"VK_CLOUD_PASSWORD": "vk-not-right"}
    base = "https://mcs.mail.ru/public-dns/v2/dns"
    denied = (401, {"error": {"code": 401, "message": "The request you have made requires authentication.", "title": "Unauthorized"}})
    denied_text = "The request you have made requires authentication."
    not_found = (404, {"message": "record was not found"})
    open_routes = ("login",)

    def authorize(self, r):
        if r.header("x-auth-token") != "gAAAAAB-token":
            raise Denied()

    @route("POST", "https://infra.mail.ru:35357/v3/auth/tokens")
    def login(self, r):
        b = r.json({"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "somebody@example.net", "password": str, "domain": {"name": "users"}}}},
                             "scope": {"project": {"id": "0123456789abcdef"}}}})
        if b["auth"]["identity"]["password"]["user"]["password"] != VkCloud.env["VK_CLOUD_PASSWORD"]:
            raise Denied()
        return 201, {"token": {"expires_at": "2030-01-01T00:00:00.000000Z"}}, [("X-Subject-Token", "gAAAAAB-token")]

    def by_id(self, id):
        return self.zone(int(id[5:]))

    @route("GET", "/")
    def list_zones(self, r):
        return 200, [{"uuid": "zone-%d" % z.id, "tenant": "0123456789abcdef", "zone": z.name, "status": "active"} for z in self.zones.values()]

    @route("POST", "/{id}/txt/")
    def create(self, r, id):
        b, zone = r.json({"name": str, "content": str, "ttl": int}), self.by_id(id)
        return 201, {"uuid": "rr-%d" % zone.add("TXT", zone.full(b["name"]), b["content"], b["ttl"]).id, "dns": id, **b}

    @route("GET", "/{id}/txt/")
    def list(self, r, id):
        zone = self.by_id(id)
        return 200, [{"uuid": "rr-%d" % x.id, "name": zone.sub(x, ""), "dns": id, "content": x.value, "ttl": x.ttl} for x in zone.records if x.type == "TXT"]

    @route("DELETE", "/{id}/txt/{rid}")
    def delete(self, r, id, rid):
        r.nothing()
        self.by_id(id).drop(rid[3:])
        return 204, None


class VkCloudElsewhere(VkCloud):
    """Addresses as people write them, with a slash at the end and without."""
    variant = "addresses"
    env = {**VkCloud.env, "VK_CLOUD_DNS_ENDPOINT": "https://mcs.mail.ru/public-dns/", "VK_CLOUD_IDENTITY_ENDPOINT": "https://infra.mail.ru:35357/v3"}
    optional = ("VK_CLOUD_DNS_ENDPOINT", "VK_CLOUD_IDENTITY_ENDPOINT")
