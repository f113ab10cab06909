/*
 * run_parallel.c - `constc run -j N`: one thread reads and writes, N decide.
 *
 * The answers must be those of one thread, byte for byte. What an event is decided by, beside the
 * policy, is what its session brought before; so all events of one session go to one thread, which
 * sees them in their order, and each thread has a context of its own. Where a policy keeps nothing
 * from one event to the next, any thread will do. A line whose session cannot be told, because it
 * is no event, may say something about every session (a lost system prompt): every thread decides
 * it, at its place in the order.
 *
 * Memory is constant: lines are read into a few batches, which are decided while the next is read,
 * and written in order. Before the reader would block, all that was read is decided and written, so
 * a program at both ends of the pipes never waits for itself. Sessions are bounded for each thread,
 * not for all of them.
 */
#include "compiler/cli/run_parallel.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/json_scan.h"
#include "runtime/policy.h"

enum { BATCHES = 4, BATCH_LINES = 512 };

#define BATCH_BYTES  ((size_t)1 << 18) /* a batch is full behind the line that reaches this */
#define EVERY_THREAD UINT32_MAX

typedef struct job {   /* one line */
    size_t at, length; /* in the batch's bytes */
    uint64_t place;    /* of the line in the input, 1-based */
    bool too_long;
    bool not_json;
    uint32_t thread; /* or EVERY_THREAD */
    /* the answer, written by `answers` alone */
    uint32_t answers;
    size_t text_at, text_length; /* in that thread's bytes of the batch */
    cst_verdict verdict;
    cst_status decided, written;
} job;

typedef struct batch {
    buffer bytes;
    buffer *texts; /* a thread each */
    job jobs[BATCH_LINES];
    uint32_t count;
    uint32_t left;     /* under the lock: threads that are not done with it */
    uint64_t consumed; /* bytes of the input up to its end */
} batch;

typedef struct parallel parallel;

typedef struct worker {
    parallel *all;
    uint32_t number;
    pthread_t thread;
    cst_context *context;
} worker;

struct parallel {
    run_state *run;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    worker *workers;
    uint32_t count, started;
    bool stateless;
    batch batches[BATCHES];
    uint64_t published; /* under the lock: batches that may be decided */
    bool ended;         /* under the lock: no more will come */
    uint64_t written;   /* batches that are */
    arena scratch;
    void (*deny_long)(void *user);
    void *user;
};

/* ---- options --------------------------------------------------------------------------------- */

bool run_threads_read(const cli_arguments *arguments, const char *format, uint32_t *threads)
{
    const char *const given = arguments_value(arguments, "--jobs", NULL);
    uint64_t number = 1;
    *threads = 1;
    if (given == NULL)
        return true;
    if (!number_read("--jobs", given, RUN_MOST_THREADS, &number))
        return false;
    if (number == 0) {
        complain("--jobs is the number of threads that decide, 1 or more");
        return false;
    }
    *threads = (uint32_t)number;
    if (number == 1)
        return true;
    if (strcmp(format, "events") != 0 || arguments_has(arguments, "--stream") ||
        arguments_has(arguments, "--summary")) {
        complain("--jobs decides lines of events: no other --from, no --stream, no --summary");
        return false;
    }
    return true;
}

bool run_can_share(const cst_policy *policy)
{
    const cst_image *const image = policy->image;
    const cst_past_row *const pasts = CST_ROWS(image, pasts, cst_past_row);
    for (uint32_t i = 0; i < image->pasts.count; i++)
        if (pasts[i].across)
            return false;
    return image->externs.count == 0; /* questions to the host are numbered */
}

/* Whether no event can matter to a later one. */
static bool is_stateless(const cst_image *image)
{
    const cst_rule_row *const rules = CST_ROWS(image, rules, cst_rule_row);
    const cst_layer_row *const layers = CST_ROWS(image, layers, cst_layer_row);
    for (uint32_t i = 0; i < image->rules.count; i++)
        if (rules[i].verdict == CST_HALT || rules[i].verdict == CST_REQUIRE_APPROVAL)
            return false;
    for (uint32_t i = 0; i < image->layers.count; i++)
        for (uint32_t stage = 0; stage < CST_STAGE_COUNT; stage++)
            if (layers[i].defaults[stage].verdict == CST_REQUIRE_APPROVAL)
                return false;
    return image->records.count == 0 && image->pasts.count == 0 && image->labels.count == 0 &&
           image->echoes.count == 0 && image->sources.count == 0 && image->froms.count == 0;
}

/* ---- which thread ---------------------------------------------------------------------------- */

