"""An OCSP responder (RFC 6960) for what a pebble has issued, with the key of pebble's intermediate."""
import base64
import datetime
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp


class Responder:
    """On the port that the pebble writes into its certificates; says "good" of the one certificate in the file `leaf`."""

    def __init__(self, ca, port, leaf):
        issuer = x509.load_pem_x509_certificate(ca.management("/intermediates/0"))
        key = serialization.load_pem_private_key(ca.management("/intermediate-keys/0"), None)
        with open(leaf, "rb") as f:
            cert = x509.load_pem_x509_certificate(f.read())
        self.asked = 0
        responder = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self, request):
                responder.asked += 1
                assert ocsp.load_der_ocsp_request(request).serial_number == cert.serial_number
                now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
                r = ocsp.OCSPResponseBuilder().add_response(
                    cert=cert, issuer=issuer, algorithm=hashes.SHA1(), cert_status=ocsp.OCSPCertStatus.GOOD, this_update=now - datetime.timedelta(hours=1),
                    next_update=now + datetime.timedelta(days=1), revocation_time=None, revocation_reason=None)
                body = r.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer).certificates([issuer]).sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
                self.send_response(200)
                self.send_header("Content-Type", "application/ocsp-response")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):  # RFC 6960 appendix A.1
                self._answer(base64.b64decode(urllib.parse.unquote(self.path[1:])))

            def do_POST(self):
                self._answer(self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
