/*
 * fold_take.c - the machine's short ways: stretches of a text that need no second look, written as they are read.
 *
 * Each of these does what fold.c would do one character at a time, for what most texts are made of: words of one script between single
 * blanks, the letters of a word, Han and kana. They stop at whatever is not that, and where they stop too early only time is lost.
 * What they write is as long as what they read, so that it maps byte for byte.
 */
#include "runtime/text/fold.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Takes letters as long as nothing but letters comes: what take_letter does, for most of most texts. The word has begun. */
void fold_take_letters(folder *f, fold_cursor *cursor)
{
    view_writer *const writer = &f->writer;
    const unsigned char *const text = (const unsigned char *)f->text;
    if (cursor->left || cursor->at >= f->length || !writer_room(writer, 64))
        return;
    const uint32_t room = writer->capacity - writer->length - 4, left = f->length - cursor->at;
    const unsigned char *at = text + cursor->at, *const start = at, *const end = at + (left < room ? left : room);
    char *out = writer->bytes + writer->length;
    uint32_t step = 0, code = f->word.last, last, script = f->word.script, scripts = 0, odd = 0, looks = 0;
    uint32_t times = f->word.times, tripled = 0;
    while (at < end) {
        uint32_t now = *at | 0x20u, length = 1;
        if (*at < 0x80) {
            if (now - 'a' >= 26)
                break;
            script = script ? script : UNICODE_LATIN;
            scripts |= script ^ UNICODE_LATIN;
            *out++ = (char)now;
        } else {
            const unicode_row *row;
            length = fold_plain_letter(at, text + f->length, &now, &row);
            if (length == 0 || row->script == 0)
                break;
            script = script ? script : row->script;
            scripts |= script ^ row->script;
            looks |= row->look;
            odd |= ~row->flags & UNICODE_TWIN;
            out += utf8_encode_inline(now, out);
        }
        last = code;
        code = now;
        times = code == last ? times + 1 : 1;
        tripled |= times == 3;
        step = length;
        at += length;
    }
    if (step == 0)
        return;
    fold_word *const word = &f->word;
    word->letters = true;
    word->script = (uint8_t)script;
    word->mixed = word->mixed || scripts;
    word->looks = word->looks || looks;
    word->odd = word->odd || odd;
    word->tripled = word->tripled || tripled;
    word->last = code;
    word->times = times;
    f->last = code;
    cursor->at = (uint32_t)(at - text);
    f->last_start = cursor->at - step;
    writer_stretch(writer, (uint32_t)(at - start), (uint32_t)(start - text));
    f->last_out = writer->length - step;
}

/* Whether a word ends before text[at], with nothing there that could belong to it. */
static inline bool word_ends(const unsigned char *text, uint32_t at, uint32_t length)
{
    if (at == length)
        return true;
    const unsigned char c = text[at];
    if (c < 0x20)
        return c >= '\t' && c <= '\r';
    return c < 0x7F && !fold_is_digit(c) && !fold_is_sign(c) && (c | 0x20u) - 'a' >= 26;
}

/* The end of a word at `at` that needs no second look: letters of one script, more than one, no look-alike in all of them, none three
 * times. Writes it to `out`; *step is the length of its last letter. `at` if it is none. */
static inline uint32_t plain_word(const folder *f, uint32_t at, uint32_t limit, char *out, uint32_t *last, uint32_t *step)
{
    const unsigned char *const text = (const unsigned char *)f->text;
    uint32_t next = at, count = 0, script = 0, scripts = 0, odd = 0, looks = 0, again = 0, tripled = 0, code = 0;
    while (next < limit) {
        uint32_t now = text[next] | 0x20u, length = 1, of = UNICODE_LATIN;
        if (text[next] < 0x80) {
            if (now - 'a' >= 26)
                break;
            *out++ = (char)now;
        } else {
            const unicode_row *row;
            length = fold_plain_letter(text + next, text + f->length, &now, &row);
            if (length == 0)
                return at;
            of = row->script;
            looks |= row->look;
            odd |= ~row->flags & UNICODE_TWIN;
            out += utf8_encode_inline(now, out);
        }
        script = script ? script : of;
        scripts |= script ^ of;
        tripled |= again & (now == code);
        again = now == code;
        code = now;
        *step = length;
        next += length;
        count++;
    }
    *last = code;
    const bool plain = count > 1 && !scripts && !tripled && (odd || !looks);
    return plain && word_ends(text, next, f->length) ? next : at;
}

