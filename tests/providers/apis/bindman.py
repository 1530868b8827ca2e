from fake import Api, route


class Bindman(Api):
    code = "bindman"
    source = "https://github.com/labbsr0x/bindman-dns-webhook (src/client, src/hook)"
    env = {"BINDMAN_MANAGER_ADDRESS": "http://bindman.test:7070"}
    base = "http://bindman.test:7070"
    one_value = True
    keeps_foreign = False
    ttl = False  # the manager's
    rate_limited = (429, {"message": "slow down", "code": 429, "details": []}, [("Retry-After", "7")])

    def closest(self, name):
        return max((z for z in self.zones.values() if name.endswith("." + z.name)), key=lambda z: len(z.name))

    @route("POST", "/records")
    def add(self, r):
        b = r.json({"name": str, "value": str, "type": "TXT"})
        assert b["name"].endswith(".")
        self.closest(b["name"][:-1]).put(b["name"][:-1], "TXT", [b["value"]])
        return 204, None

    @route("DELETE", "/records/{name}/TXT")
    def remove(self, r, name):
        zone = self.closest(name[:-1])
        if not zone.at(name[:-1]):
            return 404, {"message": "No record found", "code": 404, "details": []}
        zone.put(name[:-1], "TXT", [])
        return 204, None
