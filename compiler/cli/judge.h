/*
 * judge.h - one text, put into an event, decided by the policy.
 *
 * The options say what kind of event: the stage, the tool, which argument takes the text, what
 * else an event of this policy needs. The event around the text is made once. Each text is decided
 * in a session of its own and at the same moment, so that neither rows nor hours influence a
 * figure.
 */
#ifndef CONSTITUTION_COMPILER_CLI_JUDGE_H
#define CONSTITUTION_COMPILER_CLI_JUDGE_H

#include "compiler/cli/host.h"

typedef struct judge {
    cst_policy *policy;
    cst_context *context;
    cli_host *host; /* or NULL */
    cst_stage stage;
    const char *tool;  /* NULL: none */
    cst_verdict least; /* the policy spoke if it decided so, or stricter */
    bool shadow;       /* rules in shadow count */
    buffer head, tail; /* the event before and behind the text */
    buffer pointer;    /* where the text is in the event: "/args/body" */
    buffer event;
} judge;

typedef struct judgement {
    cst_decision decision; /* until the next text is judged */
    bool read;             /* false: the event was malformed; the decision says why */
    cst_verdict verdict;   /* with the rules in shadow, if they count */
    bool spoke;            /* verdict >= least */
} judgement;

/* False after a message; *code says how to end. judge_end in either case. */
bool judge_begin(judge *judge, const cli_arguments *arguments, const char *policy, int *code);
void judge_end(judge *judge);
/* False after a message: the policy could not decide at all. */
bool judge_text(judge *judge, const char *text, size_t length, judgement *out);
/* Calls `visit` for each rule (no permit, no waiver) that can speak on these events. */
void judge_rules(const judge *judge,
                 void (*visit)(void *user, const char *name, size_t length, cst_verdict effect,
                               bool shadow),
                 void *user);

#endif
