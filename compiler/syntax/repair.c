/*
 * repair.c - mistakes that can be mended on the spot.
 *
 * Each function looks at the token that the parser refuses, asks the parser whether it would take
 * what was probably meant, and only then reports its mistake and feeds that. The first that
 * recognises its mistake wins; the last one reports what was expected. A mend is for the rest of
 * the parse alone: a file with an error is never compiled.
 */
#include <string.h>

#include "compiler/syntax/driver.h"

static source_range range_of_token(const struct driver *driver, struct token token)
{
    return range_of(driver->parsing, token.start, token.end);
}

/* Feeds `found` as if it were a `kind`. */
static bool take_as(struct driver *driver, struct token found, uint16_t kind)
{
    found.kind = kind;
    driver_feed(driver, found);
    driver_drop(driver);
    return true;
}

static bool is_text(const struct driver *driver, struct token token, const char *text)
{
    const size_t length = token.end - token.start;
    return strlen(text) == length &&
           memcmp(driver->parsing->bytes + token.start, text, length) == 0;
}

/* None of the others: what was expected, and perhaps the word that was meant. */
static bool repair_misspelt(struct driver *driver, struct token found)
{
    const uint16_t meant = expected_report(driver->parsing, driver->parser, driver->before, found);
    return meant && take_as(driver, found, meant);
}

/* `=` where a comparison is meant, `==` where a declaration. */
static bool repair_equal(struct driver *driver, struct token found)
{
    const uint16_t meant = found.kind == TOKEN_ASSIGN ? TOKEN_EQ
                           : found.kind == TOKEN_EQ   ? TOKEN_ASSIGN
                                                      : 0;
    if (!meant || !driver_accepts(driver, meant, DRIVER_ANY))
        return false;
    compilation *const compilation = driver->parsing->compilation;
    diagnostic *const report =
        diagnostic_report(compilation, E_ASSIGN_OR_EQUAL, range_of_token(driver, found),
                          meant == TOKEN_EQ ? "a comparison is written `==`"
                                            : "a declaration is written with a single `=`");
    diagnostic_mend(compilation, report, report->range, token_text(meant), "write `%s`",
                    token_text(meant));
    return take_as(driver, found, meant);
}

/* Words that other languages have for ours. */
static bool repair_foreign_word(struct driver *driver, struct token found)
{
    static const struct {
        const char *text;
        uint16_t meant;
    } foreign[] = {
        {"if", TOKEN_WHEN},           {"where", TOKEN_WHEN},          {"except", TOKEN_UNLESS},
        {"do", TOKEN_THEN},           {"block", TOKEN_DENY},          {"reject", TOKEN_DENY},
        {"forbid", TOKEN_DENY},       {"prohibit", TOKEN_DENY},       {"warn", TOKEN_FLAG},
        {"log", TOKEN_FLAG},          {"mask", TOKEN_REDACT},         {"stop", TOKEN_HALT},
        {"equals", TOKEN_EQ},         {"def", TOKEN_DEFINE},          {"function", TOKEN_DEFINE},
        {"let", TOKEN_SET},           {"use", TOKEN_IMPORT},          {"include", TOKEN_IMPORT},
        {"require", TOKEN_IMPORT},    {"policy", TOKEN_CONSTITUTION}, {"satisfy", TOKEN_SATISFIES},
        {"satisfies", TOKEN_SATISFY}, {"assert", TOKEN_EXPECT},       {"reason", TOKEN_BECAUSE},
        {"like", TOKEN_MATCHES},      {"within", TOKEN_INSIDE},       {"for", TOKEN_ON},
        {"by", TOKEN_FROM},
    };
    if (found.kind != TOKEN_NAME && !token_is_word(found.kind))
        return false;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        if (!is_text(driver, found, foreign[i].text) ||
            !parser_expects(driver->parser, foreign[i].meant))
            continue;
        compilation *const compilation = driver->parsing->compilation;
        const char *const word = token_text(foreign[i].meant);
        diagnostic *const report =
            diagnostic_report(compilation, E_FOREIGN_WORD, range_of_token(driver, found),
                              "`%s` is written `%s` here", foreign[i].text, word);
        diagnostic_mend(compilation, report, report->range, word, "write `%s`", word);
        return take_as(driver, found, foreign[i].meant);
    }
    return false;
}

/* `on input if …`: the parser would take `if` for a tool, and complain about what follows. */
bool driver_repair_early(struct driver *driver, struct token found)
{
    const uint16_t after = driver_after(driver).kind;
    if (found.kind != TOKEN_NAME || token_group_of(driver->before.kind) != GROUP_STAGE ||
        driver_accepts(driver, TOKEN_NAME, after))
        return false;
    if ((is_text(driver, found, "if") && driver_accepts(driver, TOKEN_WHEN, after)) ||
        (is_text(driver, found, "do") && driver_accepts(driver, TOKEN_THEN, after)))
        return repair_foreign_word(driver, found);
    const uint16_t meant = expected_misspelt(driver->parsing, driver->parser, found);
    return meant && driver_accepts(driver, meant, after) && repair_misspelt(driver, found);
}

