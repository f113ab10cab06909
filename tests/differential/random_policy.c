/*
 * random_policy.c - see random_policy.h. Conditions are written top-down by type: gen_condition picks an
 * operator, gen_value a value of the type that the operator wants. A `place` carries what can be
 * named where the text will stand: the fields of the selector, and the variables of enclosing quantifiers.
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
    "bool", "int", "decimal", "float", "string", "time", "duration", "Colour", "email", "url", "path", "ip",
};

#define POOL(...) {__VA_ARGS__, NULL}
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
    [FIELD_URL] = POOL("\"https://example.com/a\"", "\"http://10.0.0.1:8080/\"", "\"https://a.b.example.com/x?y=1\""),
    [FIELD_PATH] = POOL("\"/work\"", "\"/work/src\"", "\"/etc/passwd\"", "\"a/../b\""),
    [FIELD_IP] = POOL("\"10.0.0.1\"", "\"192.168.1.9\"", "\"::1\"", "\"2001:db8::1\""),
};

/* What stands in events, by kind, as JSON. */
static const char *const values[FIELD_KINDS][14] = {
    [FIELD_BOOL] = POOL("true", "false"),
    [FIELD_INT] = POOL("0", "1", "7", "-3", "100", "7.0", "1e2", "9223372036854775807", "-9223372036854775808",
                       "4611686018427387904"),
    [FIELD_DECIMAL] = POOL("0", "1.5", "-2.25", "100", "9000000000000.0", "0.000001", "1.50e0", "-9000000000000"),
    [FIELD_FLOAT] = POOL("0.0", "0.5", "-1.25", "100", "1e308", "-1e308", "5e-324"),
    [FIELD_STRING] = POOL("\"\"", "\"a\"", "\"abc\"", "\"\\u00e4ö\"", "\"x y\"", "\"abc\\u0061bc\"", "\"\\n\\\"\"",
                          "\"\\ud83d\\ude00\""),
    [FIELD_TIME] = POOL("\"2026-01-01T00:00:00Z\"", "\"2026-06-15T10:30:00Z\"", "\"2026-06-20T23:59:59.5Z\""),
    [FIELD_DURATION] = POOL("\"10m\"", "\"60m\"", "\"0s\"", "\"72h\"", "\"100000000d\""),
    [FIELD_ENUM] = POOL("\"red\"", "\"green\"", "\"blue\""),
    [FIELD_EMAIL] = POOL("\"Ann@Example.com\"", "\"bob@example.org\"", "\"eve@evil.test\"", "\"zed@other.test\""),
    [FIELD_URL] = POOL("\"https://EXAMPLE.com:443/x/../a\"", "\"http://0x0a000001:8080\"",
                       "\"https://a.b.example.com/x?y=1\"", "\"ftp://u@other.test/\""),
    [FIELD_PATH] = POOL("\"/work/./src\"", "\"/work\"", "\"/work/../etc//passwd\"", "\"b\"", "\"../x\""),
    [FIELD_IP] = POOL("\"10.0.0.1\"", "\"192.168.1.9\"", "\"::1\"", "\"2001:DB8:0::1\"", "\"8.8.8.8\""),
};

/* What stands in the texts of messages, put together from 1 to 6 of these. */
static const char *const pieces[] = POOL(
    "a", "abc", "x y", "\\u00e4ö", "\\ud83d\\ude00", "\\n", "aab1", "ab12", "cc7", "A b C", "\u0430bc", "4111 1111 1111 1111",
    "ann@example.com", "https://evil.test/x?y=1", "see http://10.0.0.1:8080/", "1,234.5", "YWJjIGFiYyBhYmM=", "key: zz",
    "the quick brown fox", "You are a helper.", "bob AT evil.test", "c4rd");

/* What fits no field of that kind. */
static const char *const misfits[] = {"null", "{}", "[1]", "\"\\u0000\"", "1e999", "[]", "\"no such thing\"", "true", "-0.0000001"};

static const char *pick(random_state *random, const char *const *pool)
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
    bool cuttable; /* a test of a text was written, and stands under no `not` */
    uint32_t negations;
} place;

static void gen_condition(place *place, uint32_t depth);
static void gen_value(place *place, field_kind kind, uint32_t depth);

static const char *literal(place *place, field_kind kind)
{
    return pick(place->random, literals[kind]);
}

