/*
 * fold_take.c - the machine's short ways: stretches of a text that need no second look, written as
 * they are read.
 *
 * Each of these does what fold.c would do one character at a time, for what most texts are made of:
 * words of one script between single blanks, numbers, signs, accents, the letters of a word, Han
 * and kana. They stop at whatever is not that, and where they stop too early only time is lost.
 * Most of what they write is as long as what they read, and maps byte for byte.
 */
#include "runtime/text/fold.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Takes letters as long as nothing but letters comes: what take_letter does, for most of most
 * texts. The word has begun. */
void fold_take_letters(folder *f, fold_cursor *cursor)
{
    view_writer *const writer = &f->writer;
    const unsigned char *const text = (const unsigned char *)f->text;
    if (cursor->left || cursor->at >= f->length || !writer_room(writer, 64))
        return;
    const uint32_t room = writer->capacity - writer->length - 4, left = f->length - cursor->at;
    const unsigned char *at = text + cursor->at, *const start = at,
                        *const end = at + (left < room ? left : room);
    char *out = writer->bytes + writer->length;
    uint32_t step = 0, code = f->word.last, last, script = f->word.script, scripts = 0, odd = 0,
             looks = 0;
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

/* ---- words, numbers and signs ---------------------------------------------------------------- */

/* Where taking stands. Nothing takes more room than it had: `out` is not asked for room again. */
typedef struct taking {
    view_writer *writer;
    const unsigned char *text;
    uint32_t at, limit, length;
    char *out;
    /* the character written last, where it began, and its bytes in `out` */
    uint32_t last, last_start, last_step;
    /* what comes goes on, byte for byte, with the last piece */
    bool same;
} taking;

static inline void take_piece(taking *t, piece_kind kind, uint32_t start, uint32_t end)
{
    view_writer *const writer = t->writer;
    const uint32_t out = (uint32_t)(t->out - writer->bytes);
    t->same = kind == PIECE_SAME;
    if (writer->count < writer->piece_capacity) {
        writer->items[writer->count++] = (view_piece){out, start, end, (uint16_t)kind, 0};
        return;
    }
    writer->length = out;
    writer_piece(writer, kind, start, end, 0);
}

/* What is written next is as long as what it is made of. */
static inline void take_same(taking *t, uint32_t start)
{
    if (!t->same)
        take_piece(t, PIECE_SAME, start, 0);
}

/* One character of another length, or of the same. */
static inline void take_code(taking *t, uint32_t code, uint32_t start, uint32_t end)
{
    char bytes[4];
    const uint32_t length = utf8_encode_inline(code, bytes);
    if (length == end - start)
        take_same(t, start);
    else
        take_piece(t, PIECE_ATOM, start, end);
    for (uint32_t i = 0; i < length; i++)
        *t->out++ = bytes[i];
    t->last = code;
    t->last_start = start;
    t->last_step = length;
}

/* Of a character between words: what it folds to, and its bytes; 0: something else, or several
 * characters. */
static uint32_t sign_at(const unsigned char *text, uint32_t at, uint32_t length, uint32_t *code,
                        const unicode_row **row)
{
    const unsigned char *const bytes = text + at;
    const uint32_t step = utf8_step(bytes, text + length);
    if (step < 2)
        return 0;
    *code = step == 2   ? (bytes[0] & 0x1Fu) << 6 | (bytes[1] & 0x3Fu)
            : step == 3 ? (bytes[0] & 0x0Fu) << 12 | (bytes[1] & 0x3Fu) << 6 | (bytes[2] & 0x3Fu)
                        : (bytes[0] & 0x07u) << 18 | (bytes[1] & 0x3Fu) << 12 |
                              (bytes[2] & 0x3Fu) << 6 | (bytes[3] & 0x3Fu);
    *row = unicode_find(*code);
    if ((*row)->flags & UNICODE_CHANGES) {
        if ((*row)->flags & (UNICODE_GONE | UNICODE_MANY))
            return 0;
        *code = (*row)->flags & UNICODE_SPACE ? ' ' : (*row)->folded;
        *row = unicode_find(*code);
    }
    const bool joins = ((*row)->flags & (UNICODE_LETTER | UNICODE_MARK | UNICODE_COMPOSES)) != 0;
    return joins || fold_is_digit(*code) || fold_is_sign(*code) ? 0 : step;
}

/* Whether a word ends before text[at], with nothing there that could belong to it. */
static inline bool word_ends(const unsigned char *text, uint32_t at, uint32_t length)
{
    const unicode_row *row;
    uint32_t code;
    if (at == length)
        return true;
    const unsigned char c = text[at];
    if (c < 0x20)
        return c >= '\t' && c <= '\r';
    if (c >= 0x80)
        return sign_at(text, at, length, &code, &row) != 0 ||
               (c == 0xE2 && length - at >= 3 && text[at + 1] == 0x80 && text[at + 2] == 0xA6);
    return c != 0x7F && !fold_is_digit(c) && !fold_is_sign(c) && (c | 0x20u) - 'a' >= 26;
}

/* Bytes of the letter at a place, of those that words are taken of; 0: none. */
static inline uint32_t letter_at(const unsigned char *text, uint32_t at, uint32_t length)
{
    const unicode_row *row;
    uint32_t code;
    if (at >= length)
        return 0;
    if (text[at] < 0x80)
        return (text[at] | 0x20u) - 'a' < 26;
    if (text[at] >= 0xC2 && text[at] < 0xE0)
        return at + 1 < length && unicode_two[(text[at] & 0x1Fu) << 6 | (text[at + 1] & 0x3Fu)] ? 2
                                                                                                : 0;
    return fold_plain_letter(text + at, text + length, &code, &row);
}

/* Whether the sign at a place is ASCII, and a word of more than one letter follows: then a letter
 * before it begins no run of letters. */
static bool long_word_follows(const unsigned char *text, uint32_t at, uint32_t length)
{
    if (at >= length || text[at] >= 0x80)
        return false;
    const uint32_t step = letter_at(text, at + 1, length);
    return step != 0 && letter_at(text, at + 1 + step, length) != 0;
}

/* A word of ASCII letters, 16 bytes at once, which can be read and written. Behind it; `at` also if
 * it might be one. */
static inline uint32_t plain_ascii_word(const taking *t, uint32_t at, uint32_t *last)
{
#ifdef __SSE2__
    const __m128i low = _mm_or_si128(_mm_loadu_si128((const __m128i *)(const void *)(t->text + at)),
                                     _mm_set1_epi8(0x20));
    const __m128i letters = _mm_cmplt_epi8(_mm_sub_epi8(low, _mm_set1_epi8((char)('a' + 128))),
                                           _mm_set1_epi8((char)(26 - 128)));
    const uint32_t count = (uint32_t)__builtin_ctz(~(uint32_t)_mm_movemask_epi8(letters));
    const uint32_t again = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(low, _mm_slli_si128(low, 1)));
    if (count < 2 || count == 16 || (again & again << 1 & ((1u << count) - 1)) ||
        !word_ends(t->text, at + count, t->length))
        return at;
    _mm_storeu_si128((__m128i *)(void *)t->out, low);
    *last = (unsigned char)t->out[count - 1];
    return at + count;
#else
    (void)t, (void)last;
    return at;
#endif
}

