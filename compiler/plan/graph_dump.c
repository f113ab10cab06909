/*
 * graph_dump.c - prints the decision graph: its nodes in order, then the roots.
 *
 *     n3  equal n1 n2   uses 2 cost 1
 *
 * Operands come before their users, so the text reads from top to bottom. After planning, the byte
 * that caches a node is shown too.
 */
#include "compiler/plan/dump.h"
#include "compiler/plan/nodes.h"
#include "compiler/reference/print.h"

static void dump_details(buffer *out, const checked_policy *policy, const graph_node *node)
{
    switch (node->kind) {
    case EXPRESSION_CONSTANT:
        buffer_format(out, " %s ", kind_word(node->type->kind));
        print_value(out, node->type, &node->constant);
        return;
    case EXPRESSION_FIELD: {
        const slot *of = &policy->slots.items[node->slot];
        buffer_format(out, " %s: %s%s", of->path, of->open ? "open " : "",
                      kind_word(of->type->kind));
        return;
    }
    case EXPRESSION_LOCAL:
        buffer_format(out, " #%u: %s", node->local, kind_word(node->type->kind));
        return;
    case EXPRESSION_ANY:
    case EXPRESSION_ALL: buffer_format(out, " #%u", node->local); return;
    case EXPRESSION_OPEN_MEMBER: buffer_format(out, " %s", node->name); return;
    case EXPRESSION_PROPERTY: buffer_format(out, " %s", property_word(node->index)); return;
    case EXPRESSION_MEMBER: buffer_format(out, " field %u", node->index); return;
    case EXPRESSION_FOUND:
    case EXPRESSION_CONTAINS:
    case EXPRESSION_MATCHES:
        buffer_format(out, " %s %u", text_row_word(node->kind), node->index);
        return;
    case EXPRESSION_FROM: buffer_format(out, " from %u", node->index); return;
    case EXPRESSION_FACTS:
    case EXPRESSION_KNOWN: buffer_format(out, " %s", property_word(node->index)); return;
    case EXPRESSION_RUNS:
        buffer_format(out, "%s commands %u", node->index % 2 != 0 ? " only" : "", node->index / 2);
        return;
    case EXPRESSION_UNKNOWN:
        buffer_format(out, " %s%s", property_word(node->index / 2),
                      node->index % 2 != 0 ? " exactly" : "");
        return;
    case EXPRESSION_REPEATS:
        buffer_format(out, " %s %u", text_row_word(node->kind), node->index);
        return;
    case EXPRESSION_PAST_NUMBER:
    case EXPRESSION_PAST_LATEST:
    case EXPRESSION_EARLIER: buffer_format(out, " past %u", node->index); return;
    case EXPRESSION_ASK: buffer_format(out, " %s", policy->externs.items[node->index].name); return;
    case EXPRESSION_LABELLED:
    case EXPRESSION_NOTE: buffer_format(out, " %u", node->index); return;
    case EXPRESSION_IN_SET:
        buffer_format(out, " set %u %s", node->index, policy->sets.items[node->index].name);
        return;
    case EXPRESSION_OPEN_AS:
    case EXPRESSION_WIDEN: buffer_format(out, " %s", kind_word(node->type->kind)); return;
    default: return;
    }
}

static void dump_node(buffer *out, const checked_policy *policy, const graph *whole, uint32_t id)
{
    const graph_node *node = &whole->nodes.items[id];
    buffer_format(out, "n%u  %s", id, expression_word(node->kind));
    dump_details(out, policy, node);
    for (uint32_t i = 0; i < node->operand_count; i++)
        buffer_format(out, " n%u", node->operands[i]);
    buffer_format(out, "   uses %u", node->uses);
    if (node->cost > 0)
        buffer_format(out, " cost %u", node->cost);
    if (node->site != CST_NONE)
        buffer_format(out, " site %u", node->site);
    if (node->undecidable)
        buffer_text(out, " undecidable");
    if (node->uses_local)
        buffer_text(out, " element");
    if (node->memo != CST_NONE)
        buffer_format(out, " memo %u", node->memo);
    buffer_text(out, "\n");
}

void graph_dump(buffer *out, const compilation *unit)
{
    const graph *whole = unit->graph;
    const checked_policy *policy = unit->checked;
    buffer_format(out, "graph: %u nodes, %u roots\n", whole->nodes.count, whole->roots.count);
    for (uint32_t id = 0; id < whole->nodes.count; id++)
        dump_node(out, policy, whole, id);
    for (uint32_t r = 0; r < whole->roots.count; r++) {
        const graph_root *root = &whole->roots.items[r];
        const rule *of = &policy->rules.items[root->rule];
        buffer_format(out, "root %u  %s on %s = n%u", r, of->name,
                      of->bodies[root->body].selector.label, root->condition);
        for (uint32_t w = 0; w < root->witness_count; w++)
            buffer_format(out, "%s n%u", w == 0 ? " witnesses" : "", root->witnesses[w]);
        buffer_text(out, "\n");
    }
}
