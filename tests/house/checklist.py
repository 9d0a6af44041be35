"""Holds the table "What shows it" of docs/ARCHITECTURE.md to what there is: each row names tests by their full
names, in quotes, or commands of the program, in backquotes; all of them exist. Run by ctest as `checklist`."""
import pathlib
import re
import sys

HEADING = "\n## What shows it\n"
CASE = re.compile(r'\b(?:TEST_CASE|SCENARIO|TEMPLATE_TEST_CASE)\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')
PIECE = re.compile(r'"((?:[^"\\]|\\.)*)"')


def rows(page):
    """The table's rows: (number, promise, evidence)."""
    text = page.split(HEADING, 1)[1].split("\n## ", 1)[0]
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 3 and cells[0].isdigit():
            yield int(cells[0]), cells[1], cells[2]


def cases(root):
    """The names of all test cases, each as Catch2 prints it."""
    for path in (root / "tests").rglob("*_test.cc"):
        for found in CASE.finditer(path.read_text("utf-8")):
            yield "".join(PIECE.findall(found[1])).replace('\\"', '"')


def commands(root):
    text = "".join(path.read_text("utf-8") for path in (root / "cli").glob("*.cc"))
    return set(re.findall(r'\b[Cc]ommand\(\s*"(\w+)"', text))


def faults(root):
    table = list(rows((root / "docs/ARCHITECTURE.md").read_text("utf-8")))
    known, programs = set(cases(root)), commands(root)
    numbers = [number for number, _, _ in table]
    if len(table) < 25 or numbers != sorted(set(numbers)):
        yield f"{len(table)} rows, numbered {numbers}"
    for number, _, evidence in table:
        named = re.findall(r'"([^"]+)"', evidence)
        run = re.findall(r"`vecdb (\w+)", evidence)
        if not named and not run:
            yield f"row {number} names no test and no command"
        yield from (f"row {number}: no test is named \"{name}\"" for name in named if name not in known)
        yield from (f"row {number}: there is no `vecdb {word}`" for word in run if word not in programs)


if __name__ == "__main__":
    found = list(faults(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "every row is shown by tests and commands that exist")
    sys.exit(bool(found))
