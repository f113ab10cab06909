/*
 * database.c - all patterns of one field as one block of bytes, ready for runtime/text/scan.c.
 *
 * Each pattern brings its automaton, its facts and what it is looked for by; the literals of all of
 * them become one database of the engine. Equal patterns are one, equal byte sets are one, equal
 * literals are one. The same patterns in the same order give the same bytes.
 */
#include <hs/hs.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/pattern/tree.h"
#include "compiler/row_index.h"
#include "runtime/base/hash.h"
#include "runtime/limits.h"
#include "runtime/text/scan_format.h"
#include "runtime/text/unicode.h"
#include "runtime/utf8.h"

typedef struct bytes {
    char *items;
    uint32_t count, capacity;
} bytes;

typedef struct word_set {
    const char *const *words;
    const uint32_t *lengths;
    uint32_t count;
} word_set;

typedef struct entry {
    database_entry what;
    word_set words; /* count 0: no words */
} entry;

struct database_builder {
    arena *arena;
    struct {
        entry *items;
        uint32_t count, capacity;
    } entries;
    row_index known; /* entries, by hash */
};

/* ---- adding ---------------------------------------------------------------------------------- */

database_builder *database_begin(arena *arena)
{
    database_builder *const made = arena_allocate(arena, sizeof *made);
    made->arena = arena;
    return made;
}

static bool same_after(const database_entry *a, const database_entry *b)
{
    if (a->after_count != b->after_count ||
        (a->after_count > 0 && a->after_within != b->after_within))
        return false;
    for (uint32_t i = 0; i < a->after_count; i++)
        if (strcmp(a->after[i], b->after[i]) != 0)
            return false;
    return true;
}

static bool same_pattern(const pattern *a, const pattern *b)
{
    if (a == b)
        return true;
    return a != NULL && b != NULL && a->tree == NULL && b->tree == NULL && a->length == b->length &&
           a->words == b->words && memcmp(a->phrase, b->phrase, a->length) == 0;
}

static uint32_t entry_hash(const database_entry *what)
{
    const pattern *const of = what->pattern;
    uint32_t words[] = {(uint32_t)what->check, of->words, of->length, 0, what->after_count};
    if (of->tree == NULL)
        words[3] = cst_hash(of->phrase, of->length);
    else
        /* expressions are compared by address, and the order of numbers does not depend on it */
        words[3] = cst_hash(&of, sizeof of);
    return cst_hash(words, sizeof words);
}

uint32_t database_add(database_builder *builder, const database_entry *what)
{
    const uint32_t hash = entry_hash(what), count = builder->entries.count;
    uint32_t at = hash, number;
    while ((number = row_index_next(&builder->known, hash, &at)) != CST_NONE) {
        const entry *const known = &builder->entries.items[number];
        if (known->words.count == 0 && same_pattern(known->what.pattern, what->pattern) &&
            known->what.check == what->check && known->what.check_bound == what->check_bound &&
            same_after(&known->what, what))
            return number;
    }
    *ARENA_PUSH(builder->arena, &builder->entries) = (entry){.what = *what};
    row_index_add(&builder->known, builder->arena, hash, count);
    return count;
}

uint32_t database_add_words(database_builder *builder, const char *const *words,
                            const uint32_t *lengths, uint32_t count)
{
    const uint32_t hash = cst_hash(&words, sizeof words), fresh = builder->entries.count;
    uint32_t at = hash, number;
    while ((number = row_index_next(&builder->known, hash, &at)) != CST_NONE)
        if (builder->entries.items[number].words.words == words &&
            builder->entries.items[number].words.count == count)
            return number;
    *ARENA_PUSH(builder->arena, &builder->entries) = (entry){.words = {words, lengths, count}};
    row_index_add(&builder->known, builder->arena, hash, fresh);
    return fresh;
}

/* ---- the block ------------------------------------------------------------------------------- */

typedef struct gated { /* a pattern that is looked for at every place, together with others */
    uint32_t number;
    const automaton *automaton;
} gated;

