/*
 * diff.c - `constc diff`: what a new version of a policy says differently, and whether that is stricter.
 *
 * Two declarations are the same if their trees are: layout, comments and order do not matter, as they do not matter to decisions.
 * A rule is compared in its checked form, too, so that one whose words stayed is still named if a definition that it uses
 * changed. What follows from a changed set, pattern or tool is not worked out: such a change is "either", and recorded events
 * (--events) tell what it comes to. Modules of the library are part of the compiler and the same on both sides.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/checked.h"
#include "compiler/cli/diff.h"
#include "compiler/cli/unit.h"
#include "compiler/reference/print.h"
#include "compiler/syntax/dump.h"

enum { MOST_SHOWN = 1000000 };

typedef struct reading {
    diff_list *list;
    buffer text;
} reading;

/* ---- one side -------------------------------------------------------------------------------------------------- */

static char *take(buffer *text)
{
    if (text->failed)
        checked(NULL);
    char *const copy = text_copy(text->length > 0 ? text->bytes : "", text->length);
    buffer_clear(text);
    return copy;
}

static diff_item *item_add(diff_list *list)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        list->items = checked(realloc(list->items, list->capacity * sizeof *list->items));
    }
    diff_item *const item = &list->items[list->count++];
    memset(item, 0, sizeof *item);
    return item;
}

static void list_free(diff_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        diff_item *const item = &list->items[i];
        free(item->file);
        free(item->kind);
        free(item->name);
        free(item->text);
        free(item->place);
        for (uint32_t k = 0; k < ASPECT_COUNT; k++)
            free(item->aspects[k]);
    }
    free(list->items);
}

/* The path of a source as seen from the folder of the policy, so that two folders can be compared. */
static const char *file_key(const compilation *unit, uint32_t source)
{
    if (source == 0)
        return "";
    const char *const main = unit->sources.items[0].path, *const path = unit->sources.items[source].path;
    const char *const slash = strrchr(main, '/');
    const size_t folder = slash == NULL ? 0 : (size_t)(slash - main) + 1;
    return strncmp(main, path, folder) == 0 ? path + folder : path;
}

static void name_of(buffer *out, const ast_declaration *declaration)
{
    if (declaration->name.length > 0)
        buffer_add(out, declaration->name.bytes, declaration->name.length);
    else if (declaration->text.length > 0)
        buffer_add(out, declaration->text.bytes, declaration->text.length);
    else if (declaration->path.count > 0)
        for (uint32_t i = 0; i < declaration->path.count; i++)
            buffer_format(out, "%s%s", i == 0 ? "" : ".", declaration->path.items[i].bytes);
    else if (declaration->kind == AST_TOOL)
        for (uint32_t i = 0; i < declaration->texts.count; i++)
            buffer_format(out, "%s%s", i == 0 ? "" : ", ", declaration->texts.items[i].bytes);
}

static const rule *rule_of(const checked_policy *policy, const ast_declaration *declaration)
{
    for (uint32_t i = 0; i < policy->declared_rules; i++) {
        const rule *const one = &policy->rules.items[i];
        const source_range at = one->declaration->range;
        if (at.file == declaration->range.file && at.start == declaration->range.start)
            return one;
    }
    return NULL;
}

static void standing_write(buffer *out, compilation *unit, const ast_declaration *declaration)
{
    const char *between = "";
    if (declaration->shadow) {
        buffer_text(out, "in shadow");
        between = ", ";
    }
    if (declaration->waivable) {
        buffer_format(out, "%swaivable", between);
        between = ", ";
    }
    if (declaration->until.length > 0)
        buffer_format(out, "%suntil %s", between, source_excerpt(unit, declaration->until.range));
}

static void wording_write(buffer *out, compilation *unit, const ast_declaration *declaration)
{
    if (declaration->under.length > 0)
        buffer_format(out, "under %s", declaration->under.bytes);
    if (declaration->because.bytes != NULL)
        buffer_format(out, "%sbecause %s", declaration->under.length > 0 ? " " : "",
                      source_excerpt(unit, declaration->because.range));
}

