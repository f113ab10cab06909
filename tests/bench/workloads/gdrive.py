"""gdrive: documents, folders and views, the first application of Cedar's OOPSLA'24 paper, with facts drawn as in SAPL's port.

n users, groups, documents and folders. Names of views are repaired, as in that port: Cedar's own generator names them so that the
first rule never fires.
"""
from . import Graph, application, entity, names, reference, uid
from .randoms import JavaRandom

PUBLISHED_PERMITS = {10: 30}
ACTIONS = ["read", "write", "share", "changeOwner", "createDocument"]
REQUESTS = 500


class Facts:
    def __init__(self, n, seed):
        draw = JavaRandom(seed)
        self.n = n
        self.graph = Graph()
        self.groups, self.documents, self.folders = [], [], []  # of each user
        for _ in range(n):
            self.groups.append([g for g in range(n) if draw.edge()])
            self.documents.append([d for d in range(n) if draw.edge()])
            self.folders.append([f for f in range(n) if draw.edge()])
        for user, groups in enumerate(self.groups):
            self.graph.add(f"view_user_{user}")
            for group in groups:
                self.graph.add(f"view_group_{group}", f"view_user_{user}")
        for group in range(n):
            self.graph.add(f"view_group_{group}")
        self.public = []
        for document in range(n):
            self.public.append(draw.int(2) == 0)
            self._parents(draw, f"document_{document}", n)
        for folder in range(n):
            self._parents(draw, f"folder_{folder}", folder)

    def _parents(self, draw, node, folders):
        self.graph.add(node)
        for kind, count in (("folder", folders), ("view_user", self.n), ("view_group", self.n)):
            for i in range(count):
                if draw.edge():
                    self.graph.add(node, f"{kind}_{i}")

    def owned(self, user):
        return [f"document_{d}" for d in self.documents[user]] + [f"folder_{f}" for f in self.folders[user]]

    def resources(self):
        return [f"{kind}_{i}" for kind in ("document", "folder") for i in range(self.n)]

    def requests(self, seed):
        draw = JavaRandom(seed + 1000000)
        yield 0, "changeOwner", "document_none"
        for _ in range(REQUESTS - 1):
            user, action = draw.int(self.n), ACTIONS[draw.int(5)]
            kind = "document" if draw.bool() else "folder"
            yield user, action, f"{kind}_{draw.int(self.n)}"


def decide(facts, request):
    user, action, resource = request
    kind, number = resource.split("_")
    number = -1 if number == "none" else int(number)
    if action == "read" and facts.graph.under(resource, f"view_user_{user}"):
        return True
    if action == "read" and kind == "document" and number >= 0 and facts.public[number]:
        return True
    if action in ("read", "write", "share") and any(facts.graph.under(resource, owned) for owned in facts.owned(user)):
        return True
    if action == "changeOwner":
        return kind == "document" and number in facts.documents[user]
    return action == "createDocument" and kind == "folder" and number in facts.folders[user]


def folded(facts):
    """The graph as sets in the policy: a permit for each user and rule."""
    out = ['constitution gdrive "1"', "context user { id: string }", f"tool {', '.join(ACTIONS)}(resource: string) drive", "default action deny"]
    above = {resource: set(facts.graph.ancestors(resource)) for resource in facts.resources()}

    def permit(rule, user, actions, resources):
        if resources:
            out.append(f"set {rule}_{user} = {names(resources)}")
            out.append(f'permit may_{rule}_{user} on action {actions} when user.id == "user_{user}" and args.resource in {rule}_{user}')

    for user in range(facts.n):
        owned = set(facts.owned(user))
        permit("see", user, "read", [r for r in facts.resources() if f"view_user_{user}" in above[r]])
        permit("own", user, "read or write or share", [r for r in facts.resources() if above[r] & owned])
        permit("give", user, "changeOwner", [f"document_{d}" for d in facts.documents[user]])
        permit("fill", user, "createDocument", [f"folder_{f}" for f in facts.folders[user]])
    public = [f"document_{d}" for d in range(facts.n) if facts.public[d]]
    if public:
        out += [f"set public = {names(public)}", "permit see_public on action read when args.resource in public"]
    return "\n".join(out) + "\n"


