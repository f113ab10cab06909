/*
 * ast_literal.c - names, texts and numbers as values.
 *
 * Texts are decoded once, when the production is known, because a string in the JSON of a test
 * knows more escapes than one in a policy. What a literal cannot be (an unknown escape, a number
 * out of range) is reported, and the tree gets a harmless value.
 */
#include <string.h>

#include "compiler/syntax/syntax.h"
#include "runtime/utf8.h"

/* ---- texts ----------------------------------------------------------------------------------- */

static ast_text text_new(struct parsing *parsing, struct token token, const char *bytes,
                         uint32_t length, bool quoted)
{
    return (ast_text){bytes, length, range_of(parsing, token.start, token.end), quoted};
}

ast_text ast_word(struct parsing *parsing, struct token name)
{
    const uint32_t length = name.flags & TOKEN_BROKEN ? 0 : name.end - name.start;
    const char *const bytes =
        length ? arena_copy(parsing->arena, parsing->bytes + name.start, length) : "";
    return text_new(parsing, name, bytes, length, false);
}

struct decoder {
    struct parsing *parsing;
    bool json;
    const char *next, *end;
    char *out;
};

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    const char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool read_hex(struct decoder *decoder, uint32_t most, uint32_t *out, uint32_t *digits)
{
    *out = *digits = 0;
    while (*digits < most && decoder->next < decoder->end && hex_digit(*decoder->next) >= 0) {
        *out = *out << 4 | (uint32_t)hex_digit(*decoder->next++);
        ++*digits;
    }
    return *digits > 0;
}

static bool is_scalar(uint32_t code)
{
    return code < 0xd800 || (code > 0xdfff && code <= 0x10ffff);
}

/* Behind `\u`: {1F600} in a policy; in JSON also four digits, of which two may be halves of one
 * character. */
