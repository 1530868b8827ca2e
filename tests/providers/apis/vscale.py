from apis.selectel import Selectel


class Vscale(Selectel):
    code = "vscale"
    source = "https://developers.vscale.io/documentation/api/v1/#api-Domains_Records"
    env = {"VSCALE_API_TOKEN": "vscale-0123456789"}
    wrong = {"VSCALE_API_TOKEN": "vscale-not-right"}
    base = "https://api.vscale.io/v1/domains"
