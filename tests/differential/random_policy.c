/*
 * random_policy.c - see random_policy.h. Conditions are written top-down by type: gen_condition
 * picks an operator, gen_value a value of the type that the operator wants. A `place` carries what
 * can be named where the text will stand: the fields of the selector, and the variables of
 * enclosing quantifiers.
 */
#include "tests/differential/random_policy.h"

#include <stdio.h>
#include <string.h>

uint32_t random_below(random_state *random, uint32_t bound)
{
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random->state >> 33) % bound);
}

bool random_chance(random_state *random, uint32_t percent)
{
    return random_below(random, 100) < percent;
}

static const char *const type_names[FIELD_KINDS] = {
    "bool",   "int",   "decimal", "float", "string", "time",    "duration",
    "Colour", "email", "url",     "path",  "ip",     "command",
};

/* What stands in conditions, by kind. */
static const char *const literals[FIELD_KINDS][12] = {
    [FIELD_BOOL] = POOL("true", "false"),
    [FIELD_INT] = POOL("0", "1", "7", "-3", "100", "9223372036854775807", "4611686018427387904"),
    [FIELD_DECIMAL] = POOL("0.0", "1.5", "-2.25", "100.0", "9000000000000.0", "0.000001"),
    [FIELD_FLOAT] = POOL("0.0", "0.5", "-1.25", "100.0"),
    [FIELD_STRING] = POOL("\"\"", "\"a\"", "\"abc\"", "\"äö\"", "\"x y\"", "\"abcabc\""),
    [FIELD_TIME] = POOL("\"2026-01-01T00:00:00Z\"", "\"2026-06-15T12:30:00+02:00\""),
    [FIELD_DURATION] = POOL("10m", "1h", "0s", "3d"),
    [FIELD_ENUM] = POOL("red", "green", "blue"),
    [FIELD_EMAIL] = POOL("\"ann@example.com\"", "\"Bob@Example.org\"", "\"eve@evil.test\""),
    [FIELD_URL] = POOL("\"https://example.com/a\"", "\"http://10.0.0.1:8080/\"",
                       "\"https://a.b.example.com/x?y=1\""),
    [FIELD_PATH] = POOL("\"/work\"", "\"/work/src\"", "\"/etc/passwd\"", "\"a/../b\""),
    [FIELD_IP] = POOL("\"10.0.0.1\"", "\"192.168.1.9\"", "\"::1\"", "\"2001:db8::1\""),
    [FIELD_COMMAND] = POOL("\"ls\"", "\"rm -rf /etc/x\"", "\"cat $X\""),
};

const char *random_pick(random_state *random, const char *const *pool)
{
    uint32_t count = 0;
    while (pool[count])
        count++;
    return pool[random_below(random, count)];
}

typedef struct variable {
    char name[8];
    field_kind kind;
    bool record; /* of elements .k and .n */
} variable;

typedef struct place {
    random_state *random;
    buffer *out;
    const random_field *arguments; /* NULL: open arguments */
    uint32_t argument_count;
    const random_field *context;
    uint32_t context_count;
    variable variables[4];
    uint32_t variable_count;
    bool has_arguments;
    bool has_text;
    const random_policy *policy;
    bool in_past;  /* a filter of the past: no question about the past of its own */
    bool cuttable; /* a test of a text was written, and stands under no `not` */
    uint32_t negations;
} place;

static void gen_condition(place *place, uint32_t depth);
static void gen_value(place *place, field_kind kind, uint32_t depth);

static const char *literal(place *place, field_kind kind)
{
    return random_pick(place->random, literals[kind]);
}

/* A field of that kind that is there for sure, or one with a fallback (not if a part of it will be
 * named); false if there is none. */
