#!/usr/bin/env python3
"""Whether the walks through graphs still ask memory for what they will read.

usage: check_prefetches.py OBJDUMP OBJECT...

A compiler may take a function that only prefetches for one without effect, and drop its calls:
nothing fails then, and searches take twice as long (base/prefetch.h). So each kind of walk that an
object has, by the arguments of its template, must have a prefetch in one of its functions.
"""
import re
import subprocess
import sys

WALKER = re.compile(r"Walker<(.*?)>::\w+\(")
PREFETCH = re.compile(r"\t(prefetch\w*|prfm)\b")


def walks_of(objdump, path):
    """Of each kind of walk, how many prefetches its functions have."""
    text = subprocess.run([objdump, "-d", "-C", "--no-show-raw-insn", path], check=True,
                          capture_output=True, text=True).stdout
    counts = {}
    kind = None
    for line in text.splitlines():
        if line.endswith(">:"):
            found = WALKER.search(line)
            kind = found.group(1) if found else None
            if kind is not None:
                counts.setdefault(kind, 0)
        elif kind is not None and PREFETCH.search(line):
            counts[kind] += 1
    return counts


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    failed = False
    for path in sys.argv[2:]:
        counts = walks_of(sys.argv[1], path)
        if not counts:
            print(f"{path}: no walk is in it: look for it where it is now")
            failed = True
        for kind, count in sorted(counts.items()):
            if count == 0:
                print(f"{path}: a walk by {kind} asks memory for nothing")
                failed = True
    sys.exit(1 if failed else 0)


main()
