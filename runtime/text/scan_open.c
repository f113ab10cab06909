/*
 * scan_open.c - opening a scan database: is it in one piece, and does the engine find on this
 * machine what it must?
 *
 * Every offset and row number that scanning follows is checked here once; afterwards nobody checks
 * again. The engine's own bytes are checked by the engine. Then literals of the database are
 * planted in a text at several distances: an engine that misses one is refused, because a policy
 * that does not find what it says is worse than none.
 */
#include <string.h>

#include "runtime/base/arena.h"
#include "runtime/text/scan_private.h"

#define TESTED_LITERALS  32u
#define TEST_BYTES       512u
#define SCAN_MOST_STARTS (UINT32_C(1) << 22)

static bool table_fits(const scan_head *head, scan_table table, size_t row)
{
    return table.count == 0 || (table.offset % 8 == 0 && table.offset <= head->size &&
                                table.count <= (head->size - table.offset) / row);
}

static bool bytes_fit(const scan_head *head, uint32_t offset, uint64_t length)
{
    return offset <= head->size && length <= head->size - offset;
}

/* A table of so many states; in that of a gate some may be open. */
static bool states_fit(const scan_head *head, const scan_automaton_row *row, uint32_t states,
                       bool gate)
{
    const uint64_t entries = (uint64_t)states * row->columns;
    if (states > SCAN_OPEN || row->columns < 2 || row->columns > 257 || row->table % 2 != 0 ||
        !bytes_fit(head, row->classes, 256) || !bytes_fit(head, row->table, entries * 2))
        return false;
    const uint8_t *const classes = scan_at(head, row->classes);
    for (uint32_t i = 0; i < 256; i++)
        if (classes[i] >= row->columns)
            return false;
    const uint16_t *const table = scan_at(head, row->table);
    /* of all, and signed, so that eight are looked at in one step: this is most of what opening
     * costs */
    int16_t most = 0;
    for (uint64_t i = 0; i < entries; i++) {
        const int16_t state = (int16_t)(table[i] & (SCAN_ACCEPT - 1)),
                      known = gate && state == SCAN_OPEN ? 0 : state;
        most = known > most ? known : most;
    }
    if ((uint32_t)most >= states)
        return false;
    for (uint32_t i = 0; i < 4; i++)
        if (row->start[i] >= states)
            return false;
    return true;
}

static bool automaton_fits(const scan_head *head, const scan_automaton_row *row)
{
    if (row->states > 0)
        return states_fit(head, row, row->states, false) &&
               bytes_fit(head, row->alive, row->states);
    if (row->gate > 0 && !states_fit(head, row, row->gate, true))
        return false;
    if (row->gate > 0 && row->positions == 0) /* of scan_gate_row */
        return true;
    if (row->positions == 0 || row->positions > head->most_positions ||
        row->position_sets % 4 != 0 || row->edges % 4 != 0 || row->edge_rows % 4 != 0 ||
        !bytes_fit(head, row->position_sets, (uint64_t)row->positions * 4) ||
        !bytes_fit(head, row->edges, ((uint64_t)row->positions + 1) * 4) ||
        !bytes_fit(head, row->edge_rows, (uint64_t)row->edge_count * sizeof(scan_edge_row)) ||
        row->chains % 2 != 0 ||
        !bytes_fit(head, row->chains, (uint64_t)row->positions * sizeof(scan_chain_row)))
        return false;
    const uint32_t *const sets = scan_at(head, row->position_sets), *const begins =
                                                                        scan_at(head, row->edges);
    const scan_edge_row *const edges = scan_at(head, row->edge_rows);
    const scan_chain_row *const chains = scan_at(head, row->chains);
    for (uint32_t i = 0; i < row->positions; i++)
        if (sets[i] >= head->sets.count || begins[i] > begins[i + 1] ||
            chains[i].number >= row->positions)
            return false;
    if (begins[row->positions] > row->edge_count)
        return false;
    for (uint32_t i = 0; i < row->edge_count; i++)
        if (edges[i].to != SCAN_ACCEPTS && edges[i].to >= row->positions)
            return false;
    return true;
}

