"""--auto-hsts: begun with a minute, raised by `renew` every two days, permanent with the renewal after the last step; certbot's own
notes, so that either program goes on where the other stopped."""
import json
import os
import re

import pytest
from test_apache import AGREE, apache, box, certificate, run  # noqa: F401

DAY = 86400


@pytest.fixture
def begun(box, apache):  # noqa: F811
    run(box, apache, "-d", "a.test", "-d", "www.a.test", "--auto-hsts")
    return box


def state(box):  # noqa: F811
    with open(box.config + "/.pluginstorage.json") as f:
        return json.load(f)["apache"]["autohsts"]


def later(box, step=None):  # noqa: F811
    """As if the last step had been two days ago."""
    path = box.config + "/.pluginstorage.json"
    with open(path) as f:
        all = json.load(f)
    for x in all["apache"]["autohsts"].values():
        x["timestamp"] -= 2 * DAY + 1
        x["laststep"] = x["laststep"] if step is None else step
    with open(path, "w") as f:
        json.dump(all, f)


def served(apache, name="a.test"):  # noqa: F811
    found = re.search(r"Strict-Transport-Security: max-age=(\d+)", apache.curl("https://%s/" % name).out)
    return int(found.group(1)) if found else None


def test_it_begins_with_a_minute(begun, apache):  # noqa: F811
    assert served(apache) == 60
    (identity, entry), = state(begun).items()
    assert re.fullmatch("[0-9a-f]{32}", identity) and entry["laststep"] == 0
    assert "# DO NOT REMOVE - Managed by Certbot, VirtualHost id: %s\n" % identity in apache.read("sites-available/a-le-ssl.conf").decode()
    assert os.stat(begun.config + "/.pluginstorage.json").st_mode & 0o777 == 0o600
    before = apache.files()
    begun.signet("enhance", "--cert-name", "a.test", "-i", "apache", *apache.words(), "--auto-hsts")
    assert apache.files() == before and list(state(begun)) == [identity]


def test_renew_raises_it_every_two_days(begun, apache):  # noqa: F811
    before = apache.files()
    begun.signet("renew")
    assert apache.files() == before, "not yet"
    for value in (300, 900, 3600, 21600, 43200, 86400):
        later(begun)
        begun.signet("renew")
        assert served(apache) == value
        begun.signet("renew")
        assert served(apache) == value
    later(begun)
    begun.signet("renew")
    assert served(apache) == 86400, "the last step waits for a renewal"
    assert [x["laststep"] for x in state(begun).values()] == [6]
    begun.signet("renew", "--force-renewal")
    assert served(apache) == 31536000 and state(begun) == {}
    assert apache.leaf("a.test") == certificate(begun, "a.test")


def test_rehearsals_and_the_option_leave_it(begun, apache):  # noqa: F811
    later(begun)
    before, notes = apache.files(), state(begun)
    begun.signet("renew", "--dry-run", check=None)
    begun.signet("renew", "--disable-renew-updates")
    assert served(apache) == 60 and state(begun) == notes
    assert {k: v[0] for k, v in before.items()} == apache.contents()


def test_a_header_of_somebody_else_is_not_touched(box, apache):  # noqa: F811
    run(box, apache, "-d", "a.test", "--hsts")
    before = apache.files()
    r = box.signet("enhance", "--cert-name", "a.test", "-i", "apache", *apache.words(), "--auto-hsts", check=1)
    assert r.complains("has a Strict-Transport-Security header already")
    assert apache.files() == before and not os.path.exists(box.config + "/.pluginstorage.json")


def test_a_site_that_is_gone_is_forgotten(begun, apache):  # noqa: F811
    text = apache.read("sites-available/a-le-ssl.conf")
    apache.write("sites-available/a-le-ssl.conf", re.sub(rb"[^\n]*DO NOT REMOVE[^\n]*\n", b"", text))
    later(begun)
    r = begun.signet("renew")
    assert r.complains("--auto-hsts ends for it") and state(begun) == {} and served(apache) == 60


def test_what_fails_is_not_noted(box, apache):  # noqa: F811
    run(box, apache, "-d", "a.test", verb="certonly")
    ctl = box.script("ctl", 'if [ "$1" = configtest ] && [ -e %s/sites-enabled/a-le-ssl.conf ]; then echo "no" >&2; exit 1; fi\nexec %s "$@"' % (apache.etc, apache.ctl))
    words = apache.words()
    words[words.index(apache.ctl)] = ctl
    box.signet("install", "--cert-name", "a.test", "-i", "apache", *words, "--auto-hsts", check=1)
    assert state(box) == {}


def test_notes_that_cannot_be_read_do_not_stop_renewals(begun, apache):  # noqa: F811
    with open(begun.config + "/.pluginstorage.json", "w") as f:
        f.write("{broken")
    r = begun.signet("renew", "--force-renewal")
    assert r.complains(".pluginstorage.json cannot be understood")
    begun.lineage("a.test").check(version=2)


def test_certbot_goes_on_and_back(begun, apache):  # noqa: F811
    later(begun)
    begun.certbot("renew")
    assert served(apache) == 300 and [x["laststep"] for x in state(begun).values()] == [1]
    later(begun)
    begun.signet("renew")
    assert served(apache) == 900 and [x["laststep"] for x in state(begun).values()] == [2]


def test_nginx_has_it_as_little_as_certbots(box, apache):  # noqa: F811
    r = box.signet("run", "--nginx", *AGREE, "-d", "a.test", "--auto-hsts", check=1)
    assert r.complains("--auto-hsts is not supported by the selected installer")
