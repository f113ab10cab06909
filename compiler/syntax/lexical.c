/*
 * lexical.c - what the lexer does about text that is no token: says so once, and answers with what
 * was probably meant.
 *
 * Each function is called with the cursor behind what the lexer has recognised and leaves it behind
 * what was dealt with, which is at least one byte: so the lexer always ends. Characters that no
 * text may hold (controls, malformed UTF-8, characters that turn the direction of writing) are
 * found in one walk over the whole source before the first token is made, because they count in
 * comments and texts too.
 */
#include <string.h>

#include "compiler/syntax/syntax.h"
#include "runtime/utf8.h"

static uint32_t here(const struct lexer *lexer)
{
    return (uint32_t)(lexer->cursor - lexer->parsing->bytes);
}

static const char *text_at(const struct lexer *lexer, uint32_t start, uint32_t end)
{
    return short_excerpt(lexer->parsing, range_of(lexer->parsing, start, end));
}

static struct token token_until(const struct lexer *lexer, uint16_t kind, uint16_t flags,
                                uint32_t start)
{
    return (struct token){.kind = kind, .flags = flags, .start = start, .end = here(lexer)};
}

/* The end of the line that holds `from`, without the carriage return of a CRLF. */
static const char *line_end(const struct lexer *lexer, const char *from)
{
    const char *end = memchr(from, '\n', (size_t)(lexer->limit - from));
    if (!end)
        end = lexer->limit;
    while (end > from && end[-1] == '\r')
        end--;
    return end;
}

struct token lexical_unclosed(struct lexer *lexer, uint16_t kind, uint32_t start)
{
    struct parsing *const parsing = lexer->parsing;
    lexer->cursor = line_end(lexer, parsing->bytes + start + 1);
    const bool string = kind == TOKEN_STRING;
    diagnostic *const report =
        diagnostic_report(parsing->compilation, string ? E_UNCLOSED_STRING : E_UNCLOSED_REGEX,
                          range_of(parsing, start, here(lexer)),
                          string ? "the text has no closing quote on its line"
                                 : "the pattern has no closing slash on its line");
    diagnostic_label(parsing->compilation, report, "opened here");
    diagnostic_note_text(parsing->compilation, report,
                         string
                             ? "a line end in a text is written \\n, a quote \\\""
                             : "there is no division; a slash inside of a pattern is written \\/");
    return token_until(lexer, kind, TOKEN_BROKEN | TOKEN_UNCLOSED, start);
}

struct token lexical_quotes(struct lexer *lexer, uint32_t start)
{
    struct parsing *const parsing = lexer->parsing;
    const char *const from = parsing->bytes + start + 1, *close = from;
    while (close < lexer->limit && *close != '\'' && *close != '\n')
        close++;
    if (close == lexer->limit || *close == '\n')
        return lexical_unclosed(lexer, TOKEN_STRING, start);
    lexer->cursor = close + 1;
    const source_range range = range_of(parsing, start, here(lexer));
    diagnostic *const report = diagnostic_report(parsing->compilation, E_FOREIGN_QUOTES, range,
                                                 "texts stand in double quotes");
    const char *const inner = arena_copy(parsing->arena, from, (size_t)(close - from));
    if (!strchr(inner, '"') && !strchr(inner, '\\') && strlen(inner) == (size_t)(close - from))
        diagnostic_mend(parsing->compilation, report, range,
                        arena_format(parsing->arena, "\"%s\"", inner), "write \"%s\"", inner);
    return token_until(lexer, TOKEN_STRING, 0, start);
}

struct token lexical_number(struct lexer *lexer, uint32_t start)
{
    struct parsing *const parsing = lexer->parsing;
    const char *const text = parsing->bytes + start;
    const uint32_t length = here(lexer) - start;
    const source_range range = range_of(parsing, start, here(lexer));
    diagnostic *const report =
        diagnostic_report(parsing->compilation, E_MALFORMED_NUMBER, range, "`%s` is no number",
                          text_at(lexer, start, here(lexer)));
    const bool grouped = memchr(text, '_', length) != NULL;
    if (text[0] == '.')
        diagnostic_note_text(parsing->compilation, report, "a number starts with a digit: 0.5");
    else if (grouped)
        diagnostic_note_text(parsing->compilation, report, "digits are not grouped");
    else if (text[0] == '0' && length > 1 && text[1] >= '0' && text[1] <= '9')
        diagnostic_note_text(parsing->compilation, report,
                             "a number has no leading zero; dates and codes are quoted");
    else if (strspn(text, "0123456789.") >= length)
        diagnostic_note_text(parsing->compilation, report, "addresses and versions are quoted");
    else
        diagnostic_note_text(parsing->compilation, report,
                             "durations are a whole number with one of the units us ms s m h d w; "
                             "a name does not start with a digit");
    return token_until(lexer, memchr(text, '.', length) ? TOKEN_DECIMAL : TOKEN_INT, TOKEN_BROKEN,
                       start);
}

