#!/usr/bin/env bash
# Installs headers and the shared library into a fresh folder, builds the C example against them as
# strict C99 with a C compiler alone, and runs it. Run by ctest as `install_c`.
#
#   check_c.sh BUILD_FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
work=$build/install-c-check
rm -rf "$work"
mkdir -p "$work/run"

for component in dev shared_test; do
  cmake --install "$build" --prefix "$work/installed" --component "$component" > "$work/$component.log"
done
library=$(find "$work/installed" -name 'libvecdb.so')
folder=$(dirname "$library")
[ -e "$folder/libvecdb.so.0" ] || { echo "no libvecdb.so.0 in $folder" >&2; exit 1; }
"${CC:-cc}" -std=c99 -Wall -Wextra -Wpedantic -Werror -I"$work/installed/include" \
  "$here/../../examples/c_quickstart.c" -o "$work/c_quickstart" -L"$folder" -lvecdb -Wl,-rpath,"$folder"
ldd "$work/c_quickstart" | grep -q "$folder/libvecdb.so.0"
cd "$work/run"
"$work/c_quickstart" | tee answer.txt
printf 'book 1 at 0.914\nbook 2 at 0.000\n' | cmp - answer.txt
"$work/c_quickstart" | cmp - answer.txt  # the second run opens what the first one made
echo "installed, linked from C, run"