enum { MOST_GATED = 64, MOST_FIRST_BYTES = 80 };

typedef struct writing {
    arena *arena;
    bytes block; /* the head comes first */
    struct {
        byte_set *items;
        uint32_t count, capacity;
    } sets;
    row_index known_sets;
    struct {
        scan_pattern_row *items;
        uint32_t count, capacity;
    } patterns;
    struct {
        scan_automaton_row *items;
        uint32_t count, capacity;
    } automata;
    struct {
        scan_words_row *items;
        uint32_t count, capacity;
    } words;
    struct {
        scan_literal_row *items;
        uint32_t count, capacity;
    } literals;
    struct {
        literal *items;
        uint32_t count, capacity;
    } texts; /* of literals */
    /* by literal */
    struct {
        struct {
            uint32_t *items;
            uint32_t count, capacity;
        } *items;
        uint32_t count, capacity;
    } users;
    struct {
        uint32_t *items;
        uint32_t count, capacity;
    } numbers, tokens, starts, digits;
    struct {
        gated *items;
        uint32_t count, capacity;
    } gated;
    struct {
        scan_gate_row *items;
        uint32_t count, capacity;
    } gates;
    uint32_t *literal_buckets;
    uint32_t literal_capacity;
    uint32_t least_token, most_positions;
    bool too_large;
} writing;

#define LARGEST_BLOCK (UINT32_MAX / 2) /* offsets have 32 bits */

/* Copies rows behind the block, aligned; their offset. */
static uint32_t put(writing *w, const void *rows, size_t size)
{
    bytes *const block = &w->block;
    const uint32_t at = (block->count + 15u) & ~15u;
    const size_t needed = (size_t)at + size;
    if (needed > LARGEST_BLOCK) { /* database_finish says so */
        w->too_large = true;
        return 0;
    }
    if (needed > block->capacity) {
        size_t capacity = block->capacity == 0 ? 4096 : block->capacity;
        while (capacity < needed)
            capacity *= 2;
        char *const more = arena_allocate(w->arena, capacity);
        if (block->count > 0)
            memcpy(more, block->items, block->count);
        block->items = more;
        block->capacity = (uint32_t)(capacity > UINT32_MAX ? UINT32_MAX : capacity);
    }
    memset(block->items + block->count, 0, at - block->count);
    if (size > 0)
        memcpy(block->items + at, rows, size);
    block->count = (uint32_t)needed;
    return at;
}

static uint32_t put_set(writing *w, const byte_set *set)
{
    const uint32_t hash = cst_hash(set, sizeof *set), fresh = w->sets.count;
    uint32_t at = hash, number;
    while ((number = row_index_next(&w->known_sets, hash, &at)) != CST_NONE)
        if (memcmp(&w->sets.items[number], set, sizeof *set) == 0)
            return number;
    *ARENA_PUSH(w->arena, &w->sets) = *set;
    row_index_add(&w->known_sets, w->arena, hash, fresh);
    return fresh;
}

static const byte_set any_byte = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};

/* ---- automata -------------------------------------------------------------------------------- */

/* The chains of all positions, counted from 1. */
static uint32_t put_chains(writing *w, const automaton *from)
{
    scan_chain_row *const rows = arena_array(w->arena, from->count, sizeof *rows);
    uint32_t most = 0, count = 0;
    for (uint32_t i = 0; i < from->count; i++)
        most = from->chains[i].number > most ? from->chains[i].number : most;
    uint16_t *const known = arena_array(w->arena, most + 1u, sizeof *known);
    for (uint32_t i = 0; i < from->count; i++) {
        const chain of = from->chains[i];
        if (of.number == 0 || of.rank > UINT16_MAX)
            continue;
        if (known[of.number] == 0)
            known[of.number] = (uint16_t)++count;
        rows[i] = (scan_chain_row){known[of.number], (uint16_t)of.rank};
    }
    return put(w, rows, from->count * sizeof *rows);
}

