/*
 * random_condition.c - conditions, written top-down by type: gen_condition picks an operator, and
 * gen_value (random_value.c) a value of the type that the operator wants.
 */
#include <stdio.h>
#include <string.h>

#include "tests/differential/random_place.h"

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
        buffer_text(place->out, random_literal(place, kind));
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
        buffer_format(place->out, "%s%s", i ? ", " : "", random_literal(place, kind));
    buffer_text(place->out, " }");
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
    const char *value = random_literal(place, field->kind);
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

void gen_condition(place *place, uint32_t depth)
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
