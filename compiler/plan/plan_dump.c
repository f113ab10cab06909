/*
 * plan_dump.c - prints the plan: groups, what each stage and tool evaluates and reads, cached
 * nodes, witnesses, sets, sizes.
 *
 * Everything about tables is read back from the image, so the dump shows what the runtime will see.
 */
#include "compiler/plan/dump.h"
#include "compiler/plan/index.h"
#include "compiler/reference/print.h"

enum { SHOWN_CHILDREN = 8 }; /* of a table; the rest is counted */

static void dump_value(buffer *out, const compilation *unit, const plan_key *key, int64_t value)
{
    const cst_image *image = (const cst_image *)(const void *)unit->plan->image;
    const cst_symbol_row *symbols = CST_ROWS(image, symbols, cst_symbol_row);
    if (key->form == PLAN_KEY_SYMBOL && value > 0 && value <= image->symbols.count)
        buffer_format(out, "\"%s\"", CST_TEXT(image, symbols[value - 1].text));
    else
        buffer_format(out, "%lld", (long long)value);
}

static void dump_index_node(buffer *out, const compilation *unit, const plan_group *group,
                            const index_node *node, uint32_t depth)
{
    static const char *const forms[] = {[CST_INDEX_LEAF] = "rules",
                                        [CST_INDEX_HASH] = "values",
                                        [CST_INDEX_CELLS] = "cells",
                                        [CST_INDEX_PREFIXES] = "prefixes"};
    if (node->form == CST_INDEX_LEAF) {
        buffer_text(out, " rows");
        for (uint32_t i = 0; i < node->count && i < SHOWN_CHILDREN; i++)
            buffer_format(out, " %u%s", group->rules[node->rules[i]].row,
                          node->exact[i] ? " as data" : "");
        if (node->count > SHOWN_CHILDREN)
            buffer_format(out, " and %u more", node->count - SHOWN_CHILDREN);
        buffer_text(out, "\n");
        return;
    }
    const plan_key *key = &node->what;
    buffer_format(out, " %s of n%u: %u\n", forms[node->form], key->node, node->count);
    for (uint32_t i = 0; i < node->count && i < SHOWN_CHILDREN; i++) {
        if (node->children[i] == NULL)
            continue;
        buffer_format(out, "%*s", (int)depth * 2 + 4, "");
        if (node->form == CST_INDEX_CELLS && i == 0)
            buffer_text(out, "below");
        else if (node->form == CST_INDEX_CELLS)
            dump_value(out, unit, key, node->values[i - 1]);
        else if (node->form == CST_INDEX_PREFIXES)
            buffer_format(out, "\"%.*s\"", (int)node->prefixes[i].length, node->prefixes[i].text);
        else
            dump_value(out, unit, key, node->values[i]);
        dump_index_node(out, unit, group, node->children[i], depth + 1);
    }
    if (node->count > SHOWN_CHILDREN)
        buffer_format(out, "%*s%u more\n", (int)depth * 2 + 4, "", node->count - SHOWN_CHILDREN);
    if (node->rest != NULL) {
        buffer_format(out, "%*srest", (int)depth * 2 + 4, "");
        dump_index_node(out, unit, group, node->rest, depth + 1);
    }
}

static void dump_index(buffer *out, const compilation *unit, const plan_group *group)
{
    const plan_index *index = group->index;
    if (index == NULL)
        return;
    buffer_format(
        out,
        "  index: %u keys, %u bundles, depth %u, expected %llu instead of %llu, %zu bytes\n   ",
        index->key_count, index->bundle_count, index->depth, (unsigned long long)index->expected,
        (unsigned long long)index->straight, index->words * sizeof(uint32_t));
    dump_index_node(out, unit, group, index->tree, 0);
}

static void dump_groups(buffer *out, const compilation *unit, const cst_image *image)
{
    const cst_rule_row *rules = CST_ROWS(image, rules, cst_rule_row);
    for (uint32_t g = 0; g < unit->plan->group_count; g++) {
        const plan_group *group = &unit->plan->groups[g];
        buffer_format(out, "group %u  %s: %u rules\n", g, group->label, group->rule_count);
        for (uint32_t r = 0; r < group->rule_count; r++) {
            const plan_rule *one = &group->rules[r];
            const graph_root *root = &unit->graph->roots.items[one->root];
            buffer_format(out, "  row %u  %s = n%u cost %u%s\n", one->row,
                          CST_TEXT(image, rules[one->row].name), root->condition,
                          unit->graph->nodes.items[root->condition].cost,
                          one->restricts ? " restricts" : "");
        }
        dump_index(out, unit, group);
    }
}

