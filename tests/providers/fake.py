"""What a fake provider API is made of. A file in apis/ describes one provider: where its documentation is, which credentials it
takes, and a method per request with the exact shape that the documentation gives. See apis/digitalocean.py for a plain one.

A fake keeps zones with records, some of them somebody else's. A request that the documentation does not know is a failed test."""
import base64
import itertools
import json
import re
import urllib.parse
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape


class Mismatch(AssertionError):
    """The engine sent what the provider's documentation does not have."""


class Denied(Exception):
    """The credentials are wrong; the fake's `denied` is the answer."""


class Gone(Exception):
    """There is no such thing; the fake's `not_found` is the answer."""


def same(what, have, want):
    """`want`: a value, a type, a compiled pattern, a set of values, or a dict or list of such. Members of a dict must be all and no more."""
    if isinstance(want, type):
        ok = isinstance(have, want) and not (want is int and isinstance(have, bool))
    elif isinstance(want, re.Pattern):
        ok = isinstance(have, str) and want.fullmatch(have) is not None
    elif isinstance(want, (set, frozenset)):
        ok = have in want
    elif isinstance(want, dict):
        if not isinstance(have, dict):
            raise Mismatch("%s: %r is no map" % (what, have))
        if set(have) != set(want):
            raise Mismatch("%s: has %s, documented is %s" % (what, sorted(have), sorted(want)))
        for k in want:
            same("%s.%s" % (what, k), have[k], want[k])
        return have
    elif isinstance(want, list) and isinstance(have, list):
        if len(have) != len(want):
            raise Mismatch("%s: %d entries, not %d" % (what, len(have), len(want)))
        for i, w in enumerate(want):
            same("%s[%d]" % (what, i), have[i], w)
        return have
    else:
        ok = have == want and type(have) is type(want)
    if not ok:
        raise Mismatch("%s: %r, documented is %r" % (what, have, want))
    return have


class Request:
    def __init__(self, action, now):
        self.method, self.url, self.text, self.now = action["method"], action["url"], action["body"], now
        self.tls = action["tls"]
        self.headers = {k.lower(): v for k, v in action["headers"]}
        if len(self.headers) != len(action["headers"]):
            raise Mismatch("a header stands twice: %r" % action["headers"])
        parts = urllib.parse.urlsplit(self.url)
        self.host, self.path, self.raw_query = parts.netloc, parts.path, parts.query
        self.query_map = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))

    def header(self, name):
        return self.headers.get(name.lower(), "")

    def _type(self, *types):
        have = self.header("content-type").split(";")[0]
        if have not in types:
            raise Mismatch("content type %r, documented is %r" % (have, types))

    def query(self, **want):
        """The parameters, which must be these. A name that is no word of Python: query(**{"a-b": str})."""
        return same("query", self.query_map, want)

    def json(self, want):
        self._type("application/json")
        return same("body", json.loads(self.text), want)

    def form(self, want=None):
        self._type("application/x-www-form-urlencoded")
        have = dict(urllib.parse.parse_qsl(self.text, keep_blank_values=True))
        return have if want is None else same("form", have, want)

    def xml(self):
        self._type("application/xml", "text/xml")
        return ET.fromstring(self.text)

    def nothing(self):
        if self.text is not None:
            raise Mismatch("a body where none is documented: %r" % self.text)

    def basic(self):
        have = self.header("authorization")
        return base64.b64decode(have[6:]).decode() if have.startswith("Basic ") else ""


class Record:
    numbers = itertools.count(1001)

    def __init__(self, type_, name, value, ttl=3600):
        self.id, self.type, self.name, self.value, self.ttl = next(self.numbers), type_, name, value, ttl

    def key(self):
        return (self.type, self.name, self.value)


