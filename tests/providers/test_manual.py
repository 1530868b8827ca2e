"""Every example of docs/dns-provider-format.md is loaded: whole ones as they are, pieces inside a small whole one."""
import os
import re

import pytest

from harness import PROVIDERS, ROOT, Driver

REST = {"provider": "example", "name": "Example", "docs": "https://example.net/docs", "creds": "{token: EXAMPLE_TOKEN}", "api": "https://api.example.net",
        "add": "{post: /add, json: {v: \"{value}\"}}", "remove": "{post: /remove, json: {v: \"{value}\"}}"}

with open(os.path.join(ROOT, "docs", "dns-provider-format.md"), encoding="utf-8") as f:
    EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", f.read(), re.M | re.S)


def whole(text):
    have = set(re.findall(r"^(\w+):", text, re.M))
    if "provider" in have:
        return text
    if "merge" in have:
        have |= {"add", "remove"}
    return "".join("%s: %s\n" % (k, v) for k, v in REST.items() if k not in have) + text


@pytest.mark.parametrize("n", range(len(EXAMPLES)))
def test_an_example_loads(n):
    with Driver() as d:
        assert d.call(check={"yaml": whole(EXAMPLES[n]), "name": "example", "dir": PROVIDERS}) == {"faults": []}
