#!/usr/bin/env python3
"""Whether the walks through graphs still ask memory for what they will read.

usage: check_prefetches.py OBJDUMP OBJECT...

g++ may take a function that only prefetches for one without effect, and drop its calls:
nothing fails then, and searches take twice as long (base/prefetch.h). So in each object each
function of a walk (index/walk.h) that was not inlined must prefetch, or call what does: for codes
and for links where it has all of a step, for one of both elsewhere.
"""
import re
import subprocess
import sys

FUNCTION = re.compile(r"\b(?:(?:Walker|WalkOf)<.*>::(Run|Turn|FollowChosen)\(|(TakeIn)<)")
LEAST = {"Run": 2, "Turn": 2, "FollowChosen": 1, "TakeIn": 1}
# An instruction; a call, by its name or by its relocation.
PREFETCH = re.compile(
    r"\tprf\w*\b|\tprefetch\w*\b|\t(?:callq?|jmpq?|bl?)\s.*Prefetch|\sR_\w+\s+\S*Prefetch")


def functions_of(objdump, path):
    """(which, name, prefetches) of the functions of walks."""
    text = subprocess.run([objdump, "-d", "-r", "-C", "--no-show-raw-insn", path], check=True,
                          capture_output=True, text=True).stdout
    for body in re.split(r"\n(?=[0-9a-f]+ <.*>:\n)", text):
        name, _, code = body.partition("\n")
        found = FUNCTION.search(name)
        if found and ".cold]" not in name:
            yield found[1] or found[2], name, len(PREFETCH.findall(code))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    failed = False
    for path in sys.argv[2:]:
        functions = list(functions_of(sys.argv[1], path))
        if not any(which in ("Run", "Turn") for which, _, _ in functions):
            print(f"{path}: no walk is in it: look for it where it is now")
            failed = True
        for which, name, count in functions:
            if count < LEAST[which]:
                print(f"{path}: {count} prefetches, not {LEAST[which]}: {name}")
                failed = True
    sys.exit(1 if failed else 0)


main()
