/*
 * random_policy.c - see random_policy.h: declarations and rules. Conditions come from
 * random_condition.c.
 */
#include "tests/differential/random_policy.h"

#include <stdio.h>
#include <string.h>

#include "tests/differential/random_place.h"

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
            buffer_format(out, "list<{ k: %s, n: int }>(6)", random_types[field->kind]);
        else if (field->list)
            buffer_format(out, "list<%s>(6)", random_types[field->kind]);
        else
            buffer_text(out, random_types[field->kind]);
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
