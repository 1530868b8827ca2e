#!/usr/bin/env python3
"""Turns a text file into a C string: embed_text.py OUT NAME FILE. Comment lines stay out."""
import sys

out, name, path = sys.argv[1:]
lines = [line.strip("\n") for line in open(path, encoding="utf-8")]
lines = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
quoted = ['    "%s\\n"' % line.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") for line in lines]
with open(out, "w", encoding="utf-8") as f:
    f.write("/* Generated from %s. */\nextern const char %s[];\nconst char %s[] =\n%s;\n" % (path.split("/")[-1], name, name, "\n".join(quoted)))