static void put_positions(writing *w, const automaton *from, scan_automaton_row *row)
{
    uint32_t *const sets = arena_array(w->arena, from->count, sizeof *sets);
    uint32_t *const begins = arena_array(w->arena, from->count + 1u, sizeof *begins);
    scan_edge_row *const edges = arena_array(w->arena, from->edge_count, sizeof *edges);
    uint32_t next = 0;
    for (uint32_t i = 0; i < from->count; i++) {
        sets[i] = put_set(w, &from->sets[i]);
        begins[i] = next;
        for (uint32_t k = 0; k < from->edges[i].count; k++)
            edges[next++] = from->edges[i].items[k];
    }
    begins[from->count] = next;
    row->positions = from->count;
    row->position_sets = put(w, sets, from->count * sizeof *sets);
    row->edges = put(w, begins, (from->count + 1u) * sizeof *begins);
    row->edge_rows = put(w, edges, next * sizeof *edges);
    row->edge_count = next;
    row->chains = put_chains(w, from);
    if (from->count > w->most_positions)
        w->most_positions = from->count;
}

static void put_begins(writing *w, const automaton *from, scan_pattern_row *row)
{
    const begins of = begins_of(w->arena, from);
    row->first = put_set(w, &of.first);
    row->second = put_set(w, &of.second);
    row->inside = put_set(w, &of.inside);
    row->behind = put_set(w, &of.behind);
    row->leads = of.leads;
    row->words_least = of.words_least;
}

static void put_table(writing *w, const automaton *made, scan_automaton_row *row)
{
    row->columns = made->columns;
    row->classes = put(w, made->classes, sizeof made->classes);
    row->table = put(w, made->table,
                     (size_t)(made->states + made->gate) * made->columns * sizeof *made->table);
    memcpy(row->start, made->start, sizeof row->start);
    row->states = made->states;
    row->gate = made->gate;
}

static uint32_t put_automaton(writing *w, const pattern *pattern, scan_pattern_row *pattern_row)
{
    automaton own = *pattern->automaton; /* the table is made in a copy: the pattern is not ours */
    automaton *const made = &own;
    scan_automaton_row row = {.states = 0};
    automaton_tabulate(w->arena, made,
                       pattern_row->trigger == SCAN_BY_START ? LIMIT_PATTERN_STATES_SEARCHED
                                                             : LIMIT_PATTERN_STATES,
                       LIMIT_PATTERN_GATE);
    put_begins(w, made, pattern_row);
    put_table(w, made, &row);
    if (made->states > 0)
        row.alive = put(w, made->alive, made->states);
    else
        put_positions(w, made, &row);
    *ARENA_PUSH(w->arena, &w->automata) = row;
    return w->automata.count - 1;
}

/* ---- literals -------------------------------------------------------------------------------- */

static uint32_t literal_number(writing *w, const literal *text)
{
    if (w->texts.count * 2 >= w->literal_capacity) {
        w->literal_capacity = w->literal_capacity == 0 ? 256 : w->literal_capacity * 2;
        w->literal_buckets = arena_array(w->arena, w->literal_capacity, sizeof *w->literal_buckets);
        for (uint32_t i = 0; i < w->texts.count; i++) {
            uint32_t at = scan_hash(w->texts.items[i].bytes, w->texts.items[i].length);
            while (w->literal_buckets[at & (w->literal_capacity - 1)] != 0)
                at++;
            w->literal_buckets[at & (w->literal_capacity - 1)] = i + 1;
        }
    }
    uint32_t at = scan_hash(text->bytes, text->length);
    for (;; at++) {
        const uint32_t found = w->literal_buckets[at & (w->literal_capacity - 1)];
        if (found == 0)
            break;
        const literal *const known = &w->texts.items[found - 1];
        if (known->length == text->length && known->caseless == text->caseless &&
            memcmp(known->bytes, text->bytes, text->length) == 0)
            return found - 1;
    }
    *ARENA_PUSH(w->arena, &w->texts) = *text;
    ARENA_PUSH(w->arena, &w->users);
    w->literal_buckets[at & (w->literal_capacity - 1)] = w->texts.count;
    return w->texts.count - 1;
}

