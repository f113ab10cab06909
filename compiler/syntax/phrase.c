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

enum { MOST_WORDS = 7, MOST_MEANT = 5 };

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
#define SHADOW   "it stands behind the stages: `rule NAME on STAGE in shadow …`"
#define SESSION                                                                                    \
    "what is counted is what happened in this session anyway, unless `across sessions` is written"

/* Of rows that begin alike the longer first. */
static const struct phrase phrases[] = {
    {"is greater than or equal to", {TOKEN_GE}, 0, 0, NULL, NULL, false},
    {"is less than or equal to", {TOKEN_LE}, 0, 0, NULL, NULL, false},
    {"greater than or equal to", {TOKEN_GE}, 0, 0, NULL, NULL, false},
    {"less than or equal to", {TOKEN_LE}, 0, 0, NULL, NULL, false},
    {"is greater than", {TOKEN_GT}, 0, 0, NULL, NULL, false},
    {"is more than", {TOKEN_GT}, 0, 0, NULL, NULL, false},
    {"is larger than", {TOKEN_GT}, 0, 0, NULL, NULL, false},
    {"is less than", {TOKEN_LT}, 0, 0, NULL, NULL, false},
    {"is smaller than", {TOKEN_LT}, 0, 0, NULL, NULL, false},
    {"is fewer than", {TOKEN_LT}, 0, 0, NULL, NULL, false},
    {"greater than", {TOKEN_GT}, 0, 0, NULL, NULL, false},
    {"more than", {TOKEN_GT}, 0, 0, NULL, NULL, false},
    {"less than", {TOKEN_LT}, 0, 0, NULL, NULL, false},
    {"fewer than", {TOKEN_LT}, 0, 0, NULL, NULL, false},
    {"is at least", {TOKEN_GE}, 0, 0, NULL, NULL, false},
    {"is at most", {TOKEN_LE}, 0, 0, NULL, NULL, false},
    {"at least", {TOKEN_GE}, 0, 0, NULL, NULL, false},
    {"at most", {TOKEN_LE}, 0, 0, NULL, NULL, false},
    {"is above", {TOKEN_GT}, 0, 0, NULL, NULL, false},
    {"is over", {TOKEN_GT}, 0, 0, NULL, NULL, false},
    {"is below", {TOKEN_LT}, 0, 0, NULL, NULL, false},
    {"is under", {TOKEN_LT}, 0, 0, NULL, NULL, false},
    {"exceeds", {TOKEN_GT}, 0, 0, NULL, NULL, false},
    {"is not equal to", {TOKEN_NE}, 0, 0, NULL, NULL, false},
    {"does not equal", {TOKEN_NE}, 0, 0, NULL, NULL, false},
    {"is equal to", {TOKEN_EQ}, 0, 0, NULL, NULL, false},
    {"equal to", {TOKEN_EQ}, 0, 0, NULL, NULL, false},
    {"equals to", {TOKEN_EQ}, 0, 0, NULL, NULL, false},
    {"is not one of", {TOKEN_NOT, TOKEN_IN}, 0, 0, NULL, NULL, false},
    {"is not any of", {TOKEN_NOT, TOKEN_IN}, 0, 0, NULL, NULL, false},
    {"is one of", {TOKEN_IN}, 0, 0, NULL, NULL, false},
    {"is any of", {TOKEN_IN}, 0, 0, NULL, NULL, false},
    {"is not in", {TOKEN_NOT, TOKEN_IN}, 0, 0, NULL, NULL, false},
    {"is in", {TOKEN_IN}, 0, 0, NULL, NULL, false},
    {"is not from", {TOKEN_NOT, TOKEN_FROM}, 0, 0, NULL, NULL, false},
    {"is from", {TOKEN_FROM}, 0, 0, NULL, NULL, false},
    {"comes from", {TOKEN_FROM}, 0, 0, NULL, NULL, false},
    {"is not inside", {TOKEN_NOT, TOKEN_INSIDE}, 0, 0, NULL, NULL, false},
    {"is inside", {TOKEN_INSIDE}, 0, 0, NULL, NULL, false},
    {"is not empty", {0}, 0, 0, "length of … > 0", NULL, true},
    {"is not null", {0}, 0, 0, "is present", OPPOSITE, true},
    {"is not absent", {0}, 0, 0, "is present", OPPOSITE, true},
    {"is not present", {0}, 0, 0, "is absent", OPPOSITE, true},
    {"is not", {TOKEN_NE}, 0, 0, NULL, NULL, false},
    {"is", {TOKEN_EQ}, 0, TOKEN_STRING, NULL, NULL, false},
    {"is", {TOKEN_EQ}, 0, TOKEN_INT, NULL, NULL, false},
    {"is", {TOKEN_EQ}, 0, TOKEN_DECIMAL, NULL, NULL, false},
    {"is", {TOKEN_EQ}, 0, TOKEN_TRUE, NULL, NULL, false},
    {"is", {TOKEN_EQ}, 0, TOKEN_FALSE, NULL, NULL, false},
    {"does not contain", {0}, 0, 0, "not (… contains …)", NULL, true},
    {"not contains", {0}, 0, 0, "not (… contains …)", NULL, true},
    {"contains any of", {TOKEN_CONTAINS, TOKEN_ANY}, 0, 0, NULL, NULL, false},
    {"contains one of", {TOKEN_CONTAINS, TOKEN_ANY}, 0, 0, NULL, NULL, false},
    {"includes", {TOKEN_CONTAINS}, 0, 0, NULL, NULL, false},
    {"has", {TOKEN_CONTAINS}, 0, TOKEN_STRING, NULL, NULL, false},
    {"begins with", {TOKEN_STARTS, TOKEN_WITH}, 0, 0, NULL, NULL, false},
    {"startswith", {TOKEN_STARTS, TOKEN_WITH}, 0, 0, NULL, NULL, false},
    {"endswith", {TOKEN_ENDS, TOKEN_WITH}, 0, 0, NULL, NULL, false},

    {"actions in session", {TOKEN_ACTION}, TOKEN_OF, 0, NULL, SESSION, false},
    {"actions in this session", {TOKEN_ACTION}, TOKEN_OF, 0, NULL, SESSION, false},
    {"action in session", {TOKEN_ACTION}, TOKEN_OF, 0, NULL, SESSION, false},
    {"action in this session", {TOKEN_ACTION}, TOKEN_OF, 0, NULL, SESSION, false},
    {"actions", {TOKEN_ACTION}, TOKEN_OF, 0, NULL, NULL, false},
    {"results", {TOKEN_RESULT}, TOKEN_OF, 0, NULL, NULL, false},
    {"inputs", {TOKEN_INPUT}, TOKEN_OF, 0, NULL, NULL, false},
    {"outputs", {TOKEN_OUTPUT}, TOKEN_OF, 0, NULL, NULL, false},
    {"messages", {TOKEN_MESSAGE}, TOKEN_OF, 0, NULL, NULL, false},
    {"input",
     {TOKEN_OUTPUT},
     TOKEN_FROM,
     0,
     "user",
     "what the user wrote is the origin `user`",
     false},
    {"tool *", {TOKEN_RESULT, TOKEN_OF, TOKEN_NAME}, TOKEN_FROM, 0, NULL, NULL, false},
    {"result *", {TOKEN_RESULT, TOKEN_OF, TOKEN_NAME}, 0, 0, NULL, NULL, false},
    {"message *", {TOKEN_MESSAGE, TOKEN_OF, TOKEN_NAME}, 0, 0, NULL, NULL, false},

    {"in shadow", {0}, 0, 0, NULL, SHADOW, false},
    {"for", {TOKEN_WITHIN}, 0, TOKEN_DURATION, NULL, NULL, false},
    {"require * approval",
     {TOKEN_REQUIRE, TOKEN_APPROVAL, TOKEN_FROM, TOKEN_NAME},
     0,
     0,
     NULL,
     NULL,
     false},
    {"ask for approval", {0}, TOKEN_THEN, 0, "require approval from NAME", NULL, true},
    {"ask * for approval",
     {TOKEN_REQUIRE, TOKEN_APPROVAL, TOKEN_FROM, TOKEN_NAME},
     0,
     0,
     NULL,
     NULL,
     false},
    {"ask *", {TOKEN_REQUIRE, TOKEN_APPROVAL, TOKEN_FROM, TOKEN_NAME}, 0, 0, NULL, NULL, false},
    {"ask", {0}, TOKEN_THEN, 0, "require approval from NAME", NULL, true},
    {"approve", {0}, TOKEN_THEN, 0, "require approval from NAME", NULL, true},
    {"escalate *", {TOKEN_ESCALATE, TOKEN_TO, TOKEN_NAME}, 0, 0, NULL, NULL, false},

    {"allow", {TOKEN_PERMIT}, TOKEN_EXPECT, 0, NULL, NULL, false},
    {"allowed", {TOKEN_PERMIT}, TOKEN_EXPECT, 0, NULL, NULL, false},
    {"approve", {TOKEN_PERMIT}, TOKEN_EXPECT, 0, NULL, NULL, false},
    {"accept", {TOKEN_PERMIT}, TOKEN_EXPECT, 0, NULL, NULL, false},
    {"pass", {TOKEN_PERMIT}, TOKEN_EXPECT, 0, NULL, NULL, false},
    {"ok", {TOKEN_PERMIT}, TOKEN_EXPECT, 0, NULL, NULL, false},
    {"block", {TOKEN_DENY}, TOKEN_EXPECT, 0, NULL, NULL, false},
    {"blocked", {TOKEN_DENY}, TOKEN_EXPECT, 0, NULL, NULL, false},
    {"reject", {TOKEN_DENY}, TOKEN_EXPECT, 0, NULL, NULL, false},
    {"forbid", {TOKEN_DENY}, TOKEN_EXPECT, 0, NULL, NULL, false},
    {"ask", {TOKEN_REQUIRE, TOKEN_APPROVAL}, TOKEN_EXPECT, 0, NULL, NULL, false},
    {"approval", {TOKEN_REQUIRE, TOKEN_APPROVAL}, TOKEN_EXPECT, 0, NULL, NULL, false},
};

