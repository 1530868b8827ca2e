"""Every provider description against a fake of its API: the same conversations for all. Which apply is said by the fake (fake.Api)."""
import re

import pytest

from fake import Api
from harness import FOREIGN, OTHER, VALUE, Failed, Session, apis, zones_of, zones_with_one_value

APIS = apis()


def pick(condition=lambda a: True):
    chosen = [a for a in APIS if condition(a)]
    return pytest.mark.parametrize("api", chosen, ids=["%s%s" % (a.code, "-" + a.variant if a.variant else "") for a in chosen])


def secrets_of(env):
    return [v for k, v in env.items() if re.search("SECRET|TOKEN|KEY|PASS|AUTH", k) and not k.endswith(("_FILE", "_ID", "_CREDENTIALS"))
            and len(v) > 5 and not v.startswith("http")]


def zones_for(api, *names):
    return (zones_with_one_value if api.one_value else zones_of)(*names)


def name_of(api):
    return "_acme-challenge." + api.domain


def values(zone, name=None):
    name = name or "_acme-challenge." + zone.name
    return sorted(r.value for r in zone.at(name))


def expected(api, *mine):
    return sorted(([] if api.one_value else [FOREIGN]) + list(mine))


@pick()
def test_a_value_comes_and_goes(api):
    fake = api(zones_for(api, api.domain))
    zone = fake.zones[api.domain]
    before = zone.snapshot()
    with Session(fake) as s:
        saved = s.job("present", name_of(api))
        assert values(zone) == expected(api, VALUE)
        mine = [r for r in zone.at(name_of(api)) if r.value == VALUE]
        if api.ttl is not False:
            assert mine[0].ttl == (api.ttl or s.times["ttl"])
        for secret in secrets_of(api.env):
            assert not any(secret in v for v in saved.values()), "a credential is kept for the cleanup"
        s.job("cleanup", name_of(api), saved=saved)
    assert zone.snapshot() == before


@pick()
def test_another_process_cleans_up(api):
    fake = api(zones_for(api, api.domain))
    zone = fake.zones[api.domain]
    before = zone.snapshot()
    with Session(fake) as s:
        saved = s.job("present", name_of(api))
    with Session(fake) as s:
        s.job("cleanup", name_of(api), saved=saved)
    assert zone.snapshot() == before


@pick(lambda a: not a.needs_saved)
def test_cleanup_after_a_kill_that_left_nothing_saved(api):
    fake = api(zones_for(api, api.domain))
    zone = fake.zones[api.domain]
    before = zone.snapshot()
    with Session(fake) as s:
        s.job("present", name_of(api))
    with Session(fake) as s:
        s.job("cleanup", name_of(api))
    assert zone.snapshot() == before


@pick(lambda a: a.hosts_sub_zones)
def test_the_closest_zone_is_taken(api):
    fake = api(zones_for(api, "example.com", "sub.example.com"))
    name, zone = "_acme-challenge.www.sub.example.com", fake.zones["sub.example.com"]
    before = {n: z.snapshot() for n, z in fake.zones.items()}
    with Session(fake) as s:
        saved = s.job("present", name)
        assert values(zone, name) == [VALUE]
        s.job("cleanup", name, saved=saved)
    assert {n: z.snapshot() for n, z in fake.zones.items()} == before


@pick(lambda a: a.lists_zones)
def test_the_zone_is_on_the_second_page(api):
    names = ["zone-%03d.test" % i for i in range(api.page_size + 3)]
    fake = api(zones_for(api, *names, api.domain))
    zone = fake.zones[api.domain]
    before = zone.snapshot()
    with Session(fake) as s:
        saved = s.job("present", name_of(api))
        assert VALUE in values(zone)
        s.job("cleanup", name_of(api), saved=saved)
    assert zone.snapshot() == before


@pick(lambda a: not a.one_value and not a.one_at_a_time)
def test_apex_and_wildcard_together(api):
    """Two values at one name, started at once; each goes alone."""
    fake = api(zones_for(api, api.domain))
    zone = fake.zones[api.domain]
    before = zone.snapshot()
    with Session(fake) as s:
        ids = [s.start("present", name_of(api), v) for v in (VALUE, OTHER)]
        done = s.run()
        assert [done[i]["code"] for i in ids] == [0, 0], [done[i]["text"] for i in ids]
        assert values(zone) == expected(api, VALUE, OTHER)
        s.job("cleanup", name_of(api), VALUE, done[ids[0]]["saved"])
        assert values(zone) == expected(api, OTHER)
        s.job("cleanup", name_of(api), OTHER, done[ids[1]]["saved"])
    assert zone.snapshot() == before


