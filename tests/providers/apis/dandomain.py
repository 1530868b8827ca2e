from fake import bearer
from apis.curanet import Curanet


class DanDomain(Curanet):
    """The same service under another name."""
    code = "dandomain"
    source = "https://api.dandomain.dk/dns/swagger/index.html"
    env = {"DANDOMAIN_API_KEY": "dandomain-key-0123"}
    wrong = {"DANDOMAIN_API_KEY": "dandomain-key-wrong"}
    authorize = bearer(env["DANDOMAIN_API_KEY"])
