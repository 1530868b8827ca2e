from fake import Api, bearer, route


class IPv64(Api):
    code = "ipv64"
    source = "https://ipv64.net/dyndns_updater_api; examples: lego, providers/dns/ipv64/internal/fixtures"
    env = {"IPV64_API_KEY": "ipv64-key-01234"}
    wrong = {"IPV64_API_KEY": "ipv64-key-wrong"}
    base = "https://ipv64.net"
    authorize = bearer(env["IPV64_API_KEY"])
    denied = (401, {"status": "401 Unauthorized", "info": "Unauthorized"})
    denied_text = "Unauthorized"
    ttl = False  # the API has none

    def where(self, f, key):
        """A domain of the service has three labels; below it is the prefix."""
        assert set(f) == {key, "praefix", "type", "content"} and f["type"] == "TXT" and f[key].count(".") == 2
        name = ".".join(x for x in (f["praefix"], f[key]) if x)
        return name, max((z for z in self.zones.values() if name.endswith("." + z.name)), key=lambda z: len(z.name))

    @route("GET", "/api")
    def domains(self, r):
        r.query(get_domains="")
        out = {}
        for z in self.zones.values():
            for x in z.records:
                labels = x.name.split(".")
                out.setdefault(".".join(labels[-3:]), {"updates": 0, "wildcard": 1, "records": []})["records"].append(
                    {"record_id": x.id, "content": x.value, "ttl": x.ttl, "type": x.type, "praefix": ".".join(labels[:-3]), "record_key": "k"})
        return 200, {"subdomains": out, "info": "success", "status": "200 OK"}

    @route("POST", "/api")
    def add(self, r):
        f = r.form()
        name, zone = self.where(f, "add_record")
        zone.add("TXT", name, f["content"])
        return 201, {"info": "success", "status": "201 Created", "add_record": f["add_record"]}

    @route("DELETE", "/api")
    def delete(self, r):
        f = r.form()
        name, zone = self.where(f, "del_record")
        hit = [x for x in zone.at(name) if x.value == f["content"]]
        if not hit:
            return 403, {"info": "error", "status": "403 Forbidden", "del_record": "del_record"}
        zone.drop(hit[0].id)
        return 202, {"info": "success", "status": "202 Accepted", "del_record": "del_record"}
