/*
 * repair_shape.c - what is there but has the wrong shape: a part left out, another bracket, a unit
 * of time in words.
 *
 * The mistakes of people who know what a rule says and not how it is written. Each function asks
 * the parser whether the part in question is what it waits for, so none of them can touch a policy
 * that is right.
 */
#include <string.h>

#include "compiler/syntax/driver.h"

static source_range range_of_token(const struct driver *driver, struct token token)
{
    return range_of(driver->parsing, token.start, token.end);
}

static const char *text_between(const struct driver *driver, uint32_t start, uint32_t end)
{
    return short_excerpt(driver->parsing, range_of(driver->parsing, start, end));
}

/* `redact` and nothing behind it, or the text without `with`, or another word in its place. */
bool repair_missing_with(struct driver *driver, struct token found)
{
    const struct token effect = driver->effect;
    if ((effect.kind != TOKEN_REDACT && effect.kind != TOKEN_REPLACE) ||
        !parser_expects(driver->parser, TOKEN_WITH) ||
        expected_misspelt(driver->parsing, driver->parser, found) == TOKEN_WITH)
        return false;
    struct parsing *const parsing = driver->parsing;
    const char *const word = token_text(effect.kind);
    diagnostic *const report =
        diagnostic_report(parsing->compilation, E_UNEXPECTED, range_of_token(driver, effect),
                          "`%s` needs `with \"…\"`: what stands there afterwards", word);
    const bool other = (found.kind == TOKEN_NAME || token_is_word(found.kind)) &&
                       !(found.flags & TOKEN_FIRST) && driver_after(driver).kind == TOKEN_STRING &&
                       found.kind != TOKEN_BECAUSE;
    if (other) {
        diagnostic_mend(parsing->compilation, report, range_of_token(driver, found), "with",
                        "write `with` for `%s`", text_between(driver, found.start, found.end));
        found.kind = TOKEN_WITH;
        driver_feed(driver, found);
        driver_drop(driver);
        return true;
    }
    if (found.kind == TOKEN_STRING) {
        diagnostic_mend(parsing->compilation, report, range_of(parsing, found.start, found.start),
                        "with ", "write `with %s`", text_between(driver, found.start, found.end));
        driver_insert(driver, TOKEN_WITH);
        return true;
    }
    diagnostic_mend(parsing->compilation, report, report->range, NULL,
                    "write `%s with \"[removed]\"`",
                    text_between(driver, effect.start, parsing->end));
    return false;
}

/* `require approval` of nobody. */
bool repair_missing_approver(struct driver *driver, struct token found)
{
    if (driver->before.kind != TOKEN_APPROVAL || !parser_expects(driver->parser, TOKEN_FROM) ||
        (found.kind == TOKEN_BY && !(found.flags & TOKEN_FIRST)) ||
        expected_misspelt(driver->parsing, driver->parser, found) == TOKEN_FROM)
        return false;
    struct parsing *const parsing = driver->parsing;
    diagnostic *const report = diagnostic_report(parsing->compilation, E_UNEXPECTED,
                                                 range_of_token(driver, driver->before),
                                                 "an approval is asked of somebody");
    diagnostic_mend(parsing->compilation, report, report->range, NULL,
                    "write `require approval from NAME`");
    return false;
}

/* `on refund`, `earlier refund`, `default deny`: the stage was left out. */
bool repair_missing_stage(struct driver *driver, struct token found)
{
    struct parsing *const parsing = driver->parsing;
    const uint16_t before = driver->before.kind;
    const bool event = parser_expects(driver->parser, TOKEN_INPUT) &&
                       !parser_expects(driver->parser, TOKEN_EXPECT);
    const bool tool = event && (found.kind == TOKEN_NAME || found.kind == TOKEN_STRING);
    const bool verdict =
        before == TOKEN_DEFAULT &&
        (found.kind == TOKEN_DENY || found.kind == TOKEN_ALLOW || found.kind == TOKEN_REQUIRE);
    if ((!tool && !verdict) || !driver_accepts(driver, TOKEN_ACTION, found.kind) ||
        expected_misspelt(parsing, driver->parser, found))
        return false;
    const char *const text = text_between(driver, found.start, found.end);
    const char *const word = token_text(before);
    diagnostic *const report = diagnostic_report(
        parsing->compilation, E_UNEXPECTED, range_of_token(driver, found),
        "`%s` is followed by a stage (`input`, `output`, `action`, `result`, `message`), found "
        "`%s`",
        word, text);
    diagnostic_mend(parsing->compilation, report, range_of(parsing, found.start, found.start),
                    "action ", "write `%s action %s`", word, text);
    driver_insert(driver, TOKEN_ACTION);
    return true;
}

/* `sum of args.amount within 1d`: the window of a history whose events were left out. Those of the
 * rule are proposed, since they are what most counters add up. */
