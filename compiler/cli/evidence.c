/*
 * evidence.c - see evidence.h. The observer is called at the end of each group, while the values of
 * the event are there: each rule of the group gives its reasons then, and nothing has to be
 * evaluated again later.
 */
#include "compiler/cli/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/reference/explain.h"
#include "runtime/host/host.h"
#include "runtime/policy.h"

static void observe(void *user, cst_frame *frame, uint32_t group_number)
{
    policy_evidence *const evidence = user;
    const plan_group *const group = &evidence->plan->groups[group_number];
    const cst_rule_row *const rows = CST_ROWS(frame->image, rules, cst_rule_row);
    struct evidence_place *const place = &evidence->places[group_number];
    if (evidence->also != NULL)
        evidence->also(evidence->also_user, frame, group_number);
    if (frame->host != NULL && frame->host->mode == HOST_HIGH)
        return;
    /* rules that ask the host run again when its answers are in: then what they said before is over
     */
    if (place->seen && place->length < evidence->why.length) {
        evidence->why.length = place->length;
        evidence->why.bytes[place->length] = '\0';
        evidence->rule_count = place->rules;
    }
    *place = (struct evidence_place){evidence->why.length, evidence->rule_count, true};
    for (uint32_t i = 0; i < group->rule_count; i++) {
        if (rows[group->rules[i].row].kind == CST_RULE_WATCH)
            continue; /* no rule of the author */
        if (evidence->rule_count++ > 0)
            buffer_text(&evidence->why, "\n");
        reference_explain(&evidence->why, evidence->checked, evidence->plan, frame,
                          group->rules[i].row);
    }
}

bool evidence_open(policy_evidence *evidence, const char *path, const cst_options *runtime,
                   int *exit_code)
{
    memset(evidence, 0, sizeof *evidence);
    evidence->policy = policy_load(path, CST_ENGINE_REFERENCE, runtime, NULL, exit_code);
    if (evidence->policy == NULL)
        return false;
    evidence->module = evidence->policy->module;
    const compilation *const unit = reference_compilation(evidence->module);
    evidence->checked = unit->checked;
    evidence->plan = unit->plan;
    evidence->context = cst_context_new(evidence->policy);
    if (evidence->context == NULL) {
        complain("out of memory");
        *exit_code = EXIT_USAGE;
        cst_policy_release(evidence->policy);
        return false;
    }
    buffer_init(&evidence->why, NULL, 0);
    evidence->places = checked(calloc(evidence->plan->group_count + 1u, sizeof *evidence->places));
    reference_observe(evidence->module, observe, evidence);
    return true;
}

cst_status evidence_decide(policy_evidence *evidence, const char *json, size_t length,
                           cst_decision *decision)
{
    buffer_clear(&evidence->why);
    evidence->rule_count = 0;
    memset(evidence->places, 0, evidence->plan->group_count * sizeof *evidence->places);
    const cst_status status = cst_decide_json(evidence->context, json, length, decision);
    return status == CST_OK && evidence->why.failed ? CST_NO_MEMORY : status;
}

void evidence_close(policy_evidence *evidence)
{
    reference_observe(evidence->module, NULL, NULL);
    cst_context_free(evidence->context);
    cst_policy_release(evidence->policy);
    buffer_free(&evidence->why);
    free(evidence->places);
}

/* Lines and their breaks stay; what a terminal would obey does not. */
void out_indented(const char *text, size_t length, uint32_t indent)
{
    buffer line;
    buffer_init(&line, NULL, 0);
    for (size_t at = 0; at < length;) {
        const char *const end = memchr(text + at, '\n', length - at);
        const size_t size = end == NULL ? length - at : (size_t)(end - text) - at;
        buffer_clear(&line);
        show_padding(&line, indent);
        show_text(&line, text + at, size, 0);
        buffer_text(&line, "\n");
        if (!line.failed)
            out_bytes(line.bytes, line.length);
        at += size + 1;
    }
    buffer_free(&line);
}