static void rule_read(reading *read, compilation *unit, const ast_declaration *declaration, diff_item *item)
{
    item->verdict = CST_PERMIT;
    item->shadow = declaration->shadow;
    item->waivable = declaration->waivable;
    if (declaration->stages.count > 0)
        buffer_text(&read->text, source_excerpt(unit, declaration->stages.range));
    item->aspects[ASPECT_SCOPE] = take(&read->text);
    const rule *const meant = rule_of(unit->checked, declaration);
    for (uint32_t i = 0; meant != NULL && i < meant->body_count; i++) {
        buffer_text(&read->text, i == 0 ? "" : "; ");
        print_expression(&read->text, unit->checked, meant->bodies[i].condition);
    }
    item->aspects[ASPECT_CONDITION] = take(&read->text);
    if (declaration->kind == AST_RULE) {
        item->verdict = meant != NULL ? meant->verdict : CST_DENY;
        buffer_text(&read->text, source_excerpt(unit, declaration->effect.range));
        if (declaration->label.length > 0)
            buffer_format(&read->text, " and label %s", declaration->label.bytes);
    } else
        buffer_text(&read->text, declaration->kind == AST_PERMIT ? "permit" : "waive");
    item->aspects[ASPECT_EFFECT] = take(&read->text);
    standing_write(&read->text, unit, declaration);
    item->aspects[ASPECT_STANDING] = take(&read->text);
    wording_write(&read->text, unit, declaration);
    item->aspects[ASPECT_WORDING] = take(&read->text);
}

static void declaration_read(reading *read, compilation *unit, ast_declaration *declaration)
{
    diff_item *const item = item_add(read->list);
    const ast_file alone = {.source = declaration->range.file, .items = &declaration, .count = 1};
    ast_dump(&read->text, unit, &alone);
    item->text = take(&read->text);
    item->kind = text_copy(item->text + 1, strcspn(item->text + 1, " )\n"));
    item->declared = declaration->kind;
    name_of(&read->text, declaration);
    if (declaration->kind == AST_DEFAULT)
        buffer_text(&read->text, source_excerpt(unit, declaration->stages.range));
    item->name = take(&read->text);
    const char *const file = file_key(unit, declaration->range.file);
    item->file = text_copy(file, strlen(file));
    const source_position at = source_locate(unit, declaration->range.file, declaration->range.start);
    buffer_format(&read->text, "%s:%u", unit->sources.items[declaration->range.file].path, at.line);
    item->place = take(&read->text);
    if (declaration->kind == AST_RULE || declaration->kind == AST_PERMIT || declaration->kind == AST_WAIVE)
        rule_read(read, unit, declaration, item);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), size = strlen(end);
    return length >= size && strcmp(text + length - size, end) == 0;
}

static cst_status unit_read(compilation *unit, void *user)
{
    reading *const read = user;
    const uint32_t count = unit->sources.count;
    for (uint32_t i = 0; i < count; i++) {
        const source *const one = &unit->sources.items[i];
        if (strncmp(one->path, "std/", 4) == 0)
            continue;
        if (i == 0 || ends_with(one->path, ".const")) {
            const ast_file *const file = pass_parse(unit, i);
            for (uint32_t k = 0; k < file->count; k++)
                declaration_read(read, unit, file->items[k]);
            continue;
        }
        diff_item *const item = item_add(read->list);
        const char *const file = file_key(unit, i);
        *item = (diff_item){.file = text_copy(file, strlen(file)),
                            .kind = text_copy("file", 4),
                            .name = text_copy(file, strlen(file)),
                            .text = text_copy(one->bytes, one->length),
                            .place = text_copy(one->path, strlen(one->path)),
                            .declared = AST_IMPORT_TOOLS};
    }
    return CST_OK;
}

static int order(const void *left, const void *right)
{
    const diff_item *const a = left, *const b = right;
    int sign = strcmp(a->file, b->file);
    sign = sign != 0 ? sign : strcmp(a->kind, b->kind);
    sign = sign != 0 ? sign : strcmp(a->name, b->name);
    return sign != 0 ? sign : strcmp(a->text, b->text);
}

