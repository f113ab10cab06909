/*
 * patterns.c - what conditions look for in texts: declared patterns, phrases, the words of sets.
 *
 * A pattern is read when something first uses it, once as it is and once for the view `folded`, in
 * which there is no upper case: there a regular expression ignores case, and a phrase is folded as
 * the text will be. Sets may name patterns and other sets, so that `contains any secrets.keys` is
 * one name for two hundred patterns. The words of a set that has many are one pattern, looked up by
 * hash.
 *
 * What one condition looks for becomes a probe: a list of numbers in the database of its field,
 * view and stage. So all that rules look for in one place is found in one pass.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/check/expression.h"
#include "runtime/base/hash.h"
#include "runtime/number.h"
#include "runtime/text/view.h"

enum {
    /* words of one set from which on they are looked up by hash, and not each a pattern */
    MANY_WORDS = 100,
    SET_DEPTH = 16,   /* sets inside of sets */
    AFTER_WITHIN = 40 /* characters, where `after` says nothing */
};

typedef struct wanted_list {
    checked_pattern **items;
    uint32_t count, capacity;
} wanted_list;

static void add(checker *checker, wanted_list *list, checked_pattern *pattern)
{
    *ARENA_PUSH(checker->arena, list) = pattern;
}

static void finish(wanted_list *list, unsigned views, wanted *out)
{
    *out = (wanted){.patterns = list->items, .count = list->count, .views = views};
}

/* ---- errors ---------------------------------------------------------------------------------- */

static diagnostic_code code_of(pattern_error_kind kind)
{
    switch (kind) {
    case PATTERN_UNSUPPORTED: return E_PATTERN_UNSUPPORTED;
    case PATTERN_EMPTY: return E_PATTERN_EMPTY;
    case PATTERN_TOO_LARGE: return E_PATTERN_TOO_LARGE;
    default: return E_PATTERN_SYNTAX;
    }
}

/* `inside`: the range of the expression between its slashes or quotes begins one byte behind
 * `whole`. */
static void error_report(checker *checker, source_range whole, bool regex,
                         const pattern_error *error)
{
    source_range range = whole;
    if (regex && whole.start + 1 + error->end < whole.end) {
        range.start = whole.start + 1 + error->start;
        range.end = whole.start + 1 + error->end;
        if (range.end <= range.start)
            range.end = range.start + 1;
    }
    diagnostic *const d = check_report(checker, code_of(error->kind), range, "%s", error->text);
    if (error->mend != NULL)
        diagnostic_mend(checker->compilation, d, range, NULL, "%s", error->mend);
}

/* ---- one pattern ----------------------------------------------------------------------------- */

static pattern *regex_read(checker *checker, const ast_text *text, unsigned views)
{
    pattern_error error;
    pattern *const made =
        (views & VIEW_FOLDED) != 0
            ? pattern_regex_folded(checker->arena, text->bytes, text->length, &error)
            : pattern_regex(checker->arena, text->bytes, text->length, false, &error);
    if (made == NULL)
        error_report(checker, text->range, true, &error);
    return made;
}

void slow_warn(checker *checker, const wanted *wanted)
{
    for (uint32_t i = 0; i < wanted->count; i++) {
        const checked_pattern *const one = wanted->patterns[i];
        if (!one->slow)
            continue;
        diagnostic *const d = check_report(
            checker, W_SLOW_PATTERN, one->range,
            "every match of this pattern holds nothing rare, so each place of the text is tried: "
            "about %u times the price of one that does",
            pattern_study(one->compiled).cost);
        diagnostic_mend(
            checker->compilation, d, one->range, NULL,
            "let every match hold a word, a sign or a run of digits that most texts do not have");
    }
}

static bool is_slow(const pattern *pattern)
{
    return pattern_study(pattern).trigger == TRIGGER_SEARCH;
}

static bool fold(checker *checker, unsigned views, const char **bytes, uint32_t *length)
{
    if ((views & VIEW_FOLDED) == 0)
        return true;
    return view_fold(checker->arena, *bytes, *length, bytes, length);
}

