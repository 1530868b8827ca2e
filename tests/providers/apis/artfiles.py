from fake import Api, basic, quoted, route, unquoted


class ArtFiles(Api):
    code, variant = "artfiles", "dcp"
    source = "https://support.artfiles.de/DCP-API#dns; examples: lego, providers/dns/artfiles/internal/fixtures"
    env = {"ARTFILES_USERNAME": "api1234", "ARTFILES_PASSWORD": "artfiles-pass-0"}
    wrong = {"ARTFILES_PASSWORD": "artfiles-pass-X"}
    base = "https://dcp.c.artfiles.de/api/dns"
    authorize = basic("api1234", "artfiles-pass-0")
    denied = (401, {"status": "ERROR", "error": "authentication failed"})
    denied_text = "authentication failed"
    ttl = False  # that of the zone

    @route("GET", "/get_dns.html")
    def get(self, r):
        zone = self.zone(r.query(domain=str)["domain"])
        txt = "\n".join("%s %s" % (zone.sub(x), quoted(x.value)) for x in zone.records if x.type == "TXT")
        return 200, {"data": {"SRV": "", "AAAA": "", "MX": "10 mail.example.tld.", "TTL": 3600, "comment": "", "TXT": txt}, "status": "OK"}

    @route("POST", "/set_dns.html")
    def set(self, r):
        q = r.query(domain=str, TXT=str)
        zone = self.zone(q["domain"])
        r.nothing()
        zone.records = [x for x in zone.records if x.type != "TXT"]
        for line in q["TXT"].split("\n"):
            name, value = line.split(" ", 1)
            zone.add("TXT", zone.full(name), unquoted(value))
        return 200, {"status": "OK", "error": ""}


class ArtFilesServer(ArtFiles):
    variant = "server"
    env = {**ArtFiles.env, "ARTFILES_SERVER_NAME": "dcp2"}
    optional = ("ARTFILES_SERVER_NAME",)
    base = "https://dcp2.c.artfiles.de/api/dns"