struct token lexical_operator(struct lexer *lexer, uint32_t start, uint16_t meant)
{
    struct parsing *const parsing = lexer->parsing;
    const source_range range = range_of(parsing, start, here(lexer));
    const char *const word = token_text(meant);
    diagnostic *const report =
        diagnostic_report(parsing->compilation, E_FOREIGN_OPERATOR, range, "`%s` is written `%s`",
                          text_at(lexer, start, here(lexer)), word);
    const char *const before = start > 0 && parsing->bytes[start - 1] > ' ' ? " " : "";
    const char *const behind = *lexer->cursor > ' ' ? " " : "";
    diagnostic_mend(
        parsing->compilation, report, range,
        arena_format(parsing->arena, "%s%s%s", meant == TOKEN_NOT ? "" : before, word, behind),
        "write `%s`", word);
    return token_until(lexer, meant, 0, start);
}

void lexical_block_comment(struct lexer *lexer, uint32_t start)
{
    struct parsing *const parsing = lexer->parsing;
    /* Looked for once: many openings without an end must not each cost the whole file. */
    const char *end = lexer->no_comment_end ? lexer->limit : lexer->cursor;
    while (end < lexer->limit && !(end[0] == '*' && end[1] == '/'))
        end++;
    lexer->no_comment_end = end == lexer->limit;
    lexer->cursor = end < lexer->limit ? end + 2 : line_end(lexer, lexer->cursor);
    diagnostic *const report =
        diagnostic_report(parsing->compilation, E_COMMENT_STYLE,
                          range_of(parsing, start, here(lexer)), "there are no block comments");
    diagnostic_mend(parsing->compilation, report, range_of(parsing, start, start + 2), NULL,
                    "start each line of the comment with //");
}

void lexical_hash_comment(struct lexer *lexer, uint32_t start)
{
    struct parsing *const parsing = lexer->parsing;
    lexer->cursor = line_end(lexer, lexer->cursor);
    diagnostic *const report =
        diagnostic_report(parsing->compilation, E_COMMENT_STYLE,
                          range_of(parsing, start, here(lexer)), "a comment starts with //");
    diagnostic_mend(parsing->compilation, report, range_of(parsing, start, start + 1), "//",
                    "write //");
}

void lexical_stray(struct lexer *lexer, uint32_t start)
{
    struct parsing *const parsing = lexer->parsing;
    const char character = parsing->bytes[start];
    while (lexer->cursor < lexer->limit && *lexer->cursor == character)
        lexer->cursor++;
    const source_range range = range_of(parsing, start, here(lexer));
    diagnostic *const report = diagnostic_report(parsing->compilation, E_STRAY_CHARACTER, range,
                                                 "`%c` has no meaning here", character);
    if (character == ';')
        diagnostic_mend(parsing->compilation, report, range, "",
                        "remove it: a declaration ends where the next begins");
    else if (character == '%')
        diagnostic_note_text(parsing->compilation, report, "arithmetic has + - and * only");
}

struct token lexical_name(struct lexer *lexer, uint32_t start)
{
    struct parsing *const parsing = lexer->parsing;
    struct token result;
    if (lexer->cursor < lexer->limit && (unsigned char)*lexer->cursor >= 0x80 &&
        lexical_foreign(lexer, start, &result))
        return result;
    const uint32_t length = here(lexer) - start;
    if (length > LIMIT_NAME_BYTES) {
        diagnostic_report(
            parsing->compilation, E_LITERAL_TOO_LONG, range_of(parsing, start, here(lexer)),
            "the name has %u bytes, the limit is %u", length, (unsigned)LIMIT_NAME_BYTES);
        return token_until(lexer, TOKEN_NAME, TOKEN_BROKEN, start);
    }
    return token_until(lexer, token_of_word(parsing->bytes + start, length), 0, start);
}

/* ---- not ASCII ------------------------------------------------------------------------------- */

/* Blanks and invisible characters, which come with text pasted from elsewhere. */
static bool is_blank(uint32_t code)
{
    return code == 0x85 || code == 0xa0 || code == 0xad || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200f) || (code >= 0x2028 && code <= 0x202f) ||
           (code >= 0x205f && code <= 0x206f) || code == 0x3000 || code == 0xfeff;
}

