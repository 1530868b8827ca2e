from apis.gcore import Gcore
from fake import header_is


class EdgeCenter(Gcore):
    code = "edgecenter"
    source = "https://apidocs.edgecenter.ru/dns"
    env = {"EDGECENTER_PERMANENT_API_TOKEN": "edge$0123456789"}
    wrong = {"EDGECENTER_PERMANENT_API_TOKEN": "edge$not-right0"}
    base = "https://api.edgecenter.ru/dns/v2"
    authorize = header_is("authorization", "APIKey edge$0123456789")
