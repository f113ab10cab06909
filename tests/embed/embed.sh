#!/bin/sh
# embed.sh - the examples of examples/embed/, built against an installed Constitution as a user would, and run.
#
#     embed.sh BUILD-FOLDER CC SANITIZERS
#
# Installs the build into a temporary prefix, builds with find_package and with pkg-config, moves the prefix first, so that nothing points back
# into the build tree; runs on threads. SANITIZERS (may be empty) are those that the libraries were built with.
set -eu
build=$1
compiler=$2
sanitize=${3:+-fsanitize=$3}
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cmake --install "$build" --prefix "$folder/first" >/dev/null
mv "$folder/first" "$folder/prefix"
library=$(dirname "$(find "$folder/prefix" -name 'libconstitution.so' | head -1)")
constc=$folder/prefix/bin/constc

"$constc" build examples/support.const -o "$folder/support.so"
cat >"$folder/old.const" <<'P'
constitution swap "1"
tool pay(amount: decimal) pays
rule large on action pay when args.amount > 100.0 then deny
P
cat >"$folder/new.const" <<'P'
constitution swap "2"
tool pay(amount: decimal) pays
approvals by boss
rule large on action pay when args.amount > 50.0 then require approval from boss
P
"$constc" build "$folder/old.const" -o "$folder/old.so"
"$constc" build "$folder/new.const" -o "$folder/new.so"
printf '%s' '{"stage":"action","tool":"pay","args":{"amount":120}}' >"$folder/event.json"

cmake -G Ninja -S examples/embed -B "$folder/embed" -DCMAKE_PREFIX_PATH="$folder/prefix" -DCMAKE_C_COMPILER="$compiler" \
    -DCMAKE_C_FLAGS="-g -Wall -Wextra -Werror $sanitize" >/dev/null
cmake --build "$folder/embed" >/dev/null
"$folder/embed/threads" "$folder/support.so" examples/support.events.jsonl 4 200
"$folder/embed/compile"

PKG_CONFIG_PATH=$library/pkgconfig
export PKG_CONFIG_PATH
flags=$(pkg-config --cflags --libs constitution)
# shellcheck disable=SC2086
"$compiler" -g -Wall -Wextra -Werror $sanitize examples/embed/swap.c $flags -pthread -Wl,-rpath,"$library" -o "$folder/swap"
"$folder/swap" "$folder/old.so" "$folder/new.so" "$folder/event.json"
if ldd "$folder/swap" | grep -q LLVM; then
    echo "the runtime drags LLVM in"
    exit 1
fi
# The runtime inside of the program.
# shellcheck disable=SC2046,SC2086
"$compiler" -g -Wall -Wextra -Werror $sanitize examples/embed/swap.c $(pkg-config --cflags constitution) "$library/libconstitution.a" \
    $(pkg-config --static --libs-only-l constitution | sed 's/-lconstitution//') -pthread -o "$folder/inside"
"$folder/inside" "$folder/old.so" "$folder/new.so" "$folder/event.json"
if [ -z "$sanitize" ] && ldd "$folder/inside" | grep -Eq 'libconstitution|libstdc'; then
    echo "the archive needs more than it says"
    exit 1
fi
# A policy as an object, linked into the program.
"$constc" build "$folder/old.const" -o "$folder/old.o" --header "$folder/old.h"
cat >"$folder/linked.c" <<'P'
#include <constitution.h>
#include <stddef.h>
#include "old.h"
int main(void)
{
    cst_policy *policy;
    if (cst_policy_from_module(&cst_policy_swap, NULL, &policy) != CST_OK)
        return 1;
    cst_policy_release(policy);
    return 0;
}
P
# shellcheck disable=SC2086
"$compiler" -g $sanitize -I"$folder" "$folder/linked.c" "$folder/old.o" $flags -Wl,-rpath,"$library" -o "$folder/linked"
"$folder/linked"
echo "linked: ok"
