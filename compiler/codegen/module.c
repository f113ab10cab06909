/*
 * module.c - from a plan to a finished LLVM module: functions for groups and witnesses, and the
 * tables of cst_module.
 *
 * Expects graph and plan; changes neither. A group is a function (small ones share one when code is
 * to be made quickly); one with more than FUNCTION_RULES rules, or more than FUNCTION_SIZE of
 * conditions, calls several. What conditions.c puts off to functions of its own is done here
 * afterwards, from a list, so that no function is made in the midst of another.
 *
 * Debug builds verify the module. A release build trusts the tests: verifying costs as much as
 * generating.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/Analysis.h>

#include "compiler/codegen/emit.h"

/* ---- functions ------------------------------------------------------------------------------- */

static LLVMValueRef add_function(emitter *e, LLVMTypeRef signature, const char *name)
{
    /* else each function would drag unwind tables along */
    static const char no_unwind[] = "nounwind";
    LLVMValueRef function = LLVMAddFunction(e->module, name, signature);
    LLVMSetLinkage(function, LLVMInternalLinkage);
    const unsigned kind = LLVMGetEnumAttributeKindForName(no_unwind, sizeof no_unwind - 1);
    LLVMAddAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                            LLVMCreateEnumAttribute(e->context, kind, 0));
    return function;
}

static void begin_function(emitter *e, LLVMValueRef function)
{
    e->function = function;
    e->frame = LLVMGetParam(function, 0);
    e->temporary_count = e->temporary_used = 0;
    e->local_count = e->depth = 0;
    e->is_root = e->afresh = false;
    LLVMBasicBlockRef entry = emit_block(e, "entry");
    e->body = emit_block(e, "body");
    LLVMPositionBuilderAtEnd(e->builder, entry);
    e->slots = emit_load(e, e->pointer, e->frame, offsetof(cst_frame, slots), "slots");
    LLVMPositionBuilderAtEnd(e->entry_builder, entry);
    LLVMPositionBuilderAtEnd(e->builder, e->body);
}

static void end_function(emitter *e)
{
    LLVMBuildBr(e->entry_builder, e->body);
}

LLVMValueRef emit_later(emitter *e, work_kind kind, node_id node, uint32_t first, uint32_t last)
{
    const bool rules = kind == WORK_RULES || kind == WORK_BUNDLE;
    const uint32_t locals = !rules && emit_node(e, node)->uses_local ? e->local_count : 0;
    LLVMTypeRef parameters[LOCAL_COUNT + 1], bundle[] = {e->pointer, e->i32, e->i32};
    for (uint32_t i = 0; i <= locals; i++)
        parameters[i] = e->pointer;
    LLVMTypeRef signature = kind == WORK_BUNDLE ? LLVMFunctionType(e->none, bundle, 3, false)
                                                : LLVMFunctionType(rules ? e->none : e->i32,
                                                                   parameters, locals + 1, false);
    LLVMValueRef function = add_function(e, signature, rules ? "rules" : "condition");
    work *added = malloc(sizeof *added + locals * sizeof added->lists[0]);
    if (added == NULL) {
        e->no_memory = true;
        return function;
    }
    *added = (work){.kind = kind,
                    .function = function,
                    .node = node,
                    .first = first,
                    .last = last,
                    .afresh = e->afresh,
                    .local_count = locals};
    if (locals > 0)
        memcpy(added->lists, e->lists, locals * sizeof *e->lists);
    if (e->last_work != NULL)
        e->last_work->next = added;
    else
        e->first_work = added;
    e->last_work = added;
    return function;
}

/* ---- rules ----------------------------------------------------------------------------------- */

_Static_assert(sizeof(cst_hit) == sizeof(uint64_t), "a hit is stored as one word");

/* Most code of a plain rule is here, so it is kept short: a hit whose reason is known is one store.
 */
