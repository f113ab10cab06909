/*
 * random_past.c - questions about the past, for random policies. What the answers must be is not
 * known here: both engines must give the same (temporal.c has the oracle).
 */
#include "tests/differential/random_place.h"

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

void gen_past(place *place)
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
        buffer_format(place->out, " > %s", random_literal(place, value->kind));
    else if (asked == 5)
        buffer_format(place->out, " else %s) == %s", random_literal(place, value->kind),
                      random_literal(place, value->kind));
}
