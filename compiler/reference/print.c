/*
 * print.c - conditions as text, in the words of the language.
 *
 * Printed from the checked tree, not cut from the source: definitions are replaced and `>` has
 * become `<` with swapped sides by then, and a reader of an explanation wants what was evaluated.
 * A constant stands on the right all the same, as people write it. What comes out is for reading;
 * it is never parsed again.
 */
#include "compiler/reference/print.h"

#include <string.h>

#include "runtime/identity.h"
#include "runtime/json.h"
#include "runtime/text/view.h"

#define SHOWN_ELEMENTS 8u /* of a list, before "…" */

/* ---- values ---------------------------------------------------------------------------------- */

static void print_decimal(buffer *out, int64_t millionths)
{
    const uint64_t size = millionths < 0 ? 0u - (uint64_t)millionths : (uint64_t)millionths;
    char digits[8];
    uint32_t fraction = (uint32_t)(size % 1000000u), count = 6;
    for (uint32_t i = 6; i-- > 0; fraction /= 10)
        digits[i] = (char)('0' + fraction % 10);
    while (count > 1 && digits[count - 1] == '0')
        count--;
    digits[count] = 0;
    buffer_format(out, "%s%llu.%s", millionths < 0 ? "-" : "",
                  (unsigned long long)(size / 1000000u), digits);
}

static void print_float(buffer *out, double number)
{
    char text[40];
    buffer shortest;
    buffer_init(&shortest, NULL, 0);
    for (int digits = 15; digits <= 17; digits++) {
        buffer_clear(&shortest);
        buffer_format(&shortest, "%.*g", digits, number);
        if (shortest.failed || shortest.length >= sizeof text)
            break;
        memcpy(text, shortest.bytes, shortest.length + 1);
        double back = 0;
        cst_value value;
        if (number_parse(CST_KIND_FLOAT, text, shortest.length, &value))
            back = value.as.number;
        if (back == number)
            break;
    }
    buffer_add(out, shortest.bytes, shortest.length);
    buffer_free(&shortest);
}

/* The civil date of a day number: eras of 400 years, years that begin in March. */
static void print_time(buffer *out, int64_t microseconds)
{
    int64_t seconds = microseconds / 1000000, fraction = microseconds % 1000000;
    if (fraction < 0) {
        fraction += 1000000;
        seconds--;
    }
    int64_t days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    days += 719468; /* from 0000-03-01 */
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const int64_t day_of_era = days - era * 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
    const int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
    const int64_t year = year_of_era + era * 400 + (month >= 10);
    buffer_format(out, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld", (long long)year,
                  (long long)(month < 10 ? month + 3 : month - 9), (long long)day,
                  (long long)(rest / 3600), (long long)(rest / 60 % 60), (long long)(rest % 60));
    if (fraction != 0)
        buffer_format(out, ".%06lld", (long long)fraction);
    buffer_text(out, "Z");
}

static void print_duration(buffer *out, int64_t microseconds)
{
    static const struct {
        const char *word;
        int64_t size;
    } units[] = {{"w", 604800000000}, {"d", 86400000000}, {"h", 3600000000}, {"m", 60000000},
                 {"s", 1000000},      {"ms", 1000},       {"us", 1}};
    for (uint32_t u = 0; u < sizeof units / sizeof *units; u++)
        if (microseconds % units[u].size == 0 && (microseconds != 0 || units[u].size == 1000000)) {
            buffer_format(out, "%lld%s", (long long)(microseconds / units[u].size), units[u].word);
            return;
        }
}

static void print_items(buffer *out, const type *as, const cst_value *value)
{
    const bool record = as->kind == CST_KIND_RECORD;
    buffer_text(out, record ? "{" : "[");
    for (uint32_t i = 0; i < value->length; i++) {
        if (i > 0)
            buffer_text(out, ", ");
        if (i == SHOWN_ELEMENTS) {
            buffer_format(out, "… %u more", value->length - i);
            break;
        }
        if (record && i < as->field_count)
            buffer_format(out, "%s: ", as->fields[i].name);
        print_value(out, record ? (i < as->field_count ? as->fields[i].type : NULL) : as->element,
                    &value->as.items[i]);
    }
    buffer_text(out, record ? "}" : "]");
}