static void emit_hit(emitter *e, const plan_rule *row, LLVMValueRef undecided)
{
    LLVMValueRef count = emit_load(e, e->i32, e->frame, offsetof(cst_frame, hit_count), "count");
    LLVMValueRef hits = emit_load(e, e->pointer, e->frame, offsetof(cst_frame, hits), "hits");
    LLVMValueRef wide = LLVMBuildZExt(e->builder, count, e->i64, "");
    LLVMValueRef hit = LLVMBuildGEP2(e->builder, e->i64, hits, &wide, 1, "hit");
    if (undecided == NULL) {
        const cst_hit known = {.rule = row->row, .reason = CST_TRUE};
        uint64_t word;
        memcpy(&word, &known, sizeof word);
        LLVMSetAlignment(LLVMBuildStore(e->builder, emit_i64(e, word), hit), _Alignof(cst_hit));
    } else {
        emit_store(e, emit_i32(e, row->row), hit, offsetof(cst_hit, rule));
        emit_store(e, undecided, hit, offsetof(cst_hit, reason));
    }
    LLVMValueRef next = LLVMBuildAdd(e->builder, count, emit_i32(e, 1), "");
    emit_store(e, next, e->frame, offsetof(cst_frame, hit_count));
}

void emit_rule(emitter *e, const plan_rule *row)
{
    const node_id condition = e->graph->roots.items[row->root].condition;
    LLVMBasicBlockRef fires = emit_block(e, "fires"), next = emit_block(e, "rule");
    LLVMValueRef truth = NULL;
    if (emit_node(e, condition)->undecidable) {
        truth = emit_truth(e, condition);
        LLVMValueRef counts =
            row->restricts ? emit_is_not_zero(e, truth)
                           : LLVMBuildICmp(e->builder, LLVMIntEQ, truth, emit_i32(e, CST_TRUE), "");
        LLVMBuildCondBr(e->builder, counts, fires, next);
    } else {
        emit_branch(e, condition, fires, next);
    }
    emit_go_on(e, fires);
    emit_hit(e, row, truth);
    LLVMBuildBr(e->builder, next);
    emit_go_on(e, next);
    e->temporary_used = 0;
}

/* The rule behind the last that goes into one function with `first`. */
static uint32_t rules_end(const emitter *e, const plan_group *group, uint32_t first)
{
    uint64_t size = 0;
    uint32_t end = first;
    for (; end < group->rule_count && end - first < FUNCTION_RULES; end++) {
        const node_id condition = e->graph->roots.items[group->rules[end].root].condition;
        size += prepared_share(e->graph, &e->prepared, condition);
        if (size > FUNCTION_SIZE && end > first)
            break;
    }
    return end;
}

static void emit_group(emitter *e, uint32_t number)
{
    const plan_group *group = &e->plan->groups[number];
    if (group->index != NULL) {
        emit_indexed_group(e, group);
        return;
    }
    const bool whole = rules_end(e, group, 0) == group->rule_count;
    for (uint32_t first = 0, end; first < group->rule_count; first = end) {
        end = whole ? group->rule_count : rules_end(e, group, first);
        if (whole) {
            for (uint32_t i = first; i < end; i++)
                emit_rule(e, &group->rules[i]);
            continue;
        }
        LLVMValueRef part = emit_later(e, WORK_RULES, 0, first, end);
        if (e->last_work != NULL)
            e->last_work->group = group;
        LLVMBuildCall2(e->builder, LLVMGlobalGetValueType(part), part, &e->frame, 1, "");
    }
    LLVMBuildRetVoid(e->builder);
}

static void do_work(emitter *e, const work *item)
{
    begin_function(e, item->function);
    e->afresh = item->afresh;
    e->local_count = item->local_count;
    for (uint32_t level = 0; level < item->local_count; level++) {
        e->locals[level] = LLVMGetParam(item->function, level + 1);
        e->lists[level] = item->lists[level];
    }
    switch (item->kind) {
    case WORK_CONDITION:
        e->is_root = true;
        LLVMBuildRet(e->builder, emit_truth(e, item->node));
        break;
    case WORK_CHUNK:
        LLVMBuildRet(e->builder, emit_junction_truth(e, item->node, item->first, item->last));
        break;
    case WORK_RULES:
        for (uint32_t i = item->first; i < item->last; i++)
            emit_rule(e, &item->group->rules[i]);
        LLVMBuildRetVoid(e->builder);
        break;
    case WORK_BUNDLE: emit_bundle(e, item->group, item->first, item->last); break;
    }
    end_function(e);
}

/* Work may add work: lists of what is left are as long as they are. */
static void do_all_work(emitter *e)
{
    while (e->first_work != NULL) {
        work *first = e->first_work;
        e->first_work = first->next;
        if (e->first_work == NULL)
            e->last_work = NULL;
        if (!e->no_memory && !e->too_deep)
            do_work(e, first);
        free(first);
    }
}

/* ---- tables ---------------------------------------------------------------------------------- */

