/*
 * test_mutate.c - `constc test --mutate`: would the tests of a policy notice if somebody changed
 * it?
 *
 * Each change is put into the policy that the reference evaluator runs, the tests run until one
 * fails, and the change is taken back. Nothing is compiled for it, so what a change costs is the
 * tests. A change that no test notices is shown where it would be made, with a test that would
 * notice it. Not every survivor is a gap: some changes make no difference that an event could show.
 */
#include <stdlib.h>
#include <unistd.h>

#include "compiler/cli/test.h"
#include "compiler/driver/driver.h"
#include "compiler/reference/explain.h"
#include "compiler/reference/mutation.h"
#include "compiler/render.h"

typedef struct mutate_run {
    test_state *test;
    mutation_list list;
    bool *survived; /* by change */
    uint32_t killed;
} mutate_run;

static void progress(uint32_t done, uint32_t count)
{
    if (terminal_is(STDERR_FILENO))
        fprintf(stderr, "\rconstc: change %u of %u \033[K", done, count);
}

static void progress_wipe(void)
{
    if (terminal_is(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

static bool is_noticed(test_state *test)
{
    const checked_policy *const policy = test->evidence.checked;
    const checked_step *last;
    for (uint32_t i = 0; i < policy->tests.count; i++)
        if (!test_steps(test, &policy->tests.items[i], &last))
            return true;
    return false;
}

/* Only the reference evaluator sees changed trees, and nobody asks it why. */
static void changes_try(mutate_run *run)
{
    test_state *const test = run->test;
    cst_policy *const native = test->native;
    cst_context *const native_context = test->native_context;
    const bool compare = test->compare;
    test->native = NULL;
    test->native_context = NULL;
    test->compare = false;
    reference_observe(test->evidence.module, NULL, NULL);
    for (uint32_t i = 0; i < run->list.count; i++) {
        progress(i + 1, run->list.count);
        mutation_apply(&run->list.items[i]);
        run->survived[i] = !is_noticed(test);
        mutation_undo(&run->list.items[i]);
        run->killed += !run->survived[i];
    }
    progress_wipe();
    test->native = native;
    test->native_context = native_context;
    test->compare = compare;
}

/* ---- what is said ---------------------------------------------------------------------------- */

/* Of a rule that could as well not be there nothing else need be said. `others`: by rule, its
 * survivors. */
static void survivor_show(buffer *out, compilation *unit, const mutation *one,
                          const uint32_t *others)
{
    arena *const memory = &unit->arena;
    const char *const name = unit->checked->rules.items[one->rule].name;
    const char *title =
        arena_format(memory, "survived: the tests do not notice if %s", one->change);
    if (one->kind != MUTATION_DROP_RULE)
        title = arena_format(memory, "%s, in `%s`", title, name);
    else if (others[one->rule] > 1)
        title = arena_format(memory, "%s, nor %u other change%s of it", title,
                             others[one->rule] - 1, others[one->rule] > 2 ? "s" : "");
    render_place(out, unit, title, one->range, NULL, one->hint, colour_wanted(STDOUT_FILENO));
}

static void text_write(buffer *out, compilation *unit, const mutate_run *run)
{
    const mutation_list *const list = &run->list;
    uint32_t *const others =
        arena_array(&unit->arena, unit->checked->declared_rules, sizeof *others);
    bool *const dropped = arena_array(&unit->arena, unit->checked->declared_rules, sizeof *dropped);
    buffer_format(out, "changes of %s\n\n",
                  unit->sources.items[unit->checked->layers[0].source].path);
    for (uint32_t i = 0; i < list->count; i++) {
        others[list->items[i].rule] += run->survived[i];
        if (run->survived[i] && list->items[i].kind == MUTATION_DROP_RULE)
            dropped[list->items[i].rule] = true;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        const mutation *const one = &list->items[i];
        if (run->survived[i] && (one->kind == MUTATION_DROP_RULE || !dropped[one->rule]))
            survivor_show(out, unit, one, others);
    }
    buffer_format(out, "%u of %u mutants killed", run->killed, list->count);
    if (list->ill_formed + list->equal > 0)
        buffer_format(out, "; not run: %u that would not compile, %u that change nothing",
                      list->ill_formed, list->equal);
    if (list->left_out > 0)
        buffer_format(out, "; %u left out (--mutants)", list->left_out);
    buffer_text(out, "\n");
}

static void json_write(buffer *out, compilation *unit, const mutate_run *run)
{
    const mutation_list *const list = &run->list;
    const char *between = "";
    buffer_format(out,
                  ",\"mutants\":{\"count\":%u,\"killed\":%u,\"ill_formed\":%u,\"equal\":%u,\"left_"
                  "out\":%u,\"survivors\":[",
                  list->count, run->killed, list->ill_formed, list->equal, list->left_out);
    for (uint32_t i = 0; i < list->count; i++) {
        const mutation *const one = &list->items[i];
        if (!run->survived[i])
            continue;
        buffer_format(out, "%s{", between);
        member_text(out, "rule", unit->checked->rules.items[one->rule].name);
        buffer_text(out, ",");
        member_place(out, unit, one->range);
        buffer_text(out, ",");
        member_text(out, "change", one->change);
        buffer_text(out, ",");
        member_text(out, "hint", one->hint);
        buffer_text(out, "}");
        between = ",";
    }
    buffer_text(out, "]}");
}

static cst_status find(compilation *unit, void *user)
{
    mutate_run *const run = user;
    mutations_find(unit, (uint32_t)run->test->options->mutants, run->test->options->seed,
                   &run->list);
    return CST_OK;
}

static cst_status write_report(compilation *unit, void *user)
{
    const mutate_run *const run = user;
    if (run->test->options->json) {
        json_write(&run->test->report, unit, run);
        return CST_OK;
    }
    buffer text;
    const cst_allocator memory = arena_allocator(&unit->arena);
    buffer_init(&text, &memory, 0);
    text_write(&text, unit, run);
    out_bytes(text.bytes, text.length);
    return CST_OK;
}

static bool run_all(mutate_run *run)
{
    test_state *const test = run->test;
    compilation *const unit = reference_workshop(test->evidence.module);
    if (driver_protect(unit, find, run) != CST_OK)
        return false;
    run->survived = checked(calloc(run->list.count + 1u, sizeof *run->survived));
    changes_try(run);
    return driver_protect(unit, write_report, run) == CST_OK;
}

bool mutants_run(test_state *test)
{
    mutate_run run = {.test = test};
    const uint64_t least = test->options->least_killed;
    if (test->evidence.checked->tests.count == 0) {
        complain("%s has no tests that could notice a change", test->path);
        if (test->options->json)
            buffer_text(&test->report, ",\"mutants\":null");
        return least == 0;
    }
    const bool done = run_all(&run);
    free(run.survived);
    if (!done) {
        complain("out of memory");
        return false;
    }
    if (is_enough(run.killed, run.list.count, least))
        return true;
    complain("%s: the tests notice less than %llu %% of the changes", test->path,
             (unsigned long long)least);
    return false;
}
