from apis.conoha import ConoHa
from fake import header_is, route


class ConoHaV3(ConoHa):
    code = "conohav3"
    source = "https://doc.conoha.jp/reference/api-vps3/api-dns-vps3/"
    env = {"CONOHAV3_TENANT_ID": "487727e3", "CONOHAV3_API_USER_ID": "user-7", "CONOHAV3_API_PASSWORD": "conoha3-pass-0123"}
    wrong = {"CONOHAV3_API_PASSWORD": "conoha3-pass-wrong"}
    base = "https://dns-service.c3j1.conoha.io/v1"
    authorize = header_is("x-auth-token", "conoha3-token-0123")
    key = "uuid"

    @route("POST", "https://identity.c3j1.conoha.io/v3/auth/tokens")
    def login(self, r):
        b = r.json({"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "user-7", "password": str}}},
                             "scope": {"project": {"id": "487727e3"}}}})
        if b["auth"]["identity"]["password"]["user"]["password"] != "conoha3-pass-0123":
            return 401, {"code": 401, "error": {"message": "Invalid user / password"}}
        return 201, {"token": {"methods": ["password"]}}, [("x-subject-token", "conoha3-token-0123")]
