"""tinytodo: shared to-do lists, the third application of Cedar's OOPSLA'24 paper, as SAPL's port draws it.

n users, teams and lists. The tasks of a list are read by no rule; they are drawn, so that the numbers that follow are the published
ones, and Cedar gets them as attributes, as in the paper.
"""
from . import Graph, application, entity, names, reference, uid
from .randoms import JavaRandom

PUBLISHED_PERMITS = {10: 173}
ACTIONS = ["CreateList", "GetList", "UpdateList", "DeleteList", "GetLists", "CreateTask", "UpdateTask", "DeleteTask", "EditShares"]
ON_APPLICATION = ["CreateList", "GetLists"]
EDITING = ["UpdateList", "CreateTask", "UpdateTask", "DeleteTask"]
APPLICATION = "TinyTodo"
REQUESTS = 500


class Facts:
    def __init__(self, n, seed):
        draw = JavaRandom(seed)
        self.n = n
        self.graph = Graph()
        for kind in ("user", "team"):
            for i in range(n):
                self.graph.add(f"{kind}_{i}", APPLICATION)
                for team in range(n if kind == "user" else i):
                    if draw.edge():
                        self.graph.add(f"{kind}_{i}", f"team_{team}")
        self.lists = []  # owner, readers, editors, tasks
        for _ in range(n):
            owner, readers, editors = draw.int(n), draw.int(n), draw.int(n)
            tasks = [{"name": f"task {draw.int(10 ** 6) + 1}", "id": draw.int(10 ** 6) + 1, "state": "Checked" if draw.int(2) == 0 else "Open"}
                     for _ in range(draw.int(51))]
            self.lists.append((owner, readers, editors, tasks))

    def requests(self, seed):
        draw = JavaRandom(seed + 1000000)
        yield self.n, "DeleteList", 0
        for _ in range(REQUESTS - 1):
            user, action = draw.int(self.n), ACTIONS[draw.int(9)]
            yield user, action, None if action in ON_APPLICATION else draw.int(self.n)


def decide(facts, request):
    user, action, number = request
    if number is None:
        return action in ON_APPLICATION
    owner, readers, editors, _ = facts.lists[number]
    if owner == user:
        return True
    if action == "GetList" and facts.graph.under(f"user_{user}", f"team_{readers}"):
        return True
    return action in ["GetList"] + EDITING and facts.graph.under(f"user_{user}", f"team_{editors}")


def resource_of(number):
    return APPLICATION if number is None else f"list_{number}"


def folded(facts):
    """The graph as sets in the policy: a permit for each owner, and one for each team that reads or edits."""
    out = ['constitution tinytodo "1"', "context user { id: string }", f"tool {', '.join(ACTIONS)}(resource: string) todo", "default action deny",
           f'permit application on action {" or ".join(ON_APPLICATION)} when args.resource == "{APPLICATION}"']
    members = {}
    for user in range(facts.n):
        for above in facts.graph.ancestors(f"user_{user}"):
            members.setdefault(above, []).append(f"user_{user}")
    for i in range(facts.n):
        owned = [f"list_{k}" for k, found in enumerate(facts.lists) if found[0] == i]
        read = [f"list_{k}" for k, found in enumerate(facts.lists) if i in found[1:3]]
        edited = [f"list_{k}" for k, found in enumerate(facts.lists) if found[2] == i]
        inside = members.get(f"team_{i}")
        if owned:
            out.append(f"set owned_{i} = {names(owned)}")
            out.append(f'permit own_{i} on action {" or ".join(ACTIONS)} when user.id == "user_{i}" and args.resource in owned_{i}')
        if inside and read:
            out += [f"set team_{i} = {names(inside)}", f"set read_{i} = {names(read)}",
                    f"permit get_{i} on action GetList when user.id in team_{i} and args.resource in read_{i}"]
        if inside and edited:
            out += [f"set edited_{i} = {names(edited)}",
                    f"permit edit_{i} on action {' or '.join(EDITING)} when user.id in team_{i} and args.resource in edited_{i}"]
    return "\n".join(out) + "\n"


