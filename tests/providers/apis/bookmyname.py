from fake import Api, basic, route


class BookMyName(Api):
    code = "bookmyname"
    source = "https://fr.faqs.bookmyname.com/frfaqs/dyndns; answers: lego, providers/dns/bookmyname/internal/fixtures"
    env = {"BOOKMYNAME_USERNAME": "me-free", "BOOKMYNAME_PASSWORD": "bmn-pass-01234"}
    wrong = {"BOOKMYNAME_PASSWORD": "bmn-pass-wrong"}
    base = "https://www.bookmyname.com"
    authorize = basic("me-free", "bmn-pass-01234")
    denied = (200, "badauth: wrong login or password")
    denied_text = "badauth: wrong login or password"

    @route("GET", "/dyndns/")
    def update(self, r):
        q = r.query(hostname=str, type="txt", ttl=str, value=str, do={"add", "remove"})
        name = q["hostname"]
        zones = [z for z in self.zones.values() if name.endswith("." + z.name)]
        if not zones:
            return 200, "notfqdn: Host %s. malformed / vhn" % name
        zone = max(zones, key=lambda z: len(z.name))
        if q["do"] == "add":
            zone.add("TXT", name, q["value"], int(q["ttl"]))
            return 200, "good: update done, cid 123, domain id %d, type txt, ip xxx" % zone.id
        hit = [x for x in zone.at(name) if x.value == q["value"]]
        zone.records = [x for x in zone.records if x not in hit]
        return 200, "good: remove done %d, cid 123, domain id %d, ttl %s, type txt, ip xxx" % (len(hit), zone.id, q["ttl"])