static bool gen_field_of(place *place, field_kind kind, bool part)
{
    const char *names[24];
    char owned[24][32];
    bool optional[24];
    uint32_t count = 0;
    for (uint32_t i = 0; i < place->argument_count && place->has_arguments && place->arguments;
         i++) {
        const random_field *field = &place->arguments[i];
        if (field->kind != kind || field->list || (part && field->optional))
            continue;
        snprintf(owned[count], sizeof owned[count], "args.%s", field->name);
        optional[count++] = field->optional;
    }
    for (uint32_t i = 0; i < place->context_count; i++) {
        if (place->context[i].kind != kind || place->context[i].list ||
            (part && place->context[i].optional))
            continue;
        snprintf(owned[count], sizeof owned[count], "user.%s", place->context[i].name);
        optional[count++] = place->context[i].optional;
    }
    for (uint32_t i = 0; i < place->variable_count; i++) {
        const variable *variable = &place->variables[i];
        if (variable->record ? (variable->kind != kind && kind != FIELD_INT)
                             : variable->kind != kind)
            continue;
        snprintf(owned[count], sizeof owned[count],
                 variable->record ? (variable->kind == kind ? "%s.k" : "%s.n") : "%s",
                 variable->name);
        optional[count++] = false;
    }
    if (kind == FIELD_STRING && place->has_text) {
        snprintf(owned[count], sizeof owned[count], "text");
        optional[count++] = false;
    }
    if (kind == FIELD_TIME) {
        snprintf(owned[count], sizeof owned[count], "time");
        optional[count++] = false;
    }
    if (!count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        names[i] = owned[i];
    uint32_t chosen = random_below(place->random, count);
    if (optional[chosen])
        buffer_format(place->out, "(%s else %s)", names[chosen], literal(place, kind));
    else
        buffer_text(place->out, names[chosen]);
    return true;
}

static bool gen_field(place *place, field_kind kind)
{
    return gen_field_of(place, kind, false);
}

/* A list field that is there for sure, of that kind (or any number kind); NULL if there is none. */
static const random_field *find_list(place *place, bool records, bool numbers, const char **owner)
{
    const random_field *found[16];
    const char *owners[16];
    uint32_t count = 0;
    for (uint32_t i = 0; i < place->argument_count && place->has_arguments && place->arguments;
         i++) {
        found[count] = &place->arguments[i];
        owners[count++] = "args";
    }
    for (uint32_t i = 0; i < place->context_count; i++) {
        found[count] = &place->context[i];
        owners[count++] = "user";
    }
    uint32_t start = count ? random_below(place->random, count) : 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (start + i) % count;
        const random_field *field = found[at];
        bool number = field->kind == FIELD_INT || field->kind == FIELD_DECIMAL ||
                      field->kind == FIELD_DURATION || field->kind == FIELD_FLOAT;
        if (field->list && !field->optional && field->record == records && (!numbers || number)) {
            *owner = owners[at];
            return field;
        }
    }
    return NULL;
}

static void gen_value(place *place, field_kind kind, uint32_t depth)
{
    const char *owner;
    const random_field *list;
    uint32_t choice = random_below(place->random, 10);
    if (depth > 0 && kind == FIELD_INT && choice == 0 &&
        (list = find_list(place, random_chance(place->random, 30), false, &owner))) {
        buffer_format(place->out, "length of %s.%s", owner, list->name);
        return;
    }
    if (depth > 0 &&
        (kind == FIELD_INT || kind == FIELD_DECIMAL || kind == FIELD_DURATION ||
         kind == FIELD_FLOAT) &&
        choice <= 2 && (list = find_list(place, false, true, &owner)) && list->kind == kind) {
        const char *const aggregates[] = {"sum", "min", "max"};
        buffer_format(place->out, "%s of %s.%s", aggregates[random_below(place->random, 3)], owner,
                      list->name);
        return;
    }
    if (choice < 9 && gen_field(place, kind))
        return;
    buffer_text(place->out, literal(place, kind));
}

static void gen_comparison(place *place, uint32_t depth)
{
    static const char *const orders[] = {"==", "!=", "<", "<=", ">", ">="};
    field_kind kind = (field_kind)random_below(place->random, FIELD_KINDS);
    bool ordered = kind == FIELD_INT || kind == FIELD_DECIMAL || kind == FIELD_FLOAT ||
                   kind == FIELD_TIME || kind == FIELD_DURATION;
    if (!gen_field(place, kind)) {
        buffer_text(place->out, "time < \"2026-06-16T00:00:00Z\"");
        return;
    }
    bool arithmetic =
        kind == FIELD_INT || kind == FIELD_DECIMAL || kind == FIELD_FLOAT || kind == FIELD_DURATION;
    for (uint32_t i = random_below(place->random, 3); arithmetic && i > 0; i--) {
        buffer_text(place->out, random_chance(place->random, 50) ? " + " : " - ");
        gen_value(place, kind, depth);
    }
    if (kind == FIELD_INT && random_chance(place->random, 35))
        buffer_text(place->out, " * 4611686018427387904");
    buffer_format(place->out, " %s ", orders[random_below(place->random, ordered ? 6 : 2)]);
    if (depth > 0 && kind == FIELD_INT && random_chance(place->random, 30))
        gen_value(place, kind, depth);
    else if (!random_chance(place->random, 30) || !gen_field(place, kind))
        buffer_text(place->out, literal(place, kind));
}

