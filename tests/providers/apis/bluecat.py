from fake import Api, header_is, route


class Bluecat(Api):
    code, variant = "bluecat", "deployed"
    source = "https://docs.bluecatnetworks.com/r/Address-Manager-Legacy-v1-API-Guide (login, getEntityByName, getZonesByHint, addEntity, getEntitiesByName, delete, quickDeploy)"
    env = {"BLUECAT_SERVER_URL": "https://bam.test", "BLUECAT_USER_NAME": "somebody", "BLUECAT_PASSWORD": "bluecat-pass-01", "BLUECAT_CONFIG_NAME": "main",
           "BLUECAT_DNS_VIEW": "default"}
    wrong = {"BLUECAT_PASSWORD": "bluecat-pass-no"}
    base = "https://bam.test/Services/REST/v1"
    authorize = header_is("authorization", "BAMAuthToken: i9wJSFaQMTQyNzQ")
    open_routes = ("login",)
    denied = (401, '"Unauthorized"')
    denied_text = "Authentication Error"
    not_found = (500, '"Object was not found"')
    deploys = True

    def setup(self):
        self.pending = []

    @route("GET", "/login")
    def login(self, r):
        if r.query(username="somebody", password=str)["password"] != "bluecat-pass-01":
            return 401, "Authentication Error: Ensure that your username and password are correct."
        return 200, '"Session Token-> BAMAuthToken: i9wJSFaQMTQyNzQ <- for User : somebody"'

    @route("GET", "/logout")
    def logout(self, r):
        return 200, '"API session successfully destroyed for user somebody"'

    @route("GET", "/getEntityByName")
    def by_name(self, r):
        q = r.query(parentId=str, name=str, type=str)
        known = {("0", "main", "Configuration"): 100, ("100", "default", "View"): 200}
        id_ = known.get((q["parentId"], q["name"], q["type"]), 0)
        return 200, {"id": id_, "name": q["name"] if id_ else None, "type": q["type"] if id_ else None, "properties": ""}

    @route("GET", "/getZonesByHint")
    def by_hint(self, r):
        hint = r.query(containerId="200", start="0", count="10", options=str)["options"]
        assert hint.startswith("hint=^") and hint.endswith("$|")
        return 200, [{"id": z.id, "name": z.name.split(".")[0], "type": "Zone", "properties": "deployable=true|absoluteName=%s|" % z.name}
                     for z in self.zones.values() if z.name == hint[6:-2]]

    @route("POST", "/addEntity")
    def add(self, r):
        zone = self.zone(r.query(parentId=str)["parentId"])
        b = r.json({"name": str, "type": "TXTRecord", "properties": str})
        p = dict(x.split("=", 1) for x in b["properties"].split("|") if x)
        assert set(p) == {"ttl", "absoluteName", "txt"} and p["absoluteName"] == zone.full(b["name"])
        x = zone.add("TXT", p["absoluteName"], p["txt"], int(p["ttl"]))
        if self.deploys:
            zone.records.remove(x)
            self.pending.append((zone, lambda: zone.records.append(x)))
        return 200, str(x.id), [("Content-Type", "application/json")]

    @route("GET", "/getEntitiesByName")
    def entities(self, r):
        q = r.query(parentId=str, name=str, type="TXTRecord", start="0", count="100")
        zone = self.zone(q["parentId"])
        return 200, [{"id": x.id, "name": q["name"], "type": "TXTRecord", "properties": "ttl=%d|absoluteName=%s|txt=%s|" % (x.ttl, x.name, x.value)}
                     for x in zone.at(zone.full(q["name"]))]

    @route("DELETE", "/delete")
    def delete(self, r):
        id_ = r.query(objectId=str)["objectId"]
        for z in self.zones.values():
            if any(str(x.id) == id_ for x in z.records):
                if self.deploys:
                    self.pending.append((z, lambda z=z: z.drop(id_)))
                else:
                    z.drop(id_)
                return 200, None
        return 404, '"Object was not found"'

    @route("POST", "/quickDeploy")
    def deploy(self, r):
        assert self.deploys
        zone = self.zone(r.query(entityId=str)["entityId"])
        for z, do in self.pending:
            if z is zone:
                do()
        self.pending = [p for p in self.pending if p[0] is not zone]
        return 200, None


class BluecatUndeployed(Bluecat):
    """Somebody else deploys."""
    variant = "undeployed"
    env = {**Bluecat.env, "BLUECAT_SKIP_DEPLOY": "true"}
    optional = ("BLUECAT_SKIP_DEPLOY",)
    deploys = False
