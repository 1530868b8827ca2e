"""What the engine does for descriptions of any provider, shown with small ones of our own."""
import pytest

import harness
from fake import Api, route
from harness import FOREIGN, OTHER, VALUE, Failed, Session, zones_of

A, B = "_acme-challenge.example.com", "_acme-challenge.www.example.com"
HEAD = "name: Test\ndocs: https://api.test/\n"


@pytest.fixture
def describe(tmp_path, monkeypatch):
    """Puts a description where the engine looks for it."""
    monkeypatch.setattr(Described, "folder", str(tmp_path))

    def write(yaml):
        (tmp_path / "test.yaml").write_text("provider: test\n" + HEAD + yaml)
    return write


class Test(Api):
    __test__ = False
    code, base = "test", "https://api.test"


class Described(Session):
    folder = None

    def __init__(self, api, **given):
        super().__init__(api, folder=self.folder, **given)


class InTurn(Described):
    turn = 0


class Versions(Test):
    """Each change names the version that it was made for."""
    version = 1

    @route("GET", "/zones/{name}")
    def get(self, r, name):
        return 200, {"version": self.version}

    @route("POST", "/zones/{name}")
    def change(self, r, name):
        b = r.json({"version": int, "name": str, "value": str})
        if b["version"] != self.version:
            return 409, {"message": "somebody was faster"}
        self.version += 1
        self.zone(name).add("TXT", b["name"], b["value"])
        return 200, {}


VERSIONS = """api: https://api.test
add:
  - {get: "/zones/{zone}", save: {version: version}}
  - {post: "/zones/{zone}", json: {version: "{version}", name: "{fqdn}", value: "{value}"}}
remove: {delete: "/zones/{zone}/{fqdn}"}
"""


def present(api, *names):
    fake = api(zones_of("example.com"))
    with InTurn(fake) as s:
        ids = [s.start("present", n, v) for n, v in names]
        done = s.run()
    return fake, [done[i] for i in ids]


def test_changes_of_a_zone_are_made_one_after_another(describe):
    describe(VERSIONS + "alone: zone\n")
    fake, ends = present(Versions, (A, VALUE), (A, OTHER), (B, VALUE))
    assert [e["code"] for e in ends] == [0, 0, 0]
    assert fake.version == 4


def test_without_alone_they_are_made_together(describe):
    describe(VERSIONS)
    _, ends = present(Versions, (A, VALUE), (B, VALUE))
    assert sorted(e["code"] == 0 for e in ends) == [False, True]


def test_a_failure_lets_the_next_one_in(describe):
    describe(VERSIONS + "alone: zone\n")

    class Moody(Versions):
        fails = 1

        @route("POST", "/zones/{name}")
        def change(self, r, name):
            self.fails -= 1
            return (400, {"message": "not today"}) if self.fails >= 0 else Versions.change(self, r, name)
    _, ends = present(Moody, (A, VALUE), (B, VALUE))
    assert sorted(e["code"] == 0 for e in ends) == [False, True]


class Sets(Test):
    """Record sets by name, and the list of them in pages."""
    @route("GET", "/zones/{name}")
    def whole(self, r, name):
        zone = self.zone(name)
        sets = {}
        for x in zone.records:
            if x.type == "TXT":
                sets.setdefault(zone.sub(x), []).append(x.value)
        return 200, {"sets": sets}

    @route("GET", "/zones/{name}/sets")
    def list(self, r, name):
        zone = self.zone(name)
        found = list({x.name: zone.at(x.name)[0] for x in zone.records if x.type == "TXT"}.values())
        some, pages = self.page(found, r.query(page=str)["page"], 1)
        return 200, {"pages": pages, "sets": [{"id": x.id, "name": x.name, "values": [y.value for y in zone.at(x.name)]} for x in some]}

    @route("PUT", "/zones/{name}/{id}")
    def put(self, r, name, id):
        values, zone = r.json({"values": list})["values"], self.zone(name)
        assert values and all(values)
        zone.put(zone.get(id).name if id.isdigit() else zone.full(id), "TXT", values)
        return 200, {}


def test_what_get_does_not_find_is_no_list_of_one_empty_text(describe):
    describe("""api: https://api.test
merge:
  read: {get: "/zones/{zone}", items: "sets|get:{sub}"}
  item: "{value}"
  write: {put: "/zones/{zone}/{sub}", json: {values: "{items}"}}
""")
    fake, ends = present(Sets, (A, VALUE), (B, VALUE))
    assert [e["code"] for e in ends] == [0, 0]
    zone = fake.zones["example.com"]
    assert sorted(x.value for x in zone.at(A)) == sorted([FOREIGN, VALUE]) and [x.value for x in zone.at(B)] == [VALUE]


def test_an_id_is_saved_from_the_page_that_has_it(describe):
    describe("""api: https://api.test
merge:
  read:
    get: /zones/{zone}/sets
    page: {query: page, last: pages}
    items: sets[name={fqdn}].values[]
    save: {id: "sets[name={fqdn}].id|first"}
  item: "{value}"
  write: {put: "/zones/{zone}/{id}", json: {values: "{items}"}}
""")
    fake, ends = present(Sets, (A, VALUE))
    assert [e["code"] for e in ends] == [0]
    assert sorted(x.value for x in fake.zones["example.com"].at(A)) == sorted([FOREIGN, VALUE])


class Modes(Test):
    @route("POST", "/old")
    def old(self, r):
        r.json({"value": str, "password": "secret-0123"})
        return 200, {}

    @route("POST", "/new")
    def new(self, r):
        r.json({"value": str, "token": "token-0123"})
        return 200, {}


MODES = """creds:
  - {when: mode=old, password: TEST_PASSWORD, times: {serial: 7}, add: {post: /old, json: {value: "{value}", password: "{password}"}}}
  - {token: TEST_TOKEN, add: {post: /new, json: {value: "{value}", token: "{token}"}}}
options: {mode: TEST_MODE = new}
api: https://api.test
remove: {delete: /it}
"""


@pytest.mark.parametrize("mode, path, serial", [("old", "/old", 7), ("new", "/new", 0)])
def test_a_mode_decides_which_credentials_are_used(describe, mode, path, serial):
    describe(MODES)
    fake = Modes(zones_of("example.com"))
    with Described(fake, env={"TEST_MODE": mode, "TEST_PASSWORD": "secret-0123", "TEST_TOKEN": "token-0123"}) as s:
        s.job("present", A)
        assert s.times["serial"] == serial
    assert [r.path for r in fake.seen] == [path]


def test_credentials_of_another_mode_are_not_asked_for(describe):
    describe(MODES)
    with pytest.raises(Failed) as e:
        Described(Modes(zones_of("example.com")))
    assert "TEST_TOKEN" in e.value.text and "TEST_PASSWORD" not in e.value.text


def test_the_checker_knows_what_may_stand_there(describe):
    with harness.Driver() as d:
        yaml = "provider: test\n" + HEAD + VERSIONS + "alone: %s\n"
        def check(text):
            return d.call(check={"yaml": text, "name": "test.yaml", "dir": "/nowhere"})["faults"]
        assert check(yaml % "zone") == []
        assert "alone can only be: zone" in str(check(yaml % "name"))
        assert check("provider: test\n" + HEAD + MODES) == []
        assert check("provider: test\n" + HEAD + MODES.replace("when: mode=old", "when: mode"))
