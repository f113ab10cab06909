/*
 * lower.c - from checked conditions to the decision graph.
 *
 * Expects checked policy without errors; makes compilation->graph; of the checked trees it changes
 * only site numbers (sites.c). Guarantees, beyond graph.h:
 *   - LESS_EQUAL is gone: a <= b is not (b < a). That holds because no value is NaN and an
 *     undecided side makes both undecided.
 *   - of EQUAL's two sides a constant is the right one, otherwise the smaller id is left; ADD and
 *     MULTIPLY likewise.
 *   - comparing a bool with a constant is the bool itself, or its NOT. TRUTH of a condition is the
 *     condition.
 *   - IN_SET of at most SMALL_SET elements, and of any number of floats, which have no set form, is
 *     EQUAL or an OR of them. Networks stay.
 *   - LOCAL, ANY and ALL are numbered by nesting: `local` is the number of quantifiers around the
 *     ANY or ALL. So the same `any` in two rules is one node, and a local's number is bound only by
 *     the nearest quantifier with it.
 *   - ANY and ALL with a constant body are a test of the list's length; only as a witness, or where
 *     it marks texts, such an ANY may stay.
 *   - a node marks texts (graph.h) exactly when the checked condition does: an OR that is true
 * whatever its marking operands say keeps them beside a constant, and two NOTs stay around what
 * marks.
 *
 * What is folded is what three-valued logic allows. `x and false` is false although x may be
 * undecided: min(x, 0) is 0. `x or not x` is true only for an x that is always decided, and so is
 * every other law of the excluded middle. Because `and` is the least and `or` the greatest of
 * numbers that name their reason, sorting, flattening and sharing change neither truth nor reason.
 *
 * Left out: algebra on numbers (overflow would move), absorption, De Morgan (the code generator
 * branches either way).
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/plan/nodes.h"

#define SMALL_SET 4 /* four comparisons cost less than one look-up in a set */

static node_id lower(lower_pass *pass, const expression *tree);
static node_id lower_condition(lower_pass *pass, const expression *tree);

/* ---- constants ------------------------------------------------------------------------------- */

static bool is_constant(const lower_pass *pass, node_id id)
{
    return graph_at(pass, id)->kind == EXPRESSION_CONSTANT;
}

static bool is_truth(const lower_pass *pass, node_id id, bool value)
{
    const graph_node *node = graph_at(pass, id);
    return node->kind == EXPRESSION_CONSTANT && node->type->kind == CST_KIND_BOOL &&
           (node->constant.as.integer != 0) == value;
}

static node_id make(lower_pass *pass, expression_kind kind, const type *result,
                    const node_id *operands, uint32_t count)
{
    node_id copy[2] = {CST_NONE, CST_NONE};
    graph_node node = {.kind = kind, .type = result, .site = CST_NONE, .operand_count = count};
    if (count <= 2) {
        memcpy(copy, operands, count * sizeof *copy);
        node.operands = copy;
    } else {
        node.operands = arena_array(pass->arena, count, sizeof *node.operands);
        memcpy(node.operands, operands, count * sizeof *operands);
    }
    return graph_make(pass, &node);
}

static node_id make_not(lower_pass *pass, node_id operand)
{
    if (is_constant(pass, operand))
        return graph_truth(pass, is_truth(pass, operand, false));
    if (graph_at(pass, operand)->kind == EXPRESSION_NOT) {
        const node_id inner = graph_at(pass, operand)->operands[0];
        if (!graph_at(pass, inner)->marks)
            return inner;
    }
    return make(pass, EXPRESSION_NOT, NULL, &operand, 1);
}

static int compare_ids(const void *a, const void *b)
{
    const node_id x = *(const node_id *)a, y = *(const node_id *)b;
    return (x > y) - (x < y);
}

/* Whether some operand is the NOT of another that is always decided. */
static bool has_opposites(const lower_pass *pass, const node_id *operands, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const graph_node *node = graph_at(pass, operands[i]);
        if (node->kind == EXPRESSION_NOT && !node->undecidable &&
            bsearch(&node->operands[0], operands, count, sizeof *operands, compare_ids) != NULL)
            return true;
    }
    return false;
}

/* An OR that is true for sure. Those of its operands stay that have texts to show when they are
 * true. */
