from fake import Api, Denied, route


class SelfHost(Api):
    code = "selfhostde"
    source = "https://www.selfhost.de/ (API of the account); lego, docs/content/dns/zz_gen_selfhostde.md, tells how records are numbered"
    env = {"SELFHOSTDE_USERNAME": "somebody", "SELFHOSTDE_PASSWORD": "selfhost-0123456789",
           "SELFHOSTDE_RECORDS_MAPPING": "example.com:123:456,_acme-challenge.www.sub.example.com:789"}
    wrong = {"SELFHOSTDE_PASSWORD": "selfhost-not-right"}
    base = "https://account.selfhost.de/cgi-bin/api.pl"
    denied = (401, "access denied")
    denied_text = "access denied"
    ttl = False
    one_value = True

    @route("GET", "")
    def update(self, r):
        q = r.query(username="somebody", password=str, rid={"123", "789"}, content=str)
        if q["password"] != SelfHost.env["SELFHOSTDE_PASSWORD"]:
            raise Denied()
        fqdn, zone = {"123": ("_acme-challenge.example.com", "example.com"), "789": ("_acme-challenge.www.sub.example.com", "sub.example.com")}[q["rid"]]
        # the record is always there; "empty" is what its users put into it, and the conversations take that for nothing
        self.zone(zone).put(fqdn, "TXT", [] if q["content"] == "empty" else [q["content"]])
        return 200, "OK"
