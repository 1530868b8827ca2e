import re

from fake import Api, header_is, route


class BluecatV2(Api):
    code, variant = "bluecatv2", "deployed"
    source = "https://docs.bluecatnetworks.com/r/Address-Manager-RESTful-v2-API-Guide (Creating an API session, Filter, Zones, Resource records, Deployments)"
    env = {"BLUECATV2_SERVER_URL": "https://bam.test", "BLUECATV2_USERNAME": "somebody", "BLUECATV2_PASSWORD": "bluecat-pass-01", "BLUECATV2_CONFIG_NAME": "main",
           "BLUECATV2_VIEW_NAME": "default"}
    wrong = {"BLUECATV2_PASSWORD": "bluecat-pass-no"}
    base = "https://bam.test/api/v2"
    authorize = header_is("authorization", "Basic YXBpOlQ0OExOT3VI")
    open_routes = ("login",)
    denied = (401, {"status": 401, "reason": "Unauthorized", "code": "InvalidAuthorizationToken", "message": "The provided authorization token is invalid"})
    denied_text = "Invalid username or password [InvalidCredentials]"
    not_found = (404, {"status": 404, "reason": "Not Found", "code": "ResourceNotFound", "message": "The requested resource was not found"})
    deploys = True

    def setup(self):
        self.pending = []

    def change(self, zone, do):
        if self.deploys:
            self.pending.append((zone, do))
        else:
            do()

    @route("POST", "/sessions")
    def login(self, r):
        if r.json({"username": "somebody", "password": str})["password"] != "bluecat-pass-01":
            return 401, {"status": 401, "reason": "Unauthorized", "code": "InvalidCredentials", "message": "Invalid username or password"}
        return 201, {"id": 1, "type": "UserSession", "apiToken": "T48LNOuH", "basicAuthenticationCredentials": "YXBpOlQ0OExOT3VI"}

    @route("GET", "/zones")
    def list_zones(self, r):
        q = r.query(fields="id,absoluteName,configuration.id,configuration.name,view.id,view.name", filter=str)
        name = re.fullmatch(r"absoluteName:eq\('([^']+)'\) and configuration\.name:eq\('main'\) and view\.name:eq\('default'\)", q["filter"]).group(1)
        found = [z for z in self.zones.values() if z.name == name]
        return 200, {"count": len(found), "totalCount": len(found), "data": [{"id": z.id, "type": "Zone", "absoluteName": z.name} for z in found]}

    def show(self, zone, x):
        return {"id": x.id, "type": "TXTRecord", "name": zone.sub(x, ""), "ttl": x.ttl, "absoluteName": x.name, "recordType": "TXT", "text": x.value}

    @route("POST", "/zones/{id}/resourceRecords")
    def create(self, r, id):
        b, zone = r.json({"type": "TXTRecord", "name": str, "ttl": int, "recordType": "TXT", "text": str}), self.zone(id)
        x = zone.add("TXT", zone.full(b["name"]), b["text"], b["ttl"])
        if self.deploys:  # seen only after the deployment
            zone.records.remove(x)
            self.pending.append((zone, lambda: zone.records.append(x)))
        return 201, self.show(zone, x)

    @route("GET", "/zones/{id}/resourceRecords")
    def list(self, r, id):
        name = re.fullmatch(r"type:eq\('TXTRecord'\) and name:eq\('([^']+)'\)", r.query(filter=str)["filter"]).group(1)
        zone = self.zone(id)
        found = zone.at(zone.full(name))
        return 200, {"count": len(found), "data": [self.show(zone, x) for x in found]}

    @route("DELETE", "/resourceRecords/{id}")
    def delete(self, r, id):
        for z in self.zones.values():
            if any(str(x.id) == id for x in z.records):
                self.change(z, lambda z=z: z.drop(id))
                return 204, None
        return self.not_found

    @route("POST", "/zones/{id}/deployments")
    def deploy(self, r, id):
        assert self.deploys
        r.json({"type": "QuickDeployment"})
        zone = self.zone(id)
        for z, do in self.pending:
            if z is zone:
                do()
        self.pending = [p for p in self.pending if p[0] is not zone]
        return 201, {"id": 12345, "type": "QuickDeployment", "state": "PENDING", "percentComplete": 50}


class BluecatV2Undeployed(BluecatV2):
    """Somebody else deploys."""
    variant = "undeployed"
    env = {**BluecatV2.env, "BLUECATV2_SKIP_DEPLOY": "true"}
    optional = ("BLUECATV2_SKIP_DEPLOY",)
    deploys = False
