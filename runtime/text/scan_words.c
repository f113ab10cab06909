/*
 * scan_words.c - phrases, and sets of words: byte for byte, and mostly at edges of words.
 *
 * A set may hold a million entries, and what it costs must not depend on that. Most begin and end
 * with letters of a script that has spaces: each place where a word begins is looked up in a hash
 * table, with one word, with two, as far as the set has entries of so many words. Where words have
 * no spaces between them a match may begin at every character; such entries, and those that begin
 * or end with a sign, are a sorted table, narrowed byte by byte to those that the text goes on
 * with. The same narrowing tells for all entries whether the end of a text may be the beginning of
 * one.
 */
#include <string.h>

#include "runtime/text/scan_private.h"
#include "runtime/text/unicode.h"
#include "runtime/utf8.h"

static bool is_edge(const scan_try *with, uint32_t at)
{
    return unicode_word_edge(with->text, with->length, at);
}

/* Whether a word ends behind the last character of the text, whatever follows. */
static bool ends_surely(const scan_try *with)
{
    uint32_t at = with->length - 1;
    while (at > 0 && scan_continues(with->text[at]))
        at--;
    const char *next = with->text + at;
    const uint32_t code = utf8_decode(&next, with->text + with->length);
    return !unicode_is_word(code) || unicode_is_spaceless(code);
}

static void spend(scan_try *with, uint32_t steps)
{
    scan_spend(with, steps);
    with->unknown = with->unknown || with->steps == 0;
}

/* ---- phrases --------------------------------------------------------------------------------- */

uint32_t scan_phrase_end(const scan_try *with, const scan_pattern_row *row, uint32_t start)
{
    const uint32_t length = row->length;
    with->scratch->work += length;
    if (length > with->length - start ||
        memcmp(with->text + start, scan_at(with->database->head, row->body), length) != 0)
        return 0;
    return row->words && (!is_edge(with, start) || !is_edge(with, start + length)) ? 0
                                                                                   : start + length;
}

bool scan_phrase_alive(const scan_try *with, const scan_pattern_row *row, uint32_t start)
{
    const uint32_t left = with->length - start;
    if (left > row->length || (left == row->length && (!row->words || ends_surely(with))))
        return false;
    return memcmp(with->text + start, scan_at(with->database->head, row->body), left) == 0 &&
           (!row->words || is_edge(with, start));
}

/* ---- narrowing ------------------------------------------------------------------------------- */

typedef struct range { /* of sorted entries that agree in their first bytes */
    uint32_t from, to;
} range;

/* The first entry of a range whose byte at a place is not below `byte`. An entry that ends there
 * comes before all others. */
static uint32_t first_from(const scan_head *head, const scan_table *entries, range in, uint32_t at,
                           uint32_t byte)
{
    while (in.from < in.to) {
        const uint32_t middle = in.from + (in.to - in.from) / 2;
        const unsigned char *const text = scan_at(head, entries[middle].offset);
        if (entries[middle].count <= at || text[at] < byte)
            in.from = middle + 1;
        else
            in.to = middle;
    }
    return in.from;
}

static range narrow(const scan_head *head, const scan_table *entries, range in, uint32_t at,
                    unsigned char byte)
{
    in.from = first_from(head, entries, in, at, byte);
    in.to = first_from(head, entries, in, at, byte + 1u);
    return in;
}

typedef struct narrowed {
    uint32_t end; /* of the longest entry that stands here; 0: none */
    /* the text ends in an entry, or right behind one that more text may make part of a longer word
     */
    bool alive;
} narrowed;

