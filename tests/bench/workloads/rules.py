"""rules: any number of rules of one kind on one tool, for how the time of a decision grows with them.

Each rule wants a team, a kind, a role and an amount above a bound; there are so many teams that about twenty rules are about each
(ten, if there are but ten). `random` draws requests of those teams; `none` asks as a team that no rule knows. The
number of rules that fire stays alike from ten rules to a hundred thousand, so what grows is the search alone.
"""
from . import Store
from .randoms import Small

RULES_A_TEAM = 20
KINDS = ["card", "cash", "cheque", "credit", "debit", "gift", "transfer", "voucher"]
ROLES = ["guest", "member", "staff", "owner"]
REQUESTS = 64


def decide(rules, request):
    return not any(request[0] == team and request[1] == kind and request[2] != role and request[3] > bound * 10 + 5
                   for team, kind, role, bound in rules)


def make(count, kind):
    draw = Small(7)
    teams = max(1, count // RULES_A_TEAM)
    rules = [(draw.below(teams), draw.below(8), draw.below(4), draw.below(1000)) for _ in range(count)]
    out = ['constitution rules "1"', f"enum Role {{ {', '.join(ROLES)} }}", f"enum Kind {{ {', '.join(KINDS)} }}",
           "context user { team: string, role: Role }", "tool pay(kind: Kind, amount: decimal) pays"]
    out += [f'rule r{i} on action pay when user.team == "team_{team}" and args.kind == {KINDS[k]} and user.role != {ROLES[role]} and '
            f"args.amount > {bound}.5 then deny" for i, (team, k, role, bound) in enumerate(rules)]
    draw = Small(11)
    requests = [(draw.below(teams) if kind == "random" else -1, draw.below(8), draw.below(4), draw.below(10000)) for _ in range(REQUESTS)]
    store = Store(f"rules-{count}-{kind}")
    by_team = {}
    for rule in rules:
        by_team.setdefault(rule[0], []).append(rule)
    store.expected = [decide(by_team.get(request[0], ()), request) for request in requests]
    store.policies["policy"] = "\n".join(out) + "\n"
    store.events["policy"] = [
        {"stage": "action", "time": "2026-01-01T00:00:00Z", "tool": "pay", "user": {"team": f"team_{team}" if team >= 0 else "nobody", "role": ROLES[role]},
         "args": {"kind": KINDS[k], "amount": amount / 10}} for team, k, role, amount in requests]
    store.facts = {"rules": count, "permits": sum(store.expected)}
    return store