static void gen_membership(place *place)
{
    field_kind kind = (field_kind)random_below(place->random, FIELD_KINDS);
    if (kind == FIELD_BOOL || !gen_field(place, kind)) {
        if (kind != FIELD_BOOL) {
            buffer_text(place->out, "time.hour in { 1, 2, 3, 10, 12 }");
            return;
        }
        buffer_text(place->out, "time.weekday in { monday, friday, saturday }");
        return;
    }
    buffer_text(place->out, random_chance(place->random, 30) ? " not in " : " in ");
    if (kind == FIELD_STRING && random_chance(place->random, 50)) {
        buffer_text(place->out, random_chance(place->random, 50) ? "words" : "many");
        return;
    }
    if (kind == FIELD_IP && random_chance(place->random, 60)) {
        buffer_text(place->out, random_chance(place->random, 50) ? "networks" : "\"10.0.0.0/8\"");
        return;
    }
    buffer_text(place->out, "{ ");
    for (uint32_t i = 0, count = 1 + random_below(place->random, 7); i < count; i++)
        buffer_format(place->out, "%s%s", i ? ", " : "", literal(place, kind));
    buffer_text(place->out, " }");
}

/* What a text holds: words, patterns, the builtin ones, through views and quantifiers, and what it
 * repeats. */
static void gen_contains(place *place)
{
    static const char *const targets[] = {
        "\"abc\"",  "/a[bc]+[0-9]?/", "pat",
        "card",     "any words",      "any { pat, spoken, \"x y\" }",
        "any many", "spoken",         "/[^a-z]{3}$/"};
    static const char *const views[] = {"", "", " folded", " decoded", " folded decoded"};
    static const char *const found[][2] = {
        {"length of (pat of ", ") > 1"},
        {"any p in pat of ", " satisfies p == \"ab1\""},
        {"any u in urls of ", " satisfies u.host not inside \"example.com\""},
        {"all e in emails of ", " satisfy e.domain in hosts"},
        {"any n in numbers of ", " satisfies n > 20.0"},
        {"length of (urls of ", ") == 1"},
    };
    const char *subject = place->has_text ? "text" : "text of args";
    uint32_t choice = random_below(place->random, place->has_text ? 10 : 9);
    if (choice == 9) {
        buffer_format(place->out, "text repeats %u chars of %s", 8 + random_below(place->random, 5),
                      random_chance(place->random, 50) ? "system" : "user");
    } else if (choice > 6) {
        uint32_t form = random_below(place->random, 6);
        buffer_format(place->out, "%s%s%s", found[form][0], subject, found[form][1]);
        return; /* what a quantifier finds is cut in some forms only: not counted on */
    } else {
        buffer_format(place->out, "%s%s contains %s", subject,
                      views[random_below(place->random, 5)],
                      targets[random_below(place->random, 9)]);
    }
    place->cuttable = place->cuttable || !place->negations;
}

/* Where a value is from: all kinds of values and of origins, in either sense. */
static void gen_from(place *place)
{
    static const char *const origins[] = {"user",
                                          "user",
                                          "trusted",
                                          "trusted",
                                          "system",
                                          "output",
                                          "result of tool_1",
                                          "result of tool_2.v",
                                          "result of tool_2.l.k",
                                          "result tagged side",
                                          "message of a",
                                          "everything",
                                          "everything"};
    static const field_kind kinds[] = {FIELD_STRING,  FIELD_STRING, FIELD_INT,
                                       FIELD_DECIMAL, FIELD_FLOAT,  FIELD_EMAIL,
                                       FIELD_URL,     FIELD_PATH,   FIELD_IP};
    const char *owner;
    const random_field *list;
    const uint32_t choice = random_below(place->random, 6);
    if (choice == 0 && place->has_arguments)
        buffer_text(place->out, "args");
    else if (choice == 1 && place->has_text)
        buffer_text(place->out, "text");
    else if (choice == 2 &&
             (list = find_list(place, random_chance(place->random, 50), false, &owner)) &&
             list->kind != FIELD_BOOL &&
             (list->record || (list->kind != FIELD_ENUM && list->kind != FIELD_TIME &&
                               list->kind != FIELD_DURATION)))
        buffer_format(place->out, "%s.%s", owner, list->name);
    else if (!gen_field(place, kinds[random_below(place->random, 9)]))
        buffer_format(place->out, "\"%s\"",
                      random_chance(place->random, 50) ? "abc" : "bob@example.org");
    buffer_format(place->out, "%s from %s", random_chance(place->random, 50) ? " not" : "",
                  origins[random_below(place->random, 13)]);
    if (random_chance(place->random, 40))
        buffer_format(place->out, " down to %u chars", 1 + random_below(place->random, 8));
}

