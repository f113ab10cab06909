/*
 * options.c - reads the words of the command line by the table of the command.
 *
 * `--name value`, `--name=value`, `-o value`; options and words in any order; `--` ends the
 * options; `-` is a word (stdin). Nothing is guessed: an option that is not in the table is an
 * error with the nearest one as a suggestion.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/cli/cli.h"
#include "compiler/diagnostic.h"

enum { MOST_NAMES = 64 };

const cli_command *command_find(const char *name)
{
    for (const cli_command *command = commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

const char *nearest_command(const char *name)
{
    const char *names[MOST_NAMES];
    uint32_t count = 0;
    for (const cli_command *command = commands; command->name != NULL && count < MOST_NAMES;
         command++)
        names[count++] = command->name;
    return diagnostic_nearest(name, names, count);
}

static bool option_unknown(const cli_command *command, const char *word, size_t length)
{
    const char *names[MOST_NAMES];
    uint32_t count = 0;
    for (const option_row *row = command->options; row->name != NULL && count < MOST_NAMES; row++)
        names[count++] = row->name;
    char name[64];
    if (length >= sizeof name)
        length = sizeof name - 1;
    memcpy(name, word, length);
    name[length] = '\0';
    const char *const near = diagnostic_nearest(name, names, count);
    if (near != NULL)
        complain("%s has no option \"%s\"; did you mean %s?", command->name, name, near);
    else
        complain("%s has no option \"%s\"; \"constc help %s\" lists them", command->name, name,
                 command->name);
    return false;
}

static bool is_choice(const char *choices, const char *value)
{
    const size_t length = strlen(value);
    for (const char *at = choices;; at++) {
        const char *const end = strchr(at, '|');
        const size_t size = end == NULL ? strlen(at) : (size_t)(end - at);
        if (size == length && memcmp(at, value, length) == 0)
            return true;
        if (end == NULL)
            return false;
        at = end;
    }
}

/* What events hold beside what is read is `--context` where it can be nothing but contexts, and
 * `--given` where it can be more; whoever knows one of the commands writes its word at the other.
 */
static const option_row *option_alias(const cli_command *command, const char *word, size_t length)
{
    static const char *const words[] = {"--context", "--given"};
    for (uint32_t i = 0; i < 2; i++) {
        if (strlen(words[i]) != length || memcmp(words[i], word, length) != 0)
            continue;
        for (const option_row *row = command->options; row->name != NULL; row++)
            if (strcmp(row->name, words[1 - i]) == 0)
                return row;
    }
    return NULL;
}

/* Reads the option at words[*index]; moves on to its value if that is a word of its own. */
static bool option_read(const cli_command *command, int count, char **words, int *index,
                        option_use *out)
{
    const char *const word = words[*index];
    const char *const equals = strchr(word, '=');
    const size_t length = equals == NULL ? strlen(word) : (size_t)(equals - word);
    const option_row *row = command->options;
    for (; row->name != NULL; row++) {
        if (strlen(row->name) == length && memcmp(row->name, word, length) == 0)
            break;
        if (row->letter != NULL && strcmp(row->letter, word) == 0)
            break;
    }
    if (row->name == NULL)
        row = option_alias(command, word, length);
    if (row == NULL)
        return option_unknown(command, word, length);
    *out = (option_use){.row = row, .value = ""};
    if (row->value == NULL) {
        if (equals != NULL)
            complain("%s takes no value", row->name);
        return equals == NULL;
    }
    if (equals != NULL)
        out->value = equals + 1;
    else if (*index + 1 < count)
        out->value = words[++*index];
    else {
        complain("%s needs a value: %s", row->name,
                 row->choices != NULL ? row->choices : row->value);
        return false;
    }
    if (row->choices != NULL && !is_choice(row->choices, out->value)) {
        complain("%s is one of %s, not \"%s\"", row->name, row->choices, out->value);
        return false;
    }
    return true;
}

bool arguments_read(const cli_command *command, int count, char **words, cli_arguments *out)
{
    memset(out, 0, sizeof *out);
    out->options = calloc((size_t)count + 1, sizeof *out->options);
    out->words = calloc((size_t)count + 1, sizeof *out->words);
    if (out->options == NULL || out->words == NULL) {
        complain("out of memory");
        return false;
    }
    bool only_words = false;
    for (int i = 0; i < count; i++) {
        const char *const word = words[i];
        if (only_words || word[0] != '-' || word[1] == '\0')
            out->words[out->word_count++] = word;
        else if (strcmp(word, "--") == 0)
            only_words = true;
        else if (!option_read(command, count, words, &i, &out->options[out->option_count++]))
            return false;
    }
    const char *wrong = NULL;
    /* `check --explain CODE` and `redteam --list` need no file. */
    if (out->word_count < command->least && !arguments_has(out, "--explain") &&
        !arguments_has(out, "--list"))
        wrong = "something is missing";
    else if (out->word_count > command->most)
        wrong = "there are too many arguments";
    if (wrong != NULL)
        complain("%s; it is used as: constc %s %s", wrong, command->name, command->usage);
    for (uint32_t i = 0; wrong == NULL && i < out->word_count; i++)
        if (out->words[i][0] == '\0')
            complain("%s", wrong = "a file name is empty");
    return wrong == NULL;
}

void arguments_free(cli_arguments *arguments)
{
    free(arguments->options);
    free(arguments->words);
}

bool arguments_has(const cli_arguments *arguments, const char *name)
{
    return arguments_value(arguments, name, NULL) != NULL;
}

const char *arguments_value(const cli_arguments *arguments, const char *name, const char *otherwise)
{
    for (uint32_t i = arguments->option_count; i > 0; i--)
        if (strcmp(arguments->options[i - 1].row->name, name) == 0)
            return arguments->options[i - 1].value;
    return otherwise;
}

bool number_read(const char *option, const char *text, uint64_t most, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    const unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number == 0 ||
        number > most) {
        complain("%s: a number from 1 to %llu was expected, not \"%s\"", option,
                 (unsigned long long)most, text);
        return false;
    }
    *out = number;
    return true;
}

bool verdict_read(const char *name, cst_verdict *out)
{
    for (int i = CST_PERMIT; i <= CST_HALT; i++) {
        const char *const known = cst_verdict_name((cst_verdict)i);
        bool same = strlen(known) == strlen(name);
        for (size_t k = 0; same && known[k] != '\0'; k++)
            same = known[k] == name[k] || (known[k] == '_' && name[k] == '-');
        *out = (cst_verdict)i;
        if (same)
            return true;
    }
    return false;
}
