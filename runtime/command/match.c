/*
 * match.c - `runs "git push"`: a program and words against what a line runs.
 *
 * The program is compared by its base name; "python" is also python3.11. Words without a dash must
 * be the first operands, in order; options may stand anywhere and in any spelling: joined, cut
 * short, with their long name. Where the table does not say whether an option takes the next word,
 * both readings are followed at once, and the answer is sure only if they agree.
 */
#include <string.h>

#include "runtime/command/shell.h"

enum { MOST_WANTED = 16, MOST_VERSION = 8 };

typedef struct wanted {
    const char *program;
    uint32_t program_length;
    shell_word operands[MOST_WANTED], options[MOST_WANTED];
    uint32_t operand_count, option_count;
} wanted;

static void wanted_read(const char *text, uint32_t length, wanted *out)
{
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < length;) {
        const char *const space = memchr(text + i, ' ', length - i);
        const uint32_t end = space != NULL ? (uint32_t)(space - text) : length;
        const shell_word word = {text + i, end - i, false};
        if (i == 0) {
            out->program = text;
            out->program_length = end;
        } else if (word.length > 1 && word.text[0] == '-') {
            if (out->option_count < MOST_WANTED)
                out->options[out->option_count++] = word;
        } else if (word.length > 0 && out->operand_count < MOST_WANTED) {
            out->operands[out->operand_count++] = word;
        }
        i = end + 1;
    }
}

static command_answer less(command_answer a, command_answer b)
{
    return a < b ? a : b;
}