/* The same for the window of a history, which says nothing of a session: only where one may stand.
 */
static const struct phrase windows[] = {
    {"in this session", {0}, 0, 0, NULL, SESSION, false},
    {"in the session", {0}, 0, 0, NULL, SESSION, false},
    {"in session", {0}, 0, 0, NULL, SESSION, false},
    {"within this session", {0}, 0, 0, NULL, SESSION, false},
    {"within the session", {0}, 0, 0, NULL, SESSION, false},
    {"within session", {0}, 0, 0, NULL, SESSION, false},
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

/* What stands there is refused, what is meant would be taken. */
static bool applies(struct driver *driver, const struct sighting *sighting)
{
    const struct phrase *const phrase = sighting->phrase;
    uint16_t kinds[MOST_WORDS + 1];
    uint32_t count = 0;
    const uint16_t next = driver_look(driver, sighting->words).kind;
    if (phrase->next && phrase->next != next)
        return false;
    kinds[count++] = sighting->first.kind;
    while (count < sighting->words) {
        kinds[count] = driver_look(driver, count).kind;
        count++;
    }
    kinds[count++] = next;
    if (parser_try(driver->parser, kinds, count) != PARSER_REFUSES)
        return false;
    if (phrase->stop)
        return true;
    for (count = 0; count < MOST_MEANT && phrase->meant[count]; count++)
        kinds[count] = phrase->meant[count];
    kinds[count++] = next;
    return parser_try(driver->parser, kinds, count) == PARSER_ACCEPTS;
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
    const bool exact = !phrase->stop || strstr(written, "…") == NULL;
    diagnostic_mend(parsing->compilation, report, range,
                    exact && strstr(written, "NAME") == NULL ? written : NULL, "write `%s`",
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
