/*
 * tools.c - programs whose words the table cannot describe: find, sed, awk, dd, tar, git. Those of
 * the network are in network.c, those that start others in starters.c.
 */
#include <string.h>

#include "runtime/command/shell.h"

static void no_memory(follow *from)
{
    from->all->no_memory = from->all->broken = true;
}

/* ---- find ------------------------------------------------------------------------------------ */

typedef struct roots {
    const shell_word *items;
    uint32_t count;
} roots;

static const shell_word here = {".", 1, false};

/* What `{}` stands for: something at or below the roots. */
static bool found_words(follow *from, const roots *roots, const shell_word *word, shell_words *out)
{
    static const char unknown[] = {MARK_PART};
    for (uint32_t i = 0; word_is(word, "{}") && i < roots->count; i++) {
        const shell_word *const root = &roots->items[i];
        shell_word *const place = ARENA_PUSH(from->all->memory, out);
        char *const text = arena_allocate(from->all->memory, (size_t)root->length + 2);
        if (place == NULL || text == NULL)
            return false;
        memcpy(text, root->text, root->length);
        text[root->length] = '/';
        text[root->length + 1] = MARK_BELOW;
        *place = (shell_word){text, root->length + 2, true};
    }
    if (word_is(word, "{}"))
        return true;
    shell_word made = *word;
    for (uint32_t k = 0; k + 1 < word->length; k++)
        if (word->text[k] == '{' && word->text[k + 1] == '}') {
            char *const text = arena_copy(from->all->memory, made.text, made.length);
            if (text == NULL)
                return false;
            text[k] = text[k + 1] = unknown[0];
            made.text = text;
        }
    shell_word *const place = ARENA_PUSH(from->all->memory, out);
    if (place == NULL)
        return false;
    *place = made;
    return true;
}

static uint32_t find_exec(follow *from, const roots *roots, const shell_word *words, uint32_t count,
                          uint32_t at)
{
    shell_words run = {0};
    uint32_t end = at;
    while (end < count && !word_is(&words[end], ";") &&
           !(word_is(&words[end], "+") && end > at && word_is(&words[end - 1], "{}")))
        end++;
    for (uint32_t i = at; i < end; i++)
        if (!found_words(from, roots, &words[i], &run)) {
            no_memory(from);
            return end;
        }
    if (run.count > 0)
        follow_words(from, run.items, run.count);
    if (end == count)
        command_lose_all(
            from->all); /* its end is hidden in words that are not known, or find refuses it */
    return end;
}

/* Where the folders are that find starts in. */
static uint32_t find_start(const shell_word *words, uint32_t count)
{
    uint32_t at = 1;
    while (at < count &&
           (word_is(&words[at], "-H") || word_is(&words[at], "-L") || word_is(&words[at], "-P")))
        at++;
    return at;
}

static bool is_root(const shell_word *word)
{
    return word->length > 0 && strchr("-(!,", word->text[0]) == NULL;
}

bool find_words(follow *from, const shell_word *words, uint32_t count, const shell_word *word,
                shell_words *out)
{
    const uint32_t at = find_start(words, count);
    roots roots = {words + at, 0};
    while (at + roots.count < count && is_root(&words[at + roots.count]))
        roots.count++;
    if (roots.count == 0)
        roots = (struct roots){&here, 1};
    return found_words(from, &roots, word, out);
}

static void find_note(follow *from, const shell_word *words, uint32_t count)
{
    static const char *const execs[] = {"-exec", "-execdir", "-ok", "-okdir"};
    static const char *const files[] = {"-fprint", "-fprint0", "-fls", "-fprintf"};
    const program *const row = program_find("find", 4);
    uint32_t at = find_start(words, count);
    roots roots = {words + at, 0};
    while (at < count && is_root(&words[at])) {
        if (word_has(&words[at], MARK_WORDS))
            command_lose_all(from->all); /* may be -exec */
        if (words[at].text[0] == MARK_PART)
            command_lose(from->all, FACT_WRITES); /* may be -delete */
        fact_path(from, FACT_READS, &words[at], true);
        at++;
        roots.count++;
    }
    if (roots.count == 0) {
        roots = (struct roots){&here, 1};
        fact_path(from, FACT_READS, &here, true);
    }
    for (; at < count && !from->all->broken; at++) {
        bool exec = false, file = false;
        for (uint32_t i = 0; i < 4; i++) {
            exec = exec || word_is(&words[at], execs[i]);
            file = file || word_is(&words[at], files[i]);
        }
        if (word_is(&words[at], "-files0-from")) { /* roots that a file names */
            command_lose(from->all, FACT_READS);
            command_lose(from->all, FACT_WRITES);
        }
        if (exec)
            at = find_exec(from, &roots, words, count, at + 1);
        else if (file && at + 1 < count)
            fact_path(from, FACT_WRITES, &words[at + 1], false);
        else if (program_takes(row, &words[at]))
            at++;
        else if (word_is(&words[at], "-delete"))
            for (uint32_t i = 0; i < roots.count; i++)
                fact_path(from, FACT_WRITES, &roots.items[i], true);
        else if (word_is_open(&words[at]) &&
                 (word_has(&words[at], MARK_WORDS) || words[at].text[0] == MARK_PART) &&
                 (at == 0 || words[at - 1].length == 0 || words[at - 1].text[0] != '-'))
            command_lose_all(from->all); /* may be -exec */
    }
}

