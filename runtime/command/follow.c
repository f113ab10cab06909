/*
 * follow.c - from the commands that stand in a line to those that run.
 *
 * A wrapper (env, sudo, xargs, ssh and the like: C and S in programs.def) is listed and then what
 * it runs; a script in a word (`sh -c`, eval, trap) is read like the line itself. Scripts that are
 * not in the line make what is asked undecided: a file that a shell reads, what a pipe brings, code
 * of another language. What a program does by itself is not asked: `make` runs `make`.
 */
#include <string.h>

#include "runtime/command/shell.h"
#include "runtime/limits.h"

void command_lose_all(command *all)
{
    all->lost = (1u << FACT_COUNT) - 1;
}

/* ---- programs -------------------------------------------------------------------------------- */

/* The base name, or nothing where it is not known. */
static shell_word base_name(const shell_word *word)
{
    shell_word base = *word;
    for (uint32_t i = 0; i < word->length; i++)
        if (word->text[i] == '/')
            base = word_behind(word, i + 1);
    if (!word_is_plain(&base) || word_has(word, MARK_WORDS))
        base.length = 0;
    return base;
}

static shell_run *run_add(follow *from, const shell_word *words, uint32_t count)
{
    command *const all = from->all;
    shell_run *const run = ARENA_PUSH(all->memory, &all->runs);
    if (run == NULL || all->runs.count > LIMIT_COMMAND_STEPS) {
        all->no_memory = all->no_memory || run == NULL;
        all->broken = true;
        return NULL;
    }
    *run = (shell_run){.words = words, .count = count, .name = base_name(&words[0])};
    return run;
}

/* What changes which program a name is, or what a program starts by itself. */
/* clang-format off */
static const char *const starting[] = {
    "PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "BASH_ENV", "ENV", "IFS", "SHELLOPTS",
    "BASHOPTS", "PROMPT_COMMAND", "PS4", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_PAGER", "GIT_EDITOR",
    "GIT_EXTERNAL_DIFF", "GIT_ASKPASS", "GIT_CONFIG_COUNT", "PAGER", "EDITOR", "VISUAL",
    "PYTHONSTARTUP", "PYTHONPATH", "PERL5OPT", "PERL5LIB", "RUBYOPT", "NODE_OPTIONS",
    "DYLD_INSERT_LIBRARIES", "MANPAGER", "LESSOPEN", "BROWSER", "GIT_PROXY_COMMAND",
    "GIT_SEQUENCE_EDITOR", "GIT_EXEC_PATH", "GIT_CONFIG", "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM", "GIT_CONFIG_PARAMETERS", "GIT_TEMPLATE_DIR", "GIT_ALLOW_PROTOCOL",
    "XDG_CONFIG_HOME", "LESS", "LESSCLOSE", "LESSKEY", "LESSKEYIN", "LESSKEY_CONTENT", "LESSEDIT",
    "MORE", "MANOPT", "BAT_PAGER", "BAT_OPTS", "SYSTEMD_PAGER", "SSH_ASKPASS", "SUDO_ASKPASS",
    "SUDO_EDITOR", "SVN_SSH", "SVN_EDITOR", "HGEDITOR", "CVS_RSH", "RSYNC_RSH",
    "RSYNC_CONNECT_PROG", "TAR_OPTIONS", "TAPE", "MAKEFLAGS", "MAKEFILES", "GNUMAKEFLAGS",
    "SHELL", "FCEDIT", "VIMINIT", "EXINIT", "PYTHONHOME", "PYTHONBREAKPOINT",
    "RUBYLIB", "NODE_PATH", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS",
    "MAVEN_OPTS", "GRADLE_OPTS", "LUA_INIT", "LUA_PATH", "LUA_CPATH", "PERL5DB", "PHPRC",
    "PHP_INI_SCAN_DIR", "AWKPATH", "AWKLIBPATH", "GOFLAGS", "RUSTC_WRAPPER", "RUSTC",
    "GCONV_PATH", "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES", "TERMINFO",
};
/* clang-format on */

/* What `~`, $PWD and `cd x` are. */
static const char *const moved_by[] = {"HOME", "PWD", "OLDPWD", "CDPATH"};

