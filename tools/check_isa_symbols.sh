#!/bin/sh
# Objects compiled for one instruction set must not offer functions that the linker may choose for
# everyone: on an older CPU they would end the process.
#
# usage: check_isa_symbols.sh OBJECT...     e.g. all objects of src/simd
#
# Fails when an object defines a shared (weak or unique) symbol outside the renamed xsimd namespaces.
# Two names of the compilers carry no such instructions: the pointer to the personality routine, and
# the function that calls std::terminate.
set -u

[ $# -gt 0 ] || { echo "usage: $0 OBJECT..." >&2; exit 2; }

failed=0
for object in "$@"; do
  symbols=$("${NM:-nm}" -C --defined-only "$object") || exit 2
  shared=$(printf '%s\n' "$symbols" | grep -E ' [WwVvu] ' |
    grep -vE 'vecdb_xs_(sse2|avx2|avx512|neon)|DW\.ref\.__gxx_personality|__clang_call_terminate$')
  if [ -n "$shared" ]; then
    printf '%s shares:\n%s\n' "$object" "$shared" >&2
    failed=1
  fi
done
exit $failed
