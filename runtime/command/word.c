/*
 * word.c - one word of a shell line: quotes, expansions, braces, patterns of file names.
 *
 * The word is built in all->letters, a stack: a substitution inside of it is a list of commands
 * with words of its own, which come and go above. What an expansion becomes is a marker (shell.h),
 * but for $HOME, $PWD and variables of which the whole script shows one value. Commands inside of
 * substitutions are listed as any others: they run.
 */
#include <string.h>

#include "runtime/command/shell.h"
#include "runtime/limits.h"

/* ---- questions about words ------------------------------------------------------------------- */

bool word_is(const shell_word *word, const char *text)
{
    return strlen(text) == word->length && memcmp(word->text, text, word->length) == 0;
}

bool word_starts(const shell_word *word, const char *text)
{
    const size_t length = strlen(text);
    return word->length >= length && memcmp(word->text, text, length) == 0;
}

static bool is_marker(char byte)
{
    return byte >= MARK_PART && byte <= MARK_BELOW;
}

bool word_is_plain(const shell_word *word)
{
    for (uint32_t i = 0; i < word->length; i++)
        if (is_marker(word->text[i]))
            return false;
    return true;
}

bool word_is_open(const shell_word *word)
{
    return word_has(word, MARK_PART) || word_has(word, MARK_WORDS);
}

bool word_has(const shell_word *word, char byte)
{
    return word->length > 0 && memchr(word->text, byte, word->length) != NULL;
}

bool word_hides_code(const shell_word *word)
{
    bool open = false;
    for (uint32_t i = 0; i < word->length; i++) {
        const char byte = word->text[i];
        const bool runs =
            byte == '`' || (byte == '$' && i + 1 < word->length && word->text[i + 1] == '(');
        if (open && runs)
            return true;
        open = open || byte == '[' || byte == MARK_SET;
    }
    return false;
}

bool word_is_one(const shell_word *word, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (word_is(word, names[i]))
            return true;
    return false;
}

bool word_mentions(const shell_word *word, const shell_word *name)
{
    for (uint32_t i = 0; i + name->length <= word->length; i++) {
        const char *const found = memchr(word->text + i, name->text[0], word->length - i);
        if (found == NULL)
            return false;
        i = (uint32_t)(found - word->text);
        if (i + name->length <= word->length && memcmp(found, name->text, name->length) == 0)
            return true;
    }
    return false;
}

shell_word word_behind(const shell_word *word, uint32_t from)
{
    return (shell_word){word->text + from, word->length - from, word->quoted};
}

bool ends_word(char byte)
{
    return byte == '\0' || strchr(" \t\n;&|<>()", byte) != NULL;
}

/* ---- letters --------------------------------------------------------------------------------- */

void letters_put(command *all, char byte)
{
    if (all->no_memory)
        return;
    char *const place = ARENA_PUSH(all->memory, &all->letters);
    if (place != NULL)
        *place = byte;
    else
        all->no_memory = all->broken = true;
}

static void put_literal(script *script, char byte)
{
    /* quoted bytes come from the line, or, as `$'\x01'`, from nowhere */
    letters_put(script->all, byte > 0 && byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r'
                                 ? MARK_PART
                                 : byte);
}

shell_word letters_take(script *script, uint32_t from, bool quoted)
{
    command *const all = script->all;
    const uint32_t length = all->letters.count - from;
    shell_word word = {"", 0, quoted};
    if (length > 0) {
        const char *const text = arena_copy(all->memory, all->letters.items + from, length);
        if (text == NULL)
            all->no_memory = all->broken = true;
        else
            word = (shell_word){text, length, quoted};
    }
    all->letters.count = from;
    return word;
}

/* A `[` that nothing closes is itself: the program of that name, most of all. */
static void restore_brackets(char *text, uint32_t length)
{
    bool closed = false;
    for (uint32_t i = length; i > 0; i--) {
        closed = closed || text[i - 1] == ']';
        if (text[i - 1] == MARK_SET && !closed)
            text[i - 1] = '[';
    }
}

