#!/usr/bin/env python3
"""What the library may not contain. Run by ctest as `library`.

    check_library.py LIBRARY EMBEDDING_PAGE

- Seeded faults and kill points, and the kit for tests: they belong to what tests link.
- Weak symbols in objects compiled for one instruction set, unless their names carry it: the linker could
  choose such a copy for everyone, and an older processor would meet instructions it does not know.
- Symbols of other libraries under their usual names: an application may have another version of them.
- Code that runs when the library is loaded, or at exit, but for hnswlib's where it was asked for.
- A use of what belongs to the whole process that docs/EMBEDDING.md does not list; nor may that page list
  what is not so.
"""
import pathlib
import re
import subprocess
import sys

FOR_TESTS = (b"VECDB_CANARY", b"SetCanary", b"SetKillPointHandler", b"FaultDisk", b"testkit")
ISA_OBJECT = re.compile(r"_(?:sse42|avx2|avx512|icl)\.cc\.o$")
HARMLESS = re.compile(r"avx|sse|fma|DW\.ref", re.I)
OURS = re.compile(r"\bvecdb(?:::|_)|\b(?:fmt|rapidjson)::in_vecdb::|\bstd::|\bxsimd::|__gnu_cxx::|"
                  r"^operator |^typeinfo |DW\.ref\.|_GLOBAL_OFFSET_TABLE_")
ENGINE = "hnswlib_builder.cc"  # in the library only if it was asked for; it includes <iostream>
AT_START = re.compile(r"_GLOBAL__sub_I_|_GLOBAL__I_|__cxx_global_var_init")
AT_EXIT = ("__cxa_atexit", "atexit", "at_quick_exit", "__cxa_thread_atexit")
OF_THE_PROCESS = re.compile(
    r"^(?:(?:secure_)?getenv|setenv|putenv|unsetenv|clearenv|environ|pthread_create|thrd_create|"
    r"std::thread::_M_start_thread|std::random_device::_M_getval|pthread_atfork|v?fork|clone|posix_spawnp?|system|popen|exec\w+|"
    r"setpriority|nice|sched_\w+|signal|sigaction|sigprocmask|pthread_sigmask|raise|kill|setlocale|uselocale|std::locale::global|"
    r"_?_?exit|_Exit|quick_exit|abort|chdir|fchdir|umask|setrlimit|prctl|dlopen|srand|"
    r"v?f?printf|puts|fputs|fwrite|putchar|fputc|perror|stderr|stdout|stdin|std::c(?:out|err|log|in)|"
    r"syslog|malloc|calloc|realloc|aligned_alloc|posix_memalign|memalign|mmap|mremap|munmap|madvise|"
    r"mlock|shm_open|memfd_create|socket|connect|omp_\w+|openblas_\w+)$")
PAGE_ROW = re.compile(r"^\| `(src/\S+\.cc)` \| (.*?) \|", re.M)
SYMBOL = re.compile(r"^(.*?):[0-9a-f ]* ([A-Za-z]) (.*)$")


def symbols(library):
    """(object, kind, name) of every symbol of every object of the archive."""
    names = subprocess.run(["nm", "-A", "-C", library], capture_output=True, text=True, check=True)
    for line in names.stdout.splitlines():
        found = SYMBOL.match(line.removeprefix(f"{library}:"))
        if found:
            yield found.groups()


def short(name):
    """`getenv` of getenv@GLIBC_2.2.5, `std::thread::_M_start_thread` without its parameters."""
    return re.sub(r"[@(].*", "", name)


def documented(page):
    """(file, function) for each row `| `src/file.cc` | `f`, `g` | why |` of the page."""
    for file, functions in PAGE_ROW.findall(page.read_text("utf-8")):
        for function in re.findall(r"`([^`]+)`", functions):
            yield pathlib.PurePath(file).name, function


def faults(library, page):
    content = pathlib.Path(library).read_bytes()
    for word in FOR_TESTS:
        if word in content:
            yield f"{library} contains {word.decode()}, which only tests may have"
    used, members = set(), set()
    for member, kind, name in symbols(library):
        if kind in "WVu" and ISA_OBJECT.search(member) and not HARMLESS.search(name):
            yield f"{member}: weak symbol {name}"
        if kind in "TDBRWVui" and not OURS.search(name):
            yield f"{member}: defines {name}, a name that an application may have too"
        engine = member == f"{ENGINE}.o"
        members.add(member)
        if AT_START.search(name) and not engine:
            yield f"{member}: {name} runs when the library is loaded"
        if kind == "U" and short(name) in AT_EXIT and not engine:
            yield f"{member}: {name} makes something run at exit (base::Forever does not)"
        if kind == "U" and OF_THE_PROCESS.match(short(name)):
            used.add((member.removesuffix(".o"), short(name)))
    if not used:
        yield "no function of the process is used at all, not even mmap: is this the library?"
    listed = set(documented(page))
    for file, function in sorted(used - listed):
        yield f"{file} uses {function}, which {page.name} does not say"
    if f"{ENGINE}.o" not in members:
        listed = {(file, function) for file, function in listed if file != ENGINE}
    for file, function in sorted(listed - used):
        yield f"{page.name} says that {file} uses {function}: it does not"


if __name__ == "__main__":
    found = list(faults(sys.argv[1], pathlib.Path(sys.argv[2])))
    print("\n".join(found) or "nothing in the library that should not be there")
    sys.exit(bool(found))
