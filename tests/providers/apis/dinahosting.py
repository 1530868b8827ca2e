from fake import Api, Denied, route


class Dinahosting(Api):
    code = "dinahosting"
    source = "https://en.dinahosting.com/api; an error as it comes: lego, providers/dns/dinahosting/internal/fixtures (the codes are those of EPP)"
    env = {"DINAHOSTING_USERNAME": "somebody", "DINAHOSTING_PASSWORD": "dh-pass-0123456"}
    wrong = {"DINAHOSTING_PASSWORD": "dh-pass-wrong00"}
    base = "https://dinahosting.com/special"
    denied = (200, {"trId": "dh6958820711fcf9", "responseCode": 2200, "errors": [{"message": "Authentication error.", "code": 2200, "parameter": ""}],
                    "command": "Domain_Zone_AddTypeTXT"})
    denied_text = "Authentication error. [2200]"
    ttl = False  # the API has none

    def authorize(self, r):
        if (r.query_map["AUTH_USER"], r.query_map["AUTH_PWD"]) != ("somebody", "dh-pass-0123456"):
            raise Denied()

    @route("GET", "/api.php")
    def call(self, r):
        q = r.query(AUTH_USER=str, AUTH_PWD=str, responseType="Json", domain=str, hostname=str, value=str,
                    command={"Domain_Zone_AddTypeTXT", "Domain_Zone_DeleteTypeTXT"})
        zone = self.zone(q["domain"])
        name = zone.full(q["hostname"])
        if q["command"] == "Domain_Zone_AddTypeTXT":
            zone.add("TXT", name, q["value"])
        else:
            hit = [x for x in zone.at(name) if x.value == q["value"]]
            if not hit:
                return 200, {"trId": "dh1", "responseCode": 2303, "errors": [{"message": "Object does not exist.", "code": 2303, "parameter": "value"}]}
            zone.drop(hit[0].id)
        return 200, {"trId": "dh1", "responseCode": 1000, "message": "Success.", "data": True, "command": q["command"]}
