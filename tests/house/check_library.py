#!/usr/bin/env python3
"""What the static library may not contain. Run by ctest as `library`.

- Seeded faults and kill points, and the kit for tests: they belong to what tests link.
- Weak symbols in objects compiled for one instruction set, unless their names carry it: the linker could
  choose such a copy for everyone, and an older processor would meet instructions it does not know.
"""
import re
import subprocess
import sys

FOR_TESTS = (b"VECDB_CANARY", b"SetCanary", b"SetKillPointHandler", b"FaultDisk", b"testkit")
ISA_OBJECT = re.compile(r"_(?:sse42|avx2|avx512|icl)\.cc\.o:$")
WEAK = re.compile(r"^[0-9a-f ]{16} [WVu] (.*)$")
HARMLESS = re.compile(r"avx|sse|fma|DW\.ref", re.I)


def faults(library):
    content = open(library, "rb").read()
    for word in FOR_TESTS:
        if word in content:
            yield f"{library} contains {word.decode()}, which only tests may have"
    names = subprocess.run(["nm", "-C", library], capture_output=True, text=True, check=True).stdout
    member = ""
    for line in names.splitlines():
        if line.endswith(".o:"):
            member = line
        weak = WEAK.match(line)
        if weak and ISA_OBJECT.search(member) and not HARMLESS.search(weak[1]):
            yield f"{member} weak symbol {weak[1]}"


if __name__ == "__main__":
    found = list(faults(sys.argv[1]))
    print("\n".join(found) or "nothing in the library that should not be there")
    sys.exit(bool(found))