/* A condition on a shell line; false if there is none. */
static bool gen_command_test(place *place)
{
    char line[32];
    const size_t before = place->out->length;
    if (!gen_field_of(place, FIELD_COMMAND, true))
        return false;
    snprintf(line, sizeof line, "%s", place->out->bytes + before);
    place->out->length = before;
    random_command_test(place->random, line, place->out);
    return true;
}

static void gen_text_test(place *place)
{
    if (random_chance(place->random, 50) && gen_command_test(place))
        return;
    if ((place->has_text || (place->has_arguments && place->arguments)) &&
        random_chance(place->random, place->has_text ? 70 : 30)) {
        gen_contains(place);
        return;
    }
    switch (random_below(place->random, 6)) {
    case 0:
        if (gen_field(place, FIELD_STRING)) {
            buffer_format(place->out,
                          random_chance(place->random, 50) ? " starts with %s" : " ends with %s",
                          literal(place, FIELD_STRING));
            return;
        }
        break;
    case 1:
        if (gen_field(place, FIELD_PATH)) {
            buffer_format(place->out,
                          random_chance(place->random, 50) ? " inside %s" : " not inside %s",
                          literal(place, FIELD_PATH));
            return;
        }
        break;
    case 2:
        if (gen_field_of(place, FIELD_EMAIL, true)) {
            buffer_text(place->out, ".domain in hosts");
            return;
        }
        break;
    case 3:
        if (gen_field_of(place, FIELD_URL, true)) {
            static const char *const tests[] = {
                ".host inside \"example.com\"", ".scheme == \"https\"", ".port == 8080",
                ".path starts with \"/a\"",     ".query == \"y=1\"",    ".host in hosts"};
            buffer_text(place->out, tests[random_below(place->random, 6)]);
            return;
        }
        break;
    case 4:
        if (place->has_text) {
            buffer_format(place->out, "length of text > %u", random_below(place->random, 6));
            return;
        }
        break;
    default:
        if (gen_field(place, FIELD_STRING)) {
            buffer_text(place->out, " + \"abc\" == ");
            buffer_text(place->out, random_chance(place->random, 50) ? "\"abcabc\"" : "\"abc\"");
            return;
        }
        break;
    }
    buffer_text(place->out, "time.hour >= 12");
}

/* An optional field under its guard, in either order. */
static void gen_guarded(place *place)
{
    const random_field *field = NULL;
    for (uint32_t i = 0; i < place->argument_count && place->has_arguments && place->arguments; i++)
        if (place->arguments[i].optional && !place->arguments[i].list)
            field = &place->arguments[i];
    if (!field) {
        buffer_text(place->out, "flagged(time)");
        return;
    }
    const char *value = literal(place, field->kind);
    switch (random_below(place->random, 4)) {
    case 0:
        buffer_format(place->out, "(args.%s is present and args.%s == %s)", field->name,
                      field->name, value);
        break;
    case 1:
        buffer_format(place->out, "(args.%s != %s and args.%s is present)", field->name, value,
                      field->name);
        break;
    case 2:
        buffer_format(place->out, "(args.%s is absent or args.%s == %s)", field->name, field->name,
                      value);
        break;
    default:
        buffer_format(place->out, "args.%s is %s", field->name,
                      random_chance(place->random, 50) ? "present" : "absent");
    }
}

static void gen_open(place *place)
{
    static const char *const tests[] = {
        "(args.a is string and args.a in words)",
        "(args.a is int and args.a + 9223372036854775807 > 5)",
        "args.a is present",
        "(args.b is decimal and args.b < 1.0)",
        "(args.n.k is string and args.n.k == \"abc\")",
        "args.l is absent",
        "(args.l is list and any x in args.l satisfies (x is string and x == \"abc\"))",
        "(args.b is bool and args.b)",
        "(length of args.l > 1 and args.l is list)",
    };
    buffer_text(place->out, tests[random_below(place->random, 9)]);
}

static void gen_quantifier(place *place, uint32_t depth)
{
    const char *owner;
    const random_field *list = find_list(place, random_chance(place->random, 40), false, &owner);
    if (!list || place->variable_count == 4) {
        gen_comparison(place, depth);
        return;
    }
    variable *variable = &place->variables[place->variable_count];
    snprintf(variable->name, sizeof variable->name, "v%u", place->variable_count);
    variable->kind = list->kind;
    variable->record = list->record;
    bool any = random_chance(place->random, 60);
    buffer_format(place->out, any ? "any %s in %s.%s satisfies (" : "all %s in %s.%s satisfy (",
                  variable->name, owner, list->name);
    place->variable_count++;
    place->negations += !any; /* an `all` over nothing is true, and has found nothing to cut */
    gen_condition(place, depth - 1);
    place->negations -= !any;
    place->variable_count--;
    buffer_text(place->out, ")");
}