static bool texts_fit(const scan_head *head, scan_table texts)
{
    if (!table_fits(head, texts, sizeof(scan_table)))
        return false;
    const scan_table *const rows = scan_at(head, texts.offset);
    for (uint32_t i = 0; i < texts.count; i++)
        if (rows[i].count == 0 || !bytes_fit(head, rows[i].offset, rows[i].count))
            return false;
    return true;
}

static bool pattern_fits(const scan_head *head, const scan_pattern_row *row)
{
    if (row->first >= head->sets.count || row->second >= head->sets.count ||
        row->inside >= head->sets.count || !texts_fit(head, row->after) ||
        row->trigger > SCAN_BY_AFTER || row->behind >= head->sets.count ||
        (row->trigger == SCAN_BY_DIGIT && row->before >= head->sets.count) ||
        (row->trigger == SCAN_BY_LITERAL && row->before != SCAN_NONE &&
         row->before >= head->sets.count))
        return false;
    switch (row->kind) {
    case SCAN_AUTOMATON: {
        const scan_automaton_row *const automata = scan_at(head, head->automata.offset);
        return row->body < head->automata.count &&
               (automata[row->body].states > 0 || automata[row->body].positions > 0);
    }
    case SCAN_PHRASE: return row->length > 0 && bytes_fit(head, row->body, row->length);
    case SCAN_WORDS: return row->body < head->words.count && row->trigger == SCAN_BY_WORD;
    default: return false;
    }
}

static bool words_fit(const scan_head *head, const scan_words_row *row)
{
    if (row->capacity == 0 || (row->capacity & (row->capacity - 1)) != 0 || row->buckets % 4 != 0 ||
        row->entries % 4 != 0 || !bytes_fit(head, row->buckets, (uint64_t)row->capacity * 4) ||
        !bytes_fit(head, row->entries, (uint64_t)row->count * sizeof(scan_table)) ||
        row->count >= row->capacity)
        return false;
    const uint32_t *const buckets = scan_at(head, row->buckets);
    const scan_table *const entries = scan_at(head, row->entries);
    uint32_t used = 0;
    for (uint32_t i = 0; i < row->capacity; i++) {
        if (buckets[i] > row->count)
            return false;
        used += buckets[i] != 0;
    }
    for (uint32_t i = 0; i < row->count; i++)
        if (!bytes_fit(head, entries[i].offset, entries[i].count))
            return false;
    return used < row->capacity; /* a look-up ends */
}

static bool numbers_fit(const scan_head *head, scan_table table)
{
    if (!table_fits(head, table, sizeof(uint32_t)))
        return false;
    const uint32_t *const numbers = scan_at(head, table.offset);
    for (uint32_t i = 0; i < table.count; i++)
        if (numbers[i] >= head->patterns.count)
            return false;
    return true;
}

static bool gates_fit(const scan_head *head)
{
    const scan_gate_row *const gates = scan_at(head, head->gates.offset);
    const scan_automaton_row *const automata = scan_at(head, head->automata.offset);
    for (uint32_t i = 0; i < head->gates.count; i++)
        if (gates[i].automaton >= head->automata.count || automata[gates[i].automaton].gate == 0 ||
            gates[i].first >= head->sets.count || gates[i].second >= head->sets.count ||
            gates[i].inside >= head->sets.count || !numbers_fit(head, gates[i].patterns))
            return false;
    return true;
}

