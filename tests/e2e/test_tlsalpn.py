"""tls-alpn-01 (RFC 8737) by standalone, also under the names of its predecessor."""
import socket
import threading

import pytest

AGREE = ["--agree-tos", "--register-unsafely-without-email"]


@pytest.mark.parametrize("challenge,option", [("tls-alpn-01", "--tls-alpn-01-port"), ("tls-sni", "--tls-sni-01-port"), ("tls-sni-01", "--tls-sni-01-port")])
def test_standalone(box, challenge, option):
    since = box.ca.mark()
    r = box.signet("certonly", "--standalone", "--preferred-challenges", challenge, option, str(box.ca.tls_port), "-d", "alpn.example", "-d",
                   "b.alpn.example", *AGREE)
    box.lineage("alpn.example").check(version=1, names=["alpn.example", "b.alpn.example"])
    assert "Attempting to validate w/ HTTP" not in box.ca.text(since)
    assert ("tls-sni" in r.err) == ("sni" in challenge), "one warning for the old name, none for the new"
    box.signet("renew", "--force-renewal")
    box.lineage("alpn.example").check(version=2)
    assert "Attempting to validate w/ HTTP" not in box.ca.text(since)


def test_an_ip_address(box):
    box.signet("certonly", "--standalone", "--preferred-challenges", "tls-alpn-01", "--tls-alpn-01-port", str(box.ca.tls_port), "--ip-address",
               "127.0.0.1", *AGREE)
    box.lineage("127.0.0.1").check(version=1, names=["127.0.0.1"])


def test_the_order_of_preference_decides(box):
    since = box.ca.mark()
    box.signet("certonly", "--standalone", "--preferred-challenges", "http,tls-alpn-01", "--tls-alpn-01-port", str(box.ca.tls_port), "-d",
               "pref.example", *AGREE)
    assert "Attempting to validate w/ HTTP" in box.ca.text(since)


def test_strangers_at_the_port_do_not_hold_it_up(box):
    """Silent connections and wrong protocols arrive while the challenge is up."""
    stop = threading.Event()
    held = []

    def pester():
        while not stop.is_set():
            try:
                s = socket.create_connection(("127.0.0.1", box.ca.tls_port), timeout=0.2)
                if len(held) % 2:
                    s.sendall(b"GET / HTTP/1.0\r\n\r\n")
                held.append(s)
            except OSError:
                stop.wait(0.005)
            if len(held) > 40:
                return

    t = threading.Thread(target=pester)
    t.start()
    try:
        box.signet("certonly", "--standalone", "--preferred-challenges", "tls-alpn-01", "--tls-alpn-01-port", str(box.ca.tls_port), "-d",
                   "pester.example", *AGREE)
    finally:
        stop.set()
        t.join()
        for s in held:
            s.close()
    box.lineage("pester.example").check(version=1)