static void use_literals(writing *w, const facts *facts, uint32_t number)
{
    for (uint32_t i = 0; i < facts->literal_count; i++) {
        const uint32_t at = literal_number(w, &facts->literals[i]);
        if (w->users.items[at].count == 0 ||
            w->users.items[at].items[w->users.items[at].count - 1] != number)
            *ARENA_PUSH(w->arena, &w->users.items[at]) = number;
    }
}

static void put_literals(writing *w)
{
    for (uint32_t i = 0; i < w->texts.count; i++) {
        const literal *const text = &w->texts.items[i];
        scan_literal_row row = {.caseless = text->caseless};
        row.text = (scan_table){put(w, text->bytes, text->length), text->length};
        row.patterns = (scan_table){
            put(w, w->users.items[i].items, w->users.items[i].count * sizeof(uint32_t)),
            w->users.items[i].count};
        *ARENA_PUSH(w->arena, &w->literals) = row;
    }
}

/* ---- words ----------------------------------------------------------------------------------- */

/* Whether an entry can be looked up word by word: it begins and ends with word characters of
 * scripts with spaces. Counts its words. */
static bool is_plain(const char *text, uint32_t length, uint32_t *words)
{
    const char *next = text, *const end = text + length;
    bool inside = false, last = false;
    *words = 0;
    if (length == 0)
        return false;
    while (next < end) {
        const bool first = next == text;
        const uint32_t code = utf8_decode(&next, end);
        if (code == UINT32_MAX || unicode_is_spaceless(code))
            return false;
        last = unicode_is_word(code);
        if (first && !last)
            return false;
        *words += last && !inside;
        inside = last;
    }
    return last && *words <= 32;
}

typedef struct word {
    const char *text;
    uint32_t length;
} word;

static int word_compare(const void *left, const void *right)
{
    const word *const a = left, *const b = right;
    const int order = memcmp(a->text, b->text, a->length < b->length ? a->length : b->length);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* The entries that are looked up word by word, or the others; sorted, each once. */
static uint32_t words_sorted(writing *w, const word_set *set, bool plain, word **out)
{
    uint32_t count = 0, kept = 0, words;
    word *const all = arena_array(w->arena, set->count, sizeof *all);
    for (uint32_t i = 0; i < set->count; i++)
        if (set->lengths[i] > 0 && is_plain(set->words[i], set->lengths[i], &words) == plain)
            all[count++] = (word){set->words[i], set->lengths[i]};
    qsort(all, count, sizeof *all, word_compare);
    for (uint32_t i = 0; i < count; i++)
        if (kept == 0 || word_compare(&all[kept - 1], &all[i]) != 0)
            all[kept++] = all[i];
    *out = all;
    return kept;
}

static scan_table put_texts(writing *w, const word *texts, uint32_t count)
{
    size_t size = 0;
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++)
        size += texts[i].length;
    if (size > LARGEST_BLOCK) {
        w->too_large = true;
        return (scan_table){0, 0};
    }
    char *const all = arena_allocate(w->arena, size + 1);
    scan_table *const rows = arena_array(w->arena, count, sizeof *rows);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(all + used, texts[i].text, texts[i].length);
        rows[i] = (scan_table){used, texts[i].length};
        used += texts[i].length;
    }
    const uint32_t begin = put(w, all, size);
    for (uint32_t i = 0; i < count; i++)
        rows[i].offset += begin;
    return (scan_table){put(w, rows, count * sizeof *rows), count};
}

static uint32_t put_words(writing *w, const word_set *set)
{
    scan_words_row row = {.capacity = 16};
    word *plain;
    const uint32_t count = words_sorted(w, set, true, &plain);
    while (row.capacity < count * 2)
        row.capacity *= 2;
    uint32_t *const buckets = arena_array(w->arena, row.capacity, sizeof *buckets);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t words, at = scan_hash(plain[i].text, plain[i].length);
        while (buckets[at & (row.capacity - 1)] != 0)
            at++;
        buckets[at & (row.capacity - 1)] = i + 1;
        is_plain(plain[i].text, plain[i].length, &words);
        row.lengths |= UINT32_C(1) << (words - 1);
    }
    const scan_table entries = put_texts(w, plain, count);
    row.entries = entries.offset;
    row.count = entries.count;
    row.buckets = put(w, buckets, row.capacity * sizeof *buckets);
    *ARENA_PUSH(w->arena, &w->words) = row;
    return w->words.count - 1;
}

