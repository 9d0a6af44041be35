#!/usr/bin/env python3
"""Does what a page of docs/using says, in a fresh folder. Run by ctest as `using_<page>`.

    run_page.py PAGE SOURCE_FOLDER WORK_FOLDER

77 when a tool is not there.
"""
import pathlib
import shutil
import sys

import pages


def main(page, source, work):
    page, work = pathlib.Path(page), pathlib.Path(work).resolve()
    needs, blocks = pages.read(page)
    commands = sum(b["body"].count("\n") for b in blocks if b["kind"] == "sh")
    for tool in needs:
        if not shutil.which(tool):
            pages.skip(f"{tool} is not here: the {commands} lines of commands of {page.name} were not run")
    shutil.rmtree(work, ignore_errors=True)
    folder = work / "project"
    folder.mkdir(parents=True)
    repository = pages.snapshot(source, work / "repository")
    # What is built by a preset has the paths of the build that is tested, and so its cached objects.
    by_preset = any("--preset" in b["body"] for b in blocks)
    env = pages.environment(repository, folder / "vecdb" if by_preset else folder)
    if not by_preset:
        env.update(CMAKE_BUILD_TYPE="None", CXXFLAGS="-O0")  # it is not what is compiled that counts
    if not pages.run(blocks, folder, ["bash"], env):
        return 1
    print(f"{page.name}: {commands} lines of commands did what the page says")
    shutil.rmtree(work)
    return 0 if commands else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