/* The session of a line, *length 0 if it names none. False: it cannot be told. */
static bool find_session(parallel *all, const char *line, size_t length, const char **name,
                         uint32_t *name_length)
{
    json_scanner scanner;
    bool told = true;
    *name = "";
    *name_length = 0;
    arena_reset(&all->scratch);
    json_scan_begin(&scanner, line, length, &all->scratch, all->run->policy->limits.json_depth);
    if (json_peek(&scanner) != '{' || !json_open(&scanner))
        return false;
    while (json_next_member(&scanner)) {
        const bool wanted = scanner.length == 7 && memcmp(scanner.text, "session", 7) == 0;
        const char first = json_peek(&scanner);
        if (wanted && first == '"' && json_string(&scanner)) {
            *name = scanner.text;
            *name_length = scanner.length;
            continue;
        }
        told = told && (!wanted || first == 'n');
        json_skip(&scanner);
    }
    return !scanner.error && json_finish(&scanner) && told && *name_length <= LIMIT_SESSION_BYTES;
}

static uint32_t thread_of(const parallel *all, const char *session, uint32_t length)
{
    return cst_hash(session, length) % all->count;
}

static void choose_thread(parallel *all, job *job, uint32_t number, const char *line)
{
    const char *session;
    uint32_t length;
    job->thread = EVERY_THREAD;
    job->answers = thread_of(all, "", 0);
    if (job->too_long)
        return;
    if (all->stateless)
        job->thread = number % all->count;
    else if (find_session(all, line, job->length, &session, &length))
        job->thread = thread_of(all, session, length);
    if (job->thread != EVERY_THREAD)
        job->answers = job->thread;
}

/* ---- deciding -------------------------------------------------------------------------------- */

static void decide_job(worker *self, batch *batch, job *job)
{
    cst_decision decision;
    const cst_status status =
        cst_decide_json(self->context, batch->bytes.bytes + job->at, job->length, &decision);
    if (job->answers != self->number)
        return;
    const char *text = "";
    size_t length = 0;
    buffer *const texts = &batch->texts[self->number];
    job->decided = status;
    job->verdict = decision.verdict;
    job->written = cst_decision_json(&decision, &text, &length);
    if (job->written != CST_OK)
        return;
    job->not_json = decision.error_code != NULL && strcmp(decision.error_code, "json") == 0;
    job->text_at = texts->length;
    job->text_length = length;
    buffer_add(texts, text, length);
    if (texts->failed)
        job->written = CST_NO_MEMORY;
}

static void *work(void *argument)
{
    worker *const self = argument;
    parallel *const all = self->all;
    for (uint64_t next = 0;; next++) {
        pthread_mutex_lock(&all->lock);
        while (next == all->published && !all->ended)
            pthread_cond_wait(&all->changed, &all->lock);
        const bool over = next == all->published;
        pthread_mutex_unlock(&all->lock);
        if (over)
            return NULL;
        batch *const batch = &all->batches[next % BATCHES];
        for (uint32_t i = 0; i < batch->count; i++) {
            job *const job = &batch->jobs[i];
            if (!job->too_long && (job->thread == self->number || job->thread == EVERY_THREAD))
                decide_job(self, batch, job);
        }
        pthread_mutex_lock(&all->lock);
        if (--batch->left == 0)
            pthread_cond_broadcast(&all->changed);
        pthread_mutex_unlock(&all->lock);
    }
}

/* ---- in and out ------------------------------------------------------------------------------ */

static void write_job(parallel *all, const batch *batch, const job *job)
{
    run_state *const run = all->run;
    run->place = job->place;
    run->answered++;
    run->not_json += job->not_json;
    if (job->too_long) {
        all->deny_long(all->user);
        return;
    }
    if (job->decided != CST_OK) {
        complain("%s", cst_status_text(job->decided));
        run->trouble = EXIT_USAGE;
    }
    run_note(run, job->verdict);
    if (job->written != CST_OK) {
        complain("%s", cst_status_text(job->written));
        run->trouble = EXIT_USAGE;
        return;
    }
    out_bytes(batch->texts[job->answers].bytes + job->text_at, job->text_length);
    out_bytes("\n", 1);
}

/* Waits for the oldest batch, and writes its answers up to the first trouble. */
static void write_oldest(parallel *all)
{
    batch *const batch = &all->batches[all->written % BATCHES];
    pthread_mutex_lock(&all->lock);
    while (batch->left > 0)
        pthread_cond_wait(&all->changed, &all->lock);
    pthread_mutex_unlock(&all->lock);
    for (uint32_t i = 0; i < batch->count && all->run->trouble == EXIT_GOOD; i++)
        write_job(all, batch, &batch->jobs[i]);
    all->run->bytes = batch->consumed;
    all->written++;
}

static void publish(parallel *all, batch *batch, uint64_t consumed)
{
    if (batch->count == 0)
        return;
    batch->consumed = consumed;
    for (uint32_t i = 0; i < all->count; i++)
        buffer_clear(&batch->texts[i]);
    pthread_mutex_lock(&all->lock);
    batch->left = all->count;
    all->published++;
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
}