/* Letters of a word, each as in unicode_two: its bytes (of one of three: its code), its script,
 * what it looks like. */
typedef struct letters {
    uint32_t any, all; /* the bits of any, and of all */
    uint32_t last;
    bool one, tripled;
} letters;

enum { ASCII_LETTER = UNICODE_LATIN << 16 | UNICODE_TWO_LETTER, SCRIPT = 0xFF << 16 };

/* A letter of three bytes; 0: there is none. */
static uint32_t take_wide_letter(taking *t, char *out, const unsigned char *at)
{
    const unicode_row *row;
    uint32_t code;
    if (fold_plain_letter(at, t->text + t->length, &code, &row) != 3)
        return 0;
    t->out = out;
    take_same(t, (uint32_t)(at - t->text));
    utf8_encode_inline(code, out);
    return code | (uint32_t)row->script << 16 | UNICODE_TWO_LETTER |
           (row->look ? UNICODE_TWO_LOOKS : 0) | (row->flags & UNICODE_TWIN ? 0 : UNICODE_TWO_ODD);
}

/* The row in unicode_two of the character of two bytes at a place; 0: none, or malformed. */
static inline uint32_t two_at(const unsigned char *at, const unsigned char *end)
{
    if (end - at < 2)
        return 0;
    const uint32_t first = at[0] - 0xC0u, second = at[1] ^ 0x80u;
    /* of 0xC0 and 0xC1 the rows are empty */
    return first < 0x20 && second < 0x40 ? unicode_two[first << 6 | second] : 0;
}

static inline void take_piece_at(taking *t, piece_kind kind, char *out, const unsigned char *at,
                                 uint32_t length)
{
    t->out = out;
    take_piece(t, kind, (uint32_t)(at - t->text), (uint32_t)(at - t->text) + length);
}

