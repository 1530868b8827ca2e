from fake import Api, Denied, Gone, route


class TodayNic(Api):
    code = "todaynic"
    source = "https://www.todaynic.com/partner/mode_Http_Api_detail.php"
    env = {"TODAYNIC_AUTH_USER_ID": "1234567", "TODAYNIC_API_KEY": "today-0123456789"}
    wrong = {"TODAYNIC_API_KEY": "today-not-right"}
    base = "https://todapi.now.cn:2443/api/dns"
    denied = (403, {"RequestId": "2d5876b2-f272-43e9-acc1-4c6a3d3683b1", "error": "auth.fail"})
    denied_text = "auth.fail"
    not_found = (404, {"RequestId": "2d5876b2-f272-43e9-acc1-4c6a3d3683b1", "error": "record.notfound"})
    needs_saved = True  # how its records are listed is not known to us

    def authorize(self, r):
        assert r.query_map.pop("auth-userid") == "1234567"
        if r.query_map.pop("api-key") != TodayNic.env["TODAYNIC_API_KEY"]:
            raise Denied()

    @route("GET", "/add-domain-record.json")
    def add(self, r):
        q = r.query(Domain=str, Host=str, Type="TXT", Value=str, Ttl=str)
        zone = self.zone(q["Domain"])
        return 200, {"RequestId": "f60ea4d9", "Id": zone.add("TXT", zone.full(q["Host"]), q["Value"], int(q["Ttl"])).id}

    @route("GET", "/delete-domain-record.json")
    def delete(self, r):
        id_ = r.query(Id=str)["Id"]
        for z in self.zones.values():
            if any(str(x.id) == id_ for x in z.records):
                z.drop(id_)
                return 200, {"RequestId": "f60ea4d9"}
        raise Gone()
