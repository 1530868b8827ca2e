"""What the engine does with many jobs, and with answers that no provider should give."""
import json

import pytest

from apis.gandiv5 import Gandi
from apis.namecheap import Namecheap
from apis.netcup import Netcup
from apis.ovh import Ovh
from fake import Api, route
from harness import VALUE, Failed, Session, apis, zones_of

NAME = "_acme-challenge.example.com"
HEAD = """provider: %s
name: Example
docs: https://example.net/docs
creds: {token: EXAMPLE_TOKEN}
api: https://api.example.net/v1
auth: {bearer: "{token}"}
"""


class Odd(Api):
    code, source, base = "odd", "none: this one is made up", "https://api.example.net/v1"
    env = {"EXAMPLE_TOKEN": "example-token-0123456789"}
    reply = {}

    @route("GET", "/zones")
    def zones_(self, r):
        return self.reply.get("zones", (200, {"zones": [{"name": "example.com", "id": 7}]}))

    @route("POST", "/records")
    def add(self, r):
        return self.reply.get("add", (200, {"id": "1"}))

    @route("GET", "/jobs/{id}")
    def job(self, r, id):
        return 200, {"state": "running"}

    @route("DELETE", "/records/{id}")
    def remove(self, r, id):
        return 204, None


PLAIN = """zone: {get: /zones, page: {next: next}, pick: "zones[].name", save: {zid: id}}
add: {post: /records, header: {X-Zone: "{zid}"}, json: {v: "{value}"}, save: {id: id}}
remove: {delete: "/records/{id}"}
"""


@pytest.fixture
def odd(tmp_path):
    def start(text, creds=None, **reply):
        head = HEAD.replace("api: https://api.example.net/v1\n", "") if text.startswith("api:") else HEAD
        head = head.replace("creds: {token: EXAMPLE_TOKEN}", creds or "creds: {token: EXAMPLE_TOKEN}")
        (tmp_path / "odd.yaml").write_text(head % "odd" + text)
        fake = Odd(zones_of("example.com"))
        fake.reply = reply
        return Session(fake, folder=str(tmp_path))
    return start


def fails(session, words):
    with session as s:
        with pytest.raises(Failed) as e:
            s.job("present", NAME)
        assert words in e.value.text, e.value.text
        assert "example-token" not in e.value.text


def test_the_plain_case(odd):
    with odd(PLAIN) as s:
        saved = s.job("present", NAME)
        assert saved == {"zone": "example.com", "provider": "odd", "var.zid": "7", "var.id": '"1"'}
        s.job("cleanup", NAME, saved=saved)


def test_a_next_page_at_another_server_is_not_followed(odd):
    fails(odd(PLAIN, zones=(200, {"zones": [], "next": "https://evil.example/zones"})), "goes on at another server")
    fails(odd(PLAIN, zones=(200, {"zones": [], "next": "https://api.example.net.evil.example/"})), "goes on at another server")


@pytest.mark.parametrize("where", ["query", "json", "form"])
def test_the_next_page_is_named_where_the_file_says(odd, where):
    """What `next` finds is a token then, not an address."""
    asked = []

    def intercept(r):
        if r.path != "/v1/zones":
            return None
        asked.append({"query": lambda: r.query_map, "json": lambda: json.loads(r.text or "{}"), "form": lambda: r.form() if r.text else {}}[where]())
        return (200, {"zones": [{"name": "example.com", "id": 7}]}) if len(asked) == 2 else (200, {"zones": [], "next": "page two"})

    step = "%s: /zones, %s: {of: me}, page: {%s: cursor, next: next}" % ("get" if where == "query" else "post", where, where)
    text = PLAIN.replace("get: /zones, page: {next: next}", step)
    with odd(text) as s:
        s.intercept = intercept
        s.job("cleanup", NAME, saved=s.job("present", NAME))
    assert asked == [{"of": "me"}, {"of": "me", "cursor": "page two"}]


def test_steps_stand_five_deep_in_each_other(odd):
    def nested(n):
        step = "{post: /records, json: {v: \"{value}\"}, save: {id: id}}"
        for _ in range(n - 1):
            step = "{get: /zones, each: \"zones[]\", do: %s}" % step
        return PLAIN.replace(PLAIN.splitlines()[1], "add: " + step)

    with odd(nested(5)) as s:
        s.job("present", NAME)
    fails(odd(nested(6)), "more than 5 deep")


def test_endless_pages_end(odd):
    fails(odd(PLAIN, zones=(200, {"zones": [], "next": "/v1/zones"})), "more than 200 pages")


def test_a_value_cannot_begin_another_header(odd):
    fails(odd(PLAIN, zones=(200, {"zones": [{"name": "example.com", "id": "7\r\nX-Other: 1"}]})), "cannot be sent")


