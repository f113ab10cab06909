/*
 * rules_index.c - the price of a decision as rules of the same kind become many.
 *
 *     rules_index [--json FILE] [--optimised] [--index-only] [--rules N]…
 *
 * All rules are about one tool, so that nothing but the index can tell them apart. They come in
 * five kinds: one account and a role, a few merchants and a country, a folder, a narrow range of
 * amounts, one user; each with conditions beside it that many share. How many accounts, merchants,
 * folders, amounts and users there are grows with the rules, as it does where rules are written for
 * each of them. Random requests draw from the same values; those without a match are about names
 * and amounts that no rule knows.
 *
 * Three engines on the same policy: the index, the same code without it (one run through all
 * rules), and the reference evaluator, which walks the conditions as trees, rule by rule. They must
 * name the same number of rules for every request before anything is timed. What is timed: the
 * compiled rules alone on values that stand ready, and the whole decision from typed setters. Seeds
 * are fixed. `--index-only` leaves out the other two, which need minutes for a hundred thousand
 * rules.
 */
#include "tests/bench/ready.h"

enum { REQUESTS = 2048, ROLES = 4, COUNTRIES = 8 };

static const char *const roles[ROLES] = {"guest", "member", "staff", "owner"};
static const char *const countries[COUNTRIES] = {"de", "fr", "us", "gb", "in", "br", "jp", "za"};

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % bound);
}

/* ---- the policy ------------------------------------------------------------------------------ */

static uint32_t domain_of(uint32_t rules)
{
    return rules / 5 + 1;
}

static void write_rule(buffer *text, uint32_t number, uint32_t rules)
{
    const uint32_t domain = domain_of(rules), one = random_below(domain),
                   two = random_below(domain);
    const uint32_t small = random_below(1000), level = random_below(10);
    const char *role = roles[random_below(ROLES)], *country = countries[random_below(COUNTRIES)];
    buffer_format(text, "rule r%u on action pay when ", number);
    switch (number % 5) {
    case 0:
        buffer_format(text,
                      "args.account == \"account-%u\" and user.role == %s and args.amount > %u.5",
                      one, role, small);
        break;
    case 1:
        buffer_format(
            text,
            "args.merchant in { \"merchant-%u\", \"merchant-%u\" } and args.country == \"%s\"", one,
            two, country);
        break;
    case 2:
        buffer_format(text, "args.path inside \"/srv/team-%u\" and user.role != %s", one, role);
        break;
    case 3:
        buffer_format(text, "args.amount >= %u.0 and args.amount < %u.0 and args.urgent", one * 10,
                      one * 10 + 15);
        break;
    default:
        buffer_format(text, "user.id == \"user-%u\" and user.level < %u and not args.urgent", one,
                      level);
    }
    buffer_text(text, " then deny\n");
}

static void write_policy(buffer *text, uint32_t rules)
{
    random_state = 88172645463325252u;
    buffer_text(text, "constitution bench \"1\"\nenum Role { guest, member, staff, owner }\n"
                      "context user { id: string, role: Role, level: int }\n"
                      "tool pay(account: string, merchant: string, path: path, country: string, "
                      "amount: decimal, urgent: bool) acts\n");
    for (uint32_t i = 0; i < rules; i++)
        write_rule(text, i, rules);
}

/* ---- requests -------------------------------------------------------------------------------- */

typedef struct request {
    char account[24], merchant[24], path[48], user[24];
    const char *country, *role;
    int64_t amount, level;
    bool urgent;
} request;

static void make_requests(request *all, uint32_t rules, bool match)
{
    const uint32_t domain = domain_of(rules);
    const char *none = match ? "" : "x";
    random_state = 1181783497276652981u;
    for (uint32_t i = 0; i < REQUESTS; i++) {
        request *one = &all[i];
        snprintf(one->account, sizeof one->account, "account-%s%u", none, random_below(domain));
        snprintf(one->merchant, sizeof one->merchant, "merchant-%s%u", none, random_below(domain));
        snprintf(one->path, sizeof one->path, "/srv/team-%s%u/a/b", none, random_below(domain));
        snprintf(one->user, sizeof one->user, "user-%s%u", none, random_below(domain));
        one->amount =
            ((int64_t)random_below(domain * 10) + (match ? 0 : INT64_C(100000000))) * 1000000;
        one->country = countries[random_below(COUNTRIES)];
        one->role = roles[random_below(ROLES)];
        one->level = random_below(10);
        one->urgent = random_below(2) == 1;
    }
}

enum { ACCOUNT, MERCHANT, PATH, COUNTRY, AMOUNT, URGENT, USER_ID, ROLE, LEVEL, FIELDS };

static void find_fields(const cst_policy *policy, cst_field *fields)
{
    static const char *const paths[FIELDS] = {"args.account", "args.merchant", "args.path",
                                              "args.country", "args.amount",   "args.urgent",
                                              "user.id",      "user.role",     "user.level"};
    for (int f = 0; f < FIELDS; f++)
        if (cst_policy_field(policy, CST_ACTION, "pay", paths[f], &fields[f]) != CST_OK)
            fields[f] = CST_FIELD_NONE;
}

static void decide(cst_context *context, const cst_field *fields, const request *one,
                   cst_decision *decision)
{
    cst_event_begin(context, CST_ACTION, "pay");
    cst_event_time(context, 0);
    cst_set_string(context, fields[ACCOUNT], one->account, strlen(one->account));
    cst_set_string(context, fields[MERCHANT], one->merchant, strlen(one->merchant));
    cst_set_string(context, fields[PATH], one->path, strlen(one->path));
    cst_set_string(context, fields[COUNTRY], one->country, 2);
    cst_set_decimal(context, fields[AMOUNT], one->amount);
    cst_set_bool(context, fields[URGENT], one->urgent);
    cst_set_string(context, fields[USER_ID], one->user, strlen(one->user));
    cst_set_string(context, fields[ROLE], one->role, strlen(one->role));
    cst_set_int(context, fields[LEVEL], one->level);
    cst_decide(context, decision);
}