/*
 * A table of functions, for groups or for witnesses. Their second parameter is their number, so
 * several small ones can be one function that looks at it: LLVM spends as much time on a function
 * as on two rules, and a policy may well have one group for each tool. Code that is made carefully
 * does without, and saves the look.
 */
typedef struct routines {
    const char *table, *one, *many; /* names */
    LLVMTypeRef signature;
    uint32_t count;
    bool afresh;
    uint32_t (*size)(const emitter *e, uint32_t number);
    void (*emit)(emitter *e, uint32_t number);               /* the body, to its return */
    const char *(*label)(const emitter *e, uint32_t number); /* whose it is, for profiles */
} routines;

static const char *group_label(const emitter *e, uint32_t number)
{
    return e->plan->groups[number].label;
}

static const char *witness_label(const emitter *e, uint32_t number)
{
    const graph_root *root = &e->graph->roots.items[e->plan->witnesses[number].root];
    return e->policy->rules.items[root->rule].name;
}

static uint32_t group_size(const emitter *e, uint32_t number)
{
    const plan_group *group = &e->plan->groups[number];
    uint64_t size = 0;
    if (group->index != NULL) { /* its keys; its rules are functions of their own */
        for (uint32_t k = 0; k < group->index->key_count; k++)
            size += prepared_share(e->graph, &e->prepared, group->index->keys[k].node) + 2u;
        return size > FUNCTION_SIZE ? FUNCTION_SIZE : (uint32_t)size;
    }
    for (uint32_t i = 0; i < group->rule_count && size <= FUNCTION_SIZE; i++) {
        const node_id condition = e->graph->roots.items[group->rules[i].root].condition;
        const uint32_t share = prepared_share(e->graph, &e->prepared, condition);
        const uint32_t least = FUNCTION_SIZE / FUNCTION_RULES;
        size += share > least ? share : least;
    }
    return size > FUNCTION_SIZE ? FUNCTION_SIZE : (uint32_t)size;
}

static uint32_t witness_size(const emitter *e, uint32_t number)
{
    const plan_witness *witness = &e->plan->witnesses[number];
    const graph_root *root = &e->graph->roots.items[witness->root];
    uint64_t size = prepared_share(e->graph, &e->prepared, root->witnesses[witness->number]);
    for (uint32_t i = 0; i < witness->outer_count; i++)
        size += prepared_share(e->graph, &e->prepared, witness->outer[i]);
    return size > FUNCTION_SIZE ? FUNCTION_SIZE : (uint32_t)size;
}

static void emit_witness_number(emitter *e, uint32_t number)
{
    emit_witness(e, &e->plan->witnesses[number]);
}

/* The routine behind the last that shares a function with `first`. */
static uint32_t routines_end(const emitter *e, const routines *all, uint32_t first)
{
    uint32_t end = first + 1;
    if (!e->packs)
        return end;
    for (uint32_t size = all->size(e, first); end < all->count; end++) {
        size += all->size(e, end);
        if (size > FUNCTION_SIZE)
            break;
    }
    return end;
}

/* Bodies first..end-1, chosen by halves. */
static void emit_choice(emitter *e, const routines *all, uint32_t first, uint32_t end)
{
    if (end - first == 1) {
        e->temporary_used = e->local_count = 0;
        all->emit(e, first);
        return;
    }
    const uint32_t middle = first + (end - first) / 2;
    LLVMBasicBlockRef low = emit_block(e, "low"), high = emit_block(e, "high");
    LLVMValueRef number = LLVMGetParam(e->function, 1);
    LLVMValueRef is_low = LLVMBuildICmp(e->builder, LLVMIntULT, number, emit_i32(e, middle), "");
    LLVMBuildCondBr(e->builder, is_low, low, high);
    emit_go_on(e, low);
    emit_choice(e, all, first, middle);
    emit_go_on(e, high);
    emit_choice(e, all, middle, end);
}

/* NULL if memory is short or something is too deep. */
static LLVMValueRef emit_routines(emitter *e, const routines *all)
{
    LLVMValueRef *functions = malloc((all->count + 1u) * sizeof *functions);
    e->no_memory = e->no_memory || functions == NULL;
    for (uint32_t first = 0, end; first < all->count && !e->no_memory && !e->too_deep;
         first = end) {
        end = routines_end(e, all, first);
        char name[96];
        if (end == first + 1)
            snprintf(name, sizeof name, "%s %u: %s", all->one, first, all->label(e, first));
        else
            snprintf(name, sizeof name, "%s %u to %u", all->many, first, end - 1);
        functions[first] = add_function(e, all->signature, name);
        begin_function(e, functions[first]);
        e->afresh = all->afresh;
        emit_choice(e, all, first, end);
        end_function(e);
        for (uint32_t i = first + 1; i < end; i++)
            functions[i] = functions[first];
        do_all_work(e);
    }
    LLVMValueRef table = NULL;
    if (!e->no_memory && !e->too_deep)
        table = constant_global(e, LLVMConstArray2(e->pointer, functions, all->count),
                                _Alignof(void *), all->table);
    free(functions);
    return table;
}

