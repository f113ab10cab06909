/*
 * expand.c - what begins with `$` or a backquote: variables, substitutions, arithmetic.
 *
 * What an expansion becomes is not known but for $HOME, $PWD and variables of which the whole
 * script shows one value. The commands inside of substitutions are listed: they run.
 */
#include <string.h>

#include "runtime/command/shell.h"
#include "runtime/limits.h"

/* ---- expansions ------------------------------------------------------------------------------ */

static bool is_name(char byte, bool first)
{
    return byte == '_' || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (!first && byte >= '0' && byte <= '9');
}

static void put_unknown(script *script, bool quoted)
{
    letters_put(script->all, quoted ? MARK_PART : MARK_WORDS);
}

static void put_variable(script *script, const char *name, uint32_t length, bool quoted)
{
    const shell_word wanted = {name, length, false};
    if (word_is(&wanted, "HOME")) {
        letters_put(script->all, MARK_HOME);
        return;
    }
    if (word_is(&wanted, "PWD")) {
        letters_put(script->all, MARK_FOLDER);
        return;
    }
    for (uint32_t i = 0; i < script->variable_count; i++) {
        const shell_variable *const one = &script->variables[i];
        if (one->length != length || memcmp(one->name, name, length) != 0)
            continue;
        for (uint32_t k = 0; k < one->value.length; k++) {
            const char byte = one->value.text[k];
            const bool blank = byte == ' ' || byte == '\t' || byte == '\n';
            letters_put(script->all, quoted              ? byte
                                     : blank             ? MARK_BREAK
                                     : byte == '*'       ? MARK_STAR
                                     : byte == '?'       ? MARK_ONE
                                     : byte == '['       ? MARK_SET
                                     : byte == MARK_PART ? MARK_WORDS
                                                         : byte);
        }
        return;
    }
    put_unknown(script, quoted);
}

/* Up to the closing brace: only its substitutions matter. */
static void braces(script *script, bool quoted)
{
    const uint32_t mark = script->all->letters.count, start = script->at + 2;
    script->at = start;
    uint32_t name = start;
    while (name < script->length && is_name(script->text[name], name == start))
        name++;
    if (name > start && name < script->length && script->text[name] == '}') {
        script->at = name + 1;
        put_variable(script, script->text + start, name - start, quoted);
        return;
    }
    const char *const behind = script->text + name;
    const uint32_t left = script->length - name;
    if (left > 1 && (behind[0] == '=' || (behind[0] == ':' && behind[1] == '=')))
        command_set(script->all, &(shell_word){script->text + start, name - start, false});
    if (!script_deeper(script))
        return;
    while (!script_ended(script) && script_peek(script, 0) != '}') {
        const char byte = script_peek(script, 0);
        if (byte == '\\')
            script->at += 2;
        else if (byte == '$')
            expand_dollar(script, true);
        else if (byte == '`')
            expand_backquote(script, true);
        else if (byte == '\'' && !quoted)
            quotes_single(script);
        else if (byte == '"')
            quotes_double(script);
        else
            script->at++;
    }
    script->depth--;
    if (script_ended(script))
        script_broken(script);
    else if (script->at > start + 2 && memcmp(script->text + script->at - 2, "@P", 2) == 0)
        command_lose_all(script->all); /* a prompt: what stands in it is run */
    script->at++;
    letters_drop(script, mark);
    put_unknown(script, quoted);
}

/* The text of a substitution that is the folder the line is in. */
static bool is_folder(const script *script, uint32_t from, uint32_t end)
{
    while (from < end && script->text[from] == ' ')
        from++;
    while (end > from && script->text[end - 1] == ' ')
        end--;
    return end - from == 3 && memcmp(script->text + from, "pwd", 3) == 0;
}

void expand_command(script *script, bool quoted)
{
    const uint32_t start = script->at += 2;
    const uint32_t mark = script->all->letters.count;
    if (!script_deeper(script))
        return;
    const uint32_t first = script->steps->count, input = script->input;
    shell_step *enter = ARENA_PUSH(script->all->memory, script->steps);
    if (enter != NULL)
        enter->kind = STEP_ENTER;
    script->shells++;
    script_list(script);
    script->shells--;
    script->input = input;
    script->depth--;
    if (script_peek(script, 0) != ')' || script->all->broken) {
        script_broken(script);
        return;
    }
    letters_drop(script, mark);
    if (is_folder(script, start, script->at)) {
        script->steps->count = first;
        script->at++;
        letters_put(script->all, MARK_FOLDER);
        return;
    }
    shell_step *leave = ARENA_PUSH(script->all->memory, script->steps);
    if (leave != NULL)
        leave->kind = STEP_LEAVE;
    else
        script->all->no_memory = script->all->broken = true;
    script->at++;
    put_unknown(script, quoted);
}

static void word_put(script *script, const shell_word *word, bool quoted)
{
    for (uint32_t i = 0; i < word->length; i++) {
        const char byte = word->text[i];
        const bool splits = byte == ' ' || byte == '\t' || byte == '\n';
        letters_put(script->all, quoted              ? byte
                                 : splits            ? MARK_BREAK
                                 : byte == MARK_PART ? MARK_WORDS
                                                     : byte);
    }
}

/* $1, $@ of `sh -c '…' name a b`; false where they are not known. */
static bool argument_put(script *script, char which, bool quoted)
{
    if (script->arguments == NULL || script->function != CST_NONE)
        return false;
    if (which == '*' && quoted)
        return false;
    if (which != '@' && which != '*') {
        const uint32_t number = (uint32_t)(which - '0');
        if (number < script->argument_count)
            word_put(script, &script->arguments[number], quoted);
        return true;
    }
    for (uint32_t i = 1; i < script->argument_count; i++) {
        if (i > 1)
            letters_put(script->all, MARK_BREAK);
        word_put(script, &script->arguments[i], quoted);
    }
    return true;
}

