/*
 * diff.c - `constc diff`: what a new version of a policy says differently, and whether that is
 * stricter.
 *
 * Two declarations are the same if their trees are: layout, comments and order do not matter, as
 * they do not matter to decisions. A rule is compared in its checked form, too, so that one whose
 * words stayed is still named if a definition that it uses changed; diff_meaning.c says of bounds
 * that moved and of sets that grew which way they go. What follows from a changed pattern or tool
 * is not worked out: such a change is "either", and recorded events (--events) tell what it comes
 * to. Modules of the library are part of the compiler and the same on
 * both sides.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/cli/diff.h"

enum { MOST_SHOWN = 1000000 };

static int order(const void *left, const void *right)
{
    const outline_item *const a = left, *const b = right;
    int sign = strcmp(a->file, b->file);
    sign = sign != 0 ? sign : strcmp(a->kind, b->kind);
    sign = sign != 0 ? sign : strcmp(a->name, b->name);
    return sign != 0 ? sign : strcmp(a->text, b->text);
}

/* Reads one version, and sorts it. A policy that does not compile is trouble here: 1 says that they
 * differ. */
static bool side_read(const char *path, driver_pass last, compilation **unit, outline *list,
                      int *code)
{
    if (!outline_read(path, last, unit, list, code)) {
        *code = EXIT_USAGE;
        return false;
    }
    if (list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, order);
    return true;
}

const char *diff_direction_word(diff_direction direction)
{
    static const char *const words[] = {"neither", "stricter", "looser", "either"};
    return words[direction];
}

static bool is_rule(const outline_item *item)
{
    return item->aspects[ASPECT_SCOPE] != NULL;
}

/* What it means that this stands in the policy now. A rule that only labels stops nothing, but
 * rules can ask for labels. */
static diff_direction arrival(const outline_item *item)
{
    if (item->declared == AST_TEST || item->declared == AST_PRINCIPLE ||
        item->declared == AST_CONSTITUTION)
        return DIFF_NEITHER;
    if (!is_rule(item))
        return DIFF_EITHER;
    if (item->shadow)
        return DIFF_NEITHER;
    if (item->declared != AST_RULE)
        return DIFF_LOOSER;
    if (strstr(item->aspects[ASPECT_EFFECT], "label") != NULL)
        return DIFF_EITHER;
    return item->verdict > CST_PERMIT ? DIFF_STRICTER : DIFF_NEITHER;
}

static bool aspect_differs(const diff_change *change, outline_aspect aspect)
{
    return strcmp(change->old->aspects[aspect], change->new->aspects[aspect]) != 0;
}

static diff_direction rule_change(const diff_change *change)
{
    const outline_item *const old = change->old, *const new = change->new;
    if (old->shadow && new->shadow)
        return DIFF_NEITHER;
    if (old->shadow != new->shadow)
        return new->shadow ? diff_opposite(arrival(old)) : arrival(new);
    diff_direction all = DIFF_NEITHER;
    if (aspect_differs(change, ASPECT_SCOPE))
        all = DIFF_EITHER;
    else if (aspect_differs(change, ASPECT_CONDITION))
        all = diff_condition(old, new);
    if (aspect_differs(change, ASPECT_EFFECT))
        all = diff_both(all, new->verdict > old->verdict   ? DIFF_STRICTER
                             : new->verdict < old->verdict ? DIFF_LOOSER
                                                           : DIFF_EITHER);
    if (old->waivable != new->waivable)
        all = diff_both(all, new->waivable ? DIFF_LOOSER : DIFF_STRICTER);
    else if (aspect_differs(change, ASPECT_STANDING))
        all = DIFF_EITHER;
    return all;
}

static diff_direction direction_of(const outline *list, const diff_change *change)
{
    if (change->old == NULL)
        return arrival(change->new);
    if (change->new == NULL)
        return diff_opposite(arrival(change->old));
    if (change->old->entry_count > 0 && change->new->entry_count > 0)
        return diff_set(list, change->old, change->new);
    return is_rule(change->old) && is_rule(change->new)   ? rule_change(change)
           : is_rule(change->old) || is_rule(change->new) ? DIFF_EITHER
                                                          : arrival(change->new);
}

static bool same(const outline_item *old, const outline_item *new)
{
    if (strcmp(old->text, new->text) != 0)
        return false;
    return !is_rule(old) ||
           strcmp(old->aspects[ASPECT_CONDITION], new->aspects[ASPECT_CONDITION]) == 0;
}

static bool same_key(const outline_item *old, const outline_item *new)
{
    return strcmp(old->file, new->file) == 0 && strcmp(old->kind, new->kind) == 0 &&
           strcmp(old->name, new->name) == 0;
}

typedef struct comparison {
    bool json;
    const outline *new;
    uint32_t changes, counts[DIFF_EITHER + 1];
} comparison;

static void tell(comparison *all, const outline_item *old, const outline_item *new)
{
    diff_change change = {.old = old, .new = new};
    change.direction = direction_of(all->new, &change);
    all->counts[change.direction]++;
    diff_print_change(all->json, all->changes++ == 0, &change);
}

/* Both lists are in order. Declarations of one name (there may be several tests of one) are paired
 * first with their equals. */
static void compare(comparison *all, const outline *old, const outline *new)
{
    all->new = new;
    uint32_t i = 0, k = 0;
    while (i < old->count || k < new->count) {
        const outline_item *const left = i < old->count ? &old->items[i] : NULL;
        const outline_item *const right = k < new->count ? &new->items[k] : NULL;
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
    if (arguments_has(arguments, "--show") &&
        !number_read("--show", arguments_value(arguments, "--show", ""), MOST_SHOWN, &most))
        return EXIT_USAGE;
    compilation *units[2] = {NULL, NULL};
    cst_policy *policies[2] = {NULL, NULL};
    outline lists[2] = {{0}, {0}};
    int code = EXIT_GOOD;
    bool good = true;
    for (uint32_t i = 0; i < 2 && good; i++)
        good = side_read(paths[i], events == NULL ? DRIVER_CHECK : DRIVER_PLAN, &units[i],
                         &lists[i], &code);
    if (good) { /* while the compilations are there: the lists point into them */
        diff_print_begin(all.json);
        compare(&all, &lists[0], &lists[1]);
    }
    for (uint32_t i = 0; i < 2 && good && events != NULL; i++)
        good = (policies[i] = policy_of(&units[i], paths[i], &code)) != NULL;
    if (good) {
        diff_tally tally = {0};
        if (events != NULL)
            code = diff_events(policies[0], policies[1], events, all.json, most, &tally);
        if (code == EXIT_GOOD) {
            diff_print_end(all.json, all.counts, events == NULL ? NULL : &tally);
            code = all.changes > 0 || tally.stricter + tally.looser + tally.level > 0 ? EXIT_FAILED
                                                                                      : EXIT_GOOD;
        }
    }
    for (uint32_t i = 0; i < 2; i++) {
        cst_policy_release(policies[i]);
        driver_end(units[i]);
        outline_free(&lists[i]);
    }
    return code;
}
