"""The other side of test_account: certbot's own account storage. `write CONFIG_DIR` makes two accounts there, `check CONFIG_DIR` loads two and
compares their ids. Exit status 77: certbot is not installed."""
import datetime
import sys
from unittest import mock

try:
    import josepy as jose
    from acme import messages
    from certbot._internal import account
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
except ImportError:
    sys.exit(77)

SERVER_PATH = "ca.example:14000/acme/dir"


def storage(config_dir):
    config = mock.MagicMock(accounts_dir=f"{config_dir}/accounts/{SERVER_PATH}", strict_permissions=False, server_path=SERVER_PATH)
    config.accounts_dir_for_server_path = lambda path: f"{config_dir}/accounts/{path}"
    return account.AccountFileStorage(config)


def write(config_dir):
    rsa_key = jose.JWKRSA(key=jose.ComparableRSAKey(rsa.generate_private_key(65537, 2048)))
    ec_key = jose.JWKEC(key=jose.ComparableECKey(ec.generate_private_key(ec.SECP256R1())))
    for key in (rsa_key, ec_key):
        meta = account.Account.Meta(
            creation_dt=datetime.datetime(2026, 11, 22, 8, 25, 43, tzinfo=datetime.timezone.utc), creation_host="host.example", register_to_eff=None)
        regr = messages.RegistrationResource(body=messages.Registration(), uri="https://ca.example/acct/9")
        storage(config_dir).save(account.Account(regr, key, meta), mock.MagicMock(directory=object()))


def check(config_dir):
    found = storage(config_dir)._find_all_for_server_path(SERVER_PATH)
    assert len(found) == 2, found
    for one in found:
        again = storage(config_dir).load(one.id)
        assert again.id == one.id and again.regr.uri == "https://ca.example/acct/1", one
        assert again.meta.creation_host == "host.example", one
    assert {type(one.key).__name__ for one in found} == {"JWKRSA", "JWKEC"}, found


{"write": write, "check": check}[sys.argv[1]](sys.argv[2])
