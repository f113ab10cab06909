/*
 * large.c - policies with very many rules: the index against no index against the reference
 * evaluator.
 *
 *     large [SEED [RULES [EVENTS]]]
 *
 * Rules about one tool, at two layers, that share predicates, need one of several values, a range,
 * a prefix, a member of a set; some with absent fields behind guards, with arithmetic that
 * overflows, with quantifiers, messages, redactions and labels; permits, waivers and rules in
 * shadow among them. Every event is decided by four: the reference evaluator, native code without
 * an index, with the index that the planner finds worth having, and with one wherever rules can be
 * told apart. The whole decision as JSON must be the same. A run in which something never happened
 * fails, so that the generator cannot quietly stop testing it.
 *
 * ctest runs some hundred rules; by hand, `large 1 10000 200` and `large 1 100000 20`.
 */
#include <constitution/compiler.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/driver/driver.h"
#include "compiler/plan.h"
#include "runtime/base/buffer.h"

enum { ENGINES = 4 };

static uint64_t random_state;

static uint32_t below(uint32_t bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % bound);
}

static const char *const colours[] = {"red", "green", "blue", "black"};

/* ---- the policy ------------------------------------------------------------------------------ */

/* One condition; `wide`: how many names and numbers there are. */
static void write_test(buffer *out, uint32_t wide)
{
    const uint32_t a = below(wide), b = below(wide), low = below(wide * 4);
    switch (below(18)) {
    case 0:
    case 1: buffer_format(out, "args.account == \"account-%u\"", a); return;
    case 2:
        buffer_format(out, "args.account in { \"account-%u\", \"account-%u\", \"account-%u\" }", a,
                      b, below(wide));
        return;
    case 3: buffer_format(out, "args.path inside \"/srv/team-%u\"", a); return;
    case 4: buffer_format(out, "args.name starts with \"n%u\"", a % 100); return;
    case 5:
        buffer_format(out, "(args.amount >= %u and args.amount < %u)", low, low + 1 + below(40));
        return;
    case 6: buffer_format(out, "args.amount %s %u", below(2) ? ">" : "<=", low); return;
    case 7:
        buffer_format(out, "user.colour %s %s", below(2) ? "==" : "!=", colours[below(4)]);
        return;
    case 8: buffer_format(out, "%s in many", below(2) ? "args.name" : "not args.account"); return;
    case 9: buffer_format(out, "%sargs.urgent", below(2) ? "" : "not "); return;
    case 10:
        buffer_format(out, "(args.note is present and args.note == \"note-%u\")", a % 50);
        return;
    case 11: buffer_format(out, "(args.level else %u) == %u", b % 9, a % 9); return;
    case 12: buffer_format(out, "args.amount + user.bonus > %u", low); return;
    case 13: buffer_format(out, "any x in args.list satisfies x == \"item-%u\"", a % 60); return;
    case 14:
        buffer_format(out, "(args.account == \"account-%u\" or args.amount == %u)", a, low);
        return;
    case 15: buffer_format(out, "args.mail.domain == \"d%u.test\"", a % 40); return;
    case 16:
        buffer_format(out, "args.amount in { %u, %u, %u, %u, %u, %u }", low, low + 1, low + 5,
                      low + 9, low + 13, a);
        return;
    default: buffer_format(out, "args.name contains \"word%u\"", a % 30);
    }
}

static void write_condition(buffer *out, uint32_t wide)
{
    const uint32_t count = 1 + below(3);
    const char *junction = below(6) == 0 ? " or " : " and ";
    buffer_text(out, " when ");
    for (uint32_t i = 0; i < count; i++) {
        buffer_text(out, i > 0 ? junction : "");
        buffer_text(out, "(");
        write_test(out, wide);
        buffer_text(out, ")");
    }
}