void print_value(buffer *out, const type *as, const cst_value *value)
{
    const cst_kind kind = (cst_kind)value->kind;
    switch (kind) {
    case CST_KIND_BOOL: buffer_text(out, value->as.integer != 0 ? "true" : "false"); return;
    case CST_KIND_INT: buffer_format(out, "%lld", (long long)value->as.integer); return;
    case CST_KIND_DECIMAL: print_decimal(out, value->as.integer); return;
    case CST_KIND_FLOAT: print_float(out, value->as.number); return;
    case CST_KIND_TIME: print_time(out, value->as.integer); return;
    case CST_KIND_DURATION: print_duration(out, value->as.integer); return;
    case CST_KIND_ENUM:
        if (as != NULL && as->enumeration != NULL && value->as.integer >= 0 &&
            (uint64_t)value->as.integer < as->enumeration->count)
            buffer_text(out, as->enumeration->values[value->as.integer]);
        else
            buffer_format(out, "#%lld", (long long)value->as.integer);
        return;
    case CST_KIND_LIST:
    case CST_KIND_RECORD:
        if (as == NULL)
            break;
        print_items(out, as, value);
        return;
    case CST_KIND_JSON:
        if (value->parts == NULL || !json_write_canonical(out, value->parts))
            break;
        return;
    case CST_KIND_TOOL:
        if (value->as.text == NULL)
            break;
        buffer_format(out, "tool %lld", (long long)value->as.integer);
        return;
    case CST_KIND_STRING:
    case CST_KIND_AGENT:
    case CST_KIND_EMAIL:
    case CST_KIND_URL:
    case CST_KIND_HOST:
    case CST_KIND_PATH:
    case CST_KIND_IP:
    case CST_KIND_COMMAND: buffer_json_string(out, value->as.text, value->length); return;
    default: break;
    }
    buffer_text(out, kind_word(kind));
}

/* ---- expressions ----------------------------------------------------------------------------- */

static bool needs_parentheses(const expression *tree)
{
    return tree->kind == EXPRESSION_AND || tree->kind == EXPRESSION_OR ||
           tree->kind == EXPRESSION_ADD || tree->kind == EXPRESSION_SUBTRACT ||
           tree->kind == EXPRESSION_MULTIPLY || tree->kind == EXPRESSION_JOIN;
}

static void print_operand(buffer *out, const checked_policy *policy, const expression *tree)
{
    const bool parentheses = needs_parentheses(tree);
    buffer_text(out, parentheses ? "(" : "");
    print_expression(out, policy, tree);
    buffer_text(out, parentheses ? ")" : "");
}

static void print_binary(buffer *out, const checked_policy *policy, const expression *left,
                         const char *word, const expression *right)
{
    print_operand(out, policy, left);
    buffer_format(out, " %s ", word);
    print_operand(out, policy, right);
}

static void print_order(buffer *out, const checked_policy *policy, const expression *tree,
                        bool negated)
{
    const bool turned =
        tree->left->kind == EXPRESSION_CONSTANT && tree->right->kind != EXPRESSION_CONSTANT;
    const bool less = tree->kind == EXPRESSION_LESS;
    /* turned: c < x is x > c; negated: not (x < c) is x >= c */
    const char *word =
        turned != negated ? (less != negated ? ">" : ">=") : (less != negated ? "<" : "<=");
    if (turned)
        print_binary(out, policy, tree->right, word, tree->left);
    else
        print_binary(out, policy, tree->left, word, tree->right);
}

static void print_present(buffer *out, const checked_policy *policy, const expression *tree,
                          bool negated)
{
    const expression *what = tree->left;
    print_operand(out, policy, what);
    const bool typed = (what->kind == EXPRESSION_FIELD && policy->slots.items[what->slot].open) ||
                       what->kind == EXPRESSION_OPEN_AS;
    if (typed && what->type->kind != CST_KIND_JSON)
        buffer_format(out, negated ? " is not %s" : " is %s", kind_word(what->type->kind));
    else
        buffer_text(out, negated ? " is absent" : " is present");
}

