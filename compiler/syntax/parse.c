/*
 * parse.c - pass_parse: the driver between lexer and parser.
 *
 * It decides which words are names (after a dot, before a colon and in `free (…)` all are), tries
 * each token on the parser, and feeds it if the parser will take it. If not, it looks for one of
 * the mistakes that it can mend (repair.c's table below the driver): then it reports the mistake
 * and goes on with what was meant, so one slip is one message and what follows is still checked.
 * For the rest it says what was expected, skips to the next declaration or test step that begins a
 * line, and unwinds the parser to the list that it belongs to.
 *
 * Promises: always ends (each turn consumes a token, or makes the parser accept one), never feeds
 * what the parser refuses.
 */
#include "compiler/syntax/driver.h"

/* ---- tokens ---------------------------------------------------------------------------------- */

static struct token look(struct driver *driver, uint32_t ahead)
{
    while (driver->count <= ahead)
        driver->window[driver->count++] = lexer_next(&driver->lexer);
    return driver->window[ahead];
}

struct token driver_token(struct driver *driver)
{
    struct token result = look(driver, 0);
    if (!token_is_word(result.kind))
        return result;
    const uint16_t next = look(driver, 1).kind;
    if (driver->before.kind == TOKEN_DOT || driver->in_free || next == TOKEN_COLON ||
        (next == TOKEN_QUESTION && look(driver, 2).kind == TOKEN_COLON))
        result.kind = TOKEN_NAME;
    return result;
}

struct token driver_look(struct driver *driver, uint32_t ahead)
{
    return look(driver, ahead);
}

struct token driver_after(struct driver *driver)
{
    return look(driver, 1);
}

void driver_drop(struct driver *driver)
{
    look(driver, 0);
    driver->count--;
    for (uint32_t i = 0; i < driver->count; i++)
        driver->window[i] = driver->window[i + 1];
}

bool driver_accepts(const struct driver *driver, uint16_t first, uint16_t second)
{
    const uint16_t kinds[] = {first, second};
    return parser_try(driver->parser, kinds, second == DRIVER_ANY ? 1 : 2) == PARSER_ACCEPTS;
}

/* ---- feeding --------------------------------------------------------------------------------- */

static void note_bracket(struct driver *driver, struct token token)
{
    switch (token.kind) {
    case TOKEN_LEFT_PAREN:
    case TOKEN_LEFT_BRACE:
    case TOKEN_LEFT_BRACKET:
        if (driver->brackets.count == 0)
            driver->in_test =
                token.kind == TOKEN_LEFT_BRACE && parser_expects(driver->parser, TOKEN_GIVEN);
        *ARENA_PUSH(driver->parsing->arena, &driver->brackets) = token;
        break;
    case TOKEN_RIGHT_PAREN:
    case TOKEN_RIGHT_BRACE:
    case TOKEN_RIGHT_BRACKET:
        if (driver->brackets.count > 0)
            driver->brackets.count--;
        if (driver->brackets.count == 0)
            driver->in_test = false;
        break;
    default: break;
    }
}

/* What a message about a later token may want to show. */
static void note_landmarks(struct driver *driver, struct token token)
{
    const uint16_t before = driver->before.kind;
    if (before == TOKEN_THEN)
        driver->effect = token;
    else if (token.kind == TOKEN_WITH)
        driver->effect = (struct token){0};
    if (token.kind == TOKEN_OF)
        driver->quantity = driver->before;
    const bool names = token.kind == TOKEN_NAME || token.kind == TOKEN_STRING;
    if (before == TOKEN_ON) {
        driver->stage = token_group_of(token.kind) == GROUP_STAGE ? token : (struct token){0};
        driver->tool = (struct token){0};
    } else if (names && before == driver->stage.kind &&
               driver->before.start == driver->stage.start) {
        driver->tool = token;
    }
}

void driver_feed(struct driver *driver, struct token token)
{
    struct parsing *const parsing = driver->parsing;
    if (token_group_of(token.kind) == GROUP_DECLARATION && (token.flags & TOKEN_FIRST) &&
        driver->brackets.count == 0)
        parsing->muted = parsing->mended = false;
    if (token.flags & TOKEN_UNCLOSED)
        parsing->muted = true;
    note_landmarks(driver, token);
    parser_feed(driver->parser, token);
    parsing->end = token.end;
    note_bracket(driver, token);
    if (token.kind ==
        TOKEN_LEFT_PAREN) /* of something else that is called `free` values or types would follow */
        driver->in_free =
            driver->before.kind == TOKEN_FREE && !parser_expects(driver->parser, TOKEN_TRUE);
    else if (token.kind != TOKEN_NAME && token.kind != TOKEN_STRING && token.kind != TOKEN_COMMA)
        driver->in_free = false;
    driver->earlier = driver->before.kind;
    driver->before = token;
}

void driver_insert(struct driver *driver, uint16_t kind)
{
    const uint32_t at = driver->parsing->end;
    driver_feed(driver, (struct token){.kind = kind, .start = at, .end = at});
}

/* ---- recovery -------------------------------------------------------------------------------- */

static bool is_beginning(struct driver *driver, struct token token, token_group group)
{
    if (!(token.flags & TOKEN_FIRST) || token_group_of(token.kind) != group)
        return false;
    const uint16_t next = driver_after(driver).kind;
    return next == TOKEN_NAME || next == TOKEN_STRING || next == TOKEN_DURATION ||
           next == TOKEN_INT || token_is_word(next);
}

