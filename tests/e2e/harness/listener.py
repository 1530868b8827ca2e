"""A port of 127.0.0.1 whose connections are served each in a thread of its own."""
import socket
import threading


class Listener:
    """`serve(connection)` runs for each; closing the connection is its affair. Port 0: any; `port` tells."""

    def __init__(self, port, serve):
        self.serve = serve
        self.sock = socket.create_server(("127.0.0.1", port))
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def close(self):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
