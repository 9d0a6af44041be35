#!/usr/bin/env python3
"""Compares the figures that tests print with the floors they must reach.

    check_figures.py FLOORS LOG... [--json OUT]

A test prints `FIG fault.calls=512 kinds=22 wrong=0`; later keys inherit the first key's prefix, so
this is fault.calls, fault.kinds and fault.wrong. FLOORS holds one demand a line, such as
`fault.runs >= 3000` or `fault.wrong == 0`. A figure that is missing, too low, too high or unreadable
fails and is named. When a figure was printed more than once, each of its values must pass.
"""
import argparse
import json
import operator
import pathlib
import re
import sys

FIGURE = re.compile(r"(?:^|\s)FIG\s+(\S+=.*)$")
PAIR = re.compile(r"([A-Za-z_][\w.]*)=(\S+)")
DEMAND = re.compile(r"^([A-Za-z_][\w.]*)\s*(>=|<=|==)\s*(\S+)$")
COMPARE = {">=": operator.ge, "<=": operator.le, "==": operator.eq}


def number(text):
    """3100, 0.4, 99.5% and 12ms are numbers; 20/20 is the pair (20, 20); anything else is None."""
    parts = text.split("/")
    found = [re.fullmatch(r"([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?:%|ms|us|s|mb)?", p) for p in parts]
    if len(parts) > 2 or not all(found):
        return None
    return tuple(float(f[1]) for f in found)


def figures(text):
    """Every figure of a log, in the order printed: (name, value as text)."""
    for line in text.splitlines():
        found = FIGURE.search(line)
        if not found:
            continue
        prefix = ""
        for name, value in PAIR.findall(found[1]):
            if "." in name:
                prefix = prefix or name.rsplit(".", 1)[0]
            elif prefix:
                name = f"{prefix}.{name}"
            yield name, value


def demands(text):
    """Every floor: (name, comparison, value as text). A line that is neither floor nor comment raises."""
    for at, line in enumerate(text.splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        found = DEMAND.match(line)
        if not found or number(found[3]) is None:
            raise ValueError(f"floors, line {at}: cannot read `{line}`")
        yield found[1], found[2], found[3]


def holds(value, comparison, floor):
    have, need = number(value), number(floor)
    if have is None:
        return False
    if len(need) == 2 or comparison == "==":  # 20/20 means all of them, so both halves count
        return len(have) == len(need) and all(map(COMPARE[comparison], have, need))
    return COMPARE[comparison](have[0], need[0])


def faults(floors, printed):
    values = {}
    for name, value in printed:
        values.setdefault(name, []).append(value)
    for name, comparison, floor in floors:
        if name not in values:
            yield f"{name}: no test printed it, the floor is {comparison} {floor}"
        for value in dict.fromkeys(values.get(name, [])):
            if not holds(value, comparison, floor):
                yield f"{name}: {value}, the floor is {comparison} {floor}"


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("floors", type=pathlib.Path)
    parser.add_argument("logs", type=pathlib.Path, nargs="+")
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures there")
    options = parser.parse_args(arguments)
    try:
        floors = list(demands(options.floors.read_text("utf-8")))
    except ValueError as error:
        print(error)
        return 1
    printed = [f for log in options.logs for f in figures(log.read_text("utf-8", errors="replace"))]
    if options.json:
        options.json.write_text(json.dumps(dict(printed), indent=1, sort_keys=True) + "\n", "utf-8")
    found = list(faults(floors, printed))
    print("\n".join(found) or f"{len(floors)} floors hold, {len(dict(printed))} figures printed")
    return int(bool(found) or not floors)  # a check that saw nothing has not passed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