/* The entries of a table that stand at a place where a word may begin. */
static narrowed narrow_all(scan_try *with, const scan_table *entries, uint32_t count,
                           uint32_t start)
{
    const scan_head *const head = with->database->head;
    narrowed out = {0, false};
    range in = {0, count};
    uint32_t at = 0;
    for (; in.from < in.to; at++) {
        const bool whole = at > 0 && entries[in.from].count == at;
        if (whole && is_edge(with, start + at))
            out.end = start + at;
        if (start + at == with->length) {
            out.alive = !whole || in.to - in.from > 1 || !ends_surely(with);
            break;
        }
        in = narrow(head, entries, in, at, (unsigned char)with->text[start + at]);
    }
    spend(with, at);
    return out;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* Behind the word that goes on at `at`. */
static uint32_t word_end(const scan_try *with, uint32_t at)
{
    const char *next = with->text + at, *const end = with->text + with->length;
    while (next < end) {
        const char *const before = next;
        const uint32_t code = utf8_decode(&next, end);
        if (!unicode_is_word(code) || unicode_is_spaceless(code))
            return (uint32_t)(before - with->text);
    }
    return with->length;
}

/* The next word behind `at`, if fewer than so many bytes are between; else the end of the text. */
static uint32_t word_begin(const scan_try *with, uint32_t at, uint32_t most)
{
    const char *next = with->text + at, *const end = with->text + with->length;
    while (next < end && (uint32_t)(next - with->text) - at <= most) {
        const char *const before = next;
        if (unicode_is_word(utf8_decode(&next, end)))
            return (uint32_t)(before - with->text);
    }
    return with->length;
}

static bool in_words(const scan_try *with, const scan_words_row *words, uint32_t start,
                     uint32_t end)
{
    const scan_head *const head = with->database->head;
    const uint32_t *const buckets = scan_at(head, words->buckets);
    const scan_table *const entries = scan_at(head, words->entries);
    uint32_t at = scan_hash(with->text + start, end - start);
    for (uint32_t found; (found = buckets[at & (words->capacity - 1)]) != 0; at++)
        if (entries[found - 1].count == end - start &&
            memcmp(scan_at(head, entries[found - 1].offset), with->text + start, end - start) == 0)
            return true;
    return false;
}

/* A word of a script with spaces begins here. */
static bool is_plain_start(const scan_try *with, uint32_t start)
{
    const char *next = with->text + start;
    const uint32_t code = utf8_decode(&next, with->text + with->length);
    return unicode_is_word(code) && !unicode_is_spaceless(code) && is_edge(with, start);
}

static const scan_words_row *words_of(const scan_try *with, const scan_pattern_row *row)
{
    return (const scan_words_row *)scan_at(with->database->head,
                                           with->database->head->words.offset) +
           row->body;
}

uint32_t scan_words_end(scan_try *with, const scan_pattern_row *row, uint32_t start)
{
    const scan_words_row *const words = words_of(with, row);
    uint32_t best = 0, end = start;
    if (row->after.count > 0 && is_edge(with, start))
        best = narrow_all(with, scan_at(with->database->head, row->after.offset), row->after.count,
                          start)
                   .end;
    if (!is_plain_start(with, start))
        return best;
    for (uint32_t number = 0; number < 32 && words->lengths >> number != 0 && end < with->length;
         number++) {
        if (number > 0)
            end = word_begin(with, end, row->longest);
        if (end < with->length)
            end = word_end(with, end);
        with->scratch->work += end - start + 1; /* it was read, and is looked up */
        if (end - start > row->longest)
            break;
        if ((words->lengths >> number & 1) != 0 && is_edge(with, end) &&
            in_words(with, words, start, end) && end > best)
            best = end;
    }
    return best;
}

bool scan_words_alive(scan_try *with, const scan_pattern_row *row, uint32_t start)
{
    const scan_words_row *const words = words_of(with, row);
    const scan_head *const head = with->database->head;
    if (!is_edge(with, start))
        return false;
    return narrow_all(with, scan_at(head, row->after.offset), row->after.count, start).alive ||
           narrow_all(with, scan_at(head, words->entries), words->count, start).alive;
}

/* ---- for streams ----------------------------------------------------------------------------- */

static const scan_table *entries_of(const scan_database *database, const scan_pattern_row *row,
                                    bool apart)
{
    const scan_words_row *const words =
        (const scan_words_row *)scan_at(database->head, database->head->words.offset) + row->body;
    return scan_at(database->head, apart ? row->after.offset : words->entries);
}

uint32_t scan_words_count(const scan_database *database, const scan_pattern_row *row, bool apart)
{
    const scan_words_row *const words =
        (const scan_words_row *)scan_at(database->head, database->head->words.offset) + row->body;
    return apart ? row->after.count : words->count;
}

bool scan_words_narrow(const scan_database *database, const scan_pattern_row *row, bool apart,
                       uint32_t *from, uint32_t *to, uint32_t at, unsigned char byte, bool *whole)
{
    const scan_table *const entries = entries_of(database, row, apart);
    const range in = narrow(database->head, entries, (range){*from, *to}, at, byte);
    *from = in.from;
    *to = in.to;
    if (in.from == in.to)
        return false;
    *whole = *whole || entries[in.from].count == at + 1;
    return true;
}
