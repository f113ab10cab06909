/*
 * claude_hook.h - what Claude Code tells its hooks, and what they may answer.
 *
 * A hook is a process that Claude Code starts beside what it does: one JSON object comes on stdin,
 * an answer goes to stdout. Which answer stops what differs from one kind of hook to the next;
 * claude_answer.c knows, claude_hook.c knows what comes in.
 *
 * Layer 4 of the runtime. Not thread-safe.
 */
#ifndef CONSTITUTION_RUNTIME_ADAPTERS_CLAUDE_HOOK_H
#define CONSTITUTION_RUNTIME_ADAPTERS_CLAUDE_HOOK_H

#include "runtime/adapters/conversation.h"

typedef enum claude_kind {
    CLAUDE_SILENT, /* nothing that a policy decides */
    CLAUDE_PROMPT, /* UserPromptSubmit */
    CLAUDE_CALL,   /* PreToolUse */
    /* PermissionRequest: a call that PreToolUse has seen, and that the person is asked about now */
    CLAUDE_PERMISSION,
    CLAUDE_RESULT,  /* PostToolUse */
    CLAUDE_FAILURE, /* PostToolUseFailure */
    CLAUDE_REPLY    /* Stop, SubagentStop */
} claude_kind;

typedef struct claude_hook {
    claude_kind kind;
    const char *name; /* of the hook, static; NULL: it could not be understood */
    bool retried;     /* CLAUDE_REPLY: the model goes on already since a hook wanted it to */
    bool is_mcp;      /* CLAUDE_RESULT: the tool is one of an MCP server */
    /* CLAUDE_RESULT: what the tool answered, and the input that its places point into */
    const cst_json *response;
    const char *input;
    const cst_json *only; /* the one string that the event's text is, or NULL */
} claude_hook;

/* One hook input as at most one event: see conversation.h. conversation->hook says what it was. */
bool claude_hook_read(conversation_reader *conversation, const cst_json *whole);

/*
 * The answer as one JSON object, or nothing where the hook has no objection. `permits`: what the
 * policy permits needs no question of Claude Code's own. Anything that the format cannot say
 * becomes what is stricter.
 */
void claude_answer_write(buffer *out, const claude_hook *hook, const cst_decision *decision,
                         bool permits);

#endif
