import hashlib
import hmac

from fake import Api, Denied, route, same


class NameSurfer(Api):
    code = "namesurfer"
    source = "NameSurfer API, NSService_10 (https://web.archive.org/web/20260213170737/http://95.128.3.201:8053/API/NSService_10)"
    env = {"NAMESURFER_BASE_URL": "https://dns.example.net:8443/API/NSService_10", "NAMESURFER_API_KEY": "surfer-key-0123", "NAMESURFER_API_SECRET": "surfer-secret-01"}
    wrong = {"NAMESURFER_API_SECRET": "surfer-secret-no"}
    base = "https://dns.example.net:8443/API/NSService_10/jsonrpc10"
    denied = (200, {"id": 1, "result": None, "error": {"filename": "service", "lineno": 13, "code": "Server.Keyfailure", "string": "Digest does not match", "detail": []}})
    denied_text = "Digest does not match [Server.Keyfailure]"
    view = ""
    node = {"name": str, "type": str, "data": str, "ttl": int}

    @route("POST", "")
    def call(self, r):
        assert r.tls["insecure"] is ("NAMESURFER_INSECURE_SKIP_VERIFY" in self.env)
        b = r.json({"id": 1, "method": str, "params": list})
        (key, digest, *args), method = b["params"], b["method"]
        plain = {"listZones": [], "addDNSRecord": args[:2], "searchDNSHosts": args, "updateDNSHost": args[:2]}[method]
        if method == "addDNSRecord":
            x = same("node", args[2], self.node)
            plain = plain + [x["name"], x["type"], str(x["ttl"]), x["data"]]
        secret = NameSurfer.env["NAMESURFER_API_SECRET"]
        assert key == "surfer-key-0123"
        if digest != hmac.new(secret.encode(), "&".join([key, *plain, secret]).encode(), hashlib.sha256).hexdigest():
            raise Denied()
        if method == "listZones":
            assert args == ["forward"]
            result = [{"name": z.name, "view": self.view} for z in self.zones.values()]
        elif method == "searchDNSHosts":
            result = [{"name": z.sub(x), "type": x.type, "data": x.value, "ttl": x.ttl} for z in self.zones.values() for x in z.records if x.name == args[0]]
        else:
            zone = self.zone(args[0])
            assert args[1] == self.view
            if method == "addDNSRecord":
                zone.add(x["type"], zone.full(x["name"]), x["data"], x["ttl"])
            else:
                old = same("old", args[2], self.node)
                assert args[3] == {"name": "", "type": "", "data": "", "ttl": 0}
                zone.records = [y for y in zone.records if (y.type, zone.sub(y), y.value) != (old["type"], old["name"], old["data"])]
            result = True
        return 200, {"id": 1, "result": result}


class NameSurferView(NameSurfer):
    variant = "view-insecure"
    view = "viewA"
    env = {**NameSurfer.env, "NAMESURFER_VIEW": "viewA", "NAMESURFER_INSECURE_SKIP_VERIFY": "true"}
    optional = ("NAMESURFER_VIEW", "NAMESURFER_INSECURE_SKIP_VERIFY")