static command_answer more(command_answer a, command_answer b)
{
    return a > b ? a : b;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* Whether a word is that text: pieces of it may not be known. */
static command_answer word_equals(const shell_word *word, const shell_word *text)
{
    uint32_t same = 0;
    while (same < word->length && same < text->length && word->text[same] == text->text[same])
        same++;
    if (same == word->length && same == text->length)
        return ANSWER_YES;
    return same < word->length && word->text[same] > 0 && word->text[same] <= MARK_BELOW
               ? ANSWER_MAYBE
               : ANSWER_NO;
}

static command_answer letters_equal(const item *option, const shell_word *wanted)
{
    /* "-rf" is r and f: one letter at a time, see below; here: the word of an unknown program */
    for (uint32_t i = 1; i < wanted->length; i++)
        if (memchr(option->name.text, wanted->text[i], option->name.length) == NULL)
            return ANSWER_NO;
    return ANSWER_MAYBE;
}

static command_answer long_equals(const item *option, const shell_word *wanted)
{
    const char *const equals = memchr(wanted->text, '=', wanted->length);
    const uint32_t length = equals != NULL ? (uint32_t)(equals - wanted->text) : wanted->length;
    command_answer answer = ANSWER_NO;
    if ((option->name.length == length && memcmp(option->name.text, wanted->text, length) == 0) ||
        option_token_has(option->names, wanted->text, length))
        answer = ANSWER_YES;
    else if (option->name.length > 2 && option->name.length < length && option->names == NULL &&
             memcmp(option->name.text, wanted->text, option->name.length) == 0)
        answer = ANSWER_MAYBE; /* --forc */
    else if (word_is_open(&option->name))
        answer = word_equals(&option->name, wanted);
    if (answer == ANSWER_NO || equals == NULL)
        return answer;
    const shell_word value = word_behind(wanted, length + 1);
    return option->has_value ? less(answer, word_equals(&option->value, &value))
                             : less(answer, ANSWER_MAYBE);
}

/* One letter of "-rf", or a whole "--force". */
static command_answer option_equals(const items *items, const item *option,
                                    const shell_word *wanted, uint32_t letter)
{
    if (wanted->text[1] == '-' || items->single)
        return long_equals(option, wanted);
    if (option->name.length == 1)
        return option->name.text[0] == wanted->text[letter] ||
                       option_token_has(option->names, wanted->text + letter, 1)
                   ? ANSWER_YES
                   : ANSWER_NO;
    if (items->row == NULL && option->name.length > 1 && option->name.text[1] != '-') {
        if (word_equals(&option->name, wanted) == ANSWER_YES)
            return ANSWER_YES;
        const shell_word one = {(const char[]){'-', wanted->text[letter]}, 2, false};
        return letters_equal(option, &one);
    }
    if (option_token_has(option->names, wanted->text + letter, 1))
        return ANSWER_YES;
    return word_is_open(&option->name) ? ANSWER_MAYBE : ANSWER_NO;
}

/* ---- one command ----------------------------------------------------------------------------- */

typedef struct matching {
    const wanted *wanted;
    uint64_t states; /* bit k: k operands may have been met */
    bool fails;      /* some reading has another operand */
    bool unsure;     /* the word before may take this one as its value */
    bool open;       /* some word may be any option */
    bool turned;     /* some option that turns the program was not wanted */
    command_answer options[MOST_WANTED][MOST_WANTED + 1];
} matching;

static void operand_take(matching *at, const shell_word *word)
{
    const uint32_t count = at->wanted->operand_count;
    uint64_t next = at->unsure ? at->states : 0;
    for (uint32_t k = 0; k <= count; k++) {
        if ((at->states & (UINT64_C(1) << k)) == 0)
            continue;
        if (k == count) {
            next |= UINT64_C(1) << k;
            continue;
        }
        const command_answer answer = word_equals(word, &at->wanted->operands[k]);
        if (answer != ANSWER_NO)
            next |= UINT64_C(1) << (k + 1);
        at->fails = at->fails || answer != ANSWER_YES;
    }
    at->states = next;
    at->unsure = false;
}

static void open_take(matching *at)
{
    const uint32_t count = at->wanted->operand_count;
    uint32_t least = 0;
    while (least <= count && (at->states & (UINT64_C(1) << least)) == 0)
        least++;
    for (uint32_t k = least; k <= count; k++)
        at->states |= UINT64_C(1) << k;
    at->fails = at->fails || least < count;
    at->open = true;
    at->unsure = false;
}

static void option_take(matching *at, const items *items, const item *option)
{
    bool named = false;
    for (uint32_t i = 0; i < at->wanted->option_count; i++) {
        const shell_word *const wanted = &at->wanted->options[i];
        const bool whole = wanted->text[1] == '-' || items->single;
        for (uint32_t letter = 1; letter < (whole ? 2 : wanted->length) && letter <= MOST_WANTED;
             letter++) {
            command_answer answer = option_equals(items, option, wanted, letter);
            if (at->unsure)
                answer = less(answer, ANSWER_MAYBE);
            at->options[i][letter] = more(at->options[i][letter], answer);
            named = named || answer == ANSWER_YES;
        }
    }
    at->turned = at->turned || (option->turns && !named);
    at->unsure = option->unsure;
}

static command_answer options_answer(const matching *at, const items *items)
{
    command_answer all = ANSWER_YES;
    for (uint32_t i = 0; i < at->wanted->option_count; i++) {
        const shell_word *const wanted = &at->wanted->options[i];
        if (wanted->length == 2 && wanted->text[1] == '-') { /* `git checkout -- file` */
            all = less(all, items->dashes ? ANSWER_YES : at->open ? ANSWER_MAYBE : ANSWER_NO);
            continue;
        }
        const bool whole = wanted->text[1] == '-' || items->single;
        for (uint32_t letter = 1; letter < (whole ? 2 : wanted->length) && letter <= MOST_WANTED;
             letter++)
            all = less(all, more(at->options[i][letter], at->open ? ANSWER_MAYBE : ANSWER_NO));
    }
    return all;
}

/* Behind the subcommand, or the command that a wrapper runs, another row counts. */
static bool row_change(items *items, const program *first, const shell_word *name,
                       const item *operand)
{
    const program *row = NULL;
    if (first == NULL || first->options[0] != '+')
        return false;
    if (strpbrk(first->operands, "CS") != NULL)
        row = program_find(operand->value.text, operand->value.length);
    else
        row = program_find_sub(name->text, name->length, &operand->value);
    const shell_word *const words = items->words + operand->at;
    const uint32_t count = items->count - operand->at;
    const bool dashes = items->dashes;
    items_begin(items, row, words, count);
    items->dashes = dashes;
    return true;
}

/* `only`: an option that makes another program of this one (`date -s`) must be wanted too. */
static command_answer run_answer(const shell_run *run, const wanted *wanted, bool only)
{
    matching at = {.wanted = wanted, .states = 1, .turned = run->strange};
    const bool turned = only && (run->turned || run->strange);
    if (wanted->operand_count == 0 && wanted->option_count == 0 && !turned)
        return ANSWER_YES;
    const program *first = program_find(run->name.text, run->name.length);
    if (first == NULL)
        first = program_find(run->name.text, program_stem(run->name.text, run->name.length));
    items items;
    items_begin(&items, first, run->words, run->count);
    bool changed = false;
    for (item one = items_next(&items); one.kind != ITEM_END; one = items_next(&items)) {
        if (one.kind == ITEM_OPEN) {
            open_take(&at);
        } else if (one.kind == ITEM_OPTION) {
            option_take(&at, &items, &one);
        } else {
            operand_take(&at, &one.value);
            if (!changed)
                changed = row_change(&items, first, &run->name, &one);
        }
    }
    const uint64_t all = UINT64_C(1) << wanted->operand_count;
    command_answer operands = ANSWER_NO;
    if ((at.states & all) != 0)
        operands = at.states == all && !at.fails ? ANSWER_YES : ANSWER_MAYBE;
    const command_answer answer = less(operands, options_answer(&at, &items));
    return turned && at.turned ? less(answer, ANSWER_MAYBE) : answer;
}

/* ---- patterns -------------------------------------------------------------------------------- */

static int compare(const char *a, uint32_t a_length, const char *b, uint32_t b_length)
{
    const uint32_t least = a_length < b_length ? a_length : b_length;
    const int order = least > 0 ? memcmp(a, b, least) : 0;
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

typedef struct best {
    command_answer answer;
    command_answer named; /* of the patterns that have an operand: those that name a script */
} best;

static void named_match(const shell_run *run, const command_patterns *patterns, const char *name,
                        uint32_t length, bool only, best *out)
{
    const cst_command_row *const rows =
        CST_ROWS(patterns->image, commands, cst_command_row) + patterns->rows.first;
    uint32_t low = 0, high = patterns->rows.count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (compare(CST_TEXT(patterns->image, rows[middle].text), rows[middle].program_length, name,
                    length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < patterns->rows.count && out->named != ANSWER_YES; low++) {
        const cst_command_row *const row = &rows[low];
        const char *const text = CST_TEXT(patterns->image, row->text);
        if (compare(text, row->program_length, name, length) != 0)
            break;
        wanted wanted;
        wanted_read(text, row->text.length, &wanted);
        if (patterns->work != NULL)
            *patterns->work += 1u + run->count;
        const command_answer answer = run_answer(run, &wanted, only);
        out->answer = more(out->answer, answer);
        if (wanted.operand_count > 0)
            out->named = more(out->named, answer);
        if (out->answer == ANSWER_YES && !run->whole_script)
            break;
    }
}

static best best_of(const shell_run *run, const command_patterns *patterns, bool only)
{
    best out = {ANSWER_NO, ANSWER_NO};
    if (run->name.length == 0)
        return (best){ANSWER_MAYBE, ANSWER_MAYBE};
    const uint32_t stem = program_stem(run->name.text, run->name.length);
    named_match(run, patterns, run->name.text, run->name.length, only, &out);
    if (run->name.text[stem - 1] == '-')
        return out;
    for (uint32_t length = stem; length < run->name.length && length < stem + MOST_VERSION;
         length++)
        named_match(run, patterns, run->name.text, length, only, &out);
    return out;
}

command_answer command_runs(const command *command, const command_patterns *patterns, bool only)
{
    const bool lost = command->broken || (command->lost & (1u << FACT_PROGRAMS)) != 0;
    command_answer any = ANSWER_NO, all = command->bare ? ANSWER_NO : ANSWER_YES;
    for (uint32_t i = 0; i < command->runs.count; i++) {
        const shell_run *const run = &command->runs.items[i];
        const best best = best_of(run, patterns, only);
        any = more(any, best.answer);
        if (run->wrapper && best.answer != ANSWER_YES)
            continue;
        all = less(all, run->whole_script && best.answer == ANSWER_YES
                            ? more(best.named, ANSWER_MAYBE)
                            : best.answer);
        if (only && all == ANSWER_NO)
            break;
        if (!only && any == ANSWER_YES)
            break;
    }
    if (command->broken)
        return ANSWER_MAYBE;
    if (only)
        return lost ? less(all, ANSWER_MAYBE) : all;
    return lost || command->scripts ? more(any, ANSWER_MAYBE) : any;
}