class Zone:
    numbers = itertools.count(501)

    def __init__(self, name, records):
        self.name, self.id = name, next(self.numbers)
        self.records = [Record(*r) for r in records]

    def add(self, type_, name, value, ttl=3600):
        if not (name == self.name or name.endswith("." + self.name)):
            raise Mismatch("the name %r is not in the zone %r" % (name, self.name))
        record = Record(type_, name, value, ttl)
        self.records.append(record)
        return record

    def full(self, sub):
        """The whole name of a relative one; "" and "@" are the apex."""
        return self.name if sub in ("", "@") else "%s.%s" % (sub, self.name)

    def sub(self, record, apex="@"):
        return apex if record.name == self.name else record.name[:-len(self.name) - 1]

    def get(self, id_):
        for r in self.records:
            if str(r.id) == str(id_):
                return r
        raise Gone()

    def drop(self, id_):
        self.records.remove(self.get(id_))

    def at(self, name, type_="TXT"):
        return [r for r in self.records if r.name == name and r.type == type_]

    def put(self, name, type_, values, ttl=3600):
        """Replaces a whole record set."""
        self.records = [r for r in self.records if not (r.name == name and r.type == type_)]
        for v in values:
            self.add(type_, name, v, ttl)

    def snapshot(self):
        return sorted(r.key() for r in self.records)


def route(method, path):
    def mark(f):
        f.routes = getattr(f, "routes", []) + [(method, path)]
        return f
    return mark


def unquoted(s):
    """A TXT value as APIs take it in quotes; the quotes are part of what is documented."""
    if not (len(s) >= 2 and s[0] == '"' and s[-1] == '"'):
        raise Mismatch("the value %r is documented with quotes around it" % s)
    return s[1:-1]


def quoted(s):
    return '"%s"' % s


