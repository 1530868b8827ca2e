"""A plain HTTP server over folders, one for each name: what a site's own web server is to the webroot plugin."""
import functools
import http.server
import threading


class Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *args, roots, seen, **kw):
        self.roots, self.seen = roots, seen
        super().__init__(*args, **kw)

    def translate_path(self, path):
        self.directory = self.roots.get((self.headers.get("Host") or "").split(":")[0], "/nonexistent")
        return super().translate_path(path)

    def do_GET(self):
        self.seen.append(((self.headers.get("Host") or "").split(":")[0], self.path))
        super().do_GET()

    def log_message(self, *_):
        pass


class WebServer:
    """roots: {name: folder}; `seen` collects (name, path) of each request."""

    def __init__(self, port, roots):
        self.seen = []
        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", port), functools.partial(Handler, roots=roots, seen=self.seen))
        self.thread = threading.Thread(target=self.httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.httpd.shutdown()
        self.httpd.server_close()
        self.thread.join()
