/*
 * view_cut.c - where a text can be cut in two without changing its views.
 *
 * Folding looks at words and at runs of letters on their own; decoding at runs and escapes without
 * white space in them, and at base64 in lines. So a place to cut is:
 *
 *   - white space behind two letters (one would be on its own, and a run may go over it) or behind
 * a letter of a script without spaces;
 *   - between two characters of such a script.
 *
 * With `decoded`: white space that does not end a line of base64; if also folded, what stands
 * before must not come from an escape, which may hide that it is a single letter. Only what lies
 * before `at` is looked at: whatever follows cannot change the answer.
 */
#include "runtime/text/unicode_table.h"
#include "runtime/text/view_private.h"

#include "runtime/utf8.h"

static bool is_white(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The row of the character that ends before `at`; NULL if it is malformed. *start is where it
 * begins. */
static const unicode_row *row_before(const char *text, uint32_t at, uint32_t *start)
{
    uint32_t from = at;
    while (from > 0 && at - from < 4) {
        from--;
        if (((unsigned char)text[from] & 0xC0) != 0x80)
            break;
    }
    const char *next = text + from;
    if (at == 0)
        return NULL;
    const uint32_t code = utf8_decode(&next, text + at);
    *start = from;
    return code <= 0x10FFFF && next == text + at ? unicode_find(code) : NULL;
}

/* A letter that stays one, whatever is beside it. */
static bool is_firm(const unicode_row *row)
{
    if (!row || (row->flags & (UNICODE_LETTER | UNICODE_GONE | UNICODE_MANY | UNICODE_COMPOSES)) !=
                    UNICODE_LETTER)
        return false;
    return !(row->flags & UNICODE_CHANGES) || (unicode_find(row->folded)->flags & UNICODE_LETTER);
}

/* The same of a mark that stays in the word. */
static bool is_firm_mark(const unicode_row *row)
{
    return row &&
           (row->flags & (UNICODE_MARK | UNICODE_CHANGES | UNICODE_COMPOSES)) == UNICODE_MARK;
}

static bool is_free(const unicode_row *row)
{
    return row && (row->flags & (UNICODE_SPACELESS | UNICODE_CHANGES)) == UNICODE_SPACELESS;
}

/* Whether folding does not look across white space at `at`. */
static bool fold_parts(const char *text, uint32_t at)
{
    uint32_t middle, start;
    const unicode_row *const last = row_before(text, at, &middle);
    if (is_free(last))
        return true;
    return (is_firm(last) || is_firm_mark(last)) && is_firm(row_before(text, middle, &start));
}

/* Whether decoding does not look across white space at `at`. `folded`: and folding does not, once
 * escapes are undone. */
static bool decode_parts(const char *text, uint32_t at, bool folded)
{
    const bool line = text[at] == '\n' || text[at] == '\r';
    if (text[at] == '\n' && text[at - 1] == '\r')
        at--;
    for (uint32_t i = at; i > 0 && !is_white(text[i - 1]); i--) {
        const char c = text[i - 1];
        if (folded && (c == '%' || c == '&' || c == '\\'))
            return false;
        if (line && at - i + 1 >= DECODE_LINE_LEAST)
            return false;
        if (!folded && !line)
            break;
    }
    return true;
}

/* Between characters, for views that look at one at a time. */
static uint32_t cut_anywhere(const char *text, uint32_t at)
{
    for (uint32_t back = 1; back <= 3 && back <= at; back++) {
        const unsigned char c = (unsigned char)text[at - back];
        if (c < 0x80)
            break;
        if (c >= 0xC0)
            return (c >= 0xF0 ? 4 : c >= 0xE0 ? 3u : 2u) > back ? at - back : at;
    }
    return at;
}

uint32_t view_cut(const char *text, uint32_t length, uint32_t at, unsigned views)
{
    at = at > length ? length : at;
    const bool folded = (views & VIEW_FOLDED) != 0, decoded = (views & VIEW_DECODED) != 0;
    if (!folded && !decoded)
        return cut_anywhere(text, at);
    for (uint32_t p = at; p-- > 1;) {
        if (is_white(text[p])) {
            if (!decoded && fold_border(text, p))
                return p;
            if ((!folded || fold_parts(text, p)) && (!decoded || decode_parts(text, p, folded)))
                return p;
            continue;
        }
        if (((unsigned char)text[p] & 0xC0) != 0xC0)
            continue;
        uint32_t start;
        const uint32_t step =
            utf8_step((const unsigned char *)text + p, (const unsigned char *)text + at);
        if (step == 0)
            continue;
        const unicode_row *const next = row_before(text, p + step, &start);
        if (is_free(next) && !(next->flags & UNICODE_COMPOSES) &&
            is_free(row_before(text, p, &start)))
            return p;
    }
    return 0;
}
