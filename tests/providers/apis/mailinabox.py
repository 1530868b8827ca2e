from fake import Api, basic, route


class MailInABox(Api):
    code, variant = "mailinabox", "url"
    source = "https://mailinabox.email/api-docs.html#operation/addDnsCustomRecord"
    env = {"MAILINABOX_BASE_URL": "https://box.example.net", "MAILINABOX_EMAIL": "admin@example.net", "MAILINABOX_PASSWORD": "miab-0123456789"}
    wrong = {"MAILINABOX_PASSWORD": "miab-not-right"}
    base = "https://box.example.net/admin/dns/custom"
    authorize = basic("admin@example.net", "miab-0123456789")
    denied = (401, {"status": "invalid", "reason": "Incorrect email address or password."})
    denied_text = "Incorrect email address or password."
    ttl = False

    def change(self, r, fqdn):
        r._type("text/plain")
        zone = max((z for z in self.zones.values() if fqdn.endswith(z.name)), key=lambda z: len(z.name))
        zone.records = [x for x in zone.records if (x.type, x.name, x.value) != ("TXT", fqdn, r.text)]
        return zone

    @route("POST", "/{fqdn}/TXT")
    def add(self, r, fqdn):
        self.change(r, fqdn).add("TXT", fqdn, r.text)
        return 200, "updated DNS: example.com\n"

    @route("DELETE", "/{fqdn}/TXT")
    def remove(self, r, fqdn):
        self.change(r, fqdn)
        return 200, "updated DNS: example.com\n"


class MailInABoxServer(MailInABox):
    variant = "server"
    env = {"MIAB_Server": "box.example.net", "MIAB_Username": "admin@example.net", "MIAB_Password": "miab-0123456789"}
    wrong = {"MIAB_Password": "miab-not-right"}
