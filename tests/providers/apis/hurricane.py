from fake import Api, route


class Hurricane(Api):
    code, variant = "hurricane", "pairs"
    source = "https://dns.he.net/ (dynamic TXT records); answers: lego, providers/dns/hurricane/internal/client.go"
    env = {"HURRICANE_TOKENS": "example.com:he-token-01234,www.sub.example.com:he-token-56789"}
    wrong = {"HURRICANE_TOKENS": "example.com:he-token-wrong"}
    base = "https://dyn.dns.he.net/nic"
    denied_text = "badauth"
    one_value, keeps_foreign, ttl = True, False, False
    tokens = {"_acme-challenge.example.com": "he-token-01234", "_acme-challenge.www.sub.example.com": "he-token-56789"}

    @route("POST", "/update")
    def update(self, r):
        f = r.form({"password": str, "hostname": str, "txt": str})
        name = f["hostname"]
        if self.tokens[name] != f["password"]:
            return 200, "badauth"
        zone = max((z for z in self.zones.values() if name.endswith("." + z.name)), key=lambda z: len(z.name))
        had = [x.value for x in zone.at(name)] or ["."]
        zone.put(name, "TXT", [] if f["txt"] == "." else [f["txt"]])  # the placeholder is no value of ours
        return 200, ("nochg" if had == [f["txt"]] else "good") + ' "%s"' % f["txt"]


class HurricaneOne(Hurricane):
    """The variable of acme.sh: one name."""
    variant = "one"
    env = {"HE_DDNS_KEY": "he-token-01234"}
    wrong = {"HE_DDNS_KEY": "he-token-wrong"}
    hosts_sub_zones = False