bool repair_missing_events(struct driver *driver, struct token found)
{
    const bool window = found.kind == TOKEN_WITHIN || found.kind == TOKEN_SINCE;
    if (!window || !parser_expects(driver->parser, TOKEN_OVER))
        return false;
    struct parsing *const parsing = driver->parsing;
    const struct token after = driver_after(driver); /* there is one: `found` is no end */
    const struct token quantity = driver->quantity;
    if (quantity.end - quantity.start == 5 &&
        memcmp(parsing->bytes + quantity.start, "count", 5) == 0) {
        const char *const what = text_between(driver, driver->before.start, driver->before.end);
        diagnostic *const report = diagnostic_report(
            parsing->compilation, E_PAST_WITHOUT_EVENTS, range_of_token(driver, driver->before),
            "`count of` is followed by a stage, and `%s` is none", what);
        diagnostic_mend(parsing->compilation, report, report->range,
                        arena_format(parsing->arena, "action %s", what),
                        "write `count of action %s`", what);
        return false;
    }
    const bool known = driver->stage.kind != 0;
    const struct token last = driver->tool.kind ? driver->tool : driver->stage;
    const char *const events =
        known ? text_between(driver, driver->stage.start, last.end) : "action TOOL";
    const char *const tail = after.kind == TOKEN_DURATION
                                 ? text_between(driver, found.start, after.end)
                                 : arena_format(parsing->arena, "%s …", token_text(found.kind));
    const char *const written =
        arena_format(parsing->arena, "%s over %s %s",
                     text_between(driver, quantity.start, parsing->end), events, tail);
    diagnostic *const report =
        diagnostic_report(parsing->compilation, E_PAST_WITHOUT_EVENTS,
                          range_of_token(driver, found), "`%s of` over the past is written `%s`",
                          text_between(driver, quantity.start, quantity.end), written);
    diagnostic_mend(parsing->compilation, report, range_of(parsing, parsing->end, parsing->end),
                    known ? arena_format(parsing->arena, " over %s", events) : NULL,
                    "say over which events: `over %s`", events);
    driver_insert(driver, TOKEN_OVER);
    const uint32_t end = parsing->end;
    driver_insert(driver, known ? driver->stage.kind : TOKEN_ACTION);
    if (driver->tool.kind) {
        driver_feed(driver, driver->tool);
        parsing->end = end;
    }
    return true;
}

/* The arguments as they stand on this line, between braces. */
static void mend_braces(struct driver *driver, diagnostic *report, struct token open)
{
    struct parsing *const parsing = driver->parsing;
    uint32_t end = open.end;
    bool quoted = false;
    for (; end < parsing->length && parsing->bytes[end] != '\n'; end++) {
        if (parsing->bytes[end] == '"' && parsing->bytes[end - 1] != '\\')
            quoted = !quoted;
        if (parsing->bytes[end] == ')' && !quoted)
            break;
    }
    const struct token name = driver->before;
    if (end == parsing->length || parsing->bytes[end] != ')') {
        diagnostic_mend(parsing->compilation, report, report->range, NULL,
                        "write `{ NAME: VALUE, … }`");
        return;
    }
    const char *const edit =
        arena_format(parsing->arena, " { %.*s }", (int)(end - open.end), parsing->bytes + open.end);
    diagnostic_mend(parsing->compilation, report, range_of(parsing, name.end, end + 1), edit,
                    "write `%s %s%s`", token_text(driver->earlier),
                    text_between(driver, name.start, name.end), edit);
}

/* `action refund(order: "A")` in a test: braces were meant, at both ends. */
bool repair_call_in_test(struct driver *driver, struct token found)
{
    struct parsing *const parsing = driver->parsing;
    if (!driver->in_test || driver->brackets.count == 0)
        return false;
    const struct token open = driver->brackets.items[driver->brackets.count - 1];
    if (found.kind == TOKEN_RIGHT_PAREN && open.kind == TOKEN_LEFT_BRACE &&
        parsing->bytes[open.start] == '(' && parser_expects(driver->parser, TOKEN_RIGHT_BRACE)) {
        found.kind = TOKEN_RIGHT_BRACE;
        driver_feed(driver, found);
        driver_drop(driver);
        return true;
    }
    const uint16_t step = driver->earlier;
    if (found.kind != TOKEN_LEFT_PAREN || (step != TOKEN_ACTION && step != TOKEN_RESULT) ||
        !parser_expects(driver->parser, TOKEN_LEFT_BRACE))
        return false;
    diagnostic *const report =
        diagnostic_report(parsing->compilation, E_UNEXPECTED, range_of_token(driver, found),
                          "the arguments of an event stand in braces");
    mend_braces(driver, report, found);
    found.kind = TOKEN_LEFT_BRACE;
    driver_feed(driver, found);
    driver_drop(driver);
    return true;
}

