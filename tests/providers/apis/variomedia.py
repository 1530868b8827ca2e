from fake import Api, header_is, route


class Variomedia(Api):
    code = "variomedia"
    source = "https://api.variomedia.de/docs/dns-records.html"
    env = {"VARIOMEDIA_API_TOKEN": "variomedia-0123456"}
    wrong = {"VARIOMEDIA_API_TOKEN": "variomedia-wrong"}
    base = "https://api.variomedia.de"
    authorize = header_is("authorization", "token variomedia-0123456")
    denied = (401, {"errors": [{"status": "401", "title": "The server could not verify that you are authorized"}]})
    denied_text = "The server could not verify that you are authorized"
    not_found = (404, {"errors": [{"status": "404", "title": "Not Found"}]})
    needs_saved = one_at_a_time = True
    polls = 0

    def job(self, record):
        return {"data": {"type": "queue-job", "id": "1818", "attributes": {"status": "pending"},
                         "links": {"queue-job": self.base + "/queue-jobs/1818", "dns-record": "%s/dns-records/%s" % (self.base, record)}}}

    @route("POST", "/dns-records")
    def create(self, r):
        import json
        assert r.header("content-type") == "application/vnd.api+json" and r.header("accept") == "application/vnd.variomedia.v1+json"
        a = json.loads(r.text)["data"]
        assert a["type"] == "dns-record" and set(a["attributes"]) == {"record_type", "name", "domain", "data", "ttl"}
        a, zone = a["attributes"], self.zone(a["attributes"]["domain"])
        return 202, self.job(zone.add(a["record_type"], zone.full(a["name"]), a["data"], a["ttl"]).id)

    @route("GET", "/queue-jobs/{id}")
    def queue(self, r, id):
        self.polls += 1
        return 200, {"data": {"id": id, "type": "queue-job", "attributes": {"job_type": "dns-record", "status": "pending" if self.polls % 2 else "done"}}}

    @route("DELETE", "/dns-records/{id}")
    def delete(self, r, id):
        zone = next((z for z in self.zones.values() if any(str(x.id) == id for x in z.records)), list(self.zones.values())[0])
        zone.drop(id)
        return 202, self.job(id)
