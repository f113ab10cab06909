/*
 * random_text.c - conditions on what texts, shell lines, addresses and paths hold, and on where
 * values are from.
 */
#include <stdio.h>

#include "tests/differential/random_place.h"

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
void gen_from(place *place)
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
bool gen_command_test(place *place)
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

void gen_text_test(place *place)
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
                          random_literal(place, FIELD_STRING));
            return;
        }
        break;
    case 1:
        if (gen_field(place, FIELD_PATH)) {
            buffer_format(place->out,
                          random_chance(place->random, 50) ? " inside %s" : " not inside %s",
                          random_literal(place, FIELD_PATH));
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
