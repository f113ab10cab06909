/*
 * status.c - names and sentences of statuses, verdicts and stages. Numbers out of range get a name
 * too: what prints a status must never be the thing that crashes.
 */
#include "runtime/include/constitution.h"

typedef struct status_row {
    const char *name;
    const char *text;
} status_row;

static const status_row statuses[] = {
    [CST_OK] = {"CST_OK", "All went well."},
    [CST_NO_MEMORY] = {"CST_NO_MEMORY", "Memory is short."},
    [CST_BAD_ARGUMENT] =
        {"CST_BAD_ARGUMENT",
         "An argument is missing or out of range, or a call came in the wrong order."},
    [CST_IO] = {"CST_IO", "A file could not be read or written."},
    [CST_NOT_A_POLICY] = {"CST_NOT_A_POLICY", "The file is no compiled policy, or it is damaged."},
    [CST_WRONG_ABI] = {"CST_WRONG_ABI",
                       "The policy was compiled for another version of this library."},
    [CST_NOT_COMPILED] = {"CST_NOT_COMPILED", "The policy has errors."},
    [CST_NO_FIELD] = {"CST_NO_FIELD", "The policy does not read this field here."},
    [CST_WRONG_TYPE] = {"CST_WRONG_TYPE", "The value does not fit the type of the field."},
    [CST_LIMIT] = {"CST_LIMIT", "A bound was reached."},
    [CST_NO_TOOLCHAIN] = {"CST_NO_TOOLCHAIN", "No linker was found, or it failed."},
    [CST_INTERNAL] = {"CST_INTERNAL", "A broken invariant: please report it."},
    [CST_BAD_STATE] = {"CST_BAD_STATE",
                       "The bytes are no state of a session, or were not made with this key."},
    [CST_NO_GENERATOR] =
        {"CST_NO_GENERATOR",
         "The code generator, libconstc-codegen.so, is not where it was installed, or it is "
         "of another build."},
};

static const char *const verdicts[] = {
    [CST_PERMIT] = "permit",
    [CST_FLAG] = "flag",
    [CST_REDACT] = "redact",
    [CST_REPLACE] = "replace",
    [CST_REQUIRE_APPROVAL] = "require_approval",
    [CST_ESCALATE] = "escalate",
    [CST_REFUSE] = "refuse",
    [CST_DENY] = "deny",
    [CST_HALT] = "halt",
    [CST_PENDING] = "pending",
};

static const char *const stages[] = {
    [CST_INPUT] = "input",   [CST_OUTPUT] = "output",   [CST_ACTION] = "action",
    [CST_RESULT] = "result", [CST_MESSAGE] = "message",
};

const char *cst_status_name(cst_status status)
{
    const size_t row = (size_t)status;
    return row < sizeof statuses / sizeof *statuses ? statuses[row].name : "CST_UNKNOWN";
}

const char *cst_status_text(cst_status status)
{
    const size_t row = (size_t)status;
    return row < sizeof statuses / sizeof *statuses ? statuses[row].text : "An unknown status.";
}

const char *cst_verdict_name(cst_verdict verdict)
{
    const size_t row = (size_t)verdict;
    return row < sizeof verdicts / sizeof *verdicts ? verdicts[row] : "unknown";
}

const char *cst_stage_name(cst_stage stage)
{
    const size_t row = (size_t)stage;
    return row < sizeof stages / sizeof *stages ? stages[row] : "unknown";
}
