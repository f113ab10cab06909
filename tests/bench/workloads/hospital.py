"""hospital-N: 33N+5 policies for N departments, the workload of SAPL's public benchmark for the number of policies.

Facts and requests are drawn in the published order, so that the published counts of permits (500 requests, seed 42) must come out.
The graph (who is under which department) does not change between requests. Every engine gets it at load: ours and SAPL fold it into
the policy, Cedar computes the closure of its entities, Rego gets the closure as data.
"""
from . import Graph, Store, entity, names, uid
from .randoms import JavaRandom

PUBLISHED_PERMITS = {1: 138, 5: 76, 50: 82, 100: 83, 300: 83}
REQUESTS = 500

ACTIONS = ["read", "write", "create", "delete", "order", "prescribe", "approve", "bill", "audit", "override"]
ROLES = [  # name, clearance, what it may do with what
    ("attending", 4, {"PatientRecord": "read write create", "LabResult": "read order", "Prescription": "read write prescribe",
                      "Imaging": "read order", "CareNote": "read write create", "Referral": "read write create"}),
    ("resident", 3, {"PatientRecord": "read write", "LabResult": "read", "Prescription": "read", "Imaging": "read order",
                     "CareNote": "read write create", "Referral": "read create"}),
    ("nurse", 3, {"PatientRecord": "read write", "LabResult": "read", "Prescription": "read", "CareNote": "read write create",
                  "Schedule": "read write"}),
    ("labTech", 2, {"LabResult": "read write create", "Imaging": "read write create"}),
    ("pharmacist", 3, {"Prescription": "read write approve", "PatientRecord": "read"}),
    ("admin", 2, {"Schedule": "read write create delete", "BillingRecord": "read write", "AuditLog": "read"}),
    ("billing", 2, {"BillingRecord": "read write create bill", "PatientRecord": "read"}),
    ("auditor", 4, {"AuditLog": "read write create audit", "PatientRecord": "read", "BillingRecord": "read"}),
    ("researcher", 1, {"PatientRecord": "read", "LabResult": "read", "Imaging": "read"}),
]
TYPES = ["PatientRecord", "LabResult", "Prescription", "Imaging", "CareNote", "Referral", "Schedule", "BillingRecord", "AuditLog"]
DRAWN_ACTIONS = ["read"] * 7 + ["write"] * 3 + ["create"] * 2 + ["order", "prescribe", "approve", "bill", "audit", "delete"]
DRAWN_TYPES = (["PatientRecord"] * 3 + ["LabResult"] * 2 + ["CareNote"] * 2 +
               ["Prescription", "Imaging", "Schedule", "BillingRecord", "AuditLog", "Referral"])
EMERGENCY_TYPES = ["PatientRecord", "LabResult", "Prescription", "Imaging", "CareNote"]
EMERGENCY_ACTIONS = ["read", "write", "prescribe", "override"]


class Facts:
    def __init__(self, departments, seed):
        draw = JavaRandom(seed)
        self.departments = departments
        self.graph = Graph()
        self.staff = []  # role, home department
        for d in range(departments):
            self.graph.add(f"dept_{d}")
            for team in (2 * d, 2 * d + 1):
                self.graph.add(f"team_{team}", f"dept_{d}")
        for d in range(departments):
            for _ in range(5):
                name = f"staff_{len(self.staff)}"
                role = draw.int(9)
                self.graph.add(name, f"team_{2 * d + draw.int(2)}")
                for other in range(departments):
                    if other != d and draw.edge():
                        self.graph.add(name, f"team_{2 * other + draw.int(2)}")
                self.staff.append((role, d))

    def requests(self, seed):
        draw = JavaRandom(seed + 1000000)
        for _ in range(REQUESTS):
            staff = draw.int(5 * self.departments)
            action = DRAWN_ACTIONS[draw.int(18)]
            kind = DRAWN_TYPES[draw.int(13)]
            department = self.staff[staff][1] if draw.double() < 0.8 else draw.int(self.departments)
            sensitivity = 1 if draw.double() < 0.7 else draw.int(4) + 1
            yield staff, action, kind, department, sensitivity


def decide(facts, request):
    """The rules as written, with no regard to time."""
    staff, action, kind, department, sensitivity = request
    role, clearance, may = ROLES[facts.staff[staff][0]]
    if sensitivity > clearance:
        return False
    if role == "emergency":
        return kind in EMERGENCY_TYPES and action in EMERGENCY_ACTIONS
    return action in may.get(kind, "").split() and facts.graph.under(f"staff_{staff}", f"dept_{department}")


def members(facts):
    """For each department, the staff under it."""
    under = [[] for _ in range(facts.departments)]
    for staff in range(len(facts.staff)):
        for ancestor in facts.graph.ancestors(f"staff_{staff}"):
            if ancestor.startswith("dept_"):
                under[int(ancestor[5:])].append(staff)
    return [sorted(found) for found in under]