/* Writes letters as long as there are some; behind them. What a letter needs is kept at hand: what
 * is written could be anything, for all the compiler knows. */
static uint32_t take_word_letters(taking *t, letters *word)
{
    const unsigned char *const start = t->text + t->at, *const limit = t->text + t->limit,
                               *const end = t->text + t->length;
    const unsigned char *at = start, *last_at = start;
    char *out = t->out;
    uint32_t any = 0, all = UINT32_MAX, last = 0, times = 0, most = 0, wide = 0;
    while (at < limit) {
        uint32_t letter = *at | 0x20u, step = 1;
        wide = 1;
        if (*at < 0x80) {
            if (letter - 'a' >= 26)
                break;
            letter |= ASCII_LETTER;
            if (!t->same)
                take_piece_at(t, PIECE_SAME, out, at, 1);
            *out = (char)letter;
        } else if ((letter = two_at(at, end)) != 0) {
            step = 2;
            wide = letter & 0xFF00 ? 2 : 1;
            if (wide == 1)
                take_piece_at(t, PIECE_ATOM, out, at, 2);
            else if (!t->same)
                take_piece_at(t, PIECE_SAME, out, at, 2);
            *out = (char)letter;
            if (wide == 2)
                out[1] = (char)(letter >> 8);
        } else {
            letter = *at < 0xE0 ? 0 : take_wide_letter(t, out, at);
            if (letter == 0)
                break;
            step = wide = 3;
        }
        times = letter == last ? times + 1 : 0;
        most = times > most ? times : most;
        last = letter;
        any |= letter;
        all &= letter;
        last_at = at;
        at += step;
        out += wide;
    }
    *word = (letters){any, all, last, last_at == start, most > 1};
    t->out = out;
    t->last_start = (uint32_t)(last_at - t->text);
    return (uint32_t)(at - t->text);
}

static void take_back(taking *t, const taking *before, uint32_t pieces)
{
    *t = *before;
    t->writer->count = pieces;
    t->writer->length = (uint32_t)(t->out - t->writer->bytes);
}

/* The code of a letter that was taken. */
static inline uint32_t code_of(uint32_t letter, const unsigned char *source)
{
    return *source >= 0xE0   ? letter & 0xFFFF
           : letter & 0xFF00 ? (letter & 0x1F) << 6 | (letter >> 8 & 0x3F)
                             : letter & 0x7F;
}

/* Writes letters that all look like ASCII ones as those, up to `end`. False: one comes three times
 * then. */
static bool take_looks(taking *t, uint32_t end)
{
    uint32_t last = 0, times = 0;
    while (t->at < end) {
        const uint32_t start = t->at, two = two_at(t->text + start, t->text + t->length);
        if (two == 0)
            return false;
        const uint32_t look = unicode_find(code_of(two, t->text + start))->look;
        times = look == last ? times + 1 : 1;
        if (times == 3)
            return false;
        last = look;
        take_code(t, look, start, start + 2);
        t->at += 2;
    }
    return true;
}

/* A word that needs no second look: letters of one script, none three times; one letter only where
 * it begins no run of letters. False: it is none, and nothing was written. */
static bool take_word(taking *t)
{
    const taking before = *t;
    const uint32_t pieces = t->writer->count;
    letters word;
    const uint32_t end = take_word_letters(t, &word), start = t->at;
    if (end == start) {
        take_back(t, &before, pieces);
        return false;
    }
    const bool twins = (word.any & (UNICODE_TWO_LOOKS | UNICODE_TWO_ODD)) == UNICODE_TWO_LOOKS;
    bool plain = ((word.any ^ word.all) & SCRIPT) == 0 && !word.tripled &&
                 word_ends(t->text, end, t->length);
    if (plain && word.one)
        plain = (t->text[start] < 0x80 && before.last == '\'') ||
                (before.last != '@' && before.last != '$' &&
                 long_word_follows(t->text, end, t->length));
    if (!plain || twins)
        take_back(t, &before, pieces);
    if (plain && twins && !take_looks(t, end)) {
        take_back(t, &before, pieces);
        return false;
    }
    if (plain && !twins) {
        t->at = end;
        t->last = code_of(word.last, t->text + t->last_start);
        t->last_step = t->last < 0x80 ? 1 : t->last < 0x800 ? 2 : 3;
    }
    return plain;
}

