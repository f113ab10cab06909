/*
 * starters.c - programs that run what stands in their words in a way of their own: editors and
 * pagers by `+command`, make by its variables, terminals that are split, jobs for later.
 *
 * What is a language of its own (of ex, of make) is not read: then nothing is sure. The forms that
 * are known to be harmless (`+12`, `CFLAGS=-O2`) are told apart here.
 */
#include <string.h>

#include "runtime/command/shell.h"

static bool is_digits(const shell_word *word)
{
    for (uint32_t i = 0; i < word->length; i++)
        if (word->text[i] < '0' || word->text[i] > '9')
            return false;
    return true;
}

static bool has_input(const follow *from)
{
    for (uint32_t i = 0; i < from->step->redirects.count; i++)
        if (from->step->redirects.items[i].input &&
            from->step->redirects.items[i].kind != REDIRECT_WRITE)
            return true;
    return from->step->input != INPUT_NONE;
}

/* ---- editors and pagers ---------------------------------------------------------------------- */

/* `+12` and `+/text` go somewhere; anything else is a command. */
static bool plus_moves(const shell_word *plus, bool pager)
{
    const shell_word rest = word_behind(plus, 1);
    if (is_digits(&rest) || word_is(&rest, "$"))
        return true;
    if (rest.length > 1 && rest.text[0] == '/')
        return word_is_plain(&rest) && (!pager || !word_has(&rest, '\n')) && !word_has(&rest, '|');
    return pager && (word_is(&rest, "F") || word_is(&rest, "G") || word_is(&rest, "g"));
}

static void editor_start(follow *from, const program *row, const shell_word *words, uint32_t count,
                         bool pager)
{
    shell_words files = {0};
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && word_starts(&words[i], "+")) {
            if (!plus_moves(&words[i], pager))
                command_lose_all(from->all);
            continue;
        }
        shell_word *const copy = ARENA_PUSH(from->all->memory, &files);
        if (copy == NULL) {
            from->all->no_memory = from->all->broken = true;
            return;
        }
        *copy = words[i];
    }
    facts_note(from, row, files.items, files.count);
}

/* ed and ex take their commands from the input, and `ed '!x'` from a pipe. */
static void line_editor(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    if (has_input(from))
        command_lose_all(from->all);
    for (uint32_t i = 1; i < count; i++)
        if (word_starts(&words[i], "!"))
            command_lose_all(from->all);
    editor_start(from, row, words, count, false);
}

/* ---- make ------------------------------------------------------------------------------------ */

/* NAME=VALUE, which the makefile puts into the lines of a shell. */
static void make_variable(follow *from, const shell_word *word)
{
    static const char *const steering[] = {"SHELL", ".SHELLFLAGS", "MAKEFLAGS",   "MAKEFILES",
                                           "MAKE",  "VPATH",       "GNUMAKEFLAGS"};
    const char *const equals = memchr(word->text, '=', word->length);
    if (equals == NULL) {
        if (word_is_open(word))
            command_lose_all(from->all);
        return;
    }
    uint32_t length = (uint32_t)(equals - word->text);
    const bool runs = length > 0 && word->text[length - 1] == '!';
    const shell_word value = word_behind(word, length + 1);
    while (length > 0 && strchr(":?+ ", word->text[length - 1]) != NULL)
        length--;
    const shell_word name = {word->text, length, false};
    bool escapes = runs || IS_ONE(&name, steering) || word_is_open(word);
    for (uint32_t i = 0; i < value.length; i++)
        escapes = escapes || strchr(";|&`<>()$\n", value.text[i]) != NULL;
    if (escapes)
        command_lose_all(from->all);
}

static void make_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    facts_note(from, row, words, count);
    items items;
    items_begin(&items, row, words, count);
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        if (one.kind == ITEM_OPEN)
            command_lose_all(from->all);
        else if (one.kind == ITEM_OPERAND)
            make_variable(from, &one.value);
    }
}

/* ---- terminals ------------------------------------------------------------------------------- */

/* `;` begins another command of tmux, `#(` one of the shell in what is shown. */
void terminal_note(follow *from, const shell_word *words, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const shell_word *const word = &words[i];
        if ((word->length > 0 && word->text[word->length - 1] == ';') ||
            word_mentions(word, &(shell_word){"#(", 2, false}))
            command_lose_all(from->all);
    }
}

/* Of a command of tmux that no row describes nothing is sure. */
static void tmux_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    items items;
    items_begin(&items, row, words, count);
    bool some = false;
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items))
        some = some || one.kind != ITEM_OPTION;
    if (some && row == program_find("tmux", 4))
        command_lose_all(from->all);
    facts_note(from, row, words, count);
}

/* ---- compilers, databases -------------------------------------------------------------------- */

