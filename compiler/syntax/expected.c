/*
 * expected.c - "expected `then`, found `deny`": what may follow, in the words of a policy's author.
 *
 * The parser is asked for each kind of token whether it may stand here. What comes back is long:
 * behind a value alone thirty tokens can follow. So tokens are gathered under the name that the
 * language's document has for them (an effect, a condition, a declaration), and what can nearly
 * always follow (operators, a dot) is named only where nothing else can. Then a few notes for
 * mistakes that many people make.
 */
#include <string.h>

#include "compiler/syntax/syntax.h"

#define KINDS_MOST        256 /* of the generated parser: its codes are bytes */
#define ALTERNATIVES_MOST 8u

struct expectation {
    bool may[KINDS_MOST];
    const char *items[ALTERNATIVES_MOST];
    uint32_t count;
};

static void say(struct expectation *expectation, const char *phrase)
{
    if (expectation->count < ALTERNATIVES_MOST)
        expectation->items[expectation->count++] = phrase;
}

/* Takes a whole group out, so that its members are not named one by one. */
static void forget_group(struct expectation *expectation, token_group group)
{
    for (uint16_t kind = 1; kind < KINDS_MOST; kind++)
        if (expectation->may[kind] && token_group_of(kind) == group)
            expectation->may[kind] = false;
}

static void forget(struct expectation *expectation, const uint16_t *kinds)
{
    for (; *kinds; kinds++)
        expectation->may[*kinds] = false;
}

static const uint16_t value_starts[] = {
    TOKEN_NAME,       TOKEN_STRING,     TOKEN_REGEX,        TOKEN_INT,   TOKEN_DECIMAL,
    TOKEN_FLOAT,      TOKEN_DURATION,   TOKEN_TRUE,         TOKEN_FALSE, TOKEN_THIS,
    TOKEN_LEFT_PAREN, TOKEN_LEFT_BRACE, TOKEN_LEFT_BRACKET, TOKEN_MINUS, 0};
static const uint16_t comparison_marks[] = {TOKEN_EQ, TOKEN_NE, TOKEN_LT,  TOKEN_LE,
                                            TOKEN_GT, TOKEN_GE, TOKEN_NOT, 0};
/* What nearly always may follow. */
static const uint16_t continuations[] = {TOKEN_PLUS,
                                         TOKEN_MINUS,
                                         TOKEN_STAR,
                                         TOKEN_DOT,
                                         TOKEN_FOLDED,
                                         TOKEN_DECODED,
                                         TOKEN_OF,
                                         TOKEN_OVER,
                                         TOKEN_DOWN,
                                         TOKEN_FOLLOWED,
                                         TOKEN_LEFT_PAREN,
                                         TOKEN_SINCE,
                                         TOKEN_ACROSS,
                                         TOKEN_WITHIN,
                                         TOKEN_WITH,
                                         TOKEN_TAGGED,
                                         0};

/* What a name is for, where the word before it tells. */
static const char *name_phrase(uint16_t before, const struct expectation *expectation)
{
    switch (before) {
    case TOKEN_ACTION:
    case TOKEN_RESULT:
    case TOKEN_TOOL: return "a tool";
    case TOKEN_UNDER: return "the name of a principle";
    case TOKEN_TAGGED: return "a tag";
    case TOKEN_IS: return "`present`, `absent` or a type";
    case TOKEN_COLON:
    case TOKEN_RETURNS:
    case TOKEN_LT: return "a type";
    case TOKEN_FROM: return "a name";
    case TOKEN_LABEL:
    case TOKEN_HAS: return "a label";
    default: return expectation->may[TOKEN_STRING] ? "a name or a quoted text" : "a name";
    }
}

