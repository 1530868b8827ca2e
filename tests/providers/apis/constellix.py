import base64
import hashlib
import hmac

from fake import Api, Denied, quoted, route, unquoted


class Constellix(Api):
    code = "constellix"
    source = "https://api-docs.constellix.com; examples: lego, providers/dns/constellix/internal/fixtures"
    env = {"CONSTELLIX_API_KEY": "constellix-key-0", "CONSTELLIX_SECRET_KEY": "constellix-secret-0"}
    wrong = {"CONSTELLIX_SECRET_KEY": "constellix-secret-X"}
    base = "https://api.dns.constellix.com/v1"
    denied = (401, {"errors": ["Unable to authenticate token"]})
    denied_text = "Unable to authenticate token"
    not_found = (404, {"errors": ["Record not found"]})

    def authorize(self, r):
        key, mac, when = r.header("x-cns-security-token").split(":")
        assert key == "constellix-key-0" and abs(int(when) / 1000 - r.now) < 30 and r.header("content-type") == "application/json"
        if base64.b64encode(hmac.new(b"constellix-secret-0", when.encode(), hashlib.sha1).digest()).decode() != mac:
            raise Denied()

    @route("GET", "/domains/search")
    def search(self, r):
        zone = self.zone(r.query(exact=str)["exact"])
        return 200, [{"id": zone.id, "name": zone.name, "typeId": 1, "status": "ACTIVE"}]

    def sets(self, zone):
        found = {}
        for x in zone.records:
            if x.type == "TXT":
                found.setdefault(x.name, []).append(x)
        return found

    @route("GET", "/domains/{id}/records/txt")
    def list(self, r, id):
        zone = self.zone(id)
        elsewhere = {"id": 1, "type": "TXT", "name": "_acme-challenge", "ttl": 60, "gtdRegion": 2, "roundRobin": [{"value": quoted("of another region"), "disableFlag": False}]}
        return 200, [elsewhere] + [{"id": f[0].id, "type": "TXT", "recordType": "txt", "name": zone.sub(f[0], ""), "recordOption": "roundRobin", "ttl": f[0].ttl, "gtdRegion": 1,
                                    "value": [], "roundRobin": [{"value": quoted(x.value), "disableFlag": False} for x in f]} for f in self.sets(zone).values()]

    def body(self, r, zone):
        b = r.json({"name": str, "ttl": int, "roundRobin": list})
        assert b["roundRobin"]
        return zone.full(b["name"]), [unquoted(x["value"]) for x in b["roundRobin"]], b["ttl"]

    @route("POST", "/domains/{id}/records/txt")
    def create(self, r, id):
        zone = self.zone(id)
        name, values, ttl = self.body(r, zone)
        assert not zone.at(name)
        zone.put(name, "TXT", values, ttl)
        return 201, [{"id": zone.at(name)[0].id}]

    @route("PUT", "/domains/{id}/records/txt/{rid}")
    def update(self, r, id, rid):
        zone = self.zone(id)
        name, values, ttl = self.body(r, zone)
        assert str(zone.at(name)[0].id) == rid
        zone.put(name, "TXT", values, ttl)
        return 200, {"success": "Record updated successfully"}

    @route("DELETE", "/domains/{id}/records/txt/{rid}")
    def delete(self, r, id, rid):
        zone = self.zone(id)
        zone.put(zone.get(rid).name, "TXT", [])
        return 200, {"success": "Record deleted successfully"}
