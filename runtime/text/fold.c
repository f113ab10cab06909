/*
 * fold.c - the view `folded`: a text as its reader sees it, spelt the plain way.
 *
 * Three layers. Plain ASCII is recognised 64 bytes at a time (fold_plain.c) and only lowered. Where
 * that stops, a stretch between two borders (fold_border: white space behind two letters, across
 * which nothing is looked at together) goes through the machine below: characters by the table
 * (unicode_table.h), composed anew and written at once; at the end of a word, what is done to it as
 * a whole (fold_word.c); around words, runs of letters on their own.
 *
 * A run is four or more words of one letter each, with one and the same separator between all of
 * them: `i.g.n.o.r.e`, `i g n o r e`. The separators go. Between blanks, wider gaps are the gaps
 * between words: `i g n o r e   a l l` is `ignore all`; if all gaps are wide, or four in a row,
 * they count as narrow ones. A run ends at the first letter or separator that does not fit; if it
 * was too short, its last letter may begin the next one. Letters beside an apostrophe, an @ or a $
 * are not on their own.
 *
 * Folding twice is folding once, whatever the text: policies' constants and texts meet in one form.
 * It takes time linear in the text; what it keeps besides what it writes is what it knows of the
 * current word and run.
 *
 * Not undone: marks that are written in another than the canonical order (but those are accents
 * nearly always, and go); 1 for l (but 11 for ll is); capitals of another script that resemble
 * Latin ones only as capitals, in a word that has no other letters.
 */
#include "runtime/text/fold.h"

#include <string.h>

#include "runtime/utf8.h"

/* the gaps stand in what is written until the run ends */
enum {
    STRETCH_LEAST = 8,
    STRETCH_BACK = 96,
    RUN_LEAST = 4,
    WIDE_GAP = 1,
    LOST_GAP = 2,
    REPLACEMENT = 0xFFFD
};

/* ---- characters ------------------------------------------------------------------------------ */

/* The next folded character; false at the end of the text. */
static inline bool advance(const folder *f, fold_cursor *cursor, fold_element *out)
{
    while (cursor->left == 0) {
        if (cursor->at >= f->length)
            return false;
        const char *next = f->text + cursor->at;
        uint32_t code = (unsigned char)*next;
        cursor->start = cursor->at;
        if (code < 0x80)
            cursor->at++;
        else if (code >= 0xC2 && code < 0xE0 && f->length - cursor->at >= 2 &&
                 ((unsigned char)next[1] & 0xC0) == 0x80) {
            code = (code & 0x1F) << 6 | ((unsigned char)next[1] & 0x3F);
            cursor->at += 2;
        } else {
            code = utf8_decode(&next, f->text + f->length);
            cursor->at = (uint32_t)(next - f->text);
            if (code > 0x10FFFF)
                code = REPLACEMENT;
        }
        cursor->end = cursor->at;
        const unicode_row *row = unicode_find(code);
        if (row->flags & UNICODE_CHANGES) {
            if (row->flags & UNICODE_GONE)
                continue;
            if (row->flags & UNICODE_MANY) {
                cursor->rest = unicode_pool + (row->folded >> 5);
                cursor->left = row->folded & 31;
                break;
            }
            code = row->flags & UNICODE_SPACE ? ' ' : row->folded;
            row = unicode_find(code);
        }
        *out = (fold_element){code, cursor->start, cursor->end, row};
        return true;
    }
    cursor->left--;
    const uint32_t code = *cursor->rest++;
    *out = (fold_element){code, cursor->start, cursor->end, unicode_find(code)};
    return true;
}

static inline bool begins_word(const fold_element *element)
{
    return (element->row->flags & UNICODE_LETTER) || fold_is_digit(element->code);
}

/* Whether a letter or digit stands at the cursor. */
static bool word_follows(const folder *f, fold_cursor cursor)
{
    fold_element next;
    return advance(f, &cursor, &next) && begins_word(&next);
}