/* Phrases for what begins something. */
static void say_beginnings(struct expectation *expectation, uint16_t before)
{
    bool *const may = expectation->may;
    const bool json = may[TOKEN_LEFT_BRACKET];
    if (may[TOKEN_TRUE] && may[TOKEN_NAME]) {
        const bool condition = may[TOKEN_EARLIER];
        say(expectation, json ? "a value as in JSON" : condition ? "a condition" : "a value");
        forget(expectation, value_starts);
        if (condition)
            forget_group(expectation, GROUP_CONDITION);
    } else if (may[TOKEN_NAME]) {
        say(expectation, name_phrase(before, expectation));
        may[TOKEN_NAME] = may[TOKEN_STRING] = may[TOKEN_THIS] = false;
    }
    if (may[TOKEN_GIVEN] && may[TOKEN_EXPECT]) {
        say(expectation, "a step of the test");
        forget_group(expectation, GROUP_STEP);
        forget_group(expectation, GROUP_STAGE);
    }
    if (may[TOKEN_INPUT] && may[TOKEN_MESSAGE]) {
        say(expectation, "a stage (`input`, `output`, `action`, `result`, `message`)");
        forget_group(expectation, GROUP_STAGE);
    }
    if (may[TOKEN_DENY] && may[TOKEN_HALT]) {
        say(expectation, "an effect (`deny`, `refuse`, `require approval`, `redact`, `flag` …)");
        forget_group(expectation, GROUP_EFFECT);
        may[TOKEN_PERMIT] = false;
    }
}

/* The order in which tokens are named: first what closes or goes on with a declaration, in the
 * order of its clauses. */
static const uint16_t order[] = {TOKEN_ASSIGN,      TOKEN_COLON,       TOKEN_LEFT_BRACE,
                                 TOKEN_RIGHT_PAREN, TOKEN_RIGHT_BRACE, TOKEN_RIGHT_BRACKET,
                                 TOKEN_ON,          TOKEN_UNDER,       TOKEN_WAIVABLE,
                                 TOKEN_UNTIL,       TOKEN_WHEN,        TOKEN_UNLESS,
                                 TOKEN_THEN,        TOKEN_BECAUSE,     TOKEN_COMMA,
                                 TOKEN_AND,         TOKEN_OR,          0};

static void say_kind(struct expectation *expectation, struct parsing *parsing, uint16_t kind)
{
    if (!expectation->may[kind])
        return;
    const char *const text = token_text(kind);
    const bool literal = strchr(text, ' ') != NULL; /* LITERAL rows are phrases already */
    say(expectation, literal ? text : arena_format(parsing->arena, "`%s`", text));
    expectation->may[kind] = false;
}

static void say_rest(struct expectation *expectation, struct parsing *parsing)
{
    for (const uint16_t *kind = order; *kind; kind++)
        say_kind(expectation, parsing, *kind);
    for (uint16_t kind = 1; kind < parser_token_count(); kind++)
        say_kind(expectation, parsing, kind);
}

static void collect(struct expectation *expectation, struct parsing *parsing, const void *parser,
                    uint16_t before)
{
    bool *const may = expectation->may;
    for (uint16_t kind = 1; kind < parser_token_count(); kind++)
        may[kind] = parser_expects(parser, kind);
    may[TOKEN_SKIPPED] = may[TOKEN_SKIPPED_STEP] = false;
    const bool declaration = may[TOKEN_RULE] && may[TOKEN_TOOL];
    const bool comparison = may[TOKEN_EQ] && may[TOKEN_CONTAINS];
    if (declaration)
        forget_group(expectation, GROUP_DECLARATION);
    if (comparison) {
        forget_group(expectation, GROUP_COMPARISON);
        forget(expectation, comparison_marks);
    }
    if (may[TOKEN_IN] && !comparison && may[TOKEN_THEN])
        may[TOKEN_IN] = false; /* `in shadow` is rarely what is missing */
    if ((before == TOKEN_INPUT || before == TOKEN_OUTPUT || before == TOKEN_MESSAGE) &&
        may[TOKEN_TAGGED])
        may[TOKEN_NAME] = may[TOKEN_STRING] = false; /* these stages have no tools */
    say_beginnings(expectation, before);
    bool usual[KINDS_MOST] = {false};
    for (const uint16_t *kind = continuations; *kind; kind++) {
        usual[*kind] = may[*kind];
        may[*kind] = false;
    }
    say_rest(expectation, parsing);
    if (comparison)
        say(expectation, "a comparison");
    if (declaration)
        say(expectation, "the next declaration");
    if (expectation->count == 0) {
        memcpy(may, usual, sizeof usual);
        say_rest(expectation, parsing);
    }
}