/* At a `$`. */
void expand_dollar(script *script, bool quoted)
{
    const char next = script_peek(script, 1);
    if (next == '(') {
        const uint32_t at = script->at;
        if (script_peek(script, 2) == '(') {
            script->at += 3;
            if (arithmetic_read(script)) {
                letters_put(script->all, MARK_PART);
                return;
            }
            if (script->all->broken)
                return;
            script->at = at;
        }
        expand_command(script, quoted);
    } else if (next == '{') {
        braces(script, quoted);
    } else if (is_name(next, true)) {
        const uint32_t start = ++script->at;
        while (is_name(script_peek(script, 0), false))
            script->at++;
        put_variable(script, script->text + start, script->at - start, quoted);
    } else if (next != '\0' && strchr("@*0123456789", next) != NULL &&
               argument_put(script, next, quoted)) {
        script->at += 2;
    } else if (next != '\0' && strchr("@*#?-$!0123456789", next) != NULL) {
        script->at += 2;
        /* "$@" is any number of words, quoted or not */
        letters_put(script->all, next == '@' || (next == '*' && !quoted) ? MARK_WORDS
                                 : strchr("#?$!", next) != NULL          ? MARK_PART
                                 : quoted                                ? MARK_PART
                                                                         : MARK_WORDS);
    } else if (next == '[') {
        script->at += 2;
        letters_put(script->all, MARK_PART);
        command_lose_all(script->all); /* $[…], which nobody writes any more */
    } else {
        letters_put(script->all, '$');
        script->at++;
    }
}

void expand_backquote(script *script, bool quoted)
{
    command *const all = script->all;
    const uint32_t mark = all->letters.count;
    for (script->at++; !script_ended(script) && script_peek(script, 0) != '`'; script->at++) {
        if (script_peek(script, 0) == '\\' && script_peek(script, 1) != '\0' &&
            (strchr("$`\\", script_peek(script, 1)) != NULL ||
             (quoted && script_peek(script, 1) == '"')))
            script->at++;
        letters_put(script->all, script_peek(script, 0));
    }
    if (script_ended(script)) {
        script_broken(script);
        return;
    }
    script->at++;
    const shell_word inner = letters_take(script, mark, false);
    if (word_is(&inner, "pwd")) {
        letters_put(all, MARK_FOLDER);
        return;
    }
    if (!script_deeper(script))
        return;
    struct script nested = *script;
    nested.text = inner.text;
    nested.length = inner.length;
    nested.at = 0;
    nested.here_count = 0;
    nested.shells++;
    shell_step *enter = ARENA_PUSH(all->memory, script->steps);
    if (enter != NULL)
        enter->kind = STEP_ENTER;
    script_list(&nested);
    if (nested.at < nested.length || nested.here_count > 0)
        script_broken(script);
    shell_step *leave = ARENA_PUSH(all->memory, script->steps);
    if (leave != NULL)
        leave->kind = STEP_LEAVE;
    else
        all->no_memory = all->broken = true;
    script->depth--;
    letters_drop(script, mark);
    put_unknown(script, quoted);
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

/* Whether the text from here on closes two parentheses at once, as `((…))` does and `((a); (b))`
 * not. Parentheses that nobody closes break the script whatever they are. */
static bool closes_twice(script *script)
{
    uint32_t open = 2;
    for (uint32_t i = script->at; i < script->length; i++) {
        const char byte = script->text[i];
        if (byte == '\\')
            i++;
        else if (byte == '\'' || byte == '"') {
            const char *const end = memchr(script->text + i + 1, byte, script->length - i - 1);
            if (end == NULL)
                break;
            i = (uint32_t)(end - script->text);
        } else if (byte == '(')
            open++;
        else if (byte == ')') {
            if (--open == 1)
                return i + 1 < script->length && script->text[i + 1] == ')';
        }
    }
    script_broken(script);
    return false;
}

/* ((HOME = 1)): the names whose value matters, wherever they stand in it. */
static void arithmetic_sets(script *script, uint32_t start)
{
    static const char *const names[] = {"PATH", "HOME", "IFS", "PWD"};
    const shell_word all = {script->text + start, script->at - start, false};
    for (size_t i = 0; word_has(&all, '=') && i < sizeof names / sizeof *names; i++) {
        const shell_word name = {names[i], (uint32_t)strlen(names[i]), false};
        if (word_mentions(&all, &name))
            command_set(script->all, &name);
    }
}

bool arithmetic_read(script *script)
{
    if (!closes_twice(script) || !script_deeper(script))
        return false;
    const uint32_t mark = script->all->letters.count, start = script->at;
    uint32_t open = 2;
    while (!script_ended(script) && open > 0) {
        const char byte = script_peek(script, 0);
        if (byte == '\\') {
            script->at += 2;
        } else if (byte == '$') {
            expand_dollar(script, true);
        } else if (byte == '`') {
            expand_backquote(script, true);
        } else if (byte == '\'') {
            quotes_single(script);
        } else if (byte == '"') {
            quotes_double(script);
        } else {
            open += byte == '(';
            open -= byte == ')';
            script->at++;
        }
    }
    if (open > 0)
        script_broken(script);
    else
        arithmetic_sets(script, start);
    script->depth--;
    letters_drop(script, mark);
    return true;
}