/* Whether a letter that the cursor stands behind is not on its own. */
static bool letter_goes_on(const folder *f, fold_cursor cursor)
{
    fold_element next;
    if (!cursor.left && cursor.at < f->length) {
        const unsigned char *const at = (const unsigned char *)f->text + cursor.at,
                                   *const end = (const unsigned char *)f->text + f->length;
        const unicode_row *row;
        uint32_t code;
        if ((*at | 0x20u) - 'a' < 26 || (*at >= 0x80 && fold_plain_letter(at, end, &code, &row)))
            return true;
    }
    if (!advance(f, &cursor, &next))
        return false;
    if (begins_word(&next) || (next.row->flags & (UNICODE_MARK | UNICODE_COMPOSES)) ||
        next.code == '\'' || next.code == '@' || next.code == '$')
        return true;
    return next.code == '!' && word_follows(f, cursor);
}

/* ---- runs of letters ------------------------------------------------------------------------- */

static bool separates(uint32_t code)
{
    return code < 0x80 ? code && strchr(" .-_*|/\\,+~:;=#^", (int)code) != NULL
                       : code == 0xB7 || code == 0x2022;
}

static void end_run(folder *f);
static void take_letter(folder *f, const fold_element *element, const fold_cursor *behind);

static inline void end_word(folder *f, uint32_t next, const fold_cursor *behind)
{
    if (!f->in_word)
        return;
    f->in_word = false;
    if (!f->run.count && !f->word.looks && !f->word.swaps && !f->word.tripled)
        return;
    if (f->run.count) { /* it is one letter, and the run decides */
        f->run.end = f->writer.length;
        f->run.looks = f->run.looks || (f->word.looks && !f->word.odd);
        return;
    }
    bool address = false;
    if (f->word.at_sign) {
        const uint32_t before = f->word.before;
        address =
            before == '.' || before == '_' || before == '+' || before == '-' ||
            (behind && (next == '.' || next == '_' || next == '-') && word_follows(f, *behind));
    }
    const fold_word word = f->word;
    fold_finish_word(f, &word, address);
}

/* Marks wide gaps between bytes start..end-1 as lost where the letters `from` and on, up to `to`,
 * are each on their own. */
static void lose_gaps(char *bytes, uint32_t from, uint32_t to, uint32_t letters)
{
    for (uint32_t i = from; letters >= RUN_LEAST && i < to; i++)
        if (bytes[i] == WIDE_GAP)
            bytes[i] = LOST_GAP;
}

/* A run's wide gaps part words, but not those between four or more letters in a row that have wide
 * gaps on either side. */
static void mark_gaps(char *bytes, uint32_t start, uint32_t end)
{
    /* groups of one letter, with the wide gaps between them */
    uint32_t streak = start, streak_end = start;
    uint32_t streak_letters = 0, group = 0, group_start = start;
    for (uint32_t i = start; i <= end; i++) {
        if (i < end && bytes[i] != WIDE_GAP) {
            group += bytes[i] != ' ' && ((unsigned char)bytes[i] & 0xC0) != 0x80;
            continue;
        }
        if (group == 1) {
            streak = streak_letters++ ? streak : group_start;
            streak_end = i;
        } else {
            lose_gaps(bytes, streak, streak_end, streak_letters);
            streak_letters = 0;
        }
        group = 0;
        group_start = i + 1;
    }
    lose_gaps(bytes, streak, streak_end, streak_letters);
}

/* The letters of a run that joins nothing are words of one letter. */
static void end_short_run(folder *f, const fold_run *run)
{
    fold_reader reader;
    fold_element element;
    reader_begin(&reader, f, &f->run_pieces, run->start);
    while (reader_next(&reader, &element)) {
        const uint32_t code = element.code == WIDE_GAP ? ' ' : element.code;
        fold_write(f, element.row->flags & UNICODE_TWIN ? element.row->look : code, element.start,
                   element.end);
    }
}

/* Writes the run anew: without its separators if it is long enough, and each word of it finished.
 */
static void end_run(folder *f)
{
    const fold_run run = f->run;
    f->run = (fold_run){0};
    if (run.count < RUN_LEAST) {
        if (run.looks)
            end_short_run(f, &run);
        for (uint32_t i = run.start; run.wide && i < f->writer.length; i++)
            if (f->writer.bytes[i] == WIDE_GAP)
                f->writer.bytes[i] = ' ';
        return;
    }
    if (run.wide)
        mark_gaps(f->writer.bytes, run.start, run.end);
    fold_reader reader;
    fold_element element;
    f->again = true;
    reader_begin(&reader, f, &f->run_pieces, run.start);
    while (reader.at < run.end && reader_next(&reader, &element)) {
        if (element.row->flags & UNICODE_LETTER)
            take_letter(f, &element, NULL);
        else if (element.code == WIDE_GAP) {
            end_word(f, 0, NULL);
            fold_write(f, ' ', element.start, element.end);
        }
    }
    end_word(f, 0, NULL);
    while (reader_next(&reader, &element)) /* the separator behind the last letter */
        fold_write(f, element.code == WIDE_GAP ? ' ' : element.code, element.start, element.end);
    f->again = false;
}

