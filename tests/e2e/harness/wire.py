"""A wire to a CA that counts: connections, and nothing else. TLS passes through unread, so HTTP/2 stays HTTP/2."""
import socket
import threading

from .listener import Listener


class Wire:
    """`url`: the CA's directory, reached through here. Pebble builds its addresses from the Host header, so whoever begins here stays."""

    def __init__(self, ca):
        self.connections, self.target = 0, ca.port
        self.lock = threading.Lock()
        self.listener = Listener(0, self._serve)
        self.url = ca.url.replace(str(ca.port), str(self.listener.port))

    def _serve(self, near):
        with self.lock:
            self.connections += 1
        far = socket.create_connection(("127.0.0.1", self.target))
        for a, b in ((near, far), (far, near)):
            a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pass, args=(a, b), daemon=True).start()

    @staticmethod
    def _pass(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            for s in (a, b):
                s.close()

    def close(self):
        self.listener.close()