/* `(a > 3 then`: the condition ends, its parenthesis does not. */
bool repair_unclosed_paren(struct driver *driver, struct token found)
{
    const bool ends =
        found.kind == TOKEN_THEN || found.kind == TOKEN_UNLESS || found.kind == TOKEN_BECAUSE;
    if (!ends || driver->brackets.count == 0)
        return false;
    struct parsing *const parsing = driver->parsing;
    const struct token open = driver->brackets.items[driver->brackets.count - 1];
    if (open.kind != TOKEN_LEFT_PAREN || !driver_accepts(driver, TOKEN_RIGHT_PAREN, DRIVER_ANY))
        return false;
    diagnostic *const report =
        diagnostic_report(parsing->compilation, E_UNCLOSED_BRACKET, range_of_token(driver, open),
                          "this `(` is not closed before `%s`", token_text(found.kind));
    diagnostic_note_at(parsing->compilation, report, range_of_token(driver, found),
                       "the condition ends here");
    diagnostic_mend(parsing->compilation, report, range_of(parsing, parsing->end, parsing->end),
                    ")", "write `)` behind what belongs together, or leave the `(` out");
    driver_insert(driver, TOKEN_RIGHT_PAREN);
    return true;
}

/* What the lexer said of the decimals, if they have a leading zero. */
static diagnostic *reported_number(const struct driver *driver, struct token number)
{
    compilation *const compilation = driver->parsing->compilation;
    const source_range range = range_of_token(driver, number);
    for (uint32_t i = compilation->diagnostics.count; i-- > 0;) {
        diagnostic *const one = &compilation->diagnostics.items[i];
        if (one->code == E_MALFORMED_NUMBER && one->range.file == range.file &&
            one->range.start == range.start)
            return one;
    }
    return NULL;
}

/* `100,00` for 100.00, `1,000` for 1000. */
bool repair_decimal_comma(struct driver *driver, struct token found)
{
    const struct token first = driver->before;
    if (found.kind != TOKEN_COMMA || first.kind != TOKEN_INT || first.end != found.start)
        return false;
    const struct token last = driver_after(driver);
    if ((last.kind != TOKEN_INT && last.kind != TOKEN_DECIMAL) || found.end != last.start)
        return false;
    struct parsing *const parsing = driver->parsing;
    const source_range range = range_of(parsing, first.start, last.end);
    const bool thousands = last.kind == TOKEN_DECIMAL || last.end - last.start == 3;
    const char *const meant =
        arena_format(parsing->arena, "%s%s%s", text_between(driver, first.start, first.end),
                     thousands ? "" : ".", text_between(driver, last.start, last.end));
    const char *const message =
        "a number has a point before its decimals, and nothing between its thousands";
    diagnostic *report = reported_number(driver, last);
    if (report != NULL)
        *report = (diagnostic){.code = E_MALFORMED_NUMBER,
                               .severity = report->severity,
                               .range = range,
                               .message = message};
    else
        report = diagnostic_report(parsing->compilation, E_MALFORMED_NUMBER, range, "%s", message);
    diagnostic_mend(parsing->compilation, report, range, meant, "write `%s`", meant);
    driver_drop(driver);
    driver_drop(driver);
    parsing->end = last.end;
    return true;
}

static const char *unit_of(const struct driver *driver, struct token word)
{
    static const struct {
        const char *name, *unit;
    } units[] = {
        {"second", "s"}, {"sec", "s"}, {"minute", "m"}, {"min", "m"}, {"hour", "h"},
        {"hr", "h"},     {"day", "d"}, {"week", "w"},   {"s", "s"},   {"m", "m"},
        {"h", "h"},      {"d", "d"},   {"w", "w"},      {"ms", "ms"}, {"millisecond", "ms"},
    };
    const char *const bytes = driver->parsing->bytes + word.start;
    const size_t length = word.end - word.start;
    for (size_t i = 0; word.kind == TOKEN_NAME && i < sizeof units / sizeof *units; i++) {
        const size_t size = strlen(units[i].name);
        if ((length == size || (length == size + 1 && bytes[size] == 's')) &&
            memcmp(bytes, units[i].name, size) == 0)
            return units[i].unit;
    }
    return NULL;
}

/* `within 1 hour`. */
bool repair_duration(struct driver *driver, struct token found)
{
    if (found.kind != TOKEN_INT || !parser_expects(driver->parser, TOKEN_DURATION))
        return false;
    const struct token word = driver_after(driver);
    const char *const unit = unit_of(driver, word);
    if (unit == NULL || word.flags & TOKEN_FIRST)
        return false;
    struct parsing *const parsing = driver->parsing;
    const source_range range = range_of(parsing, found.start, word.end);
    const char *const meant =
        arena_format(parsing->arena, "%s%s", text_between(driver, found.start, found.end), unit);
    diagnostic *const report =
        diagnostic_report(parsing->compilation, E_MALFORMED_NUMBER, range,
                          "a duration is a number with its unit behind it: `%s`", meant);
    diagnostic_mend(parsing->compilation, report, range, meant, "write `%s`", meant);
    found.kind = TOKEN_DURATION;
    found.flags |= TOKEN_BROKEN; /* said; its value is not looked at */
    driver_drop(driver);
    driver_drop(driver);
    driver_feed(driver, found);
    parsing->end = word.end;
    return true;
}
