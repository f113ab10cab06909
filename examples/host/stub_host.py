#!/usr/bin/env python3
"""A stub of a host for moderated.const: it shows the protocol, and scores texts by lists of words. It is no classifier: put yours in its place.

First a line that says it is ready; then a question a line on stdin, an answer a line on stdout (docs/formats.md):

    {"ready":true}
    {"id":7,"predicate":"toxicity","arguments":{"text":"you idiot"},"within_ms":50,"shadow":false}
    {"id":7,"answer":0.9}

Only Python's standard library.
"""
import json
import sys

RUDE = {"idiot", "stupid", "moron", "shut"}
DANGER = {"harm", "die", "overdose", "suicide"}
ACCOUNT = {"account", "password", "invoice", "order", "refund"}
FRIENDS = ("@example.com", "@example.org")


def words(text):
    return {word.strip(".,;:!?\"'()").lower() for word in text.split()}


def toxicity(text):
    return round(min(1.0, 0.05 + 0.45 * len(words(text) & RUDE)), 2)


def topic(text):
    found = words(text)
    return "crisis" if found & DANGER else "account" if found & ACCOUNT else "other"


def known(address):
    return address.endswith(FRIENDS)


PREDICATES = {"toxicity": toxicity, "topic": topic, "known": known}


def main():
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        predicate = PREDICATES.get(question["predicate"])
        try:
            answer = {"id": question["id"], "answer": predicate(**question["arguments"])}
        except Exception:  # what fails is undecided, and undecided never loosens
            answer = {"id": question["id"], "failed": True}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
