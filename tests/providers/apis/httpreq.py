from fake import Api, Denied, route


class HttpReq(Api):
    code, variant = "httpreq", "fqdn"
    source = "https://go-acme.github.io/lego/dns/httpreq/"
    env = {"HTTPREQ_ENDPOINT": "https://hook.example.net/dns", "HTTPREQ_USERNAME": "somebody", "HTTPREQ_PASSWORD": "httpreq-0123"}
    wrong = {"HTTPREQ_PASSWORD": "httpreq-wrong"}
    optional = ("HTTPREQ_USERNAME", "HTTPREQ_PASSWORD", "HTTPREQ_MODE")
    base = "https://hook.example.net/dns"
    denied = (401, "who are you?")
    denied_text = "who are you?"
    ttl = False

    def authorize(self, r):
        if r.basic() != "somebody:httpreq-0123":
            raise Denied()

    def zone_of(self, name):
        return max((z for z in self.zones.values() if name.endswith("." + z.name)), key=lambda z: len(z.name))

    @route("POST", "/present")
    def present(self, r):
        b = r.json({"fqdn": str, "value": str})
        self.zone_of(b["fqdn"][:-1]).add("TXT", b["fqdn"][:-1], b["value"])
        return 200, ""

    @route("POST", "/cleanup")
    def cleanup(self, r):
        b = r.json({"fqdn": str, "value": str})
        zone = self.zone_of(b["fqdn"][:-1])
        zone.records = [x for x in zone.records if (x.name, x.value) != (b["fqdn"][:-1], b["value"])]
        return 200, ""


class HttpReqRaw(HttpReq):
    """The hook computes the value itself; so does this one, for the two tokens of the tests."""
    variant = "raw"
    env = {**HttpReq.env, "HTTPREQ_MODE": "RAW"}
    one_value = True
    values = {"token-of-it.thumb": "w3Kd0qPzF7xY1nBvR5sT9uJ2mLhG4cA8eIoQ6tZkN_-"}

    @route("POST", "/present")
    def present(self, r):
        b = r.json({"domain": str, "token": "token-of-it", "keyAuth": "token-of-it.thumb"})
        name = "_acme-challenge." + b["domain"]
        self.zone_of(name).add("TXT", name, self.values[b["keyAuth"]])
        return 200, ""

    @route("POST", "/cleanup")
    def cleanup(self, r):
        b = r.json({"domain": str, "token": "token-of-it", "keyAuth": "token-of-it.thumb"})
        name = "_acme-challenge." + b["domain"]
        self.zone_of(name).put(name, "TXT", [])
        return 200, ""