/* ---- patterns -------------------------------------------------------------------------------- */

static void put_after(writing *w, const database_entry *what, scan_pattern_row *row)
{
    scan_table *const texts = arena_array(w->arena, what->after_count, sizeof *texts);
    for (uint32_t i = 0; i < what->after_count; i++) {
        const uint32_t length = (uint32_t)strlen(what->after[i]);
        char *const lower = arena_copy(w->arena, what->after[i], length);
        for (uint32_t k = 0; k < length; k++)
            if (lower[k] >= 'A' && lower[k] <= 'Z')
                lower[k] = (char)(lower[k] + 32);
        texts[i] = (scan_table){put(w, lower, length), length};
    }
    row->after = (scan_table){put(w, texts, what->after_count * sizeof *texts), what->after_count};
    row->after_within = what->after_within;
}

/* Whether a pattern that has to be tried everywhere gains by a gate: not if it may begin with
 * nearly anything. */
static bool goes_into_gate(const byte_set *first)
{
    uint32_t bytes = 0;
    for (unsigned byte = 0; byte < 128; byte++)
        bytes += has_byte(first, byte);
    return bytes <= MOST_FIRST_BYTES;
}

/* One gate for these patterns. */
static void put_gate(writing *w, const gated *of, uint32_t count)
{
    const automaton **const automata = arena_array(w->arena, count, sizeof *automata);
    uint32_t *const numbers = arena_array(w->arena, count, sizeof *numbers);
    for (uint32_t i = 0; i < count; i++) {
        automata[i] = of[i].automaton;
        numbers[i] = of[i].number;
    }
    const automaton *const made = gate_make(w->arena, automata, count);
    const begins begins = begins_of(w->arena, made);
    scan_automaton_row table = {.states = 0};
    put_table(w, made, &table);
    *ARENA_PUSH(w->arena, &w->automata) = table;
    *ARENA_PUSH(w->arena, &w->gates) =
        (scan_gate_row){.automaton = w->automata.count - 1,
                        .first = put_set(w, &begins.first),
                        .second = put_set(w, &begins.second),
                        .inside = put_set(w, &begins.inside),
                        .patterns = {put(w, numbers, count * sizeof *numbers), count}};
}

static void put_gates(writing *w)
{
    for (uint32_t from = 0, to; from < w->gated.count; from = to) {
        uint32_t positions = 2;
        for (to = from; to < w->gated.count && to - from < MOST_GATED; to++) {
            positions += gate_positions(w->arena, w->gated.items[to].automaton);
            if (to > from && positions > GATE_MOST_POSITIONS)
                break;
        }
        put_gate(w, w->gated.items + from, to - from);
    }
}

/* Whether a pattern is better looked for behind the words that must stand before it: where it has
 * no literal of its own. */
static bool is_by_after(const database_entry *what, uint32_t trigger)
{
    bool fit = what->pattern->tree != NULL && what->after_count > 0 && trigger != SCAN_BY_LITERAL;
    for (uint32_t i = 0; i < what->after_count && fit; i++)
        fit = what->after[i][0] != '\0' &&
              strlen(what->after[i]) <= 64 /* the engine takes no more */;
    return fit;
}

static void use_after(writing *w, const scan_pattern_row *row, uint32_t number)
{
    literal *const words = arena_array(w->arena, row->after.count, sizeof *words);
    const scan_table *const texts =
        (const scan_table *)(const void *)((const char *)w->block.items + row->after.offset);
    for (uint32_t i = 0; i < row->after.count; i++)
        words[i] = (literal){
            arena_copy(w->arena, (const char *)w->block.items + texts[i].offset, texts[i].count),
            texts[i].count, true};
    use_literals(w, &(facts){.literals = words, .literal_count = row->after.count}, number);
}

