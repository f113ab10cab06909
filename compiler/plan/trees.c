/*
 * trees.c - what the event reader reads, and which groups then run: field trees and dispatch rows.
 *
 * For each stage, and for each tool where a stage has tools, all slots that some rule or message
 * reads are merged into one tree of members; a node may have several targets, since one path can
 * be read as declared and as open data, or as two types. Stages and tools that read the same share
 * one tree, and those that run the same groups share one list.
 *
 * `stage`, `session`, `time`, `tool`, `id` and `args` are known to the reader itself: it always
 * finds the first five, and the byte range of `args` for the hash of an action, whether or not a
 * tree has nodes for them. A condition that reads one of them (`session`, `time`, `tool`, `agent`,
 * `chain`, `sender` as "from", `receiver` as "to") makes an ordinary node below the root, and the
 * reader fills its targets as any other's, with two additions: where the event has no `time`, the
 * clock's time goes into the targets of "time"; and a target of kind TOOL gets the tool number
 * with the name as its text, 0 for a tool that is not declared.
 *
 * At the stage action the tree of a tool that is `closed` has a node for `args` and for each of its
 * parameters, read or not: what stands beside them is not declared.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/plan/planning.h"

static int compare_uses(const void *a, const void *b)
{
    const slot_use *x = a, *y = b;
    if (x->stage != y->stage)
        return x->stage < y->stage ? -1 : 1;
    if (x->tool != y->tool)
        return x->tool < y->tool ? -1 : 1;
    return (x->slot > y->slot) - (x->slot < y->slot);
}

/* ---- one tree -------------------------------------------------------------------------------- */

typedef struct tree_use {
    const slot *what;
    uint32_t number; /* of the slot */
    uint64_t required;
} tree_use;