/* Han, kana and the like, and signs beyond ASCII: what stands between words and joins nothing. */
static bool take_sign(taking *t)
{
    const unicode_row *row;
    uint32_t code;
    const uint32_t start = t->at;
    while (t->limit - t->at >= 3 && t->text[t->at] >= 0xE1 && t->text[t->at] < 0xED &&
           (t->text[t->at + 1] & 0xC0) == 0x80 && (t->text[t->at + 2] & 0xC0) == 0x80) {
        const unsigned char *const at = t->text + t->at;
        code = (at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
        if (unicode_find(code)->flags &
            (UNICODE_CHANGES | UNICODE_COMPOSES | UNICODE_LETTER | UNICODE_MARK | UNICODE_SPACE))
            break;
        take_same(t, t->at);
        memcpy(t->out, at, 3);
        t->out += 3;
        t->last = code;
        t->last_start = t->at;
        t->last_step = 3;
        t->at += 3;
    }
    if (t->at > start)
        return true;
    const uint32_t step = sign_at(t->text, t->at, t->limit, &code, &row);
    if (step > 0) {
        if ((code == ' ' && t->last == ' ') || code >= (step == 2   ? 0x800u
                                                        : step == 3 ? 0x10000u
                                                                    : 0x110000u))
            return false;
        take_code(t, code, t->at, t->at + step);
        t->at += step;
        return true;
    }
    if (t->limit - t->at < 3 ||
        memcmp(t->text + t->at, "\xE2\x80\xA6", 3) != 0) /* three points in one */
        return false;
    for (uint32_t i = 0; i < 3; i++)
        take_code(t, '.', t->at, t->at + 3);
    t->at += 3;
    return true;
}

/* ASCII between words: a number, a sign, one blank. */
static bool take_ascii(taking *t)
{
    const unsigned char *const text = t->text;
    unsigned char c = text[t->at];
    uint32_t next = t->at;
    c = c >= '\t' && c <= '\r' ? ' ' : c;
    if (c < 0x20 || c == 0x7F || (c == ' ' && t->last == ' '))
        return false;
    while (fold_is_digit(c) && next < t->limit && fold_is_digit(text[next]))
        next++;
    if (next > t->at && !word_ends(text, next, t->length))
        return false;
    take_same(t, t->at);
    if (next == t->at) {
        *t->out++ = (char)c;
        t->last = c;
        next++;
    } else {
        for (uint32_t i = t->at; i < next; i++)
            *t->out++ = (char)text[i];
        t->last = text[next - 1];
    }
    t->at = next;
    t->last_start = next - 1;
    t->last_step = 1;
    return true;
}

/* Takes what folding does not look at twice, up to `limit`: plain words, numbers, signs, single
 * blanks. There is neither a word nor a run. */
void fold_take_plain(folder *f, fold_cursor *cursor, uint32_t limit)
{
    view_writer *const writer = &f->writer;
    if (cursor->left || cursor->at >= limit || !writer_room(writer, limit - cursor->at + 16))
        return;
    const view_piece *const piece = writer->count ? &writer->items[writer->count - 1] : NULL;
    taking t = {.writer = writer,
                .text = (const unsigned char *)f->text,
                .at = cursor->at,
                .limit = limit,
                .length = f->length,
                .out = writer->bytes + writer->length,
                .last = f->last,
                .same = piece && piece->kind == PIECE_SAME &&
                        cursor->at == piece->source + (writer->length - piece->out)};
    while (t.at < limit) {
        const unsigned char c = t.text[t.at];
        if (c < 0x80 && (c | 0x20u) - 'a' >= 26) {
            if (!take_ascii(&t))
                break;
            continue;
        }
        if (c < 0x80 && t.length - t.at >= 16) {
            const uint32_t next = plain_ascii_word(&t, t.at, &t.last);
            if (next != t.at) {
                take_same(&t, t.at);
                t.out += next - t.at;
                t.at = next;
                if (next < limit && t.text[next] == ' ') {
                    *t.out++ = ' ';
                    t.last = ' ';
                    t.at++;
                }
                t.last_start = t.at - 1;
                t.last_step = 1;
                continue;
            }
        }
        if (!take_word(&t) &&
            (c < 0x80 || letter_at(t.text, t.at, t.length) != 0 || !take_sign(&t)))
            break;
    }
    if (t.at == cursor->at)
        return;
    writer->length = (uint32_t)(t.out - writer->bytes);
    cursor->at = t.at;
    f->last = t.last;
    f->last_out = writer->length - t.last_step;
    f->last_start = t.last_start;
    f->last_end = t.at;
}

/* Copies characters between words that fold to themselves, Han and kana above all. There is no run.
 */
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
        if (unicode_find(code)->flags &
            (UNICODE_CHANGES | UNICODE_COMPOSES | UNICODE_LETTER | UNICODE_SPACE))
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