static void put_pattern(writing *w, const database_entry *what)
{
    const uint32_t number = w->patterns.count;
    const facts facts = facts_of(w->arena, what->pattern);
    scan_pattern_row row = {.kind = what->pattern->tree == NULL ? SCAN_PHRASE : SCAN_AUTOMATON,
                            .trigger = facts.trigger,
                            .shortest = facts.shortest,
                            .longest = facts.longest,
                            .check = (uint32_t)what->check,
                            .check_bound = what->check_bound,
                            .nearest = facts.nearest,
                            .farthest = facts.farthest};
    if (row.kind == SCAN_PHRASE) {
        byte_set first = {{0}};
        set_byte(&first, (unsigned char)what->pattern->phrase[0]);
        row.first = row.inside = put_set(w, &first);
        row.second = put_set(w, &any_byte);
        row.body = put(w, what->pattern->phrase, what->pattern->length);
        row.length = what->pattern->length;
        row.words = what->pattern->words;
    } else {
        row.body = put_automaton(w, what->pattern, &row);
    }
    put_after(w, what, &row);
    if (is_by_after(what, row.trigger)) {
        row.trigger = SCAN_BY_AFTER;
        row.nearest = 0;
        row.farthest = 4 * what->after_within;
    }
    if (row.trigger == SCAN_BY_DIGIT && row.farthest == 1 &&
        !has_digits(&w->sets.items[row.inside]))
        row.trigger = SCAN_BY_NUMBER;
    switch (row.trigger) {
    case SCAN_BY_LITERAL:
        use_literals(w, &facts, number);
        row.before = facts.is_tight ? put_set(w, &facts.before) : SCAN_NONE;
        break;
    case SCAN_BY_AFTER: use_after(w, &row, number); break;
    case SCAN_BY_NUMBER: *ARENA_PUSH(w->arena, &w->numbers) = number; break;
    case SCAN_BY_DIGIT:
        row.before = put_set(w, &facts.before);
        *ARENA_PUSH(w->arena, &w->digits) = number;
        break;
    case SCAN_BY_TOKEN:
        row.token = facts.token;
        if (w->tokens.count == 0 || facts.token < w->least_token)
            w->least_token = facts.token;
        *ARENA_PUSH(w->arena, &w->tokens) = number;
        break;
    default:
        if (goes_into_gate(&w->sets.items[row.first]))
            *ARENA_PUSH(w->arena, &w->gated) = (gated){number, what->pattern->automaton};
        else
            *ARENA_PUSH(w->arena, &w->starts) = number;
        break;
    }
    *ARENA_PUSH(w->arena, &w->patterns) = row;
}

static void put_word_pattern(writing *w, const word_set *set)
{
    scan_pattern_row row = {
        .kind = SCAN_WORDS, .trigger = SCAN_BY_WORD, .shortest = 1, .longest = 1};
    byte_set first = {{0}};
    for (uint32_t i = 0; i < set->count; i++) {
        row.longest = set->lengths[i] > row.longest ? set->lengths[i] : row.longest;
        if (set->lengths[i] > 0)
            set_byte(&first, (unsigned char)set->words[i][0]);
    }
    row.body = put_words(w, set);
    row.first = row.inside = put_set(w, &first);
    row.second = put_set(w, &any_byte);
    word *odd;
    const uint32_t count = words_sorted(w, set, false, &odd);
    row.after = put_texts(w, odd, count);
    *ARENA_PUSH(w->arena, &w->starts) = w->patterns.count;
    *ARENA_PUSH(w->arena, &w->patterns) = row;
}

/* ---- the engine ------------------------------------------------------------------------------ */

