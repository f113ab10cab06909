/*
 * wrappers.c - builtins of the shell that run or change something, and programs that run another.
 *
 * Which word is the command is in programs.def (C and S). An option that is not there hides it:
 * then the best guess is followed, and nothing about the line is sure.
 */
#include <string.h>

#include "runtime/command/shell.h"

/* ---- builtins that run or change something --------------------------------------------------- */

bool builtin_note(follow *from, const shell_word *name, const shell_word *words, uint32_t count)
{
    static const char *const folders[] = {"cd", "pushd", "popd", "chdir"};
    static const char *const showing[] = {"-p", "-P", "-v", "-V", "-l", "-s", "-S", "-q"};
    static const char *const declaring[] = {"export", "declare", "typeset", "readonly", "local"};
    static const char *const evaluating[] = {
        "test",      "[",      "let",     "printf",  "unset",    "read", "mapfile",
        "readarray", "export", "declare", "typeset", "readonly", "local"};
    for (uint32_t i = 1; IS_ONE(name, evaluating) && i < count; i++)
        if (word_hides_code(&words[i]))
            command_lose_all(from->all);
    if (IS_ONE(name, folders)) {
        static const char home_text[] = {MARK_HOME};
        static const shell_word home = {home_text, 1, false}, back = {"-", 1, false};
        uint32_t at = 1;
        while (at < count && (word_is(&words[at], "-P") || word_is(&words[at], "-L") ||
                              word_is(&words[at], "--")))
            at++;
        fact_folder(from, word_is(name, "popd") || at + 1 < count ? &back
                          : at < count                            ? &words[at]
                                                                  : &home);
        return true;
    }
    if (word_is(name, "eval")) {
        follow after = *from;
        const shell_word text = follow_join(from, words + 1, count - 1);
        if (word_is_open(&text))
            command_lose_all(from->all);
        follow_script(from, text.text, text.length, &after);
        from->folder = after.folder;
        from->folder_lost = after.folder_lost;
        return true;
    }
    if (word_is(name, "trap")) {
        if (count > 2 && !word_is(&words[1], "-") && !word_is(&words[1], "-p") &&
            !word_is(&words[1], "-l"))
            follow_text(from, &words[word_is(&words[1], "--") ? 2 : 1]);
        return true;
    }
    if (word_is(name, "source") || word_is(name, ".")) {
        if (count > 1)
            fact_path(from, FACT_READS, &words[1], false);
        command_lose_all(from->all);
        from->folder_lost = true;
        return true;
    }
    for (uint32_t i = 1; (word_is(name, "complete") || word_is(name, "bind")) && i < count; i++)
        if (!IS_ONE(&words[i], showing)) /* what a person's keys will run */
            command_lose(from->all, FACT_PROGRAMS);
    if (word_is(name, "alias") || word_is(name, "enable") || word_is(name, "hash")) {
        if (count > 2 || (count > 1 && word_is(name, "alias") && !word_is(&words[1], "-p")))
            command_lose(from->all, FACT_PROGRAMS);
        return true;
    }
    if (IS_ONE(name, declaring)) {
        for (uint32_t i = 1; i < count; i++)
            if (word_is_open(&words[i]))
                command_lose(from->all, FACT_PROGRAMS); /* any name may be set */
        return true;
    }
    static const char *const setting[] = {"read", "printf",  "getopts",  "unset",
                                          "let",  "mapfile", "readarray"};
    for (uint32_t i = 1; IS_ONE(name, setting) && i < count; i++)
        settings_note(from, &words[i]);
    if (word_is(name, "mapfile") || word_is(name, "readarray")) {
        for (uint32_t i = 1; i < count; i++)
            if (word_is(&words[i], "-C") && i + 1 < count)
                follow_text(from, &words[i + 1]);
        return true;
    }
    return false;
}

/* ---- wrappers -------------------------------------------------------------------------------- */

static bool is_setting(const shell_word *word)
{
    uint32_t i = 0;
    while (i < word->length &&
           (word->text[i] == '_' || (word->text[i] >= 'a' && word->text[i] <= 'z') ||
            (word->text[i] >= 'A' && word->text[i] <= 'Z') ||
            (i > 0 && word->text[i] >= '0' && word->text[i] <= '9')))
        i++;
    return i > 0 && i < word->length && word->text[i] == '=';
}