CARRIED = f"""constitution tinytodo "1"
context user {{ id: string, under: list<string> }}
tool {', '.join(ACTIONS)}(resource: string, owner: string, readers: string, editors: string) todo
default action deny
permit application on action {' or '.join(ON_APPLICATION)} when args.resource == "{APPLICATION}"
permit own on action {' or '.join(ACTIONS)} when args.owner == user.id
permit get on action GetList when args.readers in user.under or args.editors in user.under
permit edit on action {' or '.join(EDITING)} when args.editors in user.under
"""


def events(facts, requests, carried):
    for user, action, number in requests:
        event = {"stage": "action", "time": "2026-01-01T00:00:00Z", "tool": action, "user": {"id": f"user_{user}"}, "args": {"resource": resource_of(number)}}
        if carried:
            owner, readers, editors, _ = (None, None, None, None) if number is None else facts.lists[number]
            event["user"]["under"] = facts.graph.ancestors(f"user_{user}")
            event["args"] |= {"owner": "" if number is None else f"user_{owner}", "readers": "" if number is None else f"team_{readers}",
                              "editors": "" if number is None else f"team_{editors}"}
        yield event


CEDAR = """permit(principal, action in [Action::"CreateList", Action::"GetLists"], resource == Application::"TinyTodo");
permit(principal, action, resource is List) when { resource.owner == principal };
permit(principal, action == Action::"GetList", resource is List) when { principal in resource.readers || principal in resource.editors };
permit(principal, action in [Action::"UpdateList", Action::"CreateTask", Action::"UpdateTask", Action::"DeleteTask"], resource is List)
  when { principal in resource.editors };
"""


def kind_of(node):
    return {"user": "User", "team": "Team", "list": "List", APPLICATION: "Application"}[node.split("_")[0]]


def cedar(facts, requests):
    entities = [entity("Action", action) for action in ACTIONS] + [entity("Application", APPLICATION)]
    for node, parents in facts.graph.parents.items():
        entities.append(entity(kind_of(node), node, [(kind_of(parent), parent) for parent in parents]))
    for number, (owner, readers, editors, tasks) in enumerate(facts.lists):
        entities.append(entity("List", f"list_{number}", [("Application", APPLICATION)], owner=reference("User", f"user_{owner}"),
                               readers=reference("Team", f"team_{readers}"), editors=reference("Team", f"team_{editors}"), tasks=tasks))
    return CEDAR, entities, [(uid("User", f"user_{u}"), uid("Action", a), uid(kind_of(resource_of(r)), resource_of(r))) for u, a, r in requests]


REGO = """package bench
import rego.v1
default allow := false
allow if { input.action in {"CreateList", "GetLists"}; input.resource == "TinyTodo" }
allow if { data.lists[input.resource].owner == input.user }
allow if { input.action == "GetList"; data.under[input.user][data.lists[input.resource].readers] }
allow if { input.action == "GetList"; data.under[input.user][data.lists[input.resource].editors] }
allow if {
  input.action in {"UpdateList", "CreateTask", "UpdateTask", "DeleteTask"}
  data.under[input.user][data.lists[input.resource].editors]
}
"""


def rego(facts, requests):
    lists = {f"list_{i}": {"owner": f"user_{owner}", "readers": f"team_{readers}", "editors": f"team_{editors}"}
             for i, (owner, readers, editors, _) in enumerate(facts.lists)}
    under = {f"user_{u}": {above: True for above in facts.graph.ancestors(f"user_{u}")} for u in range(facts.n)}
    return REGO, {"lists": lists, "under": under}, [{"user": f"user_{u}", "action": a, "resource": resource_of(r)} for u, a, r in requests]


def make(n, seed=42):
    return application(f"tinytodo-{n}", Facts(n, seed), seed, decide, {"folded": folded, "carried": lambda facts: CARRIED}, events, cedar, rego)
