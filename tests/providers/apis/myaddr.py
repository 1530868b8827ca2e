from fake import Api, Denied, route


class MyAddr(Api):
    code = "myaddr"
    source = "https://myaddr.tools/"
    env = {"MYADDR_PRIVATE_KEYS_MAPPING": "example:myaddr-0123456789,other:myaddr-9876543210"}
    wrong = {"MYADDR_PRIVATE_KEYS_MAPPING": "example:myaddr-not-right"}
    base = "https://myaddr.tools"
    denied = (400, 'invalid value for "key"')
    denied_text = 'invalid value for "key"'
    ttl = False
    one_value = True
    hosts_sub_zones = False

    def real(self, name):
        return name.replace("example.com", "example.myaddr.tools")

    @route("POST", "/update")
    def update(self, r):
        b = r.json({"key": str, "acme_challenge": str})
        if b["key"] != "myaddr-0123456789":
            raise Denied()
        self.zone("example.com").put("_acme-challenge.example.com", "TXT", [b["acme_challenge"]])
        return 200, "OK"

    def later(self):
        self.zone("example.com").put("_acme-challenge.example.com", "TXT", [])