static const char unknown_text[] = {MARK_WORDS};
static const shell_word unknown_words = {unknown_text, 1, false};

/* xargs, parallel: more words at the end, or in the place of {}. NULL: memory is short. */
static const shell_word *fill(follow *from, const shell_word *words, uint32_t *count,
                              const char *place)
{
    shell_word *const made = arena_array(from->all->memory, *count + 1, sizeof *made);
    bool placed = false, failed = made == NULL;
    const size_t length = place != NULL ? strlen(place) : 0;
    for (uint32_t i = 0; !failed && i < *count; i++) {
        char *text = NULL;
        made[i] = words[i];
        for (uint32_t k = 0; length > 0 && k + length <= words[i].length; k++) {
            if (memcmp(words[i].text + k, place, length) != 0)
                continue;
            if (text == NULL &&
                (text = arena_copy(from->all->memory, words[i].text, words[i].length)) == NULL) {
                failed = true;
                break;
            }
            memset(text + k, MARK_PART, length);
            made[i].text = text;
            k += (uint32_t)length - 1;
            placed = true;
        }
    }
    if (failed) {
        from->all->no_memory = from->all->broken = true;
        return NULL;
    }
    if (!placed)
        made[(*count)++] = unknown_words;
    return made;
}

void follow_filled(follow *from, const shell_word *words, uint32_t count)
{
    const shell_word *const made = fill(from, words, &count, "{}");
    if (made != NULL)
        follow_words(from, made, count);
}

/* `find ROOT … -print0 | xargs -0`: the words are names at or below the roots. NULL: it is not so.
 */
static const shell_word *fill_found(follow *from, const shell_word *words, uint32_t *count,
                                    const char *place)
{
    const shell_step *const step = from->step;
    if (step->input == INPUT_NONE || step->input == INPUT_UNKNOWN || place != NULL)
        return NULL;
    const shell_words *const before = &from->steps->items[step->input].words;
    bool ends_with_null = false;
    if (before->count == 0 || !word_is(&before->items[0], "find"))
        return NULL;
    for (uint32_t i = 1; i < before->count; i++) {
        ends_with_null = ends_with_null || word_is(&before->items[i], "-print0");
        if (word_is_open(&before->items[i]) || word_starts(&before->items[i], "-exec") ||
            word_starts(&before->items[i], "-ok") || word_starts(&before->items[i], "-printf") ||
            word_is(&before->items[i], "-print"))
            return NULL;
    }
    const shell_word found = {"{}", 2, false};
    shell_words more = {0};
    for (uint32_t i = 0; i < *count; i++) {
        shell_word *const copy = ARENA_PUSH(from->all->memory, &more);
        if (copy == NULL)
            return NULL;
        *copy = words[i];
    }
    if (!ends_with_null || !find_words(from, before->items, before->count, &found, &more))
        return NULL;
    *count = more.count;
    return more.items;
}

typedef struct wrapped {
    uint32_t at;       /* the first word of what is run; `count`: none */
    bool joined;       /* S: as a shell line */
    bool shell;        /* sudo -s, su: a shell on the input */
    bool asks;         /* command -v: nothing is run */
    const char *place; /* xargs -I */
    bool nulls;        /* xargs -0 */
    bool exact;        /* watch -x: the words as they stand */
    bool edits;        /* sudo -e: the words are files */
    shell_word entry;  /* docker run --entrypoint: what runs, before the words */
} wrapped;

