"""--staple-ocsp: a visitor who asks for the status of the certificate is given it, by real servers and a real responder."""
import os
import shutil
import tempfile

import pytest
from harness.apache import Apache
from harness.box import Box, execute
from harness.nginx import SITE, Nginx
from harness.ocsp import Responder
from harness.system import free_port, wait_until


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def box(make_pebble, port):
    top = tempfile.mkdtemp(prefix="staple-")  # which the servers' own users may enter
    os.chmod(top, 0o755)
    yield Box(top + "/box", make_pebble(ocsp="http://127.0.0.1:%d/" % port))
    shutil.rmtree(top)


def visit(box, server):
    """curl that wants a stapled answer, and checks it; its exit status (91: none, or a bad one)."""
    root = box.file("root.pem", box.ca.root())
    return execute(["curl", "-sS", "-o", "/dev/null", "--cert-status", "--cacert", root, "--noproxy", "*", "--max-time", "10", "--resolve",
                    "a.test:%d:127.0.0.1" % server.https, "https://a.test:%d/" % server.https], dict(os.environ), check=None)


@pytest.mark.parametrize("plugin", ["nginx", "apache"])
def test_a_visitor_is_given_the_status(box, port, plugin):
    if plugin == "nginx":
        server = Nginx(box.root + "/web", box.ca.http_port, {"a": SITE.format(http="{http}", names="a.test", first="a.test")})
    else:
        server = Apache(box.root + "/web", box.ca.http_port, {"a": ["a.test"]})
    server.start()
    try:
        words = ["--" + plugin, *server.words()]
        box.signet("run", *words, "--agree-tos", "--register-unsafely-without-email", "-d", "a.test")
        with Responder(box.ca, port, box.lineage("a.test").path("cert")) as responder:
            assert visit(box, server).rc == 91, "nothing is stapled yet"
            box.signet("enhance", "--cert-name", "a.test", "-i", plugin, *server.words(), "--staple-ocsp")
            wait_until(lambda: visit(box, server).rc == 0, 30, "a stapled answer")  # nginx asks at the first visit and has it at a later one
            assert responder.asked
    finally:
        server.stop()
