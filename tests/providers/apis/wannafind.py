from apis.scannet import ScanNet
from fake import bearer


class Wannafind(ScanNet):
    code = "wannafind"
    source = "https://api.wannafind.dk/dns/swagger/index.html"
    env = {"WANNAFIND_API_KEY": "wanna-0123456789"}
    wrong = {"WANNAFIND_API_KEY": "wanna-not-right"}
    authorize = bearer(env["WANNAFIND_API_KEY"])