static void print_not(buffer *out, const checked_policy *policy, const expression *inner)
{
    switch (inner->kind) {
    case EXPRESSION_EQUAL: print_binary(out, policy, inner->left, "!=", inner->right); return;
    case EXPRESSION_LESS:
    case EXPRESSION_LESS_EQUAL: print_order(out, policy, inner, true); return;
    case EXPRESSION_IN_LIST: print_binary(out, policy, inner->left, "not in", inner->right); return;
    case EXPRESSION_INSIDE:
        print_binary(out, policy, inner->left, "not inside", inner->right);
        return;
    case EXPRESSION_PRESENT: print_present(out, policy, inner, true); return;
    case EXPRESSION_IN_SET:
        print_operand(out, policy, inner->left);
        buffer_format(out, " not in %s", policy->sets.items[inner->index].name);
        return;
    default:
        buffer_text(out, "not ");
        print_operand(out, policy, inner);
        return;
    }
}

static void print_junction(buffer *out, const checked_policy *policy, const expression *tree)
{
    for (uint32_t i = 0; i < tree->item_count; i++) {
        if (i > 0)
            buffer_text(out, tree->kind == EXPRESSION_AND ? " and " : " or ");
        print_operand(out, policy, tree->items[i]);
    }
}

static void print_of(buffer *out, const checked_policy *policy, const char *word,
                     const expression *tree)
{
    buffer_format(out, "%s of ", word);
    print_operand(out, policy, tree->left);
}

static void print_views(buffer *out, unsigned views)
{
    buffer_text(out, (views & VIEW_FOLDED) != 0 ? " folded" : "");
    buffer_text(out, (views & VIEW_DECODED) != 0 ? " decoded" : "");
}

