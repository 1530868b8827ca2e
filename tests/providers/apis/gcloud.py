import base64
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from fake import Api, Denied, bearer, quoted, route, unquoted

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
ACCOUNT = {"type": "service_account", "project_id": "my-project", "private_key_id": "key-id-1", "private_key": PEM,
           "client_email": "dns@my-project.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token"}


def unb64(s):
    return base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))


class GoogleCloud(Api):
    code, variant = "gcloud", "service-account"
    source = "https://cloud.google.com/dns/docs/reference/rest/v1; https://developers.google.com/identity/protocols/oauth2/service-account#httprest"
    env = {"GOOGLE_APPLICATION_CREDENTIALS": "/etc/sa.json"}
    files = {"/etc/sa.json": json.dumps(ACCOUNT)}
    base = "https://dns.googleapis.com/dns/v1/projects/my-project"
    authorize = bearer("ya29.token-0123456789")
    not_found = (404, {"error": {"code": 404, "message": "The 'parameters.managedZone' resource named 'x' does not exist.", "status": "NOT_FOUND"}})
    open_routes = ("login",)
    polls = 0

    @route("POST", "https://oauth2.googleapis.com/token")
    def login(self, r):
        f = r.form({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": str})
        head, claims, signature = f["assertion"].split(".")
        assert json.loads(unb64(head)) == {"alg": "RS256", "typ": "JWT", "kid": "key-id-1"}
        c = json.loads(unb64(claims))
        assert c == {"iss": ACCOUNT["client_email"], "scope": "https://www.googleapis.com/auth/ndev.clouddns.readwrite",
                     "aud": ACCOUNT["token_uri"], "iat": c["iat"], "exp": c["iat"] + 3600} and abs(c["iat"] - r.now) < 5
        KEY.public_key().verify(unb64(signature), ("%s.%s" % (head, claims)).encode(), padding.PKCS1v15(), hashes.SHA256())
        return 200, {"access_token": "ya29.token-0123456789", "expires_in": 3599, "token_type": "Bearer"}

    @route("GET", "/managedZones")
    def list_zones(self, r):
        name = r.query(dnsName=str)["dnsName"]
        z = self.zones.get(name[:-1])
        public = [{"name": "zone-%d" % z.id, "dnsName": name, "visibility": "public"}] if z else []
        return 200, {"managedZones": [{"name": "inside", "dnsName": name, "visibility": "private"}, *public], "kind": "dns#managedZonesListResponse"}

    def rrset(self, name, records):
        return {"name": name + ".", "type": "TXT", "ttl": records[0].ttl, "rrdatas": [quoted(x.value) for x in records], "signatureRrdatas": [],
                "kind": "dns#resourceRecordSet"}

    @route("GET", "/managedZones/{id}/rrsets")
    def get(self, r, id):
        q, zone = r.query(name=str, type="TXT"), self.zone(id[5:])
        found = zone.at(q["name"][:-1])
        return 200, {"rrsets": [self.rrset(q["name"][:-1], found)] if found else []}

    @route("POST", "/managedZones/{id}/changes")
    def change(self, r, id):
        b, zone = r.json({"additions": list, "deletions": list}), self.zone(id[5:])
        for d in b["deletions"]:
            assert d == self.rrset(d["name"][:-1], zone.at(d["name"][:-1])), "what goes must be named exactly as it is"
            zone.put(d["name"][:-1], "TXT", [])
        for a in b["additions"]:
            assert set(a) == {"name", "type", "ttl", "rrdatas"} and not zone.at(a["name"][:-1])
            zone.put(a["name"][:-1], "TXT", [unquoted(v) for v in a["rrdatas"]], a["ttl"])
        return 200, {"id": "12", "status": "pending", "startTime": "2025-01-01T00:00:00Z"}

    @route("GET", "/managedZones/{id}/changes/{change}")
    def state(self, r, id, change):
        self.polls += 1
        return 200, {"id": change, "status": "done" if self.polls % 2 == 0 else "pending"}


class GoogleInstance(GoogleCloud):
    variant = "instance"
    env = {"GCE_PROJECT": "my-project"}

    @route("GET", "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token")
    def login(self, r):
        assert r.header("metadata-flavor") == "Google"
        return 200, {"access_token": "ya29.token-0123456789", "expires_in": 3599, "token_type": "Bearer"}


class GoogleUser(GoogleCloud):
    """A person's own credentials, as "gcloud auth application-default login" leaves them, that speak for a service account."""
    variant = "impersonation"
    source = "https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken"
    env = {"GOOGLE_APPLICATION_CREDENTIALS": "/home/adc.json", "GCE_PROJECT": "my-project", "GCE_IMPERSONATE_SERVICE_ACCOUNT": "dns@my-project.iam.gserviceaccount.com"}
    files = {"/home/adc.json": json.dumps({"type": "authorized_user", "client_id": "id.apps", "client_secret": "user-secret-0123", "refresh_token": "1//refresh-0123"})}
    optional = ("GCE_IMPERSONATE_SERVICE_ACCOUNT",)
    open_routes = ("login", "speak_for")

    @route("POST", "https://oauth2.googleapis.com/token")
    def login(self, r):
        r.form({"grant_type": "refresh_token", "client_id": "id.apps", "client_secret": "user-secret-0123", "refresh_token": "1//refresh-0123"})
        return 200, {"access_token": "ya29.own-token-01234567", "expires_in": 3599, "token_type": "Bearer"}

    @route("POST", "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{account}:generateAccessToken")
    def speak_for(self, r, account):
        assert account == "dns@my-project.iam.gserviceaccount.com"
        assert r.header("authorization") == "Bearer ya29.own-token-01234567"
        r.json({"scope": ["https://www.googleapis.com/auth/ndev.clouddns.readwrite"], "lifetime": "3600s"})
        return 200, {"accessToken": "ya29.token-0123456789", "expireTime": "2025-06-15T16:00:00Z"}


class GoogleSpokenFor(GoogleUser):
    """A service account that speaks for another one asks for more than DNS."""
    variant = "service-account-impersonation"
    env = {**GoogleUser.env, "GOOGLE_APPLICATION_CREDENTIALS": "/etc/sa.json"}
    files = GoogleCloud.files

    @route("POST", "https://oauth2.googleapis.com/token")
    def login(self, r):
        claims = json.loads(unb64(r.form({"grant_type": str, "assertion": str})["assertion"].split(".")[1]))
        assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
        return 200, {"access_token": "ya29.own-token-01234567", "expires_in": 3599, "token_type": "Bearer"}
