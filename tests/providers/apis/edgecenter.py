from apis.gcore import GCore
from fake import header_is


class EdgeCenter(GCore):
    code = "edgecenter"
    source = "https://apidocs.edgecenter.ru/dns"
    env = {"EDGECENTER_PERMANENT_API_TOKEN": "1234$edge-0123456789"}
    wrong = {"EDGECENTER_PERMANENT_API_TOKEN": "1234$edge-not-right"}
    base = "https://api.edgecenter.ru/dns/v2/zones"
    authorize = header_is("authorization", "APIKey 1234$edge-0123456789")
