#!/usr/bin/env python3
"""Lets Doxygen read the public headers, whose comments are plain. Doxygen runs it on each file.

- // directly before a declaration becomes ///, and // behind one ///<. A comment with an empty line behind
  it speaks of what follows in general and stays as it is, but for the first of a file, which is about it.
- A comment is about every function below it up to the next empty line.
- The comments of C, /* */, are read as if each of their lines began with //.
- Fields without a comment are what their names say, and copying, moving and destroying what they always
  are. Classes, functions and types have no such excuse.
"""
import re
import sys

WHOLE_LINE = re.compile(r"^(\s*)// ?(.*)$")
BEHIND_CODE = re.compile(r"^(\s*[^\s/].*?[;,{})\]>\w])\s*// (?!NOLINT)(.*)$")
NOLINT = re.compile(r"\s*// NOLINT.*$")
ANNOUNCES = re.compile(r"^\s*(?:$|#(?!define)|//|namespace\b|public:|private:)")
FORWARD = re.compile(r"^\s*(?:friend |class \w+;|struct \w+;|using |return |case )")
FUNCTION = re.compile(r"^(?:\s+|VECDB_C_API )(?:[^\s#/}(][^=(]* [&*]?(?:operator\W+|\w+)|[A-Z]\w*)\(")
SPECIAL = re.compile(r"^\s+(?:~?(\w+)\((?:(?:const )?\1&&?)?\)|\w+& operator=\().*;$")
FIELD = re.compile(r"^ {2,6}[\w:<>*, ]+ \w+(?: = [^()]*| *\{.*\})?;$")
OF_C = re.compile(r"^(?P<before>.*?)/\* ?(?P<words>.*?)(?P<ends> ?\*/)?$")
MACRO = re.compile(r"^#define \w+")


def without_c(lines):
    """The lines with // for /* */."""
    inside = False
    for line in lines:
        if inside:
            inside = not line.endswith("*/")
            yield "// " + re.sub(r"^ \*/$|^ \* ?| ?\*/$", "", line)
            continue
        found = OF_C.match(line)
        inside = bool(found) and not found["ends"]
        yield f"{found['before']}// {found['words']}" if found else line


def undocumented(line, about):
    """The line with the comment that it has no need to have, or that it shares."""
    if FORWARD.match(line):
        return line
    if SPECIAL.match(line):
        return f"{line}  ///< As usual."
    if about and (FUNCTION.match(line) or MACRO.match(line)):
        return "\n".join(about + [line])
    return f"{line}  ///< As it is called." if FIELD.match(line) else line


def documented(lines):
    at, about = 0, []
    while at < len(lines):
        line = NOLINT.sub("", lines[at])
        if WHOLE_LINE.match(line):
            end = at
            while end < len(lines) and WHOLE_LINE.match(lines[end]):
                end += 1
            block = lines[at:end]
            if at == 0:
                yield "/// @file"
            if at == 0 or (end < len(lines) and not ANNOUNCES.match(lines[end])):
                block = [WHOLE_LINE.sub(r"\1/// \2", words) for words in block]
                about = block if at > 0 else []
                yield ""  # else it would go on with a comment behind the line before
                yield from block
                if end < len(lines):
                    yield NOLINT.sub("", BEHIND_CODE.sub(r"\1  ///< \2", lines[end]))
                    end += 1
            else:
                yield from block
            at = end
            continue
        if not line.strip():
            about = []
        behind = BEHIND_CODE.match(line)
        yield BEHIND_CODE.sub(r"\1  ///< \2", line) if behind else undocumented(line, about)
        at += 1


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print("\n".join(documented(list(without_c(file.read().splitlines())))))
