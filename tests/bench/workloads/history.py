"""history: ten rules that ask whether a payment of at least some amount came earlier, after a session of some length.

The same question for two engines: ours keeps what the rules need while the session goes on, Invariant looks at the whole trace again.
The last event is the one that is decided; `fired` is how many rules must speak of it.
"""
import json
import os

from .randoms import Small

RULES = 10
LEAST = 990


def make(steps):
    draw = Small(steps)
    amounts = [draw.below(1000) for _ in range(steps)]
    most = max(amounts[:-1])
    policy = ['constitution history "1"', "tool pay(to: string, amount: int) pays"]
    policy += [f"rule r{i} on action pay when earlier (action pay where args.amount >= {LEAST + i}) then flag" for i in range(RULES)]
    events = [{"stage": "action", "session": "s", "time": "2026-01-01T00:00:00Z", "tool": "pay", "args": {"to": f"p{k % 40}", "amount": amount}}
              for k, amount in enumerate(amounts)]
    invariant = [f'raise "r{i}" if:\n    (past: ToolCall) -> (call: ToolCall)\n    past is tool:pay\n    call is tool:pay\n'
                 f'    past.function.arguments["amount"] >= {LEAST + i}\n' for i in range(RULES)]
    trace = [{"role": "assistant", "content": "", "tool_calls": [
        {"id": str(k), "type": "function", "function": {"name": "pay", "arguments": {"to": f"p{k % 40}", "amount": amount}}}]}
        for k, amount in enumerate(amounts)]
    return {"policy": "\n".join(policy) + "\n", "events": events, "invariant": "\n".join(invariant), "trace": trace,
            "fired": sum(most >= LEAST + i for i in range(RULES))}


def write(steps, folder):
    made = make(steps)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "policy.const"), "w", encoding="utf-8") as out:
        out.write(made["policy"])
    with open(os.path.join(folder, "policy.events.jsonl"), "w", encoding="utf-8") as out:
        out.writelines(json.dumps(event) + "\n" for event in made["events"])
    with open(os.path.join(folder, "invariant.json"), "w", encoding="utf-8") as out:
        json.dump({name: made[name] for name in ("invariant", "trace", "fired")}, out)
    return made["fired"]