/* ---- words ----------------------------------------------------------------------------------- */

static void begin_word(folder *f, const fold_element *element, const fold_cursor *behind)
{
    const uint32_t before = f->last;
    if (!f->again) {
        const bool alone =
            (element->row->flags & (UNICODE_LETTER | UNICODE_COMPOSES)) == UNICODE_LETTER &&
            before != '\'' && before != '@' && before != '$' && !letter_goes_on(f, *behind);
        fold_run *const run = &f->run;
        if (alone && run->count && run->gaps == 1) {
            run->separator = run->gap;
            run->count++;
            run->gaps = 0;
        } else {
            if (run->count)
                end_run(f);
            if (alone)
                *run = (fold_run){.count = 1, .start = f->writer.length};
        }
    }
    f->in_word = true;
    f->word = (fold_word){.start = f->writer.length, .before = before};
}

/* A letter, mark or digit of a word, or a sign in one. */
static void take_letter(folder *f, const fold_element *element, const fold_cursor *behind)
{
    if (!f->in_word)
        begin_word(f, element, behind);
    fold_word *const word = &f->word;
    const unicode_row *const row = element->row;
    if (row->flags & UNICODE_LETTER) {
        word->letters = true;
        if (row->script && row->script != word->script) {
            word->mixed = word->mixed || word->script != 0;
            word->script = row->script;
        }
        word->looks = word->looks || row->look != 0;
        word->odd = word->odd || (element->code >= 0x80 && !(row->flags & UNICODE_TWIN));
    } else if (element->code < 0x80) {
        word->swaps = true;
        word->at_sign = word->at_sign || element->code == '@';
    }
    word->times = element->code == word->last ? word->times + 1 : 1;
    word->last = element->code;
    word->tripled = word->tripled || (word->times == 3 && (row->flags & UNICODE_LETTER));
    fold_write(f, element->code, element->start, element->end);
}

/* ---- everything else ------------------------------------------------------------------------- */

/* A run that is too short ends, but its last letter, which was just written, may begin another one.
 */
static void restart_run(folder *f, uint32_t gap)
{
    const uint32_t code = f->last, start = f->last_start, end = f->last_end;
    if (--f->run.count) {
        writer_truncate(&f->writer, f->last_out);
        f->run.end = f->writer.length;
        end_run(f);
        f->run.start = f->writer.length;
        fold_write(f, code, start, end);
    }
    f->run = (fold_run){.count = 1,
                        .start = f->run.start,
                        .end = f->writer.length,
                        .gaps = 1,
                        .gap = gap,
                        .looks = (unicode_find(code)->flags & UNICODE_TWIN) != 0};
}

/* What stands between words, before it is written. */
static void take_gap(folder *f, uint32_t code, const fold_cursor *behind)
{
    end_word(f, code, behind);
    fold_run *const run = &f->run;
    if (run->count == 0)
        return;
    if (++run->gaps > 1 || !separates(code))
        end_run(f);
    else if (run->separator && run->separator != code && run->count < RUN_LEAST)
        restart_run(f, code);
    else if (run->separator && run->separator != code)
        end_run(f);
    else
        run->gap = code;
}

static void take_space(folder *f, const fold_element *element, const fold_cursor *behind)
{
    if (f->last == ' ' && !f->in_word) { /* one more: it goes into the blank that stands there */
        const uint32_t start = f->last_start, at = f->writer.length - 1;
        writer_truncate(&f->writer, at);
        fold_write(f, ' ', start, element->end);
        if (f->run.count && !f->writer.failed) {
            f->writer.bytes[at] = WIDE_GAP;
            f->run.wide = true;
        }
        return;
    }
    take_gap(f, ' ', behind);
    fold_write(f, ' ', element->start, element->end);
}