static node_id make_true(lower_pass *pass, const node_id *operands, uint32_t count)
{
    const node_id yes = graph_truth(pass, true);
    node_id *kept = arena_array(pass->arena, count + 1, sizeof *kept);
    uint32_t used = 0;
    kept[used++] = yes;
    for (uint32_t i = 0; i < count; i++)
        if (graph_at(pass, operands[i])->marks)
            kept[used++] = operands[i];
    if (used == 1)
        return yes;
    qsort(kept, used, sizeof *kept, compare_ids);
    return make(pass, EXPRESSION_OR, NULL, kept, used);
}

/* AND or OR of operands that are lowered already. */
static node_id make_junction(lower_pass *pass, expression_kind kind, const node_id *operands,
                             uint32_t count)
{
    /* `or` is true by one true side, `and` false by one false */
    const bool absorbing = kind == EXPRESSION_OR;
    uint32_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        const graph_node *node = graph_at(pass, operands[i]);
        total += node->kind == kind ? node->operand_count : 1;
    }
    node_id *flat = arena_array(pass->arena, total, sizeof *flat);
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        const graph_node *node = graph_at(pass, operands[i]);
        if (is_truth(pass, operands[i], absorbing))
            return absorbing ? make_true(pass, operands, count) : operands[i];
        if (is_truth(pass, operands[i], !absorbing))
            continue;
        if (node->kind != kind) {
            flat[used++] = operands[i];
            continue;
        }
        memcpy(&flat[used], node->operands, node->operand_count * sizeof *flat);
        used += node->operand_count;
    }
    qsort(flat, used, sizeof *flat, compare_ids);
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < used; i++)
        if (distinct == 0 || flat[distinct - 1] != flat[i])
            flat[distinct++] = flat[i];
    if (distinct == 0)
        return graph_truth(pass, !absorbing);
    if (distinct == 1)
        return flat[0];
    if (has_opposites(pass, flat, distinct))
        return absorbing ? make_true(pass, flat, distinct) : graph_truth(pass, false);
    return make(pass, kind, NULL, flat, distinct);
}

/* ---- comparisons ----------------------------------------------------------------------------- */

static bool constants_equal(const graph_node *a, const graph_node *b)
{
    if (kind_has_text(a->type->kind))
        return a->constant.length == b->constant.length &&
               (a->constant.length == 0 ||
                memcmp(a->constant.as.text, b->constant.as.text, a->constant.length) == 0);
    if (a->type->kind == CST_KIND_FLOAT)
        return a->constant.as.number == b->constant.as.number;
    return a->constant.as.integer == b->constant.as.integer;
}

static node_id make_truth(lower_pass *pass, node_id value)
{
    const graph_node *node = graph_at(pass, value);
    if (node->kind == EXPRESSION_CONSTANT)
        return graph_truth(pass, node->constant.as.integer != 0);
    if (kind_is_condition(node->kind))
        return value;
    return make(pass, EXPRESSION_TRUTH, NULL, &value, 1);
}

static bool folds(const graph_node *node)
{
    switch (node->type->kind) {
    case CST_KIND_LIST:
    case CST_KIND_RECORD:
    case CST_KIND_JSON:
    case CST_KIND_NULL:
    case CST_KIND_ABSENT: return false;
    default: return true;
    }
}

static node_id make_equal(lower_pass *pass, node_id left, node_id right)
{
    if (is_constant(pass, left) || (!is_constant(pass, right) && right < left)) {
        const node_id swap = left;
        left = right;
        right = swap;
    }
    if (is_constant(pass, right)) {
        const graph_node *constant = graph_at(pass, right);
        if (is_constant(pass, left) && folds(constant))
            return graph_truth(pass, constants_equal(graph_at(pass, left), constant));
        if (constant->type->kind == CST_KIND_BOOL) {
            const bool positive = constant->constant.as.integer != 0;
            const node_id truth = make_truth(pass, left);
            if (!positive)
                return make_not(pass, truth);
            /* a comparison has nothing to show, whatever it compares */
            return graph_at(pass, truth)->marks ? make_not(pass, make_not(pass, truth)) : truth;
        }
    }
    return make(pass, EXPRESSION_EQUAL, NULL, (node_id[]){left, right}, 2);
}

static node_id make_less(lower_pass *pass, node_id left, node_id right)
{
    if (is_constant(pass, left) && is_constant(pass, right)) {
        const graph_node *a = graph_at(pass, left), *b = graph_at(pass, right);
        if (a->type->kind == CST_KIND_FLOAT)
            return graph_truth(pass, a->constant.as.number < b->constant.as.number);
        return graph_truth(pass, a->constant.as.integer < b->constant.as.integer);
    }
    return make(pass, EXPRESSION_LESS, NULL, (node_id[]){left, right}, 2);
}