static void write_rule(buffer *out, uint32_t number, uint32_t wide, bool upper)
{
    static const char *const effects[] = {"deny",
                                          "flag",
                                          "refuse",
                                          "halt",
                                          "require approval from boss",
                                          "label seen",
                                          "deny because \"{args.account} is {user.colour}\""};
    const uint32_t kind = below(16);
    if (kind < 3) {
        buffer_format(out, "permit p%u on action use%s", number, below(4) == 0 ? " in shadow" : "");
        write_condition(out, wide);
        buffer_text(out, "\n");
        return;
    }
    if (kind == 3 && !upper) {
        buffer_format(out, "waive upper.w%u", number % 3);
        write_condition(out, wide);
        buffer_text(out, " because \"so\"\n");
        return;
    }
    buffer_format(out, "rule r%u on action use%s", number, below(5) == 0 ? " in shadow" : "");
    if (kind == 4) {
        buffer_format(out, " when args.name contains \"word%u\" and ", below(30));
        buffer_text(out, "(");
        write_test(out, wide);
        buffer_text(out, ") then redact with \"[{kind}]\"\n");
        return;
    }
    write_condition(out, wide);
    buffer_format(out, " then %s\n",
                  effects[below(100) == 0 ? 3
                          : below(3) == 0 ? 4 + below(3)
                                          : below(3)]);
}

static void write_head(buffer *out, const char *name)
{
    buffer_format(
        out,
        "constitution %s \"1\"\nenum Colour { red, green, blue, black }\napprovals by boss\n"
        "context user { colour: Colour, bonus: int }\n"
        "tool use(account: string, name: string, path: path, amount: int, urgent: bool, note?: "
        "string, level?: int, "
        "list: list<string>(8), mail: email) acts\ndefault action deny\n",
        name);
    buffer_text(out, "set many = { ");
    for (uint32_t i = 0; i < 40; i++)
        buffer_format(out, "%s\"%s-%u\"", i > 0 ? ", " : "", i % 2 ? "account" : "n", i);
    buffer_text(out, " }\n");
}

typedef struct files {
    buffer text, upper;
} files;

