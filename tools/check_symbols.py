#!/usr/bin/env python3
"""Compares what the shared library exports with the list kept in the repository.

    check_symbols.py LIBRARY LIST            fails on any difference and names it
    check_symbols.py LIBRARY LIST --update   writes the list: a change of the interface, to be reviewed
"""
import pathlib
import subprocess
import sys


def exported(library):
    names = subprocess.run(["nm", "-DC", "--defined-only", library],
                           capture_output=True, text=True, check=True).stdout
    words = (line.split(" ", 2) for line in names.splitlines())
    return sorted({w[2].split("@@")[0] for w in words if len(w) == 3 and w[1] in "TDBRVWi"})


if __name__ == "__main__":
    library, kept = sys.argv[1], pathlib.Path(sys.argv[2])
    have = exported(library)
    if "--update" in sys.argv[3:]:
        kept.write_text("".join(f"{name}\n" for name in have), "utf-8")
    want = kept.read_text("utf-8").splitlines()
    found = [f"not exported: {name}" for name in want if name not in have]
    found += [f"exported, not in {kept.name}: {name}" for name in have if name not in want]
    print("\n".join(found) or f"{len(have)} symbols, as listed")
    sys.exit(bool(found) or not have)  # a library without symbols has not passed
