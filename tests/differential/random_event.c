/*
 * random_event.c - random events for random policies: values of every kind with their extremes,
 * misfits, open data, members in any order, and now and then a byte that is broken.
 */
#include <string.h>

#include "tests/differential/random_policy.h"

/* What stands in events, by kind, as JSON. */
static const char *const values[FIELD_KINDS][14] = {
    [FIELD_BOOL] = POOL("true", "false"),
    [FIELD_INT] = POOL("0", "1", "7", "-3", "100", "7.0", "1e2", "9223372036854775807",
                       "-9223372036854775808", "4611686018427387904"),
    [FIELD_DECIMAL] =
        POOL("0", "1.5", "-2.25", "100", "9000000000000.0", "0.000001", "1.50e0", "-9000000000000"),
    [FIELD_FLOAT] = POOL("0.0", "0.5", "-1.25", "100", "1e308", "-1e308", "5e-324"),
    [FIELD_STRING] = POOL("\"\"", "\"a\"", "\"abc\"", "\"\\u00e4ö\"", "\"x y\"", "\"abc\\u0061bc\"",
                          "\"\\n\\\"\"", "\"\\ud83d\\ude00\""),
    [FIELD_TIME] =
        POOL("\"2026-01-01T00:00:00Z\"", "\"2026-06-15T10:30:00Z\"", "\"2026-06-20T23:59:59.5Z\""),
    [FIELD_DURATION] = POOL("\"10m\"", "\"60m\"", "\"0s\"", "\"72h\"", "\"100000000d\""),
    [FIELD_ENUM] = POOL("\"red\"", "\"green\"", "\"blue\""),
    [FIELD_EMAIL] = POOL("\"Ann@Example.com\"", "\"bob@example.org\"", "\"eve@evil.test\"",
                         "\"zed@other.test\""),
    [FIELD_URL] = POOL("\"https://EXAMPLE.com:443/x/../a\"", "\"http://0x0a000001:8080\"",
                       "\"https://a.b.example.com/x?y=1\"", "\"ftp://u@other.test/\""),
    [FIELD_PATH] =
        POOL("\"/work/./src\"", "\"/work\"", "\"/work/../etc//passwd\"", "\"b\"", "\"../x\""),
    [FIELD_IP] =
        POOL("\"10.0.0.1\"", "\"192.168.1.9\"", "\"::1\"", "\"2001:DB8:0::1\"", "\"8.8.8.8\""),
};

/* What stands in the texts of messages, put together from 1 to 6 of these. */
static const char *const pieces[] = POOL(
    "a", "abc", "x y", "\\u00e4ö", "\\ud83d\\ude00", "\\n", "aab1", "ab12", "cc7", "A b C",
    "\u0430bc", "4111 1111 1111 1111", "ann@example.com", "https://evil.test/x?y=1",
    "see http://10.0.0.1:8080/", "1,234.5", "YWJjIGFiYyBhYmM=", "key: zz", "the quick brown fox",
    "You are a helper.", "bob AT evil.test", "c4rd", "Bob@Example.org, and", "(eve@evil.test)",
    "abcabc", "/work/./src", "'/etc//passwd'", "https://EXAMPLE.com:443/a", "192.168.1.9.",
    "8.8.8.8", "100", "-2.25", "4611686018427387904", "id 7", "7");

/* What fits no field of that kind. */
static const char *const misfits[] = {
    "null", "{}", "[1]", "\"\\u0000\"", "1e999", "[]", "\"no such thing\"", "true", "-0.0000001"};

/* ---- events ---------------------------------------------------------------------------------- */

static void write_scalar(random_state *random, field_kind kind, buffer *json)
{
    if (kind == FIELD_COMMAND)
        random_command_write(random, json);
    else if (random_below(random, 400) == 0)
        buffer_text(json, misfits[random_below(random, sizeof misfits / sizeof *misfits)]);
    else
        buffer_text(json, random_pick(random, values[kind]));
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
            buffer_format(json, ",\"n\":%s}", random_pick(random, values[FIELD_INT]));
    }
    buffer_text(json, "]");
}

