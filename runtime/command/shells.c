/*
 * shells.c - shells and interpreters: where their script comes from.
 *
 * A script in a word, a here-document or an `echo` in front of the pipe is read like the line
 * itself. A file, a pipe, or code of another language may do anything: then nothing is known but
 * the program.
 */
#include <string.h>

#include "runtime/command/shell.h"

/* ---- input ----------------------------------------------------------------------------------- */

/* `echo text |`: what goes into the pipe, if it is the text itself. */
static bool echoed(follow *from, const shell_step *step, shell_word *out)
{
    if (step->words.count < 2 || step->redirects.count > 0)
        return false;
    const shell_word *words = step->words.items + 1;
    uint32_t count = step->words.count - 1;
    if (word_is(&step->words.items[0], "printf") && word_is(&words[0], "%s") && count == 2) {
        words++;
        count--;
    } else if (!word_is(&step->words.items[0], "echo")) {
        return false;
    } else if (word_is(&words[0], "-n") && count > 1) {
        words++;
        count--;
    }
    for (uint32_t i = 0; i < count; i++)
        if (word_starts(&words[i], "-") || word_has(&words[i], '\\'))
            return false;
    *out = follow_join(from, words, count);
    return true;
}

void follow_input(follow *from, bool is_shell)
{
    const shell_step *const step = from->step;
    shell_word text = {NULL, 0, true};
    bool redirected = false;
    for (uint32_t i = 0; i < step->redirects.count; i++) {
        const shell_redirect *const one = &step->redirects.items[i];
        if (!one->input || one->kind == REDIRECT_WRITE)
            continue;
        redirected = true;
        text = one->kind == REDIRECT_TEXT ? one->target : (shell_word){NULL, 0, true};
    }
    if (!redirected && step->input == INPUT_NONE)
        return;
    if (!redirected && step->input != INPUT_UNKNOWN &&
        !echoed(from, &from->steps->items[step->input], &text))
        text.text = NULL;
    if (text.text == NULL || !is_shell)
        command_lose_all(from->all);
    else
        follow_text(from, &text);
}

void shell_note(follow *from, const program *row, shell_run *run, const shell_word *words,
                uint32_t count)
{
    items items;
    items_begin(&items, row, words, count);
    bool script = false, input = false;
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        if (one.kind == ITEM_OPTION) {
            script = script || (one.name.length == 1 && one.name.text[0] == 'c');
            input = input || (one.name.length == 1 && one.name.text[0] == 's');
            if (one.role == 'r' && one.has_value)
                command_lose_all(from->all);
            if (word_is(&one.name, "--version") || word_is(&one.name, "--help"))
                return;
            if (one.unsure)
                command_lose_all(from->all);
            continue;
        }
        if (one.kind == ITEM_OPEN && !script) {
            command_lose_all(from->all);
            return;
        }
        if (script) {
            if (run != NULL)
                run->wrapper = true;
            follow inner = *from;
            inner.arguments = words + one.at + 1;
            inner.argument_count = count - one.at - 1;
            for (uint32_t i = one.at + 1; i < count; i++)
                if (word_has(&words[i], MARK_WORDS))
                    inner.arguments = NULL; /* which is $1 is not known */
            follow_text(&inner, &one.value);
            return;
        }
        if (input || word_is(&one.value, "-") || word_is(&one.value, "/dev/stdin"))
            break;
        fact_path(from, FACT_READS, &one.value, false);
        if (run != NULL && word_is_plain(&one.value) && !word_starts(&one.value, "/dev/"))
            run->whole_script = from->all->scripts = true;
        else
            command_lose(from->all, FACT_PROGRAMS);
        command_lose(from->all, FACT_READS);
        command_lose(from->all, FACT_WRITES);
        command_lose(from->all, FACT_CONNECTS);
        return;
    }
    if (!script)
        follow_input(from, true);
}

