from fake import Api, basic, route


class IspConfigDdns(Api):
    code = "ispconfigddns"
    source = "https://github.com/mhofer117/ispconfig-ddns-module/tree/master/lib/updater"
    env = {"ISPCONFIG_DDNS_SERVER_URL": "https://panel.test:8080", "ISPCONFIG_DDNS_TOKEN": "ddns-token-0123"}
    wrong = {"ISPCONFIG_DDNS_TOKEN": "ddns-token-nope"}
    base = "https://panel.test:8080"
    authorize = basic("anonymous", "ddns-token-0123")
    denied = (401, "Missing or invalid token")
    denied_text = "Missing or invalid token"
    not_found = (404, "Record not found")
    ttl = False  # the module's

    def where(self, r, action):
        q = r.query(action=action, zone=str, type="TXT", record=str, data=str)
        assert q["record"].endswith(".")
        return self.zone(q["zone"]), q["record"][:-1], q["data"]

    @route("POST", "/ddns/update.php")
    def add(self, r):
        zone, name, data = self.where(r, "add")
        zone.add("TXT", name, data)
        return 200, "good"

    @route("DELETE", "/ddns/update.php")
    def delete(self, r):
        zone, name, data = self.where(r, "delete")
        hit = [x for x in zone.at(name) if x.value == data]
        if not hit:
            return self.not_found
        zone.drop(hit[0].id)
        return 200, "good"