def test_a_value_cannot_change_the_host(odd):
    text = PLAIN.replace("post: /records", "post: \"{zid|raw}/records\"").replace("get: /zones", "get: /v1/zones")
    session = odd("api: https://api.example.net\n" + text, zones=(200, {"zones": [{"name": "example.com", "id": ".evil.example"}]}))
    fails(session, "does not begin with a slash")


def test_a_value_is_one_piece_of_a_path(odd):
    with odd(PLAIN, add=(200, {"id": "../../zones?x=#"})) as s:
        seen = []
        s.intercept = lambda r: seen.append(r.path) or ((204, None) if r.method == "DELETE" else None)
        s.job("cleanup", NAME, saved=s.job("present", NAME))
        assert seen[-1] == "/v1/records/..%2F..%2Fzones%3Fx%3D%23"


def test_deep_json_and_broken_json(odd):
    fails(odd(PLAIN, zones=(200, "[" * 5000)), "no zone of this account")
    fails(odd(PLAIN, zones=(200, "{\"zones\": ")), "no zone of this account")
    fails(odd(PLAIN, add=(500, "<html>\x01\x1b[31mred</html>")), "\\x1b[31mred")


def test_words_are_found_where_apis_put_them(odd):
    for body, words in (({"message": "too red"}, "too red"), ({"error": {"message": "too blue"}}, "too blue"),
                        ({"errors": [{"detail": "too green"}]}, "too green"), ("plain words", "plain words"), ("", "without a word")):
        fails(odd(PLAIN, add=(422, body)), "Example: %s" % words if words != "without a word" else words)


def test_a_job_that_never_ends(odd):
    text = PLAIN.replace("save: {id: id}}", "save: {id: id}, wait: {get: /jobs/1, until: state=done}}") + "times: {propagation: 60, polling: 4}\n"
    with odd(text) as s:
        with pytest.raises(Failed) as e:
            s.job("present", NAME)
        assert "still not done after 60 seconds" in e.value.text and 50000 <= s.slept <= 70000


def test_a_long_retry_after_is_cut(odd):
    with odd(PLAIN, zones=(429, {}, [("Retry-After", "999999")])) as s:
        with pytest.raises(Failed):
            s.job("present", NAME)
        assert 5 * 300 * 1000 <= s.slept < 6 * 300 * 1000
        assert len(s.api.seen) == 6


def test_names_that_dns_does_not_know_are_refused(odd):
    with odd(PLAIN) as s:
        for name in ("", "a..b", "a b.example.com", "x" * 254, "a/../b.example.com", "ä.example.com"):
            with pytest.raises(Failed):
                s.start("present", name)


def many(session, zone="example.com", n=100):
    ids = [session.start("present", "_acme-challenge.n%02d.%s" % (i, zone), "value-%02d" % i) for i in range(n)]
    done = session.run()
    assert all(done[i]["code"] == 0 for i in ids), [done[i]["text"] for i in ids if done[i]["code"]][:1]
    return ids, done


def test_a_hundred_names_of_a_zone_that_is_written_whole():
    """One read and one write carry (nearly) all."""
    fake = Namecheap(zones_of("example.com"))
    with Session(fake) as s:
        many(s)
        assert len([x for x in fake.zones["example.com"].records if x.value.startswith("value-")]) == 100
        assert sum(r.method == "POST" for r in fake.seen) <= 3


def test_a_hundred_names_with_one_refresh():
    fake = Ovh(zones_of("example.com"))
    with Session(fake) as s:
        ids, done = many(s)
        assert sum(r.path.endswith("/refresh") for r in fake.seen) == 1
        for i, id_ in enumerate(ids):
            s.start("cleanup", "_acme-challenge.n%02d.example.com" % i, "value-%02d" % i, done[id_]["saved"])
        assert all(d["code"] == 0 for d in s.run().values())
        assert sum(r.path.endswith("/refresh") for r in fake.seen) == 2
        assert not [x for x in fake.zones["example.com"].records if x.value.startswith("value-")]


def test_one_login_for_all_and_a_logout():
    fake = Netcup(zones_of("example.com"))
    with Session(fake) as s:
        many(s, n=20)
    bodies = [r.text for r in fake.seen]
    assert sum('"action":"login"' in b for b in bodies) == 1 and '"action":"logout"' in bodies[-1]