static void dump_tree(buffer *out, const cst_image *image, uint32_t number, uint32_t depth)
{
    const cst_node_row *node = &CST_ROWS(image, nodes, cst_node_row)[number];
    const cst_target_row *targets = CST_ROWS(image, targets, cst_target_row);
    const cst_type_row *types = CST_ROWS(image, types, cst_type_row);
    if (node->parent != CST_NONE) {
        for (uint32_t i = 0; i <= depth; i++)
            buffer_text(out, "  ");
        buffer_format(out, "%s%s", CST_TEXT(image, node->name), node->required ? " required" : "");
        for (uint32_t t = 0; t < node->targets.count; t++) {
            const cst_target_row *target = &targets[node->targets.first + t];
            buffer_format(out, "%s slot %u %s%s%s", t > 0 ? "," : "", target->slot,
                          target->mode == CST_TARGET_OPEN ? "open " : "",
                          kind_word((cst_kind)types[target->type].kind),
                          target->interned ? " interned" : "");
        }
        buffer_text(out, "\n");
    }
    for (uint32_t c = 0; c < node->children.count; c++)
        dump_tree(out, image, node->children.first + c, depth + 1);
}

static void dump_dispatch(buffer *out, const cst_image *image)
{
    const cst_dispatch_row *rows = CST_ROWS(image, dispatch, cst_dispatch_row);
    const cst_tool_row *tools = CST_ROWS(image, tools, cst_tool_row);
    const uint32_t *lists = CST_ROWS(image, group_lists, uint32_t);
    for (uint32_t s = 0; s < CST_STAGE_COUNT; s++) {
        const cst_range range = image->stages[s].dispatch;
        for (uint32_t t = 0; t < range.count; t++) {
            const cst_dispatch_row *row = &rows[range.first + t];
            const bool has_tools = s == CST_ACTION || s == CST_RESULT;
            const char *tool_name = !has_tools ? ""
                                    : t == 0   ? " unknown"
                                               : CST_TEXT(image, tools[t].name);
            buffer_format(out, "dispatch %s%s%s: tree %u groups", cst_stage_name((cst_stage)s),
                          has_tools && t > 0 ? " " : "", tool_name, row->root);
            for (uint32_t g = 0; g < row->groups.count; g++)
                buffer_format(out, " %u", lists[row->groups.first + g]);
            buffer_text(out, "\n");
        }
    }
    const cst_node_row *nodes = CST_ROWS(image, nodes, cst_node_row);
    for (uint32_t n = 0; n < image->nodes.count; n++)
        if (nodes[n].parent == CST_NONE) {
            buffer_format(out, "tree %u\n", n);
            dump_tree(out, image, n, 0);
        }
}

static void dump_sets(buffer *out, const cst_image *image)
{
    static const char *const forms[] = {"bits", "hash", "integers", "networks"};
    const cst_set_row *sets = CST_ROWS(image, sets, cst_set_row);
    for (uint32_t s = 0; s < image->sets.count; s++)
        buffer_format(out, "set %u  %s: %u of %s as %s, %u bytes\n", s,
                      CST_TEXT(image, sets[s].name), sets[s].count,
                      kind_word((cst_kind)sets[s].kind), forms[sets[s].form & 3u],
                      sets[s].data.length);
}

static void dump_nodes(buffer *out, const compilation *unit)
{
    for (uint32_t id = 0; id < unit->graph->nodes.count; id++) {
        const graph_node *node = &unit->graph->nodes.items[id];
        if (node->memo != CST_NONE)
            buffer_format(out, "memo %u = n%u  %s cost %u\n", node->memo, id,
                          expression_word(node->kind), node->cost);
    }
    for (uint32_t w = 0; w < unit->plan->witness_count; w++) {
        const plan_witness *row = &unit->plan->witnesses[w];
        const graph_root *root = &unit->graph->roots.items[row->root];
        buffer_format(out, "witness %u  root %u: n%u", w, row->root, root->witnesses[row->number]);
        for (uint32_t o = 0; o < row->outer_count; o++)
            buffer_format(out, "%s n%u", o == 0 ? " within" : "", row->outer[o]);
        buffer_text(out, "\n");
    }
}

void plan_dump(buffer *out, const compilation *unit)
{
    const cst_image *image = (const cst_image *)(const void *)unit->plan->image;
    buffer_format(out, "plan: %u groups, %u rules, %u slots, %u symbols, %u sites, memo %u bytes\n",
                  unit->plan->group_count, image->rules.count, image->slot_count,
                  image->symbols.count, image->sites.count, image->memo_count);
    dump_groups(out, unit, image);
    dump_dispatch(out, image);
    dump_nodes(out, unit);
    dump_sets(out, image);
}