static node_id make_in_set(lower_pass *pass, node_id left, uint32_t number)
{
    const checked_set *set = &pass->policy->sets.items[number];
    if (set->kind != CST_KIND_IP && set->count == 0 && !graph_at(pass, left)->undecidable)
        return graph_truth(pass, false);
    const bool becomes_or = set->kind != CST_KIND_IP && set->count > 0 &&
                            (set->count <= SMALL_SET || set->kind == CST_KIND_FLOAT);
    if (!becomes_or) {
        const graph_node node = {.kind = EXPRESSION_IN_SET,
                                 .index = number,
                                 .operands = &left,
                                 .operand_count = 1,
                                 .site = CST_NONE};
        return graph_make(pass, &node);
    }
    node_id *equals = arena_array(pass->arena, set->count, sizeof *equals);
    for (uint32_t i = 0; i < set->count; i++) {
        const graph_node element = {.kind = EXPRESSION_CONSTANT,
                                    .type = graph_at(pass, left)->type,
                                    .constant = set->values[i],
                                    .site = CST_NONE};
        equals[i] = make_equal(pass, left, graph_make(pass, &element));
    }
    return make_junction(pass, EXPRESSION_OR, equals, set->count);
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

static bool fold_float(expression_kind kind, double a, double b, cst_value *out)
{
    switch (kind) {
    case EXPRESSION_ADD: out->as.number = a + b; break;
    case EXPRESSION_SUBTRACT: out->as.number = a - b; break;
    case EXPRESSION_MULTIPLY: out->as.number = a * b; break;
    default: out->as.number = -a; break;
    }
    return out->as.number - out->as.number == 0; /* finite */
}

/* False on overflow: then the node stays, and is undecided at run time as everywhere. */
static bool fold_integer(expression_kind kind, int64_t a, int64_t b, cst_value *out)
{
    switch (kind) {
    case EXPRESSION_ADD: return !__builtin_add_overflow(a, b, &out->as.integer);
    case EXPRESSION_SUBTRACT: return !__builtin_sub_overflow(a, b, &out->as.integer);
    case EXPRESSION_MULTIPLY: return !__builtin_mul_overflow(a, b, &out->as.integer);
    case EXPRESSION_WIDEN: return !__builtin_mul_overflow(a, (int64_t)1000000, &out->as.integer);
    default: return !__builtin_sub_overflow((int64_t)0, a, &out->as.integer);
    }
}

static node_id lower_arithmetic(lower_pass *pass, const expression *tree)
{
    node_id operands[2] = {lower(pass, tree->left), CST_NONE};
    const uint32_t count = tree->right != NULL ? 2 : 1;
    if (count == 2)
        operands[1] = lower(pass, tree->right);
    const bool commutes = tree->kind == EXPRESSION_ADD || tree->kind == EXPRESSION_MULTIPLY;
    const bool constant =
        is_constant(pass, operands[0]) && (count == 1 || is_constant(pass, operands[1]));
    if (constant) {
        const cst_value a = graph_at(pass, operands[0])->constant;
        const cst_value b = count == 2 ? graph_at(pass, operands[1])->constant : a;
        graph_node folded = {.kind = EXPRESSION_CONSTANT, .type = tree->type, .site = CST_NONE};
        folded.constant.kind = (uint8_t)tree->type->kind;
        folded.constant.at = UINT32_MAX;
        bool fits = true;
        if (tree->type->kind != CST_KIND_FLOAT)
            fits = fold_integer(tree->kind, a.as.integer, b.as.integer, &folded.constant);
        else if (tree->kind == EXPRESSION_WIDEN)
            folded.constant.as.number = (double)a.as.integer;
        else
            fits = fold_float(tree->kind, a.as.number, b.as.number, &folded.constant);
        if (fits)
            return graph_make(pass, &folded);
    }
    if (commutes && (is_constant(pass, operands[0]) ||
                     (!is_constant(pass, operands[1]) && operands[1] < operands[0]))) {
        const node_id swap = operands[0];
        operands[0] = operands[1];
        operands[1] = swap;
    }
    const graph_node node = {.kind = tree->kind,
                             .type = tree->type,
                             .operands = operands,
                             .operand_count = count,
                             .site = tree->site};
    return graph_make(pass, &node);
}

/* ---- quantifiers ----------------------------------------------------------------------------- */

static node_id length_of(lower_pass *pass, node_id list)
{
    static const type int_type = {.kind = CST_KIND_INT, .row = CST_NONE};
    return make(pass, EXPRESSION_LENGTH, &int_type, &list, 1);
}

static node_id int_zero(lower_pass *pass)
{
    static const type int_type = {.kind = CST_KIND_INT, .row = CST_NONE};
    const graph_node zero = {.kind = EXPRESSION_CONSTANT,
                             .type = &int_type,
                             .constant = {.kind = CST_KIND_INT, .at = UINT32_MAX},
                             .site = CST_NONE};
    return graph_make(pass, &zero);
}

static node_id fold_quantifier(lower_pass *pass, expression_kind kind, node_id list, bool body)
{
    const bool any = kind == EXPRESSION_ANY;
    if (body != any && !graph_at(pass, list)->undecidable)
        return graph_truth(pass, body);
    const node_id empty = make_equal(pass, length_of(pass, list), int_zero(pass));
    return any ? make_not(pass, empty) : empty;
}

static void note_witness(lower_pass *pass, const expression *tree, node_id id)
{
    const rule_body *body = pass->body;
    uint32_t number = pass->witness_of[tree->local];
    if (number != 0 && body->witnesses[number - 1] == tree) {
        pass->root->witnesses[number - 1] = id;
        return;
    }
    for (number = 0; number < body->witness_count; number++)
        if (body->witnesses[number] == tree)
            pass->root->witnesses[number] = id;
}

static node_id lower_quantifier(lower_pass *pass, const expression *tree)
{
    const node_id list = lower(pass, tree->left);
    const uint32_t level = pass->depth++;
    const uint32_t outer_level = pass->levels[tree->local];
    pass->levels[tree->local] = level;
    const node_id body = lower_condition(pass, tree->right);
    pass->levels[tree->local] = outer_level;
    pass->depth--;

    node_id operands[2] = {list, body};
    const graph_node node = {.kind = tree->kind,
                             .local = level,
                             .operands = operands,
                             .operand_count = 2,
                             .site = CST_NONE};
    const bool constant = is_constant(pass, body);
    const bool witness = tree->kind == EXPRESSION_ANY && pass->body->witness_count > 0;
    const bool marks = tree->kind == EXPRESSION_ANY &&
                       graph_at(pass, list)->kind == EXPRESSION_FOUND &&
                       !is_truth(pass, body, false);
    node_id id = CST_NONE;
    if (!constant || witness || marks)
        id = graph_make(pass, &node);
    if (witness)
        note_witness(pass, tree, id);
    return constant && !marks ? fold_quantifier(pass, tree->kind, list, is_truth(pass, body, true))
                              : id;
}

/* ---- everything else ------------------------------------------------------------------------- */

static node_id lower_junction(lower_pass *pass, const expression *tree)
{
    node_id *operands = arena_array(pass->arena, tree->item_count, sizeof *operands);
    for (uint32_t i = 0; i < tree->item_count; i++)
        operands[i] = lower_condition(pass, tree->items[i]);
    return make_junction(pass, tree->kind, operands, tree->item_count);
}

static node_id lower_plain(lower_pass *pass, const expression *tree)
{
    node_id operands[2] = {CST_NONE, CST_NONE};
    graph_node node = {.kind = tree->kind,
                       .type = kind_is_condition(tree->kind) ? NULL : tree->type,
                       .operands = operands,
                       .site = tree->site};
    if (tree->left != NULL)
        operands[node.operand_count++] = lower(pass, tree->left);
    if (tree->right != NULL)
        operands[node.operand_count++] = lower(pass, tree->right);
    switch (tree->kind) {
    case EXPRESSION_CONSTANT: node.constant = tree->constant; break;
    case EXPRESSION_FIELD: node.slot = tree->slot; break;
    case EXPRESSION_LOCAL: node.local = pass->levels[tree->local]; break;
    case EXPRESSION_OPEN_MEMBER: node.name = tree->name; break;
    case EXPRESSION_MEMBER:
    case EXPRESSION_PROPERTY:
    case EXPRESSION_FOUND:
    case EXPRESSION_CONTAINS:
    case EXPRESSION_MATCHES:
    case EXPRESSION_REPEATS:
    case EXPRESSION_LABELLED:
    case EXPRESSION_NOTE:
    case EXPRESSION_FROM:
    case EXPRESSION_FACTS:
    case EXPRESSION_KNOWN:
    case EXPRESSION_RUNS:
    case EXPRESSION_UNKNOWN: node.index = tree->index; break;
    default: break;
    }
    return graph_make(pass, &node);
}

/* A question about the past, or to the host: its keys, or arguments, are the operands. */
static node_id lower_past(lower_pass *pass, const expression *tree)
{
    node_id *operands = arena_array(pass->arena, tree->item_count + 1u, sizeof *operands);
    for (uint32_t i = 0; i < tree->item_count; i++)
        operands[i] = lower(pass, tree->items[i]);
    const graph_node node = {.kind = tree->kind,
                             .type = kind_is_condition(tree->kind) ? NULL : tree->type,
                             .index = tree->index,
                             .operands = operands,
                             .operand_count = tree->item_count,
                             .site = tree->site};
    return graph_make(pass, &node);
}

static node_id lower(lower_pass *pass, const expression *tree)
{
    switch (tree->kind) {
    case EXPRESSION_EARLIER:
    case EXPRESSION_PAST_NUMBER:
    case EXPRESSION_PAST_LATEST:
    case EXPRESSION_ASK: return lower_past(pass, tree);
    case EXPRESSION_ADD:
    case EXPRESSION_SUBTRACT:
    case EXPRESSION_MULTIPLY:
    case EXPRESSION_NEGATE:
    case EXPRESSION_WIDEN: return lower_arithmetic(pass, tree);
    case EXPRESSION_TRUTH: return lower_condition(pass, tree->left);
    case EXPRESSION_NOT: return make_not(pass, lower_condition(pass, tree->left));
    case EXPRESSION_AND:
    case EXPRESSION_OR: return lower_junction(pass, tree);
    case EXPRESSION_ANY:
    case EXPRESSION_ALL: return lower_quantifier(pass, tree);
    case EXPRESSION_IN_SET: return make_in_set(pass, lower(pass, tree->left), tree->index);
    case EXPRESSION_EQUAL: {
        const node_id left = lower(pass, tree->left);
        return make_equal(pass, left, lower(pass, tree->right));
    }
    case EXPRESSION_LESS: {
        const node_id left = lower(pass, tree->left);
        return make_less(pass, left, lower(pass, tree->right));
    }
    case EXPRESSION_LESS_EQUAL: {
        const node_id left = lower(pass, tree->left);
        return make_not(pass, make_less(pass, lower(pass, tree->right), left));
    }
    default: return lower_plain(pass, tree);
    }
}

/* A bool value that stands where a condition is wanted counts as its TRUTH. */
static node_id lower_condition(lower_pass *pass, const expression *tree)
{
    return make_truth(pass, lower(pass, tree));
}

static void lower_body(lower_pass *pass, uint32_t rule_number, uint32_t body_number)
{
    const rule_body *body = &pass->policy->rules.items[rule_number].bodies[body_number];
    graph_root *root = ARENA_PUSH(pass->arena, &pass->graph->roots);
    root->rule = rule_number;
    root->body = body_number;
    root->witness_count = body->witness_count;
    root->witnesses = arena_array(pass->arena, body->witness_count, sizeof *root->witnesses);
    for (uint32_t i = 0; i < body->witness_count; i++)
        pass->witness_of[body->witnesses[i]->local] = i + 1;
    pass->body = body;
    pass->root = root;
    pass->depth = 0;
    root->condition = lower_condition(pass, body->condition);
    for (uint32_t i = 0; i < body->witness_count; i++)
        pass->witness_of[body->witnesses[i]->local] = 0;
}

bool pass_lower(compilation *unit)
{
    sites_unify(unit);
    lower_pass pass = {.compilation = unit, .arena = &unit->arena, .policy = unit->checked};
    pass.graph = arena_allocate(pass.arena, sizeof *pass.graph);
    pass.levels = arena_array(pass.arena, pass.policy->local_count, sizeof *pass.levels);
    pass.witness_of = arena_array(pass.arena, pass.policy->local_count, sizeof *pass.witness_of);
    for (uint32_t r = 0; r < pass.policy->rules.count; r++)
        for (uint32_t b = 0; b < pass.policy->rules.items[r].body_count; b++)
            lower_body(&pass, r, b);
    graph_finish(&pass);
    unit->graph = pass.graph;
    return true;
}