CARRIED = f"""constitution gdrive "1"
context user {{ id: string, view: string, documents: list<string>, folders: list<string> }}
tool {', '.join(ACTIONS)}(resource: string, public: bool, under: list<string>) drive
default action deny
permit see on action read when user.view in args.under
permit see_public on action read when args.public
permit own on action read or write or share
  when (any d in user.documents satisfies d in args.under) or (any f in user.folders satisfies f in args.under)
permit give on action changeOwner when args.resource in user.documents
permit fill on action createDocument when args.resource in user.folders
"""


def events(facts, requests, carried):
    for user, action, resource in requests:
        event = {"stage": "action", "time": "2026-01-01T00:00:00Z", "tool": action, "user": {"id": f"user_{user}"}, "args": {"resource": resource}}
        if carried:
            kind, number = resource.split("_")
            event["user"] |= {"view": f"view_user_{user}", "documents": [f"document_{d}" for d in facts.documents[user]],
                              "folders": [f"folder_{f}" for f in facts.folders[user]]}
            event["args"] |= {"public": kind == "document" and number != "none" and facts.public[int(number)],
                              "under": facts.graph.ancestors(resource)}
        yield event


CEDAR = """permit(principal, action == Action::"read", resource) when { resource in principal.view };
permit(principal, action == Action::"read", resource is Document) when { resource.isPublic };
permit(principal, action in [Action::"read", Action::"write", Action::"share"], resource)
  when { resource in principal.documents || resource in principal.folders };
permit(principal, action == Action::"changeOwner", resource) when { principal.documents.contains(resource) };
permit(principal, action == Action::"createDocument", resource) when { principal.folders.contains(resource) };
"""

KINDS = {"document": "Document", "folder": "Folder", "view": "View"}


def kind_of(node):
    return KINDS[node.split("_")[0]]


def cedar(facts, requests):
    entities = [entity("Action", action) for action in ACTIONS]
    for user in range(facts.n):
        entities.append(entity("User", f"user_{user}", [("Group", f"group_{g}") for g in facts.groups[user]],
                               view=reference("View", f"view_user_{user}"),
                               documents=[reference("Document", f"document_{d}") for d in facts.documents[user]],
                               folders=[reference("Folder", f"folder_{f}") for f in facts.folders[user]]))
    entities += [entity("Group", f"group_{g}") for g in range(facts.n)]
    for node, parents in facts.graph.parents.items():
        attributes = {"isPublic": facts.public[int(node[9:])]} if node.startswith("document_") else {}
        entities.append(entity(kind_of(node), node, [(kind_of(parent), parent) for parent in dict.fromkeys(parents)], **attributes))
    return CEDAR, entities, [(uid("User", f"user_{u}"), uid("Action", a), uid(kind_of(r), r)) for u, a, r in requests]


REGO = """package bench
import rego.v1
default allow := false
allow if { input.action == "read"; data.under[input.resource][data.views[input.user]] }
allow if { input.action == "read"; data.public[input.resource] }
allow if { input.action in {"read", "write", "share"}; some owned in data.owned[input.user]; data.under[input.resource][owned] }
allow if { input.action == "changeOwner"; data.documents[input.user][input.resource] }
allow if { input.action == "createDocument"; data.folders[input.user][input.resource] }
"""


def rego(facts, requests):
    users = range(facts.n)
    data = {"under": {r: {above: True for above in facts.graph.ancestors(r)} for r in facts.resources()},
            "views": {f"user_{u}": f"view_user_{u}" for u in users},
            "public": {f"document_{d}": True for d in range(facts.n) if facts.public[d]},
            "owned": {f"user_{u}": facts.owned(u) for u in users},
            "documents": {f"user_{u}": {f"document_{d}": True for d in facts.documents[u]} for u in users},
            "folders": {f"user_{u}": {f"folder_{f}": True for f in facts.folders[u]} for u in users}}
    return REGO, data, [{"user": f"user_{u}", "action": a, "resource": r} for u, a, r in requests]


def make(n, seed=42):
    return application(f"gdrive-{n}", Facts(n, seed), seed, decide, {"folded": folded, "carried": lambda facts: CARRIED}, events, cedar, rego)
