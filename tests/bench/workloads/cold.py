"""cold: a policy of 1,000 rules on a hundred tools and 1,000 patterns in one more rule, and one event, for a process that starts,
decides once and ends."""
import json
import os

from .randoms import Small

RULES, PATTERNS = 1000, 1000


def write(folder):
    draw = Small(3)
    letters = "bcdfghklmnprstvw"

    def word():
        return "".join(letters[draw.below(16)] + "aeiou"[draw.below(5)] for _ in range(4))

    tools = ", ".join(f"tool_{i}" for i in range(RULES // 10))
    out = ['constitution cold "1"', "enum Role { guest, member, staff, owner }", "context user { role: Role, level: int }",
           f"tool {tools}(amount: decimal, country: string, note: string) acts"]
    patterns = [f"/\\b{word()}[ _-]?(?:id|no|key)[:= ]{{1,3}}[0-9]{{{4 + draw.below(8)}}}\\b/" if i % 4 == 0 else f"/\\b{word()} {word()}\\b/"
                for i in range(PATTERNS)]
    out += [f"pattern p{i} = {text}" for i, text in enumerate(patterns)]
    out += [f'rule r{i} on action tool_{i // 10} when args.amount > {draw.below(1000)}.5 and user.level < {draw.below(10)} and '
            f'args.country == "{"de fr us gb".split()[draw.below(4)]}" then deny' for i in range(RULES)]
    out.append(f"rule words on action tagged acts when args.note contains any {{ {', '.join(f'p{i}' for i in range(PATTERNS))} }} then deny")
    os.makedirs(folder, exist_ok=True)
    source, event = os.path.join(folder, "policy.const"), os.path.join(folder, "event.json")
    with open(source, "w", encoding="utf-8") as text:
        text.write("\n".join(out) + "\n")
    with open(event, "w", encoding="utf-8") as text:
        json.dump({"stage": "action", "time": "2026-01-01T00:00:00Z", "tool": "tool_7", "user": {"role": "guest", "level": 3},
                   "args": {"amount": 12.5, "country": "de", "note": "Please handle this one before the others, thank you very much."}}, text)
    return source, event
