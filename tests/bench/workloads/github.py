"""github: repositories, teams and organisations, the second application of Cedar's OOPSLA'24 paper, as SAPL's port draws it.

The five actions form a chain: who may do one may do those below it. n users, teams, repositories and organisations.
"""
from . import Graph, application, entity, names, reference, uid
from .randoms import JavaRandom

PUBLISHED_PERMITS = {10: 48, 100: 306}
ACTIONS = ["read", "triage", "write", "maintain", "admin"]  # each includes those before it
REPOSITORY = ["readers", "triagers", "writers", "maintainers", "admins"]
ORGANISATION = ["readers", "writers", "admins"]
LEVEL = dict(zip(REPOSITORY, ACTIONS))
REQUESTS = 500


class Facts:
    def __init__(self, n, seed):
        draw = JavaRandom(seed)
        self.n = n
        self.graph = Graph()
        for org in range(n):
            self.graph.add(f"org_{org}")
            for other in range(n):
                if draw.edge():
                    self.graph.add(f"org_{org}", f"org_{other}_{ORGANISATION[draw.int(3)]}")
        self.owners = [draw.int(n) for _ in range(n)]
        for team in range(n):
            self.graph.add(f"team_{team}")
            for other in range(team):
                if draw.edge():
                    self.graph.add(f"team_{team}", f"team_{other}")
            self._repositories(draw, f"team_{team}")
        for user in range(n):
            name = f"user_{user}"
            self.graph.add(name)
            self._repositories(draw, name)
            for team in range(n):
                if draw.edge():
                    self.graph.add(name, f"team_{team}")
            for org in range(n):
                if draw.edge():
                    self.graph.add(name, f"org_{org}")
                if draw.edge():
                    self.graph.add(name, f"org_{org}_{ORGANISATION[draw.int(3)]}")

    def _repositories(self, draw, node):
        for repo in range(self.n):
            if draw.edge():
                self.graph.add(node, f"repo_{repo}_{REPOSITORY[draw.int(5)]}")

    def requests(self, seed):
        draw = JavaRandom(seed + 1000000)
        yield 0, "read", None
        for _ in range(REQUESTS - 1):
            user, action = draw.int(self.n), ACTIONS[draw.int(5)]
            yield user, action, draw.int(self.n)


def covered(permission):
    """The actions that a permission gives."""
    return ACTIONS[:ACTIONS.index(LEVEL[permission]) + 1]


def decide(facts, request):
    user, action, repo = request
    if repo is None:
        return False
    holders = ([(f"repo_{repo}_{p}", p) for p in REPOSITORY] + [(f"org_{facts.owners[repo]}_{p}", p) for p in ORGANISATION])
    return any(action in covered(p) and facts.graph.under(f"user_{user}", holder) for holder, p in holders)


def folded(facts):
    """The graph as sets in the policy: eight rules, one permit each for every repository or organisation."""
    out = ['constitution github "1"', "context user { id: string }", f"tool {', '.join(ACTIONS)}(repo: string) code", "default action deny"]
    holders = {}
    for user in range(facts.n):
        for above in facts.graph.ancestors(f"user_{user}"):
            holders.setdefault(above, []).append(f"user_{user}")
    for i in range(facts.n):
        owned = [f"repo_{repo}" for repo in range(facts.n) if facts.owners[repo] == i]
        if owned:
            out.append(f"set owned_by_{i} = {names(owned)}")
        for kind, permissions in (("repo", REPOSITORY), ("org", ORGANISATION)):
            for permission in permissions:
                held = holders.get(f"{kind}_{i}_{permission}")
                if not held or (kind == "org" and not owned):
                    continue
                where = f'args.repo == "repo_{i}"' if kind == "repo" else f"args.repo in owned_by_{i}"
                out.append(f"set {kind}_{permission}_{i} = {names(held)}")
                out.append(f"permit by_{kind}_{permission}_{i} on action {' or '.join(covered(permission))} "
                           f"when {where} and user.id in {kind}_{permission}_{i}")
    return "\n".join(out) + "\n"


