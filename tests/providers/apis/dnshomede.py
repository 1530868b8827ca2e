from fake import Api, route


class DnsHomeDe(Api):
    code, variant = "dnshomede", "pairs"
    source = "https://www.dnshome.de/; as noted in lego, providers/dns/dnshomede/internal/readme.md"
    env = {"DNSHOMEDE_CREDENTIALS": "example.com:dnshome-pass-0,www.sub.example.com:dnshome-pass-1"}
    wrong = {"DNSHOMEDE_CREDENTIALS": "example.com:dnshome-pass-X"}
    base = "https://www.dnshome.de"
    denied_text = "error - wrong password"
    one_value, keeps_foreign, ttl = True, False, False
    passwords = {"example.com": "dnshome-pass-0", "www.sub.example.com": "dnshome-pass-1"}

    @route("POST", "/dyndns.php")
    def update(self, r):
        q = r.query(acme={"add", "rm"}, txt=str)
        name, password = r.basic().split(":")
        if self.passwords[name] != password:
            return 200, "error - wrong password"
        zone = max((z for z in self.zones.values() if name == z.name or name.endswith("." + z.name)), key=lambda z: len(z.name))
        assert len(q["txt"]) >= 12
        zone.put("_acme-challenge." + name, "TXT", [q["txt"]] if q["acme"] == "add" else [])
        return 200, "successfully done"


class DnsHomeDeOne(DnsHomeDe):
    """The variables of acme.sh: one name."""
    variant = "one"
    env = {"DNSHOME_Subdomain": "example.com", "DNSHOME_SubdomainPassword": "dnshome-pass-0"}
    wrong = {"DNSHOME_SubdomainPassword": "dnshome-pass-X"}
    hosts_sub_zones = False
