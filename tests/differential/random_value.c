/*
 * random_value.c - values of a wanted type: fields that can be named at a place, and constants from
 * small pools with extremes, so that equalities hit and sums overflow.
 */
#include <stdio.h>

#include "tests/differential/random_place.h"

const char *const random_types[FIELD_KINDS] = {
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

const char *random_literal(place *place, field_kind kind)
{
    return random_pick(place->random, literals[kind]);
}

/* A field of that kind that is there for sure, or one with a fallback (not if a part of it will be
 * named); false if there is none. */
bool gen_field_of(place *place, field_kind kind, bool part)
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
        buffer_format(place->out, "(%s else %s)", names[chosen], random_literal(place, kind));
    else
        buffer_text(place->out, names[chosen]);
    return true;
}

bool gen_field(place *place, field_kind kind)
{
    return gen_field_of(place, kind, false);
}

/* A list field that is there for sure, of that kind (or any number kind); NULL if there is none. */
const random_field *find_list(place *place, bool records, bool numbers, const char **owner)
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

void gen_value(place *place, field_kind kind, uint32_t depth)
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
    buffer_text(place->out, random_literal(place, kind));
}
