#!/usr/bin/env python3
"""Tests the tests: switches on one seeded fault at a time and demands that a test fails.

canaries.py FOLDER            FOLDER holds the test programs; every canary must be caught by the test
                              that the table names
canaries.py FOLDER --discover tries every suite for every canary and prints what catches it

A canary is a fault in the library (base::Canary(n) in src/), active only in builds for tests and only
when VECDB_CANARY=n. Prints FIG canaries.killed=K/N; fails unless K = N, or when the table and the
sources do not name the same canaries, or when a test of the table fails without a canary.
"""
import os, pathlib, re, subprocess, sys, time

ROOT = pathlib.Path(__file__).resolve().parents[2]

# canary: (what it breaks, program, test filter)
TABLE = {}
exec((ROOT / "tests/house/canary_table.py").read_text())

SUITES = ["test_io", "test_wal", "test_catalog", "test_segment", "test_query", "test_chunk",
          "test_walks", "test_crash", "test_model", "test_base"]


def run(folder, program, args, canary, limit=300):
    """True when the test passed."""
    env = dict(os.environ, VECDB_CANARY=str(canary))
    try:
        done = subprocess.run([str(folder / program), "--warn", "NoTests", *args], env=env, timeout=limit,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def named_in_sources():
    text = "\n".join(p.read_text() for p in (ROOT / "src").rglob("*.cc"))
    return {int(n) for n in re.findall(r"\bCanary\((\d+)\)", text)}


def discover(folder):
    for canary in sorted(named_in_sources()):
        caught = []
        for suite in SUITES:
            if (folder / suite).exists() and not run(folder, suite, [], canary):
                caught.append(suite)
        print(f"{canary}: {' '.join(caught) or 'NOT CAUGHT'}", flush=True)


def main():
    folder = pathlib.Path(sys.argv[1])
    if "--discover" in sys.argv:
        return discover(folder)
    faults = []
    if named_in_sources() != set(TABLE):
        faults.append(f"sources and table differ: {sorted(named_in_sources() ^ set(TABLE))}")
    killed, healthy = 0, {}
    for canary, (what, program, *args) in sorted(TABLE.items()):
        start = time.time()
        key = (program, *args)
        if key not in healthy:
            healthy[key] = run(folder, program, args, 0)
            if not healthy[key]:
                faults.append(f"{program} {' '.join(args)} fails without a canary")
        alive = run(folder, program, args, canary)
        killed += not alive
        if alive:
            faults.append(f"canary {canary} ({what}) was not caught by {program} {' '.join(args)}")
        print(f"K{canary:02} {what}: {'ALIVE' if alive else 'killed'} by {program} "
              f"{' '.join(args)} ({time.time() - start:.1f} s)", flush=True)
    print(f"FIG canaries.killed={killed}/{len(TABLE)}")
    print("\n".join(faults))
    return 1 if faults or not TABLE else 0


if __name__ == "__main__":
    sys.exit(main())
