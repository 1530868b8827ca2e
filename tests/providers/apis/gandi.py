import copy
import xmlrpc.client

from fake import Api, Gone, quoted, route


class Gandi(Api):
    """A zone has versions; what is in the one that counts is what stands in DNS."""
    code = "gandi"
    source = "https://doc.rpc.gandi.net/domain/reference.html (domain.zone.*); calls and answers as they come: lego, providers/dns/gandi/internal/fixtures"
    env = {"GANDI_API_KEY": "123412341234123412341234"}
    wrong = {"GANDI_API_KEY": "432143214321432143214321"}
    base = "https://rpc.gandi.net"
    denied_text = "Error on object : OBJECT_APIKEY (CAUSE_NORIGHT) [Invalid API key]"

    def setup(self):
        self.drafts = {}

    def say(self, value):
        return 200, xmlrpc.client.dumps(value if isinstance(value, xmlrpc.client.Fault) else (value,), methodresponse=True, allow_none=True), [("Content-Type", "text/xml")]

    @route("POST", "/xmlrpc/")
    def call(self, r):
        assert r.header("content-type") == "text/xml"
        (key, *args), method = xmlrpc.client.loads(r.text)
        if key != self.env["GANDI_API_KEY"]:
            return self.say(xmlrpc.client.Fault(510150, self.denied_text))
        try:
            return self.say(getattr(self, method.replace("domain.", "").replace(".", "_"))(*args))
        except Gone:
            return self.say(xmlrpc.client.Fault(510042, "Error on object : OBJECT_DOMAIN (CAUSE_NOTFOUND) [Domain '%s' doesn't exist.]" % args[0]))

    def info(self, fqdn):
        assert fqdn.endswith(".")
        zone = self.zone(fqdn[:-1])
        return {"fqdn": zone.name, "zone_id": zone.id, "tld": "com", "services": ["gandidns"], "date_hold_end": None}

    def zone_version_new(self, zone_id):
        assert isinstance(zone_id, int)
        number = 2 + len(self.drafts)
        self.drafts[number] = copy.deepcopy(self.zone(zone_id))
        return number

    def draft(self, zone_id, version):
        assert self.drafts[version].id == zone_id
        return self.drafts[version]

    def zone_record_add(self, zone_id, version, x):
        assert set(x) == {"type", "name", "value", "ttl"} and x["ttl"] >= 300
        zone = self.draft(zone_id, version)
        made = zone.add(x["type"], zone.full(x["name"]), x["value"], x["ttl"])
        return {**x, "id": made.id, "value": quoted(x["value"])}

    def zone_record_list(self, zone_id, version, which):
        assert set(which) == {"type", "name"}
        zone = self.draft(zone_id, version)
        return [{"id": x.id, "type": x.type, "name": which["name"], "value": quoted(x.value), "ttl": x.ttl} for x in zone.at(zone.full(which["name"]), which["type"])]

    def zone_record_delete(self, zone_id, version, which):
        assert set(which) == {"id"} and isinstance(which["id"], int)
        self.draft(zone_id, version).drop(which["id"])
        return 1

    def zone_version_set(self, zone_id, version):
        self.zone(zone_id).records = copy.deepcopy(self.draft(zone_id, version).records)
        return True
