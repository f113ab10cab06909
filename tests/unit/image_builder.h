/*
 * image_builder.h - compiled policies made by hand, for tests of the runtime that must not depend
 * on the compiler.
 *
 * Add types, slots, reads, groups and rules in this order, then image_finish. Groups are C
 * functions with the same contract as compiled code. Everything is malloc'ed and lives until
 * image_free; the builder stops the program when memory is short.
 */
#ifndef CONSTITUTION_TESTS_IMAGE_BUILDER_H
#define CONSTITUTION_TESTS_IMAGE_BUILDER_H

#include "runtime/include/constitution.h"
#include "runtime/module.h"

#define IMAGE_EVERY_TOOL UINT32_MAX

typedef struct image_builder image_builder;

image_builder *image_new(const char *name, const char *version);
void image_free(image_builder *builder);

uint32_t image_symbol(image_builder *builder, const char *text); /* the symbol: row + 1 */
uint32_t image_tool(image_builder *builder, const char *name);   /* its number, from 1 on */
uint32_t image_type(image_builder *builder, cst_kind kind, uint32_t bound, uint32_t element);
uint32_t image_names_type(image_builder *builder, cst_kind kind, const char *const *names,
                          uint32_t count);
/* A record of `count` fields; bit k of `optional` says that field k may be missing. */
uint32_t image_record_type(image_builder *builder, const char *const *names, const uint32_t *types,
                           uint32_t count, uint32_t optional);
uint32_t image_slot(image_builder *builder, const char *path, const char *pointer, uint32_t type,
                    bool secret);
/* The slot is read at a stage for a tool (stages without tools: 0; IMAGE_EVERY_TOOL). `keys` are
 * separated by '/'; bit k of `required` makes key k required. */
void image_read(image_builder *builder, cst_stage stage, uint32_t tool, const char *keys,
                uint32_t slot, uint32_t required, cst_target_mode mode, bool interned);
void image_record(image_builder *builder, const char *name);
uint32_t image_principle(image_builder *builder, const char *name);
uint32_t image_site(image_builder *builder, const char *code, const char *at);
uint32_t image_layer(image_builder *builder, const char *name); /* all defaults permit */
void image_default(image_builder *builder, uint32_t layer, cst_stage stage, cst_verdict verdict,
                   const char *who);
/* `function` decides a stage and tool; several groups of one stage and tool are called one after
 * another. */
uint32_t image_group(image_builder *builder, cst_stage stage, uint32_t tool, cst_eval_fn function);
uint32_t image_witness(image_builder *builder, cst_witness_fn function, uint32_t slot);

typedef struct image_rule_spec {
    const char *name;
    cst_rule_kind kind;
    cst_verdict verdict;
    bool shadow;
    uint32_t layer;
    uint32_t waives; /* of a waiver: identity, that is the row of the rule */
    int64_t until_us;
    int64_t within_us;
    const char *offering;
    const char *who; /* names separated by ',' */
    bool has_principle;
    uint32_t principle;
    bool has_witness;
    uint32_t witness;
} image_rule_spec;
uint32_t image_rule(image_builder *builder, uint32_t group, image_rule_spec spec); /* its row */
/* A piece of the message of the rule that was added last. */
void image_part_text(image_builder *builder, const char *text);
void image_part_slot(image_builder *builder, uint32_t slot, uint32_t property);
void image_part_witness(image_builder *builder, uint32_t witness, uint32_t type);

const cst_module *image_finish(image_builder *builder);
const cst_module *image_module(const image_builder *builder); /* what image_finish gave */
/* The finished image, to be damaged; and how large it is. */
uint8_t *image_bytes(image_builder *builder, uint32_t *size);

/* For group functions. */
static inline void image_hit(cst_frame *frame, uint32_t rule, cst_truth reason)
{
    frame->hits[frame->hit_count++] = (cst_hit){rule, reason};
}

#endif