class Api:
    code = None          # of the provider
    variant = ""         # which credentials, when there are several
    source = None        # where the formats are documented
    env = {}             # what the user set
    wrong = {}           # … and what is wrong of it in one conversation
    files = {}           # path: text, or "base64:…", for credentials in files
    base = None          # of all URLs; "" when routes have whole ones
    denied = (401, {"message": "no"})
    denied_text = None   # what people must read then
    not_found = (404, {"message": "not found"})
    rate_limited = (429, {"message": "slow down"}, [("Retry-After", "7")])
    ttl = None           # what must arrive, when it is not the default of the description
    lists_zones = False  # it is asked for a list of zones: page 2 is tried
    page_size = 100
    one_value = False    # holds one value at a time
    one_at_a_time = False # two values at a name must not be put there together
    domain = "example.com" # whose challenge is tried
    needs_saved = False  # cannot find a record again whose id is lost
    keeps_foreign = True # false: no way to keep other values (one_value)
    hosts_sub_zones = True
    rate_limits = True
    ambient = False      # credentials may also come from where it runs, so none are missing at the start
    optional = ()        # of env: what need not be set

    def __init__(self, zones):
        self.zones = {z.name: z for z in zones}
        self.seen = []
        self.handlers = []
        for name in dir(type(self)):
            f = getattr(type(self), name)
            for method, path in getattr(f, "routes", []):
                whole = path if path.startswith("http") else (self.base or "") + path
                pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/?]+)", re.escape(whole))
                self.handlers.append((method, re.compile(pattern), getattr(self, name)))
        self.setup()

    def setup(self):
        pass

    def real(self, name):
        """For an API that only knows names in a domain of its own: the name that stands for one in example.com."""
        return name

    def later(self):
        """What the API does by itself some time after a cleanup."""

    def authorize(self, r):
        """Raises Denied. Called before each request but those of routes in `open_routes`."""

    open_routes = ()

    def zone(self, name_or_id):
        for z in self.zones.values():
            if z.name == name_or_id or str(z.id) == str(name_or_id):
                return z
        raise Gone()

    def page(self, items, number, size=None):
        """One page, numbers from 1; and how many there are."""
        size = size or self.page_size
        number = int(number)
        return items[(number - 1) * size:number * size], max(1, -(-len(items) // size))

    def answer(self, r):
        self.seen.append(r)
        url = r.url.split("?")[0]
        for method, pattern, handler in self.handlers:
            m = pattern.fullmatch(url)
            if method != r.method or not m:
                continue
            try:
                if handler.__name__ not in self.open_routes:
                    self.authorize(r)
                return handler(r, **{k: urllib.parse.unquote(v) for k, v in m.groupdict().items()})
            except Denied:
                return self.denied
            except Gone:
                return self.not_found
        raise Mismatch("no such request is documented: %s %s" % (r.method, r.url))


def bearer(token):
    def authorize(self, r):
        if r.header("authorization") != "Bearer " + token:
            raise Denied()
    return authorize


def header_is(name, value):
    def authorize(self, r):
        if r.header(name) != value:
            raise Denied()
    return authorize


def basic(user, password):
    def authorize(self, r):
        if r.basic() != "%s:%s" % (user, password):
            raise Denied()
    return authorize


def xml(tag, *children, **attrs):
    """XML as text: xml("a", xml("b", "text"), id="1")."""
    inside = "".join(c if isinstance(c, Markup) else escape(str(c)) for c in children)
    return Markup("<%s%s>%s</%s>" % (tag, "".join(' %s="%s"' % (k, escape(str(v), {'"': "&quot;"})) for k, v in attrs.items()), inside, tag))


class Markup(str):
    pass


# What stands at a place of a documented body.
class Place:
    def __init__(self, type_, read):
        self.type, self.read = type_, read


FQDN = Place(str, lambda zone, v: v)
FQDN_DOT = Place(str, lambda zone, v: v[:-1] if v.endswith(".") else "no dot at the end")
SUB = Place(str, lambda zone, v: zone.full(v) if v != "@" else "an @ where none is documented")
SUB_AT = Place(str, lambda zone, v: zone.full(v) if v else "an @ is documented")
VALUE = Place(str, lambda zone, v: v)
QUOTED = Place(str, lambda zone, v: unquoted(v))
TTL = Place(int, lambda zone, v: v)
TTL_TEXT = Place(str, lambda zone, v: int(v))
NAMES, VALUES, TTLS = (FQDN, FQDN_DOT, SUB, SUB_AT), (VALUE, QUOTED), (TTL, TTL_TEXT)


class Crud(Api):
    """APIs whose records are made, listed and deleted one by one. Requests are "METHOD /path" with {zone} (its name or number) and {id}."""
    zones_at = None      # "GET /zones": lists them; None: the zone is found in DNS
    zones_query = {}     # its parameters, beside that of the page
    create = None        # "POST /zones/{zone}/records"
    body = {}            # what it takes
    records_at = None    # lists them
    records_query = {}   # its parameters; "{name}" is a name
    remove = None        # "DELETE /zones/{zone}/records/{id}"
    removed = (204, None)

    def show_zone(self, z):
        return {"id": z.id, "name": z.name}

    def show(self, zone, x):
        raise NotImplementedError

    def made(self, zone, x):
        return 201, self.show(zone, x)

    def list_zones(self, r, shown):
        return 200, shown

    def list_records(self, r, shown):
        return 200, shown

    def take(self, zone, b):
        """A record of a body, by the places in it."""
        found = {}

        def walk(want, have):
            if isinstance(want, dict):
                for k in want:
                    walk(want[k], have[k])
            elif isinstance(want, list):
                for w, h in zip(want, have):
                    walk(w, h)
            elif isinstance(want, Place):
                kind = "name" if want in NAMES else "value" if want in VALUES else "ttl"
                found[kind] = want.read(zone, have)
        walk(self.body, b)
        return zone.add("TXT", found["name"], found["value"], found.get("ttl", 3600))

    def shape(self, want):
        if isinstance(want, dict):
            return {k: self.shape(v) for k, v in want.items()}
        if isinstance(want, list):
            return [self.shape(v) for v in want]
        return want.type if isinstance(want, Place) else want

    def setup(self):
        def add(where, handler):
            if where:
                method, path = where.split(" ", 1)
                whole = path if path.startswith("http") else (self.base or "") + path
                pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/?]+)", re.escape(whole))
                self.handlers.append((method, re.compile(pattern), handler))
        add(self.zones_at, self._zones)
        add(self.create, self._create)
        add(self.records_at, self._records)
        add(self.remove, self._remove)

    def _zones(self, r):
        if self.zones_query is not None:
            r.query(**self.zones_query)
        return self.list_zones(r, [self.show_zone(z) for z in self.zones.values()])

    def _create(self, r, zone=None):
        z = self.zone(zone)
        kind = r.header("content-type").split(";")[0]
        b = r.form(self.shape(self.body)) if kind.endswith("urlencoded") else r.json(self.shape(self.body))
        return self.made(z, self.take(z, b))

    def _records(self, r, zone=None):
        z = self.zone(zone)
        if self.records_query is not None:
            r.query(**self.records_query)
        return self.list_records(r, [self.show(z, x) for x in z.records])

    def _remove(self, r, id, zone=None):
        for z in [self.zone(zone)] if zone else self.zones.values():
            if any(str(x.id) == id for x in z.records):
                z.drop(id)
                return self.removed
        raise Gone()
