#!/bin/sh
# generator_test.sh - the code generator's library: found beside the program or in the library folder of its prefix, nowhere else,
# and only needed where code is made.
#
#     generator_test.sh CONSTC
#
# The copy of the program stands alone; what it finds is put there piece by piece.
set -u
constc=$1
library=$(dirname "$constc")/libconstc-codegen.so
policy=$(cd "$(dirname "$0")/../.." && pwd)/examples/support.const
events=$(dirname "$policy")/support.events.jsonl
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/prefix/bin" "$folder/else"
cp "$constc" "$folder/prefix/bin/constc"
alone=$folder/prefix/bin/constc
status=0

fail() {
    echo "FAILED: $1"
    cat "$folder/said" 2>/dev/null
    status=1
}

makes_code() { # with what is before the program
    env "$@" build "$policy" -o "$folder/out.so" >"$folder/said" 2>&1
}

refused() {
    name=$1
    shift
    rm -f "$folder/out.so"
    makes_code "$@"
    [ $? = 2 ] || fail "$name: the status"
    grep -q 'libconstc-codegen.so' "$folder/said" || fail "$name: the message"
    [ ! -e "$folder/out.so" ] || fail "$name: a file was written"
}

accepted() {
    name=$1
    shift
    rm -f "$folder/out.so"
    makes_code "$@" || fail "$name"
    [ -s "$folder/out.so" ] || fail "$name: no file"
}

# What makes no code does not need it.
"$alone" check "$policy" >"$folder/said" 2>&1 || fail "check needs the code generator"
"$alone" run --engine reference "$policy" "$events" >"$folder/by_reference" 2>"$folder/said" || fail "the reference evaluator needs it"
[ -s "$folder/by_reference" ] || fail "the reference evaluator said nothing"

refused "without it" "$alone"
"$alone" run "$policy" "$events" >"$folder/said" 2>&1
[ $? = 2 ] || fail "run without it: the status"
grep -q 'libconstc-codegen.so' "$folder/said" || fail "run without it: the message"

# Not where the environment, the working folder or the program's own name point to.
cp "$library" "$folder/else/"
refused "LD_LIBRARY_PATH" LD_LIBRARY_PATH="$folder/else" "$alone"
(cd "$folder/else" && refused "the working folder" "$alone"; exit $status) || status=1
ln -s "$alone" "$folder/else/constc"
refused "beside a link to the program" "$folder/else/constc"
(cd "$folder/else" && refused "a relative link" ./constc; exit $status) || status=1

# Something else of this name, and one of another build.
printf 'no library' >"$folder/prefix/bin/libconstc-codegen.so"
refused "no library" "$alone"
stamp=$(strings -n 64 "$library" 2>/dev/null | grep -E '^[0-9a-f]{64}$' | head -1)
if [ -n "$stamp" ]; then
    LC_ALL=C sed "s/$stamp/$(echo "$stamp" | tr '0-9a-f' '1-9a-f0')/" "$library" >"$folder/prefix/bin/libconstc-codegen.so"
    refused "another build" "$alone"
else
    fail "no stamp in $library"
fi
rm "$folder/prefix/bin/libconstc-codegen.so"

# Beside the program, also by way of a link; and in the library folder, where it is installed.
cp "$library" "$folder/prefix/bin/"
accepted "beside the program" "$alone"
accepted "beside the program, by a link" "$folder/else/constc"
rm "$folder/prefix/bin/libconstc-codegen.so"
exit $status