static bool side_read(const char *path, driver_pass last, compilation **unit, diff_list *list, int *code)
{
    const bool good = unit_open(path, last, unit, code);
    *code = EXIT_USAGE; /* also for a policy that does not compile: 1 says that they differ */
    if (!good) {
        *unit = NULL;
        return false;
    }
    reading read = {.list = list};
    buffer_init(&read.text, NULL, 0);
    const cst_status status = driver_protect(*unit, unit_read, &read);
    buffer_free(&read.text);
    if (status != CST_OK) {
        complain("%s: %s", path, cst_status_text(status));
        return false;
    }
    *code = EXIT_GOOD;
    if (list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, order);
    return true;
}

/* ---- both ------------------------------------------------------------------------------------------------------ */

const char *diff_direction_word(diff_direction direction)
{
    static const char *const words[] = {"neither", "stricter", "looser", "either"};
    return words[direction];
}

static diff_direction opposite(diff_direction direction)
{
    return direction == DIFF_STRICTER ? DIFF_LOOSER : direction == DIFF_LOOSER ? DIFF_STRICTER : direction;
}

static diff_direction both(diff_direction left, diff_direction right)
{
    if (left == DIFF_NEITHER || left == right)
        return right;
    return right == DIFF_NEITHER ? left : DIFF_EITHER;
}

static bool is_rule(const diff_item *item)
{
    return item->aspects[ASPECT_SCOPE] != NULL;
}

/* What it means that this stands in the policy now. A flag, and a rule that only labels, stop nothing, but rules can ask for labels. */
static diff_direction arrival(const diff_item *item)
{
    if (item->declared == AST_TEST || item->declared == AST_PRINCIPLE || item->declared == AST_CONSTITUTION)
        return DIFF_NEITHER;
    if (!is_rule(item))
        return DIFF_EITHER;
    if (item->shadow)
        return DIFF_NEITHER;
    if (item->declared != AST_RULE)
        return DIFF_LOOSER;
    if (strstr(item->aspects[ASPECT_EFFECT], "label") != NULL)
        return DIFF_EITHER;
    return item->verdict > CST_FLAG ? DIFF_STRICTER : DIFF_NEITHER;
}

static bool aspect_differs(const diff_change *change, diff_aspect aspect)
{
    return strcmp(change->old->aspects[aspect], change->new->aspects[aspect]) != 0;
}

static diff_direction rule_change(const diff_change *change)
{
    const diff_item *const old = change->old, *const new = change->new;
    if (old->shadow && new->shadow)
        return DIFF_NEITHER;
    if (old->shadow != new->shadow)
        return new->shadow ? opposite(arrival(old)) : arrival(new);
    diff_direction all = DIFF_NEITHER;
    if (aspect_differs(change, ASPECT_SCOPE) || aspect_differs(change, ASPECT_CONDITION))
        all = DIFF_EITHER;
    if (aspect_differs(change, ASPECT_EFFECT))
        all = both(all, new->verdict > old->verdict   ? DIFF_STRICTER
                        : new->verdict < old->verdict ? DIFF_LOOSER
                                                      : DIFF_EITHER);
    if (old->waivable != new->waivable)
        all = both(all, new->waivable ? DIFF_LOOSER : DIFF_STRICTER);
    else if (aspect_differs(change, ASPECT_STANDING))
        all = DIFF_EITHER;
    return all;
}

static diff_direction direction_of(const diff_change *change)
{
    if (change->old == NULL)
        return arrival(change->new);
    if (change->new == NULL)
        return opposite(arrival(change->old));
    return is_rule(change->old) && is_rule(change->new) ? rule_change(change)
           : is_rule(change->old) || is_rule(change->new) ? DIFF_EITHER
                                                           : arrival(change->new);
}

static bool same(const diff_item *old, const diff_item *new)
{
    if (strcmp(old->text, new->text) != 0)
        return false;
    return !is_rule(old) || strcmp(old->aspects[ASPECT_CONDITION], new->aspects[ASPECT_CONDITION]) == 0;
}

