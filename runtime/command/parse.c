/*
 * parse.c - the grammar of shell scripts, as a list of the simple commands in them.
 *
 * No tree is kept: what matters is which commands there are, in order, what feeds their input, and
 * whether one stands in a branch, a loop, a subshell or a function. Both sides of a condition are
 * listed; a branch that is not taken runs less than the list says, never more.
 *
 * A script that bash would refuse sets all->broken. Where bash is stricter than this, nothing would
 * have run. Aliases, which scripts do not expand, and `!` history, which only terminals do, are
 * text.
 */
#include <string.h>

#include "runtime/command/shell.h"
#include "runtime/limits.h"

static void stage(script *script);

void script_broken(script *script)
{
    script->all->broken = true;
}

bool script_deeper(script *script)
{
    if (++script->depth <= LIMIT_COMMAND_DEPTH)
        return true;
    script->depth--;
    script_broken(script);
    return false;
}

/* ---- between words --------------------------------------------------------------------------- */

/* One here-document, from the line behind the newline on. */
static void here_text_read(script *script, const here_text *here)
{
    command *const all = script->all;
    const uint32_t mark = all->letters.count;
    bool found = false;
    while (script->at < script->length && !found) {
        const char *line = script->text + script->at;
        const char *const stop = memchr(line, '\n', script_left(script));
        uint32_t length = stop != NULL ? (uint32_t)(stop - line) : script_left(script);
        script->at += length + (stop != NULL);
        while (here->tabs && length > 0 && *line == '\t') {
            line++;
            length--;
        }
        found = length == here->end.length && memcmp(line, here->end.text, length) == 0;
        for (uint32_t i = 0; !found && i < length; i++)
            letters_put(all, line[i]);
        if (!found)
            letters_put(all, '\n');
    }
    const uint32_t length = all->letters.count - mark;
    const char *const text =
        arena_copy(all->memory, length > 0 ? all->letters.items + mark : "", length);
    all->letters.count = mark;
    if (text == NULL) {
        all->no_memory = all->broken = true;
        return;
    }
    shell_word body = {text, length, true};
    if (!here->literal)
        body = text_read(script, text, length);
    /* the end of the script ends it too: bash warns and goes on */
    script->steps->items[here->step].redirects.items[here->redirect].target = body;
}

static void newline(script *script)
{
    script->at++;
    for (uint32_t i = 0; i < script->here_count; i++)
        here_text_read(script, &script->here[i]);
    script->here_count = 0;
}

void script_blanks(script *script)
{
    for (;;) {
        const char byte = script_peek(script, 0);
        if (byte == ' ' || byte == '\t')
            script->at++;
        else if (byte == '\\' && script_peek(script, 1) == '\n')
            script->at += 2;
        else if (byte == '#' && !script_ended(script))
            while (!script_ended(script) && script_peek(script, 0) != '\n')
                script->at++;
        else
            return;
    }
}

void script_lines(script *script)
{
    for (;;) {
        script_blanks(script);
        if (script_ended(script) || script_peek(script, 0) != '\n')
            return;
        newline(script);
    }
}

/* Whether the next word is this one, without quotes. */
static bool keyword_is(const script *script, const char *word)
{
    const size_t length = strlen(word);
    return script_left(script) >= length && memcmp(script->text + script->at, word, length) == 0 &&
           ends_word(script_peek(script, (uint32_t)length));
}

static bool keyword_take(script *script, const char *word)
{
    script_lines(script);
    if (script_ended(script) || !keyword_is(script, word))
        return false;
    script->at += (uint32_t)strlen(word);
    return true;
}

static void keyword_need(script *script, const char *word)
{
    if (!keyword_take(script, word))
        script_broken(script);
}

static bool closes_list(const script *script)
{
    static const char *const closers[] = {"}", "then", "do", "done", "fi", "else", "elif", "esac"};
    const char byte = script_peek(script, 0);
    if (byte == ')' ||
        (byte == ';' && (script_peek(script, 1) == ';' || script_peek(script, 1) == '&')))
        return true;
    for (uint32_t i = 0; i < sizeof closers / sizeof *closers; i++)
        if (keyword_is(script, closers[i]))
            return true;
    return false;
}

/* A word, or `<(…)`. */
bool word_begins(const script *script)
{
    const char byte = script_peek(script, 0);
    return !ends_word(byte) || ((byte == '<' || byte == '>') && script_peek(script, 1) == '(');
}

