from apis.neodigit import Neodigit
from fake import header_is


class Virtualname(Neodigit):
    code = "virtualname"
    source = "https://developers.virtualname.net/#dns"
    env = {"VIRTUALNAME_TOKEN": "virtual-0123456789"}
    wrong = {"VIRTUALNAME_TOKEN": "virtual-not-right"}
    base = "https://api.virtualname.net/v1"
    authorize = header_is("x-tcpanel-token", "virtual-0123456789")
