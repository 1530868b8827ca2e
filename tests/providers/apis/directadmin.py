from fake import Api, basic, route


class DirectAdmin(Api):
    code, variant = "directadmin", "soa"
    source = "https://www.directadmin.com/api.php (CMD_API_DNS_CONTROL); the form as lego has it: providers/dns/directadmin/internal"
    env = {"DIRECTADMIN_API_URL": "https://da.test:2222", "DIRECTADMIN_USERNAME": "admin", "DIRECTADMIN_PASSWORD": "da-pass-0123456"}
    wrong = {"DIRECTADMIN_PASSWORD": "da-pass-wrong00"}
    base = "https://da.test:2222"
    authorize = basic("admin", "da-pass-0123456")
    denied = (401, {"error": "Unauthorized", "result": "Bad login"})
    denied_text = "Unauthorized Bad login"

    @route("POST", "/CMD_API_DNS_CONTROL")
    def control(self, r):
        zone, f = self.zone(r.query(domain=str, json="yes")["domain"]), r.form()
        if f.pop("action") == "add":
            assert set(f) == {"name", "type", "value", "ttl"} and f["type"] == "TXT"
            zone.add("TXT", zone.full(f["name"]), f["value"], int(f["ttl"]))
        else:
            assert set(f) == {"name", "type", "value"}
            zone.records = [x for x in zone.records if x.key() != ("TXT", zone.full(f["name"]), f["value"])]
        return 200, {"success": "Record changed"}


class DirectAdminZone(DirectAdmin):
    """The zone is told, because DNS shows another one."""
    variant = "zone"
    env = {**DirectAdmin.env, "DIRECTADMIN_ZONE_NAME": "example.com"}
    optional = ("DIRECTADMIN_ZONE_NAME",)
    hosts_sub_zones = False
