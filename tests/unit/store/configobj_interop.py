"""The other side of test_conf: the real ConfigObj. `write DIR` makes files with what they mean as JSON beside them; `check DIR` reads files and
compares with that JSON. Exit status 77: ConfigObj is not installed."""
import glob
import json
import random
import sys

try:
    from configobj import ConfigObj
except ImportError:
    sys.exit(77)

PIECES = ["a", "b c", "#", ",", "'", '"', " ", "\t", "=", "[x]", "ü", "/etc/x", "'''", "$y", ";", "echo \"hi\"", "\\", "None", "%"]


def value(rng, lines):
    v = "".join(rng.choice(PIECES) for _ in range(rng.randrange(0, 6)))
    if lines and rng.random() < 0.1:
        v += "\nsecond line\n\nlast"
    return v


def write(folder):
    for seed in range(200):
        rng = random.Random(seed)
        conf = ConfigObj(encoding="utf-8", default_encoding="utf-8", interpolation=False)
        conf.filename = f"{folder}/{seed}.conf"
        conf.newlines = "\r\n" if seed % 7 == 0 else "\n"
        conf.BOM = seed % 11 == 0
        conf.indent_type = "    " if seed % 5 == 0 else ""
        for path in ([], ["renewalparams"], ["renewalparams", "webroot_map"]):
            section = conf
            for name in path:
                section = section.setdefault(name, {})
            for i in range(rng.randrange(1, 5)):
                v = value(rng, seed % 7 != 0)
                if rng.random() < 0.3:
                    v = [x for x in (value(rng, False) for _ in range(rng.randrange(0, 4))) if not ("'" in x and '"' in x)]
                section[f"key{i}"] = v
                if rng.random() < 0.3:
                    section.inline_comments[f"key{i}"] = "# a, 'comment"
        try:
            conf.write()
            again = ConfigObj(conf.filename, encoding="utf-8", default_encoding="utf-8", interpolation=False)
        except Exception:  # values that ConfigObj itself cannot write or read back
            open(conf.filename, "wb").close()
            again = ConfigObj(encoding="utf-8")
        with open(f"{folder}/{seed}.json", "w", encoding="utf-8") as f:
            json.dump(again.dict(), f)


def check(folder):
    bad = 0
    names = sorted(glob.glob(f"{folder}/*.conf"))
    for name in names:
        want = json.load(open(name[:-5] + ".json", encoding="utf-8"))
        got = ConfigObj(name, encoding="utf-8", default_encoding="utf-8", interpolation=False).dict()
        if got != want:
            print(f"{name}: {got!r} is not {want!r}", file=sys.stderr)
            bad += 1
    sys.exit(1 if bad or not names else 0)


{"write": write, "check": check}[sys.argv[1]](sys.argv[2])
