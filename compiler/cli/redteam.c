/*
 * redteam.c - `constc redteam`: which rewritings of a caught text get past which rule.
 *
 * First all rows are read, and of the positive ones that the policy catches as they are, `--limit`
 * are kept: by a reservoir, so that each has the same chance wherever it stands. Then each kept
 * text is rewritten by every transformation, and what came out once more by every other, and
 * decided again. Only the kept texts are in memory, each with a bound on its length.
 *
 * A transformation that leaves a text as it is says nothing about the policy, and is counted
 * apart. Nothing is random but by the seed.
 */
#include "compiler/cli/redteam.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/limits.h"

enum { KEPT = 100, SHOWN_PAIRS = 20, EXAMPLE_BYTES = 200 };

/* ---- rows ------------------------------------------------------------------------------------ */

static char *row_name(const data_row *row)
{
    if (row->id != NULL)
        return text_copy(row->id, row->id_length);
    buffer name;
    buffer_init(&name, NULL, 0);
    buffer_format(&name, "%s:%llu", row->path, (unsigned long long)row->line);
    if (name.failed)
        checked(NULL);
    char *const made = text_copy(name.bytes, name.length);
    buffer_free(&name);
    return made;
}

static void row_keep(redteam_state *state, const data_row *row)
{
    uint64_t place = state->kept_count;
    const uint64_t draw = rewrite_random(&state->choice) % ++state->caught_rows;
    if (state->kept_count == state->limit)
        place = draw;
    if (place >= state->limit)
        return;
    redteam_row *const kept = &state->kept[place];
    if (place < state->kept_count) {
        free(kept->text);
        free(kept->name);
    } else
        state->kept_count++;
    kept->text = text_copy(row->text, row->text_length);
    kept->length = row->text_length;
    kept->name = row_name(row);
    kept->seed = state->seed * UINT64_C(0x9E3779B97F4A7C15) + state->caught_rows;
}

static bool on_row(void *user, const data_row *row)
{
    redteam_state *const state = user;
    state->rows++;
    state->unread += row->fault != ROW_GOOD;
    if (row->fault != ROW_GOOD || row->kind != ROW_POSITIVE)
        return true;
    state->positive_rows++;
    judgement judged;
    if (!judge_text(&state->judge, row->text, row->text_length, &judged)) {
        state->code = EXIT_USAGE;
        return false;
    }
    if (!judged.read)
        state->malformed++;
    else if (judged.spoke && row->text_length > LIMIT_REDTEAM_TEXT_BYTES)
        state->too_long++;
    else if (judged.spoke)
        row_keep(state, row);
    return true;
}

static bool read_rows(redteam_state *state)
{
    progress_begin(&state->reader.progress);
    for (uint32_t i = 1; i < state->arguments->word_count && state->code == EXIT_GOOD; i++) {
        const int code =
            rows_read(&state->reader, state->arguments->words[i], i - 1, on_row, state);
        if (code != EXIT_GOOD)
            state->code = code;
    }
    progress_end(&state->reader.progress);
    return state->code == EXIT_GOOD;
}

/* ---- deciding rewritten texts ---------------------------------------------------------------- */

/* Marks the rules that catch this text with state->decided. `make`: rules that are new go into the
 * table. */
static void mark_rules(redteam_state *state, const judgement *judged, bool make)
{
    cst_fired fired;
    for (int shadow = 0; shadow <= (state->judge.shadow ? 1 : 0); shadow++)
        for (uint32_t i = 0; (shadow ? cst_decision_shadow(&judged->decision, i, &fired)
                                     : cst_decision_rule(&judged->decision, i, &fired)) == CST_OK;
             i++) {
            if (fired.effect < state->judge.least)
                continue;
            const char *const name = fired.rule == NULL ? "(default)" : fired.rule;
            redteam_rule *const rule = make ? names_row(&state->rules, name, strlen(name))
                                            : names_find(&state->rules, name, strlen(name));
            if (rule == NULL)
                continue;
            if (rule->alone == NULL) {
                rule->alone = checked(calloc(rewrite_count, sizeof *rule->alone));
                rule->last = UINT64_MAX;
            }
            rule->rows += make && rule->last != state->decided;
            rule->last = state->decided;
        }
}

/* False after a message. */
static bool decide(redteam_state *state, const buffer *text, judgement *judged)
{
    state->decided++;
    state->rewritten_bytes += text->length;
    progress_event(&state->progress, state->rewritten_bytes);
    if (judge_text(&state->judge, text->bytes, text->length, judged))
        return true;
    state->code = EXIT_USAGE;
    return false;
}