/* What the host is asked; tests/differential/random_host.c answers. */
static void gen_host(place *place)
{
    static const char *const tests[] = {
        "h_float(%s) > 0.5", "h_float(%s) + 1.0 <= 1.75", "h_float(%s) < h_float(7)",
        "h_count(%s) * 4611686018427387904 > 3", "h_count(%s) in { 1, 2, 3 }"};
    const uint32_t which = random_below(place->random, 9);
    if (which < 2) {
        buffer_text(place->out, random_chance(place->random, 30) ? "not h_bool(" : "h_bool(");
        gen_value(place, FIELD_STRING, 0);
        buffer_text(place->out, ")");
    } else if (which < 4) {
        buffer_text(place->out, "h_colour(");
        gen_value(place, FIELD_EMAIL, 0);
        buffer_text(place->out,
                    random_chance(place->random, 50) ? ") == red" : ") not in { red, blue }");
    } else if (which < 6) {
        buffer_text(place->out, "h_text(");
        gen_value(place, FIELD_STRING, 0);
        buffer_text(place->out, random_chance(place->random, 50) ? ", true) starts with \"a\""
                                                                 : ", (time.hour > 11)) in words");
    } else {
        const char *const test = tests[random_below(place->random, 5)];
        const char *const at = strstr(test, "%s");
        buffer_add(place->out, test, (size_t)(at - test));
        gen_value(place, FIELD_INT, 0);
        buffer_text(place->out, at + 2);
    }
}

static void gen_simple(place *place, uint32_t depth)
{
    if (!place->in_past && random_chance(place->random, 15)) {
        gen_host(place);
        return;
    }
    if (random_chance(place->random, 15) && gen_command_test(place))
        return;
    /* a filter asks nothing about origins */
    switch (random_below(place->random, place->in_past ? 10 : 11)) {
    case 10: gen_from(place); break;
    case 0:
    case 1:
    case 2:
    case 3: gen_comparison(place, depth); break;
    case 4:
    case 5: gen_membership(place); break;
    case 6:
    case 7: gen_text_test(place); break;
    case 8:
        if (place->has_arguments && !place->arguments)
            gen_open(place);
        else
            gen_guarded(place);
        break;
    default:
        if (!gen_field(place, FIELD_BOOL))
            buffer_text(place->out, "flagged(time)");
    }
}

/* ---- the past -------------------------------------------------------------------------------- */

/* Fields that are there for sure and have one value of a kind that can be compared with `==`, or
 * added. */
static const random_field *find_single(random_state *random, const random_field *fields,
                                       uint32_t count, bool adds)
{
    const uint32_t start = count ? random_below(random, count) : 0;
    for (uint32_t i = 0; i < count; i++) {
        const random_field *field = &fields[(start + i) % count];
        const bool number = field->kind == FIELD_INT || field->kind == FIELD_DECIMAL ||
                            field->kind == FIELD_DURATION;
        if (!field->list && !field->optional && field->kind != FIELD_BOOL && (!adds || number))
            return field;
    }
    return NULL;
}

/* `(action tool_1 where …)`; with `key`, also that this field of the arguments is that of the event
 * being decided. */
static void gen_moment(place *around, uint32_t tool, const random_field *key)
{
    place inner = {.random = around->random,
                   .out = around->out,
                   .policy = around->policy,
                   .in_past = true,
                   .context = around->context,
                   .context_count = around->context_count};
    const uint32_t choice = key || tool != RANDOM_TOOLS ? 0 : random_below(around->random, 8);
    static const char *const others[] = {"action", "action", "action tagged side",
                                         "input",  "output", "message"};
    buffer_format(inner.out, "(%s", random_chance(inner.random, 10) ? "stopped " : "");
    if (choice < 2) {
        const uint32_t chosen = tool != RANDOM_TOOLS ? tool : random_below(inner.random, 3);
        buffer_format(inner.out, "action %s", around->policy->tools[chosen].name);
        inner.has_arguments = true;
        inner.arguments = around->policy->tools[chosen].fields;
        inner.argument_count = around->policy->tools[chosen].field_count;
    } else {
        buffer_text(inner.out, others[choice - 2]);
        inner.has_arguments = choice < 4;
        inner.has_text = choice > 4;
    }
    const bool filter = random_chance(inner.random, 60);
    if (key || filter)
        buffer_text(inner.out, " where ");
    if (key)
        buffer_format(inner.out, "args.%s == this.args.%s%s", key->name, key->name,
                      filter ? " and " : "");
    if (filter) {
        buffer_text(inner.out, "(");
        gen_condition(&inner, random_below(inner.random, 2));
        buffer_text(inner.out, ")");
    }
    buffer_text(inner.out, ")");
}

