"""access: the policy of CEL's micro-benchmark: an address, a path and a token, in one expression.

`published` asks the one request of that benchmark again and again, so that every branch is foreseen; `mixed` draws 500.
"""
from . import Store
from .randoms import Small

IPS = [f"10.0.1.{i}" for i in range(1, 9)]
PATHS = ["v1/items", "v2/items", "/admin/edit", "/public", "v1", "/admin"]
TOKENS = ["v1", "v2", "admin", "guest"]

CEL = ('!(ip in ["10.0.1.4", "10.0.1.5", "10.0.1.6"]) && ((path.startsWith("v1") && token in ["v1", "v2", "admin"]) || '
       '(path.startsWith("v2") && token in ["v2", "admin"]) || (path.startsWith("/admin") && token == "admin" && '
       'ip in ["10.0.1.1", "10.0.1.2", "10.0.1.3"]))\n')
POLICY = """constitution access "1"
tool call(ip: string, path: string, token: string) web
default action deny
permit open on action call
  when args.ip not in { "10.0.1.4", "10.0.1.5", "10.0.1.6" } and
       ((args.path starts with "v1" and args.token in { "v1", "v2", "admin" }) or
        (args.path starts with "v2" and args.token in { "v2", "admin" }) or
        (args.path starts with "/admin" and args.token == "admin" and args.ip in { "10.0.1.1", "10.0.1.2", "10.0.1.3" }))
"""


def decide(request):
    ip, path, token = request
    if ip in IPS[3:6]:
        return False
    return ((path.startswith("v1") and token in TOKENS[:3]) or (path.startswith("v2") and token in TOKENS[1:3]) or
            (path.startswith("/admin") and token == "admin" and ip in IPS[:3]))


def make(kind):
    draw = Small(42)
    requests = [("10.0.1.2", "/admin/edit", "admin")] if kind == "published" else [
        (IPS[draw.below(8)], PATHS[draw.below(6)], TOKENS[draw.below(4)]) for _ in range(500)]
    store = Store(f"access-{kind}")
    store.expected = [bool(decide(request)) for request in requests]
    store.policies["policy"] = POLICY
    store.events["policy"] = [{"stage": "action", "time": "2026-01-01T00:00:00Z", "tool": "call", "args": {"ip": i, "path": p, "token": t}} for i, p, t in requests]
    store.cel = (CEL, [{"ip": i, "path": p, "token": t} for i, p, t in requests])
    store.facts = {"permits": sum(store.expected)}
    return store
