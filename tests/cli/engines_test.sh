#!/bin/sh
# engines_test.sh - the same decisions, byte for byte, from the JIT, the optimising tier, the reference evaluator and a policy.so.
# $1 is constc.
set -eu
constc=$1
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

compare() { # POLICY EVENTS
    "$constc" build "$1" -o "$folder/policy.so"
    "$constc" run "$1" "$2" --engine reference >"$folder/reference"
    for engine in jit optimised; do
        "$constc" run "$1" "$2" --engine $engine >"$folder/other"
        cmp "$folder/reference" "$folder/other"
    done
    "$constc" run "$folder/policy.so" "$2" >"$folder/other"
    cmp "$folder/reference" "$folder/other"
    [ "$(wc -l <"$folder/reference")" = "$(wc -l <"$2")" ]
}

compare tests/acceptance/support.const tests/acceptance/events.jsonl
grep -q '"decision":"require_approval".*"rule":"strangers".*"message":"This mail leaves the company: ann@example.org, eve@evil.test".*"at":"/args/to/1"' "$folder/reference"
[ "$(grep -c '"decision":"deny"' "$folder/reference")" = 7 ]
"$constc" check tests/acceptance/support.const
"$constc" test tests/acceptance
compare examples/support.const examples/support.events.jsonl
