/*
 * random_policy.h - random policies that must compile, and random events for them.
 *
 * The generator knows the type of everything it writes, so a policy that does not compile is a
 * finding, not noise. It writes optional fields both under guards and with fallbacks, mixes sure
 * and undecidable conditions, and sometimes puts a second layer above with waivable rules. Values
 * come from small pools with extremes, so that equalities hit, sums overflow, and lists are empty,
 * full and too long; some events are malformed on purpose.
 */
#ifndef CONSTITUTION_TESTS_RANDOM_POLICY_H
#define CONSTITUTION_TESTS_RANDOM_POLICY_H

#include "runtime/base/buffer.h"
#include "tests/differential/random.h"

typedef enum field_kind {
    FIELD_BOOL,
    FIELD_INT,
    FIELD_DECIMAL,
    FIELD_FLOAT,
    FIELD_STRING,
    FIELD_TIME,
    FIELD_DURATION,
    FIELD_ENUM,
    FIELD_EMAIL,
    FIELD_URL,
    FIELD_PATH,
    FIELD_IP,
    FIELD_COMMAND,
    FIELD_KINDS
} field_kind;

typedef struct random_field {
    char name[16];
    field_kind kind;
    bool optional;
    bool list;
    bool record; /* list of records with fields `k` (this kind) and `n` (int) */
} random_field;

#define RANDOM_TOOLS  5u
#define RANDOM_FIELDS 7u

typedef struct random_policy {
    random_field context[4];
    uint32_t context_count;
    struct {
        char name[16];
        bool declared;
        random_field fields[RANDOM_FIELDS];
        uint32_t field_count;
    } tools[RANDOM_TOOLS];
    bool layered;
} random_policy;

/* Writes a policy; `upper` gets the text of "upper.const" if policy->layered. */
void random_policy_write(random_state *random, random_policy *policy, uint32_t rules, buffer *text,
                         buffer *upper);
/* Writes one event for it, as JSON. */
void random_event_write(random_state *random, const random_policy *policy, buffer *json);

/* random_command.c: a condition on the shell line that `line` names; a shell line as a JSON string.
 */
void random_command_test(random_state *random, const char *line, buffer *out);
void random_command_write(random_state *random, buffer *json);

#endif
