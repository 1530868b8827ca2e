from fake import Api, Denied, route


class Sonic(Api):
    code = "sonic"
    source = "https://public-api.sonic.net/dyndns/#updating_or_adding_host_records"
    env = {"SONIC_USER_ID": "12345", "SONIC_API_KEY": "sonic-0123456789"}
    wrong = {"SONIC_API_KEY": "sonic-not-right"}
    base = "https://public-api.sonic.net/dyndns"
    denied = (200, {"message": "Unauthorized : the api key was not accepted.", "result": 401})
    denied_text = "the api key was not accepted. [401]"
    one_value = True

    @route("PUT", "/host")
    def set(self, r):
        b = r.json({"userid": "12345", "apikey": str, "hostname": str, "value": str, "ttl": int, "type": "TXT"})
        if b["apikey"] != Sonic.env["SONIC_API_KEY"]:
            raise Denied()
        zone = max((z for z in self.zones.values() if b["hostname"].endswith(z.name)), key=lambda z: len(z.name))
        # "_" is what its users put where nothing should be; the conversations take it for nothing
        zone.put(b["hostname"], "TXT", [] if b["value"] == "_" else [b["value"]], b["ttl"])
        return 200, {"message": "OK", "result": 200}