def test_values_at_one_name_of_many_jobs():
    fake = Gandi(zones_of("example.com"))
    with Session(fake) as s:
        ids = [s.start("present", NAME, "value-%02d" % i) for i in range(30)]
        done = s.run()
        assert all(done[i]["code"] == 0 for i in ids)
        assert len(fake.zones["example.com"].at(NAME)) == 31
        assert sum(r.method == "PUT" for r in fake.seen) <= 3
        for i, id_ in enumerate(ids):
            s.start("cleanup", NAME, "value-%02d" % i, done[id_]["saved"])
        s.run()
        assert [x.value for x in fake.zones["example.com"].at(NAME)] == ["somebody-elses-value"]


def test_a_failed_write_fails_all_that_rode_along():
    fake = Gandi(zones_of("example.com"))
    refuse = lambda r: (400, {"message": "no more records"}) if r.method == "PUT" else None
    with Session(fake, intercept=refuse) as s:
        ids = [s.start("present", NAME, "value-%d" % i) for i in range(3)]
        done = s.run()
        assert all("no more records" in done[i]["text"] for i in ids)


def test_a_lost_answer_is_found_again_at_the_cleanup():
    """The record was made, but its answer never came: the second try makes another. The cleanup removes both."""
    from apis.digitalocean import DigitalOcean
    fake = DigitalOcean(zones_of("example.com"))
    before = fake.zones["example.com"].snapshot()
    lost = []

    def lose(r):
        if r.method == "POST" and not lost:
            lost.append(fake.answer(r))
            return {"net_err": -40, "why": "connection reset"}
        return None

    with Session(fake, intercept=lose) as s:
        saved = s.job("present", NAME)
        assert [x.value for x in fake.zones["example.com"].at(NAME)].count(VALUE) == 2 and saved["lost"] == "1"
        s.job("cleanup", NAME, saved=saved)
    assert fake.zones["example.com"].snapshot() == before


class Shared(Api):
    """One object for all zones of an account."""
    code, source, base = "odd", "none: this one is made up", "https://api.example.net/v1"
    env = {"EXAMPLE_TOKEN": "example-token-0123456789"}
    all = ["somebody-elses"]

    @route("GET", "/all")
    def read(self, r):
        return 200, {"all": self.all}

    @route("PUT", "/all")
    def write(self, r):
        self.all = r.json({"all": list})["all"]
        return 200, {}


def test_a_zone_of_ones_own_and_an_object_of_all(tmp_path):
    """`alone` and `merge` in one description: who has its zone for itself still waits for those who write the same object."""
    (tmp_path / "odd.yaml").write_text(HEAD % "odd" + "alone: zone\nmerge: {read: {get: /all, items: 'all[]'}, item: '{fqdn} {value}', write: {put: /all, json: {all: '{items}'}}}\n")
    fake = Shared(zones_of("example.com", "example.net", "example.org"))
    names = ["_acme-challenge.%s" % z for z in fake.zones]
    with Session(fake, folder=str(tmp_path)) as s:
        ids = {s.start("present", n, v): (n, v) for n in names for v in ("one", "two")}
        done = s.run()
        assert [done[i]["code"] for i in ids] == [0] * 6, done
        assert sorted(fake.all) == sorted(["somebody-elses", *["%s %s" % x for x in ids.values()]])
        gone = [s.start("cleanup", n, v, done[i]["saved"]) for i, (n, v) in ids.items()]
        done = s.run()
        assert [done[i]["code"] for i in gone] == [0] * 6 and fake.all == ["somebody-elses"]


def test_what_a_description_says_of_its_service_comes_with_every_failure(odd):
    session = odd("note: It ended in 2020.\n" + PLAIN, add=(410, {"message": "gone"}))
    with session as s:
        with pytest.raises(Failed) as e:
            s.job("present", NAME)
    assert "gone" in e.value.text and e.value.hint.startswith("It ended in 2020.")


def test_a_setting_that_no_way_to_log_in_fits(odd):
    with pytest.raises(Failed) as e:
        odd(PLAIN, creds="creds:\n  - {when: kind=a, token: EXAMPLE_TOKEN}\noptions: {kind: EXAMPLE_KIND = b}")
    assert "no way to log in" in e.value.text


@pytest.mark.parametrize("charset,words", [("GBK", "必传 \\ token"), ("X-NO-SUCH-SET", "?? \\ token")])
def test_answers_in_another_character_set(odd, charset, words):
    """A set whose tables are not there costs its own signs, not the rest."""
    answer = '{"message": "必传 \\\\ token"}'.encode("gbk")
    fails(odd("charset: %s\n" % charset + PLAIN, add=(400, answer)), words)


def test_broken_bytes_of_another_character_set(odd):
    fails(odd("charset: GBK\n" + PLAIN, add=(400, b'{"message": "a \xff\xff b"}')), "a ")


@pytest.mark.parametrize("how", ["post: '/users/{token}'", "post: /records, form: {v: '{token}'}", "post: /records, json: {v: '{token}'}",
                                 "post: /records, xml: {v: {w: '{token}'}}", "post: /records, text: 'v={token|url|replace:%20:+}'"])
