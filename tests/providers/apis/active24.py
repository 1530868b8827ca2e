from apis.websupport import Websupport


class Active24(Websupport):
    code = "active24"
    source = "https://rest.active24.cz/v2/docs; signature: https://rest.active24.cz/docs/v1.intro"
    env = {"ACTIVE24_API_KEY": "active24-key-01", "ACTIVE24_SECRET": "active24-secret-01"}
    wrong = {"ACTIVE24_SECRET": "active24-wrong"}
    base = "https://rest.active24.cz"
