"""Name servers of our own: bind9, knot and PowerDNS, each seen on port 53 of a loopback address that nobody else has. So NS records work as they do
in the world, where a server's address has no port. The servers themselves listen on free ports of 127.0.0.1 (named takes no address that
no interface has); a Front stands before each, and can misbehave in its place."""
import json
import os
import random
import re
import shutil
import socket
import socketserver
import sqlite3
import subprocess
import tempfile
import threading
import urllib.request

from .system import Server, free_port

SECRET = "c2lnbmV0LXRlc3Qta2V5LW9mLXRoaXJ0eS10d28tYnk="
_given = set()


def free_address():
    """An address of 127/8 with a free port 53."""
    for _ in range(200):
        a = "127.%d.%d.%d" % (random.randrange(1, 250), random.randrange(1, 250), random.randrange(2, 250))
        if a in _given:
            continue
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as s:
                    s.bind((a, 53))
        except OSError:
            continue
        _given.add(a)
        return a
    raise RuntimeError("no loopback address with a free port 53")


def dig(server, name, kind="TXT", *more):
    p = subprocess.run(["dig", "@" + server, "+short", "+norecurse", "+time=2", "+tries=2", name, kind, *more], capture_output=True, text=True)
    return [line for line in p.stdout.split("\n") if line and not line.startswith(";")]


