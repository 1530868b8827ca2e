"""Servers of the tests of lego's face: a real memcached, an object store that checks every signature, an older CA."""
import datetime
import hashlib
import hmac
import http.client
import http.server
import json
import socket
import ssl
import threading
import urllib.parse

from harness.system import Server, free_port

ACCESS, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-test-1"
PATH = "/.well-known/acme-challenge/"


class Threaded:
    def __init__(self, port, handler):
        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.port = self.httpd.server_address[1]
        threading.Thread(target=self.httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.httpd.shutdown()
        self.httpd.server_close()


class Quiet(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def site(port, look_up):
    """A web server that gives out look_up(path), or 404."""
    class Handler(Quiet):
        def do_GET(self):
            found = look_up(self.path)
            self.answer(200 if found is not None else 404, found or b"")
    return Threaded(port, Handler)


class Memcached:
    def __init__(self, log):
        self.port = free_port()
        self.server = Server(["/usr/bin/memcached", "-l", "127.0.0.1", "-p", str(self.port), "-u", "nobody"], log, self.port)

    def get(self, key):
        with socket.create_connection(("127.0.0.1", self.port), 5) as s:
            f = s.makefile("rwb")
            f.write(b"get " + key.encode() + b"\r\n")
            f.flush()
            head = f.readline().split()
            return f.read(int(head[3])) if head[0] == b"VALUE" else None

    def stop(self):
        self.server.stop()


class Bucket:
    """PUT, DELETE and GET of objects, as S3 has them. `refused`: what was wrong with requests that were turned away."""

    def __init__(self, token=None):
        self.objects, self.seen, self.refused, self.token = {}, [], [], token
        outer = self

        class Handler(Quiet):
            def handle_signed(self, what):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                why = outer.check(self, body)
                outer.seen.append((what, self.path))
                if why:
                    outer.refused.append(why)
                    self.answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
                    return
                if what == "PUT":
                    outer.objects[self.path] = body
                else:
                    outer.objects.pop(self.path, None)
                self.answer(200 if what == "PUT" else 204)

            def do_PUT(self):
                self.handle_signed("PUT")

            def do_DELETE(self):
                self.handle_signed("DELETE")

        self.server = Threaded(0, Handler)
        self.url = "http://127.0.0.1:%d" % self.server.port

    def check(self, request, body):
        """AWS Signature Version 4, from its description."""
        h = request.headers
        auth = h.get("Authorization", "")
        if not auth.startswith("AWS4-HMAC-SHA256 "):
            return "no signature"
        parts = dict(p.strip().split("=", 1) for p in auth[17:].split(","))
        key, day, region, service, end = parts["Credential"].split("/")
        names = parts["SignedHeaders"].split(";")
        if names != sorted(names) or not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(names):
            return "headers %s" % names
        if key != ACCESS or region != REGION or (service, end) != ("s3", "aws4_request"):
            return "scope %s" % parts["Credential"]
        if h["X-Amz-Content-Sha256"] != hashlib.sha256(body).hexdigest():
            return "body"
        if self.token and (h.get("X-Amz-Security-Token") != self.token or "x-amz-security-token" not in names):
            return "session token"
        if request.command == "PUT" and (h.get("X-Amz-Acl") != "public-read" or "x-amz-acl" not in names):
            return "acl"
        sent = datetime.datetime.strptime(h["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if abs((datetime.datetime.now(datetime.timezone.utc) - sent).total_seconds()) > 900 or not h["X-Amz-Date"].startswith(day):
            return "date"
        path = urllib.parse.quote(urllib.parse.unquote(request.path), safe="/-_.~")
        canonical = "\n".join([request.command, path, "", *("%s:%s" % (n, h[n].strip()) for n in names), "", ";".join(names),
                               hashlib.sha256(body).hexdigest()])
        to_sign = "\n".join(["AWS4-HMAC-SHA256", h["X-Amz-Date"], "/".join([day, region, service, end]),
                             hashlib.sha256(canonical.encode()).hexdigest()])
        k = ("AWS4" + SECRET).encode()
        for step in (day, region, service, end, to_sign):
            k = hmac.new(k, step.encode(), hashlib.sha256).digest()
        return None if k.hex() == parts["Signature"] else "signature"

    def stop(self):
        self.server.__exit__()


class OlderCa:
    """pebble without the challenge types that clients of some years ago cannot read. It is told the same Host, so its URLs lead here."""

    def __init__(self, ca):
        class Handler(Quiet):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                to = http.client.HTTPSConnection("127.0.0.1", ca.port, context=ssl.create_default_context(cafile=ca.ca_file), timeout=30)
                to.request(self.command, self.path, body or None, {k: v for k, v in self.headers.items() if k.lower() != "connection"})
                answer = to.getresponse()
                data = answer.read()
                if b'"challenges"' in data:
                    doc = json.loads(data)
                    doc["challenges"] = [c for c in doc["challenges"] if c["type"] in ("http-01", "dns-01", "tls-alpn-01")]
                    data = json.dumps(doc).encode()
                self.send_response(answer.status)
                for k, v in answer.getheaders():
                    if k.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(k, v)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            do_GET = do_HEAD = do_POST = pass_on

        self.server = Threaded(0, Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(ca.config["certificate"], ca.config["privateKey"])
        self.server.httpd.socket = context.wrap_socket(self.server.httpd.socket, server_side=True)
        self.url = "https://127.0.0.1:%d/dir" % self.server.port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.__exit__()