static bool compile_literals(writing *w, bool portable, scan_table *out, const char **why)
{
    const uint32_t count = w->texts.count;
    *out = (scan_table){0, 0};
    if (count == 0)
        return true;
    const char **const texts = arena_array(w->arena, count, sizeof *texts);
    unsigned *const flags = arena_array(w->arena, count, sizeof *flags);
    unsigned *const ids = arena_array(w->arena, count, sizeof *ids);
    size_t *const lengths = arena_array(w->arena, count, sizeof *lengths);
    for (uint32_t i = 0; i < count; i++) {
        texts[i] = w->texts.items[i].bytes;
        flags[i] = w->texts.items[i].caseless ? HS_FLAG_CASELESS : 0;
        ids[i] = i;
        lengths[i] = w->texts.items[i].length;
    }
    const hs_platform_info_t least = {.tune = HS_TUNE_FAMILY_GENERIC, .cpu_features = 0};
    hs_database_t *database = NULL;
    hs_compile_error_t *error = NULL;
    if (hs_compile_lit_multi(texts, flags, ids, lengths, count, HS_MODE_BLOCK,
                             portable ? &least : NULL, &database, &error) != HS_SUCCESS) {
        *why = arena_format(w->arena, "%s",
                            error != NULL ? error->message : "the engine ran out of memory");
        hs_free_compile_error(error);
        return false;
    }
    char *serial = NULL;
    size_t size = 0;
    const hs_error_t status = hs_serialize_database(database, &serial, &size);
    hs_free_database(database);
    if (status != HS_SUCCESS) {
        *why = "the engine could not write its database";
        return false;
    }
    /* a failed allocation must not jump past memory that is not the arena's */
    void (*const failed)(void *user) = w->arena->failed;
    w->arena->failed = NULL;
    char *const copy = arena_allocate(w->arena, size + 1);
    w->arena->failed = failed;
    if (copy != NULL)
        memcpy(copy, serial, size);
    free(serial);
    if (copy == NULL) {
        if (failed != NULL)
            failed(w->arena->failed_user);
        *why = "memory is short";
        return false;
    }
    *out = (scan_table){put(w, copy, size), (uint32_t)size};
    return true;
}

#define PUT_TABLE(w, vector)                                                                       \
    ((scan_table){put((w), (vector).items, (vector).count * sizeof *(vector).items),               \
                  (vector).count})

bool database_finish(database_builder *builder, bool portable, const uint8_t **out, size_t *length,
                     const char **why)
{
    writing w = {.arena = builder->arena};
    scan_head head = {.version = SCAN_VERSION};
    memcpy(head.magic, SCAN_MAGIC, sizeof SCAN_MAGIC);
    put(&w, &head, sizeof head);
    for (uint32_t i = 0; i < builder->entries.count; i++) {
        const entry *const one = &builder->entries.items[i];
        if (one->words.count > 0 || one->what.pattern == NULL)
            put_word_pattern(&w, &one->words);
        else
            put_pattern(&w, &one->what);
    }
    if (w.patterns.count > LIMIT_PATTERNS) {
        *why = arena_format(w.arena, "one field may have at most %u patterns", LIMIT_PATTERNS);
        return false;
    }
    put_gates(&w);
    put_literals(&w);
    if (!compile_literals(&w, portable, &head.engine, why))
        return false;
    head.patterns = PUT_TABLE(&w, w.patterns);
    head.automata = PUT_TABLE(&w, w.automata);
    head.sets = PUT_TABLE(&w, w.sets);
    head.words = PUT_TABLE(&w, w.words);
    head.literals = PUT_TABLE(&w, w.literals);
    head.numbers = PUT_TABLE(&w, w.numbers);
    head.tokens = PUT_TABLE(&w, w.tokens);
    head.starts = PUT_TABLE(&w, w.starts);
    head.digits = PUT_TABLE(&w, w.digits);
    head.gates = PUT_TABLE(&w, w.gates);
    head.least_token = w.least_token;
    head.most_positions = w.most_positions;
    if (w.too_large) {
        *why = "the patterns of one field come to more than two gigabytes";
        return false;
    }
    head.size = w.block.count;
    memcpy(w.block.items, &head, sizeof head);
    *out = (const uint8_t *)w.block.items;
    *length = w.block.count;
    return true;
}