static bool repair_missing_then(struct driver *driver, struct token found)
{
    if (token_group_of(found.kind) != GROUP_EFFECT ||
        !driver_accepts(driver, TOKEN_THEN, found.kind))
        return false;
    compilation *const compilation = driver->parsing->compilation;
    diagnostic *const report =
        diagnostic_report(compilation, E_MISSING_THEN, range_of_token(driver, found),
                          "expected `then` before the effect, found `%s`", token_text(found.kind));
    diagnostic_mend(compilation, report, range_of(driver->parsing, found.start, found.start),
                    "then ", "write `then %s`", token_text(found.kind));
    driver_insert(driver, TOKEN_THEN);
    return true;
}

/* A declaration, or the end, while a bracket is open. The brace of a test is put in. */
static bool repair_unclosed(struct driver *driver, struct token found)
{
    const bool ends = found.kind == TOKEN_END || ((found.flags & TOKEN_FIRST) &&
                                                  token_group_of(found.kind) == GROUP_DECLARATION);
    if (!ends || driver->brackets.count == 0)
        return false;
    struct parsing *const parsing = driver->parsing;
    const struct token open = driver->brackets.items[driver->brackets.count - 1];
    const bool test = driver->in_test && driver->brackets.count == 1;
    diagnostic *const report =
        test ? diagnostic_report(parsing->compilation, E_UNCLOSED_BRACKET,
                                 range_of_token(driver, open), "the test is not closed")
             : diagnostic_report(parsing->compilation, E_UNCLOSED_BRACKET,
                                 range_of_token(driver, open), "this `%s` is never closed",
                                 token_text(open.kind));
    diagnostic_note_at(parsing->compilation, report, range_of_token(driver, found),
                       found.kind == TOKEN_END ? "the file ends here"
                                               : "the next declaration begins here");
    if (!test || !driver_accepts(driver, TOKEN_RIGHT_BRACE, found.kind))
        return false;
    diagnostic_mend(parsing->compilation, report, range_of(parsing, parsing->end, parsing->end),
                    "\n}", "write `}` behind the last step");
    driver_insert(driver, TOKEN_RIGHT_BRACE);
    return true;
}

/* `{ "a", "b", }`: the comma is forgotten again. */
static bool repair_trailing_comma(struct driver *driver, struct token found)
{
    const bool closes = found.kind == TOKEN_RIGHT_BRACE || found.kind == TOKEN_RIGHT_BRACKET ||
                        found.kind == TOKEN_RIGHT_PAREN;
    if (!closes || driver->before.kind != TOKEN_COMMA)
        return false;
    compilation *const compilation = driver->parsing->compilation;
    diagnostic *const report =
        diagnostic_report(compilation, E_UNEXPECTED, range_of_token(driver, driver->before),
                          "a comma stands between two entries, not behind the last");
    diagnostic_mend(compilation, report, report->range, "", "remove the comma");
    parser_unwind(driver->parser, found.kind);
    driver->before.kind = 0; /* said once */
    return driver_accepts(driver, found.kind, DRIVER_ANY);
}

static bool repair_missing_comma(struct driver *driver, struct token found)
{
    if (found.flags & TOKEN_FIRST && token_is_word(found.kind))
        return false;
    if (token_is_reserved(found.kind) && token_group_of(found.kind) != GROUP_STAGE)
        return false;
    if (!driver_accepts(driver, TOKEN_COMMA, found.kind))
        return false;
    struct parsing *const parsing = driver->parsing;
    diagnostic *const report =
        diagnostic_report(parsing->compilation, E_UNEXPECTED, range_of_token(driver, found),
                          "expected a comma before the next entry");
    diagnostic_mend(parsing->compilation, report, range_of(parsing, parsing->end, parsing->end),
                    ",", "write `,` between them");
    driver_insert(driver, TOKEN_COMMA);
    return true;
}

static bool repair_chain(struct driver *driver, struct token found)
{
    const bool compares = token_group_of(found.kind) == GROUP_COMPARISON ||
                          found.kind == TOKEN_EQ || found.kind == TOKEN_NE ||
                          found.kind == TOKEN_LT || found.kind == TOKEN_LE ||
                          found.kind == TOKEN_GT || found.kind == TOKEN_GE;
    if (!compares || !driver_accepts(driver, TOKEN_AND, DRIVER_ANY) ||
        !driver_accepts(driver, TOKEN_OR, DRIVER_ANY))
        return false;
    compilation *const compilation = driver->parsing->compilation;
    diagnostic *const report =
        diagnostic_report(compilation, E_CHAINED_COMPARISON, range_of_token(driver, found),
                          "comparisons do not chain");
    diagnostic_label(compilation, report, "a second comparison");
    diagnostic_mend(compilation, report, report->range, NULL,
                    "join two comparisons: `a < b and b < c`");
    driver->parsing->mended = true;
    return driver_accepts(driver, TOKEN_AND, driver_after(driver).kind) &&
           take_as(driver, found, TOKEN_AND);
}

