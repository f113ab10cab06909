/*
 * tests_missing.c - events of tests that lack what rules read.
 *
 * A test gives the fields that it is about, so a parameter that no rule reads may be left out. One
 * that a rule for the event reads may not: the event would be malformed and denied, and no rule
 * would be asked. The test would then hold for another reason than its author thinks. What is
 * required of an event is what the reader will ask for (checked_policy.slot_uses), so this says
 * what the run would say, before the run.
 */
#include <string.h>

#include "compiler/check/tools.h"

static const ast_json *member_find(const ast_json *object, const char *key)
{
    for (uint32_t i = 0; object->kind == AST_JSON_OBJECT && i < object->count; i++)
        if (strcmp(object->keys[i].bytes, key) == 0)
            return object->items[i]->kind == AST_JSON_NULL ? NULL : object->items[i];
    return NULL;
}

/* How many of the slot's keys the event has, one after another; all: CST_NONE. */
static uint32_t keys_there(const slot *slot, const ast_json *arguments, const ast_step *step)
{
    const ast_json *at = NULL;
    if (strcmp(slot->keys[0], "args") == 0) {
        at = arguments;
        if (at == NULL)
            return slot->key_count == 1 ? CST_NONE : 1; /* it is written as {} */
    } else if (strcmp(slot->keys[0], "value") == 0) {
        at = step->value != NULL && step->value->kind != AST_JSON_NULL ? step->value : NULL;
    } else if (strcmp(slot->keys[0], "text") != 0 || step->text.bytes != NULL) {
        return CST_NONE; /* records are the session's, and the rest is always written */
    }
    if (at == NULL)
        return 0;
    for (uint32_t k = 1; k < slot->key_count; k++)
        if ((at = member_find(at, slot->keys[k])) == NULL)
            return k;
    return CST_NONE;
}

static void report(checker *checker, const ast_step *step, const slot *slot, uint32_t key)
{
    const char *place = slot->keys[0];
    for (uint32_t k = 1; k <= key; k++)
        place = arena_format(checker->arena, "%s.%s", place, slot->keys[k]);
    diagnostic *const d =
        diagnostic_report(checker->compilation, E_TEST_MISSING, step->name.range,
                          "this event has no `%s`, which rules read: it would be malformed", place);
    diagnostic_label(checker->compilation, d, "no rule would be asked");
    const bool argument = strcmp(slot->keys[0], "args") == 0;
    diagnostic_mend(
        checker->compilation, d, step->name.range, NULL,
        argument ? "give it, or say `expect malformed` if the test is about that"
        : strcmp(slot->keys[0], "text") == 0
            ? "give it: `result TOOL { … } \"text\"`, with `value …` behind it if there is "
              "one; or say `expect malformed`"
            : "give it: `result TOOL { … } value …`, with the text before `value` if there "
              "is one; or say `expect malformed`");
}

void test_event_missing(checker *checker, const ast_step *step, uint32_t tool,
                        const ast_json *arguments)
{
    const checked_policy *const policy = checker->policy;
    const cst_stage stage = step->kind == AST_STEP_RESULT ? CST_RESULT : CST_ACTION;
    for (uint32_t i = 0; i < policy->slot_uses.count; i++) {
        const slot_use *const use = &policy->slot_uses.items[i];
        if (use->stage != stage || use->tool != tool)
            continue;
        const slot *const slot = &policy->slots.items[use->slot];
        const uint32_t missing = keys_there(slot, arguments, step);
        if (missing == CST_NONE || (use->required_keys >> missing & 1) == 0)
            continue;
        report(checker, step, slot, missing);
        return; /* the first: what else is missing may be the same mistake */
    }
}
