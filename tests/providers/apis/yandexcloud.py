import base64
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from fake import Api, Denied, Gone, bearer, route, same

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
NOTE = "PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <ajekey0123>\n"
FILE = {"id": "ajekey0123", "service_account_id": "ajeaccount0123", "created_at": "2023-01-01T00:00:00Z", "key_algorithm": "RSA_2048", "public_key": "",
        "private_key": NOTE + PEM}


def unb64(s):
    return base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))


class YandexCloud(Api):
    code, variant = "yandexcloud", "account"
    source = "https://yandex.cloud/en/docs/dns/api-ref/DnsZone/ and https://yandex.cloud/en/docs/iam/operations/iam-token/create-for-sa"
    env = {"YANDEX_CLOUD_IAM_TOKEN": base64.b64encode(json.dumps(FILE).encode()).decode(), "YANDEX_CLOUD_FOLDER_ID": "b1gfolder0123"}
    base = "https://dns.api.cloud.yandex.net/dns/v1"
    authorize = bearer("t1.session-token")
    not_found = (404, {"code": 5, "message": "RecordSet not found", "details": []})
    open_routes = ("login",)
    page_size = 1
    lists_zones = True

    @route("POST", "https://iam.api.cloud.yandex.net/iam/v1/tokens")
    def login(self, r):
        head, claims, signature = r.json({"jwt": str})["jwt"].split(".")
        assert json.loads(unb64(head)) == {"alg": "PS256", "typ": "JWT", "kid": "ajekey0123"}
        c = json.loads(unb64(claims))
        assert c == {"aud": "https://iam.api.cloud.yandex.net/iam/v1/tokens", "iss": "ajeaccount0123", "iat": c["iat"], "exp": c["iat"] + 3600}
        assert abs(c["iat"] - r.now) < 5
        KEY.public_key().verify(unb64(signature), ("%s.%s" % (head, claims)).encode(), padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        return 200, {"iamToken": "t1.session-token", "expiresAt": "2030-01-01T00:00:00Z"}

    def by_id(self, id):
        return self.zone(int(id[3:]))

    @route("GET", "/zones")
    def list_zones(self, r):
        q = r.query_map
        assert q["folderId"] == "b1gfolder0123" and q["pageSize"] == "1000" and set(q) <= {"folderId", "pageSize", "pageToken"}
        at, zones = int(q.get("pageToken", "0")), list(self.zones.values())
        return 200, {"dnsZones": [{"id": "dns%d" % z.id, "folderId": "b1gfolder0123", "name": "zone", "zone": z.name + ".", "publicVisibility": {}} for z in zones[at:at + 1]],
                     **({"nextPageToken": str(at + 1)} if at + 1 < len(zones) else {})}

    def show(self, zone, fqdn):
        if not zone.at(fqdn):
            raise Gone()
        return {"name": fqdn + ".", "type": "TXT", "ttl": str(zone.at(fqdn)[0].ttl), "data": [x.value for x in zone.at(fqdn)]}

    @route("GET", "/zones/{id}:getRecordSet")
    def get(self, r, id):
        q = r.query(name=str, type="TXT")
        assert q["name"].endswith(".")
        return 200, self.show(self.by_id(id), q["name"][:-1])

    @route("POST", "/zones/{id}:updateRecordSets")
    def update(self, r, id):
        b, zone = json.loads(r.text), self.by_id(id)
        assert r.header("content-type") == "application/json" and b and set(b) <= {"deletions", "additions"}
        for s in b.get("deletions", []):  # a set that is deleted must be named as it is
            same("deletion", s, self.show(zone, s["name"][:-1]))
            zone.put(s["name"][:-1], "TXT", [])
        for s in b.get("additions", []):
            same("addition", s, {"name": str, "type": "TXT", "ttl": str, "data": list})
            assert s["data"] and not zone.at(s["name"][:-1])
            zone.put(s["name"][:-1], "TXT", s["data"], int(s["ttl"]))
        return 200, {"id": "op1", "done": True, "response": {}}


class YandexCloudKeyFile(YandexCloud):
    variant = "key-file"
    env = {"YC_SA_ID": "ajeaccount0123", "YC_SA_Key_ID": "ajekey0123", "YC_SA_Key_File_Path": "/etc/yc.pem", "YC_Folder_ID": "b1gfolder0123"}
    files = {"/etc/yc.pem": PEM}


class YandexCloudKey(YandexCloud):
    variant = "key"
    env = {"YC_SA_ID": "ajeaccount0123", "YC_SA_Key_ID": "ajekey0123", "YC_SA_Key_File_PEM_b64": base64.b64encode(PEM.encode()).decode(), "YC_Folder_ID": "b1gfolder0123"}