static bool is_sound(const scan_head *head)
{
    if (!table_fits(head, head->gates, sizeof(scan_gate_row)) ||
        !table_fits(head, head->patterns, sizeof(scan_pattern_row)) ||
        !table_fits(head, head->automata, sizeof(scan_automaton_row)) ||
        !table_fits(head, head->sets, 32) ||
        !table_fits(head, head->words, sizeof(scan_words_row)) ||
        !table_fits(head, head->literals, sizeof(scan_literal_row)) ||
        !bytes_fit(head, head->engine.offset, head->engine.count) ||
        !numbers_fit(head, head->numbers) || !numbers_fit(head, head->tokens) ||
        !numbers_fit(head, head->starts) || !numbers_fit(head, head->digits) ||
        head->most_positions > SCAN_ACCEPT)
        return false;
    const scan_automaton_row *const automata = scan_at(head, head->automata.offset);
    for (uint32_t i = 0; i < head->automata.count; i++)
        if (!automaton_fits(head, &automata[i]))
            return false;
    if (!gates_fit(head))
        return false;
    const scan_words_row *const words = scan_at(head, head->words.offset);
    for (uint32_t i = 0; i < head->words.count; i++)
        if (!words_fit(head, &words[i]))
            return false;
    const scan_pattern_row *const patterns = scan_at(head, head->patterns.offset);
    for (uint32_t i = 0; i < head->patterns.count; i++)
        if (!pattern_fits(head, &patterns[i]))
            return false;
    const scan_literal_row *const literals = scan_at(head, head->literals.offset);
    for (uint32_t i = 0; i < head->literals.count; i++)
        if (!bytes_fit(head, literals[i].text.offset, literals[i].text.count) ||
            literals[i].text.count == 0 || !numbers_fit(head, literals[i].patterns))
            return false;
    return (head->engine.count > 0) == (head->literals.count > 0);
}

/* ---- the self-test --------------------------------------------------------------------------- */

typedef struct looking {
    uint32_t literal, end;
    bool found;
} looking;

static bool look(void *user, uint32_t literal, uint32_t end)
{
    looking *const state = user;
    state->found = state->found || (literal == state->literal && end == state->end);
    return !state->found;
}

static bool finds(const scan_database *database, engine_scratch *scratch, uint32_t number,
                  uint32_t at, char *text)
{
    const scan_literal_row *const row =
        (const scan_literal_row *)scan_at(database->head, database->head->literals.offset) + number;
    const uint32_t length = row->text.count;
    if (at + length > TEST_BYTES)
        return true;
    memset(text, ' ', TEST_BYTES);
    memcpy(text + at, scan_at(database->head, row->text.offset), length);
    looking state = {number, at + length, false};
    return engine_scan(database->engine, scratch, text, TEST_BYTES, look, &state) == CST_OK &&
           state.found;
}

