import json
from xml.sax.saxutils import escape

from fake import Api, route

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
KAS = "{https://kasserver.com/}"


def value(v):
    if isinstance(v, dict):
        return '<value xsi:type="ns2:Map">%s</value>' % items(v)
    if isinstance(v, list):
        return '<value SOAP-ENC:arrayType="ns2:Map[%d]" xsi:type="SOAP-ENC:Array">%s</value>' % (len(v), "".join('<item xsi:type="ns2:Map">%s</item>' % items(x) for x in v))
    if v is None:
        return '<value xsi:nil="true"/>'
    return '<value xsi:type="xsd:%s">%s</value>' % ({int: "int", float: "float"}.get(type(v), "string"), escape(str(v)))


def items(m):
    return "".join('<item><key xsi:type="xsd:string">%s</key>%s</item>' % (k, value(v)) for k, v in m.items())


def envelope(body):
    return '<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" ' \
           'xmlns:ns1="https://kasapi.kasserver.com/soap/KasApi.php" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ' \
           'xmlns:ns2="http://xml.apache.org/xml-soap" xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/"><SOAP-ENV:Body>%s</SOAP-ENV:Body></SOAP-ENV:Envelope>' % body


def fault(word, actor="KasApi"):
    return 200, envelope("<SOAP-ENV:Fault><faultcode>SOAP-ENV:Server</faultcode><faultstring>%s</faultstring><faultactor>%s</faultactor></SOAP-ENV:Fault>" % (word, actor))


class AllInkl(Api):
    code = "allinkl"
    source = "https://kasapi.kasserver.com/dokumentation/phpdoc/index.html; SOAP as it comes: lego, providers/dns/allinkl/internal/fixtures"
    env = {"ALL_INKL_LOGIN": "w0123456", "ALL_INKL_PASSWORD": "kas-pass-012345"}
    wrong = {"ALL_INKL_PASSWORD": "kas-pass-wrong0"}
    base = "https://kasapi.kasserver.com/soap"
    denied_text = "kas_password_incorrect"
    ttl = False  # the API has none
    floods = 0

    def params(self, r, action):
        at = r.xml().find(SOAP + "Body").find(KAS + action).find(KAS + "Params")
        return json.loads(at.text)

    @route("POST", "/KasAuth.php")
    def auth(self, r):
        p = self.params(r, "KasAuth")
        assert set(p) == {"kas_login", "kas_auth_type", "kas_auth_data", "session_lifetime", "session_update_lifetime"} and p["kas_auth_type"] == "plain"
        if p["kas_auth_data"] != "kas-pass-012345":
            return fault("kas_password_incorrect", "KasAuth")
        return 200, envelope('<ns1:KasAuthResponse><return xsi:type="xsd:string">593959ca04f0de9689b586c6a647d15d</return></ns1:KasAuthResponse>')

    @route("POST", "/KasApi.php")
    def api(self, r):
        p = self.params(r, "KasApi")
        assert p["kas_login"] == "w0123456" and p["kas_auth_type"] == "session" and p["kas_auth_data"] == "593959ca04f0de9689b586c6a647d15d"
        self.floods += 1
        if self.floods % 4 == 0:
            return fault("flood_protection")
        given = getattr(self, p["kas_action"])(p["KasRequestParams"])
        if isinstance(given, tuple):
            return given
        whole = {"Request": {"KasRequestTime": 1625014992, "KasRequestType": None, "KasRequestParams": p["KasRequestParams"]},
                 "Response": {"KasFloodDelay": 0.5, "ReturnString": "TRUE", "ReturnInfo": given}}
        return 200, envelope('<ns1:KasApiResponse><return xsi:type="ns2:Map">%s</return></ns1:KasApiResponse>' % items(whole))

    def get_dns_settings(self, p):
        assert set(p) == {"zone_host"} and p["zone_host"].endswith(".")
        zone = self.zones.get(p["zone_host"][:-1])
        if not zone:
            return fault("zone_not_found")
        return [{"record_zone": zone.name, "record_name": zone.sub(x, ""), "record_type": x.type, "record_data": x.value, "record_aux": 0, "record_id": str(x.id),
                 "record_changeable": "Y"} for x in zone.records]

    def add_dns_settings(self, p):
        assert set(p) == {"zone_host", "record_type", "record_name", "record_data", "record_aux"} and p["record_aux"] == 0
        zone = self.zones[p["zone_host"][:-1]]
        return str(zone.add(p["record_type"], zone.full(p["record_name"]), p["record_data"]).id)

    def delete_dns_settings(self, p):
        assert set(p) == {"record_id"}
        for z in self.zones.values():
            z.records = [x for x in z.records if str(x.id) != p["record_id"]]
        return True
