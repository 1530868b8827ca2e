"""A wire to a CA that counts: connections, and nothing else. TLS passes through unread, so HTTP/2 stays HTTP/2."""
import socket
import threading

from .system import free_port


class Wire:
    """`url`: the CA's directory, reached through here. Pebble builds its addresses from the Host header, so whoever begins here stays."""

    def __init__(self, ca):
        self.connections, self.target = 0, ca.port
        self.port = free_port()
        self.url = ca.url.replace(str(ca.port), str(self.port))
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
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
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