/* ---- sed, awk -------------------------------------------------------------------------------- */

static void editor_note(follow *from, const program *row, const shell_word *words, uint32_t count,
                        bool is_sed)
{
    bool script = false, in_place = false;
    items items;
    items_begin(&items, row, words, count);
    for (item one = items_next(&items); one.kind == ITEM_OPTION; one = items_next(&items))
        ;
    items_begin(&items, row, words, count);
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        if (one.kind != ITEM_OPTION)
            continue;
        in_place = in_place || (is_sed && option_has(&one, "--in-place"));
        const bool text = option_has(&one, "--expression") || option_has(&one, "--source");
        const bool file = option_has(&one, "--file") || option_has(&one, "--exec") ||
                          option_has(&one, "--include") || option_has(&one, "--load");
        script = script || text || file;
        if (text && one.has_value)
            (is_sed ? scripts_sed : scripts_awk)(from, &one.value);
        if (file && one.has_value) {
            fact_path(from, FACT_READS, &one.value, false);
            command_lose_all(from->all);
        }
        if (!is_sed &&
            (word_is(&one.name, "i") || word_is(&one.name, "o") || word_is(&one.name, "p")))
            command_lose_all(from->all);
    }
    items_begin(&items, row, words, count);
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        if (one.kind == ITEM_OPTION)
            continue;
        if (!script) {
            (is_sed ? scripts_sed : scripts_awk)(from, &one.value);
            script = true;
        } else if (is_sed || !word_has(&one.value, '=')) {
            fact_path(from, in_place ? FACT_WRITES : FACT_READS, &one.value, false);
        }
    }
}

/* ---- dd, tar --------------------------------------------------------------------------------- */

static void dd_note(follow *from, const shell_word *words, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const shell_word path = word_behind(&words[i], words[i].length < 3 ? words[i].length : 3);
        if (word_starts(&words[i], "if="))
            fact_path(from, FACT_READS, &path, false);
        else if (word_starts(&words[i], "of="))
            fact_path(from, FACT_WRITES, &path, false);
        else if (word_is_open(&words[i]) && words[i].text[0] < 0x20) {
            command_lose(from->all, FACT_READS);
            command_lose(from->all, FACT_WRITES);
        }
    }
}

typedef struct archive {
    char mode; /* c, x, t */
    shell_word file, folder;
    bool to_output;
    bool anywhere; /* -P: names may begin at the root */
} archive;

static void tar_option(follow *from, archive *out, char letter, const shell_word *value)
{
    if (letter != '\0' && strchr("cruAx td", letter) != NULL && letter != ' ')
        out->mode = strchr("cruA", letter) != NULL ? 'c' : letter;
    if (letter == 'O')
        out->to_output = true;
    if (letter == 'P')
        out->anywhere = true;
    if (value == NULL)
        return;
    if (letter == 'f')
        out->file = *value;
    if (letter == 'C')
        out->folder = *value;
    if (letter == 'T' || letter == 'X')
        fact_path(from, FACT_READS, value, false);
    if (letter == 'T')
        command_lose(from->all, FACT_READS);
    if (letter == 'I' || letter == 'F')
        follow_text(from, value);
}

static void tar_long(follow *from, archive *out, const item *one)
{
    static const struct {
        const char *name;
        char letter;
    } names[] = {{"--file", 'f'},         {"--directory", 'C'},   {"--files-from", 'T'},
                 {"--exclude-from", 'X'}, {"--create", 'c'},      {"--extract", 'x'},
                 {"--list", 't'},         {"--append", 'r'},      {"--update", 'u'},
                 {"--catenate", 'A'},     {"--diff", 'd'},        {"--use-compress-program", 'I'},
                 {"--to-command", 'I'},   {"--rsh-command", 'I'}, {"--info-script", 'I'},
                 {"--delete", 'r'}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (option_has(one, names[i].name))
            tar_option(from, out, names[i].letter, one->has_value ? &one->value : NULL);
    if (option_has(one, "--checkpoint-action") && one->has_value &&
        word_starts(&one->value, "exec=")) {
        const shell_word run = word_behind(&one->value, 5);
        follow_text(from, &run);
    }
    if (option_has(one, "--one-top-level") && one->has_value)
        fact_path(from, FACT_WRITES, &one->value, true);
    if (word_is(&one->name, "--absolute-names") || word_is(&one->name, "P"))
        out->anywhere = true;
    if (word_is(&one->name, "--to-stdout") || word_is(&one->name, "O"))
        out->to_output = true;
}

static void tar_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    archive all = {.folder = here};
    uint32_t first = 1;
    if (count > 1 && words[1].length > 0 && words[1].text[0] != '-') { /* tar xzf FILE */
        first = 2;
        for (uint32_t i = 0; i < words[1].length; i++) {
            const char letter = words[1].text[i];
            const bool takes =
                letter != '\0' && strchr("fCTXbIKLNVF", letter) != NULL && first < count;
            tar_option(from, &all, letter, takes ? &words[first++] : NULL);
        }
        if (word_is_open(&words[1]))
            command_lose_all(from->all);
    }
    items items;
    items_begin(&items, row, words, count);
    items.at = first;
    const follow before = *from;
    bool lost = false;
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        if (one.kind == ITEM_OPTION)
            tar_long(from, &all, &one);
        lost = lost || (one.kind == ITEM_OPEN && word_is_open(&one.value));
    }
    if (fact_remote(from, &all.file))
        all.file.length = 0; /* over a remote shell */
    if (all.mode == 'x' && all.anywhere)
        command_lose(from->all, FACT_WRITES);
    if (all.mode == 'c')
        fact_path(from, FACT_WRITES, &all.file, false);
    else if (all.file.length > 0)
        fact_path(from, FACT_READS, &all.file, false);
    if (all.mode == 'x' && !all.to_output)
        fact_path(from, FACT_WRITES, &all.folder, true);
    if (lost)
        command_lose(from->all, all.mode == 'x' ? FACT_WRITES : FACT_READS);
    if (all.mode == 'c') {
        if (!word_is(&all.folder, "."))
            fact_folder(from, &all.folder);
        items_begin(&items, row, words, count);
        items.at = first;
        for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items))
            if (one.kind == ITEM_OPERAND)
                fact_path(from, FACT_READS, &one.value, true);
    }
    from->folder = before.folder;
    from->folder_lost = before.folder_lost;
}

