import base64
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from fake import Api, Denied, Gone, route

KEY, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
SUBJECT = "/iam/project/project7/sa/account7"


def passport(key):
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()).decode()
    return json.dumps({"subject_id": SUBJECT, "certificate_id": "certificate-7", "issuer": "https://api.hyperone.com/v2" + SUBJECT, "private_key": pem})


def unb64(s):
    return base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))


class HyperOne(Api):
    code = "hyperone"
    source = "https://api.hyperone.com/v2/docs (dns/project/zone/recordset); the token: lego, providers/dns/hyperone/internal/token.go"
    env = {"HYPERONE_PASSPORT_LOCATION": "/etc/passport.json"}
    wrong = {"HYPERONE_PASSPORT_LOCATION": "/etc/other.json"}
    files = {"/etc/passport.json": passport(KEY), "/etc/other.json": passport(OTHER)}
    ambient = True  # there is a place where it lies by default
    base = "https://api.hyperone.com/v2/dns/pl-waw-1/project/project7"
    denied = (401, {"message": "Unauthorized"})
    denied_text = "Unauthorized"
    not_found = (404, {"message": "Not found"})

    def authorize(self, r):
        head, claims, signature = r.header("authorization")[len("Bearer "):].split(".")
        assert json.loads(unb64(head)) == {"alg": "RS256", "typ": "JWT", "kid": "certificate-7"}
        assert json.loads(unb64(claims)) == {"iat": r.now, "exp": r.now + 300, "aud": "https://api.hyperone.com/v2", "iss": "https://api.hyperone.com/v2" + SUBJECT,
                                             "sub": SUBJECT}
        try:
            KEY.public_key().verify(unb64(signature), ("%s.%s" % (head, claims)).encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise Denied()

    def set_id(self, name, type_):
        return "%s-%s" % (type_, name.encode().hex())

    def found(self, id, sid):
        zone = self.zone(id)
        type_, name = sid.split("-")
        records = zone.at(bytes.fromhex(name).decode(), type_)
        if not records:
            raise Gone()
        return zone, records

    @route("GET", "/zone")
    def list_zones(self, r):
        return 200, [{"id": z.id, "name": z.name, "dnsName": z.name, "fqdn": z.name + ".", "uri": ""} for z in self.zones.values()]

    @route("GET", "/zone/{id}/recordset")
    def sets(self, r, id):
        keys = {(x.name, x.type): x.ttl for x in self.zone(id).records}
        return 200, [{"id": self.set_id(n, t), "name": n + ".", "type": t, "ttl": ttl} for (n, t), ttl in keys.items()]

    @route("POST", "/zone/{id}/recordset")
    def create_set(self, r, id):
        b, zone = r.json({"type": "TXT", "name": str, "ttl": int, "record": {"content": str}}), self.zone(id)
        assert b["name"].endswith(".") and not zone.at(b["name"][:-1])
        zone.add("TXT", b["name"][:-1], b["record"]["content"], b["ttl"])
        return 201, {"id": self.set_id(b["name"][:-1], "TXT"), "name": b["name"], "type": "TXT", "ttl": b["ttl"]}

    @route("DELETE", "/zone/{id}/recordset/{sid}")
    def delete_set(self, r, id, sid):
        zone, records = self.found(id, sid)
        zone.put(records[0].name, records[0].type, [])
        return 204, None

    @route("GET", "/zone/{id}/recordset/{sid}/record")
    def records(self, r, id, sid):
        return 200, [{"id": "rec%d" % x.id, "content": x.value, "enabled": True} for x in self.found(id, sid)[1]]

    @route("POST", "/zone/{id}/recordset/{sid}/record")
    def create(self, r, id, sid):
        b, (zone, records) = r.json({"content": str}), self.found(id, sid)
        x = zone.add("TXT", records[0].name, b["content"])
        return 201, {"id": "rec%d" % x.id, "content": x.value, "enabled": True}

    @route("DELETE", "/zone/{id}/recordset/{sid}/record/{rid}")
    def delete(self, r, id, sid, rid):
        zone, records = self.found(id, sid)
        assert len(records) > 1
        zone.drop(rid[3:])
        return 204, None

    ttl = False  # a record set has one, and keeps it