void command_set(command *all, const shell_word *name)
{
    static const char *const kept[] = {"CURL_HOME", "WGETRC", "SYSTEM_WGETRC", "HOME"};
    static const char *const proxies[] = {
        "http_proxy",         "https_proxy",         "HTTPS_PROXY",
        "ftp_proxy",          "FTP_PROXY",           "all_proxy",
        "ALL_PROXY",          "HTTP_PROXY",          "PIP_PROXY",
        "PIP_INDEX_URL",      "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL",
        "UV_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX",    "GOPROXY",
        "DOCKER_HOST",        "DOCKER_CONTEXT",      "KUBECONFIG",
        "AWS_ENDPOINT_URL",   "HOSTALIASES",         "RES_OPTIONS",
        "LOCALDOMAIN",        "PIP_CONFIG_FILE"};
    if (IS_ONE(name, starting) || word_starts(name, "BASH_FUNC_"))
        command_lose(all, FACT_PROGRAMS);
    if (IS_ONE(name, proxies))
        command_lose(all, FACT_CONNECTS);
    if (word_starts(name, "npm_config_") || word_starts(name, "NPM_CONFIG_") ||
        word_starts(name, "GIT_CONFIG_KEY_") || word_starts(name, "GIT_CONFIG_VALUE_"))
        command_lose_all(all);
    if (IS_ONE(name, kept)) /* where a program finds what it is told to do */
        command_lose_all(all);
    if (IS_ONE(name, moved_by)) { /* what `~`, $PWD and `cd x` are */
        command_lose(all, FACT_READS);
        command_lose(all, FACT_WRITES);
    }
}

void settings_note(follow *from, const shell_word *setting)
{
    shell_word name = *setting;
    for (uint32_t i = 0; i < name.length; i++)
        if (strchr("=+[", name.text[i]) != NULL)
            name.length = i;
    command_set(from->all, &name);
    if (IS_ONE(&name, moved_by))
        from->folder_lost = true;
}

/* ---- scripts --------------------------------------------------------------------------------- */

void follow_text(follow *from, const shell_word *text)
{
    if (word_is_open(text))
        command_lose_all(from->all);
    follow ignored;
    follow_script(from, text->text, text->length, &ignored);
}

shell_word follow_join(follow *from, const shell_word *words, uint32_t count)
{
    const uint32_t mark = from->all->letters.count;
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            letters_put(from->all, ' ');
        for (uint32_t k = 0; k < words[i].length; k++) {
            const char byte = words[i].text[k];
            letters_put(from->all, byte == MARK_STAR  ? '*'
                                   : byte == MARK_ONE ? '?'
                                   : byte == MARK_SET ? '['
                                                      : byte);
        }
    }
    const uint32_t length = from->all->letters.count - mark;
    const char *const text =
        length > 0 ? arena_copy(from->all->memory, from->all->letters.items + mark, length) : "";
    from->all->letters.count = mark;
    if (text == NULL) {
        from->all->no_memory = from->all->broken = true;
        return (shell_word){"", 0, true};
    }
    return (shell_word){text, length, true};
}

void follow_joined(follow *from, const shell_word *words, uint32_t count)
{
    const shell_word text = follow_join(from, words, count);
    follow_text(from, &text);
}

/* ---- one command ----------------------------------------------------------------------------- */

/* These are what they run: `runs only` does not ask for themselves. */
static bool is_clear(const shell_word *name)
{
    static const char *const names[] = {"env",     "nice",     "ionice",   "nohup",   "setsid",
                                        "timeout", "gtimeout", "time",     "gtime",   "stdbuf",
                                        "command", "builtin",  "exec",     "chrt",    "taskset",
                                        "xargs",   "gxargs",   "unbuffer", "chronic", "eval"};
    return IS_ONE(name, names);
}

static bool plan_runs(const program *row)
{
    return strpbrk(row->operands, "CS") != NULL;
}

static bool names_user(const shell_word *words, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (word_starts(&words[i], "-u") || word_starts(&words[i], "--u"))
            return true;
    return false;
}

/* The row that says how the words are read: of the subcommand, where one has its own. */
static const program *row_of(const shell_word *name, const shell_word *words, uint32_t count,
                             uint32_t *sub)
{
    /* `docker container run` is `docker run` */
    static const char *const grouped[] = {"container", "image", "buildx", "builder"};
    const uint32_t stem = program_stem(name->text, name->length);
    const program *row = program_find(name->text, name->length);
    *sub = 0;
    if (row == NULL && stem < name->length)
        row = program_find(name->text, stem);
    if (word_is(name, "runuser") && !names_user(words, count))
        return program_find("su", 2); /* its other form */
    if (row != NULL && plan_runs(row))
        return row;
    items items;
    items_begin(&items, row, words, count);
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        if (one.kind != ITEM_OPERAND)
            continue;
        const program *found = program_find_sub(name->text, name->length, &one.value);
        if (found == NULL && word_is(name, "docker") && word_is(&one.value, "compose") &&
            one.at + 1 < count) {
            found = program_find_sub("docker-compose", 14, &words[one.at + 1]);
            one.at += found != NULL;
        }
        if (found == NULL && IS_ONE(&one.value, grouped) && one.at + 1 < count) {
            found = program_find_sub(name->text, name->length, &words[one.at + 1]);
            one.at += found != NULL;
        }
        if (found != NULL) {
            *sub = one.at;
            return found;
        }
        break;
    }
    return row;
}

