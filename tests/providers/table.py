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
was taken from the documentation named.

| code | provider | credentials tried | format from |
|---|---|---|---|
"""


def cell(text):
    return text.replace("|", "\\|")


def main():
    rows, fakes = [], {}
    for a in apis():
        fakes.setdefault(a.code, []).append(a)
    with Driver() as d:
        for code in sorted(f[:-5] for f in os.listdir(PROVIDERS) if f.endswith(".yaml")):
            h = d.call(help={"code": code, "dir": PROVIDERS})
            tried = fakes.get(code, [])
            env = "; ".join(" ".join(sorted(a.env)) or "(found where it runs)" for a in tried) or "none"
            rows.append("| `%s` | [%s](%s) | %s | %s |" % (code, cell(h["name"]), h["docs"], cell(env), cell(tried[0].source if tried else "-")))
    text = HEAD + "\n".join(rows) + "\n\n%d providers.\n" % len(rows)
    path = os.path.join(ROOT, "docs", "dns-providers.md")
    if "--check" in sys.argv:
        with open(path, encoding="utf-8") as f:
            sys.exit(0 if f.read() == text else 1)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


main()
