from apis.hostingde import HostingDe


class HttpNet(HostingDe):
    code = "httpnet"
    source = "https://www.http.net/docs/api/#dns"
    env = {"HTTPNET_API_KEY": "httpnet-key-0123"}
    wrong = {"HTTPNET_API_KEY": "httpnet-key-nope"}
    base = "https://partner.http.net/api/dns/v1/json"
    token = "httpnet-key-0123"


class HttpNetZone(HttpNet):
    variant = "zone"
    env = {**HttpNet.env, "HTTPNET_ZONE_NAME": "example.com"}
    optional = ("HTTPNET_ZONE_NAME",)
    hosts_sub_zones = False
