from fake import Api, Gone, header_is, route

CATALOG = [{"type": "identity", "name": "keystone", "endpoints": []},
           {"type": "dns", "name": "designate", "endpoints": [
               {"interface": "internal", "region": "RegionOne", "region_id": "RegionOne", "url": "https://dns.internal/"},
               {"interface": "public", "region": "RegionTwo", "region_id": "RegionTwo", "url": "https://dns.two/"},
               {"interface": "public", "region": "RegionOne", "region_id": "RegionOne", "url": "https://dns.one:9001/"}]}]


class Designate(Api):
    code, variant = "designate", "password"
    source = "https://docs.openstack.org/api-ref/dns/dns-api-v2-index.html, https://docs.openstack.org/api-ref/identity/v3/"
    env = {"OS_AUTH_URL": "https://keystone.test:5000/v3", "OS_USERNAME": "somebody", "OS_PASSWORD": "stack-pass-0123", "OS_PROJECT_NAME": "web", "OS_REGION_NAME": "RegionOne"}
    wrong = {"OS_PASSWORD": "stack-pass-nope"}
    optional = ("OS_PROJECT_NAME", "OS_REGION_NAME")
    base = "https://dns.one:9001/v2"
    authorize = header_is("x-auth-token", "gAAAAABl-token-0123")
    open_routes = ("login",)
    denied = (401, {"error": {"code": 401, "message": "The request you have made requires authentication.", "title": "Unauthorized"}})
    denied_text = "The request you have made requires authentication."
    not_found = (404, {"code": 404, "type": "recordset_not_found", "message": "Could not find RecordSet"})
    secret = "stack-pass-0123"

    def wanted(self, secret):
        return {"identity": {"methods": ["password"], "password": {"user": {"name": "somebody", "domain": {"name": "Default"}, "password": secret}}},
                "scope": {"project": {"name": "web", "domain": {"name": "Default"}}}}

    @route("POST", "https://keystone.test:5000/v3/auth/tokens")
    def login(self, r):
        if r.json({"auth": self.wanted(str)}) != {"auth": self.wanted(self.secret)}:
            return self.denied
        return 201, {"token": {"methods": ["password"], "catalog": CATALOG}}, [("X-Subject-Token", "gAAAAABl-token-0123")]

    @route("GET", "/zones")
    def list_zones(self, r):
        name = r.query(name=str)["name"]
        return 200, {"zones": [{"id": "a86d%d" % z.id, "name": z.name + ".", "status": "ACTIVE", "type": "PRIMARY"} for z in self.zones.values() if z.name + "." == name],
                     "links": {}, "metadata": {"total_count": 1}}

    @route("GET", "/zones/{id}/recordsets")
    def list(self, r, id):
        q, zone = r.query(name=str, type="TXT"), self.zone(id[4:])
        found = zone.at(q["name"][:-1])
        return 200, {"recordsets": [{"id": "f702%d" % found[0].id, "name": q["name"], "type": "TXT", "ttl": found[0].ttl, "records": [x.value for x in found],
                                     "status": "ACTIVE"}] if found else [], "links": {}}

    @route("POST", "/zones/{id}/recordsets")
    def create(self, r, id):
        b, zone = r.json({"name": str, "type": "TXT", "ttl": int, "description": str, "records": list}), self.zone(id[4:])
        assert b["name"].endswith(".") and not zone.at(b["name"][:-1])
        zone.put(b["name"][:-1], "TXT", b["records"], b["ttl"])
        return 202, {**b, "id": "f702", "status": "PENDING"}

    def name_of(self, zone, rid):
        for x in zone.records:
            if "f702%d" % x.id == rid:
                return x.name
        raise Gone()

    @route("PUT", "/zones/{id}/recordsets/{rid}")
    def update(self, r, id, rid):
        b, zone = r.json({"ttl": int, "records": list}), self.zone(id[4:])
        zone.put(self.name_of(zone, rid), "TXT", b["records"], b["ttl"])
        return 202, {**b, "status": "PENDING"}

    @route("DELETE", "/zones/{id}/recordsets/{rid}")
    def delete(self, r, id, rid):
        zone = self.zone(id[4:])
        zone.put(self.name_of(zone, rid), "TXT", [])
        return 202, {"status": "PENDING"}


