/*
 * programs.c - the table of programs.def: finding a row, and going through the words of a command
 * by it.
 *
 * Names are looked up through a table of hashes that is filled on first use. The fill writes the
 * same values whoever does it, and `ready` is published last, so threads need no lock.
 */
#include <stdatomic.h>
#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/command/shell.h"

static const program rows[] = {
#define PROGRAM(names, operands, options) {names, operands, options},
#include "runtime/command/programs.def"
#undef PROGRAM
};

enum { ROW_COUNT = sizeof rows / sizeof *rows, BUCKETS = 2048 };

static _Atomic uint16_t buckets[BUCKETS]; /* row + 1 */
static _Atomic bool ready;

static bool names_have(const char *names, const char *name, uint32_t length)
{
    for (const char *at = names; *at != '\0';) {
        const char *const end = strchr(at, ' ');
        const size_t size = end != NULL ? (size_t)(end - at) : strlen(at);
        if (size == length && memcmp(at, name, length) == 0)
            return true;
        at += size + (end != NULL);
    }
    return false;
}

static void fill(void)
{
    for (uint16_t row = 0; row < ROW_COUNT; row++)
        for (const char *at = rows[row].names; *at != '\0';) {
            const char *const end = strchr(at, ' ');
            const size_t size = end != NULL ? (size_t)(end - at) : strlen(at);
            uint32_t slot = cst_hash(at, size) & (BUCKETS - 1);
            for (uint16_t found; (found = atomic_load(&buckets[slot])) != 0 && found != row + 1;)
                slot = (slot + 1) & (BUCKETS - 1);
            atomic_store(&buckets[slot], (uint16_t)(row + 1));
            at += size + (end != NULL);
        }
    atomic_store(&ready, true);
}

const program *program_find(const char *name, uint32_t length)
{
    if (!atomic_load(&ready))
        fill();
    for (uint32_t slot = cst_hash(name, length) & (BUCKETS - 1); atomic_load(&buckets[slot]) != 0;
         slot = (slot + 1) & (BUCKETS - 1)) {
        const program *const row = &rows[atomic_load(&buckets[slot]) - 1];
        if (names_have(row->names, name, length))
            return row;
    }
    return NULL;
}

const program *program_find_sub(const char *name, uint32_t length, const shell_word *sub)
{
    char whole[64];
    if (length + sub->length + 1 > sizeof whole)
        return NULL;
    memcpy(whole, name, length);
    whole[length] = '/';
    memcpy(whole + length + 1, sub->text, sub->length);
    return program_find(whole, length + 1 + sub->length);
}

uint32_t program_stem(const char *name, uint32_t length)
{
    uint32_t stem = length;
    while (stem > 1 && ((name[stem - 1] >= '0' && name[stem - 1] <= '9') || name[stem - 1] == '.'))
        stem--;
    return stem;
}

/* ---- options --------------------------------------------------------------------------------- */

static bool is_name_end(char byte)
{
    return byte == '\0' || byte == ' ' || byte == '/' || byte == ':' || byte == '?' || byte == '!';
}

bool option_token_has(const char *token, const char *name, uint32_t length)
{
    for (const char *at = token; at != NULL && !is_name_end(*at);) {
        uint32_t size = 0;
        while (!is_name_end(at[size]))
            size++;
        if (size == length && memcmp(at, name, length) == 0)
            return true;
        at += size;
        if (*at == '/')
            at++;
        else
            break;
    }
    return false;
}

bool option_has(const item *option, const char *name)
{
    return option_token_has(option->names, name, (uint32_t)strlen(name));
}

/* Behind the names of a token: ':' and '?', '!', and the role behind them. */
static const char *token_value(const char *token)
{
    while (*token != '\0' && *token != ' ' && *token != ':' && *token != '?' && *token != '!')
        token++;
    return token;
}

static const char *options_of(const program *row)
{
    const char *at = row->options;
    while (*at == '+' || *at == '!')
        at++;
    return at;
}

static const char *token_next(const char *token)
{
    const char *const space = strchr(token, ' ');
    return space != NULL ? space + 1 : NULL;
}

/* A long name may be cut where it stays unambiguous. */
static const char *token_find(const program *row, const char *name, uint32_t length)
{
    const char *cut = NULL;
    uint32_t cuts = 0;
    if (row == NULL)
        return NULL;
    for (const char *token = options_of(row); token != NULL && *token != '\0';
         token = token_next(token)) {
        if (option_token_has(token, name, length))
            return token;
        for (const char *at = token; length > 3 && !is_name_end(*at);) {
            uint32_t size = 0;
            while (!is_name_end(at[size]))
                size++;
            if (size > length && memcmp(at, name, length) == 0) {
                cuts += cut != token;
                cut = token;
            }
            at += size;
            at += *at == '/';
        }
    }
    return cuts == 1 ? cut : NULL;
}

