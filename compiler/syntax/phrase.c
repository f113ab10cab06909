/*
 * phrase.c - what people write who guess: phrases of English and of other languages.
 *
 * A row says how a phrase is written here, in tokens. It applies only where what stands there is no
 * policy (the parser refuses the phrase with the token behind it) and what the row means is one
 * (the parser takes it with that token): so no row can change what a correct policy says, and rows
 * need few conditions of their own. A phrase is looked for before its first word is fed, because
 * the parser would take `is` for the beginning of `is TYPE` and complain about what follows.
 */
#include <string.h>

#include "compiler/syntax/driver.h"

enum { MOST_WORDS = 7, MOST_MEANT = 5, MOST_AHEAD = 2 };

struct phrase {
    const char *written;        /* words; `*` is any name */
    uint16_t meant[MOST_MEANT]; /* tokens up to a zero; NAME stands for what `*` found */
    uint16_t before;            /* the token in front of it; 0: any */
    uint16_t next;              /* the token behind it; 0: any */
    const char *say;            /* how it is written, where the tokens do not tell */
    const char *note;
    bool stop; /* what was meant cannot be put in the place of the phrase: only reported */
};

#define OPPOSITE "`is absent` and `is present` are each other's opposite"
#define SESSION                                                                                    \
    "what is counted is what happened in this session anyway, unless `across sessions` is written"

/* Of rows that begin alike the longer first. */
#define MEANS(text, ...)                                                                           \
    {                                                                                              \
        .written = (text), .meant = { __VA_ARGS__ }                                                \
    }
#define BEHIND(token, text, ...)                                                                   \
    {                                                                                              \
        .written = (text), .before = (token), .meant = { __VA_ARGS__ }                             \
    }
#define NEXT(token, text, ...)                                                                     \
    {                                                                                              \
        .written = (text), .next = (token), .meant = { __VA_ARGS__ }                               \
    }
#define NOTED(text, why, ...)                                                                      \
    {                                                                                              \
        .written = (text), .note = (why), .meant = { __VA_ARGS__ }                                 \
    }
#define SAID(text, how, why) {.written = (text), .say = (how), .note = (why), .stop = true}
#define ASK                  TOKEN_REQUIRE, TOKEN_APPROVAL, TOKEN_FROM, TOKEN_NAME