/* A keyword where only a name can stand, and as a name it would fit. A soft word is one only where
 * it begins no line. */
static bool repair_reserved(struct driver *driver, struct token found)
{
    if (!token_is_word(found.kind) ||
        (!token_is_reserved(found.kind) && (found.flags & TOKEN_FIRST)) ||
        !driver_accepts(driver, TOKEN_NAME, driver_after(driver).kind))
        return false;
    const token_group group = token_group_of(found.kind);
    if (parser_expects(driver->parser, TOKEN_TRUE) &&
        (group == GROUP_CONDITION || group == GROUP_CONNECTIVE))
        return false;
    compilation *const compilation = driver->parsing->compilation;
    const char *const word = token_text(found.kind);
    diagnostic *const report =
        diagnostic_report(compilation, E_RESERVED_WORD, range_of_token(driver, found),
                          "`%s` is a keyword and cannot be a name here", word);
    const bool quotable =
        parser_expects(driver->parser, TOKEN_STRING) && !parser_expects(driver->parser, TOKEN_TRUE);
    if (quotable)
        diagnostic_mend(compilation, report, report->range,
                        arena_format(driver->parsing->arena, "\"%s\"", word), "quote it: \"%s\"",
                        word);
    else
        diagnostic_note_text(
            compilation, report,
            "choose another name, such as `%s_`; after a dot and before a colon every "
            "word is a name",
            word);
    return take_as(driver, found, TOKEN_NAME);
}

/* `create-issue` without quotes. */
static bool repair_hyphen(struct driver *driver, struct token found)
{
    const struct token first = driver->before;
    struct token after = driver_after(driver);
    if (found.kind != TOKEN_MINUS || first.kind != TOKEN_NAME || first.end != found.start ||
        after.start != found.end ||
        (after.kind != TOKEN_NAME && !token_is_word(after.kind) && after.kind != TOKEN_INT))
        return false;
    uint32_t end = found.end;
    while (driver_token(driver).kind == TOKEN_MINUS &&
           driver_token(driver).start == driver->parsing->end) {
        after = driver_after(driver);
        if (after.start != driver_token(driver).end)
            break;
        driver_drop(driver);
        driver_drop(driver);
        end = driver->parsing->end = after.end;
    }
    struct parsing *const parsing = driver->parsing;
    const source_range range = range_of(parsing, first.start, end);
    char *const name = arena_copy(parsing->arena, parsing->bytes + first.start, end - first.start);
    diagnostic *const report =
        diagnostic_report(parsing->compilation, E_BAD_NAME, range, "`%s` is no name", name);
    const uint16_t place = driver->earlier;
    if (place == TOKEN_TOOL || place == TOKEN_ACTION || place == TOKEN_RESULT ||
        place == TOKEN_OR || place == TOKEN_DOT) {
        diagnostic_mend(parsing->compilation, report, range,
                        arena_format(parsing->arena, "\"%s\"", name), "quote it: \"%s\"", name);
        return true;
    }
    for (char *next = name; *next; next++)
        *next = *next == '-' ? '_' : *next;
    diagnostic_mend(parsing->compilation, report, range, name, "write `%s`", name);
    return true;
}

/* `expect denied`: an unknown outcome was taken for a field, whose text is missing. */
static bool repair_outcome(struct driver *driver, struct token found)
{
    static const char *const outcomes[] = {"permit",  "flag",    "label",    "redact",
                                           "replace", "require", "escalate", "refuse",
                                           "deny",    "halt",    "malformed"};
    const struct token word = driver->before;
    (void)found;
    if (driver->earlier != TOKEN_EXPECT || word.kind != TOKEN_NAME)
        return false;
    struct parsing *const parsing = driver->parsing;
    const char *const text =
        arena_copy(parsing->arena, parsing->bytes + word.start, word.end - word.start);
    const char *const nearest =
        diagnostic_nearest(text, outcomes, sizeof outcomes / sizeof *outcomes);
    const source_range range = range_of_token(driver, word);
    diagnostic *const report = diagnostic_report(
        parsing->compilation, E_UNEXPECTED, range,
        "expected an outcome (`permit`, `deny`, `require approval` …), found `%s`", text);
    if (nearest)
        diagnostic_mend(parsing->compilation, report, range, nearest, "write `%s`", nearest);
    else
        diagnostic_note_text(parsing->compilation, report,
                             "what a text became is tested with `expect text \"…\"`");
    return false;
}

bool driver_repair(struct driver *driver, struct token found)
{
    static bool (*const repairs[])(struct driver *driver, struct token found) = {
        repair_equal,    repair_missing_then, repair_foreign_word, repair_trailing_comma,
        repair_chain,    repair_reserved,     repair_hyphen,       repair_missing_comma,
        repair_unclosed, repair_outcome,
    };
    const uint32_t reported = driver->parsing->compilation->error_count;
    for (size_t i = 0; i < sizeof repairs / sizeof *repairs; i++) {
        if (repairs[i](driver, found))
            return true;
        if (driver->parsing->compilation->error_count > reported)
            return false;
    }
    return repair_misspelt(driver, found);
}
