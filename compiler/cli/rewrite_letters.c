/*
 * rewrite_letters.c - transformations that exchange a letter for another: see rewrite.h.
 *
 * They know the Latin letters of ASCII, and for upper case the plain ranges of Latin, Greek and
 * Cyrillic. What they do not know stays as it is, so a text in another script comes out unchanged
 * and is not counted.
 */
#include <string.h>

#include "compiler/cli/rewrite.h"
#include "runtime/utf8.h"

/* Calls `change` for each character; it writes what comes instead. */
static void each_point(const rewrite_text *text, buffer *out,
                       void (*change)(uint32_t point, uint32_t before, uint64_t *random,
                                      buffer *out))
{
    const char *at = text->bytes;
    const char *const end = at + text->length;
    uint64_t random = text->seed;
    uint32_t before = ' ';
    while (at < end) {
        const uint32_t point = utf8_decode(&at, end);
        change(point, before, &random, out);
        before = point;
    }
}

static uint32_t upper_of(uint32_t point)
{
    if (point >= 'a' && point <= 'z')
        return point - 32;
    if ((point >= 0xE0 && point <= 0xFE && point != 0xF7) || (point >= 0x3B1 && point <= 0x3C9))
        return point == 0x3C2 ? 0x3A3 : point - 32;
    if (point >= 0x430 && point <= 0x44F)
        return point - 32;
    if (point >= 0x450 && point <= 0x45F)
        return point - 80;
    return point;
}

static void change_upper(uint32_t point, uint32_t before, uint64_t *random, buffer *out)
{
    (void)before;
    (void)random;
    rewrite_point(out, upper_of(point));
}

void rewrite_upper(const rewrite_text *text, buffer *out)
{
    each_point(text, out, change_upper);
}

static void change_title(uint32_t point, uint32_t before, uint64_t *random, buffer *out)
{
    (void)random;
    const bool starts = !rewrite_is_letter(before) && before != '\'' && before != 0x2019;
    rewrite_point(out, starts ? upper_of(point) : point);
}

void rewrite_title(const rewrite_text *text, buffer *out)
{
    each_point(text, out, change_title);
}

static void change_full_width(uint32_t point, uint32_t before, uint64_t *random, buffer *out)
{
    (void)before;
    (void)random;
    rewrite_point(out, point > 0x20 && point < 0x7F ? point + 0xFEE0 : point);
}

void rewrite_full_width(const rewrite_text *text, buffer *out)
{
    each_point(text, out, change_full_width);
}

static void change_accents(uint32_t point, uint32_t before, uint64_t *random, buffer *out)
{
    static const uint16_t accents[] = {0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x308, 0x30A,
                                       0x30C, 0x323, 0x324, 0x331, 0x335, 0x336, 0x33F, 0x352};
    (void)before;
    rewrite_point(out, point);
    if (rewrite_is_letter(point))
        rewrite_point(out, accents[rewrite_random(random) % (sizeof accents / sizeof *accents)]);
}

void rewrite_accents(const rewrite_text *text, buffer *out)
{
    each_point(text, out, change_accents);
}

/* Letters that few people would tell apart; one of two by chance where there are two. */
static void change_look_alikes(uint32_t point, uint32_t before, uint64_t *random, buffer *out)
{
    static const struct {
        char letter;
        uint16_t first, second;
    } rows[] = {
        {'A', 0x410, 0x391}, {'B', 0x412, 0x392}, {'C', 0x421, 0x3F9}, {'E', 0x415, 0x395},
        {'H', 0x41D, 0x397}, {'I', 0x406, 0x399}, {'J', 0x408, 0x37F}, {'K', 0x41A, 0x39A},
        {'M', 0x41C, 0x39C}, {'N', 0x39D, 0x39D}, {'O', 0x41E, 0x39F}, {'P', 0x420, 0x3A1},
        {'S', 0x405, 0x405}, {'T', 0x422, 0x3A4}, {'X', 0x425, 0x3A7}, {'Y', 0x4AE, 0x3A5},
        {'Z', 0x396, 0x396}, {'a', 0x430, 0x430}, {'c', 0x441, 0x3F2}, {'d', 0x501, 0x501},
        {'e', 0x435, 0x435}, {'h', 0x4BB, 0x4BB}, {'i', 0x456, 0x456}, {'j', 0x458, 0x3F3},
        {'l', 0x4CF, 0x4CF}, {'o', 0x43E, 0x3BF}, {'p', 0x440, 0x440}, {'q', 0x51B, 0x51B},
        {'s', 0x455, 0x455}, {'v', 0x475, 0x3BD}, {'w', 0x51D, 0x51D}, {'x', 0x445, 0x445},
        {'y', 0x443, 0x443},
    };
    (void)before;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (point == (uint32_t)rows[i].letter) {
            const bool second = (rewrite_random(random) & 1) != 0;
            point = second ? rows[i].second : rows[i].first;
            break;
        }
    rewrite_point(out, point);
}