def _carried():
    fields = [f"{p}: string" for p in REPOSITORY] + [f"owner_{p}: string" for p in ORGANISATION]
    out = ['constitution github "1"', "context user { id: string, under: list<string> }",
           f"tool {', '.join(ACTIONS)}(repo: string, {', '.join(fields)}) code", "default action deny"]
    for field, permission in [(p, p) for p in REPOSITORY] + [(f"owner_{p}", p) for p in ORGANISATION]:
        out.append(f"permit by_{field} on action {' or '.join(covered(permission))} when args.{field} in user.under")
    return "\n".join(out) + "\n"


CARRIED = _carried()


def events(facts, requests, carried):
    for user, action, repo in requests:
        event = {"stage": "action", "time": "2026-01-01T00:00:00Z", "tool": action, "user": {"id": f"user_{user}"},
                 "args": {"repo": "repo_none" if repo is None else f"repo_{repo}"}}
        if carried:
            event["user"]["under"] = facts.graph.ancestors(f"user_{user}")
            for p in REPOSITORY:
                event["args"][p] = "" if repo is None else f"repo_{repo}_{p}"
            for p in ORGANISATION:
                event["args"][f"owner_{p}"] = "" if repo is None else f"org_{facts.owners[repo]}_{p}"
        yield event


CEDAR = "".join(f'permit(principal, action in Action::"{LEVEL[p]}", resource) when {{ principal in resource{owner}.{p} }};\n'
                for owner, permissions in (("", REPOSITORY), (".owner", ORGANISATION)) for p in permissions)


def kind_of(node):
    parts = node.split("_")
    kind = {"org": "Organisation", "repo": "Repository", "team": "Team", "user": "User"}[parts[0]]
    return kind + "Permission" if len(parts) == 3 else kind


def cedar(facts, requests):
    entities = [entity("Action", action, [("Action", above) for above in ACTIONS[i + 1:i + 2]]) for i, action in enumerate(ACTIONS)]
    for node, parents in facts.graph.parents.items():
        attributes = {}
        if kind_of(node) == "Organisation":
            attributes = {p: reference("OrganisationPermission", f"{node}_{p}") for p in ORGANISATION}
            entities += [entity("OrganisationPermission", f"{node}_{p}") for p in ORGANISATION]
        entities.append(entity(kind_of(node), node, [(kind_of(parent), parent) for parent in dict.fromkeys(parents)], **attributes))
    for repo, owner in enumerate(facts.owners):
        permissions = {p: reference("RepositoryPermission", f"repo_{repo}_{p}") for p in REPOSITORY}
        entities += [entity("RepositoryPermission", f"repo_{repo}_{p}") for p in REPOSITORY]
        entities.append(entity("Repository", f"repo_{repo}", owner=reference("Organisation", f"org_{owner}"), **permissions))
    return CEDAR, entities, [(uid("User", f"user_{u}"), uid("Action", a), uid("Repository", "repo_none" if r is None else f"repo_{r}"))
                             for u, a, r in requests]


REGO = 'package bench\nimport rego.v1\ndefault allow := false\n' + "".join(
    f'allow if {{ input.action in {{{", ".join(f"{chr(34)}{a}{chr(34)}" for a in covered(p))}}}; '
    f'data.under[input.user][data.repositories[input.repo].{prefix}{p}] }}\n'
    for prefix, permissions in (("", REPOSITORY), ("owner_", ORGANISATION)) for p in permissions)


def rego(facts, requests):
    repositories = {f"repo_{r}": {p: f"repo_{r}_{p}" for p in REPOSITORY} | {f"owner_{p}": f"org_{owner}_{p}" for p in ORGANISATION}
                    for r, owner in enumerate(facts.owners)}
    under = {f"user_{u}": {above: True for above in facts.graph.ancestors(f"user_{u}")} for u in range(facts.n)}
    return REGO, {"repositories": repositories, "under": under}, [
        {"user": f"user_{u}", "action": a, "repo": "repo_none" if r is None else f"repo_{r}"} for u, a, r in requests]


def make(n, seed=42):
    return application(f"github-{n}", Facts(n, seed), seed, decide, {"folded": folded, "carried": lambda facts: CARRIED}, events, cedar, rego)