static const char *enumerate(const struct expectation *expectation, struct parsing *parsing)
{
    const char *list = expectation->count ? expectation->items[0] : "something else";
    for (uint32_t i = 1; i < expectation->count; i++)
        list = arena_format(parsing->arena, "%s%s%s", list,
                            i + 1 == expectation->count ? " or " : ", ", expectation->items[i]);
    return list;
}

static const char *describe(struct parsing *parsing, struct token found)
{
    switch (found.kind) {
    case TOKEN_END: return "the end of the file";
    case TOKEN_STRING: return "a quoted text";
    case TOKEN_REGEX: return "a pattern";
    default:
        return arena_format(parsing->arena, "`%s`",
                            short_excerpt(parsing, range_of(parsing, found.start, found.end)));
    }
}

uint16_t expected_misspelt(struct parsing *parsing, const void *parser, struct token found)
{
    if (found.kind != TOKEN_NAME && !token_is_word(found.kind))
        return 0;
    const char *texts[KINDS_MOST];
    uint16_t kinds[KINDS_MOST];
    uint32_t count = 0;
    for (uint16_t kind = 1; kind < parser_token_count(); kind++) {
        if (!token_is_word(kind) || !parser_expects(parser, kind))
            continue;
        kinds[count] = kind;
        texts[count++] = token_text(kind);
    }
    const char *const word =
        arena_copy(parsing->arena, parsing->bytes + found.start, found.end - found.start);
    const char *const nearest = diagnostic_nearest(word, texts, count);
    for (uint32_t i = 0; i < count; i++)
        if (texts[i] == nearest)
            return kinds[i];
    return 0;
}

static bool is_clause(uint16_t kind)
{
    return kind == TOKEN_ON || kind == TOKEN_UNDER || kind == TOKEN_WAIVABLE ||
           kind == TOKEN_WHEN || kind == TOKEN_UNLESS || kind == TOKEN_THEN ||
           kind == TOKEN_BECAUSE;
}

