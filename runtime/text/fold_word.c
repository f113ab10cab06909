/*
 * fold_word.c - what folding does to a word as a whole: look-alikes, digits and signs for letters,
 * repeated letters.
 *
 * Everything here is a function of the word alone, and done twice is done once: what the rules
 * count does not change when they are applied. So a word of a policy and the same word in a text
 * always come out alike.
 *
 * Look-alikes. Letters of other scripts become the ASCII letters that they look like if the word
 * mixes scripts, or if all of its letters have such a twin. Other words keep their letters, so that
 * Russian stays Russian.
 *
 * Swaps, in words whose letters are all ASCII. A run of digits and signs is read as letters (0 o, 1
 * i, 11 ll, 3 e, 4 a, 5 s, 7 t, @ a, $ s, ! i) if each of them can be and it is short; but only if
 * the word gives a reason to:
 *   - such a run between letters, of at most two different characters (h4ck, pa55word, p@ssword);
 *   - one digit before at least four letters (1gnore; not 4th or 5min);
 *   - a 0 or 3 behind at least three (hell0, mak3; not mp3).
 * So covid19, gpt4, b2b, i18n, 10km and c4 stay as they are. A sign counts with at most three
 * letters on one of its sides, an @ with at most two, and only where the word is no part of an
 * address. Letters are counted as different ones: oo is one.
 *
 * Repetitions. A letter three times or more is written once (heeeelp), unless the word is nothing
 * but that letter (www, iii). A letter written twice stays: too, foot. English has few words in
 * which a stretched letter was a double one before.
 */
#include "runtime/text/fold.h"

#include <string.h>

#include "runtime/utf8.h"

/* ---- reading back ---------------------------------------------------------------------------- */

void reader_begin(fold_reader *reader, folder *folder, piece_copy *copy, uint32_t start)
{
    view_writer *const writer = &folder->writer;
    *reader = (fold_reader){folder, copy, start, writer->length, 0};
    uint32_t first = writer->count;
    while (first > 0 && writer->items[first - 1].out > start)
        first--;
    if (first > 0)
        first--;
    copy->count = 0;
    /* room for one character more than is there now, so that writing never moves what is still to
     * be read */
    if (!writer_room(writer, 4)) {
        reader->at = reader->end;
        return;
    }
    const uint32_t wanted = writer->count - first;
    while (copy->capacity < wanted)
        if (!arena_grow(writer->arena, (void **)&copy->items, &copy->capacity,
                        sizeof *copy->items)) {
            writer->failed = true;
            reader->at = reader->end;
            return;
        }
    if (wanted)
        memcpy(copy->items, writer->items + first, wanted * sizeof *copy->items);
    copy->count = wanted;
    writer_truncate(writer, start);
}

bool reader_next(fold_reader *reader, fold_element *out)
{
    if (reader->at >= reader->end || reader->folder->writer.failed)
        return false;
    const char *const bytes = reader->folder->writer.bytes;
    const char *next = bytes + reader->at;
    const uint32_t code = utf8_decode(&next, bytes + reader->end);
    const uint32_t start = reader->at, end = (uint32_t)(next - bytes);
    const piece_copy *const copy = reader->pieces;
    while (reader->piece + 1 < copy->count && copy->items[reader->piece + 1].out <= start)
        reader->piece++;
    *out = (fold_element){.code = code, .row = unicode_find(code)};
    piece_source(&copy->items[reader->piece], start, end, &out->start, &out->end);
    reader->at = end;
    return true;
}

/* ---- look-alikes ----------------------------------------------------------------------------- */

/* What the character looked like as it was written: a capital may look like another letter than its
 * small form. */
static uint32_t look_of_source(const folder *f, uint32_t start, uint32_t end)
{
    const char *next = f->text + start;
    const uint32_t code = utf8_decode(&next, f->text + end);
    if (code > 0x10FFFF || next != f->text + end)
        return 0;
    const unicode_row *const row = unicode_find(code);
    return row->flags & UNICODE_LETTER ? row->look : 0;
}

static void undo_looks(folder *f, const fold_word *word)
{
    fold_reader reader;
    fold_element element;
    reader_begin(&reader, f, &f->word_pieces, word->start);
    while (reader_next(&reader, &element)) {
        uint32_t code = element.code;
        if (code >= 0x80 && (element.row->flags & UNICODE_LETTER)) {
            const uint32_t look = word->mixed ? look_of_source(f, element.start, element.end) : 0;
            code = look ? look : element.row->look ? element.row->look : code;
        }
        fold_write(f, code, element.start, element.end);
    }
}

/* ---- digits and signs for letters ------------------------------------------------------------ */

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/* By bytes of ASCII: the letter that a digit or sign can stand for; 0: none. */
static const char letters_for[128] = {
    ['0'] = 'o', ['1'] = 'i', ['!'] = 'i', ['3'] = 'e', ['4'] = 'a',
    ['@'] = 'a', ['5'] = 's', ['$'] = 's', ['7'] = 't'};

static inline char letter_for(char c)
{
    return letters_for[c & 0x7F];
}

/* Characters that swapping may make equal are counted as one, so that no count changes by it. */
static inline char class_of(char c)
{
    const char letter = letter_for(c);
    const char as = letter ? letter : c;
    return as == 'l' ? 'i' : as;
}

typedef struct swap_word {
    char *bytes;
    uint32_t length;
    uint32_t groups;        /* stretches of one class */
    uint32_t letter_groups; /* of which some are letters */
    bool address;
} swap_word;

static void count_groups(swap_word *word)
{
    bool letter = false;
    for (uint32_t i = 0; i < word->length; i++) {
        if (i == 0 || class_of(word->bytes[i]) != class_of(word->bytes[i - 1])) {
            word->groups++;
            letter = false;
        }
        if (!letter && is_letter(word->bytes[i])) {
            letter = true;
            word->letter_groups++;
        }
    }
}

