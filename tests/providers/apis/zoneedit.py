from fake import Api, basic, route


class TooEarly(Exception):
    pass


class ZoneEdit(Api):
    code = "zoneedit"
    source = "https://support.zoneedit.com/en/knowledgebase/article/changes-to-dynamic-dns"
    env = {"ZONEEDIT_USER": "somebody", "ZONEEDIT_AUTH_TOKEN": "zoneedit-0123456789"}
    wrong = {"ZONEEDIT_AUTH_TOKEN": "zoneedit-not-right"}
    base = "https://dynamic.zoneedit.com"
    authorize = basic("somebody", "zoneedit-0123456789")
    denied = (200, '<ERROR CODE="708" TEXT="Failed Login: somebody" ZONE="example.com">\n')
    denied_text = "Failed Login: somebody [708]"
    rate_limited = (200, '<ERROR CODE="702" TEXT="Minimum 10 seconds between requests" ZONE="example.com">\n')
    ttl = False
    last = 0

    def change(self, r):
        q = r.query(host=str, rdata=str)
        if r.now - self.last < 10:
            raise TooEarly()
        self.last = r.now
        zone = max((z for z in self.zones.values() if q["host"].endswith(z.name)), key=lambda z: len(z.name))
        zone.records = [x for x in zone.records if (x.type, x.name, x.value) != ("TXT", q["host"], q["rdata"])]
        return zone, q["host"], q["rdata"]

    def answer(self, r):
        try:
            return Api.answer(self, r)
        except TooEarly:
            return self.rate_limited

    def done(self, what):
        return 200, '<SUCCESS CODE="200" TEXT="%s" ZONE="example.com">\n' % what

    @route("GET", "/txt-create.php")
    def create(self, r):
        zone, host, value = self.change(r)
        zone.add("TXT", host, value)
        return self.done("%s TXT with rdata %s created" % (host, value))

    @route("GET", "/txt-delete.php")
    def delete(self, r):
        _, host, value = self.change(r)
        return self.done("%s TXT with rdata %s deleted" % (host, value))
