"""call: one tool call of 307 bytes against 100 rules, from bytes to the decision.

The rules are about the amount, the role, the urgency, the recipient's domain and the currency, and none of them fires, as for most
calls of a day. Libraries that parse JSON get the same bytes. Twice: all rules on the tool of the call, and ten on it and the others
on nine other tools.
"""
import json

from . import Store

ARGS = {"from": "DE89370400440532013000", "to": "ann@example.com", "amount": 98.7, "currency": "EUR", "urgent": False,
        "note": "rent for november, as agreed", "reference": "R-2026"}
EVENT = {"stage": "action", "tool": "transfer", "session": "0b9e4a6f", "time": "2026-11-23T10:00:00Z", "id": "call-7",
         "user": {"id": "u1", "role": "customer"}, "args": ARGS}
HEAD = """constitution call "1"
enum Role { customer, agent, admin }
context user { id: string, role: Role }
tool transfer{more}(from: string, to: email, amount: decimal, currency: string, urgent: bool, note: string, reference: string) pays
"""
ROLES = ["customer", "agent", "admin"]
RULES = 100


def make(tools=1):
    rules = []
    names = ["transfer"] + [f"transfer_{i}" for i in range(1, tools)]
    for i in range(RULES):
        condition = [f"args.amount > {100 + i}.5 and user.role == {ROLES[i % 3]} and args.urgent",
                     f'args.currency == "USD" and args.amount > {i}.0 and user.role == {ROLES[i % 3]}',
                     f'args.to.domain == "blocked{i}.example" and args.amount > {i}.25',
                     f'args.reference == "R-{i}" and args.from != "DE{i}"'][i % 4]
        rules.append(f"rule r{i} on action {names[i % tools]} when {condition} then deny")
    store = Store(f"call-{tools}")
    store.policies["policy"] = HEAD.replace("{more}", "".join(f", {name}" for name in names[1:])) + "\n".join(rules) + "\n"
    store.events["policy"] = [EVENT]
    store.expected = [True]
    store.facts = {"rules": RULES, "bytes": len(json.dumps(EVENT, separators=(",", ":")))}
    return store