static checked_pattern *phrase_read(checker *checker, const char *bytes, uint32_t length,
                                    unsigned views, source_range range)
{
    const char *name = bytes;
    pattern_error error;
    if (!fold(checker, views, &bytes, &length))
        return NULL;
    const pattern *const compiled = pattern_phrase(checker->arena, bytes, length, true, &error);
    if (compiled == NULL) {
        error_report(checker, range, false, &error);
        return NULL;
    }
    checked_pattern *const made = arena_allocate(checker->arena, sizeof *made);
    made->name = name;
    made->compiled = compiled;
    return made;
}

bool wanted_of_phrase(checker *checker, const ast_text *text, unsigned views, wanted *out)
{
    wanted_list list = {0};
    checked_pattern *const phrase =
        phrase_read(checker, text->bytes, text->length, views, text->range);
    if (phrase == NULL)
        return false;
    add(checker, &list, phrase);
    finish(&list, views, out);
    return true;
}

bool wanted_of_regex(checker *checker, const ast_text *text, unsigned views, wanted *out)
{
    wanted_list list = {0};
    checked_pattern *const made = arena_allocate(checker->arena, sizeof *made);
    made->name = "pattern";
    made->compiled = regex_read(checker, text, views);
    if (made->compiled == NULL)
        return false;
    made->slow = is_slow(made->compiled);
    made->range = text->range;
    add(checker, &list, made);
    finish(&list, views, out);
    return true;
}

/* ---- declared patterns ----------------------------------------------------------------------- */

static bool check_read(checker *checker, const ast_declaration *declaration, checked_pattern *out)
{
    const ast_text *const name = &declaration->checked_by;
    if (name->bytes == NULL) {
        if (declaration->above == NULL)
            return true;
        check_report(checker, E_CHECK_BOUND, declaration->above->range,
                     "`above` belongs to a check, and this pattern has none");
        return false;
    }
    out->check = check_find(name->bytes, name->length);
    if (out->check == CHECK_NONE) {
        diagnostic *const d = check_report(checker, E_UNKNOWN_CHECK, name->range,
                                           "no check is called `%s`", name->bytes);
        const char *names[CHECK_COUNT];
        for (uint32_t i = 1; i < CHECK_COUNT; i++)
            names[i - 1] = check_name((check_kind)i);
        const char *const near = diagnostic_nearest(name->bytes, names, CHECK_COUNT - 1);
        if (near != NULL) {
            diagnostic_label(checker->compilation, d, "did you mean `%s`?", near);
            diagnostic_mend(checker->compilation, d, name->range, near, "write `%s`", near);
        }
        return false;
    }
    const bool takes = check_takes_bound(out->check, &out->check_bound);
    if (declaration->above == NULL)
        return true;
    if (!takes) {
        check_report(checker, E_CHECK_BOUND, declaration->above->range,
                     "the check `%s` takes no number", name->bytes);
        return false;
    }
    out->check_bound = declaration->above->kind == AST_INT
                           ? (double)declaration->above->integer
                           : strtod(declaration->above->text.bytes, NULL);
    return true;
}

static bool after_read(checker *checker, const ast_declaration *declaration, checked_pattern *out)
{
    const ast_texts *const after = &declaration->after;
    if (after->count == 0) {
        if (declaration->after_within == NULL)
            return true;
        check_report(checker, E_CHECK_BOUND, declaration->after_within->range,
                     "`within` says how far before a match the words of `after` may stand, and "
                     "there are none");
        return false;
    }
    const char **const words = arena_array(checker->arena, after->count, sizeof *words);
    for (uint32_t i = 0; i < after->count; i++) {
        words[i] = after->items[i].bytes;
        if (after->items[i].length == 0) {
            check_report(checker, E_PATTERN_EMPTY, after->items[i].range,
                         "an empty text stands everywhere");
            return false;
        }
    }
    out->after = words;
    out->after_count = after->count;
    out->after_within = AFTER_WITHIN;
    if (declaration->after_within == NULL)
        return true;
    const int64_t within = declaration->after_within->integer;
    if (within < 1 || within > LIMIT_PATTERN_AFTER) {
        check_report(checker, E_CHECK_BOUND, declaration->after_within->range,
                     "words may stand 1 to %u characters before a match", LIMIT_PATTERN_AFTER);
        return false;
    }
    out->after_within = (uint32_t)within;
    return true;
}