/* ---- steps ----------------------------------------------------------------------------------- */

static uint32_t step_add(script *script, step_kind kind)
{
    shell_step *const step = ARENA_PUSH(script->all->memory, script->steps);
    if (step == NULL || script->steps->count > LIMIT_COMMAND_STEPS) {
        script->all->no_memory = script->all->no_memory || step == NULL;
        script_broken(script);
        return CST_NONE;
    }
    step->kind = kind;
    step->sure = script->branches == 0;
    step->function = script->function;
    step->input = script->input;
    return script->steps->count - 1;
}

/* ---- compound commands ----------------------------------------------------------------------- */

static void list_needed(script *script)
{
    if (!script_deeper(script))
        return;
    script_list(script);
    script->depth--;
}

/* Redirections behind a compound command, from step `first` on; its commands read from them. */
static void group_redirects(script *script, uint32_t first)
{
    uint32_t descriptor, step = CST_NONE;
    for (;;) {
        script_blanks(script);
        if (script_ended(script) || !redirect_starts(script, &descriptor))
            break;
        if (step == CST_NONE)
            step = step_add(script, STEP_REDIRECT);
        if (step == CST_NONE)
            return;
        redirect_read(script, step, descriptor);
    }
    if (step == CST_NONE)
        return;
    const shell_step *const group = &script->steps->items[step];
    for (uint32_t i = 0; i < group->redirects.count; i++)
        for (uint32_t k = first; group->redirects.items[i].input && k < step; k++)
            if (script->steps->items[k].input == INPUT_NONE)
                script->steps->items[k].input = INPUT_UNKNOWN;
}

static void subshell(script *script)
{
    script->at++;
    step_add(script, STEP_ENTER);
    script->shells++;
    list_needed(script);
    script->shells--;
    if (script_peek(script, 0) != ')' || script->all->broken)
        script_broken(script);
    script->at++;
    step_add(script, STEP_LEAVE);
}

static void if_command(script *script)
{
    list_needed(script);
    keyword_need(script, "then");
    list_needed(script);
    while (!script->all->broken && keyword_take(script, "elif")) {
        list_needed(script);
        keyword_need(script, "then");
        list_needed(script);
    }
    if (keyword_take(script, "else"))
        list_needed(script);
    keyword_need(script, "fi");
}

static void do_done(script *script)
{
    if (keyword_take(script, "{")) {
        list_needed(script);
        keyword_need(script, "}");
        return;
    }
    keyword_need(script, "do");
    list_needed(script);
    keyword_need(script, "done");
}

static void for_command(script *script)
{
    script_blanks(script);
    if (script_peek(script, 0) == '(' && script_peek(script, 1) == '(') {
        script->at += 2;
        if (!arithmetic_read(script))
            script_broken(script);
    } else {
        shell_words ignored = {0};
        word_read(script, &ignored, false);
        if (ignored.count > 0)
            command_set(script->all, &ignored.items[0]);
        if (keyword_take(script, "in"))
            for (script_blanks(script); !script_ended(script) && word_begins(script);
                 script_blanks(script))
                word_read(script, &ignored, true);
    }
    script_blanks(script);
    if (script_peek(script, 0) == ';')
        script->at++;
    do_done(script);
}

static void case_command(script *script)
{
    shell_words ignored = {0};
    script_blanks(script);
    word_read(script, &ignored, false);
    keyword_need(script, "in");
    while (!script->all->broken && !keyword_take(script, "esac")) {
        if (script_peek(script, 0) == '(')
            script->at++;
        for (script_blanks(script); !script_ended(script) && script_peek(script, 0) != ')';
             script_blanks(script)) {
            const uint32_t before = script->at;
            if (script_peek(script, 0) == '|')
                script->at++;
            else
                word_read(script, &ignored, true);
            if (script->at == before) {
                script_broken(script);
                return;
            }
        }
        if (script_ended(script)) {
            script_broken(script);
            return;
        }
        script->at++;
        list_needed(script);
        if (script_peek(script, 0) == ';') {
            script->at += 2;
            script->at += script_peek(script, 0) == '&';
        } else if (!keyword_is(script, "esac")) {
            script_broken(script);
        }
    }
}

