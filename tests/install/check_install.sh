#!/usr/bin/env bash
# Installs a build into a fresh folder, moves that folder, and builds applications against it: by
# find_package in two folders of one project, and by pkg-config. Run by ctest as `install_consumer`.
#
#   check_install.sh BUILD_FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
work=$build/install-check
rm -rf "$work"
mkdir -p "$work"

# The components are the whole.
cmake --install "$build" --prefix "$work/whole" > "$work/install.log"
for component in runtime dev tools; do
  cmake --install "$build" --prefix "$work/parts" --component "$component" >> "$work/install.log"
done
diff -r "$work/whole" "$work/parts"

# Nothing that was installed knows where, or needs a library that users may not have.
mv "$work/whole" "$work/moved"
if grep -rlE "$work|$build|fmt|xsimd|rapidjson|zstd|CLI11" "$work/moved" \
  --include='*.h' --include='*.cmake' --include='*.pc'; then
  echo "these files name a folder of this machine, or a library that is compiled in"
  exit 1
fi

cmake -G Ninja -S "$here/consumer" -B "$work/consumer" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$work/moved" > "$work/configure.log"
cmake --build "$work/consumer"
"$work/consumer/consumer"
"$work/consumer/second/second"
if [ -n "$(find "$work/moved" -name libvecdb_testing.a)" ]; then "$work/consumer/crash_test"; fi

PKG_CONFIG_PATH=$(dirname "$(find "$work/moved" -name vecdb.pc)")
export PKG_CONFIG_PATH
read -ra flags <<< "$(pkg-config --cflags --libs --static vecdb)"
"${CXX:-c++}" -std=c++20 "$here/consumer/main.cc" -o "$work/by-pkg-config" "${flags[@]}"
"$work/by-pkg-config"

if [ -x "$work/moved/bin/vecdb" ]; then
  [ "$("$work/moved/bin/vecdb" --version)" = "vecdb $(pkg-config --modversion vecdb)" ]
fi
echo "installed, moved, found, linked and run"