static void compiler_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    static const char *const others[] = {"-wrapper",    "-fplugin",     "-specs",   "--specs", "-B",
                                         "-Wl,-plugin", "-Wl,--plugin", "-fuse-ld", "@"};
    facts_note(from, row, words, count);
    for (uint32_t i = 1; i < count; i++)
        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            if (word_starts(&words[i], others[k]) && !word_starts(&words[i], "-fuse-ld=lld") &&
                !word_starts(&words[i], "-fuse-ld=mold") &&
                !word_starts(&words[i], "-fuse-ld=gold"))
                command_lose_all(from->all);
}

/* `\\! x` of psql and mysql, `.shell x` of sqlite3: a shell's line inside of a statement. */
static void database_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    static const char *const escapes[] = {"\\!",      ".shell",         ".system",
                                          "system ",  "\\copy",         "PROGRAM",
                                          "program ", "load_extension", ".load"};
    facts_note(from, row, words, count);
    for (uint32_t i = 1; i < count; i++)
        for (size_t k = 0; k < sizeof escapes / sizeof *escapes; k++)
            if (word_mentions(&words[i],
                              &(shell_word){escapes[k], (uint32_t)strlen(escapes[k]), false}))
                command_lose_all(from->all);
}

/* ---- archives -------------------------------------------------------------------------------- */

/* Unpacks into the folder that it is called in, if none is named. */
static void unpack_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    static const char *const quiet[] = {"l", "p", "t", "v", "z", "Z", "c", "d"};
    static const shell_word here = {".", 1, false};
    bool placed = false;
    facts_note(from, row, words, count);
    items items;
    items_begin(&items, row, words, count);
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items))
        placed = placed || (one.kind == ITEM_OPTION && IS_ONE(&one.name, quiet));
    if (!placed && count > 1)
        fact_path(from, FACT_WRITES, &here, true);
}

/* 7z COMMAND ARCHIVE FILES -oFOLDER */
static void seven_note(follow *from, const shell_word *words, uint32_t count)
{
    static const shell_word here = {".", 1, false};
    uint32_t place = 0;
    bool unpacks = false, placed = false;
    for (uint32_t i = 1; i < count; i++) {
        if (word_starts(&words[i], "-")) {
            const shell_word folder = word_behind(&words[i], words[i].length > 1 ? 2 : 1);
            if (word_starts(&words[i], "-o"))
                fact_path(from, FACT_WRITES, &folder, true);
            placed = placed || word_starts(&words[i], "-o") || word_is(&words[i], "-so");
            continue;
        }
        if (place == 0)
            unpacks = word_is(&words[i], "x") || word_is(&words[i], "e");
        const bool reads =
            place > 1 || unpacks || word_is(&words[1], "l") || word_is(&words[1], "t");
        const shell_word path = word_behind(&words[i], word_starts(&words[i], "@"));
        if (place > 0 && !(unpacks && place > 1))
            fact_path(from, reads ? FACT_READS : FACT_WRITES, &path, true);
        if (word_starts(&words[i], "@"))
            command_lose(from->all, FACT_READS);
        place++;
    }
    if (unpacks && !placed)
        fact_path(from, FACT_WRITES, &here, true);
}

bool starter_note(follow *from, const shell_word *name, const program *row, const shell_word *words,
                  uint32_t count)
{
    if (row == NULL)
        return false;
    if (row == program_find("vim", 3) || row == program_find("emacs", 5) ||
        row == program_find("nano", 4))
        editor_start(from, row, words, count, false);
    else if (row == program_find("less", 4))
        editor_start(from, row, words, count, true);
    else if (row == program_find("ed", 2))
        line_editor(from, row, words, count);
    else if (row == program_find("make", 4))
        make_note(from, row, words, count);
    else if (row == program_find("gcc", 3))
        compiler_note(from, row, words, count);
    else if (row == program_find("psql", 4) || row == program_find("mysql", 5) ||
             row == program_find("sqlite3", 7))
        database_note(from, row, words, count);
    else if (word_is(name, "tmux"))
        tmux_note(from, row, words, count);
    else if (row == program_find("unzip", 5))
        unpack_note(from, row, words, count);
    else if (row == program_find("dc", 2)) {
        facts_note(from, row, words, count);
        for (uint32_t i = 1; i < count; i++)
            if (word_has(&words[i], '!') || word_is_open(&words[i]))
                command_lose_all(from->all); /* `!x` runs x */
    } else if (row == program_find("7z", 2))
        seven_note(from, words, count);
    else if (row == program_find("at", 2) || word_is(name, "batch")) {
        facts_note(from, row, words, count);
        follow_input(from, true);
    } else if (word_is(name, "sftp") || word_is(name, "crontab")) {
        facts_note(from, row, words, count);
        if (has_input(from)) /* `!x` of sftp, a table of jobs */
            command_lose_all(from->all);
    } else
        return false;
    return true;
}
