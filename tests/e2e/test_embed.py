"""examples/embed.c: libsignet inside a program with nothing but a blocking HTTP client."""
import os

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from harness.box import execute, signet_binary
from harness.certs import names, pem_blocks, read, spki
from harness.webserver import WebServer


@pytest.fixture
def embed():
    path = os.path.join(os.path.dirname(os.path.realpath(signet_binary())), "examples", "embed")
    assert os.access(path, os.X_OK), "%s was not built" % path
    return path


@pytest.mark.parametrize("nonce_reject", [0, 30])
def test_it_obtains_a_certificate(embed, make_pebble, make_box, nonce_reject):
    ca = make_pebble(nonce_reject=nonce_reject)
    box = make_box(ca)
    root, out = box.root + "/www", box.root + "/out.pem"
    os.mkdir(root)
    with WebServer(ca.http_port, {"embed.example": root}):
        os.makedirs(root + "/.well-known/acme-challenge")
        execute([embed, ca.url, ca.ca_file, root, "embed.example", out], box.env(), timeout=60)
    blocks = pem_blocks(read(out))
    certs = [x509.load_pem_x509_certificate(b) for b in blocks if b"BEGIN CERTIFICATE" in b]
    (key,) = [serialization.load_pem_private_key(b, None) for b in blocks if b"PRIVATE KEY" in b]
    assert names(certs[0]) == {"embed.example"} and spki(certs[0].public_key()) == spki(key.public_key())
    assert len(certs) == 2 and certs[0].issuer == certs[1].subject


def test_it_says_when_it_fails(embed, box):
    root = box.root + "/www"
    os.makedirs(root)
    r = execute([embed, box.ca.url, box.ca.ca_file, root, "blocked.example", box.root + "/out.pem"], box.env(), check=None, timeout=60)
    assert r.rc != 0 and r.err.strip() and not os.path.exists(box.root + "/out.pem")