@pytest.mark.parametrize("name", ["EXAMPLE_TOKEN", "EXAMPLE_PASSPHRASE", "EXAMPLE_SIGNATURE", "EXAMPLE_LOGIN | OTHER_PASSWORD"])
def test_no_secret_is_shown_in_the_form_that_it_is_sent_in(tmp_path, how, name):
    secret = "p@ss w\"rd&<123>"
    (tmp_path / "odd.yaml").write_text((HEAD % "odd").replace("EXAMPLE_TOKEN", name) + "zone: none\nadd: {%s}\nremove: {delete: /records/1}\n" % how)
    refuse = lambda r: (400, "not this: %s %s" % (r.url, r.text))
    with Session(Odd(zones_of("example.com")), env={name.split(" ")[0]: secret}, intercept=refuse, folder=str(tmp_path), trace=True) as s:
        with pytest.raises(Failed) as e:
            s.job("present", NAME)
        shown = [e.value.text, e.value.hint, *s.call(traced=True)["lines"]]
    assert len(shown) == 4 and all("****" in x for x in (shown[0], *shown[2:]))
    assert not any(part in x for x in shown for part in ("p@ss", "p%40ss", "123"))


def test_the_password_of_an_address_is_not_shown(tmp_path):
    (tmp_path / "odd.yaml").write_text((HEAD % "odd").replace("api: https://api.example.net/v1", "options: {url: EXAMPLE_ENDPOINT}\napi: '{url}'")
                                       + "zone: none\nadd: {post: /records, json: {v: '{value}'}}\nremove: {delete: /records/1}\n")
    refuse = lambda r: (400, "no hunter22 from " + r.host)
    with Session(Odd(zones_of("example.com")), env={"EXAMPLE_ENDPOINT": "https://bob:hunter22@dns.example/api"}, intercept=refuse, folder=str(tmp_path), trace=True) as s:
        with pytest.raises(Failed) as e:
            s.job("present", NAME)
        assert "https://dns.example/api/records" in e.value.text and "no **** from" in e.value.text
        assert not any("hunter22" in x for x in [e.value.text, *s.call(traced=True)["lines"]])


def limited(fake, per, names):
    """A hundred names, and a provider that answers `per` requests a second: what failed, and how often it said no."""
    times, refusals = [], []

    def intercept(r):
        times[:] = [t for t in times if t > s.mono - 1000]
        if len(times) >= per:
            refusals.append(r)
            return fake.rate_limited[:2]
        times.append(s.mono)

    with Session(fake, intercept=intercept) as s:
        ids = [s.start("present", "_acme-challenge.n%d.example.com" % i, "value-%d" % i) for i in range(names)]
        done = s.run(limit=40000)
        return [done[i]["text"] for i in ids if done[i]["code"]], len(refusals), s.slept


@pytest.mark.parametrize("code,per", [("digitalocean", 1), ("digitalocean", 5), ("cloudflare", 4), ("route53", 5), ("tencentcloud", 3)])
def test_a_hundred_names_at_a_provider_that_answers_a_few_requests_a_second(code, per):
    fake = next(a for a in apis() if a.code == code)(zones_of("example.com"))
    failed, refusals, slept = limited(fake, per, 100)
    assert not failed and refusals < 400
    assert len([x for x in fake.zones["example.com"].records if x.value.startswith("value-")]) == 100


def test_a_limit_that_lets_nothing_through_fails_all(odd):
    with odd(PLAIN, add=(429, {"message": "no more today"})) as s:
        ids = [s.start("present", "_acme-challenge.n%d.example.com" % i, "v%d" % i) for i in range(20)]
        done = s.run()
        assert all("no more today" in done[i]["text"] for i in ids) and s.slept < 60000
        assert sum(r.method == "POST" for r in s.api.seen) < 80


def test_a_rate_limit_of_the_whole_file_holds_for_every_step(odd):
    """Also for those that have a `retry` of their own, and for `wait`."""
    text = "retry: {if: code=slow, after: seconds}\n" + PLAIN.replace("save: {id: id}}", "retry: {if: code=busy}, save: {id: id}, wait: {get: /jobs/1, until: state=running}}")
    paths = []
    with odd(text) as s:
        def refuse(r):
            paths.append(r.path)
            return (400, {"code": "slow", "seconds": 9}) if paths.count(r.path) == 1 else None
        s.intercept = refuse
        s.job("present", NAME)
        assert paths == ["/v1/zones"] * 2 + ["/v1/records"] * 2 + ["/v1/jobs/1"] * 2 and 27000 <= s.slept < 28000