static void push(script *script, shell_words *out, shell_word word)
{
    shell_word *const place = ARENA_PUSH(script->all->memory, out);
    if (place != NULL)
        *place = word;
    else
        script->all->no_memory = script->all->broken = true;
}

/* Words that stand for what is read only for its substitutions. */
void letters_drop(script *script, uint32_t mark)
{
    script->all->letters.count =
        mark < script->all->letters.count ? mark : script->all->letters.count;
}

/* ---- quotes ---------------------------------------------------------------------------------- */

void quotes_single(script *script)
{
    for (script->at++; script_peek(script, 0) != '\''; script->at++) {
        if (script_ended(script)) {
            script_broken(script);
            return;
        }
        letters_put(script->all, script_peek(script, 0));
    }
    script->at++;
}

void quotes_double(script *script)
{
    script->at++;
    while (!script_ended(script) && script_peek(script, 0) != '"') {
        const char byte = script_peek(script, 0);
        if (byte == '\\') {
            const char next = script_peek(script, 1);
            script->at += next == '\0' ? 1 : 2;
            if (next == '\0' || strchr("$`\"\\\n", next) == NULL)
                letters_put(script->all, '\\');
            if (next != '\n' && next != '\0')
                letters_put(script->all, next);
        } else if (byte == '$') {
            expand_dollar(script, true);
        } else if (byte == '`') {
            expand_backquote(script, true);
        } else {
            letters_put(script->all, byte == MARK_WORDS ? MARK_PART : byte);
            script->at++;
        }
    }
    if (script_ended(script))
        script_broken(script);
    script->at++;
}

static int digit_of(char byte, int base)
{
    int value = byte >= '0' && byte <= '9'   ? byte - '0'
                : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                             : 99;
    return value < base ? value : -1;
}

static void put_number(script *script, int base, int most, bool wide)
{
    uint32_t code = 0;
    int used = 0;
    for (; used < most && digit_of(script_peek(script, 0), base) >= 0; used++, script->at++)
        code = code * (uint32_t)base + (uint32_t)digit_of(script_peek(script, 0), base);
    if (used == 0 || code == 0 || (wide && code > 0x7f))
        letters_put(script->all, MARK_PART);
    else
        put_literal(script, (char)code);
}

/* $'…' */
static void escaped_quotes(script *script)
{
    static const char letters[] = "abefnrtv", values[] = "\a\b\033\f\n\r\t\v";
    script->at += 2;
    while (!script_ended(script) && script_peek(script, 0) != '\'') {
        const char byte = script_peek(script, 0);
        script->at++;
        if (byte != '\\') {
            letters_put(script->all, byte);
            continue;
        }
        const char next = script_peek(script, 0);
        const char *const letter = next != '\0' ? strchr(letters, next) : NULL;
        if (next >= '0' && next <= '7') {
            put_number(script, 8, 3, false);
            continue;
        }
        script->at++;
        if (next == 'x')
            put_number(script, 16, 2, false);
        else if (next == 'u' || next == 'U')
            put_number(script, 16, next == 'u' ? 4 : 8, true);
        else if (next == 'c') {
            script->at++;
            letters_put(script->all, MARK_PART);
        } else if (letter != NULL)
            put_literal(script, values[letter - letters]);
        else
            letters_put(script->all, next == '\0' ? '\\' : next);
    }
    if (script_ended(script))
        script_broken(script);
    script->at++;
}

/* ---- braces ---------------------------------------------------------------------------------- */

enum { MOST_BRACES = 8, MOST_FROM_BRACES = 64 };

/* Fields of what is above `from`, as words. */
static void split_fields(script *script, uint32_t from, bool quoted, shell_words *out)
{
    command *const all = script->all;
    const uint32_t end = all->letters.count;
    if (end > from)
        restore_brackets(all->letters.items + from, end - from);
    if (end == from || memchr(all->letters.items + from, MARK_BREAK, end - from) == NULL) {
        if (end > from || quoted)
            push(script, out, letters_take(script, from, quoted));
        return;
    }
    const shell_word whole = letters_take(script, from, quoted);
    for (uint32_t i = 0; i < whole.length;) {
        const char *const stop = memchr(whole.text + i, MARK_BREAK, whole.length - i);
        const uint32_t next = stop != NULL ? (uint32_t)(stop - whole.text) : whole.length;
        if (next > i)
            push(script, out, (shell_word){whole.text + i, next - i, quoted});
        i = next + 1;
    }
}

