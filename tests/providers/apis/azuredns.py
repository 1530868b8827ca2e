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
