#!/bin/sh
# agentdojo_test.sh - every tool call of the recorded AgentDojo runs is decided, and the same by native code and by the reference
# evaluator. $1 is constc. The recordings are no part of the project: they are read from CONSTITUTION_DATA, and without
# them this test says so and passes.
set -eu
constc=$1
cd "$(dirname "$0")/../.."
recordings=${CONSTITUTION_DATA:-}/traces/agentdojo.jsonl
if [ ! -f "$recordings" ]; then
    echo "skipped: CONSTITUTION_DATA does not name a folder with traces/agentdojo.jsonl"
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for suite in banking slack travel workspace; do
    grep "\"suite\":\"$suite\"" "$recordings" >"$folder/part"
    "$constc" run "examples/agentdojo/$suite.const" "$folder/part" --from openai >"$folder/native"
    "$constc" run "examples/agentdojo/$suite.const" "$folder/part" --from openai --engine reference >"$folder/reference"
    # without a time of their own, events have the clock's; no rule of these policies shows it
    cmp "$folder/native" "$folder/reference"
    calls=$(grep -o '"function":{"name"' "$folder/part" | wc -l)
    decided=$(grep -c '"stage":"action"' "$folder/native")
    denied=$(grep -c '"error":{' "$folder/native" || true)
    echo "$suite: $decided of $calls calls decided, $denied of them could not be read"
    [ "$calls" -gt 0 ] && [ "$decided" = "$calls" ] && [ "$denied" -le 1 ]
done
