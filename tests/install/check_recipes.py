#!/usr/bin/env python3
"""The recipes for vcpkg and Conan, as far as that goes without these: both are read, run with stand-ins
for the tools' functions, and what they install is used. Run by ctest as `recipes`.

    check_recipes.py SOURCE_FOLDER WORK_FOLDER [CMAKE_OPTION...]
"""
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import types

import pages


class Anything(types.ModuleType):
    """A module that has whatever is asked for; its classes do nothing."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__init__": lambda self, *_, **__: None})


def load_recipe(path):
    names = ("conan", "conan.tools", "conan.tools.build", "conan.tools.cmake", "conan.tools.files")
    sys.modules.update({name: Anything(name) for name in names})
    sys.modules["conan.tools.files"].load = lambda _, file: pathlib.Path(file).read_text("utf-8")
    spec = importlib.util.spec_from_file_location("recipe", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Properties:
    """What package_info() fills."""

    def __init__(self):
        self.properties, self.libs, self.system_libs = {}, [], []

    def set_property(self, name, value):
        self.properties[name] = value


def recipe_of(source, shared):
    recipe = load_recipe(source / "conanfile.py").VecdbConan()
    recipe.recipe_folder = str(source)
    recipe.options = types.SimpleNamespace(shared=shared, with_hnswlib=False)
    recipe.settings = types.SimpleNamespace(os="Linux")
    recipe.required = []
    recipe.requires = lambda reference, **_: recipe.required.append(reference.split("/")[0])
    recipe.cpp_info = Properties()
    recipe.set_version()
    recipe.requirements()
    recipe.package_info()
    return recipe


def versions(source):
    """(place, version) of every place that says which version this is."""
    header = (source / "include/vecdb/version.h").read_text("utf-8")
    numbers = re.findall(r"define VECDB_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header)
    yield "the numbers of version.h", ".".join(numbers)
    for name in ("vcpkg.json", "packaging/vcpkg/ports/vecdb/vcpkg.json"):
        yield name, json.loads((source / name).read_text("utf-8"))["version"]
    changelog = (source / "packaging/debian/changelog").read_text("utf-8")
    yield "packaging/debian/changelog", re.match(r"vecdb \((.+)-\d+\)", changelog)[1]
    for page in sorted((source / "docs/using").glob("*.md")):
        for found in re.findall(r"--branch v([\d.]+)|GIT_TAG v([\d.]+)|vecdb/(\d[\d.]*)", page.read_text("utf-8")):
            yield f"docs/using/{page.name}", "".join(found)


def without_notice(source):
    """Libraries that are compiled in, and whose licence is not passed on."""
    found = re.findall(r"vecdb_header_dependency\((\w+) ", (source / "cmake/VecdbDependencies.cmake").read_text())
    for page in ("THIRD_PARTY_NOTICES.md", "packaging/debian/copyright"):
        text = (source / page).read_text("utf-8").lower()
        without = {"name", "hnswlib"} if "debian" in page else {"name"}  # Debian's has no hnswlib
        for name in sorted(set(found) - without):
            if name not in text:
                yield f"{page} does not name {name}"


def use(source, package, work, library):
    """Builds the consumer against what was installed."""
    if not list(package.rglob(library)):
        raise SystemExit(f"{package} has no {library}")
    shutil.rmtree(work, ignore_errors=True)
    subprocess.run(["cmake", "-G", "Ninja", "-S", source / "tests/install/consumer", "-B", work,
                    f"-DCMAKE_PREFIX_PATH={package}"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", work], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([work / "consumer"], check=True)


def try_port(source, work, options):
    os.environ.update(pages.environment(source, source))
    for linkage, library in (("static", "libvecdb.a"), ("dynamic", "libvecdb.so")):
        package = work / f"vcpkg-{linkage}"
        subprocess.run(["cmake", f"-DPORT={source}/packaging/vcpkg/ports/vecdb", f"-DSOURCE={source}",
                        f"-DBUILD={source}/build/port-{linkage}", f"-DPACKAGE={package}",
                        f"-DLINKAGE={linkage}", "-DFEATURES=tools", f"-DOPTIONS={';'.join(options)}",
                        "-P", source / "tests/install/port_stand_ins.cmake"], check=True)
        use(source, package, work / "use", library)


def try_recipe(source, work, options):
    """Builds from the files that the recipe exports, and from no other."""
    for shared in (False, True):
        recipe = recipe_of(source, shared)
        exported = work / "exported"
        os.environ.update(pages.environment(source, exported))
        shutil.rmtree(exported, ignore_errors=True)
        for pattern in recipe.exports_sources:
            for file in source.glob(pattern.replace("/*", "/**/*")):
                if file.is_file():
                    (exported / file.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(file, exported / file.relative_to(source))
        known = set(re.findall(r"^option\((\w+)", (source / "CMakeLists.txt").read_text("utf-8"), re.M))
        chosen = recipe._cmake_options()
        unknown = set(chosen) - known
        if unknown or recipe.cpp_info.libs != ["vecdb"] or recipe.required != ["fmt", "rapidjson", "xsimd"]:
            raise SystemExit(f"conanfile.py: options {unknown}, requires {recipe.required}")
        build, package = exported / "build/conan", work / f"conan-{shared}"
        subprocess.run(["cmake", "-G", "Ninja", "-S", exported, "-B", build, *options]
                       + [f"-D{name}={'ON' if on else 'OFF'}" for name, on in chosen.items()],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", build], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--install", build, "--prefix", package], check=True, stdout=subprocess.DEVNULL)
        use(source, package, work / "use", "libvecdb.so" if shared else "libvecdb.a")


def main(source, work, *options):
    work = pathlib.Path(work).resolve()
    shutil.rmtree(work, ignore_errors=True)
    source = pages.snapshot(source, work / "source")
    said = set(versions(source)) | {("conanfile.py", recipe_of(source, False).version)}
    header = re.search(r'define VECDB_VERSION "(.+)"', (source / "include/vecdb/version.h").read_text())[1]
    wrong = [f"{place} says {version}, version.h {header}" for place, version in said if version != header]
    wrong += without_notice(source)
    if wrong or len(said) < 8:
        print("\n".join(wrong) or "too few places say a version")
        return 1
    sys.stdout.flush()
    try_port(source, work, options)
    try_recipe(source, work, options)
    load_recipe(source / "packaging/conan/test_package/conanfile.py")
    print("both recipes install something that works")
    for tool, what in (("vcpkg", "port"), ("conan", "recipe")):
        if not shutil.which(tool):
            print(f"LEFT OUT: {tool} is not here: its {what} ran with stand-ins for {tool}'s functions")
    shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