static bool is_same(const buffer *text, const char *bytes, size_t length)
{
    return text->length == length && (length == 0 || memcmp(text->bytes, bytes, length) == 0);
}

static void keep_example(redteam_alone *alone, const redteam_row *row, const buffer *text)
{
    if (alone->example != NULL)
        return;
    size_t length = text->length < EXAMPLE_BYTES ? text->length : EXAMPLE_BYTES;
    while (length > 0 && length < text->length &&
           ((unsigned char)text->bytes[length] & 0xC0u) == 0x80u)
        length--;
    alone->example = text_copy(text->bytes, length);
    alone->example_length = (uint32_t)length;
    alone->example_row = row->name;
}

/* `fires`: by rule, whether it catches the row as it is. */
static bool try_alone(redteam_state *state, uint32_t number, const redteam_row *row,
                      const bool *fires, const buffer *text)
{
    judgement judged;
    redteam_alone *const alone = &state->alone[number];
    if (!decide(state, text, &judged))
        return false;
    if (!judged.read) {
        alone->trouble++;
        return true;
    }
    alone->counts.total++;
    alone->counts.caught += judged.spoke;
    if (!judged.spoke)
        keep_example(alone, row, text);
    mark_rules(state, &judged, false);
    for (uint32_t i = 0; i < state->rules.count; i++) {
        redteam_rule *const rule = state->rules.rows[i];
        if (!fires[i])
            continue;
        rule->alone[number].total++;
        rule->alone[number].caught += rule->last == state->decided;
    }
    return true;
}

static bool try_pairs(redteam_state *state, uint32_t first, const redteam_row *row,
                      const buffer *once, buffer *twice)
{
    const rewrite_text text = {.bytes = once->bytes, .length = once->length, .seed = row->seed};
    for (uint32_t second = 0; second < rewrite_count; second++) {
        if (!state->chosen[second] || second == first)
            continue;
        if (!rewrite_apply(second, &text, twice)) {
            buffer_free(twice);
            buffer_init(twice, NULL, LIMIT_EVENT_BYTES);
            state->pair_trouble++;
            continue;
        }
        if (is_same(twice, once->bytes, once->length) || is_same(twice, row->text, row->length))
            continue;
        judgement judged;
        if (!decide(state, twice, &judged))
            return false;
        if (!judged.read) {
            state->pair_trouble++;
            continue;
        }
        caught_count *const pair = &state->pairs[first * rewrite_count + second];
        pair->total++;
        pair->caught += judged.spoke;
    }
    return true;
}

static bool try_row(redteam_state *state, const redteam_row *row, const bool *fires, buffer *once,
                    buffer *twice)
{
    const rewrite_text text = {.bytes = row->text, .length = row->length, .seed = row->seed};
    for (uint32_t i = 0; i < rewrite_count; i++) {
        if (!state->chosen[i])
            continue;
        if (!rewrite_apply(i, &text, once)) {
            buffer_free(once);
            buffer_init(once, NULL, LIMIT_EVENT_BYTES);
            state->alone[i].trouble++;
            continue;
        }
        if (is_same(once, row->text, row->length)) {
            state->alone[i].unchanged++;
            continue;
        }
        if (!try_alone(state, i, row, fires, once) ||
            (state->pairs_wanted && !try_pairs(state, i, row, once, twice)))
            return false;
    }
    return true;
}

/* Which rules catch each row as it is: `rules` is complete before anything is rewritten. */
static bool *rules_of_rows(redteam_state *state)
{
    judgement judged;
    for (uint32_t i = 0; i < state->kept_count; i++) {
        state->decided++;
        if (!judge_text(&state->judge, state->kept[i].text, state->kept[i].length, &judged))
            return NULL;
        mark_rules(state, &judged, true);
    }
    bool *const fires =
        checked(calloc((size_t)state->kept_count * state->rules.count + 1, sizeof *fires));
    for (uint32_t i = 0; i < state->kept_count; i++) {
        state->decided++;
        if (!judge_text(&state->judge, state->kept[i].text, state->kept[i].length, &judged)) {
            free(fires);
            return NULL;
        }
        mark_rules(state, &judged, false);
        for (uint32_t k = 0; k < state->rules.count; k++)
            fires[(size_t)i * state->rules.count + k] =
                ((const redteam_rule *)state->rules.rows[k])->last == state->decided;
    }
    return fires;
}