void print_expression(buffer *out, const checked_policy *policy, const expression *tree)
{
    switch (tree->kind) {
    case EXPRESSION_CONSTANT:
        if (tree->type->kind == CST_KIND_TOOL && tree->constant.as.integer >= 0 &&
            (uint64_t)tree->constant.as.integer < policy->tools.count)
            buffer_text(out, tree->constant.as.integer == 0
                                 ? "unknown"
                                 : policy->tools.items[tree->constant.as.integer].name);
        else
            print_value(out, tree->type, &tree->constant);
        return;
    case EXPRESSION_FIELD: buffer_text(out, policy->slots.items[tree->slot].path); return;
    case EXPRESSION_LOCAL: buffer_text(out, tree->name != NULL ? tree->name : "?"); return;
    case EXPRESSION_MEMBER:
        print_operand(out, policy, tree->left);
        buffer_format(out, ".%s", tree->left->type->fields[tree->index].name);
        return;
    case EXPRESSION_OPEN_MEMBER:
        print_operand(out, policy, tree->left);
        buffer_format(out, ".%s", tree->name);
        return;
    case EXPRESSION_PROPERTY:
        print_operand(out, policy, tree->left);
        buffer_format(out, ".%s", property_word(tree->index));
        return;
    case EXPRESSION_OPEN_AS:
    case EXPRESSION_WIDEN:
    case EXPRESSION_TRUTH: print_operand(out, policy, tree->left); return;
    case EXPRESSION_ELSE:
        buffer_text(out, "(");
        print_binary(out, policy, tree->left, "else", tree->right);
        buffer_text(out, ")");
        return;
    case EXPRESSION_ADD:
    case EXPRESSION_JOIN: print_binary(out, policy, tree->left, "+", tree->right); return;
    case EXPRESSION_SUBTRACT: print_binary(out, policy, tree->left, "-", tree->right); return;
    case EXPRESSION_MULTIPLY: print_binary(out, policy, tree->left, "*", tree->right); return;
    case EXPRESSION_NEGATE:
        buffer_text(out, "-");
        print_operand(out, policy, tree->left);
        return;
    case EXPRESSION_LENGTH: print_of(out, policy, "length", tree); return;
    case EXPRESSION_SUM: print_of(out, policy, "sum", tree); return;
    case EXPRESSION_LEAST: print_of(out, policy, "min", tree); return;
    case EXPRESSION_GREATEST: print_of(out, policy, "max", tree); return;
    case EXPRESSION_LEAVES: print_of(out, policy, "text", tree); return;
    case EXPRESSION_FOUND:
        print_of(out, policy, tree->wanted->text, tree);
        print_views(out, tree->wanted->views);
        return;
    case EXPRESSION_CONTAINS:
    case EXPRESSION_MATCHES:
        print_operand(out, policy, tree->left);
        print_views(out, tree->wanted->views);
        buffer_format(out, tree->kind == EXPRESSION_CONTAINS ? " contains %s" : " matches %s",
                      tree->wanted->text);
        return;
    case EXPRESSION_REPEATS:
        print_operand(out, policy, tree->left);
        print_views(out, policy->echoes.items[tree->index].views);
        buffer_format(out, " repeats %u chars of %s", policy->echoes.items[tree->index].chars,
                      policy->echoes.items[tree->index].name);
        return;
    case EXPRESSION_PAST_NUMBER:
    case EXPRESSION_PAST_LATEST:
    case EXPRESSION_EARLIER: buffer_text(out, policy->pasts.items[tree->index].text); return;
    case EXPRESSION_ASK:
        buffer_format(out, "%s(", policy->externs.items[tree->index].name);
        for (uint32_t i = 0; i < tree->item_count; i++) {
            if (i > 0)
                buffer_text(out, ", ");
            print_expression(out, policy, tree->items[i]);
        }
        buffer_text(out, ")");
        return;
    case EXPRESSION_LABELLED:
        buffer_format(out, "session has %s", policy->labels.items[tree->index]);
        return;
    case EXPRESSION_NOTE:
        buffer_text(out, "with ");
        print_operand(out, policy, tree->left);
        return;
    case EXPRESSION_FROM:
        print_operand(out, policy, tree->left);
        buffer_format(out, " from %s", policy->froms.items[tree->index].name);
        if (policy->froms.items[tree->index].chars != 4)
            buffer_format(out, " down to %u char%s", policy->froms.items[tree->index].chars,
                          policy->froms.items[tree->index].chars == 1 ? "" : "s");
        return;
    case EXPRESSION_FACTS:
    case EXPRESSION_KNOWN:
        print_operand(out, policy, tree->left);
        buffer_format(out, ".%s", property_word(tree->index));
        return;
    case EXPRESSION_RUNS:
        print_operand(out, policy, tree->left);
        buffer_format(out, " runs %s%s",
                      tree->index % 2 != 0                                ? "only "
                      : policy->commands.items[tree->index / 2].count > 1 ? "any "
                                                                          : "",
                      policy->commands.items[tree->index / 2].text);
        return;
    case EXPRESSION_UNKNOWN:
        buffer_text(out, "more may be in ");
        print_operand(out, policy, tree->left);
        buffer_format(out, ".%s", property_word(tree->index / 2));
        return;
    case EXPRESSION_WITHIN: print_binary(out, policy, tree->left, "inside", tree->right); return;
    case EXPRESSION_EQUAL: print_binary(out, policy, tree->left, "==", tree->right); return;
    case EXPRESSION_LESS:
    case EXPRESSION_LESS_EQUAL: print_order(out, policy, tree, false); return;
    case EXPRESSION_IN_SET:
        print_operand(out, policy, tree->left);
        buffer_format(out, " in %s", policy->sets.items[tree->index].name);
        return;
    case EXPRESSION_IN_LIST: print_binary(out, policy, tree->left, "in", tree->right); return;
    case EXPRESSION_STARTS:
        print_binary(out, policy, tree->left, "starts with", tree->right);
        return;
    case EXPRESSION_ENDS: print_binary(out, policy, tree->left, "ends with", tree->right); return;
    case EXPRESSION_INSIDE: print_binary(out, policy, tree->left, "inside", tree->right); return;
    case EXPRESSION_PRESENT: print_present(out, policy, tree, false); return;
    case EXPRESSION_ANY:
    case EXPRESSION_ALL:
        buffer_format(out, "%s %s in ", expression_word(tree->kind),
                      tree->name != NULL ? tree->name : "?");
        print_operand(out, policy, tree->left);
        buffer_text(out, tree->kind == EXPRESSION_ANY ? " satisfies " : " satisfy ");
        print_operand(out, policy, tree->right);
        return;
    case EXPRESSION_NOT: print_not(out, policy, tree->left); return;
    case EXPRESSION_AND:
    case EXPRESSION_OR: print_junction(out, policy, tree); return;
    }
}
