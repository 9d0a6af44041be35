#!/usr/bin/env bash
# Installs a build into a fresh folder and builds an application against it, by CMake and by
# pkg-config. Run by ctest as `install_consumer`.
#
#   check_install.sh BUILD_FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
work=$build/install-check
rm -rf "$work"
mkdir -p "$work"

cmake --install "$build" --prefix "$work/installed" > "$work/install.log"
cmake -G Ninja -S "$here/consumer" -B "$work/consumer" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$work/installed" > "$work/configure.log"
cmake --build "$work/consumer"
"$work/consumer/consumer"
if [ -n "$(find "$work/installed" -name libvecdb_testing.a)" ]; then "$work/consumer/crash_test"; fi

if command -v pkg-config > /dev/null; then
  PKG_CONFIG_PATH=$(dirname "$(find "$work/installed" -name vecdb.pc)")
  export PKG_CONFIG_PATH
  read -ra flags <<< "$(pkg-config --cflags --libs --static vecdb)"
  "${CXX:-c++}" -std=c++20 "$here/consumer/main.cc" -o "$work/by-pkg-config" "${flags[@]}"
  "$work/by-pkg-config"
fi

if [ -x "$work/installed/bin/vecdb" ]; then "$work/installed/bin/vecdb" --help > "$work/help.txt"; fi
echo "installed, found, linked and run"
