#!/bin/sh
# A processor without any of the wider instruction sets runs the library: nothing but a chosen table
# of kernels holds such instructions. Run by ctest as `old_cpu`.
#
# usage: old_cpu.sh TEST_SIMD PROGRAM...    each program runs in a folder of its own
set -u

qemu=$(command -v qemu-x86_64-static || command -v qemu-x86_64) || {
  echo "SKIPPED: no qemu-x86_64 here (Debian: qemu-user-static)" >&2
  exit 77
}

# The first generation of 64-bit processors with SSSE3: no SSE4.2, no POPCNT, no AVX.
tests=$1
shift
"$qemu" -cpu Conroe "$tests" '[old]' || exit 1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for program in "$@"; do
  (cd "$folder" && "$qemu" -cpu Conroe "$program") || {
    echo "$program failed on an old processor" >&2
    exit 1
  }
done
