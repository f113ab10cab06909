/*
 * hospital.c - the hospital of SAPL's public benchmark: 33 N + 5 policies for N departments.
 *
 *     hospital [--json FILE] [--optimised] [--departments N]… [--write N]
 *
 * For each department one permit for each role and type of resource, and one deny; five permits for
 * a role that nobody has. A request is a subject (id, role, clearance), an action and a resource
 * (type, department, sensitivity); the default is deny. Policies, facts and requests are those of
 * the published scenario, from the same generator of random numbers (java.util.Random), so the
 * number of permits among its 500 requests must be the published one before anything is timed.
 *
 * Who belongs to a department is static there, and folded when the policy is loaded; here it is a
 * set of the policy, `subject under dept_3` is `user.id in dept_3`. What is timed: the compiled
 * rules alone on a request that is read already (the published figure is of this kind), the whole
 * decision from typed setters, and the same rules as a tree walk, one after another. --write prints
 * the policy.
 */
#include "tests/bench/ready.h"

enum { REQUESTS = 500, STAFF = 5, ROLES = 9, SEED = 42 };

static const char *const roles[ROLES + 1] = {"attending",  "resident", "nurse",   "lab_tech",
                                             "pharmacist", "admin",    "billing", "auditor",
                                             "researcher", "emergency"};
static const int clearances[ROLES] = {4, 3, 3, 2, 3, 2, 2, 4, 1};

typedef struct grant {
    const char *type, *actions;
} grant;

static const grant grants[ROLES][7] = {
    {{"PatientRecord", "read, write, create"},
     {"LabResult", "read, order"},
     {"Prescription", "read, write, prescribe"},
     {"Imaging", "read, order"},
     {"CareNote", "read, write, create"},
     {"Referral", "read, write, create"}},
    {{"PatientRecord", "read, write"},
     {"LabResult", "read"},
     {"Prescription", "read"},
     {"Imaging", "read, order"},
     {"CareNote", "read, write, create"},
     {"Referral", "read, create"}},
    {{"PatientRecord", "read, write"},
     {"LabResult", "read"},
     {"Prescription", "read"},
     {"CareNote", "read, write, create"},
     {"Schedule", "read, write"}},
    {{"LabResult", "read, write, create"}, {"Imaging", "read, write, create"}},
    {{"Prescription", "read, write, approve"}, {"PatientRecord", "read"}},
    {{"Schedule", "read, write, create, delete"},
     {"BillingRecord", "read, write"},
     {"AuditLog", "read"}},
    {{"BillingRecord", "read, write, create, bill"}, {"PatientRecord", "read"}},
    {{"AuditLog", "read, write, create, audit"},
     {"PatientRecord", "read"},
     {"BillingRecord", "read"}},
    {{"PatientRecord", "read"}, {"LabResult", "read"}, {"Imaging", "read"}},
};

static const char *const asked_actions[18] = {
    "read",  "read",   "read",   "read",  "read",      "read",    "read", "write", "write",
    "write", "create", "create", "order", "prescribe", "approve", "bill", "audit", "delete"};
static const char *const asked_types[13] = {
    "PatientRecord", "PatientRecord", "PatientRecord", "LabResult", "LabResult",
    "CareNote",      "CareNote",      "Prescription",  "Imaging",   "Schedule",
    "BillingRecord", "AuditLog",      "Referral"};

/* ---- java.util.Random ------------------------------------------------------------------------ */

static uint64_t java_state;

static void java_seed(uint64_t seed)
{
    java_state = (seed ^ UINT64_C(0x5DEECE66D)) & ((UINT64_C(1) << 48) - 1);
}

static uint32_t java_next(int bits)
{
    java_state = (java_state * UINT64_C(0x5DEECE66D) + 11) & ((UINT64_C(1) << 48) - 1);
    return (uint32_t)(java_state >> (48 - bits));
}

static uint32_t java_int(uint32_t bound)
{
    if ((bound & (bound - 1)) == 0)
        return (uint32_t)(((uint64_t)bound * java_next(31)) >> 31);
    for (;;) {
        const uint32_t drawn = java_next(31), value = drawn % bound;
        if ((uint64_t)drawn - value + bound - 1 < UINT64_C(1) << 31)
            return value;
    }
}

static double java_double(void)
{
    const uint64_t high = java_next(26);
    return (double)((high << 27) + java_next(27)) / (double)(UINT64_C(1) << 53);
}

/* ---- facts ----------------------------------------------------------------------------------- */

typedef struct hospital {
    uint32_t departments;
    uint32_t *role_of; /* by staff */
    bool *belongs;     /* staff * departments + department */
} hospital;

