import hashlib
import hmac
import re

from fake import Api, Denied, Gone, quoted, route


class VinylDns(Api):
    code = "vinyldns"
    source = "https://www.vinyldns.io/api/ (recordsets; authentication as AWS Signature Version 4)"
    env = {"VINYLDNS_ACCESS_KEY": "vinylAccess0123", "VINYLDNS_SECRET_KEY": "vinylSecret0123456789", "VINYLDNS_HOST": "https://vinyldns.example.net:9000"}
    wrong = {"VINYLDNS_SECRET_KEY": "vinylSecretNotRight"}
    base = "https://vinyldns.example.net:9000"
    denied = (401, "Authentication Failed: Request signature could not be validated")
    denied_text = "Request signature could not be validated"
    not_found = (404, "RecordSet was not found")
    quotes = False

    def setup(self):
        self.sets, self.changes = {}, {}

    def authorize(self, r):
        amz = r.header("x-amz-date")
        m = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=host;x-amz-date, Signature=([0-9a-f]{64})", r.header("authorization"))
        scope = "%s/us-east-1/VinylDNS/aws4_request" % amz[:8]
        assert m and m.group(1) == "vinylAccess0123/" + scope
        canonical = "\n".join([r.method, r.path, r.raw_query, "host:" + r.host, "x-amz-date:" + amz, "", "host;x-amz-date",
                               hashlib.sha256((r.text or "").encode()).hexdigest()])
        key = ("AWS4" + VinylDns.env["VINYLDNS_SECRET_KEY"]).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        text = "AWS4-HMAC-SHA256\n%s\n%s\n%s" % (amz, scope, hashlib.sha256(canonical.encode()).hexdigest())
        if hmac.new(key, text.encode(), hashlib.sha256).hexdigest() != m.group(2):
            raise Denied()

    def by_id(self, id):
        return self.zone(int(id[2:]))

    def kept(self, value):
        return quoted(value) if self.quotes else value

    @route("GET", "/zones/name/{name}")
    def by_name(self, r, name):
        assert name.endswith(".")
        zone = self.zone(name[:-1])
        return 200, {"zone": {"id": "z-%d" % zone.id, "name": name, "status": "Active", "adminGroupId": "g-1"}}

    @route("GET", "/zones/{id}/recordsets")
    def list(self, r, id):
        q, zone = r.query(recordNameFilter=str), self.by_id(id)
        names = sorted({x.name for x in zone.records if x.type == "TXT" and q["recordNameFilter"] in zone.sub(x)})
        for n in names:
            self.sets.setdefault("rs-" + n, n)
        return 200, {"recordSets": [{"id": "rs-" + n, "zoneId": id, "ownerGroupId": "g-7", "name": zone.sub(zone.at(n)[0]), "type": "TXT", "status": "Active",
                                     "ttl": zone.at(n)[0].ttl, "records": [{"text": self.kept(x.value)} for x in zone.at(n)], "account": "system"} for n in names],
                     "recordNameFilter": q["recordNameFilter"], "maxItems": 100}

    def change(self, zone, name, rid):
        id_ = "c-%d" % len(self.changes)
        self.changes[id_] = (rid, 0)
        return 202, {"zone": {"name": zone.name}, "recordSet": {"id": rid, "name": name, "type": "TXT"}, "id": id_, "status": "Pending", "changeType": "Update"}

    def put_set(self, zone, b):
        fqdn = zone.full(b["name"])
        assert b["records"] and all(set(x) == {"text"} for x in b["records"])
        values = [x["text"].strip('"') for x in b["records"]]
        assert [x["text"] for x in b["records"]] == [self.kept(v) for v in values]
        zone.put(fqdn, "TXT", values, b["ttl"])
        self.sets["rs-" + fqdn] = fqdn
        return self.change(zone, b["name"], "rs-" + fqdn)

    @route("POST", "/zones/{id}/recordsets")
    def create(self, r, id):
        return self.put_set(self.by_id(id), r.json({"zoneId": id, "name": str, "type": "TXT", "ttl": int, "records": list}))

    @route("PUT", "/zones/{id}/recordsets/{rid}")
    def update(self, r, id, rid):
        assert rid in self.sets
        return self.put_set(self.by_id(id), r.json({"id": rid, "zoneId": id, "ownerGroupId": "g-7", "name": str, "type": "TXT", "ttl": int, "records": list}))

    @route("DELETE", "/zones/{id}/recordsets/{rid}")
    def delete(self, r, id, rid):
        if rid not in self.sets:
            raise Gone()
        zone = self.by_id(id)
        zone.put(self.sets[rid], "TXT", [])
        return self.change(zone, self.sets[rid], rid)

    @route("GET", "/zones/{id}/recordsets/{rid}/changes/{cid}")
    def status(self, r, id, rid, cid):
        of, asked = self.changes[cid]
        assert of == rid
        self.changes[cid] = (of, asked + 1)
        return 200, {"id": cid, "status": "Complete" if asked else "Pending", "changeType": "Update"}


class VinylDnsQuotes(VinylDns):
    variant = "quotes"
    quotes = True
    env = {**VinylDns.env, "VINYLDNS_QUOTE_VALUE": "true"}
    optional = ("VINYLDNS_QUOTE_VALUE",)