bool program_takes(const program *row, const shell_word *option)
{
    const char *const token = token_find(row, option->text, option->length);
    return token != NULL && *token_value(token) == ':';
}

void items_begin(items *items, const program *row, const shell_word *words, uint32_t count)
{
    *items = (struct items){.words = words, .count = count, .at = 1, .row = row};
    for (const char *at = row != NULL ? row->options : ""; *at == '+' || *at == '!'; at++) {
        items->stops = items->stops || *at == '+';
        items->single = items->single || *at == '!';
    }
}

static void value_take(items *items, item *item, const char *token, shell_word attached,
                       bool is_attached)
{
    const char *at = token_value(token);
    const char takes = *at == ':' || *at == '?' ? *at++ : '\0';
    const bool two = takes == ':' && *at == ':';
    at += two;
    item->turns = *at == '!';
    at += item->turns;
    item->role = *at == ' ' ? '\0' : *at;
    if (takes == '\0')
        return;
    if (is_attached) {
        item->value = attached;
        item->has_value = true;
    } else if (takes == ':' && items->at < items->count) {
        item->value = items->words[items->at++];
        item->has_value = true;
    }
    if (two && items->at < items->count) /* NAME VALUE: the second counts */
        item->value = items->words[items->at++];
}

static item whole_option(items *items, const shell_word *word)
{
    item item = {.kind = ITEM_OPTION, .at = items->at};
    const char *const equals = memchr(word->text, '=', word->length);
    const uint32_t length = equals != NULL ? (uint32_t)(equals - word->text) : word->length;
    item.name = (shell_word){word->text, length, word->quoted};
    items->at++;
    item.names = token_find(items->row, word->text, length);
    if (item.names != NULL) {
        value_take(items, &item, item.names,
                   word_behind(word, equals != NULL ? length + 1 : length), equals != NULL);
        return item;
    }
    if (equals != NULL) {
        item.value = word_behind(word, length + 1);
        item.has_value = true;
    }
    item.unsure = equals == NULL && (items->row == NULL || items->row->operands[0] != '-');
    return item;
}

static item letter_option(items *items, const shell_word *word)
{
    const uint32_t letter = items->letter;
    item item = {
        .kind = ITEM_OPTION, .at = items->at, .name = {word->text + letter, 1, word->quoted}};
    const bool last = letter + 1 >= word->length;
    item.names = token_find(items->row, word->text + letter, 1);
    items->letter++;
    const char *const value = item.names != NULL ? token_value(item.names) : "";
    const bool takes = *value == ':' || (*value == '?' && !last);
    if (last || takes) {
        items->letter = 0;
        items->at++;
    }
    if (item.names != NULL)
        value_take(items, &item, item.names, word_behind(word, last ? letter : letter + 1),
                   takes && !last);
    return item;
}

item items_next(items *items)
{
    item item = {.kind = ITEM_END, .at = items->at};
    if (items->at >= items->count)
        return item;
    const shell_word *const word = &items->words[items->at];
    if (items->letter > 0)
        return letter_option(items, word);
    item.value = *word;
    /* `*` may be a file called -rf; no option has a dot or a slash in it */
    const char start = word->length > 0 ? word->text[0] : '\0';
    const bool pattern = (start == MARK_STAR || start == MARK_ONE || start == MARK_SET) &&
                         !word_has(word, '.') && !word_has(word, '/');
    const bool unknown_start = start == MARK_PART || start == MARK_WORDS || pattern;
    if (!items->ended && (unknown_start || word_has(word, MARK_WORDS))) {
        item.kind = ITEM_OPEN;
        items->at++;
        return item;
    }
    if (!items->ended && word->length > 1 &&
        (word->text[0] == '-' || (word->text[0] == '+' && items->row != NULL &&
                                  strncmp(items->row->names, "sh ", 3) == 0))) {
        if (word_is(word, "--")) {
            items->ended = items->dashes = true;
            items->at++;
            return items_next(items);
        }
        if (items->row == NULL || items->single || word->text[1] == '-')
            return whole_option(items, word);
        items->letter = 1;
        return letter_option(items, word);
    }
    item.kind = word_has(word, MARK_WORDS) ? ITEM_OPEN : ITEM_OPERAND;
    items->at++;
    if (items->stops)
        items->ended = true;
    return item;
}