/* Skips to where parsing can go on and answers the token that stands for what was skipped. */
static uint16_t skip(struct driver *driver)
{
    uint32_t depth = driver->in_test && driver->brackets.count > 0 ? driver->brackets.count - 1 : 0;
    for (;; driver_drop(driver)) {
        const struct token token = driver_token(driver);
        driver->before = token;
        if (token.kind == TOKEN_END || is_beginning(driver, token, GROUP_DECLARATION))
            return TOKEN_SKIPPED;
        if (!driver->in_test)
            continue;
        if (is_beginning(driver, token, GROUP_STEP) || is_beginning(driver, token, GROUP_STAGE))
            return TOKEN_SKIPPED_STEP;
        if (token.kind == TOKEN_LEFT_BRACE || token.kind == TOKEN_LEFT_BRACKET ||
            token.kind == TOKEN_LEFT_PAREN)
            depth++;
        else if (token.kind == TOKEN_RIGHT_BRACE && depth == 0)
            return TOKEN_SKIPPED_STEP;
        else if (depth > 0 &&
                 (token.kind == TOKEN_RIGHT_BRACE || token.kind == TOKEN_RIGHT_BRACKET ||
                  token.kind == TOKEN_RIGHT_PAREN))
            depth--;
    }
}

static void recover(struct driver *driver)
{
    const uint16_t skipped = skip(driver);
    const bool step = skipped == TOKEN_SKIPPED_STEP;
    parser_unwind(driver->parser, skipped);
    driver_insert(driver, skipped);
    if (driver->brackets.count > (step ? 1u : 0u))
        driver->brackets.count = step ? 1 : 0;
    driver->in_test = step;
    driver->parsing->muted = driver->parsing->mended = false;
}

static void report_depth(struct driver *driver, struct token found)
{
    diagnostic_report(
        driver->parsing->compilation, E_TOO_DEEP, range_of(driver->parsing, found.start, found.end),
        "this is nested too deep to be parsed (LIMIT_PARSE_DEPTH is %d)", LIMIT_PARSE_DEPTH);
}

/* A malformed token has been reported; whatever literal fits takes its place. */
static bool feed_broken(struct driver *driver, struct token found)
{
    static const uint16_t kinds[] = {TOKEN_INT, TOKEN_DECIMAL, TOKEN_DURATION, TOKEN_STRING,
                                     TOKEN_NAME};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!driver_accepts(driver, kinds[i], DRIVER_ANY))
            continue;
        if ((kinds[i] == TOKEN_STRING) != (found.kind == TOKEN_STRING))
            continue; /* a text is decoded between its quotes */
        found.kind = kinds[i];
        driver_feed(driver, found);
        driver_drop(driver);
        return true;
    }
    return false;
}

/* One token: fed, mended or skipped. False at the end of the input. */
static bool step(struct driver *driver)
{
    const struct token found = driver_token(driver);
    const uint16_t kind = found.kind;
    const parser_answer answer = parser_try(driver->parser, &kind, 1);
    if (answer == PARSER_ACCEPTS) {
        const enum repair_answer repair = driver_repair_early(driver, found);
        if (repair == REPAIR_REPORTED)
            recover(driver);
        if (repair != REPAIR_NONE)
            return true;
        driver_feed(driver, found);
        if (found.kind != TOKEN_END)
            driver_drop(driver);
        return found.kind != TOKEN_END;
    }
    if (answer == PARSER_TOO_DEEP)
        report_depth(driver, found);
    else if (found.flags & TOKEN_BROKEN) {
        if (feed_broken(driver, found))
            return true;
    } else if (!driver->parsing->muted && driver_repair(driver, found))
        return true;
    recover(driver);
    return true;
}

/* The lexer looks ahead and the bytes are checked first; people read from top to bottom. */
static void sort_diagnostics(compilation *compilation, uint32_t first)
{
    diagnostic *const items = compilation->diagnostics.items;
    for (uint32_t i = first + 1; i < compilation->diagnostics.count; i++) {
        const diagnostic moved = items[i];
        uint32_t to = i;
        for (; to > first && items[to - 1].range.start > moved.range.start; to--)
            items[to] = items[to - 1];
        items[to] = moved;
    }
}

ast_file *pass_parse(compilation *compilation, uint32_t source)
{
    arena *const arena = &compilation->arena;
    ast_file *const file = arena_allocate(arena, sizeof *file);
    file->source = source;
    const uint32_t errors = compilation->error_count, first = compilation->diagnostics.count;
    struct parsing parsing = {
        .compilation = compilation,
        .arena = arena,
        .file = file,
        .source = source,
        .bytes = compilation->sources.items[source].bytes,
        .length = compilation->sources.items[source].length,
    };
    if (parsing.length > LIMIT_SOURCE_BYTES) {
        diagnostic_report(compilation, E_FILE_TOO_LARGE, range_of(&parsing, 0, 0),
                          "the policy is larger than %u bytes", LIMIT_SOURCE_BYTES);
        file->has_errors = true;
        return file;
    }
    lexical_check_bytes(&parsing);
    struct driver driver = {.parsing = &parsing, .parser = arena_allocate(arena, parser_size())};
    lexer_begin(&driver.lexer, &parsing);
    parser_begin(driver.parser, &parsing);
    while (step(&driver))
        ;
    sort_diagnostics(compilation, first);
    file->has_errors = file->has_errors || compilation->error_count > errors;
    return file;
}