static LLVMValueRef emit_groups(emitter *e)
{
    LLVMTypeRef parameters[] = {e->pointer, e->i32};
    const routines all = {.table = "groups",
                          .one = "group",
                          .many = "groups",
                          .signature = LLVMFunctionType(e->none, parameters, 2, false),
                          .count = e->plan->group_count,
                          .size = group_size,
                          .emit = emit_group,
                          .label = group_label};
    return emit_routines(e, &all);
}

static LLVMValueRef emit_witnesses(emitter *e)
{
    LLVMTypeRef parameters[] = {e->pointer, e->i32, e->i32, e->pointer};
    const routines all = {.table = "witnesses",
                          .one = "witness",
                          .many = "witnesses",
                          .signature = LLVMFunctionType(e->i32, parameters, 4, false),
                          .count = e->plan->witness_count,
                          .afresh = true,
                          .size = witness_size,
                          .emit = emit_witness_number,
                          .label = witness_label};
    return emit_routines(e, &all);
}

/* Asked of the checked rule: where lowering has left nothing that can be found, the function marks
 * nothing, which a redaction without a function could not tell from an engine that knows no marks.
 */
static bool root_marks(const emitter *e, uint32_t root)
{
    const graph_root *body = &e->graph->roots.items[root];
    return e->policy->rules.items[body->rule].bodies[body->body].marks;
}

static bool root_asks(const emitter *e, uint32_t root)
{
    return emit_node(e, e->graph->roots.items[root].condition)->asks;
}

/* Functions for single rules: by rule row, NULL where there is none. */
typedef struct rule_routines {
    const char *table, *name;
    bool (*wanted)(const emitter *e, uint32_t root);
    void (*emit)(emitter *e, uint32_t root); /* the body, to its return */
} rule_routines;

/* *table stays NULL if no rule wants one. False: memory is short, or something is too deep. */
static bool emit_rule_routines(emitter *e, const rule_routines *all, LLVMValueRef *table)
{
    const uint32_t count = e->graph->roots.count;
    LLVMTypeRef parameters[] = {e->pointer, e->i32};
    LLVMTypeRef signature = LLVMFunctionType(e->none, parameters, 2, false);
    LLVMValueRef *functions = malloc((count + 1u) * sizeof *functions);
    bool any = false;
    e->no_memory = e->no_memory || functions == NULL;
    for (uint32_t root = 0; root < count && !e->no_memory && !e->too_deep; root++) {
        functions[root] = LLVMConstNull(e->pointer);
        if (!all->wanted(e, root))
            continue;
        char name[96];
        snprintf(name, sizeof name, "%s %u: %s", all->name, root,
                 e->policy->rules.items[e->graph->roots.items[root].rule].name);
        functions[root] = add_function(e, signature, name);
        begin_function(e, functions[root]);
        e->afresh = true;
        all->emit(e, root);
        end_function(e);
        do_all_work(e);
        any = true;
    }
    if (any && !e->no_memory && !e->too_deep)
        *table = constant_global(e, LLVMConstArray2(e->pointer, functions, count), _Alignof(void *),
                                 all->table);
    free(functions);
    return !e->no_memory && !e->too_deep;
}

