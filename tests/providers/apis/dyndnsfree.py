from fake import Api, Denied, route


class DynDnsFree(Api):
    code = "dyndnsfree"
    source = "https://www.dyndnsfree.de/user/hilfe.php?hsm=2; acme.sh, dnsapi/dns_df.sh; answers: lego, providers/dns/dyndnsfree/internal"
    env = {"DYNDNSFREE_USERNAME": "me-dyn", "DYNDNSFREE_PASSWORD": "dyndns-0123456"}
    wrong = {"DYNDNSFREE_PASSWORD": "dyndns-wrong-01"}
    base = "https://dynup.de"
    denied = (200, "authentification failed")
    denied_text = "authentification failed"
    ttl = False

    def authorize(self, r):
        if (r.query_map.pop("username"), r.query_map.pop("password")) != ("me-dyn", "dyndns-0123456"):
            raise Denied()

    @route("GET", "/acme.php")
    def add(self, r):
        q = r.query(hostname=str, add_hostname=str, txt=str)
        self.zone(q["hostname"]).add("TXT", q["add_hostname"], q["txt"])
        self.added = getattr(self, "added", []) + [q["txt"]]
        return 200, "success"

    def later(self):
        """It takes records away by itself after a while, in an order of its own."""
        gone = self.added.pop()
        for zone in self.zones.values():
            zone.records = [x for x in zone.records if x.value != gone]
