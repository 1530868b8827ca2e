"""A TLS reverse proxy in front of a pebble, with one rule: what is to go wrong, and at which request.

The Host header is kept, so pebble builds its URLs from the proxy's address and every request comes through here. A rule is a function
of one Request that returns None (pass it on) or one of the actions below. HTTP/1.1 only. Every request is logged."""
import http.client
import socket
import ssl
import struct
import threading
import time
import zlib

from harness.ca import ENDPOINTS
from harness.system import free_port

NAMES = sorted(((v, k) for k, v in ENDPOINTS.items()), reverse=True)


class Request:
    def __init__(self, number, method, path, headers, body):
        self.number, self.method, self.path, self.headers, self.body = number, method, path, headers, body
        self.endpoint = next((name for prefix, name in NAMES if path == prefix or (prefix.endswith("/") and path.startswith(prefix))), "other")
        self.time = time.monotonic()
        self.status = None  # of the CA's own answer

    def __repr__(self):
        return "%d %s %s (%s)" % (self.number, self.method, self.endpoint, self.status or "not answered by the CA")


# ---- actions ----


def status(code, headers=None, body=b"<html>oops</html>", content_type="text/html"):
    """Answers in the CA's place, without asking it."""
    return ("answer", code, dict({"Content-Type": content_type}, **(headers or {})), body)


def problem(code, kind, detail="made up by the test", headers=None):
    body = '{"type": "urn:ietf:params:acme:error:%s", "detail": "%s", "status": %d}' % (kind, detail, code)
    return status(code, headers, body.encode(), "application/problem+json")


def reset():
    """The connection breaks before the CA sees the request."""
    return ("reset",)


def lost():
    """The CA does what it was asked, but its answer is lost."""
    return ("lost",)


def truncate(part=0.5):
    """The connection ends in the middle of the body."""
    return ("truncate", part)


def stall(event=None):
    """Nothing comes, ever; `event` is set when it begins."""
    return ("stall", event)


def rewrite(function):
    """function(status, headers, body) returns the three as they are to be sent."""
    return ("rewrite", function)


def rewrite_body(function):
    return ("rewrite", lambda code, headers, body: (code, headers, function(body)))


def endless(chunk=b" " * 65536):
    """A body without an end."""
    return ("endless", chunk)


def raw(data, hold=False):
    """These bytes in place of an answer, from its status line on; or those of an iterator, which may be endless. Then the connection ends,
    or (`hold`) is kept open in silence."""
    return ("raw", data, hold)


def body(data, *headers, code=200):
    """raw() with a head: these header lines, then the data."""
    return raw(("HTTP/1.1 %d OK\r\n" % code + "".join(h + "\r\n" for h in headers) + "\r\n").encode("latin-1") + data)


def alert():
    """The TLS connection breaks with a fatal alert."""
    return ("alert",)


def stall_in_head():
    return raw(b"HTTP/1.1 200 OK\r\nContent-Ty", hold=True)


