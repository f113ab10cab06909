/*
 * emit.h - the inside of the code generator: what the files of codegen/ share, and nobody else
 * includes.
 *
 * The way of a policy through this folder: prepare.c measures every condition and sorts operands by
 * cost; module.c makes one LLVM function for each group and witness and the tables that point to
 * them, index.c those of groups with an index; conditions.c emits truth, quantifiers.c loops,
 * values.c what conditions compare, sets.c membership, access.c loads and calls; constants.c the
 * texts that code points to. jit.c and aot.c do something with the finished module, output.c and
 * link.c with its bytes; target.c knows the machine. entry.c is what the rest of the compiler sees
 * of it.
 *
 * Invariants. No struct of the runtime is rebuilt as an LLVM type: all access is a byte offset
 * taken by offsetof from the real header. Generated code has no undefined symbol: services are
 * reached through the frame. Once LLVM objects exist no arena memory is asked for, because a failed
 * allocation there would jump past them: prepare.c runs before.
 */
#ifndef CONSTITUTION_COMPILER_CODEGEN_EMIT_H
#define CONSTITUTION_COMPILER_CODEGEN_EMIT_H

#include <signal.h>

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

#include "compiler/backend.h"
#include "runtime/limits.h"

/*
 * LLVM's work on a function grows faster than the function, so about FUNCTION_SIZE nodes of the
 * graph go into one, some sixty plain rules, and no more rules than FUNCTION_RULES; a larger group,
 * a larger condition or a larger part of one becomes several functions. A junction is cut into at
 * most CHUNKS pieces, each of which may be cut again.
 */
#define FUNCTION_SIZE  600u
#define FUNCTION_RULES 64u
#define CHUNKS         32u

/* ---- prepare.c ------------------------------------------------------------------------------- */

typedef struct preparation {
    /* by node: instructions' worth of its own function, parts with functions of their own
     * counted as calls */
    uint32_t *size;
    /* by node: operands of AND and OR, the decidable first, then by cost; NULL elsewhere */
    node_id **ordered;
    LLVMValueRef *constants; /* by node: the global of a CONSTANT, made when needed */
    /* by node: its function, made when needed; only those that depend on no element */
    LLVMValueRef *functions;
    LLVMValueRef *afresh; /* the same for witnesses, which use no memo */
} preparation;

void prepare(compilation *unit, preparation *out);
/* What a node adds to the function it is used in. */
uint32_t prepared_share(const graph *whole, const preparation *prepared, node_id id);

/* ---- the emitter ----------------------------------------------------------------------------- */

enum { SERVICE_COUNT = sizeof(cst_services) / sizeof(void (*)(void)) };
/* Results whose room serves the next condition too; a condition that needs more gets more. */
#define TEMPORARY_COUNT 1024u
#define LOCAL_COUNT     (LIMIT_EXPRESSION_DEPTH * 2u) /* quantifiers around an expression */

/* A value in the code: i64 for numbers and whatever is kept as one, double for FLOAT, else a
 * pointer to cst_value. */
typedef struct emitted {
    LLVMValueRef value;
    LLVMValueRef trouble; /* i32: 0, or the undecided truth; NULL: always decided */
} emitted;

typedef enum work_kind {
    WORK_CONDITION, /* the truth of a node */
    WORK_CHUNK,     /* the truth of operands first..last-1 of a junction */
    WORK_RULES,     /* rules first..last-1 of a group */
    WORK_BUNDLE     /* the rules of an indexed group that stand at first..last-1 in its order */
} work_kind;

/* A function that is declared and has no body yet. Bodies are made one after another, never
 * inside of each other, so that the depth of the C stack does not depend on how often a
 * condition was cut. */
typedef struct work {
    struct work *next;
    work_kind kind;
    LLVMValueRef function;
    node_id node;
    uint32_t first, last;
    const plan_group *group;
    bool afresh;
    uint32_t local_count; /* elements that it gets as parameters */
    node_id lists[];      /* by level: the list that the element is from */
} work;

typedef struct emitter {
    const checked_policy *policy;
    const graph *graph;
    const plan *plan;
    const cst_image *image;
    preparation prepared;

    LLVMContextRef context;
    LLVMModuleRef module;
    /* the second stands in the entry block, where memory for results is set aside */
    LLVMBuilderRef builder, entry_builder;
    LLVMTypeRef none, i1, i8, i32, i64, f64, pointer, place; /* place: the bytes of one cst_value */
    LLVMTypeRef services[SERVICE_COUNT];
    LLVMTypeRef arithmetic_type;
    LLVMValueRef arithmetic[3]; /* intrinsics: sum, difference and product with overflow */
    LLVMValueRef absent;        /* a zeroed cst_value */
    work *first_work, *last_work;
    bool no_memory, too_deep;
    bool packs; /* see module_options */

    /* the function in hand */
    LLVMValueRef function, frame, slots;
    LLVMBasicBlockRef body;
    bool afresh; /* a witness: memos are neither read nor written */
    /* the next node is the function's own: it is not a call to itself */
    bool is_root;
    LLVMValueRef temporaries[TEMPORARY_COUNT];
    uint32_t temporary_count, temporary_used;
    LLVMValueRef locals[LOCAL_COUNT];
    node_id lists[LOCAL_COUNT];
    uint32_t local_count;
    uint32_t depth;
} emitter;