static cst_status self_test(const scan_database *database)
{
    static const uint32_t places[] = {0, 1, 15, 31, 62, 100, 255, 400};
    char text[TEST_BYTES];
    engine_scratch *scratch = NULL;
    cst_status status = engine_fit(&scratch, database->engine);
    const uint32_t count = database->head->literals.count;
    const uint32_t step = count / TESTED_LITERALS + 1;
    for (uint32_t i = 0; status == CST_OK && i < count; i += step)
        for (uint32_t k = 0; status == CST_OK && k < sizeof places / sizeof *places; k++)
            if (!finds(database, scratch, i, places[k], text))
                status = CST_INTERNAL;
    engine_free(scratch);
    return status;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* The numbers of patterns by the bytes that they can begin with, for scan_live.c. False: memory is
 * short. */
static bool make_starts(scan_database *database)
{
    uint32_t heads[SCAN_START_HEADS + 1] = {0}; /* first how many, one place further */
    const uint32_t patterns = database->head->patterns.count;
    uint64_t all = 0;
    for (uint32_t list = 0; list < 2; list++)
        for (uint32_t number = 0; number < patterns; number++) {
            const scan_pattern_row *const row = &database->patterns[number];
            const uint64_t *const set = database->sets[list == 0 ? row->first : row->inside];
            for (uint32_t word = 0; word < 4; word++)
                for (uint64_t left = set[word]; left; left &= left - 1)
                    if (all++ < SCAN_MOST_STARTS)
                        heads[list * 257 + word * 64 + (uint32_t)__builtin_ctzll(left) + 1]++;
        }
    if (all > SCAN_MOST_STARTS) /* every pattern is asked everywhere instead */
        return true;
    for (uint32_t i = 1; i < SCAN_START_HEADS; i++)
        heads[i] += heads[i - 1];
    database->start_bytes = (SCAN_START_HEADS + (size_t)all) * sizeof *database->starts;
    database->starts =
        database->allocator.allocate(database->allocator.user, database->start_bytes);
    if (!database->starts)
        return false;
    memcpy(database->starts, heads, SCAN_START_HEADS * sizeof *heads);
    for (uint32_t list = 0; list < 2; list++)
        for (uint32_t number = 0; number < patterns; number++) {
            const scan_pattern_row *const row = &database->patterns[number];
            const uint64_t *const set = database->sets[list == 0 ? row->first : row->inside];
            for (uint32_t word = 0; word < 4; word++)
                for (uint64_t left = set[word]; left; left &= left - 1)
                    database->starts[SCAN_START_HEADS + heads[list * 257 + word * 64 +
                                                              (uint32_t)__builtin_ctzll(left)]++] =
                        number;
        }
    return true;
}

/* Adds what a word begins with. */
static void add_after(struct scan_afters *afters, const char *word, uint32_t length)
{
    const uint32_t pair = length > 1 ? scan_letters(word[0], word[1]) : SCAN_NONE;
    afters->letters |= scan_letter(word[0]);
    afters->pairs |= length > 1 ? UINT64_C(1) << scan_pair(word[0], word[1]) : UINT64_MAX;
    for (uint32_t i = 0; i < afters->count; i++)
        if (afters->first[i] == pair)
            return;
    if (pair == SCAN_NONE || afters->count == SCAN_AFTER_PAIRS)
        afters->odd = true;
    else
        afters->first[afters->count++] = (uint16_t)pair;
}

static bool make_afters(scan_database *database)
{
    const scan_head *const head = database->head;
    database->afters = database->allocator.allocate(
        database->allocator.user, (head->patterns.count + 1) * sizeof *database->afters);
    if (!database->afters)
        return false;
    for (uint32_t i = 0; i < head->patterns.count; i++) {
        const scan_pattern_row *const row = &database->patterns[i];
        const scan_table *const words = scan_at(head, row->after.offset);
        struct scan_afters *const afters = &database->afters[i];
        *afters = (struct scan_afters){.letters = 0};
        for (uint32_t k = 0; row->kind != SCAN_WORDS && k < row->after.count; k++)
            add_after(afters, scan_at(head, words[k].offset), words[k].count);
    }
    return true;
}

static uint32_t lookback_of(const scan_database *database)
{
    uint32_t most = 1;
    for (uint32_t i = 0; i < database->head->patterns.count; i++) {
        const scan_pattern_row *const row = &database->patterns[i];
        if (row->kind == SCAN_AUTOMATON && row->after.count > 0 && row->after_within > most)
            most = row->after_within;
    }
    return 4 * (most + 1);
}

cst_status scan_database_glance(const void *bytes, size_t length, uint32_t *patterns)
{
    const scan_head *const head = bytes;
    if (!bytes || (uintptr_t)bytes % 16 != 0 || length < sizeof *head ||
        memcmp(head->magic, SCAN_MAGIC, sizeof SCAN_MAGIC) != 0)
        return CST_NOT_A_POLICY;
    if (head->version != SCAN_VERSION)
        return CST_WRONG_ABI;
    *patterns = head->patterns.count;
    return head->size > length || head->size < sizeof *head ? CST_NOT_A_POLICY : CST_OK;
}

cst_status scan_database_open(const void *bytes, size_t length, const cst_allocator *given,
                              scan_database **out)
{
    const scan_head *const head = bytes;
    uint32_t patterns;
    const cst_status glanced = scan_database_glance(bytes, length, &patterns);
    if (glanced != CST_OK)
        return glanced;
    if (!is_sound(head))
        return CST_NOT_A_POLICY;
    const cst_allocator allocator = allocator_or_default(given);
    scan_database *const made = allocator.allocate(allocator.user, sizeof *made);
    if (!made)
        return CST_NO_MEMORY;
    *made =
        (scan_database){.head = head,
                        .allocator = allocator,
                        .patterns = scan_at(head, head->patterns.offset),
                        .automata = scan_at(head, head->automata.offset),
                        .sets = (const uint64_t(*)[4])(uintptr_t)scan_at(head, head->sets.offset)};
    cst_status status = CST_OK;
    if (head->engine.count > 0) {
        status = engine_open(scan_at(head, head->engine.offset), head->engine.count, &made->engine);
        if (status == CST_OK)
            status = self_test(made);
    }
    if (status == CST_OK && (!make_starts(made) || !make_afters(made)))
        status = CST_NO_MEMORY;
    if (status != CST_OK) {
        scan_database_close(made);
        return status;
    }
    made->lookback = lookback_of(made);
    *out = made;
    return CST_OK;
}

void scan_database_close(scan_database *database)
{
    if (!database)
        return;
    const cst_allocator allocator = database->allocator;
    engine_close(database->engine);
    if (database->starts)
        allocator.release(allocator.user, database->starts, database->start_bytes);
    if (database->afters)
        allocator.release(allocator.user, database->afters,
                          (database->head->patterns.count + 1) * sizeof *database->afters);
    allocator.release(allocator.user, database, sizeof *database);
}

uint32_t scan_pattern_count(const scan_database *database)
{
    return database->head->patterns.count;
}

uint32_t scan_lookback(const scan_database *database)
{
    return database->lookback;
}

/* ---- scratch --------------------------------------------------------------------------------- */

static bool grow(scan_scratch *scratch, uint32_t **array, uint32_t *count, uint32_t wanted)
{
    const cst_allocator *const allocator = &scratch->allocator;
    if (*count >= wanted)
        return true;
    uint32_t *const more = allocator->allocate(allocator->user, wanted * sizeof **array);
    if (!more)
        return false;
    memset(more, 0, wanted * sizeof *more);
    if (*array)
        allocator->release(allocator->user, *array, *count * sizeof **array);
    *array = more;
    *count = wanted;
    scratch->stamp = 0;
    return true;
}

cst_status scan_scratch_fit(scan_scratch **out, const scan_database *database,
                            const cst_allocator *given)
{
    const cst_allocator allocator = allocator_or_default(given);
    if (!*out) {
        *out = allocator.allocate(allocator.user, sizeof **out);
        if (!*out)
            return CST_NO_MEMORY;
        **out = (scan_scratch){.allocator = allocator};
    }
    scan_scratch *const scratch = *out;
    scan_followers_free(scratch); /* of a policy that may be gone */
    const uint32_t positions = database->head->most_positions + 1;
    uint32_t threads = positions;
    for (uint32_t i = 0; i < database->head->automata.count; i++)
        threads = database->automata[i].states > threads ? database->automata[i].states : threads;
    if (!grow(scratch, &scratch->positions, &scratch->position_count,
              SCAN_POSITION_LISTS * positions) ||
        !grow(scratch, &scratch->tried, &scratch->tried_count,
              database->head->patterns.count + 1) ||
        !grow(scratch, &scratch->spent, &scratch->spent_count,
              database->head->patterns.count + 1) ||
        !grow(scratch, &scratch->threads, &scratch->thread_count, 5 * threads) ||
        !grow(scratch, &scratch->ends, &scratch->end_count, SCAN_MOST_ENDS))
        return CST_NO_MEMORY;
    return database->engine ? engine_fit(&scratch->engine, database->engine) : CST_OK;
}

void scan_scratch_free(scan_scratch *scratch)
{
    if (!scratch)
        return;
    const cst_allocator allocator = scratch->allocator;
    if (scratch->positions)
        allocator.release(allocator.user, scratch->positions,
                          scratch->position_count * sizeof(uint32_t));
    if (scratch->tried)
        allocator.release(allocator.user, scratch->tried, scratch->tried_count * sizeof(uint32_t));
    if (scratch->spent)
        allocator.release(allocator.user, scratch->spent, scratch->spent_count * sizeof(uint32_t));
    if (scratch->threads)
        allocator.release(allocator.user, scratch->threads,
                          scratch->thread_count * sizeof(uint32_t));
    if (scratch->ends)
        allocator.release(allocator.user, scratch->ends, scratch->end_count * sizeof(uint32_t));
    scan_followers_free(scratch);
    engine_free(scratch->engine);
    allocator.release(allocator.user, scratch, sizeof *scratch);
}
