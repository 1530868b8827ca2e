import re

from fake import Api, basic, quoted, route


class Infoblox(Api):
    code, variant = "infoblox", "plain"
    source = "https://docs.infoblox.com/space/nios90/280666209/WAPI (record:txt)"
    env = {"INFOBLOX_HOST": "grid.test", "INFOBLOX_USERNAME": "admin", "INFOBLOX_PASSWORD": "infoblox-pass-0"}
    wrong = {"INFOBLOX_PASSWORD": "infoblox-pass-X"}
    base = "https://grid.test:443/wapi/v2.11"
    authorize = basic("admin", "infoblox-pass-0")
    denied = (401, "<html><body><h1>401 Authorization Required</h1></body></html>")
    denied_text = "401 Authorization Required"
    not_found = (404, {"Error": "AdmConDataNotFoundError: Reference not found", "code": "Client.Ibap.Data.NotFound", "text": "Reference not found"})
    tls = {"insecure": False, "ca": ""}
    view = "External"

    def ref(self, x):
        return "record:txt/ZG5zLmJpbmRf%d:%s/%s" % (x.id, x.name, self.view)

    def closest(self, name):
        return max((z for z in self.zones.values() if name.endswith("." + z.name)), key=lambda z: len(z.name))

    @route("POST", "/record:txt")
    def create(self, r):
        b = r.json({"name": str, "text": str, "view": self.view, "ttl": int, "use_ttl": True, "comment": str})
        assert r.tls["insecure"] == self.tls["insecure"] and (r.tls["ca"] or "") == self.tls["ca"]
        return 201, '"%s"' % self.ref(self.closest(b["name"]).add("TXT", b["name"], b["text"], b["ttl"])), [("Content-Type", "application/json")]

    @route("GET", "/record:txt")
    def search(self, r):
        q = r.query(name=str, view=self.view)
        return 200, [{"_ref": self.ref(x), "name": x.name, "text": quoted(x.value), "view": self.view} for x in self.closest(q["name"]).at(q["name"])]

    @route("DELETE", "/record:txt/{oid}/{view}")
    def delete(self, r, oid, view):
        id_ = re.fullmatch(r"ZG5zLmJpbmRf(\d+):.*", oid).group(1)
        for z in self.zones.values():
            if any(str(x.id) == id_ for x in z.records):
                z.drop(id_)
                return 200, '"%s"' % r.path
        return self.not_found


class InfobloxCa(Infoblox):
    """Another view, and a certificate that its own authority signed."""
    variant = "ca"
    env = {**Infoblox.env, "INFOBLOX_DNS_VIEW": "default", "INFOBLOX_CA_CERTIFICATE": "/etc/infoblox.pem"}
    files = {"/etc/infoblox.pem": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"}
    optional = ("INFOBLOX_DNS_VIEW", "INFOBLOX_CA_CERTIFICATE")
    tls = {"insecure": False, "ca": files["/etc/infoblox.pem"]}
    view = "default"


class InfobloxInsecure(Infoblox):
    variant = "insecure"
    env = {**Infoblox.env, "INFOBLOX_SSL_VERIFY": "false"}
    optional = ("INFOBLOX_SSL_VERIFY",)
    tls = {"insecure": True, "ca": ""}
