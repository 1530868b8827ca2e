"""Lineages that no CA made today: with dates of one's choosing, under a throw-away CA."""
import datetime
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID  # noqa: F401

PEM = serialization.Encoding.PEM


def make_chain(names, lifetime_days, left_days, key=None):
    """(key, leaf, issuer) where the leaf has left_days of its lifetime_days to go."""
    now = datetime.datetime.utcnow()
    end = now + datetime.timedelta(days=left_days)
    begin = end - datetime.timedelta(days=lifetime_days)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), key or ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throw-away CA")])
    issuer = (x509.CertificateBuilder().subject_name(ca_name).issuer_name(ca_name).public_key(ca_key.public_key())
              .serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end + datetime.timedelta(days=365))
              .add_extension(x509.BasicConstraints(True, None), True)
              .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), False).sign(ca_key, hashes.SHA256()))
    leaf = (x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(ca_name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False).sign(ca_key, hashes.SHA256()))
    return key, leaf, issuer


def plant(box, name, names=None, lifetime_days=90, left_days=80, top="", params="", authenticator="standalone"):
    """Puts a lineage into the tree the way certbot writes it, on the box's account (which must be there)."""
    (account,) = box.account_dirs()
    key, leaf, issuer = make_chain(names or [name], lifetime_days, left_days)
    cert, chain = leaf.public_bytes(PEM), issuer.public_bytes(PEM)
    pem = {"cert": cert, "chain": chain, "fullchain": cert + chain,
           "privkey": key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())}
    live, archive = "%s/live/%s" % (box.config, name), "%s/archive/%s" % (box.config, name)
    os.makedirs(live)
    os.makedirs(archive)
    for kind, data in pem.items():
        path = "%s/%s1.pem" % (archive, kind)
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, 0o600 if kind == "privkey" else 0o644)
        os.symlink("../../archive/%s/%s1.pem" % (name, kind), "%s/%s.pem" % (live, kind))
    with open(live + "/README", "w") as f:
        f.write("planted\n")
    with open("%s/renewal/%s.conf" % (box.config, name), "w") as f:
        f.write("version = 5.5.0\n" + top + "archive_dir = %s\n" % archive)
        for kind in ("cert", "privkey", "chain", "fullchain"):
            f.write("%s = %s/%s.pem\n" % (kind, live, kind))
        f.write("\n# Options used in the renewal process\n[renewalparams]\naccount = %s\nauthenticator = %s\nserver = %s\nkey_type = ecdsa\n"
                "http01_port = %d\n%s" % (os.path.basename(account), authenticator, box.ca.url, box.ca.http_port, params))
    return box.lineage(name)