/* The tool that the rule is about, or RANDOM_TOOLS. */
static uint32_t tool_of(const place *place)
{
    for (uint32_t tool = 0; tool < RANDOM_TOOLS; tool++)
        if (place->has_arguments && place->arguments &&
            place->arguments == place->policy->tools[tool].fields)
            return tool;
    return RANDOM_TOOLS;
}

static void gen_past(place *place)
{
    random_state *const random = place->random;
    static const char *const windows[] = {"1h", "1d", "20d", "90d"};
    const uint32_t own = tool_of(place);
    const random_field *same =
        random_chance(random, 50) ? find_single(random, place->context, place->context_count, false)
                                  : NULL;
    const random_field *key =
        !same && own != RANDOM_TOOLS && random_chance(random, 50)
            ? find_single(random, place->arguments, place->argument_count, false)
            : NULL;
    const uint32_t kind = random_below(random, 6);
    const uint32_t tool = key ? own : random_below(random, 3);
    const random_field *value =
        kind < 3 ? NULL
                 : find_single(random, place->policy->tools[tool].fields,
                               place->policy->tools[tool].field_count, kind == 3);
    static const char *const names[] = {"earlier ", "no earlier ",  "count of ",
                                        "sum of ",  "distinct of ", "(latest of "};
    const uint32_t asked = kind >= 3 && !value ? 2 : kind;
    buffer_text(place->out, names[asked]);
    if (value)
        buffer_format(place->out, "args.%s over ", value->name);
    if (!value && random_chance(random, 25)) {
        gen_moment(place, key ? own : RANDOM_TOOLS, key);
        buffer_text(place->out, " followed by ");
    }
    gen_moment(place, value || key ? tool : RANDOM_TOOLS, key);
    if (same)
        buffer_format(place->out, " with same user.%s", same->name);
    if (random_chance(random, 25)) {
        buffer_text(place->out, " since ");
        gen_moment(place, RANDOM_TOOLS, NULL);
    }
    const bool across = same && random_chance(random, 40);
    if (across)
        buffer_text(place->out, " across sessions");
    if (across || random_chance(random, 40))
        buffer_format(place->out, " within %s", windows[random_below(random, 4)]);
    if (asked == 2 || asked == 4)
        buffer_format(place->out, random_chance(random, 70) ? " > %u" : " == %u",
                      random_below(random, 4));
    else if (asked == 3)
        buffer_format(place->out, " > %s", literal(place, value->kind));
    else if (asked == 5)
        buffer_format(place->out, " else %s) == %s", literal(place, value->kind),
                      literal(place, value->kind));
}

static void gen_condition(place *place, uint32_t depth)
{
    uint32_t choice = random_below(place->random, 10);
    if (!place->in_past && random_chance(place->random, 12)) {
        if (random_chance(place->random, 20))
            buffer_format(place->out, "session has seen%u", random_below(place->random, 3));
        else
            gen_past(place);
        return;
    }
    if (depth == 0 || choice < 3) {
        gen_simple(place, depth);
        return;
    }
    if (choice < 5) {
        gen_quantifier(place, depth);
        return;
    }
    if (choice == 5) {
        buffer_text(place->out, "not (");
        place->negations++;
        gen_condition(place, depth - 1);
        place->negations--;
        buffer_text(place->out, ")");
        return;
    }
    const char *joint = choice < 8 ? " and " : " or ";
    for (uint32_t i = 0, count = 2 + random_below(place->random, 3); i < count; i++) {
        buffer_text(place->out, i ? joint : "");
        buffer_text(place->out, "(");
        gen_condition(place, depth - 1);
        buffer_text(place->out, ")");
    }
}

/* ---- declarations ---------------------------------------------------------------------------- */

static void gen_fields(random_state *random, random_field *fields, uint32_t count,
                       const char *prefix)
{
    for (uint32_t i = 0; i < count; i++) {
        random_field *field = &fields[i];
        memset(field, 0, sizeof *field);
        snprintf(field->name, sizeof field->name, "%s%u", prefix, i);
        field->kind = (field_kind)random_below(random, FIELD_KINDS);
        field->list = random_chance(random, 25);
        field->record = field->list && random_chance(random, 35);
        field->optional = random_chance(random, 30);
    }
}

static void write_fields(buffer *out, const random_field *fields, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const random_field *field = &fields[i];
        buffer_format(out, "%s%s%s: ", i ? ", " : "", field->name, field->optional ? "?" : "");
        if (field->record)
            buffer_format(out, "list<{ k: %s, n: int }>(6)", type_names[field->kind]);
        else if (field->list)
            buffer_format(out, "list<%s>(6)", type_names[field->kind]);
        else
            buffer_text(out, type_names[field->kind]);
    }
}