static void write_files(files *out, uint32_t rules)
{
    const uint32_t wide = rules / 6 + 8;
    buffer_text(&out->text, "extends \"upper.const\"\n");
    write_head(&out->text, "lower");
    write_head(&out->upper, "upper");
    for (uint32_t i = 0; i < 3; i++)
        buffer_format(&out->upper,
                      "rule w%u on action use waivable when args.amount > %u then deny\n", i,
                      i * wide);
    for (uint32_t i = 0; i < rules; i++)
        write_rule(i % 5 == 0 ? &out->upper : &out->text, i, wide, i % 5 == 0);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void write_event(buffer *out, uint32_t number, uint32_t wide)
{
    static const char *const odd[] = {"9223372036854775807", "-9223372036854775808", "0", "-1"};
    buffer_clear(out);
    buffer_format(out,
                  "{\"stage\":\"action\",\"session\":\"s%u\",\"time\":\"2026-11-23T10:00:00Z\","
                  "\"tool\":\"use\",\"user\":{\"colour\":\"%s\",\"bonus\":%s}",
                  number, colours[below(4)], odd[below(8) == 0 ? below(4) : 2]);
    buffer_format(out,
                  ",\"args\":{\"account\":\"account-%u\",\"name\":\"n%u word%u "
                  "n\",\"path\":\"/srv/team-%u/a\",\"urgent\":%s",
                  below(wide + 2), below(120), below(40), below(wide), below(2) ? "true" : "false");
    if (below(9) == 0)
        buffer_format(out, ",\"amount\":%s", odd[below(4)]);
    else
        buffer_format(out, ",\"amount\":%u", below(wide * 4));
    if (below(2))
        buffer_format(out, ",\"note\":\"note-%u\"", below(60));
    if (below(2))
        buffer_format(out, ",\"level\":%u", below(10));
    buffer_format(out, ",\"list\":[\"item-%u\",\"item-%u\"]", below(70), below(70));
    if (below(20) != 0) /* missing: malformed */
        buffer_format(out, ",\"mail\":\"a@D%u.test\"", below(50));
    buffer_text(out, "}}");
}

/* ---- comparing ------------------------------------------------------------------------------- */

static cst_status read_memory(void *user, const char *path, char **bytes, size_t *length)
{
    const files *all = user;
    if (!strstr(path, "upper.const"))
        return CST_IO;
    *bytes = malloc(all->upper.length + 1);
    if (!*bytes)
        return CST_NO_MEMORY;
    memcpy(*bytes, all->upper.bytes, all->upper.length + 1);
    *length = all->upper.length;
    return CST_OK;
}

static void release_memory(void *user, char *bytes, size_t length)
{
    (void)user, (void)length;
    free(bytes);
}

static void print_error(void *user, const cst_diagnostic *told)
{
    (void)user;
    if (told->error)
        fputs(told->rendered, stderr);
}

static cst_policy *compile(files *all, cst_engine engine, plan_indexing indexing, uint32_t *coded)
{
    cst_compiler_options options = {.size = sizeof options,
                                    .engine = engine,
                                    .diagnostic = print_error,
                                    .read = read_memory,
                                    .release = release_memory,
                                    .read_user = all};
    options.runtime.size = sizeof options.runtime;
    memset(options.runtime.key, 'k', sizeof options.runtime.key);
    const driver_input input = {.path = "large.const",
                                .text = all->text.bytes,
                                .length = all->text.length,
                                .indexing = indexing};
    compilation *unit;
    cst_policy *policy = NULL;
    if (driver_begin(&input, &options, DRIVER_PLAN, &unit) != CST_OK) {
        driver_end(unit);
        return NULL;
    }
    for (uint32_t g = 0; g < unit->plan->group_count; g++) {
        const plan_index *const index = unit->plan->groups[g].index;
        if (index && index->bundle_count)
            *coded += index->bundle_ends[index->bundle_count - 1];
        if (index)
            printf("  %s: %u rules, %u keys, %u bundles, depth %u, expected %" PRIu64
                   " instead of %" PRIu64 "\n",
                   unit->plan->groups[g].label, unit->plan->groups[g].rule_count, index->key_count,
                   index->bundle_count, index->depth, index->expected, index->straight);
    }
    return driver_policy(unit, &options, &policy) == CST_OK ? policy : NULL;
}

int main(int argc, char **argv)
{
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    const uint32_t rules = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 600;
    const uint32_t events = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 400;
    static const plan_indexing indexing[ENGINES] = {INDEX_NEVER, INDEX_NEVER, INDEX_BY_COST,
                                                    INDEX_ALWAYS};
    cst_context *contexts[ENGINES];
    cst_policy *policies[ENGINES];
    files all;
    buffer event;
    uint32_t coded = 0, fired = 0, shadow = 0, undecided = 0, malformed = 0, cut = 0,
             verdicts[9] = {0};
    int differences = 0;
    buffer_init(&all.text, NULL, 0);
    buffer_init(&all.upper, NULL, 0);
    buffer_init(&event, NULL, 0);
    random_state = seed * 2654435761u + 12345u;
    write_files(&all, rules);
    for (int e = 0; e < ENGINES; e++) {
        policies[e] =
            compile(&all, e == 0 ? CST_ENGINE_REFERENCE : CST_ENGINE_JIT, indexing[e], &coded);
        contexts[e] = policies[e] ? cst_context_new(policies[e]) : NULL;
        if (!contexts[e]) {
            fprintf(stderr, "does not compile\n");
            return 1;
        }
    }
    for (uint32_t i = 0; i < events && differences < 3; i++) {
        write_event(&event, i, rules / 6 + 8);
        const char *first = NULL;
        for (int e = 0; e < ENGINES; e++) {
            cst_decision decision;
            const char *json;
            size_t length;
            cst_decide_json(contexts[e], event.bytes, event.length, &decision);
            if (cst_decision_json(&decision, &json, &length) != CST_OK)
                return 1;
            if (e == 0) {
                first = json;
                fired += decision.rule_count;
                shadow += decision.shadow_count;
                malformed += decision.error_code != NULL;
                undecided += strstr(json, "\"undecided\":{") != NULL;
                cut += strstr(json, "\"spans\":[") != NULL;
                verdicts[decision.verdict]++;
            } else if (strcmp(first, json) != 0) {
                differences++;
                fprintf(stderr, "DIFFERENCE of engine %d\n%s\n%s\n%s\n", e, event.bytes, first,
                        json);
            }
        }
    }
    printf("%u rules, %u events: fired %u, in shadow %u, undecided %u, malformed %u, permitted %u; "
           "%d differences\n",
           rules, events, fired, shadow, undecided, malformed,
           verdicts[CST_PERMIT] + verdicts[CST_FLAG], differences);
    const bool seen = fired && shadow && coded && cut &&
                      (events < 100 || (undecided && malformed && verdicts[CST_DENY]));
    if (!seen)
        printf("some outcome never happened: the generator tests too little\n");
    for (int e = 0; e < ENGINES; e++) {
        cst_context_free(contexts[e]);
        cst_policy_release(policies[e]);
    }
    buffer_free(&all.text);
    buffer_free(&all.upper);
    buffer_free(&event);
    return differences > 0 || !seen;
}
