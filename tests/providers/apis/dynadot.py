import base64
import hashlib
import hmac

from fake import Api, Denied, route


class Dynadot(Api):
    code = "dynadot"
    source = "https://www.dynadot.com/domain/api-document?api-version=2.0.0 (request header, set_dns); removal: lego, providers/dns/dynadot/internal"
    env = {"DYNADOT_API_KEY": "dynadot-key-0123", "DYNADOT_API_SECRET": "dynadot-secret-0123"}
    wrong = {"DYNADOT_API_SECRET": "dynadot-secret-wrong"}
    base = "https://api.dynadot.com/restful/v2"
    denied = (401, {"code": 401, "message": "Unauthorized", "error": {"description": "The signature is wrong."}})
    denied_text = "Unauthorized The signature is wrong. [401]"
    not_found = (404, {"code": 404, "message": "Not Found", "error": {"description": "No such record."}})

    def authorize(self, r):
        text = "\n".join(["dynadot-key-0123", r.path, r.header("x-request-id"), r.text])
        mac = base64.b64encode(hmac.new(b"dynadot-secret-0123", text.encode(), hashlib.sha256).digest()).decode()
        assert r.header("authorization") == "Bearer dynadot-key-0123"
        if r.header("x-signature") != mac:
            raise Denied()

    @route("POST", "/domains/{name}/records")
    def add(self, r, name):
        b = r.json({"sub_list": [{"sub_host": str, "record_type": "TXT", "record_value1": str}], "ttl": int, "add_dns_to_current_setting": True})
        zone, x = self.zone(name), b["sub_list"][0]
        zone.add("TXT", zone.full(x["sub_host"]), x["record_value1"], b["ttl"])
        return 200, {"code": 200, "message": "Success"}

    @route("DELETE", "/domains/{name}/records")
    def remove(self, r, name):
        x = r.json({"sub_list": [{"sub_host": str, "record_type": "TXT", "record_value1": str}]})["sub_list"][0]
        zone = self.zone(name)
        hit = [y for y in zone.at(zone.full(x["sub_host"])) if y.value == x["record_value1"]]
        if not hit:
            return self.not_found
        zone.drop(hit[0].id)
        return 200, {"code": 200, "message": "Success"}