static void write_message(place *place, buffer *out)
{
    if (!random_chance(place->random, 60))
        return;
    buffer_text(out, " because \"says {{so}} at {time}");
    for (uint32_t i = 0; i < place->argument_count && place->has_arguments && place->arguments; i++)
        if (!place->arguments[i].record && random_chance(place->random, 50))
            buffer_format(out, " {args.%s}", place->arguments[i].name);
    for (uint32_t i = 0; i < place->context_count; i++)
        if (!place->context[i].record && random_chance(place->random, 30))
            buffer_format(out, " {user.%s}", place->context[i].name);
    buffer_text(out, "\"");
}

static void write_selector(place *place, const random_policy *policy)
{
    uint32_t choice = random_below(place->random, 10);
    place->has_text = false;
    place->has_arguments = true;
    place->arguments = NULL;
    place->argument_count = 0;
    if (choice < 6) {
        uint32_t tool = random_below(place->random, RANDOM_TOOLS - 1);
        buffer_format(place->out, " on action %s", policy->tools[tool].name);
        if (policy->tools[tool].declared) {
            place->arguments = policy->tools[tool].fields;
            place->argument_count = policy->tools[tool].field_count;
        }
    } else if (choice == 6) {
        buffer_text(place->out, " on action");
    } else if (choice == 7) {
        buffer_text(place->out, " on action tagged side");
        place->has_arguments = false;
    } else {
        static const char *const stages[] = {" on input", " on output", " on input, output",
                                             " on message"};
        buffer_text(place->out, stages[random_below(place->random, 4)]);
        place->has_arguments = false;
        place->has_text = true;
    }
}

/* What a demand offers beside an approval for one action. */
static void write_standing(const place *place)
{
    random_state *const random = place->random;
    buffer_format(place->out, ", or standing within %ud", 1 + random_below(random, 30));
    if (random_chance(random, 40))
        buffer_format(place->out, " for at most %u uses", 1 + random_below(random, 3));
    uint32_t freed = 0;
    for (uint32_t i = 0; i < place->argument_count; i++)
        if (random_chance(random, 30))
            buffer_format(place->out, "%s%s", freed++ == 0 ? " free (" : ", ",
                          place->arguments[i].name);
    buffer_text(place->out, freed > 0 ? ")" : "");
}

static void write_rule(random_state *random, const random_policy *policy, buffer *out,
                       uint32_t number, bool waivable)
{
    static const char *const effects[] = {"flag",
                                          "require approval from boss within 10m",
                                          "require approval from boss or user",
                                          "escalate to boss",
                                          "refuse offering \"something else\"",
                                          "refuse",
                                          "deny",
                                          "halt"};
    place place = {.random = random,
                   .out = out,
                   .policy = policy,
                   .context = policy->context,
                   .context_count = policy->context_count};
    bool permit = random_chance(random, 15);
    uint32_t before = (uint32_t)out->length;
    buffer_format(out, permit ? "permit p%u" : "rule r%u", number);
    write_selector(&place, policy);
    if (permit && !place.has_arguments) { /* only actions default to deny */
        out->length = before;
        buffer_format(out, "rule r%u", number);
        write_selector(&place, policy);
        permit = false;
    }
    if (!permit && random_chance(random, 40))
        buffer_text(out, " under care");
    if (random_chance(random, 10))
        buffer_text(out, " in shadow");
    if (waivable && !permit)
        buffer_text(out, " waivable");
    if (random_chance(random, 95)) {
        buffer_text(out, "\n  when ");
        gen_condition(&place, 1 + random_below(random, 3));
        if (random_chance(random, 25)) {
            buffer_text(out, " unless ");
            place.negations++;
            gen_condition(&place, 1);
            place.negations--;
        }
    }
    if (!permit) {
        static const char *const marks[] = {"[{kind}]", "{last 2}", "<{alias}>", "…"};
        uint32_t effect = random_below(random, random_chance(random, 10) ? 8 : 7);
        if (place.cuttable && random_chance(random, 60))
            buffer_format(out, "\n  then redact with \"%s\"", marks[random_below(random, 4)]);
        else if (place.has_text && random_chance(random, 10))
            buffer_text(out, "\n  then redact text with \"gone\"");
        else
            buffer_format(out, "\n  then %s", effects[effect]);
        if (out->bytes[out->length - 1] != '"' && (effect == 1 || effect == 2) && place.arguments &&
            random_chance(random, 50))
            write_standing(&place);
        if (random_chance(random, 15))
            buffer_format(out, " and label seen%u", random_below(random, 3));
        write_message(&place, out);
    }
    buffer_text(out, "\n");
}

