/*
 * compile.c - a service that compiles policies itself: a text in memory, diagnostics by callback, a
 * decision.
 */
#include <constitution/compiler.h>

#include <stdio.h>
#include <string.h>

static const char policy_text[] = "constitution quick \"1\"\n"
                                  "tool pay(amount: decimal, to: string) pays\n"
                                  "rule large on action pay when args.amount > 100.0 then deny "
                                  "because \"{args.amount} is too much.\"\n";

static const char event[] =
    "{\"stage\":\"action\",\"tool\":\"pay\",\"args\":{\"amount\":100.01,\"to\":\"ann\"}}";

static void show(void *user, const cst_diagnostic *diagnostic)
{
    (void)user;
    fputs(diagnostic->rendered, stderr);
}

int main(void)
{
    const cst_compiler_options options = {.size = sizeof options, .diagnostic = show};
    cst_policy *policy;
    if (cst_policy_compile_text("quick.const", policy_text, strlen(policy_text), &options,
                                &policy) != CST_OK)
        return 1;
    cst_context *context = cst_context_new(policy);
    if (!context)
        return 1;
    cst_decision decision;
    cst_decide_json(context, event, strlen(event), &decision);
    cst_fired rule;
    if (cst_decision_rule(&decision, 0, &rule) == CST_OK)
        printf("%s: %s, %s\n", cst_verdict_name(decision.verdict), rule.rule, rule.message);
    int right = decision.verdict == CST_DENY && decision.rule_count == 1;
    cst_context_free(context);
    cst_policy_release(policy);
    return !right;
}
