/*
 * planning.h - what plan.c, symbols.c, image.c and tables.c share, and nobody else includes.
 */
#ifndef CONSTITUTION_COMPILER_PLAN_PLANNING_H
#define CONSTITUTION_COMPILER_PLAN_PLANNING_H

#include "compiler/plan.h"

/* ---- lists.c: lists of numbers, equal ones kept once ----------------------------------------- */

typedef struct lists {
    struct {
        uint32_t *items;
        uint32_t count, capacity;
    } words;
    struct {
        struct list_entry *items;
        uint32_t count, capacity;
    } entries;
    uint32_t *buckets;
    uint32_t bucket_count;
} lists;

typedef struct list_entry {
    uint32_t first, count; /* words */
    uint32_t hash;
} list_entry;

/* The entry number of this list; new lists get the next one, in the order they come. */
uint32_t lists_add(arena *memory, lists *all, const uint32_t *words, uint32_t count);

/* ---- selectors ------------------------------------------------------------------------------- */

typedef struct plan_selector { /* a distinct selector and its rules: selector number = group number
                                */
    const selector *what;
    bool watches; /* its rules are watches */
    struct {
        plan_rule *items;
        uint32_t count, capacity;
    } rules;
} plan_selector;

bool stage_has_tools(cst_stage stage);
bool selectors_meet(const selector *a, const selector *b); /* some event is of both */

/* ---- symbols.c ------------------------------------------------------------------------------- */

typedef struct plan_symbol {
    const char *text;
    uint32_t length;
    uint32_t hash;
    uint32_t tool;
} plan_symbol;

typedef struct symbols {
    arena *memory;
    struct {
        plan_symbol *items;
        uint32_t count, capacity;
    } rows;
    uint32_t *buckets; /* symbol numbers, as in the image */
    uint32_t capacity;
    uint32_t *tools; /* by tool number: its symbol */
} symbols;

/* Gives every text constant, every element of a text set and every tool name a number; marks the
 * slots that are compared with them; fills plan->symbols_of_constants. */
void symbols_collect(compilation *unit, symbols *out);
uint32_t symbols_find(const symbols *all, const char *text, uint32_t length); /* 0: none */

/* ---- image.c, tables.c, trees.c -------------------------------------------------------------- */

typedef struct image_pool { /* texts and set data, right behind the image's head */
    struct {
        char *items;
        uint32_t count, capacity;
    } bytes;
    struct {
        struct {
            uint32_t offset, length, hash;
        } *items;
        uint32_t count, capacity;
    } texts;
    uint32_t *buckets;
    uint32_t bucket_count;
    bool too_large;
} image_pool;

typedef struct image_builder {
    compilation *unit;
    arena *memory;
    const checked_policy *policy;
    plan *plan;
    const symbols *symbols;
    const plan_selector *selectors;
    uint32_t selector_count;
    image_pool pool;
    struct {
        cst_symbol_row *items;
        uint32_t count, capacity;
    } symbol_rows;
    struct {
        cst_command_row *items;
        uint32_t count, capacity;
    } commands;
    struct {
        cst_command_list_row *items;
        uint32_t count, capacity;
    } command_lists;
    struct {
        cst_set_row *items;
        uint32_t count, capacity;
    } sets;
    struct {
        cst_type_row *items;
        uint32_t count, capacity;
    } types;
    struct {
        cst_field_row *items;
        uint32_t count, capacity;
    } fields;
    struct {
        cst_ref *items;
        uint32_t count, capacity;
    } names;
    struct {
        cst_node_row *items;
        uint32_t count, capacity;
    } nodes;
    struct {
        cst_target_row *items;
        uint32_t count, capacity;
    } targets;
    struct {
        cst_slot_row *items;
        uint32_t count, capacity;
    } slots;
    struct {
        cst_tool_row *items;
        uint32_t count, capacity;
    } tools;
    struct {
        cst_group_row *items;
        uint32_t count, capacity;
    } groups;
    struct {
        uint32_t *items;
        uint32_t count, capacity;
    } group_rules;
    struct {
        uint32_t *items;
        uint32_t count, capacity;
    } group_lists;
    struct {
        cst_dispatch_row *items;
        uint32_t count, capacity;
    } dispatch;
    struct {
        cst_rule_row *items;
        uint32_t count, capacity;
    } rules;
    struct {
        cst_principle_row *items;
        uint32_t count, capacity;
    } principles;
    struct {
        cst_standing_row *items;
        uint32_t count, capacity;
    } standings;
    struct {
        cst_layer_row *items;
        uint32_t count, capacity;
    } layers;
    struct {
        cst_part_row *items;
        uint32_t count, capacity;
    } parts;
    struct {
        cst_witness_row *items;
        uint32_t count, capacity;
    } witnesses;
    struct {
        cst_site_row *items;
        uint32_t count, capacity;
    } sites;
    struct {
        cst_record_row *items;
        uint32_t count, capacity;
    } records;
    struct {
        cst_database_row *items;
        uint32_t count, capacity;
    } databases;
    struct {
        cst_pattern_row *items;
        uint32_t count, capacity;
    } patterns;
    struct {
        cst_probe_row *items;
        uint32_t count, capacity;
    } probes;
    struct {
        uint32_t *items;
        uint32_t count, capacity;
    } probe_patterns;
    struct {
        cst_origin_row *items;
        uint32_t count, capacity;
    } origins;
    struct {
        cst_echo_row *items;
        uint32_t count, capacity;
    } echoes;
    struct {
        cst_past_row *items;
        uint32_t count, capacity;
    } pasts;
    struct {
        cst_watch_row *items;
        uint32_t count, capacity;
    } watches;
    struct {
        cst_ref *items;
        uint32_t count, capacity;
    } labels;
    struct {
        cst_extern_row *items;
        uint32_t count, capacity;
    } externs;
    struct {
        cst_ask_row *items;
        uint32_t count, capacity;
    } asks;
    uint32_t declared_rules; /* rows of rules before the first watch */
    struct {
        cst_source_row *items;
        uint32_t count, capacity;
    } sources;
    struct {
        cst_from_row *items;
        uint32_t count, capacity;
    } froms;
    cst_ref results;
    struct {
        uint32_t *items;
        uint32_t count, capacity;
    } leaves;
    cst_stage_row stages[CST_STAGE_COUNT];
} image_builder;

cst_ref image_text(image_builder *image, const char *text); /* NULL: the empty text */
cst_ref image_bytes(image_builder *image, const char *bytes,
                    size_t length); /* as text, with a NUL */
cst_ref image_data(image_builder *image, const void *bytes, size_t length); /* 16-byte aligned */
cst_range image_names(image_builder *image, const char *const *names, uint32_t count);

void sets_build(image_builder *image);    /* sets.c: set rows and their data */
void externs_build(image_builder *image); /* externs.c: host predicates, and who asks them */
void tables_build(
    image_builder *image); /* tables.c: what a person wrote: rules, messages, types, names */
void trees_build(image_builder *image); /* trees.c: field trees and dispatch rows */

/* texts.c: databases, probes and echoes. False after an error was reported. */
bool texts_build(image_builder *image);

/* Builds plan->image. False after an error was reported. */
bool image_build(compilation *unit, const symbols *symbols, const plan_selector *selectors,
                 uint32_t count);

#endif