static inline const graph_node *emit_node(const emitter *e, node_id id)
{
    return &e->graph->nodes.items[id];
}

static inline bool node_is_truth(const graph_node *node)
{
    return node->kind >= EXPRESSION_TRUTH;
}

/* Conditions have no type of their own. */
static inline cst_kind node_kind(const graph_node *node)
{
    return node->type == NULL || node_is_truth(node) ? CST_KIND_BOOL : node->type->kind;
}

/* ---- access.c: loads, calls, blocks ---------------------------------------------------------- */

LLVMValueRef emit_i32(const emitter *e, uint32_t value);
LLVMValueRef emit_i64(const emitter *e, uint64_t value);
LLVMValueRef emit_at(emitter *e, LLVMValueRef base, uint64_t offset); /* pointer to a byte */
LLVMValueRef emit_load(emitter *e, LLVMTypeRef loaded, LLVMValueRef base, uint64_t offset,
                       const char *name);
void emit_store(emitter *e, LLVMValueRef value, LLVMValueRef base, uint64_t offset);
LLVMBasicBlockRef emit_block(emitter *e, const char *name);
void emit_go_on(emitter *e, LLVMBasicBlockRef block); /* what follows is emitted there */
/* room for one cst_value until temporary_used is set back */
LLVMValueRef emit_temporary(emitter *e);

/* Calls a service by its offset in cst_services; arguments as in services.def. */
LLVMValueRef emit_service(emitter *e, uint64_t offset, LLVMValueRef *arguments, unsigned count);
#define EMIT_SERVICE(e, name, ...)                                                                 \
    emit_service((e), offsetof(cst_services, name), (LLVMValueRef[]){__VA_ARGS__},                 \
                 sizeof((LLVMValueRef[]){__VA_ARGS__}) / sizeof(LLVMValueRef))
void services_declare(emitter *e); /* their types */

LLVMValueRef emit_is_zero(emitter *e, LLVMValueRef i32);
LLVMValueRef emit_is_not_zero(emitter *e, LLVMValueRef i32);
LLVMValueRef emit_truth_max(emitter *e, LLVMValueRef a, LLVMValueRef b); /* either may be NULL: 0 */
LLVMValueRef emit_truth_min(emitter *e, LLVMValueRef a, LLVMValueRef b);

/* ---- constants.c ----------------------------------------------------------------------------- */

/* A constant made of bytes in which some words are addresses. */
typedef struct blob_pointer {
    size_t offset;
    LLVMValueRef address;
} blob_pointer;
LLVMValueRef constant_blob(emitter *e, const void *bytes, size_t size, const blob_pointer *pointers,
                           uint32_t count);
LLVMValueRef constant_global(emitter *e, LLVMValueRef value, unsigned alignment, const char *name);
LLVMValueRef constant_value(emitter *e, node_id id); /* pointer to the cst_value of a CONSTANT */

/* ---- values.c -------------------------------------------------------------------------------- */

emitted emit_value(emitter *e, node_id id);
/* The value as a pointer to a cst_value, numbers too. `symbol`: its symbol will be asked for. */
emitted emit_place(emitter *e, node_id id, bool symbol);
/* Whether the symbol of a value is known without looking it up. */
bool value_has_symbol(const emitter *e, node_id id);
LLVMValueRef emit_is_present(emitter *e, node_id id, LLVMValueRef place); /* i1 */

/* ---- past.c ---------------------------------------------------------------------------------- */

/* i1: EARLIER, LABELLED, NOTE */
LLVMValueRef emit_past_test(emitter *e, const graph_node *node, LLVMValueRef *trouble);
emitted emit_past_number(emitter *e, const graph_node *node);
emitted emit_past_latest(emitter *e, const graph_node *node); /* a place */

/* ---- ask.c ----------------------------------------------------------------------------------- */

emitted emit_host_ask(emitter *e, const graph_node *node); /* a place */
/* i32: the truth of NOT over what asks the host */
LLVMValueRef emit_host_not(emitter *e, node_id operand);
/* the body of a cst_ask_fn, to its return */
void emit_collect(emitter *e, uint32_t root);

/* ---- sets.c ---------------------------------------------------------------------------------- */

LLVMValueRef emit_in_set(emitter *e, const graph_node *node, LLVMValueRef *trouble); /* i1 */

/* ---- conditions.c ---------------------------------------------------------------------------- */

/* Control goes to `yes` or `no`. Only for nodes that are always decided. */
void emit_branch(emitter *e, node_id id, LLVMBasicBlockRef yes, LLVMBasicBlockRef no);
LLVMValueRef emit_truth(emitter *e, node_id id); /* i32, a cst_truth; for any condition */
/* Operands first..last-1 of a junction. */
void emit_junction_branch(emitter *e, node_id id, uint32_t first, uint32_t last,
                          LLVMBasicBlockRef yes, LLVMBasicBlockRef no);