static checked_pattern *declared_read(checker *checker, const symbol *symbol, unsigned views)
{
    const ast_declaration *const declaration = symbol->declaration;
    checked_pattern *const made = arena_allocate(checker->arena, sizeof *made);
    pattern **const parts = arena_array(checker->arena, declaration->texts.count, sizeof *parts);
    made->name = symbol->name;
    made->secret = declaration->secret;
    bool sound = check_read(checker, declaration, made);
    sound = after_read(checker, declaration, made) && sound;
    for (uint32_t i = 0; i < declaration->texts.count; i++) {
        parts[i] = regex_read(checker, &declaration->texts.items[i], views);
        sound = sound && parts[i] != NULL;
    }
    if (!sound)
        return NULL;
    pattern_error error;
    made->compiled = declaration->texts.count == 1
                         ? parts[0]
                         : pattern_either(checker->arena, parts, declaration->texts.count, &error);
    if (made->compiled == NULL)
        error_report(checker, declaration->name.range, false, &error);
    return made->compiled == NULL ? NULL : made;
}

static checked_pattern *pattern_of(checker *checker, symbol *symbol, unsigned views)
{
    checked_pattern **const cached = &symbol->patterns[(views & VIEW_FOLDED) != 0];
    if (*cached != NULL || symbol->broken)
        return *cached;
    *cached = declared_read(checker, symbol, views);
    symbol->broken = *cached == NULL;
    if (!symbol->broken && !symbol->home->is_module) {
        (*cached)->slow = is_slow((*cached)->compiled);
        (*cached)->range = symbol->range;
    }
    return *cached;
}

/* ---- sets ------------------------------------------------------------------------------------ */

static bool set_add(checker *checker, unit *home, const set_declaration *set, unsigned views,
                    source_range use, uint32_t depth, wanted_list *list);

static bool name_add(checker *checker, unit *home, const set_element *element, unsigned views,
                     uint32_t depth, wanted_list *list)
{
    const source_range range = element->text.range;
    uint32_t used = 0;
    symbol *const symbol = unit_resolve(checker, home, &element->path, &used);
    if (symbol != NULL && used == element->path.count) {
        view_use(checker, home, symbol, views, range);
        if (symbol->kind == SYMBOL_PATTERN) {
            checked_pattern *const pattern = pattern_of(checker, symbol, views);
            if (pattern != NULL)
                add(checker, list, pattern);
            return pattern != NULL;
        }
        if (symbol->kind == SYMBOL_SET)
            return set_add(checker, symbol->home, symbol->set, views, range, depth + 1, list);
    }
    diagnostic *const d =
        check_report(checker, E_CONTAINS_WHAT, range,
                     "`%s` is no pattern and no set, and a text contains nothing else",
                     source_excerpt(checker->compilation, range));
    if (symbol != NULL) {
        diagnostic_note_at(checker->compilation, d, symbol->range, "it is declared here");
        return false;
    }
    const char *const near =
        unit_nearest(checker, home, &element->path, 1u << SYMBOL_PATTERN | 1u << SYMBOL_SET);
    if (near != NULL) {
        diagnostic_label(checker->compilation, d, "did you mean `%s`?", near);
        diagnostic_mend(checker->compilation, d, range, near, "write `%s`", near);
    } else {
        diagnostic_mend(checker->compilation, d, range, NULL, "put a phrase between quotes");
    }
    return false;
}

/* All words of a large set as one pattern. */
static bool words_add(checker *checker, const set_declaration *set, uint32_t words, unsigned views,
                      wanted_list *list)
{
    const char **const texts = arena_array(checker->arena, words, sizeof *texts);
    uint32_t *const lengths = arena_array(checker->arena, words, sizeof *lengths);
    uint32_t count = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->elements[i].kind != AST_STRING)
            continue;
        texts[count] = set->elements[i].text.bytes;
        lengths[count] = set->elements[i].text.length;
        if (!fold(checker, views, &texts[count], &lengths[count]))
            return false;
        count += lengths[count] > 0;
    }
    checked_pattern *const made = arena_allocate(checker->arena, sizeof *made);
    *made = (checked_pattern){
        .name = set->name, .words = texts, .word_lengths = lengths, .word_count = count};
    add(checker, list, made);
    return true;
}