/* The batch that is being filled; its place is free once what lay there before is written. */
static batch *current(parallel *all)
{
    if (all->published - all->written == BATCHES)
        write_oldest(all);
    return &all->batches[all->published % BATCHES];
}

static void add_line(parallel *all, batch *batch, const char *line, size_t length, uint64_t place,
                     bool too_long)
{
    if (batch->count == 0)
        buffer_clear(&batch->bytes);
    job *const job = &batch->jobs[batch->count];
    memset(job, 0, sizeof *job);
    job->at = batch->bytes.length;
    job->length = length;
    job->place = place;
    job->too_long = too_long;
    buffer_add(&batch->bytes, line, length);
    checked(batch->bytes.failed ? NULL : batch);
    choose_thread(all, job, batch->count, line);
    batch->count++;
}

static bool is_blank(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

static void drain(parallel *all, uint64_t consumed)
{
    publish(all, current(all), consumed);
    while (all->written < all->published)
        write_oldest(all);
    all->batches[all->published % BATCHES].count = 0;
}

static void read_all(parallel *all, line_reader *lines, const char *path)
{
    run_state *const run = all->run;
    lines_status status = LINES_TEXT;
    while (run->trouble == EXIT_GOOD && (status == LINES_TEXT || status == LINES_TOO_LONG)) {
        if (!lines_ready(lines)) {
            drain(all, lines->consumed);
            out_flush();
        }
        const char *line;
        size_t length;
        status = lines_next(lines, &line, &length);
        if (status == LINES_TOO_LONG)
            length = 0;
        if ((status != LINES_TEXT && status != LINES_TOO_LONG) ||
            (status == LINES_TEXT && is_blank(line, length)))
            continue;
        batch *const batch = current(all);
        add_line(all, batch, status == LINES_TEXT ? line : "", length, lines->number,
                 status == LINES_TOO_LONG);
        if (batch->count < BATCH_LINES && batch->bytes.length < BATCH_BYTES)
            continue;
        publish(all, batch, lines->consumed);
        current(all)->count = 0;
    }
    drain(all, lines->consumed);
    if (status == LINES_FAILED)
        complain_errno(strcmp(path, "-") == 0 ? "stdin" : path);
    else if (status == LINES_NO_MEMORY)
        complain("out of memory");
    if (status == LINES_FAILED || status == LINES_NO_MEMORY)
        run->trouble = EXIT_USAGE;
}

/* ---- life ------------------------------------------------------------------------------------ */

static bool start(parallel *all)
{
    for (; all->started < all->count; all->started++) {
        worker *const one = &all->workers[all->started];
        *one = (worker){
            .all = all, .number = all->started, .context = cst_context_new(all->run->policy)};
        if (one->context == NULL || pthread_create(&one->thread, NULL, work, one) != 0) {
            cst_context_free(one->context);
            complain("the threads that decide cannot be started");
            return false;
        }
    }
    return true;
}

static void stop(parallel *all)
{
    pthread_mutex_lock(&all->lock);
    all->ended = true;
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
    for (uint32_t i = 0; i < all->started; i++) {
        pthread_join(all->workers[i].thread, NULL);
        cst_context_free(all->workers[i].context);
    }
}

void run_lines_parallel(run_state *run, line_reader *lines, const char *path, uint32_t threads,
                        void (*deny_long)(void *user), void *user)
{
    parallel *const all = checked(calloc(1, sizeof *all));
    *all = (parallel){.run = run,
                      .count = threads,
                      .stateless = is_stateless(run->policy->image),
                      .deny_long = deny_long,
                      .user = user};
    all->workers = checked(calloc(threads, sizeof *all->workers));
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->changed, NULL);
    arena_init(&all->scratch, NULL, 0);
    for (int i = 0; i < BATCHES; i++) {
        buffer_init(&all->batches[i].bytes, NULL, 0);
        all->batches[i].texts = checked(calloc(threads, sizeof *all->batches[i].texts));
        for (uint32_t k = 0; k < threads; k++)
            buffer_init(&all->batches[i].texts[k], NULL, 0);
    }
    if (start(all))
        read_all(all, lines, path);
    else
        run->trouble = EXIT_USAGE;
    stop(all);
    for (int i = 0; i < BATCHES; i++) {
        buffer_free(&all->batches[i].bytes);
        for (uint32_t k = 0; k < threads; k++)
            buffer_free(&all->batches[i].texts[k]);
        free(all->batches[i].texts);
    }
    arena_free(&all->scratch);
    pthread_cond_destroy(&all->changed);
    pthread_mutex_destroy(&all->lock);
    free(all->workers);
    free(all);
}