def our_policy(facts):
    roles = [role for role, _, _ in ROLES] + ["emergency"]
    out = ['constitution hospital "1"', f"enum Role {{ {', '.join(roles)} }}", f"enum Type {{ {', '.join(TYPES)} }}",
           f"enum Department {{ {', '.join(f'dept_{d}' for d in range(facts.departments))} }}",
           "context user { id: string, role: Role, clearance: int }",
           f"tool {', '.join(ACTIONS)}(type: Type, department: Department, sensitivity: int) record", "default action deny"]
    for d, found in enumerate(members(facts)):
        out.append(f"set staff_of_{d} = {names(f'staff_{staff}' for staff in found)}")
        for role, _, may in ROLES:
            for kind, actions in may.items():
                out.append(f"permit {role}_{kind}_{d} on action {' or '.join(actions.split())} when user.role == {role} and "
                           f"args.type == {kind} and args.department == dept_{d} and user.id in staff_of_{d}")
        out.append(f"rule clearance_{d} on action tagged record when args.department == dept_{d} and args.sensitivity > user.clearance "
                   "then deny")
    for kind in EMERGENCY_TYPES:
        out.append(f"permit emergency_{kind} on action {' or '.join(EMERGENCY_ACTIONS)} when user.role == emergency and args.type == {kind}")
    return "\n".join(out) + "\n"


def our_event(facts, request):
    staff, action, kind, department, sensitivity = request
    role, clearance, _ = ROLES[facts.staff[staff][0]]
    return {"stage": "action", "time": "2026-01-01T00:00:00Z", "tool": action, "user": {"id": f"staff_{staff}", "role": role, "clearance": clearance},
            "args": {"type": kind, "department": f"dept_{department}", "sensitivity": sensitivity}}


def resource_of(request):
    _, _, kind, department, sensitivity = request
    return f"{kind}-{department}-{sensitivity}"


def cedar(facts, requests):
    """Everything that a scope can say stands in the scope, which Cedar tests first."""
    out = []
    for d in range(facts.departments):
        for role, _, may in ROLES:
            for kind, actions in may.items():
                listed = ", ".join(uid("Action", action) for action in actions.split())
                wanted = f"action in [{listed}]" if " " in actions else f"action == {listed}"
                out.append(f'permit(principal in {uid("Department", f"dept_{d}")}, {wanted}, resource is {kind} in '
                           f'{uid("Department", f"dept_{d}")}) when {{ principal.role == "{role}" }};')
        out.append(f'forbid(principal, action, resource in {uid("Department", f"dept_{d}")}) when '
                   '{ resource.sensitivity > principal.clearance };')
    for kind in EMERGENCY_TYPES:
        listed = ", ".join(uid("Action", action) for action in EMERGENCY_ACTIONS)
        out.append(f'permit(principal, action in [{listed}], resource is {kind}) when {{ principal.role == "emergency" }};')
    entities = []
    for node, parents in facts.graph.parents.items():
        kind = {"dept": "Department", "team": "Team", "staff": "Staff"}[node.split("_")[0]]
        above = [("Department" if parent.startswith("dept") else "Team", parent) for parent in parents]
        attributes = {}
        if kind == "Staff":
            role, clearance, _ = ROLES[facts.staff[int(node[6:])][0]]
            attributes = {"role": role, "clearance": clearance}
        entities.append(entity(kind, node, above, **attributes))
    entities += [entity("Action", action) for action in ACTIONS]
    asked = {resource_of(request): request for request in requests}
    entities += [entity(kind, name, [("Department", f"dept_{d}")], sensitivity=sensitivity)
                 for name, (_, _, kind, d, sensitivity) in asked.items()]
    return ("\n".join(out) + "\n", entities,
            [(uid("Staff", f"staff_{r[0]}"), uid("Action", r[1]), uid(r[2], resource_of(r))) for r in requests])


def rego(facts, requests):
    """Equalities first, in the form that OPA's rule index takes; the closure is data."""
    out = ["package bench", "import rego.v1", "default allow := false", "default permitted := false", "default denied := false",
           "allow if { permitted; not denied }"]
    for d in range(facts.departments):
        for role, _, may in ROLES:
            for kind, actions in may.items():
                listed = ", ".join(f'"{action}"' for action in actions.split())
                out.append(f'permitted if {{ input.department == "dept_{d}"; input.role == "{role}"; input.type == "{kind}"; '
                           f'input.action in {{{listed}}}; data.members.dept_{d}[input.id] }}')
        out.append(f'denied if {{ input.department == "dept_{d}"; input.sensitivity > input.clearance }}')
    for kind in EMERGENCY_TYPES:
        listed = ", ".join(f'"{action}"' for action in EMERGENCY_ACTIONS)
        out.append(f'permitted if {{ input.role == "emergency"; input.type == "{kind}"; input.action in {{{listed}}} }}')
    data = {"members": {f"dept_{d}": {f"staff_{staff}": True for staff in found} for d, found in enumerate(members(facts))}}
    inputs = []
    for staff, action, kind, department, sensitivity in requests:
        role, clearance, _ = ROLES[facts.staff[staff][0]]
        inputs.append({"id": f"staff_{staff}", "role": role, "clearance": clearance, "action": action, "type": kind,
                       "department": f"dept_{department}", "sensitivity": sensitivity})
    return "\n".join(out) + "\n", data, inputs


def make(departments, seed=42):
    facts = Facts(departments, seed)
    requests = list(facts.requests(seed))
    store = Store(f"hospital-{departments}")
    store.expected = [decide(facts, request) for request in requests]
    store.policies["folded"] = our_policy(facts)
    store.events["folded"] = [our_event(facts, request) for request in requests]
    store.cedar = cedar(facts, requests)
    store.rego = rego(facts, requests)
    store.facts = {"policies": 33 * departments + 5, "permits": sum(store.expected)}
    return store