static bool set_add(checker *checker, unit *home, const set_declaration *set, unsigned views,
                    source_range use, uint32_t depth, wanted_list *list)
{
    if (set->lost)
        return false;
    if (depth > SET_DEPTH) {
        diagnostic *const d =
            check_report(checker, E_CONTAINS_WHAT, set->range,
                         "the set `%s` leads back to itself, or is nested too deep", set->name);
        diagnostic_note_at(checker->compilation, d, use, "it is used here");
        return false;
    }
    uint32_t words = 0;
    for (uint32_t i = 0; i < set->count; i++)
        words += set->elements[i].kind == AST_STRING;
    const bool many = words > MANY_WORDS;
    bool sound = !many || words_add(checker, set, words, views, list);
    for (uint32_t i = 0; i < set->count && sound; i++) {
        const set_element *const element = &set->elements[i];
        if (element->kind == AST_PATH) {
            sound = name_add(checker, home, element, views, depth, list);
        } else if (element->kind == AST_REGEX) {
            wanted one;
            sound = wanted_of_regex(checker, &element->text, views, &one);
            if (sound)
                add(checker, list, one.patterns[0]);
        } else if (element->kind != AST_STRING) {
            check_report(checker, E_CONTAINS_WHAT, element->text.range,
                         "a text contains phrases and patterns, and `%s` is neither",
                         source_excerpt(checker->compilation, element->text.range));
            sound = false;
        } else if (!many) {
            checked_pattern *const phrase = phrase_read(
                checker, element->text.bytes, element->text.length, views, element->text.range);
            sound = phrase != NULL;
            if (sound)
                add(checker, list, phrase);
        }
    }
    return sound;
}

bool wanted_of_set(checker *checker, unit *home, const set_declaration *set, unsigned views,
                   source_range use, wanted *out)
{
    wanted_list list = {0};
    if (!set_add(checker, home, set, views, use, 0, &list))
        return false;
    finish(&list, views, out);
    return true;
}

bool wanted_of_symbol(checker *checker, symbol *symbol, unsigned views, source_range use,
                      wanted *out)
{
    if (symbol->kind == SYMBOL_SET)
        return wanted_of_set(checker, symbol->home, symbol->set, views, use, out);
    wanted_list list = {0};
    checked_pattern *const pattern = pattern_of(checker, symbol, views);
    if (pattern == NULL)
        return false;
    add(checker, &list, pattern);
    finish(&list, views, out);
    return true;
}

/* ---- parts of texts that have a type --------------------------------------------------------- */

/*
 * Written so that whatever a reader would take for one is found; what is found and is no value of
 * the type makes the condition undecided, which a restricting rule does not pass over.
 */
static const struct {
    const char *word, *name, *expression;
} builtins[] = {
    {"urls", "url",
     "\\b[A-Za-z][A-Za-z0-9+.\\-]{1,20}:\\/\\/[^\\x00-\\x20\\x7f\"<>\\\\^`{|}]*"
     "[^\\x00-\\x20\\x7f\"<>\\\\^`{|}.,;:!?'()\\[\\]*]"},
    {"emails", "email",
     "\\b[A-Za-z0-9](?:[A-Za-z0-9._%+\\-]{0,63})@(?:[A-Za-z0-9](?:[A-Za-z0-9\\-]{0,62})\\.){1,8}"
     "[A-Za-z]{2,63}\\b"},
    {"numbers", "number",
     "\\b[0-9]{1,3}(?:,[0-9]{3}){1,5}(?:\\.[0-9]{1,6})?\\b|\\b[0-9]{1,18}(?:\\.[0-9]{1,6})?\\b"},
};

bool wanted_of_builtin(checker *checker, const char *word, unsigned views, source_range use,
                       wanted *out)
{
    for (uint32_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        if (strcmp(builtins[i].word, word) != 0)
            continue;
        wanted_list list = {0};
        pattern_error error;
        checked_pattern *const made = arena_allocate(checker->arena, sizeof *made);
        made->name = builtins[i].name;
        made->compiled = pattern_regex(checker->arena, builtins[i].expression,
                                       (uint32_t)strlen(builtins[i].expression),
                                       (views & VIEW_FOLDED) != 0, &error);
        if (made->compiled == NULL) { /* a test of each holds this off; nothing may pass silently */
            error_report(checker, use, false, &error);
            return false;
        }
        add(checker, &list, made);
        finish(&list, views, out);
        return true;
    }
    return false;
}