/* Of bytes start..end-1, a run without letters behind `before` groups: how many groups it touches,
 * 0 if it cannot be letters. */
static uint32_t run_groups(const swap_word *word, uint32_t start, uint32_t end, uint32_t before)
{
    uint32_t groups = 1;
    for (uint32_t i = start; i < end; i++) {
        const char c = word->bytes[i];
        if (i > start && class_of(c) != class_of(word->bytes[i - 1]))
            groups++;
        const uint32_t left = before + groups - 1,
                       right = word->groups > left ? word->groups - left : 0;
        if (!letter_for(c) || (c == '@' && word->address))
            return 0;
        const uint32_t most = c == '@' ? 2 : 3;
        if ((c < '0' || c > '9') && left > most && right > most + 1)
            return 0;
    }
    return groups;
}

/* Whether a run may be swapped, and (*reason) whether it alone is a reason to swap. */
static bool run_swaps(const swap_word *word, uint32_t start, uint32_t end, uint32_t before,
                      bool *reason)
{
    const uint32_t groups = run_groups(word, start, end, before);
    *reason = false;
    if (groups == 0)
        return false;
    const bool leads = start == 0, ends = end == word->length;
    if (!leads && !ends) {
        *reason = groups <= 2;
        return groups <= 2;
    }
    if (end - start != 1)
        return false;
    *reason = leads ? word->letter_groups >= 4
                    : word->letter_groups >= 3 &&
                          (word->bytes[start] == '0' || word->bytes[start] == '3');
    return true;
}

static void swap_run(swap_word *word, uint32_t start, uint32_t end)
{
    bool one_before = false;
    for (uint32_t i = start; i < end; i++) {
        const char c = word->bytes[i];
        const bool pair = c == '1' && (one_before || (i + 1 < end && word->bytes[i + 1] == '1'));
        word->bytes[i] = pair ? 'l' : letter_for(c);
        one_before = c == '1';
    }
}

/* Goes through the runs; `apply`: swaps them, else answers whether there is a reason to. */
static bool each_run(swap_word *word, bool apply)
{
    uint32_t before = 0; /* groups before the run */
    char last = 0;
    for (uint32_t start = 0; start < word->length;) {
        uint32_t end = start;
        while (end < word->length && !is_letter(word->bytes[end]))
            end++;
        const bool run = end > start;
        /* a run that goes on with the class before it shares its group */
        const bool shares = run && start > 0 && class_of(word->bytes[start]) == last;
        bool reason = false;
        const bool swaps = run && end - start < word->length &&
                           run_swaps(word, start, end, before - shares, &reason);
        if (reason && !apply)
            return true;
        if (!run)
            end = start + 1;
        for (uint32_t i = start; i < end; i++) {
            const char class = class_of(word->bytes[i]);
            before += class != last;
            last = class;
        }
        if (swaps && apply)
            swap_run(word, start, end);
        start = end;
    }
    return false;
}

void fold_swaps(char *bytes, uint32_t length, bool address)
{
    swap_word word = {.bytes = bytes, .length = length, .address = address};
    count_groups(&word);
    if (each_run(&word, false))
        each_run(&word, true);
}

/* ---- repetitions ----------------------------------------------------------------------------- */

static bool repeats(const fold_element *element)
{
    return (element->row->flags & (UNICODE_LETTER | UNICODE_COMPOSES)) == UNICODE_LETTER;
}

/* Whether the word has a letter three times in a row, and something else. */
static bool has_repetition(const folder *f, uint32_t start)
{
    const char *next = f->writer.bytes + start;
    const char *const end = f->writer.bytes + f->writer.length;
    uint32_t last = 0, times = 0;
    bool found = false, other = false;
    while (next < end) {
        const uint32_t code = utf8_decode(&next, end);
        other = other || (last != 0 && code != last);
        times = code == last ? times + 1 : 1;
        last = code;
        if (times == 3) {
            const fold_element element = {.code = code, .row = unicode_find(code)};
            found = found || repeats(&element);
        }
    }
    return found && other;
}

/* A letter that came `times` in a row, first and second there, up to `end`. */
static void write_repeated(folder *f, const fold_element *first, const fold_element *second,
                           uint32_t times, uint32_t end)
{
    if (times == 0)
        return;
    fold_write(f, first->code, first->start, times >= 3 ? end : first->end);
    if (times == 2)
        fold_write(f, second->code, second->start, second->end);
}

static void undo_repetitions(folder *f, uint32_t start)
{
    fold_reader reader;
    fold_element element, first = {0}, second = {0};
    uint32_t times = 0, end = 0;
    reader_begin(&reader, f, &f->word_pieces, start);
    while (reader_next(&reader, &element)) {
        if (times && element.code == first.code && repeats(&element)) {
            if (++times == 2)
                second = element;
        } else {
            write_repeated(f, &first, &second, times, end);
            first = element;
            times = 1;
        }
        end = element.end;
    }
    write_repeated(f, &first, &second, times, end);
}

void fold_finish_word(folder *f, const fold_word *word, bool address)
{
    const bool looks = word->looks && (word->mixed || !word->odd);
    if (!looks && !word->tripled && !(word->swaps && word->letters))
        return;
    if (looks)
        undo_looks(f, word);
    if (f->writer.failed)
        return;
    bool ascii = true;
    for (uint32_t i = word->start; i < f->writer.length; i++)
        ascii = ascii && (unsigned char)f->writer.bytes[i] < 0x80;
    if (ascii && word->swaps)
        fold_swaps(f->writer.bytes + word->start, f->writer.length - word->start, address);
    if (has_repetition(f, word->start))
        undo_repetitions(f, word->start);
}
