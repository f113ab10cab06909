# setup.sh - installs what a build needs, on Debian 12. Sourced by examples/demo.sh and tests/run.sh.
#
# Names only packages of Debian itself, and installs only what is missing, so that a second run takes no
# time. Needs root (or sudo) only while something is missing. `setup_packages NAME…` is the whole interface.

setup_packages() {
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    command -v apt-get >/dev/null || { echo "setup: please install:$missing" >&2; return 1; }
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    echo "setup: installing$missing"
    log=$(mktemp)
    if ! { $as_root apt-get update -qq &&
           DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1 </dev/null
    then
        tail -20 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# What a build needs, and what the tests need on top of it.
BUILD_PACKAGES="gcc libc6-dev binutils cmake ninja-build re2c lemon llvm-19-dev libzstd-dev zlib1g-dev pkg-config libhyperscan-dev libicu-dev"
TEST_PACKAGES="clang-format-19 clang-19 libclang-rt-19-dev llvm-19 libcmocka-dev libcjson-dev libpcre2-dev python3-minimal libpython3-stdlib"
