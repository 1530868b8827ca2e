"""The gear itself: a CA that answers, and the real certbot getting a certificate from it into a tree that the checks accept."""


def test_the_ca_answers_and_counts(make_pebble):
    ca = make_pebble(profiles={"classic": 90 * 86400, "shortlived": 6 * 86400}, alternate_roots=1)
    assert "BEGIN CERTIFICATE" in ca.root() and ca.root(1) != ca.root()
    assert ca.requests() == []


def test_certbot_makes_a_lineage_that_the_checks_accept(box):
    since = box.ca.mark()
    box.issue("harness.example", args=["--key-type", "ecdsa"], program=box.certbot)
    lineage = box.lineage("harness.example").check(version=1, names=["harness.example"], key="secp256r1")
    assert box.ca.count("newOrder", since) == 1 and box.ca.issued(since) == 1
    assert box.ca.cert_status(lineage.cert.serial_number)["Status"] == "Valid"
    assert len(box.account_dirs()) == 1