void rewrite_look_alikes(const rewrite_text *text, buffer *out)
{
    each_point(text, out, change_look_alikes);
}

static void change_leet(uint32_t point, uint32_t before, uint64_t *random, buffer *out)
{
    (void)before;
    (void)random;
    static const char from[] = "aegiostzAEGIOSTZ", to[] = "4361057243610572";
    const char *const found = point > 0 && point < 0x80 ? strchr(from, (int)point) : NULL;
    rewrite_point(out, found != NULL ? (uint32_t)to[found - from] : point);
}

void rewrite_leet(const rewrite_text *text, buffer *out)
{
    each_point(text, out, change_leet);
}

static bool is_between(uint32_t point, uint32_t first, uint32_t last)
{
    return point >= first && point <= last;
}

static void change_bold(uint32_t point, uint32_t before, uint64_t *random, buffer *out)
{
    (void)before;
    (void)random;
    if (is_between(point, 'A', 'Z'))
        point += 0x1D400 - 'A';
    else if (is_between(point, 'a', 'z'))
        point += 0x1D41A - 'a';
    else if (is_between(point, '0', '9'))
        point += 0x1D7CE - '0';
    rewrite_point(out, point);
}

void rewrite_bold(const rewrite_text *text, buffer *out)
{
    each_point(text, out, change_bold);
}

static void change_circled(uint32_t point, uint32_t before, uint64_t *random, buffer *out)
{
    (void)before;
    (void)random;
    if (is_between(point, 'A', 'Z'))
        point += 0x24B6 - 'A';
    else if (is_between(point, 'a', 'z'))
        point += 0x24D0 - 'a';
    else if (is_between(point, '1', '9'))
        point += 0x2460 - '1';
    else if (point == '0')
        point = 0x24EA;
    rewrite_point(out, point);
}

void rewrite_circled(const rewrite_text *text, buffer *out)
{
    each_point(text, out, change_circled);
}

/* A zero-width space keeps two of them from becoming a flag. */
static void change_regional(uint32_t point, uint32_t before, uint64_t *random, buffer *out)
{
    (void)random;
    const uint32_t letter = point < 0x80 ? point | 0x20 : 0;
    if (!is_between(letter, 'a', 'z')) {
        rewrite_point(out, point);
        return;
    }
    if (before < 0x80 && is_between(before | 0x20, 'a', 'z'))
        rewrite_point(out, 0x200B);
    rewrite_point(out, 0x1F1E6 + letter - 'a');
}

void rewrite_regional(const rewrite_text *text, buffer *out)
{
    each_point(text, out, change_regional);
}

static void change_smuggled(uint32_t point, uint32_t before, uint64_t *random, buffer *out)
{
    (void)before;
    (void)random;
    rewrite_point(out, is_between(point, 0x20, 0x7E) ? point + 0xE0000 : point);
}

void rewrite_smuggled(const rewrite_text *text, buffer *out)
{
    each_point(text, out, change_smuggled);
}

static void change_rot13(uint32_t point, uint32_t before, uint64_t *random, buffer *out)
{
    (void)before;
    (void)random;
    if (is_between(point, 'A', 'Z'))
        point = 'A' + (point - 'A' + 13) % 26;
    else if (is_between(point, 'a', 'z'))
        point = 'a' + (point - 'a' + 13) % 26;
    rewrite_point(out, point);
}

void rewrite_rot13(const rewrite_text *text, buffer *out)
{
    each_point(text, out, change_rot13);
}