LLVMValueRef emit_junction_truth(emitter *e, node_id id, uint32_t first, uint32_t last);

/* ---- quantifiers.c --------------------------------------------------------------------------- */

typedef struct element_loop {
    LLVMValueRef items, count, index; /* index: phi, i32 */
    LLVMBasicBlockRef head, body, done;
    uint32_t saved_locals;
} element_loop;

/* Opens a loop over the elements of a list, for a quantifier. Phis may be added to `head` behind
 * it. */
void loop_begin(emitter *e, element_loop *loop, const graph_node *node, LLVMValueRef list);
/* After the phis of `head`: leaves for `done` behind the last element, otherwise enters the body
 * with the element bound. */
void loop_enter(emitter *e, const element_loop *loop, const graph_node *node);
/* Goes back to the head from the block in hand, and goes on behind the loop. */
LLVMBasicBlockRef loop_end(emitter *e, const element_loop *loop);

void emit_quantifier_branch(emitter *e, node_id id, LLVMBasicBlockRef yes, LLVMBasicBlockRef no);
LLVMValueRef emit_quantifier_truth(emitter *e, node_id id);
void emit_witness(emitter *e, const plan_witness *witness); /* the body of a cst_witness_fn */

/* ---- marks.c --------------------------------------------------------------------------------- */

void emit_mark(emitter *e, uint32_t root); /* the body of a cst_mark_fn, to its return */

/* ---- index.c --------------------------------------------------------------------------------- */

void emit_indexed_group(emitter *e, const plan_group *group); /* to its return */
/* the body of a cst_bundle_fn */
void emit_bundle(emitter *e, const plan_group *group, uint32_t first, uint32_t last);

/* ---- module.c -------------------------------------------------------------------------------- */

typedef struct module_options {
    bool packs;         /* small groups share functions: quick to make, a little slower to run */
    const char *symbol; /* of the cst_module */
    bool with_image;    /* the module carries the image; otherwise module.image is NULL */
    bool keep_names;    /* values keep their names, for a person who reads the code */
} module_options;

/* Everything that asks the arena for memory, and so may jump: before any LLVM object exists.
 * NULL: the compilation has no plan. */
emitter *module_prepare(compilation *unit);
/* A finished LLVM module for the plan. The caller disposes of it. An emitter serves once. */
cst_status module_generate(emitter *e, const module_options *options, LLVMTargetMachineRef machine,
                           LLVMModuleRef *out);
void module_dispose(LLVMModuleRef module);
/* Declares a function for a piece of work that is done later. */
LLVMValueRef emit_later(emitter *e, work_kind kind, node_id node, uint32_t first, uint32_t last);
void emit_rule(emitter *e, const plan_rule *row); /* its condition, and its hit */

/* ---- target.c -------------------------------------------------------------------------------- */

typedef enum target_effort { TARGET_QUICK, TARGET_CAREFUL } target_effort;

/* The machine we run on, its baseline CPU, position-independent code. NULL: LLVM was built
 * without this target. */
LLVMTargetMachineRef target_open(target_effort effort);
/* Runs the optimising passes, if the effort is worth it, and writes an object or assembly text.
 * NULL on failure. */
cst_status target_optimise(LLVMTargetMachineRef machine, LLVMModuleRef module);
LLVMMemoryBufferRef target_write(LLVMTargetMachineRef machine, LLVMModuleRef module,
                                 LLVMCodeGenFileType form);

/* ---- jit.c and aot.c: the calls of backend.h, see there -------------------------------------- */

cst_status codegen_jit(compilation *unit, unsigned optimise, backend_module **out);
cst_status codegen_object_make(compilation *unit, unsigned optimise, backend_object *out);
void codegen_object_release(backend_object *object);
cst_status codegen_link(const cst_allocator *given, backend_object *object, const void *image,
                        size_t copied, backend_module **out);
cst_status codegen_write(compilation *unit, backend_output output, const char *path, char *error,
                         size_t error_size);
cst_status codegen_header(compilation *unit, const char *path, char *error, size_t error_size);
cst_status codegen_text(compilation *unit, backend_output output, unsigned optimise, char **text);

/* ---- output.c -------------------------------------------------------------------------------- */

/* Writes a file so that its name never stands for half of one. `error` gets the reason of a
 * CST_IO. */
cst_status output_write(const char *path, const void *bytes, size_t length, char *error,
                        size_t error_size);
/* a device, a pipe: nothing that a rename could replace */
/* Signals that end a program wait for this thread between the two: while temporary files exist. */
void output_hold_signals(sigset_t *before);
void output_release_signals(const sigset_t *before);
bool output_is_special(const char *path);
/* A name beside `path` for a file that will be renamed to it; malloc'ed. */
char *output_temporary(const char *path, const char *suffix);
/* from errno; answers CST_IO */
cst_status output_error(char *error, size_t error_size, const char *path);
/* Whether one of the linkers is there. */
bool link_possible(void);
/* Links an object to a shared library at `path`. */
cst_status link_shared(const void *object, size_t length, const char *path, char *error,
                       size_t error_size);

#endif
