#!/usr/bin/env python3
"""Rules of this project that no general tool knows: who may include whom, which calls are banned, how long things may be, what may not
stand in the text. Prints "path:line: message" for each breach; exit status 1 when there is one. Give it the name of one rule:
includes, banned, sizes or text."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Each room and the rooms below it that it may include (its own is understood). DESIGN: nothing lower calls anything higher.
ROOMS = {
    "base": set(),
    "sandbox": {"base"},
    "crypto": {"base"},
    "acme": {"base", "crypto"},
    "yaml": {"base"},
    "provider": {"base", "crypto", "yaml"},
    "net": {"base", "crypto", "sandbox"},
    "talker": {"base", "crypto", "acme", "net", "sandbox"},
    "dns": {"base", "crypto", "net", "sandbox", "talker", "provider"},
    "options": {"base", "crypto", "yaml"},
    "plan": {"base", "crypto", "options"},
    "store": {"base", "crypto", "options"},
    "challenge": {"base", "crypto", "net", "talker", "dns", "options", "deploy"},
    "deploy": {"base", "crypto", "net", "options"},
    "client": {"base", "sandbox", "crypto", "net", "talker", "options", "plan", "store", "challenge", "deploy"},
    "cli": {"base", "sandbox", "crypto", "net", "sandbox", "talker", "options", "plan", "store", "challenge", "deploy", "client"},
}
# The one thing that stands beside the order: solvers and hooks talk to the user through the interface that the front end implements.
EXTRA = {("challenge", "client/ui.h"), ("deploy", "client/ui.h")}

# The decision and protocol rooms get time and bytes as arguments.
PURE = {"acme", "plan", "provider", "yaml"}
NOT_SO_PURE = {"src/provider/load.c"}  # opens the folder of descriptions
NOT_PURE = re.compile(r"^(sys/(socket|stat|file|time|wait|un|select|epoll|mman|ioctl|types)\.h|netinet/.*|arpa/.*|netdb\.h|fcntl\.h|time\.h|unistd\.h|"
                      r"stdio\.h|dirent\.h|poll\.h|signal\.h|pthread\.h|spawn\.h|curl/.*|ares\.h|openssl/.*|net/.*)$")
# stdio.h is there for snprintf, arpa/inet.h for inet_pton: both only turn bytes into other bytes.
PURE_MAY = {"stdio.h", "arpa/inet.h"}
# Libraries that live in one place only.
ONLY = [(re.compile(r"^openssl/"), lambda p: p.startswith("src/crypto/"), "OpenSSL is included in src/crypto only"),
        (re.compile(r"^curl/"), lambda p: p.startswith("src/net/https") or p == "examples/embed.c", "libcurl is included in src/net/https*.[ch] only"),
        (re.compile(r"^ares"), lambda p: p.startswith("src/net/resolve"), "c-ares is included in src/net/resolve.c only")]
INCLUDE = re.compile(r'^\s*#\s*include\s+(<([^>]+)>|"([^"]+)")', re.M)

BANNED = {"sprintf", "vsprintf", "strcpy", "stpcpy", "strcat", "strncpy", "strncat", "strtok", "atoi", "atol", "atoll", "atof", "gets", "scanf", "sscanf",
          "fscanf", "vsscanf", "system", "popen", "alloca", "mktemp", "tmpnam", "tempnam", "gmtime", "localtime", "asctime", "ctime", "setjmp", "longjmp"}
CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(sorted(BANNED)))

FUNCTION_MAX, FILE_MAX = 80, 800
EMBED_MAX = 150

WORDS = [(re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"), "unfinished business belongs in an issue"),
         (re.compile(r"(?<![\w.])/(work|home/[a-z]+|root)/"), "a path of somebody's own machine"),
         (re.compile(r"\b(deb\.debian\.org|(archive|security|ports)\.ubuntu\.com|ftp\.[a-z.]*debian\.org|snapshot\.debian\.org|pypi\.org|registry\.npmjs\.org|"
                     r"proxy\.golang\.org|crates\.io|ghcr\.io|docker\.io)\b"), "the name of a registry's host")]
TEXT_ENDS = (".c", ".h", ".py", ".md", ".build", ".txt", ".yaml", ".yml", ".sh", ".conf", ".ini", ".1", ".service", ".timer")


def files():
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(f for f in out.stdout.split("\0") if f and os.path.isfile(os.path.join(ROOT, f)))


def text_of(path):
    with open(os.path.join(ROOT, path), "rb") as f:
        return f.read().decode("utf-8", errors="replace")


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def is_source(path):
    return path.endswith((".c", ".h")) and path.startswith(("src/", "include/", "examples/"))


def without_comments_and_strings(text):
    """The same text with comments and the insides of literals blanked, so that line numbers stay."""
    def blank(m):
        s = m.group(0)
        if s.startswith("/"):
            return re.sub(r"[^\n]", " ", s)
        return s[0] + " " * (len(s) - 2) + s[-1]

    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def rule_includes():
    for path in files():
        if not is_source(path):
            continue
        text = text_of(path)
        room = path.split("/")[1] if path.startswith("src/") else None
        for m in INCLUDE.finditer(text):
            name, at = m.group(2) or m.group(3), line_of(text, m.start())
            for pattern, allowed, why in ONLY:
                if pattern.match(name) and not allowed(path):
                    yield path, at, "%s: <%s>" % (why, name)
            if path.startswith("include/") and not re.match(r"^(signet/|std(def|int|bool)\.h$)", name):
                yield path, at, "a public header includes only public and freestanding headers: %s" % name
            if room is None or room not in ROOMS:
                if room:
                    yield path, at, "the room %s is not in the graph (tests/lint/source.py)" % room
                continue
            if room in PURE and path not in NOT_SO_PURE and NOT_PURE.match(name) and name not in PURE_MAY and not name.startswith("net/"):
                yield path, at, "%s/ takes time and bytes as arguments: <%s> has no place there" % (room, name)
            target = name.split("/")[0] if m.group(3) and "/" in name else None
            if target in ROOMS and target != room and target not in ROOMS[room] and (room, name) not in EXTRA:
                yield path, at, "%s must not include %s" % (room, name)
            if m.group(3) and "/" not in name and not os.path.exists(os.path.join(ROOT, os.path.dirname(path), name)):
                yield path, at, 'headers are included as "room/file.h": %s' % name


def rule_banned():
    for path in files():
        if not path.endswith((".c", ".h")):
            continue
        text = without_comments_and_strings(text_of(path))
        for m in CALL.finditer(text):
            yield path, line_of(text, m.start()), "%s is banned" % m.group(1)


FUNCTION = re.compile(r"^(?!typedef|struct [a-z_]+ \{|static const|enum)[A-Za-z_][^;{}=#]*\)\s*\n?\{\n", re.M)


def rule_sizes():
    for path in files():
        if not is_source(path):
            continue
        raw = text_of(path)
        text = without_comments_and_strings(raw)
        lines = raw.count("\n")
        if lines > FILE_MAX:
            yield path, lines, "%d lines; a file has at most %d" % (lines, FILE_MAX)
        if path == "examples/embed.c" and lines > EMBED_MAX:
            yield path, lines, "%d lines; the embedder has at most %d" % (lines, EMBED_MAX)
        for m in FUNCTION.finditer(text):
            end = text.find("\n}", m.end())
            if end < 0:
                continue
            size = text.count("\n", m.end(), end + 1) + 2
            if size > FUNCTION_MAX:
                name = re.search(r"(\w+)\s*\(", m.group(0))
                yield path, line_of(text, m.start()), "%s has %d lines; a function has at most %d" % (name.group(1) if name else "?", size, FUNCTION_MAX)


def rule_text():
    for path in files():
        if path == "tests/lint/source.py" or path.startswith("tests/fuzz/corpus/"):
            continue
        base = os.path.basename(path)
        if not path.endswith(TEXT_ENDS) and "." in base.lstrip("."):
            continue
        text = text_of(path)
        if "\0" in text:
            continue
        for pattern, why in WORDS:
            for m in pattern.finditer(text):
                if path.startswith("tests/unit/") and m.group(0).startswith(("/home", "/root")):
                    continue  # made-up paths as test data
                yield path, line_of(text, m.start()), "%s: %s" % (why, m.group(0))
        if path.endswith((".c", ".h")):
            for i, line in enumerate(text.split("\n"), 1):
                if "\t" in line or line != line.rstrip():
                    yield path, i, "a tab, or blanks at the end of the line"
            if text and not text.endswith("\n"):
                yield path, text.count("\n") + 1, "no newline at the end"


RULES = {"includes": rule_includes, "banned": rule_banned, "sizes": rule_sizes, "text": rule_text}


def main():
    bad = 0
    for name in sys.argv[1:] or RULES:
        for path, line, message in RULES[name]():
            print("%s:%d: %s" % (path, line, message))
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