static bool decode_unicode(struct decoder *decoder)
{
    uint32_t code, digits, low;
    if (decoder->next < decoder->end && *decoder->next == '{') {
        decoder->next++;
        if (!read_hex(decoder, 6, &code, &digits) || decoder->next == decoder->end ||
            *decoder->next != '}')
            return false;
        decoder->next++;
    } else {
        if (!decoder->json || !read_hex(decoder, 4, &code, &digits) || digits != 4)
            return false;
        const bool high = code >= 0xd800 && code < 0xdc00;
        if (high && decoder->end - decoder->next >= 6 && memcmp(decoder->next, "\\u", 2) == 0) {
            decoder->next += 2;
            if (!read_hex(decoder, 4, &low, &digits) || digits != 4 || low < 0xdc00 || low > 0xdfff)
                return false;
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    if (!is_scalar(code))
        return false;
    decoder->out += utf8_encode(code, decoder->out);
    return true;
}

static bool decode_escape(struct decoder *decoder)
{
    static const char from[] = "\"\\ntr/bf", to[] = "\"\\\n\t\r/\b\f";
    const char letter = *decoder->next++;
    if (letter == 'u')
        return decode_unicode(decoder);
    const char *const found = letter ? strchr(from, letter) : NULL;
    if (!found || (!decoder->json && found - from >= 5))
        return false;
    *decoder->out++ = to[found - from];
    return true;
}

static void report_escape(struct decoder *decoder, const char *start)
{
    struct parsing *const parsing = decoder->parsing;
    const char letter = start[1];
    if ((unsigned char)letter >= 0x80)
        utf8_decode(&decoder->next, decoder->end); /* the range takes in the whole character */
    const uint32_t from = (uint32_t)(start - parsing->bytes);
    const bool unicode = letter == 'u';
    const source_range range =
        range_of(parsing, from, unicode ? (uint32_t)(decoder->next - parsing->bytes) : from + 2);
    diagnostic *const report =
        unicode ? diagnostic_report(parsing->compilation, E_UNKNOWN_ESCAPE, range,
                                    "\\u needs a Unicode number in braces")
                : diagnostic_report(parsing->compilation, E_UNKNOWN_ESCAPE, range,
                                    "no escape starts with this character");
    if (unicode)
        diagnostic_mend(parsing->compilation, report, range, NULL,
                        "write \\u{e9}; surrogates have no number of their own");
    else
        diagnostic_mend(parsing->compilation, report, range_of(parsing, from, from + 1), "\\\\",
                        "for a backslash write two; known are \\\" \\\\ \\n \\t \\r \\u{…}");
}

static ast_text decode(struct parsing *parsing, struct token string, bool json)
{
    const uint32_t quote = string.flags & TOKEN_CURLY ? 3 : 1;
    const char *const from = parsing->bytes + string.start + quote;
    const char *const end =
        parsing->bytes + string.end - (string.flags & TOKEN_UNCLOSED ? 0 : quote);
    const source_range range = range_of(parsing, string.start, string.end);
    if (end - from > (ptrdiff_t)LIMIT_STRING_BYTES) {
        diagnostic_report(parsing->compilation, E_LITERAL_TOO_LONG, range,
                          "the text has %td bytes, the limit is %u", end - from,
                          (unsigned)LIMIT_STRING_BYTES);
        return text_new(parsing, string, "", 0, true);
    }
    /* No escape is shorter than what it stands for, but a byte that is not UTF-8 becomes U+FFFD,
     * which has three. */
    char *const bytes = arena_allocate(parsing->arena, (size_t)(end - from) * 3 + 1);
    struct decoder decoder = {parsing, json, from, end, bytes};
    while (decoder.next < end) {
        const char *const start = decoder.next;
        if (*start != '\\') {
            const uint32_t code = utf8_decode(&decoder.next, end);
            decoder.out += utf8_encode(code == UINT32_MAX ? 0xfffd : code, decoder.out);
            continue;
        }
        decoder.next++;
        if (decoder.next < end && !decode_escape(&decoder) && !(string.flags & TOKEN_BROKEN))
            report_escape(&decoder, start);
    }
    return text_new(parsing, string, bytes, (uint32_t)(decoder.out - bytes), true);
}

ast_text ast_string(struct parsing *parsing, struct token string)
{
    return decode(parsing, string, false);
}

ast_text ast_json_string(struct parsing *parsing, struct token string)
{
    return decode(parsing, string, true);
}

ast_text ast_quoted_name(struct parsing *parsing, struct token string)
{
    const ast_text name = decode(parsing, string, false);
    if (string.flags & TOKEN_BROKEN)
        return name;
    if (name.length == 0)
        diagnostic_report(parsing->compilation, E_BAD_NAME, name.range, "a name cannot be empty");
    else if (memchr(name.bytes, 0, name.length))
        diagnostic_report(parsing->compilation, E_BAD_NAME, name.range, "a name cannot hold a NUL");
    else if (name.length > LIMIT_NAME_BYTES)
        diagnostic_report(parsing->compilation, E_LITERAL_TOO_LONG, name.range,
                          "the name has %u bytes, the limit is %u", name.length,
                          (unsigned)LIMIT_NAME_BYTES);
    return name;
}

ast_text ast_regex_text(struct parsing *parsing, struct token regex)
{
    const uint32_t end = regex.flags & TOKEN_UNCLOSED ? regex.end : regex.end - 1;
    const uint32_t length = end - regex.start - 1;
    if (length > LIMIT_STRING_BYTES) {
        diagnostic_report(
            parsing->compilation, E_LITERAL_TOO_LONG, range_of(parsing, regex.start, regex.end),
            "the pattern has %u bytes, the limit is %u", length, (unsigned)LIMIT_STRING_BYTES);
        return text_new(parsing, regex, "", 0, true);
    }
    return text_new(parsing, regex,
                    arena_copy(parsing->arena, parsing->bytes + regex.start + 1, length), length,
                    true);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static int64_t out_of_range(struct parsing *parsing, struct token number, const char *what)
{
    diagnostic_report(parsing->compilation, E_NUMBER_RANGE,
                      range_of(parsing, number.start, number.end), "the %s does not fit in 64 bits",
                      what);
    return 0;
}

int64_t ast_integer(struct parsing *parsing, struct token integer, bool negative)
{
    if (integer.flags & TOKEN_BROKEN)
        return 0;
    int64_t value = 0;
    for (uint32_t i = integer.start; i < integer.end; i++) {
        const int digit = parsing->bytes[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return out_of_range(parsing, integer, "number");
    }
    return value;
}

int64_t ast_duration(struct parsing *parsing, struct token duration)
{
    static const struct {
        char text[3];
        int64_t microseconds;
    } units[] = {{"us", 1},         {"ms", 1000},       {"s", 1000000},     {"m", 60000000},
                 {"h", 3600000000}, {"d", 86400000000}, {"w", 604800000000}};
    if (duration.flags & TOKEN_BROKEN)
        return 0;
    const char *const text = parsing->bytes + duration.start;
    const uint32_t length = duration.end - duration.start;
    uint32_t digits = 0;
    while (digits < length && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    int64_t value = 0;
    for (uint32_t i = 0; i < digits; i++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, text[i] - '0', &value))
            return out_of_range(parsing, duration, "duration");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].text) == length - digits &&
            memcmp(units[i].text, text + digits, length - digits) == 0 &&
            __builtin_mul_overflow(value, units[i].microseconds, &value))
            return out_of_range(parsing, duration, "duration");
    return value;
}
