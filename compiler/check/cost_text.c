/*
 * cost_text.c - what it costs at most to make views of texts, and to look through them.
 *
 * The bounds of runtime/text, as formulas over sizes; docs/bounds.md says why each holds. Those of
 * a database come from its rows: how far a pattern's match can go, what must be found before it is
 * tried, how many steps it may use up.
 */
#include <string.h>

#include "compiler/check/cost_private.h"
#include "runtime/text/scan_format.h"
#include "runtime/text/view.h"

/* ---- views ----------------------------------------------------------------------------------- */

enum {
    /* a byte becomes so many at most: U+FDFA is three bytes, and eighteen characters */
    FOLD_BYTES = 11,
    /* the text, and a map with a piece for each character, both grown by doubling and kept twice */
    FOLD_MEMORY = 1024,
    TEXT_MEMORY = 1024, /* what is kept of each text that was seen, however short */
    /* bytes read and written for each byte of a text in which encodings are looked for */
    DECODE_WORK = 26,
    DECODE_MEMORY = 256
};

static texts folded(texts of)
{
    return (texts){of.count, cost_times(of.longest, FOLD_BYTES), cost_times(of.bytes, FOLD_BYTES)};
}

static price view_decoded(unsigned views, texts of, texts *out)
{
    const uint64_t hidden = cost_least(cost_times(of.bytes, LIMIT_DECODE_GROWTH),
                                       cost_times(of.count, LIMIT_DECODE_BYTES));
    const uint64_t read = cost_add(of.bytes, hidden); /* texts in which encodings are looked for */
    const uint64_t rot13 = (views & VIEW_ROT13) ? of.bytes : 0;
    out->bytes = cost_add(read, rot13);
    out->longest = of.longest;
    out->count = cost_least(cost_times(of.count, LIMIT_DECODE_SEGMENTS + 4),
                            cost_add(3 * of.count, cost_times(out->bytes, 2) / 12));
    price all = {cost_add(cost_times(read, DECODE_WORK), cost_add(rot13, of.bytes)),
                 cost_times(cost_add(read, rot13), DECODE_MEMORY)};
    all.scratch = cost_add(all.scratch, cost_times(out->count, TEXT_MEMORY));
    return all;
}

price cost_view(unsigned views, texts of, texts *segments)
{
    price all = {of.count, cost_times(of.count, TEXT_MEMORY)};
    *segments = of;
    if (views & (VIEW_DECODED | VIEW_ROT13))
        all = price_add(all, view_decoded(views, of, segments));
    if (views & VIEW_FOLDED) {
        const texts plain = *segments;
        *segments = folded(plain);
        all = price_add(all, (price){cost_add(plain.bytes, segments->bytes),
                                     cost_times(plain.bytes, FOLD_MEMORY)});
        all.scratch = cost_add(all.scratch, cost_times(plain.count, TEXT_MEMORY));
    }
    return all;
}

/* ---- one pattern ----------------------------------------------------------------------------- */

enum { NEAR_MOST = 4096 }; /* either way is a bound: this is about where the one is the lower */
/* those of runtime/text/scan.c */
enum { SWEEP_LEAST = 256, PATIENCE_BYTE = 16, PATIENCE = 16384, UNIT = 256 };

const scan_head *cost_database(const cst_image *image, uint32_t row)
{
    if (image == NULL || row >= image->databases.count)
        return NULL;
    const cst_database_row *const database = CST_ROWS(image, databases, cst_database_row) + row;
    return (const scan_head *)(const void *)CST_TEXT(image, database->bytes);
}

static const void *table_at(const scan_head *head, uint32_t offset)
{
    return (const char *)head + offset;
}

static const scan_pattern_row *row_of(const scan_head *head, uint32_t number)
{
    return (const scan_pattern_row *)table_at(head, head->patterns.offset) + number;
}

static const scan_automaton_row *automaton_of(const scan_head *head, const scan_pattern_row *row)
{
    return (const scan_automaton_row *)table_at(head, head->automata.offset) + row->body;
}

static uint64_t longest_match(const scan_pattern_row *row, uint64_t longest)
{
    return row->longest == SCAN_NONE ? longest : cost_least(row->longest, longest);
}

/* Of all words that may begin here, and the word behind them, which is read as far as it goes by
 * those that begin before it. */
static uint64_t words_try(const scan_head *head, const scan_pattern_row *row)
{
    const scan_words_row *const words =
        (const scan_words_row *)table_at(head, head->words.offset) + row->body;
    const uint64_t most = row->longest == SCAN_NONE ? LIMIT_STRING_BYTES : row->longest;
    const uint64_t lookups =
        words->lengths == 0 ? 1 : 33u - (uint32_t)__builtin_clz(words->lengths);
    return cost_times(cost_add(most, 8), lookups + 4);
}

