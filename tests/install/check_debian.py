#!/usr/bin/env python3
"""Does what docs/using/debian.md says: builds the Debian packages, looks at them, installs them in a fresh
Debian and uses them there. Run by ctest as `using_debian`.

    check_debian.py PAGE SOURCE_FOLDER WORK_FOLDER

What is not there (lintian, mmdebstrap, root) is named, and what it would have done is left out.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pages

PACKAGES = ("libvecdb0", "libvecdb-dev", "vecdb-tools")
# Packages made by CPack call ldconfig themselves, beside the trigger; and these are no upload to Debian.
INHERENT = "maintscript-calls-ldconfig,initial-upload-closes-no-bugs"


def output(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def left_out(*words):
    print("LEFT OUT:", *words, flush=True)


def faults_of_library(deb, work):
    subprocess.run(["dpkg-deb", "-x", deb, work / "unpacked"], check=True)
    library = next((work / "unpacked").rglob("libvecdb.so.*.*.*"))
    dynamic = output("readelf", "-dW", library)
    if "[libvecdb.so.0]" not in dynamic:
        yield "its soname is not libvecdb.so.0"
    if "NODELETE" not in dynamic:
        yield "it can be unloaded under the feet of its threads (-z nodelete)"
    if re.search(r"R(UN)?PATH", dynamic):
        yield "it has a path of the build in it (RPATH)"
    needed = set(re.findall(r"NEEDED.*\[(.*?)\.so", dynamic))
    if not needed <= {"libc", "libm", "libstdc++", "libgcc_s", "ld-linux-x86-64"}:
        yield f"it needs {needed}"
    names = [line.split(" ", 2)[2] for line in output("nm", "-DC", "--defined-only", library).splitlines()]
    for name in names:
        if name != "VECDB_0" and not (name.endswith("@@VECDB_0") and re.search(r"\bvecdb(::|_)", name)):
            yield f"it exports {name}"
    if len(names) < 50:
        yield f"it exports {len(names)} symbols, which is too few"


def faults(build, work):
    debs = {deb.name.split("_")[0]: deb for deb in build.glob("*.deb")}
    if set(debs) != set(PACKAGES):
        yield f"the packages are {sorted(debs)}"
        return
    for problem in faults_of_library(debs["libvecdb0"], work):
        yield f"libvecdb.so: {problem}"
    first = {deb: deb.read_bytes() for deb in debs.values()}
    subprocess.run(["cpack", "-G", "DEB"], cwd=build, check=True, stdout=subprocess.DEVNULL)
    for deb, content in first.items():
        if deb.read_bytes() != content:
            yield f"{deb.name} differs when it is made again"
    if shutil.which("lintian"):
        found = subprocess.run(["lintian", "--no-cfg", "--allow-root", "--fail-on", "error,warning",
                                "--suppress-tags", INHERENT, *debs.values()], capture_output=True, text=True)
        if found.returncode != 0:
            yield f"lintian: {found.stdout}{found.stderr}"
    else:
        left_out("lintian is not here: nobody has looked at the packages as Debian does")
    page = build.parents[1] / "doc/vecdb.1"
    if shutil.which("man"):
        warnings = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True).stderr
        if warnings:
            yield f"man: {warnings}"


def fresh_debian(folder):
    """A Debian without anything of this machine, or why there is none."""
    if not shutil.which("mmdebstrap"):
        return "mmdebstrap is not here"
    if os.geteuid() != 0:
        return "it takes root"
    release = re.search(r"^VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text(), re.M)
    needed = "g++,pkg-config,libedit2,libzstd1,zlib1g"  # the last three by vecdb-tools: no network inside
    made = subprocess.run(["mmdebstrap", "--quiet", "--variant=apt", f"--include={needed}",
                           release[1] if release else "stable", folder], stdin=subprocess.DEVNULL)
    return None if made.returncode == 0 else "mmdebstrap failed (no network?)"


def main(page, source, work):
    work = pathlib.Path(work).resolve()
    if not shutil.which("dpkg-shlibdeps"):
        pages.skip("dpkg-dev is not here: no Debian packages were made")
    _, blocks = pages.read(page)
    at_home = [b for b in blocks if "git clone" in b["body"]]
    as_root = [b for b in blocks if b not in at_home]
    shutil.rmtree(work, ignore_errors=True)
    folder = work / "project"
    folder.mkdir(parents=True)
    env = pages.environment(pages.snapshot(source, work / "repository"), folder / "vecdb")
    env["SOURCE_DATE_EPOCH"] = os.environ["SOURCE_DATE_EPOCH"] = "1795824000"
    if not pages.run(at_home, folder, ["bash"], env):
        return 1
    found = list(faults(folder / "vecdb/build/debian", work))
    print("\n".join(found) or "the packages are as they should be", flush=True)
    if found:
        return 1
    debian = work / "debian"
    problem = fresh_debian(debian)
    if problem:
        left_out(f"{problem}: the packages were not installed anywhere")
        return 0
    inside = debian / "project"
    shutil.copytree(folder / "vecdb/build/debian", inside / "vecdb/build/debian",
                    ignore=lambda _, names: [n for n in names if not n.endswith(".deb")])
    if not pages.run(as_root, inside, ["chroot", str(debian), "sh", "-c", 'cd /project && sh "$1"', "sh"]):
        return 1
    print("installed in a fresh Debian, and used there")
    shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
