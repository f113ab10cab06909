#!/bin/sh
# replay.sh - recorded agents through the four policies: sh examples/agentdojo/replay.sh CONSTC RECORDINGS.jsonl
#
# RECORDINGS is a file of conversations as OpenAI's chat interface has them, each an object with `suite`, `attack` and `messages`
# (AgentDojo's recorded runs). Every tool call of every conversation is decided by its suite's policy; what is printed is what
# `constc run --from openai --summary` says at its end, apart for conversations without and with an attack.
set -eu
constc=$1
recordings=$2
cd "$(dirname "$0")"
for suite in banking slack travel workspace; do
    for attack in none important_instructions; do
        part=$(mktemp)
        grep "\"suite\":\"$suite\"" "$recordings" | grep "\"attack\":\"$attack\"" >"$part" || true
        echo "== $suite, attack: $attack, $(wc -l <"$part") conversations"
        "$constc" run "$suite.const" "$part" --from openai --summary | sed -n '/^[0-9]* events/,$p'
        rm -f "$part"
        echo
    done
done