static void wrapper_options(follow *from, const item *one, wrapped *out)
{
    const char *const program = from->all->runs.items[from->all->runs.count - 1].name.text;
    const bool is_command = strncmp(program, "command", 7) == 0;
    if (one->names == NULL)
        command_lose_all(from->all); /* which word is the command? */
    if (option_has(one, "i") && option_has(one, "--login"))
        out->shell = true;
    if (one->names != NULL &&
        (option_has(one, "--shell") && one->name.text[one->name.length - 1] == 's'))
        out->shell = true;
    if (is_command && (word_is(&one->name, "v") || word_is(&one->name, "V")))
        out->asks = true;
    out->nulls = out->nulls || option_has(one, "--null");
    out->exact = out->exact || (option_has(one, "x") && option_has(one, "--exec"));
    out->joined = out->joined || (strcmp(program, "entr") == 0 && option_has(one, "s"));
    out->edits = out->edits || option_has(one, "--edit");
    if (option_has(one, "--entrypoint") && one->has_value)
        out->entry = one->value;
    if (strncmp(program, "xargs", 5) == 0 &&
        (option_has(one, "I") || option_has(one, "--replace")) && out->place == NULL) {
        out->place = "{}";
        if (one->has_value && one->value.length > 0 && word_is_plain(&one->value))
            out->place = arena_copy(from->all->memory, one->value.text, one->value.length);
    }
}

/* `-c 'script'`; `env -S 'words' more words` is one command. */
static void script_option(follow *from, const program *row, const shell_word *script,
                          const shell_word *rest, uint32_t count)
{
    shell_word *const words = arena_array(from->all->memory, count + 1, sizeof *words);
    if (words == NULL) {
        from->all->no_memory = from->all->broken = true;
        return;
    }
    words[0] = *script;
    if (count > 0)
        memcpy(words + 1, rest, count * sizeof *words);
    follow_joined(from, words, row == program_find("env", 3) ? count + 1 : 1);
}

/* The operands of a wrapper up to what it runs. */
static bool wrapper_find(follow *from, bool near, const program *row, const shell_word *words,
                         uint32_t count, wrapped *out)
{
    static const char *const containers[] = {"docker", "podman", "nerdctl", "docker-compose"};
    const bool contained =
        IS_ONE(&from->all->runs.items[from->all->runs.count - 1].name, containers);
    const char *plan = row->operands;
    follow here = *from; /* its own files are of this machine, wherever it goes */
    here.remote = !near;
    items items;
    items_begin(&items, row, words, count);
    *out = (wrapped){.at = count};
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        if (one.kind == ITEM_OPTION) {
            wrapper_options(from, &one, out);
            if (one.role == 'S' && one.has_value) {
                script_option(from, row, &one.value, words + items.at, count - items.at);
                out->asks = true;
            } else if (one.role == 'd' && one.has_value) {
                fact_folder(from, &one.value);
            } else if (one.role == 'w' && one.has_value && !word_starts(&one.value, "|")) {
                fact_path(&here, FACT_WRITES, &one.value, false);
            } else {
                option_note(&here, &one);
            }
            continue;
        }
        if (one.kind == ITEM_OPEN)
            command_lose_all(from->all);
        if (*plan == '=' && word_is(&one.value, "-")) { /* env - is env -i */
            items.ended = false;
            continue;
        }
        if (*plan == '=' && is_setting(&one.value)) {
            const char *const equals = memchr(one.value.text, '=', one.value.length);
            const shell_word name = {one.value.text, (uint32_t)(equals - one.value.text), false};
            settings_note(from, &name);
            items.ended = false;
            continue;
        }
        plan += *plan == '=';
        if (*plan == 'C' || *plan == 'S') {
            out->at = one.at;
            out->joined = out->joined || *plan == 'S';
            return true;
        }
        if (*plan == 'w' || *plan == 'r')
            fact_path(&here, *plan == 'r' ? FACT_READS : FACT_WRITES, &one.value, false);
        if (*plan == 'i')
            fact_image(from, &one.value);
        if (*plan == 'h')
            fact_url(from, &one.value);
        plan += *plan != '\0';
        items.ended =
            false; /* options may stand behind it too: `ssh host -p 1`, `kubectl exec pod -c x` */
        if (contained && (*plan == 'C' || *plan == 'S')) { /* but not of a container */
            out->joined = *plan == 'S';
            out->at = items.at;
            if (out->at < count && word_starts(&words[out->at], "-") && out->entry.length == 0)
                command_lose_all(from->all);
            return true;
        }
    }
    return false;
}