static bool rewrite_rows(redteam_state *state)
{
    bool *const fires = rules_of_rows(state);
    if (fires == NULL) {
        state->code = EXIT_USAGE;
        return false;
    }
    state->decided = 0;
    for (uint32_t k = 0; k < state->rules.count; k++)
        ((redteam_rule *)state->rules.rows[k])->last = UINT64_MAX;
    buffer once, twice;
    buffer_init(&once, NULL, LIMIT_EVENT_BYTES);
    buffer_init(&twice, NULL, LIMIT_EVENT_BYTES);
    progress_begin(&state->progress);
    bool good = true;
    for (uint32_t i = 0; good && i < state->kept_count; i++)
        good =
            try_row(state, &state->kept[i], fires + (size_t)i * state->rules.count, &once, &twice);
    progress_end(&state->progress);
    buffer_free(&once);
    buffer_free(&twice);
    free(fires);
    return good;
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool only_read(redteam_state *state)
{
    word_list only = {0};
    bool good = words_split(state->arguments, "--only", &only);
    for (uint32_t i = 0; i < rewrite_count; i++)
        state->chosen[i] = only.count == 0;
    for (uint32_t i = 0; good && i < only.count; i++) {
        const uint32_t number = rewrite_find(only.words[i]);
        good = number != UINT32_MAX;
        if (good)
            state->chosen[number] = true;
        else
            complain("--only: there is no transformation \"%s\"; constc redteam --list has them",
                     only.words[i]);
    }
    words_free(&only);
    return good;
}

static bool options_read(redteam_state *state)
{
    const struct {
        const char *option;
        uint64_t *place, otherwise, most;
    } rows[] = {
        {"--limit", &state->limit, KEPT, LIMIT_REDTEAM_ROWS},
        {"--seed", &state->seed, 1, UINT32_MAX},
        {"--show", &state->show, SHOWN_PAIRS, (uint64_t)rewrite_count * rewrite_count},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const given = arguments_value(state->arguments, rows[i].option, NULL);
        *rows[i].place = rows[i].otherwise;
        if (given != NULL && !number_read(rows[i].option, given, rows[i].most, rows[i].place))
            return false;
    }
    state->choice = state->seed;
    state->pairs_wanted = !arguments_has(state->arguments, "--alone");
    state->kept = checked(calloc(state->limit, sizeof *state->kept));
    return only_read(state);
}

static int report(const redteam_state *state)
{
    if (strcmp(arguments_value(state->arguments, "--format", "table"), "json") == 0)
        redteam_print_json(state);
    else
        redteam_print_table(state);
    if (state->positive_rows == 0)
        complain("not one row has a positive label");
    else if (state->kept_count == 0)
        complain("the policy catches none of the positive rows: there is nothing to rewrite");
    return EXIT_GOOD;
}

static void redteam_free(redteam_state *state)
{
    for (uint32_t i = 0; i < state->kept_count; i++) {
        free(state->kept[i].text);
        free(state->kept[i].name);
    }
    for (uint32_t i = 0; i < state->rules.count; i++)
        free(((redteam_rule *)state->rules.rows[i])->alone);
    for (uint32_t i = 0; i < rewrite_count; i++)
        free(state->alone[i].example);
    names_free(&state->rules);
    free(state->kept);
    free(state->alone);
    free(state->pairs);
    free(state->chosen);
    rows_free(&state->reader);
    judge_end(&state->judge);
}

int command_redteam(const cli_arguments *arguments)
{
    if (arguments_has(arguments, "--list")) {
        redteam_print_list();
        return EXIT_GOOD;
    }
    redteam_state state = {.arguments = arguments, .code = EXIT_USAGE};
    names_init(&state.rules, sizeof(redteam_rule), LIMIT_RULES);
    state.alone = checked(calloc(rewrite_count, sizeof *state.alone));
    state.chosen = checked(calloc(rewrite_count, sizeof *state.chosen));
    state.pairs = checked(calloc((size_t)rewrite_count * rewrite_count, sizeof *state.pairs));
    if (rows_init(&state.reader, arguments) && options_read(&state) &&
        judge_begin(&state.judge, arguments, arguments->words[0], &state.code)) {
        state.code = EXIT_GOOD;
        if (read_rows(&state) && rewrite_rows(&state))
            state.code = report(&state);
    }
    redteam_free(&state);
    return state.code;
}