/* To follow a pattern once, check and `after` aside. */
static uint64_t run_price(const scan_head *head, const scan_pattern_row *row, uint64_t longest)
{
    if (row->kind == SCAN_WORDS)
        return words_try(head, row);
    if (row->kind == SCAN_PHRASE)
        return row->length;
    const scan_automaton_row *const automaton = automaton_of(head, row);
    const uint64_t length = longest_match(row, longest) + 2;
    return automaton->states > 0 ? length : cost_times(length, automaton->edge_count);
}

/* To try it at one place. */
static uint64_t try_price(const scan_head *head, const scan_pattern_row *row, uint64_t longest)
{
    uint64_t all = run_price(head, row, longest);
    const uint64_t length = longest_match(row, longest);
    if (row->kind != SCAN_WORDS && row->after.count > 0)
        all = cost_add(all, cost_times(cost_least(longest, 4 * (uint64_t)row->after_within) + 1,
                                       (uint64_t)row->after.count + 1));
    if (row->kind == SCAN_AUTOMATON && row->check != 0)
        all = cost_add(all, cost_times(cost_least(length, LIMIT_CHECKED_ENDS) + 1, length));
    return all;
}

/* One pass of all starts at once. */
static uint64_t sweep_price(const scan_head *head, const scan_pattern_row *row, texts segments)
{
    const scan_automaton_row *const automaton = automaton_of(head, row);
    const uint64_t each = automaton->states > 0
                              ? cost_least(automaton->states, segments.longest) + 2
                              : (uint64_t)automaton->edge_count + automaton->positions + 3;
    return cost_times(cost_add(segments.bytes, cost_times(segments.count, 2)), each);
}

/* The steps that a pattern may use up before it is not known. */
static uint64_t budget(texts segments)
{
    return cost_add(cost_times(segments.bytes, 256), cost_times(segments.count, LIMIT_SCAN_STEPS));
}

static bool is_swept(const scan_pattern_row *row)
{
    return row->kind == SCAN_AUTOMATON && row->longest > SWEEP_LEAST;
}

/* What trying it at so many places costs: one after the other; or those up to the end of patience,
 * and the rest at once; or what it may use up. What is used up is counted in units, and each window
 * may leave one begun. */
static uint64_t tries_price(const scan_head *head, const scan_pattern_row *row, texts segments,
                            uint64_t places, uint64_t calls, bool listing)
{
    const uint64_t one = try_price(head, row, segments.longest), plain = cost_times(places, one);
    if (row->kind != SCAN_AUTOMATON)
        return plain;
    const uint64_t windows = listing ? 0 : cost_times(calls, UNIT);
    const uint64_t last = cost_times(one, cost_times(segments.count, 2));
    const uint64_t patience =
        cost_add(cost_times(segments.bytes, PATIENCE_BYTE), cost_times(segments.count, PATIENCE));
    const uint64_t most = cost_add(cost_add(budget(segments), windows), last);
    if (!is_swept(row))
        return cost_least(plain, most);
    const uint64_t patient = cost_add(cost_add(patience, windows), last),
                   sweep = sweep_price(head, row, segments);
    if (!listing && row->check == 0 && row->after.count == 0)
        return cost_least(cost_add(plain, sweep), cost_add(patient, sweep));
    if (plain <= PATIENCE)
        return plain;
    /* a sweep for each start that it finds */
    const uint64_t again = cost_add(plain, cost_times(sweep, places));
    return cost_least(again, cost_add(most, sweep));
}

uint64_t cost_whole(const scan_head *head, uint32_t number, texts segments)
{
    if (head == NULL)
        return UINT64_MAX;
    const scan_pattern_row *const row = row_of(head, number);
    return cost_times(segments.count, cost_add(1, run_price(head, row, segments.longest)));
}

uint64_t cost_list(const scan_head *head, uint32_t number, texts segments, uint64_t *matches)
{
    *matches = segments.bytes;
    if (head == NULL)
        return UINT64_MAX;
    const scan_pattern_row *const row = row_of(head, number);
    *matches = segments.bytes / (row->shortest > 0 ? row->shortest : 1);
    return cost_add(segments.bytes,
                    cost_add(tries_price(head, row, segments, segments.bytes, 0, true), *matches));
}

/* ---- a database ------------------------------------------------------------------------------ */

/* Places where a match may begin that holds a literal which ends here. */
static uint64_t window_of(const scan_pattern_row *row)
{
    return row->farthest == SCAN_NONE || row->farthest < row->nearest
               ? UINT64_MAX
               : (uint64_t)row->farthest - row->nearest + 1;
}

/* Whether it is priced by the hits of its literals. One whose match can be long is priced by what
 * it may use up. */
static bool is_near(const scan_head *head, const scan_pattern_row *row, uint64_t longest)
{
    return row->trigger == SCAN_BY_LITERAL && window_of(row) != UINT64_MAX &&
           try_price(head, row, longest) <= NEAR_MOST;
}

