/*
 * rewrite_insertions.c - transformations that put something between characters, or move them: see
 * rewrite.h. "Between letters" is between two letters that stand side by side.
 */
#include "compiler/cli/rewrite.h"
#include "runtime/utf8.h"

/* Calls `insert` at every place between two letters. */
static void between_letters(const rewrite_text *text, buffer *out,
                            void (*insert)(uint64_t *random, buffer *out))
{
    const char *at = text->bytes;
    const char *const end = at + text->length;
    uint64_t random = text->seed;
    bool after_letter = false;
    while (at < end) {
        const uint32_t point = utf8_decode(&at, end);
        const bool letter = rewrite_is_letter(point);
        if (letter && after_letter)
            insert(&random, out);
        rewrite_point(out, point);
        after_letter = letter;
    }
}

static void insert_zero_width(uint64_t *random, buffer *out)
{
    static const uint16_t points[] = {0x200B, 0x200C, 0x200D, 0x2060};
    rewrite_point(out, points[rewrite_random(random) % 4]);
}

void rewrite_zero_width(const rewrite_text *text, buffer *out)
{
    between_letters(text, out, insert_zero_width);
}

static void insert_soft_hyphen(uint64_t *random, buffer *out)
{
    (void)random;
    rewrite_point(out, 0xAD);
}

void rewrite_soft_hyphens(const rewrite_text *text, buffer *out)
{
    between_letters(text, out, insert_soft_hyphen);
}

/* None of them changes how a line that runs from left to right looks. */
static void insert_bidi(uint64_t *random, buffer *out)
{
    static const uint16_t points[] = {0x200E, 0x202A, 0x202C, 0x2066, 0x2069};
    rewrite_point(out, points[rewrite_random(random) % 5]);
}

void rewrite_bidi(const rewrite_text *text, buffer *out)
{
    between_letters(text, out, insert_bidi);
}

static void insert_tag(uint64_t *random, buffer *out)
{
    rewrite_point(out, 0xE0020 + (uint32_t)(rewrite_random(random) % 0x5F));
}

void rewrite_tags(const rewrite_text *text, buffer *out)
{
    between_letters(text, out, insert_tag);
}

static void insert_dot(uint64_t *random, buffer *out)
{
    (void)random;
    buffer_text(out, ".");
}

void rewrite_dotted(const rewrite_text *text, buffer *out)
{
    between_letters(text, out, insert_dot);
}

/* Blanks that were there become three, so that a reader still sees the words. */
void rewrite_spaced(const rewrite_text *text, buffer *out)
{
    const char *at = text->bytes;
    const char *const end = at + text->length;
    bool after_letter = false;
    while (at < end) {
        const uint32_t point = utf8_decode(&at, end);
        const bool letter = rewrite_is_letter(point);
        if (letter && after_letter)
            buffer_text(out, " ");
        rewrite_point(out, point);
        if (point == ' ')
            buffer_text(out, "  ");
        after_letter = letter;
    }
}

/* One letter in four, on an average. */
void rewrite_repeated(const rewrite_text *text, buffer *out)
{
    const char *at = text->bytes;
    const char *const end = at + text->length;
    uint64_t random = text->seed;
    while (at < end) {
        const uint32_t point = utf8_decode(&at, end);
        rewrite_point(out, point);
        if (!rewrite_is_letter(point))
            continue;
        const uint64_t choice = rewrite_random(&random) % 8;
        for (uint64_t i = 0; i < (choice < 2 ? choice + 1 : 0); i++)
            rewrite_point(out, point);
    }
}

void rewrite_line_breaks(const rewrite_text *text, buffer *out)
{
    for (size_t i = 0; i < text->length; i++)
        buffer_add(out, text->bytes[i] == ' ' ? "\n" : &text->bytes[i], 1);
}

void rewrite_double_blanks(const rewrite_text *text, buffer *out)
{
    uint64_t random = text->seed;
    for (size_t i = 0; i < text->length; i++) {
        buffer_add(out, &text->bytes[i], 1);
        if (text->bytes[i] == ' ')
            buffer_text(out, rewrite_random(&random) % 2 == 0 ? " " : "  ");
    }
}

/* ---- words ----------------------------------------------------------------------------------- */

static bool is_ascii_letter(char byte)
{
    return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

/* Calls `change` for each run of four or more ASCII letters, and copies the rest. */
static void each_word(const rewrite_text *text, buffer *out,
                      void (*change)(const char *word, size_t length, uint64_t *random,
                                     buffer *out))
{
    uint64_t random = text->seed;
    for (size_t at = 0; at < text->length;) {
        size_t end = at;
        while (end < text->length && is_ascii_letter(text->bytes[end]))
            end++;
        if (end - at >= 4)
            change(text->bytes + at, end - at, &random, out);
        else
            buffer_add(out, text->bytes + at, end == at ? ++end - at : end - at);
        at = end;
    }
}

static void change_markdown(const char *word, size_t length, uint64_t *random, buffer *out)
{
    static const char *const marks[] = {"**", "__", "*", "`"};
    const char *const mark = marks[rewrite_random(random) % 4];
    const size_t first = 1 + (size_t)(rewrite_random(random) % (length - 2));
    const size_t count = 1 + (size_t)(rewrite_random(random) % (length - first - 1));
    buffer_add(out, word, first);
    buffer_text(out, mark);
    buffer_add(out, word + first, count);
    buffer_text(out, mark);
    buffer_add(out, word + first + count, length - first - count);
}

void rewrite_markdown(const rewrite_text *text, buffer *out)
{
    each_word(text, out, change_markdown);
}

/* Two inner neighbours: the first and the last letter stay, and people read on without a halt. */
static void change_typos(const char *word, size_t length, uint64_t *random, buffer *out)
{
    const size_t first = 1 + (size_t)(rewrite_random(random) % (length - 3));
    buffer_add(out, word, first);
    buffer_add(out, word + first + 1, 1);
    buffer_add(out, word + first, 1);
    buffer_add(out, word + first + 2, length - first - 2);
}

void rewrite_typos(const rewrite_text *text, buffer *out)
{
    each_word(text, out, change_typos);
}

void rewrite_reversed(const rewrite_text *text, buffer *out)
{
    for (size_t end = text->length; end > 0;) {
        size_t start = end - 1;
        while (start > 0 && ((unsigned char)text->bytes[start] & 0xC0u) == 0x80u)
            start--;
        buffer_add(out, text->bytes + start, end - start);
        end = start;
    }
}