/* [[ … ]]: a question; only its substitutions run. */
static void test_command(script *script)
{
    shell_words ignored = {0};
    for (;;) {
        script_lines(script);
        if (script_ended(script)) {
            script_broken(script);
            return;
        }
        if (keyword_is(script, "]]")) {
            script->at += 2;
            return;
        }
        ignored.count = 0;
        if (ends_word(script_peek(script, 0)))
            script->at++;
        else
            word_read(script, &ignored, true);
        for (uint32_t i = 0; i < ignored.count; i++)
            if (word_hides_code(&ignored.items[i]))
                command_lose_all(script->all);
    }
}

void functions_doubt(script *script, uint32_t first)
{
    for (uint32_t i = first; i < script->all->functions.count; i++)
        script->all->functions.items[i].sure = false;
}

static void function_body(script *script, const shell_word *name)
{
    command *const all = script->all;
    shell_function *const made = ARENA_PUSH(all->memory, &all->functions);
    if (made == NULL || all->functions.count > LIMIT_COMMAND_FUNCTIONS || !script_deeper(script)) {
        script_broken(script);
        return;
    }
    *made = (shell_function){.name = *name,
                             .inside = script->function,
                             .step = script->steps->count,
                             .sure = script->branches == 0 && script->shells == 0 &&
                                     script->input == INPUT_NONE && script->function == CST_NONE};
    const uint32_t outer = script->function, input = script->input;
    script->function = all->functions.count - 1;
    script->branches++;
    script->input = INPUT_UNKNOWN; /* its caller's */
    script_lines(script);
    stage(script); /* one command: what `&&` joins to it is run where the function is defined */
    script->input = input;
    script->branches--;
    script->function = outer;
    script->depth--;
}

/* NAME () … ; true if it was one. */
static bool function_definition(script *script)
{
    const uint32_t start = script->at;
    const bool word = keyword_is(script, "function");
    if (word) {
        script->at += 8;
        script_blanks(script);
    }
    const uint32_t name = script->at;
    while (!ends_word(script_peek(script, 0)) && strchr("'\"`$\\", script_peek(script, 0)) == NULL)
        script->at++;
    const shell_word called = {script->text + name, script->at - name, false};
    script_blanks(script);
    const bool parentheses = script_peek(script, 0) == '(';
    if (called.length == 0 || (!word && !parentheses) || word_has(&called, '=')) {
        script->at = start;
        return false;
    }
    if (parentheses) {
        script->at++;
        script_blanks(script);
        if (script_peek(script, 0) != ')') {
            script_broken(script);
            return true;
        }
        script->at++;
    }
    function_body(script, &called);
    return true;
}

/* A compound command from its first word on; false: there is none here. */
static bool compound(script *script)
{
    static const struct {
        const char *word;
        void (*read)(struct script *);
    } kinds[] = {
        {"if", if_command}, {"for", for_command}, {"select", for_command}, {"case", case_command}};
    if (script_peek(script, 0) == '(' && script_peek(script, 1) == '(') {
        const uint32_t at = script->at;
        script->at += 2;
        if (arithmetic_read(script) || script->all->broken)
            return true;
        script->at = at;
    }
    if (script_peek(script, 0) == '(') {
        subshell(script);
        return true;
    }
    if (keyword_is(script, "{")) {
        script->at++;
        list_needed(script);
        keyword_need(script, "}");
        return true;
    }
    if (keyword_is(script, "[[")) {
        script->at += 2;
        test_command(script);
        return true;
    }
    script->branches++;
    bool read = false;
    for (uint32_t i = 0; !read && i < sizeof kinds / sizeof *kinds; i++)
        if (keyword_is(script, kinds[i].word)) {
            script->at += (uint32_t)strlen(kinds[i].word);
            kinds[i].read(script);
            read = true;
        }
    if (!read && (keyword_is(script, "while") || keyword_is(script, "until"))) {
        script->at += 5;
        list_needed(script);
        do_done(script);
        read = true;
    }
    script->branches--;
    return read;
}

static void stage(script *script)
{
    script_blanks(script);
    if (keyword_is(script, "coproc"))
        script->at += 6;
    script_blanks(script);
    const uint32_t first = script->steps->count;
    if (compound(script)) {
        if (!script->all->broken)
            group_redirects(script, first);
        return;
    }
    if (script->all->broken || function_definition(script) || script->all->broken)
        return;
    const uint32_t start = script->at, step = step_add(script, STEP_COMMAND);
    if (step == CST_NONE)
        return;
    simple_read(script, step);
    if (script->at == start)
        script_broken(script); /* an operator where a command should be */
}

