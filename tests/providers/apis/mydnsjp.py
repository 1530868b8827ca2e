from fake import Api, basic, route


class MyDnsJp(Api):
    code = "mydnsjp"
    source = "https://www.mydns.jp/?MENU=030 and https://github.com/disco-v8/DirectEdit"
    env = {"MYDNSJP_MASTER_ID": "mydns123456", "MYDNSJP_PASSWORD": "mydns-0123456789"}
    wrong = {"MYDNSJP_PASSWORD": "mydns-not-right"}
    base = "https://www.mydns.jp/directedit.html"
    authorize = basic("mydns123456", "mydns-0123456789")
    denied = (401, "<html>Authorization Required</html>")
    denied_text = "Authorization Required"
    ttl = False

    @route("POST", "")
    def edit(self, r):
        b = r.form({"CERTBOT_DOMAIN": str, "CERTBOT_VALIDATION": str, "EDIT_CMD": {"REGIST", "DELETE"}})
        zone = max((z for z in self.zones.values() if b["CERTBOT_DOMAIN"].endswith(z.name)), key=lambda z: len(z.name))
        fqdn = "_acme-challenge." + b["CERTBOT_DOMAIN"]
        if b["EDIT_CMD"] == "REGIST":
            zone.add("TXT", fqdn, b["CERTBOT_VALIDATION"])
        else:
            zone.records = [x for x in zone.records if (x.type, x.name, x.value) != ("TXT", fqdn, b["CERTBOT_VALIDATION"])]
        return 200, "<html><body>OK.</body></html>"
