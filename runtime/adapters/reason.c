/*
 * reason.c - see reason.h.
 *
 * What a rule says of itself comes first; its name follows, so that whoever reads it can look it
 * up. Where many rules fired, the strictest few tell enough: the decision itself has them all.
 */
#include "runtime/adapters/reason.h"

enum { MOST_RULES = 8 };

static void who_write(buffer *out, const cst_fired *rule)
{
    if (rule->effect != CST_REQUIRE_APPROVAL && rule->effect != CST_ESCALATE)
        return;
    buffer_text(out, rule->effect == CST_ESCALATE ? " It is for " : " It needs the approval of ");
    for (uint32_t i = 0; i < rule->who_count; i++)
        buffer_format(out, "%s%s",
                      i == 0                     ? ""
                      : i + 1 == rule->who_count ? " or "
                                                 : ", ",
                      rule->who[i]);
    buffer_text(out, rule->who_count == 0 ? "somebody." : ".");
}

static void rule_write(buffer *out, const cst_fired *rule)
{
    if (rule->message != NULL)
        buffer_text(out, rule->message);
    else if (rule->rule == NULL)
        buffer_text(out, "No rule permits this.");
    else if (rule->effect == CST_REDACT)
        buffer_text(out, "A rule of the policy cuts something out of it.");
    else
        buffer_text(out, "A rule of the policy speaks against it.");
    who_write(out, rule);
    if (rule->offering != NULL)
        buffer_format(out, " Instead: %s", rule->offering);
    if (rule->undecided_code != NULL)
        buffer_format(out, " (It could not be decided: %s.)", rule->undecided_code);
    if (rule->rule != NULL)
        buffer_format(out, " [%s]", rule->rule);
}

void reason_write(buffer *out, const cst_decision *decision)
{
    if (decision->error_code != NULL) {
        buffer_format(out, "This could not be judged: %s",
                      decision->error_text != NULL ? decision->error_text : "it could not be read");
        if (decision->error_pointer != NULL && decision->error_pointer[0] != '\0')
            buffer_format(out, " (%s)", decision->error_pointer);
        return;
    }
    uint32_t told = 0;
    for (uint32_t i = 0; i < decision->rule_count && told < MOST_RULES; i++) {
        cst_fired rule;
        if (cst_decision_rule(decision, i, &rule) != CST_OK || rule.effect == CST_PERMIT)
            continue;
        if (told++ > 0)
            buffer_text(out, "\n");
        rule_write(out, &rule);
    }
    if (told == 0 && decision->verdict != CST_PERMIT)
        buffer_format(out, "The policy says: %s.", cst_verdict_name(decision->verdict));
}