/* Melts a character with the one before it. */
static bool composed(folder *f, const fold_element *element)
{
    const uint32_t both = f->last ? unicode_compose(f->last, element->code) : 0;
    if (!both)
        return false;
    writer_truncate(&f->writer, f->last_out);
    fold_write(f, both, f->last_start, element->end);
    f->word.last = both;
    f->word.times = 1;
    return true;
}

static inline bool goes_on(const folder *f, const fold_element *element, const fold_cursor *behind)
{
    if (begins_word(element))
        return true;
    return f->in_word && ((element->row->flags & UNICODE_MARK) ||
                          (fold_is_sign(element->code) && word_follows(f, *behind)));
}

/* Folds what lies between two borders. */
static void fold_stretch(folder *f, uint32_t start, uint32_t end)
{
    fold_cursor cursor = {.at = start};
    fold_element element;
    f->last = 0;
    while (!f->writer.failed) {
        if (!f->in_word && f->run.count == 0)
            fold_take_plain(f, &cursor, end);
        if ((!cursor.left && cursor.at >= end) || !advance(f, &cursor, &element))
            break;
        if ((element.row->flags & UNICODE_COMPOSES) && composed(f, &element))
            continue;
        if (goes_on(f, &element, &cursor)) {
            take_letter(f, &element, &cursor);
            fold_take_letters(f, &cursor);
        } else if (element.code == ' ')
            take_space(f, &element, &cursor);
        else {
            take_gap(f, element.code, &cursor);
            fold_write(f, element.code, element.start, element.end);
            if (f->run.count == 0)
                fold_take_others(f, &cursor);
        }
    }
    end_word(f, 0, NULL);
    if (f->run.count)
        end_run(f);
}

/* The border behind `at` up to which words are looked at one by one: where ASCII goes on for a
 * while, or the first one if this is ASCII. */
static uint32_t stretch_end(const char *text, uint32_t at, uint32_t length)
{
    uint32_t end = length - at > STRETCH_LEAST ? at + STRETCH_LEAST : length;
    for (bool more =
             fold_wide_end(text, at, length - at > STRETCH_BACK ? at + STRETCH_BACK : length) > at;
         more && end < length;) {
        const uint32_t behind =
            fold_wide_end(text, end, length - end > STRETCH_BACK ? end + STRETCH_BACK : length);
        more = behind > end;
        end = behind;
    }
    while (end < length && !fold_border(text, end))
        end++;
    return end;
}

/* A text that is plain up to `at` only. */
__attribute__((noinline)) static bool fold_rest(arena *memory, const char *text, uint32_t at,
                                                uint32_t length, const view_map *source,
                                                view_segment *out)
{
    bool changes = false;
    folder f = {.text = text, .length = length};
    if (!writer_begin(&f.writer, memory,
                      length < UINT32_MAX - 256 ? length + length / 16 + 64 : length))
        return false;
    for (uint32_t done = 0;;) {
        uint32_t border = at;
        while (border > done && !fold_border(text, border))
            border--;
        char *const plain = writer_stretch(&f.writer, border - done, done);
        if (!plain)
            return false;
        fold_lower(plain, text + done, border - done);
        const uint32_t end = stretch_end(text, at, length);
        fold_stretch(&f, border, end);
        done = end;
        if (end == length || f.writer.failed)
            return writer_finish(&f.writer, source, out);
        at = fold_plain(text, end, length, &changes);
        if (at == length) {
            char *const rest = writer_stretch(&f.writer, length - done, done);
            if (rest)
                fold_lower(rest, text + done, length - done);
            return writer_finish(&f.writer, source, out);
        }
    }
}

bool fold_segment(arena *memory, const char *text, uint32_t length, const view_map *source,
                  view_segment *out)
{
    bool changes = false;
    const uint32_t at = fold_plain(text, 0, length, &changes);
    if (at < length)
        return fold_rest(memory, text, at, length, source, out);
    *out = (view_segment){text, length, source};
    if (!changes)
        return true;
    char *const lower = arena_allocate(memory, length);
    if (lower)
        fold_lower(lower, text, length);
    out->bytes = lower;
    return lower != NULL;
}

bool view_fold(arena *memory, const char *text, uint32_t length, const char **bytes,
               uint32_t *out_length)
{
    view_segment folded;
    if (!fold_segment(memory, text, length, NULL, &folded))
        return false;
    *bytes = folded.bytes;
    *out_length = folded.length;
    return true;
}
