import json

from fake import Api, Denied, Gone, route, same


class Variomedia(Api):
    code = "variomedia"
    source = "https://api.variomedia.de/docs/dns-records.html and https://api.variomedia.de/docs/job-queue.html"
    env = {"VARIOMEDIA_API_TOKEN": "vario-0123456789"}
    wrong = {"VARIOMEDIA_API_TOKEN": "vario-not-right"}
    base = "https://api.variomedia.de"
    denied = (401, {"errors": [{"status": "401", "title": "The server could not verify that you are authorized.", "id": "unauthorized"}]})
    denied_text = "The server could not verify that you are authorized."
    not_found = (404, {"errors": [{"status": "404", "title": "The requested URL was not found.", "id": "not_found"}]})

    def setup(self):
        self.jobs = {}

    def authorize(self, r):
        assert r.header("accept") == "application/vnd.variomedia.v1+json"
        if r.header("authorization") != "token " + Variomedia.env["VARIOMEDIA_API_TOKEN"]:
            raise Denied()

    def queue(self, status, record_id):
        job = str(18181818 + len(self.jobs))
        self.jobs[job] = 0
        return status, {"data": {"type": "queue-job", "id": job, "attributes": {"status": "pending"}, "links": {
            "queue-job": "%s/queue-jobs/%s" % (self.base, job), "dns-record": "%s/dns-records/%s" % (self.base, record_id)}}}

    @route("POST", "/dns-records")
    def create(self, r):
        r._type("application/vnd.api+json")
        b = same("body", json.loads(r.text), {"data": {"type": "dns-record", "attributes": {"record_type": "TXT", "name": str, "domain": str, "data": str, "ttl": int}}})
        a = b["data"]["attributes"]
        zone = self.zone(a["domain"])
        return self.queue(201, zone.add("TXT", zone.full(a["name"]), a["data"], a["ttl"]).id)

    @route("GET", "/queue-jobs/{id}")
    def job(self, r, id):
        self.jobs[id] += 1
        return 200, {"data": {"id": id, "type": "queue-job", "attributes": {"job_type": "dns-record", "status": "done" if self.jobs[id] > 1 else "pending"}}}

    @route("GET", "/dns-records")
    def list(self, r):
        zone = self.zone(r.query(**{"filter[domain]": str})["filter[domain]"])
        return 200, {"data": [{"id": str(x.id), "type": "dns-record", "attributes": {
            "record_type": x.type, "fqdn": x.name, "fqdn_ace": x.name, "name": zone.sub(x, ""), "domain": zone.name, "data": x.value, "ttl": x.ttl}}
            for x in zone.records], "links": {"self": self.base + "/dns-records"}}

    @route("DELETE", "/dns-records/{id}")
    def delete(self, r, id):
        for z in self.zones.values():
            if any(str(x.id) == id for x in z.records):
                z.drop(id)
                return self.queue(202, id)
        raise Gone()
