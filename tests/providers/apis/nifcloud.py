import base64
import hashlib
import hmac
from email.utils import formatdate

from fake import Api, Denied, Gone, route, xml

NS = "{https://route53.amazonaws.com/doc/2012-12-12/}"


class NifCloud(Api):
    code = "nifcloud"
    source = "https://docs.nifcloud.com/dns/ (ChangeResourceRecordSets, GetChange; authentication)"
    env = {"NIFCLOUD_ACCESS_KEY_ID": "nif-key-0123", "NIFCLOUD_SECRET_ACCESS_KEY": "nif-secret-0123"}
    wrong = {"NIFCLOUD_SECRET_ACCESS_KEY": "nif-secret-wrong"}
    base = "https://dns.api.nifcloud.com/2012-12-12N2013-12-16"
    denied_text = "The signature does not match [AuthFailed]"
    prefix = ""

    def setup(self):
        self.changes = {}
        self.denied = self.fail(403, "AuthFailed", "The signature does not match")
        self.not_found = self.fail(400, "InvalidChangeBatch", "Tried to delete resource record set but it was not found")

    def fail(self, status, code, text):
        return status, '<?xml version="1.0"?>' + xml("ErrorResponse", xml("Error", xml("Type", "Sender"), xml("Code", code), xml("Message", text)), xml("RequestId", "1"))

    def authorize(self, r):
        assert r.header("date") == formatdate(r.now, usegmt=True)
        mac = base64.b64encode(hmac.new(NifCloud.env["NIFCLOUD_SECRET_ACCESS_KEY"].encode(), r.header("date").encode(), hashlib.sha1).digest()).decode()
        want = "NIFTY3-HTTPS NiftyAccessKeyId=nif-key-0123,Algorithm=HmacSHA1,Signature="
        assert r.header("x-nifty-authorization").startswith(want)
        if r.header("x-nifty-authorization") != want + mac:
            raise Denied()

    def info(self, root, id_, status):
        return 200, '<?xml version="1.0"?>' + xml(root, xml("ChangeInfo", xml("Id", self.prefix + id_), xml("Status", status), xml("SubmittedAt", "2017-08-08T00:00:00Z")),
                                                  xmlns=NS[1:-1])

    @route("POST", "/hostedzone/{name}/rrset")
    def change(self, r, name):
        e, zone = r.xml(), self.zone(name)
        assert r.header("content-type") == "text/xml; charset=utf-8" and e.tag == NS + "ChangeResourceRecordSetsRequest"
        c = e.find(("./%sChangeBatch/%sChanges/%sChange") % (NS, NS, NS))
        s = c.find(NS + "ResourceRecordSet")
        fqdn, ttl = s.find(NS + "Name").text, int(s.find(NS + "TTL").text)
        value = s.find("%sResourceRecords/%sResourceRecord/%sValue" % (NS, NS, NS)).text
        assert s.find(NS + "Type").text == "TXT" and c.find(NS + "Action").text in ("CREATE", "DELETE")
        if c.find(NS + "Action").text == "CREATE":
            zone.add("TXT", fqdn, value, ttl)
        else:
            hit = [x for x in zone.at(fqdn) if (x.value, x.ttl) == (value, ttl)]
            if not hit:
                raise Gone()
            zone.drop(hit[0].id)
        id_ = "C%d" % len(self.changes)
        self.changes[id_] = 0
        return self.info("ChangeResourceRecordSetsResponse", id_, "PENDING")

    @route("GET", "/change/{id}")
    def status(self, r, id):
        self.changes[id] += 1
        return self.info("GetChangeResponse", id, "INSYNC" if self.changes[id] > 1 else "PENDING")


class NifCloudPath(NifCloud):
    variant = "id-with-path"
    prefix = "/change/"