static bool runs_script(const program *row, const char *name)
{
    return row != NULL && row == program_find(name, (uint32_t)strlen(name));
}

/* Those in front of the subcommand: `kubectl --kubeconfig x get`. */
static void options_before(follow *from, const shell_word *name, const shell_word *words,
                           uint32_t count)
{
    items items;
    items_begin(&items, program_find(name->text, name->length), words, count);
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items))
        if (one.kind == ITEM_OPTION)
            option_note(from, &one);
}

/* Options and operands that make another program of this one, by the table. */
static void turned_note(shell_run *run, const program *row, const shell_word *words, uint32_t count)
{
    const char *options = row != NULL ? row->options : "";
    options += strspn(options, "+!");
    if (row == NULL || (*row->operands != '+' && strchr(options, '!') == NULL))
        return;
    items items;
    items_begin(&items, row, words, count);
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        run->turned = run->turned || (one.kind == ITEM_OPTION && one.turns);
        run->strange = run->strange || (one.kind != ITEM_OPTION && *row->operands == '+' &&
                                        !word_starts(&one.value, "+"));
        if (one.kind == ITEM_OPERAND && items.stops)
            return; /* what follows is of another */
    }
}

void follow_words(follow *from, const shell_word *words, uint32_t count)
{
    command *const all = from->all;
    if (count == 0 || all->broken)
        return;
    if (++from->depth > LIMIT_COMMAND_DEPTH) {
        all->broken = true;
        return;
    }
    shell_run *run = run_add(from, words, count);
    if (run == NULL)
        return;
    const uint32_t number = all->runs.count - 1;
    const shell_word name = run->name;
    if (name.length == 0) {
        command_lose_all(all);
        from->depth--;
        return;
    }
    if (name.text[0] == '-') /* an option that was taken for a program */
        command_lose_all(all);
    run->wrapper = is_clear(&name);
    uint32_t sub;
    const program *const row = row_of(&name, words, count, &sub);
    turned_note(run, row, words + sub, count - sub);
    static const char *const interpreters[] = {"python", "perl", "ruby",  "node",
                                               "php",    "lua",  "expect"};
    bool code = false;
    for (size_t i = 0; i < sizeof interpreters / sizeof *interpreters; i++)
        code = code || runs_script(row, interpreters[i]);
    if (builtin_note(from, &name, words, count)) {
        from->depth--;
        return;
    }
    const follow before = *from;
    if (sub > 0 && !word_is(&name, "git"))
        options_before(from, &name, words, sub);
    if (runs_script(row, "sh"))
        shell_note(from, row, &all->runs.items[number], words, count);
    else if (code)
        interpreter_note(from, row, words, count);
    else if (row != NULL && plan_runs(row))
        wrapper_note(from, row, &name, words + sub, count - sub);
    else if (!starter_note(from, &name, row, words + sub, count - sub) &&
             !tools_note(from, name.text, name.length, row, words, count) && row != NULL)
        facts_note(from, row, words + sub, count - sub);
    if (sub > 0) {
        from->folder = before.folder;
        from->folder_lost = before.folder_lost;
    }
    if (word_is(&name, "tmux"))
        terminal_note(from, words, count);
    if ((word_is(&name, "su") || row == program_find("su", 2)) && !all->broken)
        follow_input(from, true);
    from->depth--;
}

/* ---- scripts, step by step ------------------------------------------------------------------- */

static bool step_lives(const command *all, const shell_step *step)
{
    return step->function == CST_NONE || all->functions.items[step->function].called;
}