/* The same for a word of ASCII letters, 16 bytes at once, which can be read and written. `at` also if it might be one. */
static inline uint32_t plain_ascii_word(const folder *f, uint32_t at, char *out, uint32_t *last)
{
#ifdef __SSE2__
    const __m128i low = _mm_or_si128(_mm_loadu_si128((const __m128i *)(const void *)(f->text + at)), _mm_set1_epi8(0x20));
    const __m128i letters =
        _mm_cmplt_epi8(_mm_sub_epi8(low, _mm_set1_epi8((char)('a' + 128))), _mm_set1_epi8((char)(26 - 128)));
    const uint32_t count = (uint32_t)__builtin_ctz(~(uint32_t)_mm_movemask_epi8(letters));
    const uint32_t again = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(low, _mm_slli_si128(low, 1)));
    if (count < 2 || count == 16 || (again & again << 1 & ((1u << count) - 1)) ||
        !word_ends((const unsigned char *)f->text, at + count, f->length))
        return at;
    _mm_storeu_si128((__m128i *)(void *)out, low);
    *last = (unsigned char)out[count - 1];
    return at + count;
#else
    (void)f, (void)out, (void)last;
    return at;
#endif
}

/* Takes what folding does not look at twice, up to `limit`: plain words, numbers, signs, single blanks. There is neither a word nor a run. */
void fold_take_plain(folder *f, fold_cursor *cursor, uint32_t limit)
{
    view_writer *const writer = &f->writer;
    const unsigned char *const text = (const unsigned char *)f->text;
    if (cursor->left || cursor->at >= limit || !writer_room(writer, 64))
        return;
    const uint32_t start = cursor->at, room = writer->capacity - writer->length - 4;
    limit = limit - start > room ? start + room : limit;
    char *const out = writer->bytes + writer->length;
    uint32_t at = start, last = f->last, step = 0;
    while (at < limit) {
        const unsigned char c = text[at];
        uint32_t next = at;
        if (c >= 0x80 || (c | 0x20u) - 'a' < 26) {
            uint32_t code = 0, length;
            if (f->length - at >= 16 && writer->capacity - writer->length - (at - start) >= 16)
                next = plain_ascii_word(f, at, out + (at - start), &code);
            length = 1;
            if (next == at)
                next = plain_word(f, at, limit, out + (at - start), &code, &length);
            if (next == at)
                break;
            last = code;
            step = length;
        } else {
            if (c < 0x20 || c == 0x7F || (c == ' ' && last == ' '))
                break;
            for (; fold_is_digit(c) && next < limit && fold_is_digit(text[next]); next++)
                out[next - start] = (char)text[next];
            if (next == at)
                out[next++ - start] = (char)c;
            else if (!word_ends(text, next, f->length))
                break;
            last = text[next - 1];
            step = 1;
        }
        at = next;
    }
    if (at == start)
        return;
    writer_stretch(writer, at - start, start);
    cursor->at = at;
    f->last = last;
    f->last_out = writer->length - step;
    f->last_start = at - step;
    f->last_end = at;
}

/* Copies characters between words that fold to themselves, Han and kana above all. There is no run. */
void fold_take_others(folder *f, fold_cursor *cursor)
{
    const unsigned char *const text = (const unsigned char *)f->text, *const end = text + f->length;
    const unsigned char *const start = text + cursor->at, *at = start;
    uint32_t last = 0, step = 0;
    if (cursor->left)
        return;
    while (at < end && *at >= 0xE1 && *at < 0xED && (size_t)(end - at) >= 3) {
        if ((at[1] & 0xC0) != 0x80 || (at[2] & 0xC0) != 0x80)
            break;
        const uint32_t code = (at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
        if (unicode_find(code)->flags & (UNICODE_CHANGES | UNICODE_COMPOSES | UNICODE_LETTER | UNICODE_SPACE))
            break;
        last = code;
        step = 3;
        at += 3;
    }
    const uint32_t length = (uint32_t)(at - start);
    char *const out = length ? writer_stretch(&f->writer, length, cursor->at) : NULL;
    if (!out)
        return;
    memcpy(out, start, length);
    cursor->at += length;
    f->last = last;
    f->last_out = f->writer.length - step;
    f->last_start = cursor->at - step;
}