/* ---- git ------------------------------------------------------------------------------------- */

/* Outside of the repository, git compares files as `--no-index` does. */
static bool git_leaves(const shell_word *word)
{
    return word_starts(word, "/") || word_starts(word, "../") ||
           (word->length > 0 && word->text[0] == MARK_HOME);
}

/* `ext::sh -c …`: a helper of transport, which may be any program. */
static bool git_runs(const shell_word *word)
{
    return word_mentions(word, &(shell_word){"::", 2, false}) && !word_has(word, '[') &&
           !word_has(word, MARK_SET);
}

static void git_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    static const char *const distant[] = {"clone",     "fetch",  "pull",     "push",
                                          "ls-remote", "remote", "submodule"};
    items items;
    items_begin(&items, row, words, count);
    item one = items_next(&items);
    for (; one.kind == ITEM_OPTION; one = items_next(&items)) {
        /* -c alias.x='!…', core.pager and many more are commands */
        if (option_has(&one, "c") || option_has(&one, "--config-env") ||
            option_has(&one, "--exec-path"))
            command_lose(from->all, FACT_PROGRAMS);
    }
    if (one.kind != ITEM_OPERAND)
        return;
    const uint32_t sub = one.at;
    const shell_word name = one.value;
    const program *const sub_row = program_find_sub("git", 3, &name);
    bool far = false;
    for (size_t i = 0; i < sizeof distant / sizeof *distant; i++)
        far = far || word_is(&name, distant[i]);
    if (sub_row != NULL)
        facts_note(from, sub_row, words + sub, count - sub);
    const bool compares = word_is(&name, "diff") || word_is(&name, "grep");
    bool no_index = false;
    items_begin(&items, sub_row, words + sub, count - sub);
    uint32_t places = 0;
    for (one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        if (one.kind == ITEM_OPTION) {
            no_index = no_index || word_is(&one.name, "--no-index");
            continue;
        }
        if (compares && (no_index || git_leaves(&one.value)))
            fact_path(from, FACT_READS, &one.value, true);
        if (far && git_runs(&one.value))
            command_lose_all(from->all);
        if (word_is(&name, "bisect") && word_is(&one.value, "run")) {
            follow_words(from, words + sub + one.at + 1, count - sub - one.at - 1);
            return;
        }
        if (word_is(&name, "submodule") && word_is(&one.value, "foreach")) {
            uint32_t at = sub + one.at + 1;
            while (at < count && word_starts(&words[at], "-"))
                at++;
            follow_joined(from, words + at, count - at);
            return;
        }
        if (far && fact_remote(from, &one.value))
            places++;
        else if (word_is(&name, "clone") && places > 0)
            fact_path(from, FACT_WRITES, &one.value, true);
        if (word_is(&name, "config") && word_is_open(&one.value))
            command_lose(from->all, FACT_PROGRAMS);
    }
}

bool tools_note(follow *from, const char *name, uint32_t length, const program *row,
                const shell_word *words, uint32_t count)
{
    const shell_word is = {name, length, false};
    if (word_is(&is, "find") || word_is(&is, "gfind"))
        find_note(from, words, count);
    else if (word_is(&is, "git"))
        git_note(from, program_find("git", 3), words, count);
    else if (row == NULL)
        return false;
    else if (row == program_find("sed", 3) || row == program_find("awk", 3))
        editor_note(from, row, words, count, row == program_find("sed", 3));
    else if (word_is(&is, "dd"))
        dd_note(from, words, count);
    else if (row == program_find("tar", 3))
        tar_note(from, row, words, count);
    else
        return network_note(from, row, words, count);
    return true;
}