/* One note for what people often do. */
static void add_note(struct parsing *parsing, const void *parser, diagnostic *report,
                     struct token before, struct token found)
{
    compilation *const compilation = parsing->compilation;
    const token_group group = token_group_of(before.kind);
    if (before.kind == TOKEN_IS && found.kind == TOKEN_NOT)
        diagnostic_note_text(
            compilation, report,
            "`is absent` is the opposite of `is present`; otherwise write `not (x is …)`");
    else if (parser_expects(parser, TOKEN_HALT) &&
             (found.kind == TOKEN_ALLOW || found.kind == TOKEN_PERMIT))
        diagnostic_note_text(compilation, report,
                             "a rule only restricts; what is allowed is said with `permit NAME on "
                             "…` under a `default … deny`");
    else if ((found.kind == TOKEN_LEFT_BRACE || found.kind == TOKEN_LEFT_BRACKET) &&
             found.start == 0)
        diagnostic_note_text(
            compilation, report,
            "this looks like JSON; events stand behind the policy: `constc run POLICY EVENTS`");
    else if (found.kind == TOKEN_LEFT_BRACKET && parser_expects(parser, TOKEN_LEFT_BRACE))
        diagnostic_note_text(compilation, report, "a set is written { \"a\", \"b\" }");
    else if (parser_expects(parser, TOKEN_TRUE) && !parser_expects(parser, TOKEN_NOT) &&
             (token_group_of(found.kind) == GROUP_CONDITION || found.kind == TOKEN_NOT))
        diagnostic_note_text(compilation, report,
                             "a condition in the place of a value needs parentheses around it");
    else if ((group == GROUP_DECLARATION || group == GROUP_STEP) && !(before.flags & TOKEN_FIRST))
        diagnostic_note_at(compilation, report, range_of(parsing, before.start, before.end),
                           "`%s` is a keyword here; a tool of that name is written \"%s\"",
                           token_text(before.kind), token_text(before.kind));
    else if (before.kind == TOKEN_RIGHT_BRACE && parser_expects(parser, TOKEN_VALUE) &&
             parser_expects(parser, TOKEN_STRING))
        diagnostic_note_text(compilation, report,
                             "arguments stand first, then what the tool answered: `result TOOL { … "
                             "} value { … }`, or "
                             "`result TOOL { … } \"text\"`");
    else if (found.kind == TOKEN_STRING && parser_expects(parser, TOKEN_NAME))
        diagnostic_note_text(compilation, report, "names stand without quotes here");
    else if (found.kind == TOKEN_NAME && parser_expects(parser, TOKEN_STRING) &&
             !parser_expects(parser, TOKEN_NAME))
        diagnostic_note_text(compilation, report, "texts stand in double quotes");
    else if (is_clause(found.kind) && token_group_of(before.kind) != GROUP_DECLARATION)
        diagnostic_note_text(compilation, report,
                             "the clauses of a rule stand in this order: on, under, in shadow, "
                             "waivable, when, unless, "
                             "then, and label, because");
}

/* An operator of another language where its word cannot stand either: the report of the lexer
 * becomes this one. */
static bool foreign_report(struct parsing *parsing, struct token found)
{
    compilation *const compilation = parsing->compilation;
    const source_range range = range_of(parsing, found.start, found.end);
    for (uint32_t i = compilation->diagnostics.count; i-- > 0;) {
        diagnostic *const one = &compilation->diagnostics.items[i];
        if (one->code != E_FOREIGN_OPERATOR || one->range.file != range.file ||
            one->range.start != range.start)
            continue;
        one->code = E_UNEXPECTED;
        one->message = arena_format(parsing->arena, "`%.*s` cannot stand here",
                                    (int)(found.end - found.start), parsing->bytes + found.start);
        one->mend = NULL;
        one->has_edit = false;
        if (found.kind == TOKEN_OR)
            diagnostic_note_text(
                compilation, one,
                "a type that is one of several names is declared as `enum NAME { a, b }`");
        return true;
    }
    return false;
}

uint16_t expected_report(struct parsing *parsing, const void *parser, struct token before,
                         struct token found)
{
    if (!diagnostic_is_kept(parsing->compilation, DIAGNOSTIC_ERROR)) {
        diagnostic_report(parsing->compilation, E_UNEXPECTED,
                          range_of(parsing, found.start, found.end), "not kept");
        return 0;
    }
    if (foreign_report(parsing, found))
        return 0;
    struct expectation expectation = {.count = 0};
    collect(&expectation, parsing, parser, before.kind);
    const uint16_t meant = expected_misspelt(parsing, parser, found);
    const source_range range = range_of(parsing, found.start, found.end);
    diagnostic *const report =
        diagnostic_report(parsing->compilation, E_UNEXPECTED, range, "expected %s, found %s",
                          enumerate(&expectation, parsing), describe(parsing, found));
    if (meant) {
        diagnostic_label(parsing->compilation, report, "did you mean `%s`?", token_text(meant));
        diagnostic_mend(parsing->compilation, report, range, token_text(meant), "write `%s`",
                        token_text(meant));
    } else {
        add_note(parsing, parser, report, before, found);
    }
    return meant;
}