class Front:
    """Passes questions on to the server behind. `meddle(query, answer)` may give other bytes back, or None to be silent; `answer` is None
    when it is to be decided whether to ask at all (then anything but None is sent in its place)."""

    def __init__(self, port, address=None, tcp=True):
        self.address, self.port, self.meddle, self.udp = address or free_address(), port, None, True
        self.questions = []
        front = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self):
                data, sock = self.request
                front.questions.append(data)
                answer = front._pass(data) if front.udp else None
                if answer is not None:
                    sock.sendto(answer, self.client_address)

        class Tcp(socketserver.BaseRequestHandler):
            def handle(self):
                while True:
                    n = self._read(2)
                    data = self._read(int.from_bytes(n, "big")) if n else None
                    if not data:
                        return
                    front.questions.append(data)
                    answers = front._pass_tcp(data)
                    if answers is None:
                        return
                    for a in answers:
                        self.request.sendall(len(a).to_bytes(2, "big") + a)

            def _read(self, n):
                got = b""
                while len(got) < n:
                    more = self.request.recv(n - len(got))
                    if not more:
                        return None
                    got += more
                return got

        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET

        class UdpServer(socketserver.ThreadingUDPServer):
            daemon_threads, max_packet_size, address_family = True, 65535, family

        class TcpServer(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address, address_family = True, True, family

        self.servers = [UdpServer((self.address, 53), Udp)] + ([TcpServer((self.address, 53), Tcp)] if tcp else [])
        for s in self.servers:
            threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def _meddled(self, query, ask):
        if self.meddle:
            early = self.meddle(query, None)
            if early is not None:
                return early
        answer = ask(query)
        return self.meddle(query, answer) if self.meddle and answer is not None else answer

    def _pass(self, query):
        def ask(q):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(5)
                s.connect(("127.0.0.1", self.port))
                try:
                    s.send(q)
                    return s.recv(65535)
                except OSError:
                    return None

        return self._meddled(query, ask)

    def _pass_tcp(self, query):
        """All answers (a transfer has several)."""
        def ask(q):
            with socket.socket() as s:
                s.settimeout(5)
                s.connect(("127.0.0.1", self.port))
                s.sendall(len(q).to_bytes(2, "big") + q)
                s.shutdown(socket.SHUT_WR)
                got = b""
                while True:
                    more = s.recv(65536)
                    if not more:
                        return got
                    got += more

        early = self.meddle(query, None) if self.meddle else None
        if early is not None:
            return [early]
        try:
            got = ask(query)
        except OSError:
            return None
        answers = []
        while len(got) > 2:
            n = int.from_bytes(got[:2], "big")
            answers.append(got[2:2 + n])
            got = got[2 + n:]
        if len(answers) == 1 and self.meddle:
            one = self._meddled(query, lambda q: answers[0])
            return None if one is None else [one]
        return answers

    def close(self):
        for s in self.servers:
            s.shutdown()
            s.server_close()


class NoFront:
    """The address on the loopback interface itself, for measuring: nothing stands between. Needs root."""

    def __init__(self, address=None):
        self.address, self.meddle, self.questions = address or free_address(), None, []
        subprocess.run(["ip", "address", "add", self.address + "/32", "dev", "lo"], check=True)

    def close(self):
        subprocess.run(["ip", "address", "del", self.address + "/32", "dev", "lo"])


class Bind:
    """One named. zones: {name: records}, where records are lines of a zone file beside SOA and NS. `ns`: the zone's servers as {host:
    address}; this one's address by default. Updates by the key "signet" are allowed. `views`: {name: who sees it}, each with a copy of the
    zones of its own, in order."""

    def __init__(self, zones, address=None, ns=None, key=("signet", "hmac-sha256", SECRET), primary=None, options="", keys=(), policy=None,
                 serve=True, zone_options="", direct=False, tcp=True, views=None):
        self.port = free_port()
        self.front = NoFront(address) if direct else Front(self.port, address, tcp)
        self.address = self.front.address
        self.dir = tempfile.mkdtemp(prefix="bind-")
        os.chmod(self.dir, 0o755)
        self.key = key
        self.ns = ns or {"ns1": self.address}
        more = "listen-on port 53 { %s; };" % self.address if direct else ""
        conf = ['options { directory "%s"; listen-on port %d { 127.0.0.1; }; listen-on-v6 { none; }; pid-file none; session-keyfile none; '
                'tcp-clients 4000; tcp-listen-queue 4000; recursion yes; allow-query-cache { any; }; allow-recursion { any; }; dnssec-validation no; check-names primary ignore; allow-transfer { any; }; notify no; minimal-responses no; %s };'
                % (self.dir, self.port, options + more), 'controls { };', 'logging { category default { default_stderr; }; };']
        for k in (key, *keys):
            conf.append('key "%s" { algorithm %s; secret "%s"; };' % k)
        allow = policy or "allow-update { %s };" % "".join('key "%s"; ' % k[0] for k in (key, *keys))
        for view, match in (views or {}).items():
            conf.append('view "%s" { %s' % (view, match))
            for zone, records in zones.items():
                self._write_zone(zone, records, "%s.%s" % (zone, view))
                conf.append('zone "%s" { type primary; file "%s.%s.zone"; %s %s };' % (zone, zone, view, allow, zone_options))
            conf.append("};")
        for zone, records in zones.items() if not views else ():
            if primary:
                conf.append('zone "%s" { type secondary; primaries { %s; }; file "%s.sec"; masterfile-format text; %s };' % (zone, primary, zone, zone_options))
                continue
            self._write_zone(zone, records)
            conf.append('zone "%s" { type primary; file "%s.zone"; %s %s };' % (zone, zone, allow, zone_options))
        with open(self.dir + "/named.conf", "w") as f:
            f.write("\n".join(conf) + "\n")
        self.server = None
        if serve:
            self.start()

    def _write_zone(self, zone, records, file=None):
        first = next(iter(self.ns))
        lines = ["$TTL 60", "@ IN SOA %s admin 1 3600 600 86400 3600" % first]
        for host, addr in self.ns.items():
            lines += ["@ IN NS %s" % host] + ([] if host.endswith(".") else ["%s IN %s %s" % (host, "AAAA" if ":" in addr else "A", addr)])
        with open("%s/%s.zone" % (self.dir, file or zone), "w") as f:
            f.write("\n".join(lines + list(records)) + "\n")

    def start(self):
        self.server = Server(["/usr/sbin/named", "-g", "-n", "1", "-U", "1", "-c", self.dir + "/named.conf"], self.dir + "/log", self.port)

    def stop(self):
        if self.server:
            self.server.stop()
        self.server = None

    def close(self):
        self.stop()
        self.front.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def behind(self):
        """Where it is without its front: for the CA, which asks much at once."""
        return "127.0.0.1:%d" % self.port

    def txt(self, name):
        return sorted(v.strip('"') for v in dig("127.0.0.1", name, "TXT", "-p", str(self.port)))

    def log(self):
        with open(self.dir + "/log", errors="replace") as f:
            return f.read()

    def updates(self):
        """How many updates it has taken."""
        return len(re.findall(r"updating zone '[^']*': adding an RR", self.log()))

    def credentials(self, **more):
        """What lego's variables say about it."""
        env = {"RFC2136_NAMESERVER": self.address, "RFC2136_TSIG_KEY": self.key[0], "RFC2136_TSIG_ALGORITHM": self.key[1],
               "RFC2136_TSIG_SECRET": self.key[2], "RFC2136_PROPAGATION_TIMEOUT": "20"}
        env.update(more)
        return env

    def update(self, zone, *commands):
        """Changes the zone as somebody else would: lines for nsupdate."""
        text = "server %s\nzone %s\n%s\nsend\n" % (self.address, zone, "\n".join(commands))
        p = subprocess.run(["nsupdate", "-y", "%s:%s:%s" % (self.key[1], self.key[0], self.key[2])], input=text, capture_output=True, text=True)
        if p.returncode:
            raise RuntimeError("nsupdate: " + p.stderr)


class Knot:
    """One knotd with one zone that the key may update."""

    def __init__(self, zone, key=("signet", "hmac-sha256", SECRET)):
        self.port, self.key = free_port(), key
        self.front = Front(self.port)
        self.address = self.front.address
        self.dir = tempfile.mkdtemp(prefix="knot-")
        os.mkdir(self.dir + "/db")
        with open("%s/%s.zone" % (self.dir, zone), "w") as f:
            f.write("$TTL 60\n@ IN SOA ns1.{0}. admin.{0}. 1 3600 600 86400 3600\n@ IN NS ns1\nns1 IN A {1}\n".format(zone, self.address))
        with open(self.dir + "/knot.conf", "w") as f:
            f.write("""server:
    listen: 127.0.0.1@{port}
    rundir: "{dir}"
database:
    storage: "{dir}/db"
key:
  - id: {k[0]}
    algorithm: {k[1]}
    secret: {k[2]}
acl:
  - id: update
    key: {k[0]}
    action: update
zone:
  - domain: {zone}
    storage: "{dir}"
    file: "{zone}.zone"
    acl: update
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: all
""".format(port=self.port, dir=self.dir, k=key, zone=zone))
        self.server = Server(["/usr/sbin/knotd", "-c", self.dir + "/knot.conf"], self.dir + "/log", self.port)

    credentials = Bind.credentials
    txt, behind = Bind.txt, Bind.behind
    __enter__ = Bind.__enter__
    __exit__ = Bind.__exit__

    def close(self):
        self.server.stop()
        self.front.close()
        shutil.rmtree(self.dir, ignore_errors=True)


class PowerDns:
    """One pdns_server with its HTTP API and these zones, which it keeps in SQLite. What is in them is made through the API, as its users do."""
    SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"

    def __init__(self, *zones, kind="Native", api_key="pdns-api-key-0123"):
        self.port, api, self.api_key = free_port(), free_port(), api_key
        self.url = "http://127.0.0.1:%d" % api
        self.front = Front(self.port)
        self.address = self.front.address
        self.dir = tempfile.mkdtemp(prefix="pdns-")
        with sqlite3.connect(self.dir + "/zones.db") as db, open(self.SCHEMA) as f:
            db.executescript(f.read())
        db.close()
        settings = {"local-address": "127.0.0.1", "local-port": self.port, "socket-dir": self.dir, "launch": "gsqlite3",
                    "gsqlite3-database": self.dir + "/zones.db", "api": "yes", "api-key": api_key, "webserver": "yes", "webserver-address": "127.0.0.1",
                    "webserver-port": api, "daemon": "no", "guardian": "no", "disable-syslog": "yes", "loglevel": 5, "security-poll-suffix": "",
                    "primary": "yes", "cache-ttl": 0, "query-cache-ttl": 0, "negquery-cache-ttl": 0, "zone-cache-refresh-interval": 0,
                    "receiver-threads": 1, "distributor-threads": 1, "webserver-loglevel": "normal"}
        with open(self.dir + "/pdns.conf", "w") as f:
            f.writelines("%s=%s\n" % kv for kv in settings.items())
        self.server = Server(["/usr/sbin/pdns_server", "--config-dir=" + self.dir], self.dir + "/log", api)
        for zone in zones:
            self.api("POST", "/zones", {"name": zone + ".", "kind": kind, "nameservers": ["ns1.%s." % zone]})
            self.put(zone, "ns1." + zone, "A", [self.address])

    def api(self, method, path, body=None):
        """One call of its API, which must succeed; what it answers."""
        q = urllib.request.Request(self.url + "/api/v1/servers/localhost" + path, method=method, data=json.dumps(body).encode() if body else None,
                                   headers={"X-API-Key": self.api_key, "Content-Type": "application/json"})
        with urllib.request.urlopen(q, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def put(self, zone, name, kind, values):
        self.api("PATCH", "/zones/%s." % zone, {"rrsets": [{"name": name + ".", "type": kind, "ttl": 60, "changetype": "REPLACE",
                                                            "records": [{"content": v, "disabled": False} for v in values]}]})

    def credentials(self, **more):
        return {"PDNS_API_URL": self.url, "PDNS_API_KEY": self.api_key, "PDNS_PROPAGATION_TIMEOUT": "20", **more}

    txt, behind, log = Bind.txt, Bind.behind, Bind.log
    __enter__ = Bind.__enter__
    __exit__ = Bind.__exit__
    close = Knot.close
