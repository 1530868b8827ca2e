from fake import Api, Denied, route, xml


class Plesk(Api):
    code, variant = "plesk", "url"
    source = "https://docs.plesk.com/en-US/obsidian/api-rpc/about-xml-api/reference/managing-dns/managing-dns-records.34756/ and " \
             "/managing-sites-domains/getting-information-about-sites.66583/"
    env = {"PLESK_SERVER_BASE_URL": "https://plesk.example.net:8443", "PLESK_USERNAME": "admin", "PLESK_PASSWORD": "plesk-0123456789"}
    wrong = {"PLESK_PASSWORD": "plesk-not-right"}
    base = "https://plesk.example.net:8443/enterprise/control/agent.php"
    denied_text = "You have entered incorrect username or password. [1001]"
    denied = (200, '<?xml version="1.0"?><packet version="1.6.9.1"><system><status>error</status><errcode>1001</errcode>'
                   '<errtext>You have entered incorrect username or password.</errtext></system></packet>')
    ttl = False

    def authorize(self, r):
        assert r.header("content-type") == "text/xml" and r.header("http_auth_login") == "admin"
        if r.header("http_auth_passwd") != "plesk-0123456789":
            raise Denied()

    def tree(self, e):
        return {c.tag: self.tree(c) for c in e} if len(e) else (e.text or "")

    def reply(self, *path, results):
        inside = [xml("result", *[xml(k, v) for k, v in one]) for one in results]
        for tag in reversed(path):
            inside = [xml(tag, *inside)]
        return 200, '<?xml version="1.0" encoding="UTF-8"?>' + xml("packet", *inside, version="1.6.9.1")

    def failed(self, *path, code, text):
        return self.reply(*path, results=[[("status", "error"), ("errcode", code), ("errtext", text)]])

    @route("POST", "")
    def call(self, r):
        e = r.xml()
        assert e.tag == "packet"
        p = self.tree(e)
        if "site" in p:
            name = p["site"]["get"]["filter"]["name"]
            assert p == {"site": {"get": {"filter": {"name": name}, "dataset": {"gen_info": ""}}}}
            if name not in self.zones:
                return self.failed("site", "get", code=1013, text="Site does not exist")
            data = xml("gen_info", xml("cr_date", "2022-12-31"), xml("name", name), xml("ascii-name", name), xml("status", 0))
            return self.reply("site", "get", results=[[("status", "ok"), ("filter-id", name), ("id", self.zones[name].id), ("data", data)]])
        if "add_rec" in p["dns"]:
            a = p["dns"]["add_rec"]
            assert set(a) == {"site-id", "type", "host", "value"} and a["type"] == "TXT"
            zone = self.zone(a["site-id"])
            return self.reply("dns", "add_rec", results=[[("status", "ok"), ("id", zone.add("TXT", zone.full(a["host"]), a["value"]).id)]])
        if "get_rec" in p["dns"]:
            zone = self.zone(p["dns"]["get_rec"]["filter"]["site-id"])
            one = lambda x: xml("site-id", zone.id) + xml("type", x.type) + xml("host", x.name + ".") + xml("value", x.value) + xml("opt")  # noqa: E731
            return self.reply("dns", "get_rec", results=[[("status", "ok"), ("id", x.id), ("data", type(xml("a"))(one(x)))] for x in zone.records])
        id_ = p["dns"]["del_rec"]["filter"]["id"]
        assert p == {"dns": {"del_rec": {"filter": {"id": id_}}}}
        for z in self.zones.values():
            if any(str(x.id) == id_ for x in z.records):
                z.drop(id_)
                return self.reply("dns", "del_rec", results=[[("status", "ok"), ("id", id_)]])
        return self.failed("dns", "del_rec", code=1013, text="Record does not exist")


class PleskUri(Plesk):
    variant = "uri"
    env = {"pleskxml_uri": Plesk.base, "pleskxml_user": "admin", "pleskxml_pass": "plesk-0123456789"}
    wrong = {"pleskxml_pass": "plesk-not-right"}