static bool same_key(const diff_item *old, const diff_item *new)
{
    return strcmp(old->file, new->file) == 0 && strcmp(old->kind, new->kind) == 0 && strcmp(old->name, new->name) == 0;
}

typedef struct comparison {
    bool json;
    uint32_t changes, counts[DIFF_EITHER + 1];
} comparison;

static void tell(comparison *all, const diff_item *old, const diff_item *new)
{
    diff_change change = {.old = old, .new = new};
    change.direction = direction_of(&change);
    all->counts[change.direction]++;
    diff_print_change(all->json, all->changes++ == 0, &change);
}

/* Both lists are in order. Declarations of one name (there may be several tests of one) are paired first with their equals. */
static void compare(comparison *all, const diff_list *old, const diff_list *new)
{
    uint32_t i = 0, k = 0;
    while (i < old->count || k < new->count) {
        const diff_item *const left = i < old->count ? &old->items[i] : NULL;
        const diff_item *const right = k < new->count ? &new->items[k] : NULL;
        const int sign = left == NULL ? 1 : right == NULL ? -1 : order(left, right);
        if (left != NULL && right != NULL && sign != 0 && same_key(left, right)) {
            tell(all, left, right);
            i++;
            k++;
        } else if (sign == 0) {
            if (!same(left, right))
                tell(all, left, right);
            i++;
            k++;
        } else if (sign < 0) {
            tell(all, left, NULL);
            i++;
        } else {
            tell(all, NULL, right);
            k++;
        }
    }
}

/* Events without a time: both policies see the moment at which the command began. */
static int64_t one_moment(void *user)
{
    static int64_t moment;
    (void)user;
    if (moment == 0)
        moment = (int64_t)time(NULL) * 1000000;
    return moment;
}

static cst_policy *policy_of(compilation **unit, const char *path, int *code)
{
    cst_compiler_options options = {.size = sizeof options};
    options.runtime = (cst_options){.size = sizeof options.runtime, .clock = one_moment};
    cst_policy *policy = NULL;
    const cst_status status = driver_policy(*unit, &options, &policy);
    *unit = NULL; /* it was taken over */
    if (status == CST_OK)
        return policy;
    complain("%s: %s", path, cst_status_text(status));
    *code = EXIT_USAGE;
    return NULL;
}

int command_diff(const cli_arguments *arguments)
{
    const char *const paths[2] = {arguments->words[0], arguments->words[1]};
    const char *const events = arguments_value(arguments, "--events", NULL);
    comparison all = {.json = strcmp(arguments_value(arguments, "--format", "text"), "json") == 0};
    uint64_t most = 20;
    if (arguments_has(arguments, "--show") && !number_read("--show", arguments_value(arguments, "--show", ""), MOST_SHOWN, &most))
        return EXIT_USAGE;
    compilation *units[2] = {NULL, NULL};
    cst_policy *policies[2] = {NULL, NULL};
    diff_list lists[2] = {{0}, {0}};
    int code = EXIT_GOOD;
    bool good = true;
    for (uint32_t i = 0; i < 2 && good; i++)
        good = side_read(paths[i], events == NULL ? DRIVER_CHECK : DRIVER_PLAN, &units[i], &lists[i], &code);
    for (uint32_t i = 0; i < 2 && good && events != NULL; i++)
        good = (policies[i] = policy_of(&units[i], paths[i], &code)) != NULL;
    if (good) {
        diff_tally tally = {0};
        diff_print_begin(all.json);
        compare(&all, &lists[0], &lists[1]);
        if (events != NULL)
            code = diff_events(policies[0], policies[1], events, all.json, most, &tally);
        if (code == EXIT_GOOD) {
            diff_print_end(all.json, all.counts, events == NULL ? NULL : &tally);
            code = all.changes > 0 || tally.stricter + tally.looser + tally.level > 0 ? EXIT_FAILED : EXIT_GOOD;
        }
    }
    for (uint32_t i = 0; i < 2; i++) {
        cst_policy_release(policies[i]);
        driver_end(units[i]);
        list_free(&lists[i]);
    }
    return code;
}