/* ---- measuring ------------------------------------------------------------------------------- */

typedef struct engine {
    const char *name;
    cst_engine kind;
    plan_indexing indexing;
    compiled made;
    cst_context *context;
    cst_field fields[FIELDS];
} engine;

static volatile uint64_t sink;

static double decision_time(const engine *one, const request *requests, uint32_t count)
{
    uint64_t total = 0;
    cst_decision decision;
    const double start = now();
    for (uint32_t i = 0; i < count; i++) {
        decide(one->context, one->fields, &requests[i], &decision);
        total += decision.rule_count;
    }
    sink += total;
    return (now() - start) / count;
}

static void check(const engine *engines, uint32_t engine_count, const request *requests,
                  uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t fired = 0;
        for (uint32_t e = 0; e < engine_count; e++) {
            cst_decision decision;
            decide(engines[e].context, engines[e].fields, &requests[i], &decision);
            if (decision.error_code != NULL)
                fail(decision.error_text);
            if (e > 0 && decision.rule_count != fired)
                fail("the engines name different rules");
            fired = decision.rule_count;
        }
    }
}

static void measure(report *out, const engine *one, const request *requests, const char *kind,
                    uint32_t rules)
{
    /* the others need time for every rule: fewer requests will do */
    const bool flat = one->indexing == INDEX_BY_COST || rules <= 100;
    const uint32_t count = flat ? REQUESTS : rules <= 1000 ? 256 : rules <= 10000 ? 64 : 16;
    double samples[2][READY_ROUNDS];
    ready all = ready_begin(one->context, count);
    for (uint32_t i = 0; i < count; i++) {
        cst_decision decision;
        decide(one->context, one->fields, &requests[i], &decision);
        ready_add(&all, one->context);
    }
    const uint32_t repeats = flat ? 8 : 1, rounds = flat ? READY_ROUNDS : 5;
    ready_time(&all, 1);
    for (uint32_t round = 0; round < rounds; round++) {
        samples[0][round] = ready_time(&all, repeats);
        samples[1][round] = decision_time(one, requests, count);
    }
    report_row(out, rules, one->name, kind, "rules", times_of(samples[0], rounds));
    report_row(out, rules, one->name, kind, "decision", times_of(samples[1], rounds));
    printf("  %-10s %-9s fired %.2f rules a request\n", one->name, kind, (double)all.hits / count);
    ready_end(&all, one->context->policy->image->slot_count);
}

static void run(report *out, uint32_t rules, cst_engine native, bool index_only)
{
    engine engines[] = {{"index", native, INDEX_BY_COST, {0}, NULL, {0}},
                        {"straight", native, INDEX_NEVER, {0}, NULL, {0}},
                        {"tree walk", CST_ENGINE_REFERENCE, INDEX_NEVER, {0}, NULL, {0}}};
    const uint32_t engine_count = index_only ? 1 : sizeof engines / sizeof *engines;
    request *random = allocated(REQUESTS, sizeof *random),
            *none = allocated(REQUESTS, sizeof *none);
    buffer text;
    buffer_init(&text, NULL, 0);
    write_policy(&text, rules);
    make_requests(random, rules, true);
    make_requests(none, rules, false);
    printf("%u rules\n", rules);
    for (uint32_t e = 0; e < engine_count; e++) {
        engines[e].made = compile_text(&text, engines[e].kind, engines[e].indexing);
        engines[e].context = cst_context_new(engines[e].made.policy);
        if (engines[e].context == NULL)
            fail("no memory");
        find_fields(engines[e].made.policy, engines[e].fields);
        printf("  %-10s compiled in %.1f ms\n", engines[e].name, engines[e].made.milliseconds);
    }
    const uint32_t checked = rules <= 1000 ? 512 : rules <= 10000 ? 128 : 32;
    check(engines, index_only ? 1 : 2, random, REQUESTS);
    check(engines, engine_count, random, checked);
    check(engines, engine_count, none, checked);
    for (uint32_t e = 0; e < engine_count; e++) {
        measure(out, &engines[e], random, "random", rules);
        measure(out, &engines[e], none, "no match", rules);
        cst_context_free(engines[e].context);
        cst_policy_release(engines[e].made.policy);
    }
    buffer_free(&text);
    free(random);
    free(none);
}

int main(int argc, char **argv)
{
    uint32_t sizes[16] = {10, 100, 1000, 10000, 100000}, given = 0;
    const char *json = NULL;
    bool index_only = false;
    cst_engine native = CST_ENGINE_JIT;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--optimised") == 0)
            native = CST_ENGINE_OPTIMISED;
        else if (strcmp(argv[i], "--index-only") == 0)
            index_only = true;
        else if (strcmp(argv[i], "--json") == 0 && i + 1 < argc)
            json = argv[++i];
        else if (strcmp(argv[i], "--rules") == 0 && i + 1 < argc && given < 16)
            sizes[given++] = (uint32_t)strtoul(argv[++i], NULL, 10);
        else
            fail("usage: rules_index [--json FILE] [--optimised] [--index-only] [--rules N]...");
    }
    report out;
    report_begin(&out, "rules_index", json);
    for (uint32_t i = 0, runs = given > 0 ? given : 5; i < runs; i++)
        run(&out, sizes[i], native, index_only);
    report_end(&out);
    return 0;
}