typedef struct brace {
    uint32_t open, close;
    bool comma, range;
} brace;

/* The first pair that expands; others become the characters they were. */
static bool brace_find(char *text, uint32_t length, brace *out)
{
    for (uint32_t i = 0; i < length; i++) {
        if (text[i] != MARK_OPEN)
            continue;
        *out = (brace){.open = i};
        uint32_t open = 0;
        for (uint32_t k = i; k < length; k++) {
            open += text[k] == MARK_OPEN;
            if (text[k] == MARK_CLOSE && --open == 0) {
                out->close = k;
                break;
            }
            out->comma = out->comma || (open == 1 && text[k] == MARK_COMMA);
            out->range =
                out->range || (open == 1 && text[k] == '.' && k + 1 < length && text[k + 1] == '.');
        }
        if (out->close != 0 && (out->comma || out->range))
            return true;
        text[i] = '{';
    }
    return false;
}

static void restore_braces(char *text, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        text[i] = text[i] == MARK_OPEN    ? '{'
                  : text[i] == MARK_COMMA ? ','
                  : text[i] == MARK_CLOSE ? '}'
                                          : text[i];
}

static void expand_braces(script *script, const shell_word *word, shell_words *out, uint32_t *made)
{
    command *const all = script->all;
    const uint32_t from = all->letters.count;
    char *const text = arena_copy(all->memory, word->text, word->length);
    brace one;
    if (text == NULL) {
        all->no_memory = all->broken = true;
        return;
    }
    if (*made > MOST_FROM_BRACES || all->broken)
        return;
    if (!brace_find(text, word->length, &one)) {
        restore_braces(text, word->length);
        for (uint32_t i = 0; i < word->length; i++)
            letters_put(script->all, text[i]);
        ++*made;
        split_fields(script, from, word->quoted, out);
        return;
    }
    for (uint32_t i = one.open + 1, start = i, open = 0;
         i <= one.close && *made <= MOST_FROM_BRACES; i++) {
        open += text[i] == MARK_OPEN;
        if (open == 0 && (text[i] == MARK_CLOSE || text[i] == MARK_COMMA)) {
            for (uint32_t k = 0; k < one.open; k++)
                letters_put(script->all, text[k]);
            if (one.comma)
                for (uint32_t k = start; k < i; k++)
                    letters_put(script->all, text[k]);
            else
                letters_put(script->all, MARK_PART); /* {1..9}: pieces that hold no blank */
            for (uint32_t k = one.close + 1; k < word->length; k++)
                letters_put(script->all, text[k]);
            const shell_word alternative = letters_take(script, from, word->quoted);
            expand_braces(script, &alternative, out, made);
            start = i + 1;
        }
        open -= open > 0 && text[i] == MARK_CLOSE;
    }
}

static void finish_braces(script *script, uint32_t from, bool quoted, shell_words *out)
{
    const shell_word word = letters_take(script, from, quoted);
    uint32_t opened = 0, made = 0;
    for (uint32_t i = 0; i < word.length; i++)
        opened += word.text[i] == MARK_OPEN;
    const uint32_t before = out->count;
    if (opened <= MOST_BRACES)
        expand_braces(script, &word, out, &made);
    if (opened <= MOST_BRACES && made <= MOST_FROM_BRACES)
        return;
    static const char unknown[] = {MARK_WORDS};
    out->count = before;
    push(script, out, (shell_word){unknown, 1, false});
}

/* ---- words ----------------------------------------------------------------------------------- */

/* `<(…)` and `>(…)`: a file that the shell makes. */
static void process_substitution(script *script)
{
    const uint32_t mark = script->all->letters.count, input = script->input;
    if (script_peek(script, 0) == '>')
        script->input = INPUT_UNKNOWN; /* what is written into it */
    expand_command(script, true);
    script->input = input;
    letters_drop(script, mark);
    for (const char *text = "/dev/fd/63"; *text != '\0'; text++)
        letters_put(script->all, *text);
}