static void parallel_note(follow *from, const shell_word *words, uint32_t count)
{
    uint32_t filled = count;
    const shell_word *const made = fill(from, words, &filled, "{}");
    if (made == NULL)
        return;
    /* parallel quotes the words that it adds: they are arguments, not syntax */
    const shell_word line = follow_join(from, made, filled);
    for (uint32_t i = 0; i < count; i++)
        if (word_is_open(&words[i]))
            command_lose_all(from->all);
    follow ignored;
    follow_script(from, line.text, line.length, &ignored);
}

/* docker run --entrypoint PROGRAM image WORDS */
static void entry_note(follow *from, const shell_word *entry, const shell_word *words,
                       uint32_t count)
{
    shell_word *const made = arena_array(from->all->memory, count + 1, sizeof *made);
    if (made == NULL) {
        from->all->no_memory = from->all->broken = true;
        return;
    }
    made[0] = *entry;
    if (count > 0)
        memcpy(made + 1, words, count * sizeof *made);
    follow_words(from, made, count + 1);
}

/* entr: `/_` is the name of a file that has changed; with -s a script. */
static void entr_note(follow *from, const shell_word *words, uint32_t count, bool script)
{
    if (script) {
        follow_text(from, &words[0]);
        return;
    }
    shell_words made = {0};
    static const char unknown[] = {MARK_PART};
    for (uint32_t i = 0; i < count; i++) {
        shell_word *const copy = ARENA_PUSH(from->all->memory, &made);
        if (copy == NULL) {
            from->all->no_memory = from->all->broken = true;
            return;
        }
        *copy = word_is(&words[i], "/_") ? (shell_word){unknown, 1, true} : words[i];
    }
    follow_words(from, made.items, made.count);
}

void wrapper_note(follow *from, const program *row, const shell_word *name, const shell_word *words,
                  uint32_t count)
{
    static const char *const far[] = {"ssh",    "autossh", "mosh",          "docker",
                                      "podman", "nerdctl", "kubectl",       "oc",
                                      "chroot", "vagrant", "docker-compose"};
    static const char *const own_shell[] = {"sudo", "doas", "ssh", "autossh"};
    follow inner = *from;
    inner.remote = inner.remote || IS_ONE(name, far);
    wrapped run;
    wrapper_find(&inner, !from->remote, row, words, count, &run);
    if (run.asks)
        return;
    if (run.entry.length > 0) {
        entry_note(&inner, &run.entry, words + run.at, count - run.at);
        return;
    }
    if (run.at >= count) {
        if (word_is(name, "sudo") && !run.shell && count > 1)
            return; /* sudo -l */
        if (IS_ONE(name, own_shell) &&
            (run.shell || word_is(name, "ssh") || word_is(name, "autossh")))
            follow_input(&inner, true);
        if (word_is(name, "parallel"))
            follow_input(&inner, true);
        return;
    }
    const shell_word *const rest = words + run.at;
    const uint32_t left = count - run.at;
    if (run.edits) {
        for (uint32_t i = 0; i < left; i++)
            fact_path(from, FACT_WRITES, &rest[i], false);
        return;
    }
    if (word_is(name, "parallel")) {
        uint32_t stop = 0;
        while (stop < left && !word_starts(&rest[stop], ":::"))
            stop++;
        if (stop == 0) {
            for (uint32_t i = 1; i < left; i++)
                follow_text(&inner, &rest[i]);
            return;
        }
        parallel_note(&inner, rest, stop);
        return;
    }
    if (word_starts(name, "xargs") || word_is(name, "gxargs")) {
        uint32_t filled = left;
        const shell_word *made = run.nulls ? fill_found(&inner, rest, &filled, run.place) : NULL;
        if (made == NULL)
            made = fill(&inner, rest, &filled, run.place);
        if (made != NULL)
            follow_words(&inner, made, filled);
    } else if (word_is(name, "entr")) {
        entr_note(&inner, rest, left, run.joined);
    } else if (run.joined && !(run.exact && word_is(name, "watch")) &&
               !(left > 1 && word_is(name, "tmux")))
        follow_joined(&inner, rest, left);
    else
        follow_words(&inner, rest, left);
    if (word_is(name, "builtin") || word_is(name, "command")) { /* the shell itself: `builtin cd` */
        from->folder = inner.folder;
        from->folder_lost = inner.folder_lost;
    }
}
