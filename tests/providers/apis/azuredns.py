import base64
import datetime
import hashlib
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from fake import Api, Denied, Gone, bearer, route

GROUP = "/subscriptions/00000000-aaaa-bbbb-cccc-1234567890ab/resourceGroups/dns-rg/providers/Microsoft.Network/dnszones/"


class Azure(Api):
    code, variant = "azuredns", "secret"
    source = "https://learn.microsoft.com/en-us/rest/api/dns/record-sets; https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow"
    env = {"AZURE_CLIENT_ID": "client-0123", "AZURE_CLIENT_SECRET": "azure-secret-0123", "AZURE_TENANT_ID": "tenant-0123",
           "AZURE_SUBSCRIPTION_ID": "00000000-aaaa-bbbb-cccc-1234567890ab"}
    wrong = {"AZURE_CLIENT_SECRET": "azure-secret-wrong"}
    ambient = True
    base = "https://management.azure.com"
    authorize = bearer("eyJ0eXAi-0123456789")
    denied = (401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."})
    denied_text = "AADSTS7000215: Invalid client secret provided."
    not_found = (404, {"code": "NotFound", "message": "The resource record was not found."})
    open_routes = ("login",)
    lists_zones = True
    token = {"token_type": "Bearer", "expires_in": 3599, "access_token": "eyJ0eXAi-0123456789"}
    edits = 0
    meddled = False

    @route("POST", "https://login.microsoftonline.com/tenant-0123/oauth2/v2.0/token")
    def login(self, r):
        f = r.form({"grant_type": "client_credentials", "client_id": "client-0123", "client_secret": str, "scope": "https://management.azure.com/.default"})
        if f["client_secret"] != self.env["AZURE_CLIENT_SECRET"]:
            raise Denied()
        return 200, self.token

    @route("GET", "/subscriptions/00000000-aaaa-bbbb-cccc-1234567890ab/providers/Microsoft.Network/dnszones")
    def list_zones(self, r):
        q = r.query_map
        assert q["api-version"] == "2018-05-01" and set(q) <= {"api-version", "$skipToken"}
        page = int(q.get("$skipToken", 1))
        some, last = self.page(list(self.zones.values()), page)
        more = {"nextLink": "%s&$skipToken=%d" % (r.url.split("&")[0], page + 1)} if page < last else {}
        return 200, {"value": [{"id": GROUP + z.name, "name": z.name, "type": "Microsoft.Network/dnszones"} for z in some], **more}

    def etag(self):
        return "etag-%d" % self.edits

    @route("GET", GROUP + "{name}/TXT/{sub}")
    def get(self, r, name, sub):
        r.query(**{"api-version": "2018-05-01"})
        zone = self.zone(name)
        found = zone.at(zone.full(sub))
        if not found:
            raise Gone()
        answer = {"id": r.path, "name": sub, "etag": self.etag(), "type": "Microsoft.Network/dnszones/TXT",
                  "properties": {"TTL": found[0].ttl, "fqdn": zone.full(sub) + ".", "TXTRecords": [{"value": [x.value]} for x in found]}}
        if not self.meddled:  # somebody else writes just now: the first write must be refused, and be tried again
            self.meddled = True
            self.edits += 1
        return 200, answer

    @route("PUT", GROUP + "{name}/TXT/{sub}")
    def put(self, r, name, sub):
        b, zone = r.json({"properties": {"TTL": int, "TXTRecords": list}}), self.zone(name)
        there = zone.at(zone.full(sub))
        if (r.header("if-none-match") == "*" and there) or (there and r.header("if-match") != self.etag()):
            return 412, {"code": "PreconditionFailed", "message": "The condition set in the If-Match header was not satisfied."}
        assert there or r.header("if-none-match") == "*"
        zone.put(zone.full(sub), "TXT", ["".join(t["value"]) for t in b["properties"]["TXTRecords"]], b["properties"]["TTL"])
        self.edits += 1
        return 201, {}

    @route("DELETE", GROUP + "{name}/TXT/{sub}")
    def delete(self, r, name, sub):
        zone = self.zone(name)
        if r.header("if-match") != self.etag():
            return 412, {"code": "PreconditionFailed", "message": "The condition set in the If-Match header was not satisfied."}
        zone.put(zone.full(sub), "TXT", [])
        return 200, None


class AzureFederated(Azure):
    variant = "federated"
    env = {"AZURE_CLIENT_ID": "client-0123", "AZURE_TENANT_ID": "tenant-0123", "AZURE_FEDERATED_TOKEN_FILE": "/var/run/token"}
    files = {"/var/run/token": "eyJhbGciOi.federated.token"}
    wrong = {}
    lists_zones = False

    @route("POST", "https://login.microsoftonline.com/tenant-0123/oauth2/v2.0/token")
    def login(self, r):
        r.form({"grant_type": "client_credentials", "client_id": "client-0123", "scope": "https://management.azure.com/.default",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion": "eyJhbGciOi.federated.token"})
        return 200, self.token

    @route("POST", "/providers/Microsoft.ResourceGraph/resources")
    def graph(self, r):
        r.query(**{"api-version": "2021-03-01"})
        r.json({"query": "resources | where type =~ 'microsoft.network/dnszones' | project id, name"})
        return 200, {"totalRecords": len(self.zones), "data": [{"id": GROUP + z.name, "name": z.name} for z in self.zones.values()]}


class AzureInstance(AzureFederated):
    variant = "instance"
    env = {}
    files = {}

    @route("GET", "http://169.254.169.254/metadata/identity/oauth2/token")
    def login(self, r):
        r.query(**{"api-version": "2018-02-01", "resource": "https://management.azure.com/"})
        assert r.header("metadata") == "true"
        return 200, self.token


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "dns")])
CERT = x509.CertificateBuilder().subject_name(NAME).issuer_name(NAME).public_key(KEY.public_key()).serial_number(1).not_valid_before(
    datetime.datetime(2024, 1, 1)).not_valid_after(datetime.datetime(2034, 1, 1)).sign(KEY, hashes.SHA256())


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class AzureCertificate(AzureFederated):
    variant = "certificate"
    source = "https://learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials"
    env = {"AZURE_CLIENT_ID": "client-0123", "AZURE_TENANT_ID": "tenant-0123", "AZURE_CLIENT_CERTIFICATE_PATH": "/etc/azure.pem"}
    files = {"/etc/azure.pem": (CERT.public_bytes(serialization.Encoding.PEM) + KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())).decode()}

    @route("POST", "https://login.microsoftonline.com/tenant-0123/oauth2/v2.0/token")
    def login(self, r):
        f = r.form({"grant_type": "client_credentials", "client_id": "client-0123", "scope": "https://management.azure.com/.default",
                    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion": str})
        head, claims, signature = f["client_assertion"].split(".")
        thumb = hashlib.sha1(CERT.public_bytes(serialization.Encoding.DER)).digest()
        h, c = json.loads(unb64(head)), json.loads(unb64(claims))
        assert (h.pop("alg"), h.pop("typ"), unb64(h.pop("x5t")), h) == ("RS256", "JWT", thumb, {})
        assert c["aud"] == r.url and c["iss"] == c["sub"] == "client-0123" and c["exp"] == c["nbf"] + 600 and abs(c["nbf"] - r.now) < 5 and len(c["jti"]) == 36
        KEY.public_key().verify(unb64(signature), ("%s.%s" % (head, claims)).encode(), padding.PKCS1v15(), hashes.SHA256())
        return 200, self.token


class AzurePkcs12(AzureCertificate):
    variant = "pkcs12"
    env = {**AzureCertificate.env, "AZURE_CLIENT_CERTIFICATE_PASSWORD": "p12 pass"}
    optional = ("AZURE_CLIENT_CERTIFICATE_PASSWORD",)
    files = {"/etc/azure.pem": "base64:" + base64.b64encode(pkcs12.serialize_key_and_certificates(
        b"dns", KEY, CERT, None, serialization.BestAvailableEncryption(b"p12 pass"))).decode()}


class AzurePkcs12Open(AzureCertificate):
    """Without a password, as "az ad sp create-for-rbac" and Key Vault hand it out."""
    variant = "pkcs12-open"
    files = {"/etc/azure.pem": "base64:" + base64.b64encode(pkcs12.serialize_key_and_certificates(
        b"dns", KEY, CERT, None, serialization.NoEncryption())).decode()}


class AzureJob(AzureFederated):
    """A job of GitHub's: it asks there for a token that says who it is."""
    variant = "github"
    source = "https://docs.github.com/en/actions/reference/security/oidc"
    env = {"AZURE_CLIENT_ID": "client-0123", "AZURE_TENANT_ID": "tenant-0123", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://run.actions.test/idtoken/1?api-version=2.0",
           "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "github-request-0123"}
    files = {}
    open_routes = ("login", "ask")

    @route("GET", "https://run.actions.test/idtoken/1")
    def ask(self, r):
        r.query(**{"api-version": "2.0", "audience": "api://AzureADTokenExchange"})
        assert r.header("authorization") == "Bearer github-request-0123"
        return 200, {"count": 1, "value": "eyJhbGciOi.federated.token"}


class AzurePipeline(AzureFederated):
    variant = "pipeline"
    source = "https://learn.microsoft.com/en-us/rest/api/azure/devops/distributedtask/oidctoken/create"
    env = {"AZURE_CLIENT_ID": "client-0123", "AZURE_TENANT_ID": "tenant-0123", "AZURE_AUTH_METHOD": "pipeline", "SYSTEM_OIDCREQUESTURI": "https://dev.azure.test/oidctoken",
           "SERVICE_CONNECTION_ID": "connection-7", "SYSTEM_ACCESSTOKEN": "pipeline-token-0123"}
    files = {}
    ambient = False
    optional = ("AZURE_AUTH_METHOD",)
    open_routes = ("login", "ask")

    @route("POST", "https://dev.azure.test/oidctoken")
    def ask(self, r):
        r.query(**{"api-version": "7.1", "serviceConnectionId": "connection-7"})
        assert r.header("authorization") == "Bearer pipeline-token-0123"
        return 200, {"oidcToken": "eyJhbGciOi.federated.token"}


PRIVATE = "/subscriptions/00000000-aaaa-bbbb-cccc-1234567890ab/resourceGroups/dns-rg/providers/Microsoft.Network/privateDnsZones/"


class AzurePrivate(Azure):
    """Private zones: another service with other words; the token comes from "az account get-access-token"."""
    variant = "private-zone"
    source = "https://learn.microsoft.com/en-us/rest/api/dns/privatedns/record-sets"
    env = {"AZURE_ACCESS_TOKEN": "eyJ0eXAi-0123456789", "AZURE_SUBSCRIPTION_ID": "00000000-aaaa-bbbb-cccc-1234567890ab", "AZURE_PRIVATE_ZONE": "true"}
    wrong = {}
    lists_zones = False
    version = {"api-version": "2020-06-01"}

    @route("GET", "/subscriptions/00000000-aaaa-bbbb-cccc-1234567890ab/providers/Microsoft.Network/privateDnsZones")
    def list_zones(self, r):
        r.query(**self.version)
        return 200, {"value": [{"id": PRIVATE + z.name, "name": z.name} for z in self.zones.values()]}

    @route("GET", PRIVATE + "{name}/TXT/{sub}")
    def get(self, r, name, sub):
        r.query(**self.version)
        zone = self.zone(name)
        found = zone.at(zone.full(sub))
        if not found:
            raise Gone()
        return 200, {"id": r.path, "name": sub, "etag": self.etag(), "properties": {"ttl": found[0].ttl, "fqdn": zone.full(sub) + ".", "isAutoRegistered": False,
                                                                                    "txtRecords": [{"value": [x.value]} for x in found]}}

    @route("PUT", PRIVATE + "{name}/TXT/{sub}")
    def put(self, r, name, sub):
        r.query(**self.version)
        b, zone = r.json({"properties": {"ttl": int, "txtRecords": list}}), self.zone(name)
        zone.put(zone.full(sub), "TXT", ["".join(t["value"]) for t in b["properties"]["txtRecords"]], b["properties"]["ttl"])
        self.edits += 1
        return 201, {}

    @route("DELETE", PRIVATE + "{name}/TXT/{sub}")
    def delete(self, r, name, sub):
        r.query(**self.version)
        zone = self.zone(name)
        zone.put(zone.full(sub), "TXT", [])
        return 200, None


class AzureOneZone(AzureFederated):
    """Only the zone that is named, of those that a search with a filter finds."""
    variant = "zone-named"
    env = {**AzureFederated.env, "AZURE_ZONE_NAME": "example.com", "AZURE_SUBSCRIPTION_ID": "sub-1", "AZURE_RESOURCE_GROUP": "dns-rg",
           "AZURE_SERVICEDISCOVERY_FILTER": "where tags.acme =~ 'yes'"}
    hosts_sub_zones = False

    @route("POST", "/providers/Microsoft.ResourceGraph/resources")
    def graph(self, r):
        r.json({"query": "resources | where type =~ 'microsoft.network/dnszones' | where subscriptionId =~ 'sub-1' | where resourceGroup =~ 'dns-rg'"
                         " | where tags.acme =~ 'yes' | project id, name"})
        below = {"id": GROUP + "_acme-challenge.example.com", "name": "_acme-challenge.example.com"}
        return 200, {"totalRecords": 2, "data": [below, *[{"id": GROUP + z.name, "name": z.name} for z in self.zones.values()]]}