@pick(lambda a: a.one_value and a.domain != "example.com" or a.one_at_a_time)
def test_the_second_value_waits_for_the_first_to_go(api):
    fake = api(zones_for(api, api.domain))
    zone = fake.zones[api.domain]
    with Session(fake) as s:
        ids = [s.start("present", name_of(api), v) for v in (VALUE, OTHER)]
        done = s.run()
        assert list(done) == ids[:1] and values(zone) == expected(api, VALUE)
        first = s.start("cleanup", name_of(api), VALUE, done[ids[0]]["saved"])
        later = s.run()
        assert later[first]["code"] == 0 and later[ids[1]]["code"] == 0, later
        assert values(zone) == expected(api, OTHER) and s.slept >= s.times["serial"] * 1000
        s.job("cleanup", name_of(api), OTHER, later[ids[1]]["saved"])
        assert values(zone) == expected(api)


@pick(lambda a: a.wrong)
def test_wrong_credentials(api):
    fake = api(zones_for(api, api.domain))
    with pytest.raises(Failed) as e:
        with Session(fake, env=api.wrong) as s:
            s.job("present", name_of(api))
    assert api.denied_text in e.value.text, e.value.text
    for secret in secrets_of({**api.env, **api.wrong}):
        assert secret not in e.value.text + e.value.hint
    if any(k in e.value.text for k in ("HTTP 401", "HTTP 403")):
        assert any(k in e.value.hint for k in api.env), e.value.hint


@pick(lambda a: a.rate_limits)
def test_rate_limit_and_a_short_outage(api):
    fake = api(zones_for(api, api.domain))
    zone, refusals = fake.zones[api.domain], [fake.rate_limited, (503, "<html>busy</html>"), {"net_err": -40, "why": "connection reset"}]
    before = zone.snapshot()

    def refuse(r):
        return refusals.pop(0) if refusals else None

    with Session(fake, intercept=refuse) as s:
        saved = s.job("present", name_of(api))
        assert not refusals and s.slept >= (7000 if len(fake.rate_limited) > 2 else 1000)
        assert values(zone) == expected(api, VALUE)
        refusals += [fake.rate_limited]
        s.job("cleanup", name_of(api), saved=saved)
    assert zone.snapshot() == before


@pick(lambda a: a.rate_limits and a.rate_limited is not Api.rate_limited)
def test_a_rate_limit_in_words_of_its_own_at_every_request(api):
    fake = api(zones_for(api, api.domain))
    zone, refused = fake.zones[api.domain], []
    before = zone.snapshot()

    def refuse(r):
        if refused and refused[-1] == (r.method, r.url.split("?")[0], r.header("x-tc-action"), r.header("x-acs-action")):
            refused.append(None)
            return None
        refused.append((r.method, r.url.split("?")[0], r.header("x-tc-action"), r.header("x-acs-action")))
        return fake.rate_limited

    with Session(fake, intercept=refuse) as s:
        saved = s.job("present", name_of(api))
        assert values(zone) == expected(api, VALUE)
        s.job("cleanup", name_of(api), saved=saved)
    assert zone.snapshot() == before


@pick()
def test_cleanup_of_what_is_gone_already(api):
    fake = api(zones_for(api, api.domain))
    zone = fake.zones[api.domain]
    before = zone.snapshot()
    with Session(fake) as s:
        saved = s.job("present", name_of(api))
        zone.records = [r for r in zone.records if r.value != VALUE]
        assert zone.snapshot() == before
        s.job("cleanup", name_of(api), saved=saved)
    assert zone.snapshot() == before


@pick(lambda a: a.env and not a.ambient)
def test_missing_credentials_are_named(api):
    fake = api(zones_for(api, api.domain))
    fake.env = {k: v for k, v in api.env.items() if k in api.optional}
    with pytest.raises(Failed) as e:
        Session(fake)
    named = set(re.findall(r"[A-Z][A-Z0-9_]{3,}", e.value.text))
    assert "some credentials information are missing" in e.value.text and named
