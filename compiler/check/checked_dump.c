/*
 * checked_dump.c - the checked policy as text, for `constc dump --after checked` and for golden
 * tests.
 *
 * One line a row, in the order of the tables; conditions as nested lists, kinds by the names of
 * checked.h in lower case. The text is the same for the same policy: it has no addresses, no hashes
 * and no paths of the machine.
 */
#include <string.h>

#include "compiler/checked.h"
#include "runtime/base/buffer.h"
#include "runtime/number.h"

static void text_write(buffer *out, const char *text)
{
    buffer_json_string(out, text, strlen(text));
}

/* ---- types ----------------------------------------------------------------------------------- */

static void type_write(buffer *out, const type *type)
{
    if (type == NULL) {
        buffer_text(out, "open");
        return;
    }
    if (type->kind == CST_KIND_LIST) {
        buffer_text(out, "list<");
        type_write(out, type->element);
        buffer_text(out, ">");
    } else if (type->kind == CST_KIND_RECORD) {
        buffer_text(out, "{");
        for (uint32_t i = 0; i < type->field_count; i++) {
            buffer_format(out, "%s %s%s: ", i == 0 ? "" : ",", type->fields[i].name,
                          type->fields[i].optional ? "?" : "");
            type_write(out, type->fields[i].type);
        }
        buffer_text(out, " }");
    } else if (type->kind == CST_KIND_ENUM && type->enumeration != NULL) {
        buffer_format(out, "enum %s", type->enumeration->name);
    } else {
        buffer_text(out, kind_word(type->kind));
    }
    if (type->bound != 0)
        buffer_format(out, "(%u)", type->bound);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void value_write(buffer *out, const cst_value *value)
{
    if (kind_has_text(value->kind))
        buffer_json_string(out, value->as.text != NULL ? value->as.text : "", value->length);
    else if (value->kind == CST_KIND_FLOAT)
        double_show(out, value->as.number);
    else
        buffer_format(out, "%lld", (long long)value->as.integer);
}

static void network_write(buffer *out, const cst_network *network)
{
    for (size_t i = 0; i < sizeof network->low; i++)
        buffer_format(out, "%02x", network->low[i]);
    buffer_text(out, "-");
    for (size_t i = 0; i < sizeof network->high; i++)
        buffer_format(out, "%02x", network->high[i]);
}

/* ---- conditions ------------------------------------------------------------------------------ */

static void detail_write(buffer *out, const checked_policy *policy, const expression *node)
{
    switch (node->kind) {
    case EXPRESSION_CONSTANT:
        buffer_format(out, " %s ", kind_word(node->constant.kind));
        value_write(out, &node->constant);
        return;
    case EXPRESSION_FIELD:
        if (node->slot < policy->slots.count)
            buffer_format(out, " %u:%s", node->slot, policy->slots.items[node->slot].path);
        return;
    case EXPRESSION_LOCAL:
    case EXPRESSION_ANY:
    case EXPRESSION_ALL:
        buffer_format(out, " %u:%s", node->local, node->name != NULL ? node->name : "");
        return;
    case EXPRESSION_MEMBER:
        if (node->left != NULL && node->left->type != NULL &&
            node->index < node->left->type->field_count)
            buffer_format(out, " %s", node->left->type->fields[node->index].name);
        return;
    case EXPRESSION_OPEN_MEMBER:
        buffer_text(out, " ");
        text_write(out, node->name);
        return;
    case EXPRESSION_OPEN_AS:
    case EXPRESSION_WIDEN:
        buffer_text(out, " ");
        type_write(out, node->type);
        return;
    case EXPRESSION_RUNS:
        buffer_format(out, "%s commands %u", node->index % 2 != 0 ? " only" : "", node->index / 2);
        return;
    case EXPRESSION_UNKNOWN:
        buffer_format(out, " %s%s", property_word(node->index / 2),
                      node->index % 2 != 0 ? " exactly" : "");
        return;
    case EXPRESSION_FACTS:
    case EXPRESSION_KNOWN:
    case EXPRESSION_PROPERTY: buffer_format(out, " %s", property_word(node->index)); return;
    case EXPRESSION_FOUND:
    case EXPRESSION_CONTAINS:
    case EXPRESSION_MATCHES:
        buffer_format(out, " %s %u", text_row_word(node->kind), node->index);
        return;
    case EXPRESSION_FROM: buffer_format(out, " from %u", node->index); return;
    case EXPRESSION_REPEATS:
        buffer_format(out, " %s %u", text_row_word(node->kind), node->index);
        return;
    case EXPRESSION_IN_SET: buffer_format(out, " set %u", node->index); return;
    case EXPRESSION_PAST_NUMBER:
    case EXPRESSION_PAST_LATEST:
    case EXPRESSION_EARLIER: buffer_format(out, " past %u", node->index); return;
    case EXPRESSION_ASK:
        buffer_format(out, " %s",
                      node->index < policy->externs.count ? policy->externs.items[node->index].name
                                                          : "?");
        return;
    case EXPRESSION_LABELLED:
        buffer_format(out, " %s",
                      node->index < policy->labels.count ? policy->labels.items[node->index] : "?");
        return;
    case EXPRESSION_NOTE: buffer_format(out, " %u", node->index); return;
    default: return;
    }
}

static void expression_write(buffer *out, const checked_policy *policy, const expression *node,
                             uint32_t indent)
{
    buffer_format(out, "\n%*s(%s", (int)indent, "", expression_word(node->kind));
    detail_write(out, policy, node);
    if (node->site != CST_NONE)
        buffer_format(out, " site %u", node->site);
    if (node->left != NULL)
        expression_write(out, policy, node->left, indent + 2);
    if (node->right != NULL)
        expression_write(out, policy, node->right, indent + 2);
    for (uint32_t i = 0; i < node->item_count; i++)
        expression_write(out, policy, node->items[i], indent + 2);
    buffer_text(out, ")");
}

/* ---- rules ----------------------------------------------------------------------------------- */

static void who_write(buffer *out, const char *const *who, uint32_t count, int64_t within_us)
{
    for (uint32_t i = 0; i < count; i++)
        buffer_format(out, "%s%s", i == 0 ? " from " : " or ", who[i]);
    if (within_us > 0)
        buffer_format(out, " within %lldus", (long long)within_us);
}

static void standing_write(buffer *out, const checked_standing *standing)
{
    if (standing == NULL)
        return;
    buffer_format(out, " or standing within %lldus", (long long)standing->within_us);
    if (standing->uses > 0)
        buffer_format(out, " for at most %u", standing->uses);
    buffer_text(out, standing->across ? " across sessions" : "");
    for (uint32_t i = 0; i < standing->free_count; i++)
        buffer_format(out, "%s%s", i == 0 ? " free " : ", ", standing->free[i]);
}

static void message_write(buffer *out, const checked_policy *policy, const rule_body *body)
{
    buffer_text(out, "    message");
    for (uint32_t i = 0; i < body->message_count; i++) {
        const message_part *const part = &body->message[i];
        buffer_text(out, " ");
        if (part->kind == CST_PART_TEXT)
            buffer_json_string(out, part->text, part->length);
        else if (part->kind == CST_PART_SLOT)
            buffer_format(out, "{%s",
                          part->slot < policy->slots.count ? policy->slots.items[part->slot].path
                                                           : "?");
        else
            buffer_format(out, "{local %u", part->local);
        if (part->kind == CST_PART_TEXT)
            continue;
        if (part->field != CST_NONE)
            buffer_format(out, " field %u", part->field);
        if (part->property != CST_NONE)
            buffer_format(out, " .%s", property_word(part->property));
        buffer_text(out, "}");
    }
    buffer_text(out, "\n");
}

static void body_write(buffer *out, const checked_policy *policy, const rule_body *body)
{
    buffer_format(out, "  on %s%s",
                  body->selector.label != NULL ? body->selector.label
                                               : cst_stage_name(body->selector.stage),
                  body->selector.every_tool ? " (every tool)" : "");
    for (uint32_t i = 0; i < body->selector.tool_count; i++)
        buffer_format(out, "%s%u", i == 0 ? " tools " : ",", body->selector.tools[i]);
    expression_write(out, policy, body->condition, 4);
    buffer_text(out, "\n");
    for (uint32_t i = 0; i < body->witness_count; i++)
        buffer_format(out, "    witness %u\n", body->witnesses[i]->local);
    if (body->message_count > 0)
        message_write(out, policy, body);
}

static void rule_write(buffer *out, const checked_policy *policy, uint32_t number)
{
    static const char *const kinds[] = {[CST_RULE] = "rule",
                                        [CST_RULE_PERMIT] = "permit",
                                        [CST_RULE_WAIVER] = "waiver",
                                        [CST_RULE_WATCH] = "watch"};
    const rule *const rule = &policy->rules.items[number];
    buffer_format(out, "%s %u %s: %s", kinds[rule->kind], number, rule->name,
                  cst_verdict_name(rule->verdict));
    who_write(out, rule->who, rule->who_count, rule->within_us);
    standing_write(out, rule->standing);
    buffer_format(out, " layer %u%s%s", rule->layer, rule->shadow ? " shadow" : "",
                  rule->waivable ? " waivable" : "");
    if (rule->principle != CST_NONE)
        buffer_format(out, " under %s", policy->principles.items[rule->principle].name);
    if (rule->waives != CST_NONE)
        buffer_format(out, " waives %u", rule->waives);
    if (rule->offering != NULL) {
        buffer_text(out, " offering ");
        text_write(out, rule->offering);
    }
    buffer_text(out, "\n");
    for (uint32_t i = 0; i < rule->body_count; i++)
        body_write(out, policy, &rule->bodies[i]);
}

/* ---- declarations ---------------------------------------------------------------------------- */

static void layers_write(buffer *out, const checked_policy *policy)
{
    for (uint32_t i = 0; i < policy->layer_count; i++) {
        const layer *const layer = &policy->layers[i];
        buffer_format(out, "layer %u %s ", i, layer->name);
        text_write(out, layer->version);
        for (uint32_t stage = 0; stage < CST_STAGE_COUNT; stage++) {
            buffer_format(out, " %s %s", cst_stage_name((cst_stage)stage),
                          cst_verdict_name(layer->defaults[stage].verdict));
            who_write(out, layer->defaults[stage].who, layer->defaults[stage].who_count,
                      layer->defaults[stage].within_us);
            standing_write(out, layer->defaults[stage].standing);
        }
        buffer_text(out, "\n");
    }
    for (uint32_t i = 0; i < policy->principles.count; i++) {
        buffer_format(out, "principle %u %s ", i, policy->principles.items[i].name);
        text_write(out, policy->principles.items[i].text);
        for (uint32_t k = 0; k < policy->principles.items[i].map_count; k++) {
            buffer_text(out, k == 0 ? " maps " : ", ");
            text_write(out, policy->principles.items[i].maps[k]);
        }
        buffer_text(out, "\n");
    }
}

static void tools_write(buffer *out, const checked_policy *policy)
{
    for (uint32_t i = 0; i < policy->tools.count; i++) {
        const tool *const tool = &policy->tools.items[i];
        buffer_format(out, "tool %u ", i);
        text_write(out, tool->name);
        buffer_text(out, " ");
        type_write(out, tool->parameters);
        buffer_text(out, " returns ");
        type_write(out, tool->returns);
        for (uint32_t k = 0; k < tool->tag_count; k++)
            buffer_format(out, " %s", tool->tags[k]);
        buffer_text(out, "\n");
    }
    for (uint32_t i = 0; i < policy->records.count; i++) {
        buffer_format(out, "context %s ", policy->records.items[i].name);
        type_write(out, policy->records.items[i].type);
        buffer_text(out, "\n");
    }
}

static void slots_write(buffer *out, const checked_policy *policy)
{
    for (uint32_t i = 0; i < policy->slots.count; i++) {
        const slot *const slot = &policy->slots.items[i];
        buffer_format(out, "slot %u %s ", i, slot->path);
        type_write(out, slot->type);
        buffer_format(out, "%s%s%s at", slot->open ? " open" : "",
                      slot->interned ? " interned" : "", slot->secret ? " secret" : "");
        for (uint32_t k = 0; k < slot->key_count; k++) {
            buffer_text(out, k == 0 ? " " : "/");
            text_write(out, slot->keys[k]);
        }
        buffer_text(out, "\n");
    }
    for (uint32_t i = 0; i < policy->slot_uses.count; i++) {
        const slot_use *const use = &policy->slot_uses.items[i];
        buffer_format(out, "use slot %u %s", use->slot, cst_stage_name(use->stage));
        if (use->tool != UINT32_MAX)
            buffer_format(out, " tool %u", use->tool);
        buffer_format(out, " required %llx\n", (unsigned long long)use->required_keys);
    }
}

static void sets_write(buffer *out, const checked_policy *policy)
{
    for (uint32_t i = 0; i < policy->sets.count; i++) {
        const checked_set *const set = &policy->sets.items[i];
        buffer_format(out, "set %u ", i);
        text_write(out, set->name);
        buffer_format(out, " of %s, %u:", kind_word(set->kind), set->count);
        for (uint32_t k = 0; k < set->count; k++) {
            buffer_text(out, " ");
            if (set->kind == CST_KIND_IP)
                network_write(out, &set->networks[k]);
            else
                value_write(out, &set->values[k]);
        }
        buffer_text(out, "\n");
    }
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void step_write(buffer *out, const checked_policy *policy, const checked_step *step)
{
    if (step->event != NULL)
        buffer_format(out, "  event %s\n", step->event);
    else if (step->kind == AST_STEP_GIVEN)
        buffer_format(out, "  given %s %s\n", step->record, step->json);
    else if (step->kind == AST_STEP_WAIT)
        buffer_format(out, "  wait %lldus\n", (long long)step->wait_us);
    if (step->kind == AST_STEP_EXPECT_TEXT) {
        buffer_format(out, "  expect %s ", step->field);
        text_write(out, step->text);
        buffer_text(out, "\n");
    }
    if (step->kind != AST_STEP_EXPECT)
        return;
    buffer_format(out, "  expect %s",
                  step->malformed ? "malformed" : cst_verdict_name(step->verdict));
    for (uint32_t i = 0; i < step->by_count; i++)
        buffer_format(out, "%s%s", i == 0 ? " by " : ", ",
                      step->by[i] == CST_NONE ? "default" : policy->rules.items[step->by[i]].name);
    buffer_text(out, "\n");
}

void checked_dump(buffer *out, const checked_policy *policy)
{
    layers_write(out, policy);
    tools_write(out, policy);
    slots_write(out, policy);
    sets_write(out, policy);
    for (uint32_t i = 0; i < policy->sites.count; i++)
        buffer_format(out, "site %u %s at `%s`\n", i, policy->sites.items[i].code,
                      policy->sites.items[i].at);
    for (uint32_t i = 0; i < policy->rules.count; i++)
        rule_write(out, policy, i);
    for (uint32_t i = 0; i < policy->tests.count; i++) {
        buffer_text(out, "test ");
        text_write(out, policy->tests.items[i].title);
        buffer_text(out, "\n");
        for (uint32_t k = 0; k < policy->tests.items[i].step_count; k++)
            step_write(out, policy, &policy->tests.items[i].steps[k]);
    }
}
