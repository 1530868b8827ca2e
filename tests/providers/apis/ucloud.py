import hashlib

from fake import Api, Denied, route, same


class UCloud(Api):
    code = "ucloud"
    source = "https://docs.ucloud.cn/api/udnr-api/README and https://docs.ucloud.cn/api/summary/signature"
    env = {"UCLOUD_PUBLIC_KEY": "ucloud-public-0123456789", "UCLOUD_PRIVATE_KEY": "46f09bb9fab4f12dfc160dae12273d5332b5debe"}
    wrong = {"UCLOUD_PRIVATE_KEY": "0000000000b4f12dfc160dae12273d5332b5debe"}
    base = "https://api.ucloud.cn"
    denied = (200, {"RetCode": 171, "Action": "UdnrDomainDNSAddResponse", "Message": "Signature VerifyAC Error"})
    denied_text = "Signature VerifyAC Error [171]"
    not_found = (200, {"RetCode": 63043, "Message": "domain not found"})
    more = {}

    @route("POST", "")
    def call(self, r):
        b = r.form()
        given = b.pop("Signature")
        if given != hashlib.sha1(("".join(k + b[k] for k in sorted(b)) + UCloud.env["UCLOUD_PRIVATE_KEY"]).encode()).hexdigest():
            raise Denied()
        same("form", {k: b.pop(k) for k in list(b) if k in ("PublicKey", "Region", "ProjectId")}, {"PublicKey": self.env["UCLOUD_PUBLIC_KEY"], **self.more})
        action, zone = b.pop("Action"), self.zone(b.pop("Dn"))
        data = {}
        if action == "UdnrDomainDNSQuery":
            assert not b
            data = [{"DnsType": x.type, "RecordName": x.name, "Content": x.value, "TTL": str(x.ttl)} for x in zone.records]
        elif action == "UdnrDomainDNSAdd":
            same("form", b, {"RecordName": str, "DnsType": "TXT", "Content": str, "TTL": str})
            zone.add("TXT", b["RecordName"], b["Content"], int(b["TTL"]))
        else:
            assert action == "UdnrDeleteDnsRecord"
            same("form", b, {"RecordName": str, "DnsType": "TXT", "Content": str})
            zone.drop([x for x in zone.at(b["RecordName"]) if x.value == b["Content"]][0].id)
        return 200, {"Action": action + "Response", "Data": data, "Message": "", "RetCode": 0}


class UCloudProject(UCloud):
    variant = "region-and-project"
    more = {"Region": "cn-bj2", "ProjectId": "org-abcdef"}
    env = {**UCloud.env, "UCLOUD_REGION": "cn-bj2", "UCLOUD_PROJECT_ID": "org-abcdef"}
    optional = ("UCLOUD_REGION", "UCLOUD_PROJECT_ID")
