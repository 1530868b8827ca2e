"""Reading what was made: certificates, keys, lineages."""
import os
import re
import stat

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID

KINDS = ("cert", "privkey", "chain", "fullchain")
PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\r?\n.*?-----END \1-----\r?\n?", re.S)
SPKI = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def pem_blocks(data):
    return [m.group(0) for m in PEM.finditer(data)]


def load_cert(path):
    return x509.load_pem_x509_certificate(read(path))


def load_key(path):
    return serialization.load_pem_private_key(read(path), None)


def names(cert):
    san = cert.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    return set(san.get_values_for_type(x509.DNSName)) | {str(a) for a in san.get_values_for_type(x509.IPAddress)}


def spki(key):
    return key.public_bytes(*SPKI)


def key_kind(key):
    if isinstance(key, (rsa.RSAPrivateKey, rsa.RSAPublicKey)):
        return "rsa%d" % key.key_size
    if isinstance(key, (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey)):
        return key.curve.name
    return type(key).__name__


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def must_staple(cert):
    try:
        cert.extensions.get_extension_for_oid(ExtensionOID.TLS_FEATURE)
        return True
    except x509.ExtensionNotFound:
        return False


class Lineage:
    """One certificate as certbot keeps it."""

    def __init__(self, config, name):
        self.config, self.name = str(config), name
        self.live = os.path.join(self.config, "live", name)
        self.archive = os.path.join(self.config, "archive", name)
        self.conf = os.path.join(self.config, "renewal", name + ".conf")

    def path(self, kind):
        return os.path.join(self.live, kind + ".pem")

    def archived(self, kind, version):
        return os.path.join(self.archive, "%s%d.pem" % (kind, version))

    @property
    def cert(self):
        return load_cert(self.path("cert"))

    @property
    def key(self):
        return load_key(self.path("privkey"))

    @property
    def names(self):
        return names(self.cert)

    @property
    def version(self):
        return self.versions()["cert"]

    def versions(self):
        """Which number each live link points at."""
        found = {}
        for kind in KINDS:
            target = os.readlink(self.path(kind))
            m = re.search(r"/%s(\d+)\.pem$" % kind, target)
            assert m, "%s points at %s" % (self.path(kind), target)
            found[kind] = int(m.group(1))
        return found

    def conf_text(self):
        return read(self.conf).decode()

    def conf_get(self, key):
        m = re.search(r"^%s\s*=\s*(.*?)\s*$" % re.escape(key), self.conf_text(), re.M)
        return m.group(1) if m else None

    def check_pair(self):
        """The demand at every instant: what live/ shows is whole, of one version, and fits together. Returns the version."""
        versions = self.versions()
        assert len(set(versions.values())) == 1, "live/ mixes versions: %r" % versions
        cert, key, full, chain = self.cert, self.key, read(self.path("fullchain")), read(self.path("chain"))
        assert spki(cert.public_key()) == spki(key.public_key()), "the certificate is not for the key"
        assert full == read(self.path("cert")) + chain, "fullchain is not cert followed by chain"
        blocks = pem_blocks(full)
        assert len(blocks) >= 2 and all(b"BEGIN CERTIFICATE" in b for b in blocks)
        assert b"".join(blocks).strip() == full.strip(), "there is something else between the certificates"
        issuer = x509.load_pem_x509_certificate(blocks[1])
        assert cert.issuer == issuer.subject, "the chain does not begin with the issuer"
        issuer.public_key().verify(cert.signature, cert.tbs_certificate_bytes, ec.ECDSA(cert.signature_hash_algorithm))
        return versions["cert"]

    def check(self, version=None, names=None, key=None):
        """Everything that contract A2 says of a lineage at rest: 'Live OK'."""
        now = self.check_pair()
        if version is not None:
            assert now == version, "live/ is at version %d, not %d" % (now, version)
        for kind in KINDS:
            assert os.readlink(self.path(kind)) == "../../archive/%s/%s%d.pem" % (os.path.basename(self.archive), kind, now)
            assert mode(self.archived(kind, now)) == (0o600 if kind == "privkey" else 0o644), kind
        assert b"BEGIN PRIVATE KEY" in read(self.path("privkey")), "the key is not PKCS #8"
        assert sorted(os.listdir(self.live)) == sorted(["README"] + [k + ".pem" for k in KINDS])
        assert mode(self.live) == 0o755 and mode(self.archive) == 0o755
        assert mode(os.path.dirname(self.live)) == 0o700 and mode(os.path.dirname(self.archive)) == 0o700
        assert mode(self.live + "/README") == 0o644 and mode(self.conf) == 0o644
        for kind in KINDS:
            assert self.conf_get(kind) == self.path(kind)
        assert self.conf_get("archive_dir") == self.archive
        stray = [f for f in os.listdir(self.archive) if not re.fullmatch(r"(cert|privkey|chain|fullchain)\d+\.pem", f)]
        assert not stray, "left in archive/: %r" % stray
        if names is not None:
            assert self.names == set(names)
        if key is not None:
            assert key_kind(self.key) == key
        return self

    def gone(self):
        return not any(os.path.lexists(p) for p in (self.live, self.archive, self.conf))
