from fake import Api, bearer, route


class OmgLol(Api):
    code = "omglol"
    source = "https://api.omg.lol/#dns"
    env = {"OMGLOL_API_KEY": "omg-0123456789"}
    wrong = {"OMGLOL_API_KEY": "omg-not-right"}
    base = "https://api.omg.lol/address"
    authorize = bearer(env["OMGLOL_API_KEY"])
    denied = (401, {"request": {"status_code": 401, "success": False}, "response": {"message": "You need to authenticate with an API key."}})
    denied_text = "You need to authenticate with an API key."
    not_found = (404, {"request": {"status_code": 404, "success": False}, "response": {"message": "That record does not exist."}})
    hosts_sub_zones = False

    def real(self, name):
        return name.replace("example.com", "example.omg.lol")

    def place(self, address):
        return self.zone(address + ".com")

    def say(self, **what):
        return 200, {"request": {"status_code": 200, "success": True}, "response": what}

    def show(self, zone, x, member):
        name = ".".join(n for n in (zone.sub(x, ""), zone.name.split(".")[0]) if n)
        return {"id": str(x.id), "type": x.type, "name": name, member: x.value, "priority": None, "ttl": x.ttl, "created_at": "", "updated_at": ""}

    @route("POST", "/{address}/dns")
    def create(self, r, address):
        b, zone = r.json({"type": "TXT", "name": str, "data": str, "ttl": int}), self.place(address)
        x = zone.add("TXT", zone.full(b["name"]), b["data"], b["ttl"])
        return self.say(message="Your DNS record was created successfully.", data_sent=b, response_received={"data": self.show(zone, x, "content")})

    @route("GET", "/{address}/dns")
    def list(self, r, address):
        zone = self.place(address)
        return self.say(message="Here are the DNS records.", dns=[self.show(zone, x, "data") for x in zone.records])

    @route("DELETE", "/{address}/dns/{id}")
    def delete(self, r, address, id):
        r.nothing()
        self.place(address).drop(id)
        return self.say(message="OK, your DNS record has been deleted.")