static bool pipe_take(script *script)
{
    script_blanks(script);
    if (script_peek(script, 0) != '|' || script_peek(script, 1) == '|')
        return false;
    script->at += script_peek(script, 1) == '&' ? 2 : 1;
    script_lines(script);
    if (keyword_is(script, "!"))
        script_broken(script); /* it stands before a whole pipeline */
    return true;
}

static void pipeline(script *script)
{
    const uint32_t input = script->input, known = script->variable_count;
    const uint32_t enter = step_add(script, STEP_NOTHING), functions = script->all->functions.count;
    for (;;) {
        script_blanks(script);
        if (keyword_is(script, "!"))
            script->at++;
        else if (keyword_is(script, "time")) {
            script->at += 4;
            script_blanks(script);
            if (keyword_is(script, "-p"))
                script->at += 2;
            script_blanks(script);
            if (keyword_is(script, "--"))
                script->at += 2;
            if (ends_word(script_peek(script, 0)) && script_peek(script, 0) != ' ' &&
                script_peek(script, 0) != '(')
                return; /* `time` alone */
        } else
            break;
    }
    bool several = false;
    for (;;) {
        const uint32_t first = script->steps->count;
        script->shells += several;
        stage(script);
        script->shells -= several;
        if (script->all->broken || !pipe_take(script))
            break;
        const uint32_t last = script->steps->count - 1;
        const bool one =
            script->steps->count > first && script->steps->items[last].kind == STEP_COMMAND;
        script->input = one ? last : INPUT_UNKNOWN;
        if (!several && enter != CST_NONE)
            script->steps->items[enter].kind =
                STEP_ENTER; /* every stage is a subshell; one for all will do */
        several = true;
        script->variable_count = known; /* what a stage sets is its own */
        functions_doubt(script, functions);
    }
    script->input = input;
    if (several)
        step_add(script, STEP_LEAVE);
}

static void and_or(script *script)
{
    pipeline(script);
    const uint32_t known = script->variable_count, functions = script->all->functions.count;
    uint32_t branches = 0;
    for (;;) {
        script_blanks(script);
        const char byte = script_peek(script, 0);
        if (script_ended(script) || (byte != '&' && byte != '|') || script_peek(script, 1) != byte)
            break;
        script->at += 2;
        if (byte == '|')
            branches++;
        script->branches += byte == '|';
        script_lines(script);
        pipeline(script);
    }
    script->branches -= branches;
    if (script->variable_count > known)
        script->variable_count = known; /* behind `&&` it may not have come to that */
    functions_doubt(script, functions);
}

void script_list(script *script)
{
    for (;;) {
        script_lines(script);
        if (script_ended(script) || closes_list(script))
            return;
        const uint32_t known = script->variable_count, first = script->steps->count;
        const uint32_t functions = script->all->functions.count;
        and_or(script);
        script_blanks(script);
        const char byte = script_peek(script, 0);
        if (script_ended(script) || closes_list(script))
            return;
        if (byte == '\n')
            continue;
        if (byte != ';' && byte != '&') {
            script_broken(script);
            return;
        }
        if (byte == '&') { /* in the background: its settings and its folder are its own */
            script->variable_count = known;
            functions_doubt(script, functions);
            for (uint32_t i = first; i < script->steps->count; i++)
                script->steps->items[i].sure = false;
        }
        script->at++;
    }
}

void script_read(const follow *from, const char *text, uint32_t length, shell_steps *steps)
{
    command *const all = from->all;
    const uint32_t depth = from->depth + 1;
    if (length > all->left || depth > LIMIT_COMMAND_DEPTH) {
        all->broken = true;
        return;
    }
    all->left -= length;
    script script = {.all = all,
                     .steps = steps,
                     .text = text,
                     .length = length,
                     .depth = depth,
                     .function = CST_NONE,
                     .input = INPUT_NONE,
                     .arguments = from->arguments,
                     .argument_count = from->argument_count};
    const shell_word whole = {text, length, false};
    static const char *const moving[] = {"shift", "set ", "getopts"};
    for (uint32_t i = 0; i < sizeof moving / sizeof *moving; i++)
        if (word_mentions(&whole, &(shell_word){moving[i], (uint32_t)strlen(moving[i]), false}))
            script.arguments = NULL;
    script_list(&script);
    all->broken = all->broken || script.at < length;
}