static const struct phrase phrases[] = {
    /* comparisons */
    MEANS("is greater than or equal to", TOKEN_GE),
    MEANS("is less than or equal to", TOKEN_LE),
    MEANS("greater than or equal to", TOKEN_GE),
    MEANS("less than or equal to", TOKEN_LE),
    MEANS("is greater than", TOKEN_GT),
    MEANS("is more than", TOKEN_GT),
    MEANS("is larger than", TOKEN_GT),
    MEANS("is less than", TOKEN_LT),
    MEANS("is smaller than", TOKEN_LT),
    MEANS("is fewer than", TOKEN_LT),
    MEANS("greater than", TOKEN_GT),
    MEANS("more than", TOKEN_GT),
    MEANS("less than", TOKEN_LT),
    MEANS("fewer than", TOKEN_LT),
    MEANS("is at least", TOKEN_GE),
    MEANS("is at most", TOKEN_LE),
    MEANS("at least", TOKEN_GE),
    MEANS("at most", TOKEN_LE),
    MEANS("is above", TOKEN_GT),
    MEANS("is over", TOKEN_GT),
    MEANS("is below", TOKEN_LT),
    MEANS("is under", TOKEN_LT),
    MEANS("exceeds", TOKEN_GT),
    MEANS("is not equal to", TOKEN_NE),
    MEANS("does not equal", TOKEN_NE),
    MEANS("is equal to", TOKEN_EQ),
    MEANS("equal to", TOKEN_EQ),
    MEANS("equals to", TOKEN_EQ),
    MEANS("is not one of", TOKEN_NOT, TOKEN_IN),
    MEANS("is not any of", TOKEN_NOT, TOKEN_IN),
    MEANS("is one of", TOKEN_IN),
    MEANS("is any of", TOKEN_IN),
    MEANS("is not in", TOKEN_NOT, TOKEN_IN),
    MEANS("is in", TOKEN_IN),
    MEANS("is not from", TOKEN_NOT, TOKEN_FROM),
    MEANS("is from", TOKEN_FROM),
    MEANS("comes from", TOKEN_FROM),
    MEANS("is not inside", TOKEN_NOT, TOKEN_INSIDE),
    MEANS("is inside", TOKEN_INSIDE),
    SAID("is between", "x >= … and x <= …", NULL),
    SAID("between", "x >= … and x <= …", NULL),
    SAID("is not empty", "length of … > 0", NULL),
    SAID("is not null", "is present", OPPOSITE),
    SAID("is not absent", "is present", OPPOSITE),
    SAID("is not present", "is absent", OPPOSITE),
    MEANS("is not", TOKEN_NE),
    NEXT(TOKEN_STRING, "is", TOKEN_EQ),
    NEXT(TOKEN_INT, "is", TOKEN_EQ),
    NEXT(TOKEN_DECIMAL, "is", TOKEN_EQ),
    NEXT(TOKEN_TRUE, "is", TOKEN_EQ),
    NEXT(TOKEN_FALSE, "is", TOKEN_EQ),
    SAID("does not contain", "not (… contains …)", NULL),
    SAID("not contains", "not (… contains …)", NULL),
    MEANS("contains any of", TOKEN_CONTAINS, TOKEN_ANY),
    MEANS("contains one of", TOKEN_CONTAINS, TOKEN_ANY),
    MEANS("includes", TOKEN_CONTAINS),
    NEXT(TOKEN_STRING, "has", TOKEN_CONTAINS),
    MEANS("begins with", TOKEN_STARTS, TOKEN_WITH),
    MEANS("startswith", TOKEN_STARTS, TOKEN_WITH),
    MEANS("endswith", TOKEN_ENDS, TOKEN_WITH),

    /* the past, and origins */
    {.written = "actions in session", .before = TOKEN_OF, .meant = {TOKEN_ACTION}, .note = SESSION},
    {.written = "actions in this session",
     .before = TOKEN_OF,
     .meant = {TOKEN_ACTION},
     .note = SESSION},
    {.written = "action in session", .before = TOKEN_OF, .meant = {TOKEN_ACTION}, .note = SESSION},
    {.written = "action in this session",
     .before = TOKEN_OF,
     .meant = {TOKEN_ACTION},
     .note = SESSION},
    BEHIND(TOKEN_OF, "actions", TOKEN_ACTION),
    BEHIND(TOKEN_OF, "results", TOKEN_RESULT),
    BEHIND(TOKEN_OF, "inputs", TOKEN_INPUT),
    BEHIND(TOKEN_OF, "outputs", TOKEN_OUTPUT),
    BEHIND(TOKEN_OF, "messages", TOKEN_MESSAGE),
    {.written = "input",
     .before = TOKEN_FROM,
     .meant = {TOKEN_OUTPUT}, /* a source that needs no name; the file has an error anyway */
     .say = "user",
     .note = "what the user wrote is the origin `user`"},
    BEHIND(TOKEN_FROM, "tool *", TOKEN_RESULT, TOKEN_OF, TOKEN_NAME),
    MEANS("result *", TOKEN_RESULT, TOKEN_OF, TOKEN_NAME),
    MEANS("message *", TOKEN_MESSAGE, TOKEN_OF, TOKEN_NAME),
    {.written = "result", .before = TOKEN_FROM, .say = "result of TOOL", .stop = true},

    /* clauses and effects */
    {.written = "in shadow", .say = "rule NAME on STAGE in shadow …"}, /* no edit: it would bite */
    MEANS("for", TOKEN_WITHIN),
    MEANS("require * approval", ASK),
    MEANS("ask * for approval", ASK),
    {.written = "ask for approval",
     .before = TOKEN_THEN,
     .say = "require approval from NAME",
     .stop = true},
    MEANS("ask *", ASK),
    {.written = "ask", .before = TOKEN_THEN, .say = "require approval from NAME", .stop = true},
    {.written = "approve", .before = TOKEN_THEN, .say = "require approval from NAME", .stop = true},
    MEANS("escalate *", TOKEN_ESCALATE, TOKEN_TO, TOKEN_NAME),

    /* tests */
    BEHIND(TOKEN_EXPECT, "allow", TOKEN_PERMIT),
    BEHIND(TOKEN_EXPECT, "allowed", TOKEN_PERMIT),
    BEHIND(TOKEN_EXPECT, "approve", TOKEN_PERMIT),
    BEHIND(TOKEN_EXPECT, "accept", TOKEN_PERMIT),
    BEHIND(TOKEN_EXPECT, "pass", TOKEN_PERMIT),
    BEHIND(TOKEN_EXPECT, "ok", TOKEN_PERMIT),
    BEHIND(TOKEN_EXPECT, "block", TOKEN_DENY),
    BEHIND(TOKEN_EXPECT, "blocked", TOKEN_DENY),
    BEHIND(TOKEN_EXPECT, "reject", TOKEN_DENY),
    BEHIND(TOKEN_EXPECT, "rejected", TOKEN_DENY),
    BEHIND(TOKEN_EXPECT, "forbid", TOKEN_DENY),
    BEHIND(TOKEN_EXPECT, "ask", TOKEN_REQUIRE, TOKEN_APPROVAL),
    BEHIND(TOKEN_EXPECT, "approval from *", TOKEN_REQUIRE, TOKEN_APPROVAL),
    BEHIND(TOKEN_EXPECT, "approval", TOKEN_REQUIRE, TOKEN_APPROVAL),
    NEXT(TOKEN_STRING, "user", TOKEN_INPUT),
    NEXT(TOKEN_STRING, "assistant", TOKEN_OUTPUT),
    NEXT(TOKEN_LEFT_BRACE, "tool *", TOKEN_ACTION, TOKEN_NAME),
    NEXT(TOKEN_LEFT_BRACE, "call *", TOKEN_ACTION, TOKEN_NAME),
};