static void tilde(script *script)
{
    const char next = script_peek(script, 1);
    script->at++;
    if (next == '/' || ends_word(next)) {
        letters_put(script->all, MARK_HOME);
    } else if (next == '+') {
        script->at++;
        letters_put(script->all, MARK_FOLDER);
    } else {
        letters_put(script->all, MARK_PART); /* somebody else's, or the folder before */
        while (!ends_word(script_peek(script, 0)) && script_peek(script, 0) != '/' &&
               strchr("$`'\"\\", script_peek(script, 0)) == NULL)
            script->at++;
    }
}

static void plain_byte(script *script, char byte, bool split)
{
    script->at++;
    if (!split)
        letters_put(script->all, byte);
    else
        letters_put(
            script->all,
            byte == '*'   ? MARK_STAR
            : byte == '?' ? MARK_ONE
            : byte == '[' ? MARK_SET
            : byte == '{' ? MARK_OPEN
            : byte == ',' ? MARK_COMMA
            : byte == '}' ? MARK_CLOSE
            /* unknown text in a script inside of a word, which has no quotes around it there */
            : byte == MARK_PART ? MARK_WORDS
                                : byte);
}

void word_read(script *script, shell_words *out, bool split)
{
    command *const all = script->all;
    const uint32_t from = all->letters.count;
    bool quoted = false, braced = false;
    if (script_peek(script, 0) == '~')
        tilde(script);
    while (!script_ended(script)) {
        const char byte = script_peek(script, 0), next = script_peek(script, 1);
        if ((byte == '<' || byte == '>') && next == '(') {
            process_substitution(script);
            continue;
        }
        if (ends_word(byte))
            break;
        if (byte == '\\') {
            quoted = quoted || next != '\n';
            if (next != '\n' && next != '\0')
                put_literal(script, next);
            script->at += next == '\0' ? 1 : 2;
        } else if (byte == '\'') {
            quoted = true;
            quotes_single(script);
        } else if (byte == '"' || (byte == '$' && next == '"')) {
            quoted = true;
            script->at += byte == '$';
            quotes_double(script);
        } else if (byte == '$' && next == '\'') {
            quoted = true;
            escaped_quotes(script);
        } else if (byte == '$') {
            expand_dollar(script, !split);
        } else if (byte == '`') {
            expand_backquote(script, !split);
        } else {
            braced = braced || byte == '{';
            plain_byte(script, byte, split);
        }
    }
    if (all->broken) {
        letters_drop(script, from);
        return;
    }
    if (braced && split) {
        finish_braces(script, from, quoted, out);
        return;
    }
    if (all->letters.count > from)
        restore_braces(all->letters.items + from, all->letters.count - from);
    for (uint32_t i = from; !split && i < all->letters.count; i++)
        if (all->letters.items[i] == MARK_BREAK)
            all->letters.items[i] = ' ';
    if (split)
        split_fields(script, from, quoted, out);
    else
        push(script, out, letters_take(script, from, quoted));
}

shell_word text_read(script *outer, const char *text, uint32_t length)
{
    struct script inner = *outer;
    const uint32_t from = outer->all->letters.count;
    inner.text = text;
    inner.length = length;
    inner.at = 0;
    inner.here_count = 0;
    while (!script_ended(&inner)) {
        const char byte = script_peek(&inner, 0), next = script_peek(&inner, 1);
        if (byte == '\\' && next != '\0' && strchr("$`\\\n", next) != NULL) {
            if (next != '\n')
                letters_put(inner.all, next);
            inner.at += 2;
        } else if (byte == '$') {
            expand_dollar(&inner, true);
        } else if (byte == '`') {
            expand_backquote(&inner, true);
        } else {
            letters_put(inner.all, byte);
            inner.at++;
        }
    }
    if (inner.here_count > 0)
        script_broken(outer);
    for (uint32_t i = from; i < outer->all->letters.count; i++)
        if (outer->all->letters.items[i] == MARK_BREAK)
            outer->all->letters.items[i] = ' ';
    return letters_take(outer, from, true);
}