static void write_common(const random_policy *policy, buffer *out)
{
    buffer_text(
        out,
        "principle care \"Take care.\"\nenum Colour { red, green, blue }\n"
        "set words = { \"a\", \"abc\", \"x y\" }\n"
        "set many = { \"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\", \"abcabc\", \"i\", "
        "\"j\" }\n"
        "set hosts = { \"example.com\", \"evil.test\", \"10.0.0.1\" }\n"
        "set networks = { \"10.0.0.0/8\", \"192.168.0.0/16\", \"::1\" }\n"
        "pattern pat = /[a-c]{2,4}[0-9]/\n"
        "pattern card = /\\b(?:[0-9][ -]?){13,19}\\b/ checked by luhn\n"
        "pattern spoken = /[a-z]+ at [a-z.]+/, /z{2,}/ after { \"key\" } within 8 chars secret\n"
        "origin trusted = user, result of tool_1, result of tool_2.l\n"
        "origin everything = trusted, output, system, message of a, result of tool_0, result of "
        "tool_2\n"
        "extern h_bool(text: string) returns bool within 50ms\n"
        "extern h_float(number: int) returns float within 1s\n"
        "extern h_count(number: int) returns int within 1s\n"
        "extern h_colour(address: email) returns Colour within 1h\n"
        "extern h_text(text: string, flag: bool) returns string(20) within 20ms\n"
        "define flagged(t: time) = t.hour < 6 or t.weekday == sunday\n"
        "approvals by boss, user\ncontext user { ");
    write_fields(out, policy->context, policy->context_count);
    buffer_text(out, " }\n");
    for (uint32_t i = 0; i < RANDOM_TOOLS - 1; i++) {
        buffer_format(out, "tool %s", policy->tools[i].name);
        if (policy->tools[i].declared) {
            buffer_text(out, "(");
            write_fields(out, policy->tools[i].fields, policy->tools[i].field_count);
            buffer_text(out, ")");
        }
        buffer_text(out, i % 2 || i == 0 ? " side" : "");
        buffer_text(out, i == 1 && policy->tools[i].declared ? " closed\n" : "\n");
    }
}

void random_policy_write(random_state *random, random_policy *policy, uint32_t rules, buffer *text,
                         buffer *upper)
{
    memset(policy, 0, sizeof *policy);
    policy->context_count = random_below(random, 4) + 1;
    gen_fields(random, policy->context, policy->context_count, "c");
    for (uint32_t i = 0; i < RANDOM_TOOLS; i++) {
        snprintf(policy->tools[i].name, sizeof policy->tools[i].name, "tool_%u", i);
        policy->tools[i].declared = i < RANDOM_TOOLS - 2;
        policy->tools[i].field_count = 1 + random_below(random, RANDOM_FIELDS);
        gen_fields(random, policy->tools[i].fields, policy->tools[i].field_count, "f");
    }
    policy->layered = random_chance(random, 30);
    if (policy->layered) {
        buffer_text(upper, "constitution upper \"1\"\n");
        write_common(policy, upper);
        if (random_chance(random, 50))
            buffer_text(upper, "default action deny\npermit every on action\n");
        for (uint32_t i = 0; i < 4; i++)
            write_rule(random, policy, upper, i, true);
        buffer_text(upper, "rule last on action waivable when time.hour < 20 then deny\n");
        buffer_text(text, "extends \"upper.const\"\n");
    }
    buffer_text(text, "constitution random \"1\"\n");
    write_common(policy, text);
    bool closed = random_chance(random, 60);
    if (closed)
        buffer_text(text, random_chance(random, 60)
                              ? "default action deny\n"
                              : "default action require approval from user within 5m\n");
    for (uint32_t i = 0; i < rules; i++)
        write_rule(random, policy, text, i, false);
    for (uint32_t i = 0; i < 3; i++) {
        place place = {.random = random,
                       .out = text,
                       .policy = policy,
                       .context = policy->context,
                       .context_count = policy->context_count};
        buffer_format(text, "rule give%u", i);
        write_selector(&place, policy);
        buffer_text(text, " when ");
        gen_condition(&place, 1);
        buffer_format(text, " then label seen%u\n", i);
    }
    buffer_text(
        text,
        "rule from_yes on action in shadow when args from everything down to 1 char then flag\n"
        "rule from_no on action in shadow when args not from everything down to 1 char then "
        "flag\n");
    if (policy->layered)
        buffer_format(
            text,
            "waive upper.last until \"2026-07-01\" when time.hour > 9%s because \"A ticket.\"\n",
            random_chance(random, 50) ? " and h_bool(\"ticket\")" : "");
}