/* Windows of a history: only where one may stand. */
static const struct phrase windows[] = {
    NOTED("in this session", SESSION, 0),     NOTED("in the session", SESSION, 0),
    NOTED("in session", SESSION, 0),          NOTED("within this session", SESSION, 0),
    NOTED("within the session", SESSION, 0),  NOTED("within session", SESSION, 0),
    MEANS("within the last", TOKEN_WITHIN),   MEANS("in the last", TOKEN_WITHIN),
    MEANS("in the past", TOKEN_WITHIN),       MEANS("in last", TOKEN_WITHIN),
    NEXT(TOKEN_DURATION, "in", TOKEN_WITHIN), NEXT(TOKEN_INT, "in", TOKEN_WITHIN),
};

struct sighting {
    const struct phrase *phrase;
    uint32_t words;
    struct token first, last, name; /* name: what `*` found */
};

/* Whether the words of the row stand in hand. */
static bool stands(struct driver *driver, const struct phrase *phrase, struct token found,
                   struct sighting *out)
{
    *out = (struct sighting){.phrase = phrase, .first = found};
    const char *const bytes = driver->parsing->bytes;
    for (const char *word = phrase->written;; out->words++) {
        const size_t length = strcspn(word, " ");
        const struct token token = out->words == 0 ? found : driver_look(driver, out->words);
        if (token.kind != TOKEN_NAME && !token_is_word(token.kind))
            return false;
        if (*word == '*')
            out->name = token;
        else if (token.end - token.start != length ||
                 memcmp(bytes + token.start, word, length) != 0)
            return false;
        out->last = token;
        if (word[length] == '\0')
            break;
        word += length + 1;
    }
    out->words++;
    return !out->name.kind || !(out->name.flags & TOKEN_FIRST);
}

/* Would the parser take these kinds and then `ahead` tokens from the one numbered `from`? A whole
 * number passes for a duration: the unit in words behind it is a mistake of its own. */
static bool takes(struct driver *driver, const uint16_t *kinds, uint32_t count, uint32_t from,
                  uint32_t ahead, bool lenient)
{
    uint16_t all[MOST_WORDS + MOST_AHEAD];
    memcpy(all, kinds, count * sizeof *kinds);
    for (uint32_t i = 0; i < ahead; i++) {
        all[count++] = driver_look(driver, from + i).kind;
        if (lenient && all[count - 1] == TOKEN_INT &&
            parser_try(driver->parser, all, count) != PARSER_ACCEPTS) {
            all[count - 1] = TOKEN_DURATION;
            return parser_try(driver->parser, all, count) == PARSER_ACCEPTS;
        }
    }
    return parser_try(driver->parser, all, count) == PARSER_ACCEPTS;
}

/* What stands there is refused at the latest at the second token behind it, up to which what is
 * meant would be taken. */
