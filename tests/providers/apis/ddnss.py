from fake import Api, Denied, route

PAGE = '<head>\n<title>DDNSS</title>\n</head>\n<body>\n<p><font face="Verdana" size="2"></font></p>\n%s</body>'


class Ddnss(Api):
    code = "ddnss"
    source = "https://ddnss.de/info.php; pages as they come: lego, providers/dns/ddnss/internal/fixtures"
    env = {"DDNSS_KEY": "ddnss-key-01234"}
    wrong = {"DDNSS_KEY": "ddnss-key-wrong"}
    base = "https://ddnss.de"
    denied = (200, PAGE % '<p>Error Occurred While Processing Request :</p><font face="Verdana" size="2">- badauth : Bad login data.</font><br>')
    denied_text = "badauth : Bad login data."
    one_value, keeps_foreign, ttl = True, False, False

    def authorize(self, r):
        if r.query_map.pop("key") != "ddnss-key-01234":
            raise Denied()

    @route("GET", "/upd.php")
    def update(self, r):
        q = r.query_map
        zone = max((z for z in self.zones.values() if q["host"].endswith("." + z.name)), key=lambda z: len(z.name))
        if q["txtm"] == "1":
            assert set(q) == {"host", "txt", "txtm"}
            zone.put(q["host"], "TXT", [q["txt"]])
        else:
            assert set(q) == {"host", "txtm"} and q["txtm"] == "2"
            zone.put(q["host"], "TXT", [])
        return 200, PAGE % '<p><font face="Verdana" size="2">Updated 1 hostname.</font></p>\n'
