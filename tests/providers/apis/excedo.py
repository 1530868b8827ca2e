import email.parser
import email.policy

from fake import Api, bearer, route


class Excedo(Api):
    code = "excedo"
    source = "lego, providers/dns/excedo/internal (the provider publishes none); codes are those of EPP, RFC 5730 section 3"
    env = {"EXCEDO_API_URL": "https://excedo.test/api", "EXCEDO_API_KEY": "excedo-key-0123"}
    wrong = {"EXCEDO_API_KEY": "excedo-key-nope"}
    base = "https://excedo.test/api"
    authorize = bearer("session-token-0123")
    open_routes = ("login",)
    denied = (200, {"code": 2200, "desc": "Authentication error"})
    denied_text = "Authentication error [2200]"

    def say(self, **more):
        return 200, {"code": 1000, "desc": "Command completed successfully", **more, "runtime": 0.2852}

    @route("GET", "/authenticate/login/")
    def login(self, r):
        if r.header("authorization") != "Bearer excedo-key-0123":
            return self.denied
        return self.say(parameters={"token": "session-token-0123"})

    @route("POST", "/dns/addrecord/")
    def add(self, r):
        f = r.form({"domainName": str, "name": str, "type": "TXT", "content": str, "ttl": str})
        zone = self.zone(f["domainName"])
        return self.say(recordid=zone.add("TXT", zone.full(f["name"]), f["content"], int(f["ttl"])).id)

    @route("GET", "/dns/getrecords/")
    def list(self, r):
        zone = self.zone(r.query(domainname=str)["domainname"])
        return self.say(dns={zone.name: {"dnstype": "type", "recordusage": {"used": 74}, "records": [
            {"recordid": str(x.id), "name": x.name, "type": x.type, "content": x.value, "ttl": str(x.ttl), "prio": None, "change_date": None} for x in zone.records]}})

    @route("POST", "/dns/deleterecord/")
    def delete(self, r):
        whole = "Content-Type: %s\r\n\r\n%s" % (r.header("content-type"), r.text)
        parts = email.parser.Parser(policy=email.policy.HTTP).parsestr(whole)
        assert parts.get_content_type() == "multipart/form-data"
        f = {p.get_param("name", header="content-disposition"): p.get_payload().strip() for p in parts.iter_parts()}
        assert set(f) == {"domainname", "recordid"}
        zone = self.zone(f["domainname"])
        if not any(str(x.id) == f["recordid"] for x in zone.records):
            return 200, {"code": 2303, "desc": "Object does not exist"}
        zone.drop(f["recordid"])
        return self.say()