static void emit_module(emitter *e, const char *symbol, LLVMValueRef image, LLVMValueRef groups,
                        LLVMValueRef witnesses, LLVMValueRef marks, LLVMValueRef asks)
{
    const cst_module module = {
        .magic = CST_MODULE_MAGIC, .abi = CST_ABI_VERSION, .value_size = sizeof(cst_value)};
    const blob_pointer pointers[] = {
        {offsetof(cst_module, image), image},         {offsetof(cst_module, groups), groups},
        {offsetof(cst_module, witnesses), witnesses}, {offsetof(cst_module, marks), marks},
        {offsetof(cst_module, engine), NULL},         {offsetof(cst_module, asks), asks},
    };
    LLVMValueRef global = constant_global(e, constant_blob(e, &module, sizeof module, pointers, 6),
                                          _Alignof(cst_module), symbol);
    LLVMSetLinkage(global, LLVMExternalLinkage);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void declare(emitter *e)
{
    LLVMContextRef context = e->context;
    e->none = LLVMVoidTypeInContext(context);
    e->i1 = LLVMInt1TypeInContext(context);
    e->i8 = LLVMInt8TypeInContext(context);
    e->i32 = LLVMInt32TypeInContext(context);
    e->i64 = LLVMInt64TypeInContext(context);
    e->f64 = LLVMDoubleTypeInContext(context);
    e->pointer = LLVMPointerTypeInContext(context, 0);
    e->place = LLVMArrayType2(e->i8, sizeof(cst_value));
    e->builder = LLVMCreateBuilderInContext(context);
    e->entry_builder = LLVMCreateBuilderInContext(context);
    services_declare(e);
    static const char *const names[] = {"llvm.sadd.with.overflow", "llvm.ssub.with.overflow",
                                        "llvm.smul.with.overflow"};
    for (unsigned i = 0; i < 3; i++) {
        const unsigned number = LLVMLookupIntrinsicID(names[i], strlen(names[i]));
        e->arithmetic[i] = LLVMGetIntrinsicDeclaration(e->module, number, &e->i64, 1);
        e->arithmetic_type = LLVMIntrinsicGetType(context, number, &e->i64, 1);
    }
    e->absent = constant_global(e, LLVMConstNull(e->place), _Alignof(cst_value), "absent");
}

static cst_status generate(emitter *e, const module_options *options)
{
    LLVMValueRef image = NULL;
    e->packs = options->packs;
    if (options->with_image) {
        const char *bytes = (const char *)e->plan->image;
        image = constant_global(
            e, LLVMConstStringInContext2(e->context, bytes, e->plan->image_size, true), 16,
            "image");
    }
    LLVMValueRef groups = emit_groups(e);
    LLVMValueRef witnesses = groups != NULL ? emit_witnesses(e) : NULL, marks = NULL, asks = NULL;
    static const rule_routines marking = {"marks", "mark", root_marks, emit_mark};
    static const rule_routines asking = {"asks", "ask", root_asks, emit_collect};
    if (witnesses != NULL && emit_rule_routines(e, &marking, &marks))
        emit_rule_routines(e, &asking, &asks);
    if (e->no_memory)
        return CST_NO_MEMORY;
    if (e->too_deep)
        return CST_LIMIT;
    emit_module(e, options->symbol, image, groups, witnesses, marks, asks);
#ifndef NDEBUG
    if (LLVMVerifyModule(e->module, LLVMPrintMessageAction, NULL))
        return CST_INTERNAL;
#endif
    return CST_OK;
}

emitter *module_prepare(compilation *unit)
{
    if (unit->checked == NULL || unit->graph == NULL || unit->plan == NULL ||
        unit->plan->image == NULL)
        return NULL;
    emitter *e = arena_allocate(&unit->arena, sizeof *e);
    *e = (emitter){.policy = unit->checked,
                   .graph = unit->graph,
                   .plan = unit->plan,
                   .image = (const cst_image *)(const void *)unit->plan->image};
    prepare(unit, &e->prepared);
    return e;
}

cst_status module_generate(emitter *e, const module_options *options, LLVMTargetMachineRef machine,
                           LLVMModuleRef *out)
{
    e->context = LLVMContextCreate();
    LLVMContextSetDiscardValueNames(e->context, !options->keep_names);
    e->module = LLVMModuleCreateWithNameInContext("policy", e->context);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
    LLVMSetModuleDataLayout(e->module, layout);
    LLVMDisposeTargetData(layout);
    char *triple = LLVMGetTargetMachineTriple(machine);
    LLVMSetTarget(e->module, triple);
    LLVMDisposeMessage(triple);
    declare(e);
    const cst_status status = generate(e, options);
    LLVMDisposeBuilder(e->builder);
    LLVMDisposeBuilder(e->entry_builder);
    if (status != CST_OK) {
        module_dispose(e->module);
        return status;
    }
    *out = e->module;
    return CST_OK;
}

void module_dispose(LLVMModuleRef module)
{
    LLVMContextRef context = LLVMGetModuleContext(module);
    LLVMDisposeModule(module);
    LLVMContextDispose(context);
}
