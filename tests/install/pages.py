"""Reads the pages of docs/using: which files they show, and which commands, in their order.

A fenced block is a file when the line before it is its name and a colon: `app.cc`: . A block of `sh` is
run; a block of `text` is the end of what the commands before it print. `<!-- needs: TOOL -->` names a tool
without which nothing can be run.
"""
import os
import pathlib
import re
import shutil
import subprocess

BLOCK = re.compile(r"^(?:`(?P<name>[\w.]+)`:\n\n)?```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.M | re.S)
NEEDS = re.compile(r"^<!-- needs: (\S+) -->$", re.M)
ADDRESS = "https://example.org/vecdb.git"
SKIPPED = 77
LEFT_OUT = {".git", "build", "__pycache__"}


def read(page):
    """(tools that are needed, blocks in order)"""
    text = pathlib.Path(page).read_text("utf-8")
    return NEEDS.findall(text), [m.groupdict() for m in BLOCK.finditer(text)]


def skip(*words):
    print("SKIPPED:", *words, flush=True)
    raise SystemExit(SKIPPED)


def snapshot(source, folder):
    """A repository with the sources as they are, so that `git clone` finds them without a network."""
    if not shutil.which("git"):
        skip("git is not here: the pages begin with `git clone`")
    source = pathlib.Path(source).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for entry in sorted(source.iterdir()):
        if entry.name in LEFT_OUT or (entry.name.startswith(".") and entry.is_dir()):
            continue
        copy = shutil.copytree if entry.is_dir() else shutil.copy2
        copy(entry, folder / entry.name)
    version = re.search(r'VECDB_VERSION "(.+)"', (folder / "include/vecdb/version.h").read_text())[1]
    git = ["git", "-C", str(folder), "-c", "user.name=test", "-c", "user.email=test@localhost"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "as it is"], ["tag", f"v{version}"]):
        subprocess.run(git + command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder


def environment(repository, base):
    """The address of the pages is `repository`; compilers are quick, and cached where that can be."""
    env = dict(os.environ, GIT_CONFIG_COUNT="3",
               GIT_CONFIG_KEY_0=f"url.{repository}.insteadOf", GIT_CONFIG_VALUE_0=ADDRESS,
               GIT_CONFIG_KEY_1="advice.detachedHead", GIT_CONFIG_VALUE_1="false",
               GIT_CONFIG_KEY_2="protocol.file.allow", GIT_CONFIG_VALUE_2="always",
               CMAKE_GENERATOR="Ninja", CCACHE_BASEDIR=str(base), CCACHE_NOHASHDIR="1")
    if shutil.which("ccache"):
        env["CMAKE_CXX_COMPILER_LAUNCHER"] = env["CMAKE_C_COMPILER_LAUNCHER"] = "ccache"
    return env


def run(blocks, folder, shell, env=None):
    """Writes the files and runs the commands in one shell, as a reader would. True when all went well
    and printed what the page says."""
    script = "set -eu\n"
    for number, block in enumerate(blocks):
        if block["name"]:
            (folder / block["name"]).write_text(block["body"], "utf-8")
        elif block["kind"] == "sh":
            script += f"exec > .output-{number}\n{block['body']}"
        elif block["kind"] == "text":
            (folder / f".expected-{number}").write_text(block["body"], "utf-8")
    (folder / ".script").write_text(script, "utf-8")
    done = subprocess.run(shell + [".script"], cwd=folder, env=env, stdin=subprocess.DEVNULL)
    printed = ""
    for number, block in enumerate(blocks):
        output = folder / f".output-{number}"
        if output.exists():
            printed = output.read_text("utf-8", errors="replace")
            print(printed, end="", flush=True)
        if block["kind"] == "text" and not printed.endswith(block["body"]):
            print(f"the page says that this is printed:\n{block['body']}")
            return False
    if done.returncode != 0:
        print(f"a command of the page failed with {done.returncode}:\n{script}")
    return done.returncode == 0