static hospital make_facts(uint32_t departments)
{
    const uint32_t staff_count = departments * STAFF;
    hospital made = {departments, allocated(staff_count, sizeof(uint32_t)),
                     allocated((size_t)staff_count * departments, sizeof(bool))};
    java_seed(SEED);
    for (uint32_t staff = 0; staff < staff_count; staff++) {
        bool *in = &made.belongs[(size_t)staff * departments];
        made.role_of[staff] = java_int(ROLES);
        java_int(2); /* the team: it is under its department either way */
        in[staff / STAFF] = true;
        for (uint32_t other = 0; other < departments; other++) {
            if (other == staff / STAFF || java_double() >= 0.05)
                continue;
            java_int(2);
            in[other] = true;
        }
    }
    return made;
}

static void write_policy(buffer *text, const hospital *facts)
{
    buffer_text(text,
                "constitution hospital \"1\"\n"
                "enum Role { attending, resident, nurse, lab_tech, pharmacist, admin, billing, "
                "auditor, researcher, emergency }\n"
                "enum Verb { read, write, create, delete, order, prescribe, approve, bill, audit, "
                "override }\n"
                "enum Type { PatientRecord, LabResult, Prescription, Imaging, CareNote, Referral, "
                "Schedule, BillingRecord, AuditLog }\n"
                "context user { id: string, role: Role, clearance: int }\n"
                "tool use(verb: Verb, type: Type, department: string, sensitivity: int) acts\n"
                "default action deny\n");
    for (uint32_t d = 0; d < facts->departments; d++) {
        buffer_format(text, "set dept_%u = {", d);
        const char *comma = " ";
        for (uint32_t s = 0; s < facts->departments * STAFF; s++) {
            if (!facts->belongs[(size_t)s * facts->departments + d])
                continue;
            buffer_format(text, "%s\"staff_%u\"", comma, s);
            comma = ", ";
        }
        buffer_text(text, " }\n");
    }
    for (uint32_t d = 0; d < facts->departments; d++) {
        for (uint32_t r = 0; r < ROLES; r++)
            for (const grant *one = grants[r]; one->type != NULL; one++)
                buffer_format(
                    text,
                    "permit %s_%s_%u on action use when user.role == %s and args.type == %s and "
                    "args.verb in { %s } and args.department == \"dept_%u\" and user.id in "
                    "dept_%u\n",
                    roles[r], one->type, d, roles[r], one->type, one->actions, d, d);
        buffer_format(text,
                      "rule clearance_%u on action use when args.department == \"dept_%u\" and "
                      "args.sensitivity > user.clearance then deny\n",
                      d, d);
    }
    static const char *const urgent[] = {"PatientRecord", "LabResult", "Prescription", "Imaging",
                                         "CareNote"};
    for (int i = 0; i < 5; i++)
        buffer_format(
            text,
            "permit emergency_%s on action use when user.role == emergency and args.type == %s and "
            "args.verb in { read, write, prescribe, override }\n",
            urgent[i], urgent[i]);
}

/* ---- requests -------------------------------------------------------------------------------- */

typedef struct request {
    char user[24], department[24];
    const char *role, *verb, *type;
    int clearance;
    uint32_t sensitivity;
} request;

static void make_requests(const hospital *facts, request *all)
{
    java_seed(SEED + 1000000);
    for (uint32_t i = 0; i < REQUESTS; i++) {
        request *one = &all[i];
        const uint32_t staff = java_int(facts->departments * STAFF), role = facts->role_of[staff];
        one->verb = asked_actions[java_int(18)];
        one->type = asked_types[java_int(13)];
        const bool home = java_double() < 0.8;
        const uint32_t department = home ? staff / STAFF : java_int(facts->departments);
        one->sensitivity = java_double() < 0.7 ? 1 : java_int(4) + 1;
        one->role = roles[role];
        one->clearance = clearances[role];
        snprintf(one->user, sizeof one->user, "staff_%u", staff);
        snprintf(one->department, sizeof one->department, "dept_%u", department);
    }
}

enum { USER_ID, ROLE, CLEARANCE, VERB, TYPE, DEPARTMENT, SENSITIVITY, FIELDS };

static void find_fields(const cst_policy *policy, cst_field *fields)
{
    static const char *const paths[FIELDS] = {"user.id",         "user.role", "user.clearance",
                                              "args.verb",       "args.type", "args.department",
                                              "args.sensitivity"};
    for (int f = 0; f < FIELDS; f++)
        if (cst_policy_field(policy, CST_ACTION, "use", paths[f], &fields[f]) != CST_OK)
            fail("a field is missing");
}

static void decide(cst_context *context, const cst_field *fields, const request *one,
                   cst_decision *decision)
{
    cst_event_begin(context, CST_ACTION, "use");
    cst_event_time(context, 0);
    cst_set_string(context, fields[USER_ID], one->user, strlen(one->user));
    cst_set_string(context, fields[ROLE], one->role, strlen(one->role));
    cst_set_int(context, fields[CLEARANCE], one->clearance);
    cst_set_string(context, fields[VERB], one->verb, strlen(one->verb));
    cst_set_string(context, fields[TYPE], one->type, strlen(one->type));
    cst_set_string(context, fields[DEPARTMENT], one->department, strlen(one->department));
    cst_set_int(context, fields[SENSITIVITY], one->sensitivity);
    cst_decide(context, decision);
}