static int compare_paths(const void *a, const void *b)
{
    const tree_use *x = a, *y = b;
    for (uint32_t k = 0; k < x->what->key_count && k < y->what->key_count; k++) {
        const int order = strcmp(x->what->keys[k], y->what->keys[k]); /* by bytes, as unsigned */
        if (order != 0)
            return order;
    }
    if (x->what->key_count != y->what->key_count)
        return x->what->key_count < y->what->key_count ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

typedef struct pending {              /* a node whose targets and children are still to be made */
    uint32_t node, first, end, depth; /* uses [first, end) go through it */
} pending;

static void add_targets(image_builder *image, const tree_use *uses, pending *at)
{
    image->nodes.items[at->node].targets.first = image->targets.count;
    for (; at->first < at->end && uses[at->first].what->key_count == at->depth; at->first++) {
        const slot *one = uses[at->first].what;
        if (one->type == NULL)
            continue; /* known, but not read */
        *ARENA_PUSH(image->memory, &image->targets) =
            (cst_target_row){.slot = uses[at->first].number,
                             .type = one->type->row,
                             .mode = one->open ? CST_TARGET_OPEN : CST_TARGET_TYPED,
                             .interned = one->interned};
        image->nodes.items[at->node].targets.count++;
    }
}

/* Level by level, so that the children of a node lie side by side. */
static uint32_t build_tree(image_builder *image, const tree_use *uses, uint32_t count, bool closed)
{
    struct {
        pending *items;
        uint32_t count, capacity;
    } queue = {0};
    const uint32_t root = image->nodes.count;
    *ARENA_PUSH(image->memory, &image->nodes) =
        (cst_node_row){.name = image_text(image, ""), .parent = CST_NONE};
    *ARENA_PUSH(image->memory, &queue) = (pending){root, 0, count, 0};
    for (uint32_t next = 0; next < queue.count; next++) {
        pending at = queue.items[next];
        add_targets(image, uses, &at);
        const cst_range none = {image->nodes.count, 0};
        image->nodes.items[at.node].children = none;
        while (at.first < at.end) {
            const char *key = uses[at.first].what->keys[at.depth];
            const pending child = {image->nodes.count, at.first, at.first, at.depth + 1};
            cst_node_row row = {.name = image_text(image, key), .parent = at.node};
            row.closed = closed && at.depth == 0 && strcmp(key, "args") == 0;
            for (; at.first < at.end && strcmp(uses[at.first].what->keys[at.depth], key) == 0;
                 at.first++)
                row.required |= (uint32_t)(uses[at.first].required >> at.depth) & 1u;
            *ARENA_PUSH(image->memory, &image->nodes) = row;
            *ARENA_PUSH(image->memory, &queue) = child;
            queue.items[queue.count - 1].end = at.first;
            image->nodes.items[at.node].children.count++;
        }
    }
    return root;
}

/* ---- all trees ------------------------------------------------------------------------------- */

typedef struct forest {
    image_builder *image;
    slot_use *uses; /* sorted by stage, tool, slot */
    uint32_t count, next;
    lists known; /* contents of trees */
    struct {
        uint32_t *items;
        uint32_t count, capacity;
    } roots; /* by entry of `known` */
} forest;

typedef struct use_vector {
    tree_use *items;
    uint32_t count, capacity;
} use_vector;

static void add_known(arena *memory, use_vector *uses, uint32_t key_count, const char *parameter)
{
    slot *const known = arena_array(memory, 1, sizeof *known);
    const char **const keys = arena_array(memory, 2, sizeof *keys);
    keys[0] = "args";
    keys[1] = parameter;
    known->keys = keys;
    known->key_count = key_count;
    *ARENA_PUSH(memory, uses) = (tree_use){.what = known, .number = CST_NONE};
}

/* `args` and its members, as far as no slot has them already. */
static void add_parameters(arena *memory, use_vector *uses, const tool *tool)
{
    add_known(memory, uses, 1, NULL);
    for (uint32_t i = 0; i < tool->parameters->field_count; i++)
        add_known(memory, uses, 2, tool->parameters->fields[i].name);
}

/* The root for the uses of one stage and tool, which stand next in the sorted uses. */
static uint32_t root_for(forest *all, cst_stage stage, uint32_t tool_number)
{
    arena *memory = all->image->memory;
    const checked_policy *policy = all->image->policy;
    use_vector uses = {0};
    for (; all->next < all->count; all->next++) {
        const slot_use *use = &all->uses[all->next];
        if (use->stage != stage || use->tool != tool_number) {
            assert(use->stage > stage || (use->stage == stage && use->tool > tool_number));
            break;
        }
        if (uses.count > 0 && uses.items[uses.count - 1].number == use->slot)
            uses.items[uses.count - 1].required |= use->required_keys;
        else
            *ARENA_PUSH(memory, &uses) =
                (tree_use){&policy->slots.items[use->slot], use->slot, use->required_keys};
    }
    const bool closed = stage == CST_ACTION && tool_number != CST_NONE &&
                        policy->tools.items[tool_number].closed &&
                        policy->tools.items[tool_number].parameters != NULL;
    uint32_t *content = arena_array(memory, uses.count * (size_t)3 + 1, sizeof *content);
    for (uint32_t i = 0; i < uses.count; i++) {
        content[i * 3] = uses.items[i].number;
        content[i * 3 + 1] = (uint32_t)uses.items[i].required;
        content[i * 3 + 2] = (uint32_t)(uses.items[i].required >> 32);
    }
    /* no two closed tools share a tree */
    content[uses.count * 3] = closed ? tool_number : CST_NONE;
    const uint32_t number = lists_add(memory, &all->known, content, uses.count * 3 + 1);
    if (number == all->roots.count) {
        if (closed)
            add_parameters(memory, &uses, &policy->tools.items[tool_number]);
        if (uses.count > 1)
            qsort(uses.items, uses.count, sizeof *uses.items, compare_paths);
        *ARENA_PUSH(memory, &all->roots) = build_tree(all->image, uses.items, uses.count, closed);
    }
    return all->roots.items[number];
}

/* ---- dispatch -------------------------------------------------------------------------------- */

typedef struct group_vector {
    uint32_t *items;
    uint32_t count, capacity;
} group_vector;

/* Groups ascend because selectors are visited in order. */
static group_vector *groups_by_tool(image_builder *image, cst_stage stage, uint32_t tools,
                                    bool watches)
{
    group_vector *by_tool = arena_array(image->memory, tools, sizeof *by_tool);
    for (uint32_t s = 0; s < image->selector_count; s++) {
        const plan_selector *one = &image->selectors[s];
        if (one->what->stage != stage || one->watches != watches)
            continue;
        if (one->what->every_tool || !stage_has_tools(stage)) {
            for (uint32_t t = 0; t < tools; t++)
                *ARENA_PUSH(image->memory, &by_tool[t]) = s;
            continue;
        }
        for (uint32_t t = 0; t < one->what->tool_count; t++)
            if (one->what->tools[t] < tools)
                *ARENA_PUSH(image->memory, &by_tool[one->what->tools[t]]) = s;
    }
    return by_tool;
}

void trees_build(image_builder *image)
{
    const checked_policy *policy = image->policy;
    forest all = {.image = image, .count = policy->slot_uses.count};
    all.uses = arena_array(image->memory, all.count, sizeof *all.uses);
    if (all.count > 0) {
        memcpy(all.uses, policy->slot_uses.items, all.count * sizeof *all.uses);
        qsort(all.uses, all.count, sizeof *all.uses, compare_uses);
    }
    lists lists_of_groups = {0};
    for (uint32_t s = 0; s < CST_STAGE_COUNT; s++) {
        const bool has_tools = stage_has_tools((cst_stage)s);
        const uint32_t tools = has_tools ? policy->tools.count : 1;
        const group_vector *by_tool = groups_by_tool(image, (cst_stage)s, tools, false);
        const group_vector *watches = groups_by_tool(image, (cst_stage)s, tools, true);
        image->stages[s].dispatch = (cst_range){image->dispatch.count, tools};
        for (uint32_t t = 0; t < tools; t++) {
            const uint32_t list =
                lists_add(image->memory, &lists_of_groups, by_tool[t].items, by_tool[t].count);
            const uint32_t watched =
                lists_add(image->memory, &lists_of_groups, watches[t].items, watches[t].count);
            const list_entry *entry = &lists_of_groups.entries.items[list];
            const list_entry *watch = &lists_of_groups.entries.items[watched];
            const uint32_t root = root_for(&all, (cst_stage)s, has_tools ? t : CST_NONE);
            *ARENA_PUSH(image->memory, &image->dispatch) =
                (cst_dispatch_row){.root = root,
                                   .groups = {entry->first, entry->count},
                                   .watches = {watch->first, watch->count}};
        }
    }
    image->group_lists.items = lists_of_groups.words.items;
    image->group_lists.count = lists_of_groups.words.count;
}
