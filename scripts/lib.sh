# shellcheck shell=bash disable=SC2034
# Shared by the scripts of this folder; sourced, never run.
set -eu
cd "$(dirname "$0")/.."
root=$PWD

export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$root}" CCACHE_NOHASHDIR="${CCACHE_NOHASHDIR:-1}"
jobs="${VECDB_JOBS:-$(nproc)}"

say() { printf '\n== %s\n' "$*"; }
fail() { printf '%s: %s\n' "$0" "$*" >&2; exit 1; }

# need_packages WHY PACKAGE... installs the Debian packages that are missing, saying which and why.
# When all are there it does nothing, and needs neither root nor a network.
need_packages() {
  local why=$1 missing="" package
  shift
  if ! command -v dpkg-query > /dev/null; then
    echo "This is not Debian or a relative: install the equivalents of these for $why: $*"
    return 0
  fi
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2> /dev/null)" = installed ] ||
      missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  echo "Installing for $why:$missing"
  local as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo > /dev/null || fail "run as root: apt-get install$missing"
    as_root=sudo
  fi
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq < /dev/null
  $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $missing < /dev/null > /dev/null
}

source_files() { # every C and C++ file of the project, each followed by a zero byte
  find include src cli examples tests bench -name '*.h' -print0 -o -name '*.cc' -print0 \
    -o -name '*.c' -print0 -o -name '*.inl' -print0 -o -name '*.inc' -print0
}

build_packages="g++ cmake ninja-build ccache libfmt-dev libxsimd-dev libzstd-dev libcli11-dev rapidjson-dev \
  zlib1g-dev libedit-dev"
test_packages="catch2 python3 git pkg-config doxygen man-db qemu-user-static \
  libhnswlib-dev"
package_packages="dpkg-dev fakeroot lintian man-db mmdebstrap"
