from fake import Api, basic, route


class EfficientIp(Api):
    code, variant = "efficientip", "plain"
    source = "SOLIDserver REST (dns_rr_add, dns_rr_delete); examples: lego, providers/dns/efficientip/internal/fixtures"
    env = {"EFFICIENTIP_USERNAME": "ipmadmin", "EFFICIENTIP_PASSWORD": "eip-pass-012345", "EFFICIENTIP_HOSTNAME": "ddi.test", "EFFICIENTIP_DNS_NAME": "dns.smart"}
    wrong = {"EFFICIENTIP_PASSWORD": "eip-pass-wrong0"}
    base = "https://ddi.test/rest"
    authorize = basic("ipmadmin", "eip-pass-012345")
    denied = (401, {"errno": "401", "errmsg": "Authentication failed", "severity": "error", "category": "login"})
    denied_text = "Authentication failed [401]"
    ttl = False  # that of the zone
    view, insecure = {}, False

    def closest(self, name):
        return max((z for z in self.zones.values() if name.endswith("." + z.name)), key=lambda z: len(z.name))

    @route("POST", "/dns_rr_add")
    def add(self, r):
        b = r.json({"rr_name": str, "rr_type": "TXT", "value1": str, "dns_name": "dns.smart", **self.view})
        assert r.tls["insecure"] == self.insecure
        return 201, [{"ret_oid": str(self.closest(b["rr_name"]).add("TXT", b["rr_name"], b["value1"]).id)}]

    @route("DELETE", "/dns_rr_delete")
    def delete(self, r):
        q = r.query(rr_name=str, rr_type="TXT", rr_value1=str, dns_name="dns.smart", **self.view)
        zone = self.closest(q["rr_name"])
        hit = [x for x in zone.at(q["rr_name"]) if x.value == q["rr_value1"]]
        if not hit:
            return 400, {"errno": "20117", "errmsg": "This RR does not exist", "severity": "error", "category": "dns_rr_delete"}
        zone.drop(hit[0].id)
        return 200, [{"ret_oid": str(hit[0].id)}]


class EfficientIpView(EfficientIp):
    """In a view, of a server whose certificate nobody can check."""
    variant = "view"
    env = {**EfficientIp.env, "EFFICIENTIP_VIEW_NAME": "external", "EFFICIENTIP_INSECURE_SKIP_VERIFY": "true"}
    optional = ("EFFICIENTIP_VIEW_NAME", "EFFICIENTIP_INSECURE_SKIP_VERIFY")
    view, insecure = {"dnsview_name": "external"}, True
