from apis.selectel import Selectel
from fake import header_is


class Vscale(Selectel):
    code = "vscale"
    source = "https://developers.vscale.io/documentation/api/v1/#api-Domains_Records"
    env = {"VSCALE_API_TOKEN": "vscale-0123456"}
    wrong = {"VSCALE_API_TOKEN": "vscale-wrong"}
    base = "https://api.vscale.io/v1/domains"
    authorize = header_is("x-token", env["VSCALE_API_TOKEN"])