/* ---- probes ---------------------------------------------------------------------------------- */

static checked_database *database_for(checker *checker, cst_stage stage, uint32_t slot,
                                      unsigned views, uint32_t *number)
{
    checked_policy *const policy = checker->policy;
    const uint32_t words[] = {(uint32_t)stage, slot, views}, hash = cst_hash(words, sizeof words);
    uint32_t at = hash;
    while ((*number = row_index_next(&checker->databases, hash, &at)) != CST_NONE) {
        checked_database *const one = &policy->databases.items[*number];
        if (one->stage == stage && one->slot == slot && one->views == views)
            return one;
    }
    *number = policy->databases.count;
    row_index_add(&checker->databases, checker->arena, hash, *number);
    checked_database *const made = ARENA_PUSH(checker->arena, &policy->databases);
    *made = (checked_database){.stage = stage, .slot = slot, .views = views};
    made->builder = database_begin(checker->arena);
    return made;
}

static uint32_t number_in(checker *checker, checked_database *database,
                          const checked_pattern *pattern)
{
    const database_entry entry = {.pattern = pattern->compiled,
                                  .check = pattern->check,
                                  .check_bound = pattern->check_bound,
                                  .after = pattern->after,
                                  .after_count = pattern->after_count,
                                  .after_within = pattern->after_within};
    const uint32_t number = pattern->compiled != NULL
                                ? database_add(database->builder, &entry)
                                : database_add_words(database->builder, pattern->words,
                                                     pattern->word_lengths, pattern->word_count);
    if (number == database->patterns.count)
        *ARENA_PUSH(checker->arena, &database->patterns) = pattern;
    return number;
}

static int numbers_compare(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

uint32_t probe_commit(checker *checker, cst_stage stage, uint32_t slot, const wanted *wanted)
{
    checked_policy *const policy = checker->policy;
    checked_probe probe = {.count = 0};
    checked_database *const database =
        database_for(checker, stage, slot, wanted->views, &probe.database);
    probe.patterns = arena_array(checker->arena, wanted->count, sizeof *probe.patterns);
    for (uint32_t i = 0; i < wanted->count; i++)
        probe.patterns[i] = number_in(checker, database, wanted->patterns[i]);
    qsort(probe.patterns, wanted->count, sizeof *probe.patterns, numbers_compare);
    for (uint32_t i = 0; i < wanted->count; i++)
        if (probe.count == 0 || probe.patterns[probe.count - 1] != probe.patterns[i])
            probe.patterns[probe.count++] = probe.patterns[i];
    const uint32_t hash =
        cst_hash(probe.patterns, probe.count * sizeof *probe.patterns) ^ probe.database;
    const uint32_t fresh = policy->probes.count;
    uint32_t at = hash, number;
    while ((number = row_index_next(&checker->probes, hash, &at)) != CST_NONE) {
        const checked_probe *const one = &policy->probes.items[number];
        if (one->database == probe.database && one->count == probe.count &&
            (probe.count == 0 ||
             memcmp(one->patterns, probe.patterns, probe.count * sizeof *probe.patterns) == 0))
            return number;
    }
    *ARENA_PUSH(checker->arena, &policy->probes) = probe;
    row_index_add(&checker->probes, checker->arena, hash, fresh);
    return fresh;
}

void patterns_check(checker *checker)
{
    for (uint32_t i = 0; i < checker->units.count; i++) {
        const unit *const unit = checker->units.items[i];
        for (uint32_t k = 0; k < unit->symbols.count; k++) {
            symbol *const symbol = unit->symbols.items[k];
            const bool unread = symbol->patterns[0] == NULL && symbol->patterns[1] == NULL;
            if (symbol->kind == SYMBOL_PATTERN && symbol->declaration != NULL && unread &&
                !unit->is_module)
                pattern_of(checker, symbol, 0);
        }
    }
}
