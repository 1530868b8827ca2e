from fake import Api, basic, route


class MailInABox(Api):
    code = "mailinabox"
    source = "https://mailinabox.email/api-docs.html#operation/addDnsCustomRecord"
    env = {"MAILINABOX_BASE_URL": "https://box.example.net", "MAILINABOX_EMAIL": "me@example.net", "MAILINABOX_PASSWORD": "miab-0123456"}
    wrong = {"MAILINABOX_PASSWORD": "miab-wrong"}
    base = "https://box.example.net/admin/dns/custom"
    authorize = basic("me@example.net", "miab-0123456")
    denied = (403, "Incorrect username or password")
    denied_text = "Incorrect username or password"
    ttl = False

    def zone_of(self, name):
        return max((z for z in self.zones.values() if name.endswith("." + z.name)), key=lambda z: len(z.name))

    @route("POST", "/{name}/TXT")
    def add(self, r, name):
        self.zone_of(name).add("TXT", name, r.text)
        return 200, "updated DNS: example.com"

    @route("DELETE", "/{name}/TXT")
    def delete(self, r, name):
        zone = self.zone_of(name)
        zone.records = [x for x in zone.records if x.key() != ("TXT", name, r.text)]
        return 200, "updated DNS: example.com"
