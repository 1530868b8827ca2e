from fake import Api, Denied, route, xml


class Namecheap(Api):
    code = "namecheap"
    source = "https://www.namecheap.com/support/api/methods/domains-dns/set-hosts/ and get-hosts"
    env = {"NAMECHEAP_API_USER": "somebody", "NAMECHEAP_API_KEY": "nc-0123456789", }
    wrong = {"NAMECHEAP_API_KEY": "nc-not-the-right"}
    base = ""
    denied_text = "API Key is invalid or API access has not been enabled [1011102]"
    hosts_sub_zones = False  # names are split into SLD and TLD
    open_routes = ("own_address",)

    def reply(self, *inside):
        return 200, '<?xml version="1.0" encoding="utf-8"?>' + xml("ApiResponse", xml("Errors"), xml("CommandResponse", *inside), Status="OK",
                                                                   xmlns="http://api.namecheap.com/xml.response")

    denied = (200, '<?xml version="1.0" encoding="utf-8"?><ApiResponse Status="ERROR" xmlns="http://api.namecheap.com/xml.response"><Errors>'
                   '<Error Number="1011102">API Key is invalid or API access has not been enabled</Error></Errors></ApiResponse>')

    def authorize(self, r):
        p = dict(r.query_map) or r.form()
        assert p["ApiUser"] == p["UserName"] == "somebody" and p["ClientIp"] == "198.51.100.7"
        if p["ApiKey"] != self.env["NAMECHEAP_API_KEY"]:
            raise Denied()

    @route("GET", "https://dynamicdns.park-your-domain.com/getip")
    def own_address(self, r):
        return 200, "198.51.100.7\n"

    @route("GET", "https://api.namecheap.com/xml.response")
    def get_hosts(self, r):
        q = r.query(ApiUser=str, ApiKey=str, UserName=str, ClientIp=str, Command="namecheap.domains.dns.getHosts", SLD=str, TLD=str)
        zone = self.zone("%s.%s" % (q["SLD"], q["TLD"]))
        hosts = [xml("host", HostId=x.id, Name=zone.sub(x), Type=x.type, Address=x.value, MXPref=10, TTL=x.ttl, IsActive="true") for x in zone.records]
        return self.reply(xml("DomainDNSGetHostsResult", *hosts, Domain=zone.name, EmailType="MX", IsUsingOurDNS="true"))

    @route("POST", "https://api.namecheap.com/xml.response")
    def set_hosts(self, r):
        f = r.form()
        assert f["Command"] == "namecheap.domains.dns.setHosts" and f["EmailType"] == "MX"
        zone, n = self.zone("%s.%s" % (f["SLD"], f["TLD"])), 0
        zone.records = []
        while "HostName%d" % (n + 1) in f:
            n += 1
            assert f["MXPref%d" % n] == "10"
            zone.add(f["RecordType%d" % n], zone.full(f["HostName%d" % n]), f["Address%d" % n], int(f["TTL%d" % n]))
        return self.reply(xml("DomainDNSSetHostsResult", Domain=zone.name, IsSuccess="true"))
