"""Workloads of the benchmark: the same facts, rules and requests for every engine.

A module here makes facts from a fixed seed and says them once for each engine: our language, Cedar, Rego. `expected` is what a
naive evaluation of the rules in Python decides, which walks the graph for every question and shares nothing with any engine; an
engine that disagrees is not timed.
"""
import json
import os


class Store:
    """One policy with its data and requests, in the words of every engine."""

    def __init__(self, name):
        self.name = name
        self.expected = []   # naive decisions: True is a permit
        self.policies = {}   # variant of our encoding -> text of the policy
        self.events = {}     # variant -> list of events
        self.cedar = None    # (policies, entities, [(principal, action, resource)])
        self.rego = None     # (policy, data, [input])
        self.cel = None      # (expression, [input])
        self.facts = {}      # counts that a table wants to show

    def write(self, folder):
        """One file for each engine and kind; what a store does not have is not written."""
        os.makedirs(folder, exist_ok=True)

        def put(name, text):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
                out.write(text)

        def lines(rows):
            return "".join(json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n" for row in rows)

        put("expected.txt", "".join("1" if permit else "0" for permit in self.expected) + "\n")
        for variant, text in self.policies.items():
            put(f"{variant}.const", text)
            put(f"{variant}.events.jsonl", lines(self.events[variant]))
        if self.cedar:
            policies, entities, requests = self.cedar
            put("policy.cedar", policies)
            put("entities.json", json.dumps(entities, separators=(",", ":")))
            put("cedar.jsonl", lines({"principal": p, "action": a, "resource": r} for p, a, r in requests))
        if self.rego:
            policy, data, inputs = self.rego
            put("policy.rego", policy)
            put("data.json", json.dumps(data, separators=(",", ":")))
            put("rego.jsonl", lines(inputs))
        if self.cel:
            put("policy.cel", self.cel[0])
            put("cel.jsonl", lines(self.cel[1]))


def uid(kind, name):
    """An entity of Cedar, as text."""
    return f'{kind}::"{name}"'


def entity(kind, name, parents=(), **attributes):
    """An entity of Cedar, as JSON."""
    def reference(pair):
        return {"type": pair[0], "id": pair[1]}
    return {"uid": reference((kind, name)), "attrs": attributes, "parents": [reference(parent) for parent in parents]}


def reference(kind, name):
    """An attribute that is an entity."""
    return {"__entity": {"type": kind, "id": name}}


def names(items):
    """A set of our language."""
    return "{ " + ", ".join(f'"{item}"' for item in items) + " }"


class Graph:
    """Parents of nodes, asked one path at a time; the closure is only for engines that take it as data."""

    def __init__(self):
        self.parents = {}

    def add(self, child, parent=None):
        into = self.parents.setdefault(child, [])
        if parent is not None:
            into.append(parent)

    def under(self, child, ancestor):
        """Is it the same, or reached over parents?"""
        seen, open_nodes = set(), [child]
        while open_nodes:
            node = open_nodes.pop()
            if node == ancestor:
                return True
            if node not in seen:
                seen.add(node)
                open_nodes += self.parents.get(node, ())
        return False

    def ancestors(self, child):
        """Itself and all above, in a stable order."""
        seen, open_nodes = {}, [child]
        while open_nodes:
            node = open_nodes.pop()
            if node not in seen:
                seen[node] = True
                open_nodes += self.parents.get(node, ())
        return list(seen)


def application(name, facts, seed, decide, policies, events, cedar, rego):
    """The store of one of the applications: its requests, decided naively, for each engine with the graph in the policy and in the event."""
    requests = list(facts.requests(seed))
    store = Store(name)
    store.expected = [decide(facts, request) for request in requests]
    store.policies = {form: write(facts) for form, write in policies.items()}
    store.events = {form: list(events(facts, requests, form == "carried")) for form in policies}
    store.cedar = cedar(facts, requests)
    store.rego = rego(facts, requests)
    store.facts = {"permits": sum(store.expected)}
    return store