/* Finds the functions that are called. One that is only mentioned may be: then nothing is sure. */
static void functions_call(command *all, const shell_steps *steps, uint32_t first)
{
    for (bool again = true; again;) {
        again = false;
        for (uint32_t f = first; f < all->functions.count; f++) {
            shell_function *const function = &all->functions.items[f];
            for (uint32_t i = 0; !function->called && i < steps->count; i++) {
                const shell_step *const step = &steps->items[i];
                if (step->kind != STEP_COMMAND || step->words.count == 0 || !step_lives(all, step))
                    continue;
                const shell_word *const word = &step->words.items[0];
                if (word->length == function->name.length &&
                    memcmp(word->text, function->name.text, word->length) == 0)
                    function->called = again = true;
            }
        }
    }
    for (uint32_t f = first; f < all->functions.count; f++) {
        shell_function *const function = &all->functions.items[f];
        for (uint32_t i = 0; !function->called && i < steps->count; i++) {
            const shell_step *const step = &steps->items[i];
            for (uint32_t k = 0; step->function != f && k < step->words.count; k++)
                if (word_mentions(&step->words.items[k], &function->name)) {
                    function->called = true;
                    command_lose_all(all);
                    break;
                }
        }
    }
}

/* Whether a name is for sure a function there, and no program. Where it may be one, it counts as
 * both. */
static bool is_function(const follow *at, const shell_steps *steps, uint32_t first, uint32_t step)
{
    const command *const all = at->all;
    const shell_word *const word = &steps->items[step].words.items[0];
    for (uint32_t i = first; i < all->functions.count; i++) {
        const shell_function *const one = &all->functions.items[i];
        if (one->called && one->sure && one->step <= step && word->length == one->name.length &&
            memcmp(word->text, one->name.text, word->length) == 0)
            return true;
    }
    return false;
}

typedef struct folder {
    shell_word text;
    bool lost;
} folder;

enum { MOST_FOLDERS = 4 * LIMIT_COMMAND_DEPTH };

static void step_follow(follow *at, const shell_step *step, bool is_call)
{
    command *const all = at->all;
    at->step = step;
    for (uint32_t i = 0; i < step->redirects.count; i++)
        fact_redirect(at, &step->redirects.items[i]);
    for (uint32_t i = 0; i < step->settings.count; i += 2)
        settings_note(at, &step->settings.items[i]);
    for (uint32_t i = 0; i < step->settings.count; i++)
        if (word_hides_code(&step->settings.items[i]))
            command_lose_all(all);
    if (step->words.count > 0 && !is_call)
        follow_words(at, step->words.items, step->words.count);
    else if (step->words.count == 0 && step->kind == STEP_COMMAND && step->redirects.count > 0)
        all->bare = true;
}

void follow_script(const follow *from, const char *text, uint32_t length, follow *out)
{
    command *const all = from->all;
    shell_steps steps = {0};
    folder folders[MOST_FOLDERS];
    uint32_t depth = 0;
    *out = *from;
    const uint32_t first = all->functions.count;
    script_read(from, text, length, &steps);
    if (all->broken)
        return;
    /* what reads its input reads that of the command around it */
    bool fed = from->step != NULL && from->step->input != INPUT_NONE;
    functions_call(all, &steps, first);
    bool unset = false;
    for (uint32_t i = 0; i < steps.count; i++)
        unset = unset || (steps.items[i].words.count > 0 &&
                          word_is(&steps.items[i].words.items[0], "unset"));
    out->steps = &steps;
    out->arguments = NULL;
    out->depth++;
    for (uint32_t i = 0; i < steps.count && !all->broken; i++) {
        shell_step *const step = &steps.items[i];
        if (fed && step->input == INPUT_NONE)
            step->input = INPUT_UNKNOWN;
        if (step->kind == STEP_ENTER || step->kind == STEP_LEAVE) {
            if (step->kind == STEP_LEAVE && depth > 0) {
                out->folder = folders[--depth].text;
                out->folder_lost = folders[depth].lost;
            } else if (step->kind == STEP_ENTER && depth < MOST_FOLDERS) {
                folders[depth++] = (folder){out->folder, out->folder_lost};
            } else {
                all->broken = true;
            }
        } else if (step_lives(all, step)) {
            step_follow(out, step,
                        step->kind == STEP_COMMAND && step->words.count > 0 && !unset &&
                            is_function(out, &steps, first, i));
            const bool exec = step->words.count == 1 && word_is(&step->words.items[0], "exec");
            for (uint32_t k = 0; exec && k < step->redirects.count; k++)
                fed = fed || step->redirects.items[k].input; /* of all that follows */
        }
    }
    out->steps = from->steps;
    out->step = from->step;
    out->depth = from->depth;
}