static bool applies(struct driver *driver, const struct sighting *sighting)
{
    const struct phrase *const phrase = sighting->phrase;
    if (phrase->next && phrase->next != driver_look(driver, sighting->words).kind)
        return false;
    uint16_t written[MOST_WORDS];
    uint32_t meant = 0;
    for (uint32_t i = 0; i < sighting->words; i++)
        written[i] = i == 0 ? sighting->first.kind : driver_look(driver, i).kind;
    while (meant < MOST_MEANT && phrase->meant[meant])
        meant++;
    for (uint32_t ahead = 1; ahead <= MOST_AHEAD; ahead++) {
        if (!phrase->stop && !takes(driver, phrase->meant, meant, sighting->words, ahead, true))
            return false;
        if (!takes(driver, written, sighting->words, sighting->words, ahead, false))
            return true;
        if (driver_look(driver, sighting->words + ahead - 1).kind == TOKEN_END)
            break;
    }
    return false;
}

static const char *how_written(const struct parsing *parsing, const struct sighting *sighting)
{
    const struct phrase *const phrase = sighting->phrase;
    if (phrase->say != NULL)
        return phrase->say;
    const char *text = "";
    for (uint32_t i = 0; i < MOST_MEANT && phrase->meant[i]; i++) {
        const char *const word =
            phrase->meant[i] == TOKEN_NAME
                ? arena_copy(parsing->arena, parsing->bytes + sighting->name.start,
                             sighting->name.end - sighting->name.start)
                : token_text(phrase->meant[i]);
        text = arena_format(parsing->arena, "%s%s%s", text, i == 0 ? "" : " ", word);
    }
    return text;
}

static void say(struct driver *driver, const struct sighting *sighting)
{
    struct parsing *const parsing = driver->parsing;
    const struct phrase *const phrase = sighting->phrase;
    const source_range range = range_of(parsing, sighting->first.start, sighting->last.end);
    const char *const text = short_excerpt(parsing, range);
    const char *const written = how_written(parsing, sighting);
    if (*written == '\0') {
        diagnostic *const report = diagnostic_report(parsing->compilation, E_FOREIGN_WORD, range,
                                                     "`%s` does not stand here", text);
        diagnostic_note_text(parsing->compilation, report, "%s", phrase->note);
        diagnostic_mend(parsing->compilation, report, range, "", "leave `%s` out", text);
        return;
    }
    diagnostic *const report = diagnostic_report(parsing->compilation, E_FOREIGN_WORD, range,
                                                 "`%s` is written `%s` here", text, written);
    if (phrase->note != NULL)
        diagnostic_note_text(parsing->compilation, report, "%s", phrase->note);
    const bool pattern = strstr(written, "…") != NULL || strstr(written, "NAME") != NULL ||
                         strstr(written, "TOOL") != NULL;
    diagnostic_mend(parsing->compilation, report, range, pattern ? NULL : written, "write `%s`",
                    written);
}

static void feed_meant(struct driver *driver, const struct sighting *sighting)
{
    const struct phrase *const phrase = sighting->phrase;
    for (uint32_t i = 0; i < sighting->words; i++)
        driver_drop(driver);
    for (uint32_t i = 0; i < MOST_MEANT && phrase->meant[i]; i++) {
        struct token token = phrase->meant[i] == TOKEN_NAME ? sighting->name : sighting->first;
        token.kind = phrase->meant[i];
        token.flags &= (uint16_t)~TOKEN_FIRST;
        driver_feed(driver, token);
    }
    driver->parsing->end = sighting->last.end;
}

static enum repair_answer try_rows(struct driver *driver, struct token found,
                                   const struct phrase *rows, size_t count)
{
    const char first = driver->parsing->bytes[found.start];
    for (size_t i = 0; i < count; i++) {
        struct sighting sighting;
        if (rows[i].written[0] != first ||
            (rows[i].before && rows[i].before != driver->before.kind) ||
            !stands(driver, &rows[i], found, &sighting) || !applies(driver, &sighting))
            continue;
        say(driver, &sighting);
        if (rows[i].stop)
            return REPAIR_REPORTED;
        feed_meant(driver, &sighting);
        return REPAIR_MENDED;
    }
    return REPAIR_NONE;
}

enum repair_answer driver_repair_phrase(struct driver *driver, struct token found)
{
    if (found.kind != TOKEN_NAME && !token_is_word(found.kind))
        return REPAIR_NONE;
    if (found.kind == TOKEN_IN || found.kind == TOKEN_WITHIN) {
        if (parser_expects(driver->parser, TOKEN_ACROSS)) {
            const enum repair_answer answer =
                try_rows(driver, found, windows, sizeof windows / sizeof *windows);
            if (answer != REPAIR_NONE)
                return answer;
        }
    }
    return try_rows(driver, found, phrases, sizeof phrases / sizeof *phrases);
}