class DesignateIds(Designate):
    """Everything by its id, and an address without a version."""
    variant = "ids"
    env = {"OS_AUTH_URL": "https://keystone.test:5000/", "OS_USER_ID": "u-7", "OS_PASSWORD": "stack-pass-0123", "OS_PROJECT_ID": "p-7", "OS_REGION_NAME": "RegionOne",
           "DESIGNATE_ZONE_NAME": "example.com."}
    optional = ("OS_PROJECT_ID", "OS_REGION_NAME", "DESIGNATE_ZONE_NAME")
    hosts_sub_zones = False

    def wanted(self, secret):
        return {"identity": {"methods": ["password"], "password": {"user": {"id": "u-7", "password": secret}}}, "scope": {"project": {"id": "p-7"}}}


class DesignateApp(Designate):
    variant = "application-credential"
    env = {"OS_AUTH_URL": "https://keystone.test:5000/v3/", "OS_APPLICATION_CREDENTIAL_ID": "app-7", "OS_APPLICATION_CREDENTIAL_SECRET": "stack-secret-01"}
    wrong = {"OS_APPLICATION_CREDENTIAL_SECRET": "stack-secret-no"}
    optional = ()
    base = "https://dns.two/v2"  # the first public one
    secret = "stack-secret-01"

    def wanted(self, secret):
        return {"identity": {"methods": ["application_credential"], "application_credential": {"id": "app-7", "secret": secret}}}


class DesignateAppName(DesignateApp):
    variant = "application-credential-name"
    env = {"OS_AUTH_URL": "https://keystone.test:5000/v3", "OS_APPLICATION_CREDENTIAL_NAME": "dns", "OS_APPLICATION_CREDENTIAL_SECRET": "stack-secret-01",
           "OS_USERNAME": "somebody", "OS_USER_DOMAIN_NAME": "people"}
    optional = ("OS_USER_DOMAIN_NAME",)

    def wanted(self, secret):
        return {"identity": {"methods": ["application_credential"], "application_credential": {
            "name": "dns", "secret": secret, "user": {"name": "somebody", "domain": {"name": "people"}}}}}


class DesignateCloud(Designate):
    """An entry of clouds.yaml."""
    variant = "clouds.yaml"
    source = "https://docs.openstack.org/python-openstackclient/latest/configuration/index.html#clouds-yaml"
    env = {"OS_CLOUD": "ours", "OS_CLIENT_CONFIG_FILE": "/etc/clouds.yaml"}
    files = {"/etc/clouds.yaml": """clouds:
  other: {auth: {auth_url: "https://elsewhere.test"}}
  ours:
    region_name: RegionOne
    auth: {auth_url: "https://keystone.test:5000", username: somebody, password: stack-pass-0123, project_name: web, user_domain_name: Default, project_domain_name: Default}
"""}
    wrong = {}


class DesignateCloudNumbers(DesignateCloud):
    variant = "clouds.yaml-numbers"
    files = {"/etc/clouds.yaml": "clouds: {ours: {region_name: RegionOne, auth: {auth_url: 'https://keystone.test:5000/v3', user_id: u1, password: stack-pass-0123, project_id: p1}}}"}

    def wanted(self, secret):
        return {"identity": {"methods": ["password"], "password": {"user": {"id": "u1", "password": secret}}}, "scope": {"project": {"id": "p1"}}}


class DesignateCloudApplication(DesignateCloud):
    variant = "clouds.yaml-application"
    env = {"OS_CLOUD": "ours"}
    files = {"/etc/openstack/clouds.yaml": "clouds: {ours: {auth_type: v3applicationcredential, region_name: RegionOne, auth: {auth_url: 'https://keystone.test:5000/v3', "
                                           "application_credential_id: app1, application_credential_secret: stack-pass-0123}}}"}

    def wanted(self, secret):
        return {"identity": {"methods": ["application_credential"], "application_credential": {"id": "app1", "secret": secret}}}
