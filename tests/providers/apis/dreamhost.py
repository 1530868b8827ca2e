from fake import Api, Denied, route


class DreamHost(Api):
    code = "dreamhost"
    source = "https://help.dreamhost.com/hc/en-us/articles/217555707-DNS-API-commands"
    env = {"DREAMHOST_API_KEY": "6SHU5P2HLDAYECUM"}
    wrong = {"DREAMHOST_API_KEY": "NOTTHERIGHTONE00"}
    base = "https://api.dreamhost.com"
    denied = (200, {"result": "error", "data": "invalid_api_key"})
    denied_text = "invalid_api_key"
    ttl = False

    @route("GET", "/")
    def call(self, r):
        q = r.query_map
        if q["key"] != self.env["DREAMHOST_API_KEY"]:
            raise Denied()
        zone = max((z for z in self.zones.values() if q["record"].endswith("." + z.name)), key=lambda z: len(z.name))
        if q["cmd"] == "dns-add_record":
            r.query(key=str, format="json", cmd=str, record=str, type="TXT", value=str, comment=str)
            zone.add("TXT", q["record"], q["value"])
            return 200, {"data": "record_added", "result": "success"}
        r.query(key=str, format="json", cmd="dns-remove_record", record=str, type="TXT", value=str)
        mine = [x for x in zone.at(q["record"]) if x.value == q["value"]]
        if not mine:
            return 200, {"data": "no_such_record", "result": "error"}
        zone.drop(mine[0].id)
        return 200, {"data": "record_removed", "result": "success"}