/* What one hit of a literal costs: its patterns, and those that are tried only near of it. */
static uint64_t hit_price(const scan_head *head, const scan_literal_row *literal, uint64_t longest)
{
    const uint32_t *const numbers = table_at(head, literal->patterns.offset);
    const uint64_t length = literal->text.count;
    uint64_t all = 1u + literal->patterns.count;
    for (uint32_t i = 0; i < literal->patterns.count; i++) {
        const scan_pattern_row *const row = row_of(head, numbers[i]);
        /* of one that begins anywhere, nobody goes back over the rest */
        const uint64_t before = is_near(head, row, longest) ? row->farthest : row->nearest;
        all = cost_add(all, before > length ? before - length : 0);
        if (is_near(head, row, longest))
            all = cost_add(all,
                           cost_times(window_of(row), cost_add(1, try_price(head, row, longest))));
    }
    return all;
}

static char folded_byte(char byte, bool caseless)
{
    return caseless && byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

/* The least distance of two places where a literal stands: less than its length only if it begins
 * as it ends. */
static uint64_t period_of(const scan_head *head, const scan_literal_row *literal)
{
    const char *const text = table_at(head, literal->text.offset);
    const uint32_t length = literal->text.count;
    for (uint32_t by = 1; by < length; by++) {
        uint32_t i = 0;
        while (i + by < length && folded_byte(text[i], literal->caseless != 0) ==
                                      folded_byte(text[i + by], literal->caseless != 0))
            i++;
        if (i + by == length)
            return by;
    }
    return length > 0 ? length : 1;
}

typedef struct literals { /* of one length */
    uint64_t dearest;
    const scan_literal_row *only; /* if there is no other */
    uint32_t count;
} literals;

/* Literals that end at one place have different lengths, or are once with and once without case: of
 * each length the dearest counts, and one that is alone stands no nearer to itself than its period.
 */
static uint64_t hits_price(const scan_head *head, texts segments)
{
    const scan_literal_row *const rows = table_at(head, head->literals.offset);
    enum { LENGTHS = 256 };
    literals groups[2 * LENGTHS] = {{0, NULL, 0}};
    uint64_t all = 0;
    for (uint32_t i = 0; i < head->literals.count; i++) {
        const uint64_t price = hit_price(head, &rows[i], segments.longest);
        const uint32_t length = rows[i].text.count;
        if (length >= LENGTHS) {
            all = cost_add(all, cost_times(segments.bytes, price));
            continue;
        }
        literals *const group = &groups[2 * length + (rows[i].caseless != 0)];
        group->dearest = cost_most(group->dearest, price);
        group->only = &rows[i];
        group->count++;
    }
    for (uint32_t i = 0; i < 2 * LENGTHS; i++) {
        if (groups[i].count == 0)
            continue;
        const uint64_t period = groups[i].count == 1 ? period_of(head, groups[i].only) : 1;
        all = cost_add(
            all, cost_times(cost_add(segments.bytes / period, segments.count), groups[i].dearest));
    }
    return all;
}

/* A pattern that is not tried near of literals alone. */
static uint64_t pattern_price(const scan_head *head, const scan_pattern_row *row, texts segments)
{
    const uint64_t runs = segments.bytes / 2 + segments.count;
    /* calls: windows that do not overlap */
    uint64_t places = segments.bytes, walk = segments.bytes, calls = segments.bytes;
    if (is_near(head, row, segments.longest))
        return 0;
    if (row->trigger == SCAN_BY_NUMBER)
        places = calls = cost_least(places, runs);
    if (row->trigger == SCAN_BY_START || row->trigger == SCAN_BY_WORD)
        calls = segments.count;
    if (row->trigger == SCAN_BY_TOKEN)
        calls = cost_add(segments.bytes / (row->token + 1u), segments.count);
    if (row->trigger == SCAN_BY_DIGIT)
        calls = runs;
    if (row->trigger == SCAN_BY_DIGIT)
        walk = cost_add(walk, cost_times(runs, cost_least(row->farthest, segments.longest)));
    return cost_add(cost_times(walk, 2), tries_price(head, row, segments, places, calls, false));
}

price cost_scan(const scan_head *head, texts segments)
{
    if (head == NULL)
        return (price){UINT64_MAX, UINT64_MAX};
    const uint64_t words = (head->patterns.count + 63u) / 64u,
                   runs = segments.bytes / 2 + segments.count;
    const bool has_digits = head->numbers.count > 0 || head->digits.count > 0;
    uint64_t all = cost_times(segments.bytes, (uint64_t)(head->literals.count > 0) + has_digits +
                                                  (head->tokens.count > 0));
    if (head->literals.count > 0)
        all = cost_add(all, hits_price(head, segments));
    all = cost_add(all, cost_times(runs, (uint64_t)head->numbers.count + head->digits.count));
    all = cost_add(all, cost_times(segments.bytes / (head->least_token + 1u) + segments.count,
                                   head->tokens.count));
    for (uint32_t i = 0; i < head->patterns.count; i++)
        all = cost_add(all, pattern_price(head, row_of(head, i), segments));
    all = cost_add(all, cost_times(segments.count, words));
    return (price){all, cost_times(segments.count, 32 * words + 128)};
}
