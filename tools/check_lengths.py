#!/usr/bin/env python3
"""Keeps files readable: at most 600 lines, and no line over 100 columns. Run by ctest as `lengths`."""
import pathlib
import sys

FOLDERS = ("src", "include", "cli", "examples", "tests", "bench")
CODE = {".h", ".hh", ".c", ".cc", ".inc", ".inl"}
MAX_LINES, MAX_COLUMNS = 600, 100


def sources(root):
    return sorted(p for folder in FOLDERS for p in (root / folder).rglob("*")
                  if p.suffix in CODE and p.is_file())


def faults(root):
    for path in sources(root):
        here, lines = path.relative_to(root).as_posix(), path.read_text("utf-8").splitlines()
        if len(lines) > MAX_LINES:
            yield f"{here}: {len(lines)} lines, at most {MAX_LINES}: split it by verb"
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_COLUMNS and "http" not in line and not line.startswith("#include"):
                yield f"{here}:{number}: {len(line)} columns, at most {MAX_COLUMNS}"


if __name__ == "__main__":
    root = pathlib.Path(sys.argv[1])
    count, found = len(sources(root)), list(faults(root))
    print("\n".join(found) or f"{count} files, none too long")
    sys.exit(bool(found) or count == 0)  # a check that saw nothing has not passed
