/*
 * simple.c - one simple command of a script: its words, settings (NAME=VALUE) and redirections.
 *
 * A variable of which the whole script shows one value is remembered, so that `D=/tmp/x; rm -r $D`
 * is known: set once, for sure, and named nowhere else but to use it.
 */
#include <string.h>

#include "runtime/command/shell.h"
#include "runtime/limits.h"

/* ---- redirections ---------------------------------------------------------------------------- */

static void here_add(script *script, uint32_t step, bool tabs)
{
    shell_words end = {0};
    shell_step *const at = &script->steps->items[step];
    script_blanks(script);
    const uint32_t start = script->at;
    word_read(script, &end, false);
    if (end.count == 0 || script->at == start || script->here_count == MOST_HERE_TEXTS) {
        script_broken(script);
        return;
    }
    script->here[script->here_count++] = (here_text){.step = step,
                                                     .redirect = at->redirects.count - 1,
                                                     .end = end.items[0],
                                                     .tabs = tabs,
                                                     .literal = end.items[0].quoted};
}

/* Whether a redirection starts here: its number or {name} is passed, *descriptor is set. */
bool redirect_starts(script *script, uint32_t *descriptor)
{
    uint32_t i = 0;
    *descriptor = UINT32_MAX;
    while (script_peek(script, i) >= '0' && script_peek(script, i) <= '9')
        i++;
    if (script_peek(script, i) == '&' && i == 0 && script_peek(script, 1) == '>') {
        *descriptor = 1;
        return true;
    }
    if (i == 0 && script_peek(script, 0) == '{') {
        while (script_peek(script, i) != '\0' && script_peek(script, i) != '}' &&
               !ends_word(script_peek(script, i)))
            i++;
        if (i < 2 || script_peek(script, i) != '}')
            return false;
        i++;
        *descriptor = 9;
    }
    const char byte = script_peek(script, i), next = script_peek(script, i + 1);
    if ((byte != '<' && byte != '>') || next == '(')
        return false;
    if (i > 0 && *descriptor == UINT32_MAX)
        *descriptor = i == 1 ? (uint32_t)(script_peek(script, 0) - '0') : 9;
    script->at += i;
    return true;
}

static bool is_descriptor(const shell_word *word)
{
    for (uint32_t i = 0; i < word->length; i++)
        if ((word->text[i] < '0' || word->text[i] > '9') && word->text[i] != '-')
            return false;
    return word->length > 0;
}

void redirect_read(script *script, uint32_t step, uint32_t descriptor)
{
    static const struct {
        const char *text;
        redirect_kind kind;
        char also; /* '&': a number is a descriptor; 'h', 't': a here-document; 's': a text */
    } operators[] = {
        {"&>>", REDIRECT_WRITE, 0}, {"<<-", REDIRECT_TEXT, 't'}, {"<<<", REDIRECT_TEXT, 's'},
        {"&>", REDIRECT_WRITE, 0},  {"<<", REDIRECT_TEXT, 'h'},  {"<>", REDIRECT_BOTH, 0},
        {"<&", REDIRECT_READ, '&'}, {">>", REDIRECT_WRITE, 0},   {">&", REDIRECT_WRITE, '&'},
        {">|", REDIRECT_WRITE, 0},  {"<", REDIRECT_READ, 0},     {">", REDIRECT_WRITE, 0}};
    uint32_t i = 0;
    while (script_left(script) < strlen(operators[i].text) ||
           memcmp(script->text + script->at, operators[i].text, strlen(operators[i].text)) != 0)
        i++;
    script->at += (uint32_t)strlen(operators[i].text);
    const bool input = descriptor == 0 || (descriptor == UINT32_MAX && operators[i].text[0] == '<');
    shell_step *at = &script->steps->items[step];
    shell_redirect *const made = ARENA_PUSH(script->all->memory, &at->redirects);
    if (made == NULL) {
        script->all->no_memory = script->all->broken = true;
        return;
    }
    *made = (shell_redirect){.kind = operators[i].kind, .input = input, .target = {"", 0, true}};
    if (operators[i].also == 'h' || operators[i].also == 't') {
        here_add(script, step, operators[i].also == 't');
        return;
    }
    script_blanks(script);
    shell_words words = {0};
    const uint32_t start = script->at;
    word_read(script, &words, operators[i].also != 's');
    if (script->at == start || script->all->broken) {
        script_broken(script);
        return;
    }
    at = &script->steps->items[step]; /* a substitution in the word may have moved it */
    shell_redirect *const place = &at->redirects.items[at->redirects.count - 1];
    static const char unknown[] = {MARK_WORDS};
    place->target = words.count == 1 ? words.items[0] : (shell_word){unknown, 1, false};
    if (operators[i].also == '&' && is_descriptor(&place->target)) {
        if (input && !word_is(&place->target, "-"))
            at->input = INPUT_UNKNOWN;
        at->redirects.count--;
    }
}

/* ---- simple commands ------------------------------------------------------------------------- */

static bool is_name_byte(char byte, bool first)
{
    return byte == '_' || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (!first && byte >= '0' && byte <= '9');
}