def stall_in_body():
    return raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{", hold=True)


def drip(seconds, data=b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b" " * 100000):
    """A byte now and then."""
    return ("drip", seconds, data)


def forever(first, again):
    """first, then again and again."""
    yield first
    while True:
        yield again


def endless_headers():
    return raw(forever(b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"x" * 500 + b"\r\n"))


def one_endless_header():
    return raw(forever(b"HTTP/1.1 200 OK\r\nX-Filler: ", b"x" * 8192))


def flood_of_informational():
    return raw(forever(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" * 64))


def gzip_bomb(megabytes=256):
    """A small body that claims to unpack to a large one."""
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = b"".join(z.compress(b" " * (1 << 20)) for _ in range(megabytes)) + z.flush()
    return body(data, "Content-Type: application/json", "Content-Encoding: gzip", "Content-Length: %d" % len(data))


def at(number, action):
    """The rule: this action at the request of that number, and never again."""
    return lambda r: action if r.number == number else None


def once(endpoint, action, after=0):
    """The rule: this action at the first request for an endpoint (after `after` others), and never again."""
    left = [after]

    def rule(r):
        if r.endpoint != endpoint:
            return None
        left[0] -= 1
        return action if left[0] == -1 else None

    return rule


def always(endpoint, action):
    return lambda r: action if r.endpoint == endpoint else None


HANDSHAKE_FAILURE = b"\x15\x03\x03\x00\x02\x02\x28"


class FaultProxy:
    """`greet` is what to do with a connection before anything is heard from it: a function of its number (from 1) that gives None,
    "stall" (says nothing), "alert" (refuses the handshake), "plain" (answers without TLS), or "close". `cert` is (certificate, key)
    in place of the CA's; `tls` a function that changes the server's context."""

    def __init__(self, ca, rule=None, greet=None, cert=None, tls=None):
        self.ca, self.rule, self.greet, self.connections = ca, rule, greet, 0
        self.requests, self.lock, self.closing = [], threading.Lock(), threading.Event()
        self.sent = 0
        self.port = free_port()
        self.url = "https://127.0.0.1:%d/dir" % self.port
        self.ca_file, self.http_port, self.tls_port = ca.ca_file, ca.http_port, ca.tls_port
        self.server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server_tls.load_cert_chain(*(cert or (ca.dir + "/server.pem", ca.dir + "/server.key")))
        self.server_tls.set_alpn_protocols(["http/1.1"])
        if tls:
            tls(self.server_tls)
        self.client_tls = ssl.create_default_context(cafile=ca.ca_file)
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def __getattr__(self, name):  # what it does not know itself, the CA knows
        return getattr(self.__dict__["ca"], name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.closing.set()
        self.listener.close()

    def start(self, rule):
        """A new rule; the count of requests begins anew."""
        with self.lock:
            self.rule, self.requests = rule, []

    def seen(self, endpoint=None):
        return [r for r in self.requests if endpoint in (None, r.endpoint)]

    def _accept(self):
        while not self.closing.is_set():
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn):
        try:
            conn.settimeout(120)
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
                how = self.greet(self.connections) if self.greet else None
            if how:
                return self._greet(conn, how)
            tls = self.server_tls.wrap_socket(conn, server_side=True)
            stream = tls.makefile("rb")
            while self._one(tls, stream):
                pass
            tls.close()
        except (OSError, ValueError, http.client.HTTPException):
            conn.close()

    def _greet(self, conn, how):
        with conn:
            if how == "stall":
                self.closing.wait(120)
            elif how == "alert":
                conn.recv(4096)
                conn.sendall(HANDSHAKE_FAILURE)
            elif how == "plain":
                conn.recv(4096)
                conn.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    def _one(self, tls, stream):
        line = stream.readline(16384)
        if not line:
            return False
        method, path, _ = line.decode("latin-1").split(" ", 2)
        headers = http.client.parse_headers(stream)
        body = stream.read(int(headers.get("Content-Length") or 0))
        with self.lock:
            request = Request(len(self.requests) + 1, method, path, headers, body)
            self.requests.append(request)
            action = self.rule(request) if self.rule else None
        kind = action[0] if action else "pass"
        if kind == "reset":
            return self._reset(tls)
        if kind == "stall":
            if action[1]:
                action[1].set()
            self.closing.wait(120)
            return False
        if kind == "answer":
            return self._send(tls, method, action[1], list(action[2].items()), action[3])
        if kind == "endless":
            return self._endless(tls, action[1])
        if kind == "raw":
            return self._raw(tls, action[1], action[2])
        if kind == "drip":
            return self._drip(tls, action[1], action[2])
        if kind == "alert":
            # under the record layer: to the client it is a record that is not to be decrypted
            with socket.socket(fileno=tls.detach()) as under:
                under.sendall(HANDSHAKE_FAILURE)
            return False
        code, answer, data = self._forward(request)
        request.status = code
        if kind == "lost":
            return self._reset(tls)
        if kind == "rewrite":
            code, answer, data = action[1](code, answer, data)
        cut = int(len(data) * action[1]) if kind == "truncate" else None
        return self._send(tls, method, code, answer, data, cut)

    def _forward(self, request):
        up = http.client.HTTPSConnection("127.0.0.1", self.ca.port, context=self.client_tls, timeout=60)
        try:
            keep = {k: v for k, v in request.headers.items() if k.lower() not in ("connection", "content-length", "accept-encoding")}
            up.request(request.method, request.path, request.body or None, keep)
            r = up.getresponse()
            return r.status, [(k, v) for k, v in r.getheaders() if k.lower() not in ("content-length", "transfer-encoding", "connection")], r.read()
        finally:
            up.close()

    def _send(self, tls, method, code, headers, body, cut=None):
        head = "HTTP/1.1 %d %s\r\n" % (code, http.client.responses.get(code, "Unknown"))
        head += "".join("%s: %s\r\n" % h for h in headers)
        if code not in (204, 304):
            head += "Content-Length: %d\r\n" % len(body)
        data = (head + "\r\n").encode("latin-1")
        if method != "HEAD" and code not in (204, 304):
            data += body if cut is None else body[:cut]
        tls.sendall(data)
        self.sent += len(data)
        if cut is not None:
            tls.shutdown(socket.SHUT_RDWR)
        return cut is None

    def _endless(self, tls, chunk):
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
        while not self.closing.is_set():
            tls.sendall(chunk)
            self.sent += len(chunk)
        return False

    def _raw(self, tls, data, hold):
        for chunk in [data] if isinstance(data, bytes) else data:
            if self.closing.is_set():
                return False
            tls.sendall(chunk)
            self.sent += len(chunk)
        if hold:
            self.closing.wait(120)
        else:
            tls.shutdown(socket.SHUT_RDWR)
        return False

    def _drip(self, tls, seconds, data):
        for n in range(len(data)):
            if self.closing.wait(seconds):
                return False
            tls.sendall(data[n:n + 1])
        return False

    def _reset(self, tls):
        tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw = tls.detach()
        socket.close(raw)
        return False