/* ---- measuring ------------------------------------------------------------------------------- */

static uint32_t published_permits(uint32_t departments)
{
    static const uint32_t known[][2] = {{1, 138}, {5, 76}, {50, 82}, {100, 83}, {300, 83}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i][0] == departments)
            return known[i][1];
    return UINT32_MAX;
}

static volatile uint64_t sink;

static double decision_time(cst_context *context, const cst_field *fields, const request *requests,
                            uint32_t repeats)
{
    uint64_t total = 0;
    cst_decision decision;
    const double start = now();
    for (uint32_t repeat = 0; repeat < repeats; repeat++)
        for (uint32_t i = 0; i < REQUESTS; i++) {
            decide(context, fields, &requests[i], &decision);
            total += decision.verdict;
        }
    sink += total;
    return (now() - start) / ((double)repeats * REQUESTS);
}

static void measure(report *out, const buffer *text, const request *requests, uint32_t departments,
                    const char *name, cst_engine kind, plan_indexing indexing)
{
    const uint32_t rules = departments * 33 + 5;
    const compiled made = compile_text(text, kind, indexing);
    cst_context *context = cst_context_new(made.policy);
    cst_field fields[FIELDS];
    uint32_t permits = 0;
    double samples[2][READY_ROUNDS];
    if (context == NULL)
        fail("no memory");
    find_fields(made.policy, fields);
    ready all = ready_begin(context, REQUESTS);
    for (uint32_t i = 0; i < REQUESTS; i++) {
        cst_decision decision;
        decide(context, fields, &requests[i], &decision);
        if (decision.error_code != NULL)
            fail(decision.error_text);
        permits += decision.verdict == CST_PERMIT;
        ready_add(&all, context);
    }
    const uint32_t known = published_permits(departments);
    printf("  %-10s compiled in %.1f ms, %u permits of %u%s\n", name, made.milliseconds, permits,
           REQUESTS, known == permits ? ", as published" : "");
    if (known != UINT32_MAX && known != permits)
        fail("the published number of permits is another");
    const bool flat = indexing == INDEX_BY_COST;
    const uint32_t repeats = flat ? 20 : 1, rounds = flat ? READY_ROUNDS : 3;
    ready_time(&all, 1);
    for (uint32_t round = 0; round < rounds; round++) {
        samples[0][round] = ready_time(&all, repeats);
        samples[1][round] = decision_time(context, fields, requests, flat ? 4 : 1);
    }
    report_row(out, rules, name, "published", "rules", times_of(samples[0], rounds));
    report_row(out, rules, name, "published", "decision", times_of(samples[1], rounds));
    ready_end(&all, made.policy->image->slot_count);
    cst_context_free(context);
    cst_policy_release(made.policy);
}

static void run(report *out, uint32_t departments, cst_engine native, bool only_write)
{
    static request requests[REQUESTS];
    hospital facts = make_facts(departments);
    buffer text;
    buffer_init(&text, NULL, 0);
    write_policy(&text, &facts);
    make_requests(&facts, requests);
    if (only_write) {
        fwrite(text.bytes, 1, text.length, stdout);
    } else {
        printf("%u departments, %u policies\n", departments, departments * 33 + 5);
        measure(out, &text, requests, departments, "index", native, INDEX_BY_COST);
        measure(out, &text, requests, departments, "straight", native, INDEX_NEVER);
        if (departments <= 50)
            measure(out, &text, requests, departments, "tree walk", CST_ENGINE_REFERENCE,
                    INDEX_NEVER);
    }
    buffer_free(&text);
    free(facts.role_of);
    free(facts.belongs);
}

int main(int argc, char **argv)
{
    uint32_t sizes[16] = {1, 5, 10, 25, 50, 100, 150, 200, 250, 300}, given = 0;
    const char *json = NULL;
    cst_engine native = CST_ENGINE_JIT;
    bool only_write = false;
    for (int i = 1; i < argc; i++) {
        const bool last = i + 1 == argc;
        if (strcmp(argv[i], "--optimised") == 0)
            native = CST_ENGINE_OPTIMISED;
        else if (strcmp(argv[i], "--json") == 0 && !last)
            json = argv[++i];
        else if (strcmp(argv[i], "--departments") == 0 && !last && given < 16)
            sizes[given++] = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--write") == 0 && !last && given < 16) {
            sizes[given++] = (uint32_t)strtoul(argv[++i], NULL, 10);
            only_write = true;
        } else
            fail("usage: hospital [--json FILE] [--optimised] [--departments N]... [--write N]");
    }
    report out;
    report_begin(&out, "hospital", json);
    for (uint32_t i = 0, runs = given > 0 ? given : 10; i < runs; i++)
        run(&out, sizes[i], native, only_write);
    report_end(&out);
    return 0;
}
