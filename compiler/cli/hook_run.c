/*
 * hook_run.c - see hook_run.h.
 *
 * Claude Code takes only one exit code for a no: 2. Any other failure, and a hook that takes too
 * long, is no objection to it. So everything that is not an answer ends with 2 here: input that is
 * not understood, a policy that does not open, a state that cannot be kept, a crash, a lock that
 * does not come free.
 *
 * The state is written before the answer: an answer that was given and not remembered would let the
 * next call see a past that never was.
 */
#define _XOPEN_SOURCE 700 /* sigaltstack */

#include "compiler/cli/hook_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/cli/hook_state.h"
#include "runtime/adapters/claude_hook.h"
#include "runtime/adapters/lines.h"
#include "runtime/history/past.h"
#include "runtime/policy.h"

int hook_refuse(const char *format, ...)
{
    char text[1024] = "";
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    /* It may quote the input, and a terminal may be what shows it. */
    for (char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    fprintf(stderr, "constitution-hook: %s\n", text);
    return HOOK_BLOCKS;
}

/* ---- the process ----------------------------------------------------------------------------- */

static void end_now(int signal)
{
    static const char late[] = "constitution-hook: no decision in time\n";
    static const char crash[] = "constitution-hook: internal error\n";
    const bool is_late = signal == SIGALRM;
    /* whether it can be told or not, it ends */
    if (write(STDERR_FILENO, is_late ? late : crash, is_late ? sizeof late - 1 : sizeof crash - 1) <
        0)
        _exit(HOOK_BLOCKS);
    _exit(HOOK_BLOCKS);
}

void hook_guard(void)
{
    static const int signals[] = {SIGALRM, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    static char stack[1 << 14]; /* a crash may be that there was no more of the other */
    const stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&other, NULL);
    struct sigaction action = {.sa_handler = end_now, .sa_flags = SA_ONSTACK};
    for (uint32_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    /* Without its three files, a file that is opened would take their place, and the answer go
     * there. */
    for (int i = 0; i <= STDERR_FILENO; i++)
        if (fcntl(i, F_GETFD) < 0)
            _exit(HOOK_BLOCKS);
    alarm(LIMIT_HOOK_SECONDS);
}

cst_policy *hook_open_library(const char *path, const cst_options *options)
{
    char slashed[4096];
    /* Without a slash the loader would look for a library of the system. */
    const int length =
        snprintf(slashed, sizeof slashed, "%s%s", strchr(path, '/') == NULL ? "./" : "", path);
    cst_policy *policy = NULL;
    const cst_status status = length < (int)sizeof slashed
                                  ? cst_policy_open(slashed, options, &policy)
                                  : CST_BAD_ARGUMENT;
    if (status == CST_OK)
        return policy;
    hook_refuse("%s: %s (a compiled policy is expected: constc build POLICY.const -o POLICY.so)",
                path, cst_status_text(status));
    return NULL;
}

/* ---- one call -------------------------------------------------------------------------------- */

typedef struct hook_work {
    const hook_call *call;
    cst_policy *policy;
    cst_context *context;
    conversation_reader reader;
    hook_state state, shared; /* of the session, and of what is counted across them */
    line_reader input;
    buffer records, kept, answer;
    bool seen; /* an event */
    int code;
} hook_work;

static bool is_name(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", name[i]) ==
            NULL)
            return false;
    return length > 0;
}

/* `"user":{…},` for every event. A name that is there twice makes the event malformed, which is
 * denied. */
static bool add_context(hook_work *work, const char *given)
{
    const char *const equals = strchr(given, '=');
    const size_t length = equals == NULL ? 0 : (size_t)(equals - given);
    cst_json *tree;
    json_problem problem;
    if (equals == NULL || !is_name(given, length) ||
        json_read(&work->reader.arena, equals + 1, strlen(equals + 1), LIMIT_JSON_DEPTH, &tree,
                  &problem) != JSON_OK ||
        tree->kind != JSON_OBJECT) {
        hook_refuse("--context is NAME=JSON, such as user='{\"id\":\"u1\"}', not \"%s\"", given);
        return false;
    }
    buffer_json_string(&work->records, given, length);
    buffer_format(&work->records, ":%s,", equals + 1);
    return true;
}

static bool asks_across(const cst_policy *policy)
{
    for (uint32_t i = 0; i < policy->image->pasts.count; i++)
        if (past_row(policy->image, i)->across)
            return true;
    return false;
}

/* What is counted across sessions, under a lock of its own that is always taken after the
 * session's. False: the hook blocks, and *code says how. */
static bool load_shared(hook_work *work, bool *trusted, int *code)
{
    bool found;
    work->shared = (hook_state){.folder = work->state.folder, .lock = -1};
    buffer_clear(&work->kept);
    /* no policy has an empty name */
    if (!hook_state_lock(&work->shared, "", cst_policy_name(work->policy),
                         strlen(cst_policy_name(work->policy))) ||
        !hook_state_read(&work->shared, &work->kept, &found)) {
        *code = hook_refuse("%s", work->shared.why);
        return false;
    }
    if (!found)
        return true;
    const cst_status loaded = cst_shared_load(
        work->context, work->kept.bytes == NULL ? "" : work->kept.bytes, work->kept.length, NULL);
    *trusted = loaded == CST_OK;
    if (loaded == CST_OK || loaded == CST_BAD_STATE) /* then what it is asked is undecided */
        return true;
    *code = hook_refuse("%s", cst_status_text(loaded));
    return false;
}

static int save_shared(hook_work *work)
{
    const void *bytes;
    size_t length;
    const cst_status saved = cst_shared_save(work->context, &bytes, &length);
    if (saved != CST_OK)
        return hook_refuse("%s", cst_status_text(saved));
    return hook_state_write(&work->shared, bytes, length) ? HOOK_ANSWERED
                                                          : hook_refuse("%s", work->shared.why);
}

/* The decision with the past that was kept, which then has this event too. */
static int decide(hook_work *work, const conversation_event *event)
{
    const claude_hook *const hook = work->reader.hook;
    bool found, trusted = true, shared_trusted = true;
    const bool across = asks_across(work->policy);
    int code;
    const void *bytes;
    size_t length;
    cst_decision decision;
    if (!hook_state_lock(&work->state, cst_policy_name(work->policy), event->session,
                         event->session_length) ||
        !hook_state_read(&work->state, &work->kept, &found))
        return hook_refuse("%s", work->state.why);
    if (found) {
        const cst_status loaded = cst_session_load(
            work->context, event->session, event->session_length,
            work->kept.bytes == NULL ? "" : work->kept.bytes, work->kept.length, NULL);
        trusted = loaded == CST_OK;
        if (loaded != CST_OK && loaded != CST_BAD_STATE) /* that one is denied by the decision */
            return hook_refuse("%s", cst_status_text(loaded));
    }
    if (across && !load_shared(work, &shared_trusted, &code))
        return code;
    const cst_status decided =
        cst_decide_json(work->context, event->json, event->length, &decision);
    if (decided != CST_OK)
        return hook_refuse("%s", cst_status_text(decided));
    claude_answer_write(&work->answer, hook, &decision, work->call->permits);
    if (work->answer.failed)
        return hook_refuse("out of memory");
    /* A question to the person is about a call that was remembered when it was planned. What cannot
     * be trusted stays as it is, for its owner to look at. */
    if (hook->kind == CLAUDE_PERMISSION || !trusted)
        return HOOK_ANSWERED;
    const cst_status saved =
        cst_session_save(work->context, event->session, event->session_length, &bytes, &length);
    if (saved != CST_OK)
        return hook_refuse("%s", cst_status_text(saved));
    if (!hook_state_write(&work->state, bytes, length))
        return hook_refuse("%s", work->state.why);
    return across && shared_trusted ? save_shared(work) : HOOK_ANSWERED;
}

static bool on_event(void *user, const conversation_event *event)
{
    hook_work *const work = user;
    work->seen = true;
    work->code = event->error_code != NULL
                     ? hook_refuse("%s%s%s", event->error_text,
                                   event->error_at[0] == '\0' ? "" : ": ", event->error_at)
                     : decide(work, event);
    return false;
}

static int answer(hook_work *work)
{
    if (work->answer.length == 0)
        return HOOK_ANSWERED;
    buffer_text(&work->answer, "\n");
    const char *from = work->answer.bytes;
    size_t length = work->answer.length;
    while (!work->answer.failed && length > 0) {
        const ssize_t count = write(STDOUT_FILENO, from, length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return hook_refuse("the answer could not be written");
        from += count;
        length -= (size_t)count;
    }
    return work->answer.failed ? hook_refuse("out of memory") : HOOK_ANSWERED;
}

static int run(hook_work *work)
{
    const hook_call *const call = work->call;
    cst_options options = {.size = sizeof options};
    const char *bytes;
    size_t length;
    if (lines_everything(&work->input, &bytes, &length) != LINES_TEXT)
        return hook_refuse("the input could not be read, or is longer than %u bytes",
                           LIMIT_EVENT_BYTES);
    for (uint32_t i = 0; i < call->context_count; i++)
        if (!add_context(work, call->contexts[i]))
            return HOOK_BLOCKS;
    if (!hook_state_open(&work->state, call->state, options.key))
        return hook_refuse("%s", work->state.why);
    work->policy = call->open(call->policy, &options);
    if (work->policy == NULL)
        return HOOK_BLOCKS;
    /* What is left of a file that was cut off may be a policy without rules: it would permit
     * everything. */
    if (cst_policy_rule_count(work->policy) == 0)
        return hook_refuse("%s: the policy has no rules", call->policy);
    work->context = cst_context_new(work->policy);
    if (work->context == NULL || work->records.failed)
        return hook_refuse("out of memory");
    work->reader.records = work->records.length > 0 ? work->records.bytes : NULL;
    if (conversation_read(&work->reader, bytes, length) != CST_OK)
        return hook_refuse("out of memory");
    if (!work->seen && (work->reader.hook == NULL || work->reader.hook->name == NULL))
        return hook_refuse("the input could not be understood");
    return work->code != HOOK_ANSWERED ? work->code : answer(work);
}

int hook_claude(const hook_call *call)
{
    hook_work work = {.call = call,
                      .code = HOOK_ANSWERED,
                      .state = {.folder = -1, .lock = -1},
                      .shared = {.folder = -1, .lock = -1}};
    conversation_init(&work.reader, CONVERSATION_CLAUDE_HOOK, NULL, on_event, &work);
    lines_init(&work.input, STDIN_FILENO, LIMIT_EVENT_BYTES, NULL);
    buffer_init(&work.records, NULL, 0);
    buffer_init(&work.kept, NULL, 0);
    buffer_init(&work.answer, NULL, 0);
    const int code = run(&work);
    work.shared.folder = -1; /* it is the other one's */
    hook_state_close(&work.shared);
    hook_state_close(&work.state);
    cst_context_free(work.context);
    cst_policy_release(work.policy);
    conversation_free(&work.reader);
    lines_free(&work.input);
    buffer_free(&work.records);
    buffer_free(&work.kept);
    buffer_free(&work.answer);
    return code;
}