/* NAME=, NAME+=, NAME[…]=: the length up to the `=`, or 0. */
static uint32_t setting_length(const script *script, uint32_t *name)
{
    uint32_t i = 0;
    while (is_name_byte(script_peek(script, i), i == 0))
        i++;
    *name = i;
    if (i == 0)
        return 0;
    if (script_peek(script, i) == '[') {
        uint32_t open = 0;
        for (; script_peek(script, i) != '\0' && script_peek(script, i) != ']'; i++) {
            open += script_peek(script, i) == '(';
            open -= open > 0 && script_peek(script, i) == ')';
            if (open == 0 && script_peek(script, i) != ')' && ends_word(script_peek(script, i)))
                return 0;
        }
        i += script_peek(script, i) == ']';
    }
    i += script_peek(script, i) == '+';
    return script_peek(script, i) == '=' ? i : 0;
}

static bool mentions_once(const script *script, const char *name, uint32_t length)
{
    uint32_t settings = 0;
    for (uint32_t i = 0; i + length <= script->length; i++) {
        const char *const found =
            memchr(script->text + i, name[0], script->length - i - length + 1);
        if (found == NULL)
            break;
        i = (uint32_t)(found - script->text);
        const char before = i > 0 ? script->text[i - 1] : ' ';
        const char after = i + length < script->length ? script->text[i + length] : ' ';
        if (memcmp(found, name, length) != 0 || is_name_byte(before, false) ||
            is_name_byte(after, false))
            continue;
        const bool used =
            before == '$' || (before == '{' && i > 1 && script->text[i - 2] == '$' && after == '}');
        if (!used && (after != '=' || ++settings > 1))
            return false;
    }
    return settings == 1;
}

/* A variable whose value the whole script shows: set once, here, for sure, and named nowhere else
 * but to use it. */
static void variable_note(script *script, const char *name, uint32_t length,
                          const shell_word *value)
{
    if (script->branches > 0 || script->shells > 0 || script->input != INPUT_NONE || length > 64 ||
        script->variable_count == MOST_VARIABLES || word_is_open(value) ||
        word_has(value, MARK_FOLDER) || script->looked_up++ >= MOST_LOOKS ||
        !mentions_once(script, name, length))
        return;
    script->variables[script->variable_count++] = (shell_variable){name, length, *value};
}

static void array_read(script *script)
{
    shell_words ignored = {0};
    script->at++;
    for (;;) {
        script_lines(script);
        if (script_ended(script)) {
            script_broken(script);
            return;
        }
        if (script_peek(script, 0) == ')')
            break;
        if (ends_word(script_peek(script, 0))) {
            script_broken(script);
            return;
        }
        word_read(script, &ignored, true);
    }
    script->at++;
}

/* Text of which only the substitutions count, up to `end`. */
static void look_through(script *script, uint32_t end)
{
    const uint32_t from = script->at;
    if (memchr(script->text + from, '$', end - from) != NULL ||
        memchr(script->text + from, '`', end - from) != NULL)
        text_read(script, script->text + from, end - from);
    script->at = end;
}

static void setting(script *script, uint32_t step, uint32_t equals, uint32_t name)
{
    const char *const text = script->text + script->at;
    shell_words value = {0};
    const bool plain = name == equals;
    if (script_peek(script, name) == '[')
        look_through(script, script->at + equals);
    else
        script->at += equals;
    script->at++;
    if (script_peek(script, 0) == '(') {
        array_read(script);
        return;
    }
    word_read(script, &value, false);
    if (value.count == 0)
        return;
    const shell_word whole = {text, name, false};
    shell_word *const place = ARENA_PUSH(script->all->memory, &script->steps->items[step].settings);
    if (place == NULL) {
        script->all->no_memory = script->all->broken = true;
        return;
    }
    *place = whole;
    shell_word *const behind =
        ARENA_PUSH(script->all->memory, &script->steps->items[step].settings);
    if (behind == NULL) {
        script->all->no_memory = script->all->broken = true;
        return;
    }
    static const char unknown[] = {MARK_PART};
    *behind = plain ? value.items[0] : (shell_word){unknown, 1, true};
}

static bool declares(const shell_words *words)
{
    return words->count > 0 &&
           (word_is(&words->items[0], "export") || word_is(&words->items[0], "readonly") ||
            word_is(&words->items[0], "declare") || word_is(&words->items[0], "typeset") ||
            word_is(&words->items[0], "local"));
}

/* Settings of a command without words hold for the script. */
static void settings_keep(script *script, uint32_t step)
{
    const shell_step *const at = &script->steps->items[step];
    if (at->words.count > 0 && !declares(&at->words))
        return;
    for (uint32_t i = 0; i + 1 < at->settings.count; i += 2)
        variable_note(script, at->settings.items[i].text, at->settings.items[i].length,
                      &at->settings.items[i + 1]);
}

/* Words of the step at `step`; steps move when a word holds commands, so they are kept aside. */
void simple_read(script *script, uint32_t step)
{
    shell_words words = {0};
    for (;;) {
        script_blanks(script);
        uint32_t descriptor, name;
        if (script_ended(script))
            break;
        if (redirect_starts(script, &descriptor)) {
            redirect_read(script, step, descriptor);
            continue;
        }
        if (!word_begins(script))
            break;
        const uint32_t equals =
            words.count == 0 || declares(&words) ? setting_length(script, &name) : 0;
        if (equals > 0)
            setting(script, step, equals, name);
        else
            word_read(script, &words, true);
    }
    if (script->all->broken)
        return;
    script->steps->items[step].words = words;
    settings_keep(script, step);
}
