from fake import Api, route


class Euserv(Api):
    code = "euserv"
    source = "https://support.euserv.com/api-doc/ (Session, Customer, Order, Domain); examples: lego, providers/dns/euserv/internal/fixtures"
    env = {"EUSERV_EMAIL": "me@example.com", "EUSERV_PASSWORD": "euserv-pass-012", "EUSERV_ORDER_ID": "4711"}
    wrong = {"EUSERV_PASSWORD": "euserv-pass-bad"}
    base = "https://support.euserv.com"
    denied_text = "Login failed."
    state = "none"

    def say(self, result, code="100", message="success"):
        return 200, {"message": message, "code": code, "time_real": "0.1", "result": result}

    @route("GET", "/")
    def call(self, r):
        q = dict(r.query_map)
        assert q.pop("method") == "json" and q.pop("lang_id") == "2"
        if not q:
            self.state = "new"
            return self.say({"sess_id": {"value": "session-new"}})
        sess, action = q.pop("sess_id"), q.pop("subaction", None)
        if action is None:
            assert q == {"action": "logout"} and self.state == "order"
            self.state = "none"
            return self.say([])
        if action == "login":
            assert sess == "session-new" and set(q) == {"email", "password", "ord_id", "api_version"} and q["ord_id"] == "4711"
            if q["password"] != "euserv-pass-012":
                return self.say({"sess_id": {"value": sess}}, "10006", "Login failed.<br>Please check email address/customer ID and password.")
            self.state = "in"
            return self.say({"sess_id": {"value": "session-in"}})
        assert sess == "session-in"
        if action == "choose_order":
            assert q == {"ord_no": "4711"} and self.state == "in"
            self.state = "order"
            return self.say([])
        assert self.state == "order"
        return getattr(self, action)(q)

    def kc2_domain_dns_get_records(self, q):
        domains = []
        for z in self.zones.values():
            if "dns_records_load_keyword" in q and q["dns_records_load_keyword"] not in z.name:
                continue
            found = [x for x in z.records if q.get("dns_records_load_type", x.type) == x.type and q.get("dns_records_load_content", x.value) in x.value]
            values = [{"id": x.id, "name": x.name, "type": x.type, "subdomain": z.sub(x, ""), "content": x.value, "ttl": x.ttl, "prio": ""} for x in found]
            domains.append({"dom_id": {"value": str(z.id)}, "dom_domain": {"value": z.name}, "dns_records": [{k: {"value": str(v)} for k, v in x.items()} for x in values]})
        return self.say({"dns_record_count_max": {"value": "100"}, "domains": domains})

    def kc2_domain_dns_set(self, q):
        assert set(q) == {"dom_id", "subdomain", "type", "content", "ttl"} and q["type"] == "TXT"
        zone = self.zone(q["dom_id"])
        zone.add("TXT", zone.full(q["subdomain"]), q["content"], int(q["ttl"]))
        return self.say({"sess_id": {"value": "session-in"}})

    def kc2_domain_dns_remove(self, q):
        assert set(q) == {"dns_record_id"}
        for z in self.zones.values():
            z.records = [x for x in z.records if str(x.id) != q["dns_record_id"]]
        return self.say({"sess_id": {"value": "session-in"}})
