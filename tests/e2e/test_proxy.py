"""The way to the CA leads through a proxy: which one the environment names, and proxies that refuse, answer nonsense or say nothing."""
import base64
import socket
import threading
import time

import pytest
from harness.lego import LegoBox
from harness.listener import Listener

AGREE = ["--agree-tos", "--register-unsafely-without-email"]


class ConnectProxy:
    """Speaks CONNECT. `answer`: bytes to send in place of going through; "silence" for none; None: go through."""

    def __init__(self, answer=None):
        self.answer, self.asked, self.heads = answer, [], []
        self.over = threading.Event()
        self.listener = Listener(0, self._serve)

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.listener.port

    def _serve(self, conn):
        with conn:
            head = b""
            while b"\r\n\r\n" not in head:
                data = conn.recv(65536)
                if not data:
                    return
                head += data
            self.heads.append(head.decode())
            self.asked.append(head.split()[1].decode())
            if self.answer == "silence":
                self.over.wait(120)
            elif self.answer is not None:
                conn.sendall(self.answer)
            else:
                self._through(conn, self.asked[-1])

    def _through(self, conn, target):
        host, port = target.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as far:
            conn.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=self._copy, args=(far, conn), daemon=True)
            back.start()
            self._copy(conn, far)
            back.join(30)

    @staticmethod
    def _copy(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.listener.close()


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_the_environment_names_the_proxy(box, name):
    with ConnectProxy() as proxy:
        box.signet("register", *AGREE, env={name: proxy.url.replace("//", "//me:secret@")})
        assert set(proxy.asked) == {"127.0.0.1:%d" % box.ca.port}
        login = base64.b64encode(b"me:secret").decode()
        assert all("proxy-authorization: basic " + login.lower() in h.lower() for h in proxy.heads)
        assert "secret" not in box.log() and login not in box.log()


def test_small_letters_win(box):
    with ConnectProxy() as proxy:
        box.signet("register", *AGREE, env={"https_proxy": proxy.url, "HTTPS_PROXY": "http://127.0.0.1:1"})
        assert proxy.asked


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize("what", ["127.0.0.1", "*", "other.example, 127.0.0.0/8"])
def test_no_proxy(box, name, what):
    with ConnectProxy() as proxy:
        box.signet("register", *AGREE, env={"https_proxy": proxy.url, name: what})
        assert not proxy.asked


HTML = b"<html>Please log in</html>"
REFUSALS = {
    "407": (b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 26\r\n\r\n" + HTML, "407"),
    "html": (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 26\r\n\r\n" + HTML, ""),
    "403": (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 26\r\n\r\n" + HTML, "403"),
    "closed": (b"", ""),
    "no http": (b"\x00" * 512, ""),
}


@pytest.mark.parametrize("kind", sorted(REFUSALS))
def test_a_proxy_that_does_not_let_through(box, kind):
    answer, words = REFUSALS[kind]
    with ConnectProxy(answer) as proxy:
        begin = time.monotonic()
        r = box.signet("certonly", "--standalone", "-d", "proxy.example", *AGREE, env={"https_proxy": proxy.url}, check=1)
        assert time.monotonic() - begin < 60
        assert words in r.err and "127.0.0.1:%d" % box.ca.port in r.words, r
        assert len(proxy.asked) <= 10 and set(proxy.asked) == {"127.0.0.1:%d" % box.ca.port}
    assert not box.lineages() and not box.account_dirs()
    box.issue("proxy.example")


def test_a_proxy_that_says_nothing(tmp_path, pebble):
    """Given up like a CA that says nothing; lego's face has a word for how long."""
    box = LegoBox(tmp_path / "lego", pebble)
    with ConnectProxy("silence") as proxy:
        begin = time.monotonic()
        box.obtain("quiet.lego.test", args=["--http-timeout", "2"], env={"https_proxy": proxy.url}, check=1)
        assert time.monotonic() - begin < 40 and proxy.asked
