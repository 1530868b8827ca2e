from apis.rimuhosting import RimuHosting


class Zonomi(RimuHosting):
    code = "zonomi"
    source = "https://zonomi.com/app/dns/dyndns.jsp"
    env = {"ZONOMI_API_KEY": "zonomi-0123456789"}
    wrong = {"ZONOMI_API_KEY": "zonomi-not-right"}
    base = "https://zonomi.com/app/dns/dyndns.jsp"
