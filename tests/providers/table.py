#!/usr/bin/env python3
"""Writes docs/dns-providers.md from the descriptions and the fakes that try them; --check only compares."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import PROVIDERS, ROOT, Driver, apis  # noqa: E402

HEAD = """# DNS providers

This table is written by `tests/providers/table.py` from the descriptions in [providers/](../providers) and from the fakes in
[tests/providers/apis](../tests/providers/apis) that try them; a test fails when it is out of date. What the variables of a provider are,
`dnshelp -c CODE` tells. Each provider goes through the same conversations
([tests/providers/test_providers.py](../tests/providers/test_providers.py)): a value comes and goes, another process cleans up, the
closest of several zones is taken, two values stand at one name, other people's values stay, wrong credentials, rate limits and broken
connections, a cleanup of what is gone already. None of them has been tried against the real service unless it says so; the format of each
was taken from the documentation named. Not every service can be asked all of it; the column "also tried" has the parts that are not common to all.

| code | provider | credentials tried | also tried | format from |
|---|---|---|---|---|
"""


def cell(text):
    return text.replace("|", "\\|")


TRIED = {"lists_zones": "page 2", "hosts_sub_zones": "sub-zone", "wrong": "wrong credential", "rate_limits": "rate limit"}
NATIVE = [
    ("rfc2136", "[DNS UPDATE](https://www.rfc-editor.org/rfc/rfc2136)", "a TSIG key", "real bind9 and Knot DNS (`tests/e2e/test_dns.py`)", "RFC 2136, RFC 8945"),
    ("acme-dns", "[acme-dns](https://github.com/joohoi/acme-dns)", "an account that it makes", "its API (`tests/e2e/test_dns_provider.py`)", "its README"),
    ("exec", "a program of yours", "what it needs", "both modes (`tests/e2e/test_dns.py`)", "lego's documentation"),
    ("manual", "by hand", "none", "with `--dns-persist` (`tests/e2e/test_dns.py`)", "-"),
]


def main():
    rows, fakes = [], {}
    for a in apis():
        fakes.setdefault(a.code, []).append(a)
    with Driver() as d:
        for code in sorted(f[:-5] for f in os.listdir(PROVIDERS) if f.endswith(".yaml")):
            h = d.call(help={"code": code, "dir": PROVIDERS})
            tried = fakes.get(code, [])
            env = "; ".join(" ".join(sorted(a.env)) or "(found where it runs)" for a in tried) or "none"
            also = ", ".join(words for flag, words in TRIED.items() if any(getattr(a, flag) for a in tried)) or "-"
            rows.append("| `%s` | [%s](%s) | %s | %s | %s |" % (code, cell(h["name"]), h["docs"], cell(env), also, cell(tried[0].source if tried else "-")))
    rows = sorted(rows + ["| `%s` | %s | %s | %s | %s |" % row for row in NATIVE])
    text = HEAD + "\n".join(rows) + "\n\n%d providers.\n" % len(rows)
    path = os.path.join(ROOT, "docs", "dns-providers.md")
    if "--check" in sys.argv:
        with open(path, encoding="utf-8") as f:
            sys.exit(0 if f.read() == text else 1)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


main()