static void write_members(random_state *random, const random_field *fields, uint32_t count,
                          buffer *json)
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
        "\"a\":\"abc\"",
        "\"a\":9",
        "\"a\":null",
        "\"b\":0.5",
        "\"b\":true",
        "\"n\":{\"k\":\"abc\",\"z\":[]}",
        "\"n\":3",
        "\"l\":[\"abc\",1]",
        "\"l\":[]",
        "\"l\":\"x\"",
        "\"z\":{\"deep\":[[{}]]}",
    };
    static const uint32_t starts[] = {0, 3, 5, 7, 10}, counts[] = {3, 2, 2, 3, 1};
    bool first = true;
    for (uint32_t i = 0; i < 5; i++) {
        if (random_chance(random, 40))
            continue;
        buffer_format(json, "%s%s", first ? "" : ",",
                      members[starts[i] + random_below(random, counts[i])]);
        first = false;
    }
}

/* Open data in which the values of arguments come back. */
static void write_result(random_state *random, buffer *json)
{
    if (random_chance(random, 60))
        return;
    buffer_text(json, ",\"value\":{\"v\":");
    write_scalar(random, (field_kind)random_below(random, FIELD_KINDS), json);
    buffer_text(json, ",\"l\":[");
    for (uint32_t i = random_below(random, 4), first = 1; i > 0; i--, first = 0) {
        buffer_text(json, first ? "{\"k\":" : ",{\"k\":");
        write_scalar(random, (field_kind)random_below(random, FIELD_KINDS), json);
        buffer_format(json, ",\"n\":%s}", random_pick(random, values[FIELD_INT]));
    }
    buffer_text(json, "]}");
}

void random_event_write(random_state *random, const random_policy *policy, buffer *json)
{
    static const char *const stages[] = {"input",  "output", "message",
                                         "result", "system", "sideways"};
    bool action = random_chance(random, 65);
    uint32_t tool = random_below(random, RANDOM_TOOLS);
    const char *stage =
        action ? "action" : stages[random_below(random, random_chance(random, 3) ? 6 : 5)];
    bool late = random_chance(random, 20); /* stage and tool behind what depends on them */
    buffer_text(json, "{");
    if (!late)
        buffer_format(json, "\"stage\":\"%s\",\"tool\":\"%s\",", stage, policy->tools[tool].name);
    /* few sessions that come back, so that texts repeat others, and many that never do */
    buffer_format(json, "\"session\":\"s%u\",",
                  random_below(random, random_chance(random, 70) ? 8 : 1u << 30));
    buffer_format(json, "\"time\":\"2026-0%u-1%uT%02u:15:00Z\",", 1 + random_below(random, 9),
                  random_below(random, 10), random_below(random, 24));
    buffer_text(json, "\"user\":{");
    write_members(random, policy->context, policy->context_count, json);
    buffer_text(json, "},\"args\":{");
    if (policy->tools[tool].declared)
        write_members(random, policy->tools[tool].fields, policy->tools[tool].field_count, json);
    else
        write_open(random, json);
    if (policy->tools[tool].declared &&
        random_chance(random, 4)) /* an argument that nobody declared */
        buffer_text(json, json->bytes[json->length - 1] == '{' ? "\"undeclared\":1"
                                                               : ",\"undeclared\":[1]");
    buffer_text(json, "},\"from\":\"a\",\"to\":\"b\",\"extra\":[{\"x\":1}],\"text\":\"");
    for (uint32_t i = random_below(random, 7); i > 0; i--)
        buffer_format(json, "%s%s", random_pick(random, pieces),
                      random_chance(random, 50) ? " " : "");
    buffer_text(json, "\"");
    write_result(random, json);
    if (late)
        buffer_format(json, ",\"stage\":\"%s\",\"tool\":\"%s\"", stage, policy->tools[tool].name);
    buffer_text(json, "}");
    if (random_below(random, 300) == 0 && json->length)
        json->bytes[random_below(random, (uint32_t)json->length)] = (char)random_below(random, 256);
}