/* python -m: what is installed is said by pip's words; timeit takes code. */
static void module_note(follow *from, const shell_word *module, const shell_word *rest,
                        uint32_t count)
{
    const program *const pip = program_find("pip", 3);
    if (word_is(module, "timeit") || word_is(module, "code") || !word_is_plain(module))
        command_lose_all(from->all);
    else if (word_is(module, "pip") && pip != NULL)
        facts_note(from, pip, rest - 1, count + 1);
}

/* perl '-Mx;…', node --import data:…, php -d auto_prepend_file=…: code in an option. */
static bool value_is_code(const item *one, bool perl, bool node, bool php)
{
    static const shell_word file = {"_file", 5, false}, extension = {"extension", 9, false};
    bool code = false;
    if (perl && (word_is(&one->name, "M") || word_is(&one->name, "m") || word_is(&one->name, "d")))
        for (uint32_t i = 0; i < one->value.length; i++) {
            const char byte = one->value.text[i];
            code = code || !((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                             (byte >= '0' && byte <= '9') || strchr("_:=,-./", byte) != NULL);
        }
    if (node)
        code = word_starts(&one->value, "data:") || word_starts(&one->value, "http");
    if (php && word_is(&one->name, "d"))
        code = word_is_open(&one->value) || word_mentions(&one->value, &file) ||
               word_mentions(&one->value, &extension);
    return code;
}

/* deno run URL, deno eval CODE */
static void modules_run(follow *from, const shell_word *words, uint32_t count)
{
    static const shell_word scheme = {"://", 3, false};
    if (word_is(&words[0], "eval") || word_is(&words[0], "repl"))
        command_lose_all(from->all);
    for (uint32_t i = 0; i < count && i < 4; i++)
        if (!word_starts(&words[i], "-") && word_mentions(&words[i], &scheme)) {
            fact_url(from, &words[i]);
            command_lose_all(from->all);
        }
}

/* python -c, perl -e: code of another language may do anything. */
void interpreter_note(follow *from, const program *row, const shell_word *words, uint32_t count)
{
    static const char *const code[] = {"c",
                                       "e",
                                       "E",
                                       "r",
                                       "R",
                                       "B",
                                       "p",
                                       "n",
                                       "--eval",
                                       "--print",
                                       "--run",
                                       "-Command",
                                       "-EncodedCommand",
                                       "-c",
                                       "--execute",
                                       "--expr"};
    static const char *const quiet[] = {"--version", "--help", "-version", "-help"};
    const bool is_perl = row == program_find("perl", 4) || row == program_find("ruby", 4);
    const bool is_python = row == program_find("python", 6), is_php = row == program_find("php", 3);
    const bool is_node = row == program_find("node", 4);
    items items;
    items_begin(&items, row, words, count);
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        if (one.kind == ITEM_OPERAND && !word_is(&one.value, "-")) {
            if (is_node)
                modules_run(from, words + one.at, count - one.at);
            return; /* a program of its own, in a file */
        }
        if (one.kind != ITEM_OPTION) {
            command_lose_all(from->all);
            return;
        }
        if (is_python && word_is(&one.name, "m")) {
            module_note(from, &one.value, words + items.at, count - items.at);
            return;
        }
        if (IS_ONE(&one.name, quiet))
            return;
        if (one.has_value && value_is_code(&one, is_perl, is_node, is_php)) {
            command_lose_all(from->all);
            return;
        }
        if ((one.name.length == 1 &&
             (one.name.text[0] == 'v' || one.name.text[0] == 'V' || one.name.text[0] == 'h') &&
             items.count == 2))
            return;
        const bool flag =
            (is_perl && word_is(&one.name, "r")) || (is_node && word_is(&one.name, "r")) ||
            (is_php && (word_is(&one.name, "n") || word_is(&one.name, "c"))) ||
            ((is_perl || is_node) && word_is(&one.name, "c")) ||
            (is_perl && (word_is(&one.name, "n") || word_is(&one.name, "p"))) ||
            (is_python &&
             (word_is(&one.name, "B") || word_is(&one.name, "E") || word_is(&one.name, "R")));
        if (IS_ONE(&one.name, code) && !flag) {
            command_lose_all(from->all);
            return;
        }
    }
    follow_input(from, false);
}