/* Turns the direction of writing, so that a reader sees another order than the compiler. */
static bool is_hidden(uint32_t code)
{
    return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static bool foreign_string(struct lexer *lexer, uint32_t start, struct token *out)
{
    struct parsing *const parsing = lexer->parsing;
    const char *const from = parsing->bytes + start + 3, *close = from;
    while (close < lexer->limit && *close != '\n' && strncmp(close, "\xe2\x80\x9c", 3) != 0 &&
           strncmp(close, "\xe2\x80\x9d", 3) != 0)
        close++;
    if (close == lexer->limit || *close == '\n')
        return false;
    lexer->cursor = close + 3;
    const source_range range = range_of(parsing, start, here(lexer));
    diagnostic *const report = diagnostic_report(parsing->compilation, E_FOREIGN_QUOTES, range,
                                                 "texts stand in straight double quotes");
    if (!memchr(from, '"', (size_t)(close - from)))
        diagnostic_mend(parsing->compilation, report, range,
                        arena_format(parsing->arena, "\"%.*s\"", (int)(close - from), from),
                        "write \" on both sides");
    *out = token_until(lexer, TOKEN_STRING, TOKEN_CURLY, start);
    return true;
}

/* `start` is the first byte of the token: letters in ASCII may stand before the cursor. */
bool lexical_foreign(struct lexer *lexer, uint32_t start, struct token *out)
{
    struct parsing *const parsing = lexer->parsing;
    const char *next = parsing->bytes + start;
    while (next < lexer->limit && (unsigned char)*next < 0x80)
        next++;
    const char *const foreign = next;
    const uint32_t code = utf8_decode(&next, lexer->limit);
    const bool alone = foreign == parsing->bytes + start;
    if (alone && code == 0x201c && foreign_string(lexer, start, out))
        return true;
    if (code == UINT32_MAX || is_blank(code)) {
        if (!alone)
            return false; /* the name ends here; this is called again for what follows */
        lexer->cursor = next;
        if (code != UINT32_MAX && !is_hidden(code)) {
            const source_range range = range_of(parsing, start, here(lexer));
            diagnostic *const report = diagnostic_report(
                parsing->compilation, E_STRAY_CHARACTER, range,
                "the invisible character U+%04X has no meaning here", (unsigned)code);
            diagnostic_mend(parsing->compilation, report, range, " ", "write a plain blank");
        }
        return false;
    }
    while (next < lexer->limit) {
        const char *peek = next;
        const unsigned char byte = (unsigned char)*next;
        if (byte < 0x80 && byte != '_' && !(byte >= '0' && byte <= '9') &&
            !((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z'))
            break;
        const uint32_t following = utf8_decode(&peek, lexer->limit);
        if (following == UINT32_MAX || is_blank(following) || following == 0x201c ||
            following == 0x201d)
            break;
        next = peek;
    }
    lexer->cursor = next;
    const source_range range = range_of(parsing, start, here(lexer));
    diagnostic *const report =
        diagnostic_report(parsing->compilation, E_BAD_NAME, range, "`%s` is no name",
                          text_at(lexer, start, here(lexer)));
    diagnostic_note_text(
        parsing->compilation, report,
        "names are ASCII letters, digits and _; tools and keys of any other form are quoted");
    *out = token_until(lexer, TOKEN_NAME, TOKEN_BROKEN, start);
    return true;
}

/* ---- the walk over all bytes ----------------------------------------------------------------- */

static void report_controls(struct parsing *parsing, uint32_t start, uint32_t end)
{
    const unsigned byte = (unsigned char)parsing->bytes[start];
    diagnostic *const report =
        byte == 0 ? diagnostic_report(parsing->compilation, E_CONTROL_CHARACTER,
                                      range_of(parsing, start, end), "the file holds a NUL byte")
                  : diagnostic_report(parsing->compilation, E_CONTROL_CHARACTER,
                                      range_of(parsing, start, end),
                                      "the file holds the control character %02X", byte);
    diagnostic_note_text(
        parsing->compilation, report,
        byte == 0 ? "a policy is UTF-8; an editor that saves UTF-16 writes a NUL beside each letter"
                  : "in a quoted text write \\u{%x}",
        byte);
}

void lexical_check_bytes(struct parsing *parsing)
{
    const unsigned char *const bytes = (const unsigned char *)parsing->bytes, *const end =
                                                                                  bytes +
                                                                                  parsing->length;
    const unsigned char *next = bytes;
    while (next < end) {
        const unsigned char *const from = next;
        if (*next >= 0x20 && *next < 0x7f) {
            next++;
            continue;
        }
        const uint32_t step = utf8_step(next, end);
        if (step == 0) {
            while (next < end && utf8_step(next, end) == 0)
                next++;
            diagnostic_report(parsing->compilation, E_NOT_UTF8,
                              range_of(parsing, (uint32_t)(from - bytes), (uint32_t)(next - bytes)),
                              next - from == 1 ? "the byte %02X is not UTF-8"
                                               : "the bytes from %02X on are not UTF-8",
                              (unsigned)*from);
            continue;
        }
        if (step == 1) {
            if (*next == '\t' || *next == '\n' || *next == '\r') {
                next++;
                continue;
            }
            while (next < end && *next == *from)
                next++;
            report_controls(parsing, (uint32_t)(from - bytes), (uint32_t)(next - bytes));
            continue;
        }
        const char *cursor = (const char *)next;
        const uint32_t code = utf8_decode(&cursor, (const char *)end);
        next += step;
        if (!is_hidden(code))
            continue;
        diagnostic *const report = diagnostic_report(
            parsing->compilation, E_HIDDEN_CHARACTER,
            range_of(parsing, (uint32_t)(from - bytes), (uint32_t)(next - bytes)),
            "the invisible character U+%04X changes the direction of writing", (unsigned)code);
        diagnostic_note_text(parsing->compilation, report, "in a quoted text write \\u{%x}",
                             (unsigned)code);
    }
}
