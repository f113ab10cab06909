/*
 * scripts.c - the little languages of sed and awk, as far as they reach outside.
 *
 * Most sed and awk scripts only change text. Those that could run a program or open a file make
 * that fact undecided; a script that is not understood makes all of them so.
 */
#include <string.h>

#include "runtime/command/shell.h"

/* ---- sed ------------------------------------------------------------------------------------- */

typedef struct reader {
    const char *text;
    uint32_t length, at;
} reader;

static char peek(const reader *at)
{
    return at->at < at->length ? at->text[at->at] : '\0';
}

/* Past one part between delimiters, of which one inside of brackets counts too; false at the end.
 */
static bool skip_part(reader *at, char delimiter)
{
    for (; at->at < at->length; at->at++) {
        const char byte = at->text[at->at];
        if (byte == '\\') {
            at->at++;
        } else if (byte == delimiter) {
            at->at++;
            return true;
        }
    }
    return false;
}

static void skip_blanks(reader *at)
{
    while (peek(at) == ' ' || peek(at) == '\t' || peek(at) == '\n' || peek(at) == ';')
        at->at++;
}

static bool skip_address(reader *at)
{
    for (;;) {
        const char byte = peek(at);
        if ((byte >= '0' && byte <= '9') || (byte != '\0' && strchr("$,~+! \t", byte) != NULL)) {
            at->at++;
        } else if (byte == '/') {
            at->at++;
            if (!skip_part(at, '/'))
                return false;
            while (peek(at) == 'I' || peek(at) == 'M')
                at->at++;
        } else if (byte == '\\') {
            const char delimiter = at->at + 1 < at->length ? at->text[at->at + 1] : '\0';
            at->at += 2;
            if (delimiter == '\0' || !skip_part(at, delimiter))
                return false;
        } else {
            return true;
        }
    }
}

static void skip_line(reader *at, bool at_semicolon)
{
    while (at->at < at->length && peek(at) != '\n' &&
           !(at_semicolon && (peek(at) == ';' || peek(at) == '}')))
        at->at += peek(at) == '\\' ? 2 : 1;
}

/* The flags of s: e runs the result, w writes it. */
static void sed_flags(follow *from, reader *at)
{
    for (; at->at < at->length && strchr("gpiImM0123456789ew", peek(at)) != NULL; at->at++) {
        if (peek(at) == 'e')
            command_lose_all(from->all);
        if (peek(at) != 'w')
            continue;
        command_lose(from->all, FACT_WRITES);
        skip_line(at, false);
        return;
    }
}

/* One command; false: not understood. */
static bool sed_command(follow *from, reader *at)
{
    const char letter = peek(at);
    at->at++;
    if (letter == '\0')
        return true;
    if (letter == 's' || letter == 'y') {
        const char delimiter = peek(at);
        at->at++;
        if (delimiter == '\0' || !skip_part(at, delimiter) || !skip_part(at, delimiter))
            return false;
        if (letter == 's')
            sed_flags(from, at);
        return true;
    }
    if (strchr("pPdDnNgGhHxlqQ=zF{}", letter) != NULL) {
        while (strchr("lqQL", letter) != NULL &&
               ((peek(at) >= '0' && peek(at) <= '9') || peek(at) == ' '))
            at->at++;
        return true;
    }
    if (strchr("aic", letter) != NULL || letter == '#') {
        skip_line(at, false);
        return true;
    }
    if (strchr("btT:", letter) != NULL) {
        skip_line(at, letter != ':');
        return true;
    }
    if (letter == 'r' || letter == 'R' || letter == 'w' || letter == 'W') {
        command_lose(from->all, letter == 'r' || letter == 'R' ? FACT_READS : FACT_WRITES);
        skip_line(at, false);
        return true;
    }
    return false; /* e, and what nobody knows */
}

void scripts_sed(follow *from, const shell_word *text)
{
    reader at = {text->text, text->length, 0};
    if (word_is_open(text)) {
        command_lose_all(from->all);
        return;
    }
    while (at.at < at.length) {
        skip_blanks(&at);
        if (!skip_address(&at) || !sed_command(from, &at)) {
            command_lose_all(from->all);
            return;
        }
    }
}

/* ---- awk ------------------------------------------------------------------------------------- */

/* Outside of texts and patterns, awk reaches out by system, getline, `|` and, behind print, `>`. */
void scripts_awk(follow *from, const shell_word *text)
{
    bool prints = false;
    uint32_t open = 0;
    if (word_is_open(text) || word_has(text, '@')) {
        command_lose_all(from->all);
        return;
    }
    for (uint32_t i = 0; i < text->length; i++) {
        const char byte = text->text[i];
        const uint32_t left = text->length - i;
        if (byte == '"') {
            for (i++; i < text->length && text->text[i] != '"'; i++)
                i += text->text[i] == '\\';
            continue;
        }
        if ((left >= 6 && memcmp(text->text + i, "system", 6) == 0) ||
            (left >= 7 && memcmp(text->text + i, "getline", 7) == 0) ||
            (byte == '|' && !(left > 1 && text->text[i + 1] == '|'))) {
            command_lose_all(from->all);
            return;
        }
        i += byte == '|';
        if (left >= 5 && memcmp(text->text + i, "print", 5) == 0) {
            prints = true;
            open = 0;
        }
        open += byte == '(';
        open -= open > 0 && byte == ')';
        if (byte == ';' || byte == '\n' || byte == '}')
            prints = false;
        if (byte == '>' && prints && open == 0)
            command_lose(from->all, FACT_WRITES);
    }
}