/* A field of that kind that is there for sure, or one with a fallback (not if a part of it will be named); false if there
 * is none. */
static bool gen_field_of(place *place, field_kind kind, bool part)
{
    const char *names[24];
    char owned[24][32];
    bool optional[24];
    uint32_t count = 0;
    for (uint32_t i = 0; i < place->argument_count && place->has_arguments && place->arguments; i++) {
        const random_field *field = &place->arguments[i];
        if (field->kind != kind || field->list || (part && field->optional))
            continue;
        snprintf(owned[count], sizeof owned[count], "args.%s", field->name);
        optional[count++] = field->optional;
    }
    for (uint32_t i = 0; i < place->context_count; i++) {
        if (place->context[i].kind != kind || place->context[i].list || (part && place->context[i].optional))
            continue;
        snprintf(owned[count], sizeof owned[count], "user.%s", place->context[i].name);
        optional[count++] = place->context[i].optional;
    }
    for (uint32_t i = 0; i < place->variable_count; i++) {
        const variable *variable = &place->variables[i];
        if (variable->record ? (variable->kind != kind && kind != FIELD_INT) : variable->kind != kind)
            continue;
        snprintf(owned[count], sizeof owned[count], variable->record ? (variable->kind == kind ? "%s.k" : "%s.n") : "%s",
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
    for (uint32_t i = 0; i < place->argument_count && place->has_arguments && place->arguments; i++) {
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
        bool number = field->kind == FIELD_INT || field->kind == FIELD_DECIMAL || field->kind == FIELD_DURATION ||
                      field->kind == FIELD_FLOAT;
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
    if (depth > 0 && kind == FIELD_INT && choice == 0 && (list = find_list(place, random_chance(place->random, 30), false, &owner))) {
        buffer_format(place->out, "length of %s.%s", owner, list->name);
        return;
    }
    if (depth > 0 && (kind == FIELD_INT || kind == FIELD_DECIMAL || kind == FIELD_DURATION || kind == FIELD_FLOAT) && choice <= 2 &&
        (list = find_list(place, false, true, &owner)) && list->kind == kind) {
        const char *const aggregates[] = {"sum", "min", "max"};
        buffer_format(place->out, "%s of %s.%s", aggregates[random_below(place->random, 3)], owner, list->name);
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
    bool ordered = kind == FIELD_INT || kind == FIELD_DECIMAL || kind == FIELD_FLOAT || kind == FIELD_TIME ||
                   kind == FIELD_DURATION;
    if (!gen_field(place, kind)) {
        buffer_text(place->out, "time < \"2026-06-16T00:00:00Z\"");
        return;
    }
    bool arithmetic = kind == FIELD_INT || kind == FIELD_DECIMAL || kind == FIELD_FLOAT || kind == FIELD_DURATION;
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

/* What a text holds: words, patterns, the builtin ones, through views and quantifiers, and what it repeats. */
static void gen_contains(place *place)
{
    static const char *const targets[] = {"\"abc\"", "/a[bc]+[0-9]?/", "pat", "card", "any words", "any { pat, spoken, \"x y\" }", "any many",
                                          "spoken", "/[^a-z]{3}$/"};
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
        buffer_format(place->out, "%s%s contains %s", subject, views[random_below(place->random, 5)],
                      targets[random_below(place->random, 9)]);
    }
    place->cuttable = place->cuttable || !place->negations;
}

static void gen_text_test(place *place)
{
    if ((place->has_text || (place->has_arguments && place->arguments)) && random_chance(place->random, place->has_text ? 70 : 30)) {
        gen_contains(place);
        return;
    }
    switch (random_below(place->random, 6)) {
    case 0:
        if (gen_field(place, FIELD_STRING)) {
            buffer_format(place->out, random_chance(place->random, 50) ? " starts with %s" : " ends with %s", literal(place, FIELD_STRING));
            return;
        }
        break;
    case 1:
        if (gen_field(place, FIELD_PATH)) {
            buffer_format(place->out, random_chance(place->random, 50) ? " inside %s" : " not inside %s", literal(place, FIELD_PATH));
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
            static const char *const tests[] = {".host inside \"example.com\"", ".scheme == \"https\"", ".port == 8080",
                                                ".path starts with \"/a\"", ".query == \"y=1\"", ".host in hosts"};
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
        buffer_format(place->out, "(args.%s is present and args.%s == %s)", field->name, field->name, value);
        break;
    case 1:
        buffer_format(place->out, "(args.%s != %s and args.%s is present)", field->name, value, field->name);
        break;
    case 2:
        buffer_format(place->out, "(args.%s is absent or args.%s == %s)", field->name, field->name, value);
        break;
    default:
        buffer_format(place->out, "args.%s is %s", field->name, random_chance(place->random, 50) ? "present" : "absent");
    }
}

static void gen_open(place *place)
{
    static const char *const tests[] = {
        "(args.a is string and args.a in words)",    "(args.a is int and args.a + 9223372036854775807 > 5)",
        "args.a is present",                         "(args.b is decimal and args.b < 1.0)",
        "(args.n.k is string and args.n.k == \"abc\")", "args.l is absent",
        "(args.l is list and any x in args.l satisfies (x is string and x == \"abc\"))",
        "(args.b is bool and args.b)",               "(length of args.l > 1 and args.l is list)",
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
    buffer_format(place->out, any ? "any %s in %s.%s satisfies (" : "all %s in %s.%s satisfy (", variable->name, owner, list->name);
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
        buffer_text(place->out, random_chance(place->random, 50) ? ") == red" : ") not in { red, blue }");
    } else if (which < 6) {
        buffer_text(place->out, "h_text(");
        gen_value(place, FIELD_STRING, 0);
        buffer_text(place->out, random_chance(place->random, 50) ? ", true) starts with \"a\"" : ", (time.hour > 11)) in words");
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
    if (random_chance(place->random, 22)) {
        gen_host(place);
        return;
    }
    switch (random_below(place->random, 10)) {
    case 0: case 1: case 2: case 3:
        gen_comparison(place, depth);
        break;
    case 4: case 5:
        gen_membership(place);
        break;
    case 6: case 7:
        gen_text_test(place);
        break;
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

static void gen_condition(place *place, uint32_t depth)
{
    uint32_t choice = random_below(place->random, 10);
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

/* ---- declarations ------------------------------------------------------------------------------ */

static void gen_fields(random_state *random, random_field *fields, uint32_t count, const char *prefix)
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
        static const char *const stages[] = {" on input", " on output", " on input, output", " on message"};
        buffer_text(place->out, stages[random_below(place->random, 4)]);
        place->has_arguments = false;
        place->has_text = true;
    }
}

static void write_rule(random_state *random, const random_policy *policy, buffer *out, uint32_t number, bool waivable)
{
    static const char *const effects[] = {"flag", "require approval from boss within 10m", "require approval from boss or user",
                                          "escalate to boss", "refuse offering \"something else\"", "refuse", "deny", "halt"};
    place place = {.random = random, .out = out, .context = policy->context, .context_count = policy->context_count};
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
        write_message(&place, out);
    }
    buffer_text(out, "\n");
}

static void write_common(const random_policy *policy, buffer *out)
{
    buffer_text(out, "principle care \"Take care.\"\nenum Colour { red, green, blue }\n"
                     "set words = { \"a\", \"abc\", \"x y\" }\n"
                     "set many = { \"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\", \"abcabc\", \"i\", \"j\" }\n"
                     "set hosts = { \"example.com\", \"evil.test\", \"10.0.0.1\" }\n"
                     "set networks = { \"10.0.0.0/8\", \"192.168.0.0/16\", \"::1\" }\n"
                     "pattern pat = /[a-c]{2,4}[0-9]/\n"
                     "pattern card = /\\b(?:[0-9][ -]?){13,19}\\b/ checked by luhn\n"
                     "pattern spoken = /[a-z]+ at [a-z.]+/, /z{2,}/ after { \"key\" } within 8 chars secret\n"
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
        buffer_text(out, i % 2 || i == 0 ? " side\n" : "\n");
    }
}

void random_policy_write(random_state *random, random_policy *policy, uint32_t rules, buffer *text, buffer *upper)
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
        buffer_text(text, random_chance(random, 60) ? "default action deny\n" : "default action require approval from user within 5m\n");
    for (uint32_t i = 0; i < rules; i++)
        write_rule(random, policy, text, i, false);
    if (policy->layered)
        buffer_format(text, "waive upper.last until \"2026-07-01\" when time.hour > 9%s because \"A ticket.\"\n",
                      random_chance(random, 50) ? " and h_bool(\"ticket\")" : "");
}

/* ---- events --------------------------------------------------------------------------------------- */

static void write_scalar(random_state *random, field_kind kind, buffer *json)
{
    if (random_below(random, 400) == 0)
        buffer_text(json, misfits[random_below(random, sizeof misfits / sizeof *misfits)]);
    else
        buffer_text(json, pick(random, values[kind]));
}

static void write_value(random_state *random, const random_field *field, buffer *json)
{
    if (!field->list) {
        write_scalar(random, field->kind, json);
        return;
    }
    buffer_text(json, "[");
    uint32_t count = random_below(random, random_chance(random, 2) ? 9 : 5);
    for (uint32_t i = 0; i < count; i++) {
        buffer_text(json, i ? "," : "");
        if (field->record)
            buffer_text(json, "{\"k\":");
        write_scalar(random, field->kind, json);
        if (field->record)
            buffer_format(json, ",\"n\":%s}", pick(random, values[FIELD_INT]));
    }
    buffer_text(json, "]");
}

static void write_members(random_state *random, const random_field *fields, uint32_t count, buffer *json)
{
    bool first = true;
    uint32_t start = random_below(random, count);
    for (uint32_t i = 0; i < count; i++) {
        const random_field *field = &fields[(start + i) % count];
        if (random_chance(random, field->optional ? 40 : 1))
            continue;
        buffer_format(json, "%s\"%s\":", first ? "" : ",", field->name);
        first = false;
        if (field->optional && random_chance(random, 10))
            buffer_text(json, "null");
        else
            write_value(random, field, json);
    }
}

static void write_open(random_state *random, buffer *json)
{
    static const char *const members[] = {
        "\"a\":\"abc\"", "\"a\":9", "\"a\":null", "\"b\":0.5", "\"b\":true", "\"n\":{\"k\":\"abc\",\"z\":[]}", "\"n\":3",
        "\"l\":[\"abc\",1]", "\"l\":[]", "\"l\":\"x\"", "\"z\":{\"deep\":[[{}]]}",
    };
    static const uint32_t starts[] = {0, 3, 5, 7, 10}, counts[] = {3, 2, 2, 3, 1};
    bool first = true;
    for (uint32_t i = 0; i < 5; i++) {
        if (random_chance(random, 40))
            continue;
        buffer_format(json, "%s%s", first ? "" : ",", members[starts[i] + random_below(random, counts[i])]);
        first = false;
    }
}

void random_event_write(random_state *random, const random_policy *policy, buffer *json)
{
    static const char *const stages[] = {"input", "output", "message", "result", "system", "sideways"};
    bool action = random_chance(random, 75);
    uint32_t tool = random_below(random, RANDOM_TOOLS);
    const char *stage = action ? "action" : stages[random_below(random, random_chance(random, 3) ? 6 : 5)];
    bool late = random_chance(random, 20); /* stage and tool behind what depends on them */
    buffer_text(json, "{");
    if (!late)
        buffer_format(json, "\"stage\":\"%s\",\"tool\":\"%s\",", stage, policy->tools[tool].name);
    /* few sessions that come back, so that texts repeat others, and many that never do */
    buffer_format(json, "\"session\":\"s%u\",", random_below(random, random_chance(random, 50) ? 40 : 1u << 30));
    buffer_format(json, "\"time\":\"2026-0%u-1%uT%02u:15:00Z\",", 1 + random_below(random, 9), random_below(random, 10),
                  random_below(random, 24));
    buffer_text(json, "\"user\":{");
    write_members(random, policy->context, policy->context_count, json);
    buffer_text(json, "},\"args\":{");
    if (policy->tools[tool].declared)
        write_members(random, policy->tools[tool].fields, policy->tools[tool].field_count, json);
    else
        write_open(random, json);
    buffer_text(json, "},\"from\":\"a\",\"to\":\"b\",\"extra\":[{\"x\":1}],\"text\":\"");
    for (uint32_t i = random_below(random, 7); i > 0; i--)
        buffer_format(json, "%s%s", pick(random, pieces), random_chance(random, 50) ? " " : "");
    buffer_text(json, "\"");
    if (late)
        buffer_format(json, ",\"stage\":\"%s\",\"tool\":\"%s\"", stage, policy->tools[tool].name);
    buffer_text(json, "}");
    if (random_below(random, 300) == 0 && json->length)
        json->bytes[random_below(random, (uint32_t)json->length)] = (char)random_below(random, 256);
}
