/*
 * policy.c - making, sharing and asking policies.
 *
 * A policy comes from a library (dlopen), from the program itself, or from a producer of this
 * process; all three meet in cst_policy_from_producer, which checks the module before anything
 * reads it, copies the options, and notes what the event reader wants to know of each node.
 * RTLD_LOCAL, because compiled code needs no symbol of anybody and should give none; RTLD_NOW,
 * because a file that cannot work should fail here and not in the middle of an event.
 */
#include "runtime/policy.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "runtime/base/arena.h"
#include "runtime/convert.h"
#include "runtime/limits.h"

/* ---- options --------------------------------------------------------------------------------- */

static uint32_t limit_or(uint32_t wanted, uint32_t most)
{
    return wanted == 0 || wanted > most ? most : wanted;
}

static cst_limits complete_limits(const cst_limits *limits)
{
    return (cst_limits){
        .event_bytes = limit_or(limits->event_bytes, LIMIT_EVENT_BYTES),
        .json_depth = limit_or(limits->json_depth, LIMIT_JSON_DEPTH),
        .list_elements = limit_or(limits->list_elements, LIMIT_LIST_ELEMENTS),
        .text_bytes = limit_or(limits->text_bytes, LIMIT_TEXT_BYTES),
        .scratch_bytes = limit_or(limits->scratch_bytes, LIMIT_SCRATCH_BYTES),
        .sessions = limit_or(limits->sessions, LIMIT_SESSIONS),
    };
}

/* Options of a program that was built with an older, shorter struct are read as far as they go. */
static bool read_options(const cst_options *given, cst_options *out)
{
    memset(out, 0, sizeof *out);
    if (!given)
        return true;
    if (given->size < sizeof given->size)
        return false;
    memcpy(out, given, given->size < sizeof *out ? given->size : sizeof *out);
    const bool some = out->allocator.allocate || out->allocator.resize || out->allocator.release;
    const bool all = out->allocator.allocate && out->allocator.resize && out->allocator.release;
    return some == all;
}

/* ---- what the event reader wants to know ----------------------------------------------------- */

static uint32_t child_named(const cst_image *image, const cst_node_row *nodes, uint32_t root,
                            const char *name, uint32_t length)
{
    const cst_range children = nodes[root].children;
    for (uint32_t i = 0; i < children.count; i++) {
        const cst_ref ref = nodes[children.first + i].name;
        if (ref.length == length && memcmp(CST_TEXT(image, ref), name, length) == 0)
            return children.first + i;
    }
    return CST_NONE;
}

static void note_key(policy_node *node, const char *name, uint32_t length)
{
    /* until the name is known to be plain: sixteen NULs are in no event */
    node->key_mask = UINT16_MAX;
    if (length == 0 || length >= sizeof node->key)
        return;
    for (uint32_t i = 0; i < length; i++)
        if ((signed char)name[i] < ' ' || name[i] == '"' || name[i] == '\\')
            return;
    memcpy(node->key, name, length);
    node->key[length] = '"';
    node->key_length = (uint8_t)length;
    node->key_mask = (uint16_t)((2u << length) - 1);
}

/* How the quick reader puts a value of this node where it belongs. */
static void note_form(const cst_policy *policy, const cst_node_row *row, policy_node *node)
{
    const cst_image *const image = policy->image;
    if (row->targets.count == 0)
        node->form = POLICY_OBJECT;
    if (row->targets.count != 1 || row->children.count != 0)
        return;
    const cst_target_row *const target =
        CST_ROWS(image, targets, cst_target_row) + row->targets.first;
    const cst_type_row *const type = CST_ROWS(image, types, cst_type_row) + target->type;
    const uint32_t most = policy->limits.text_bytes;
    node->slot = target->slot;
    node->type = target->type;
    node->interned = target->interned != 0;
    node->bound = type->bound && type->bound < most ? type->bound : most;
    node->decimal = type->kind == CST_KIND_DECIMAL;
    node->form = type->kind == CST_KIND_STRING                 ? POLICY_STRING
                 : type->kind == CST_KIND_INT || node->decimal ? POLICY_NUMBER
                 : type->kind == CST_KIND_BOOL                 ? POLICY_BOOL
                 : type->kind == CST_KIND_ENUM                 ? POLICY_ENUM
                                                               : POLICY_OTHER;
}

/* What is kept of the outermost members beside their slots. */
static void note_members(cst_policy *policy, uint32_t root)
{
    const cst_image *const image = policy->image;
    const cst_record_row *const records = CST_ROWS(image, records, cst_record_row);
    static const char *const kept[] = {
        [POLICY_KEEP_ARGS] = "args", [POLICY_KEEP_TEXT] = "text", [POLICY_KEEP_VALUE] = "value"};
    const cst_node_row *const nodes = CST_ROWS(image, nodes, cst_node_row);
    for (uint8_t i = POLICY_KEEP_ARGS; i <= POLICY_KEEP_VALUE; i++) {
        const uint32_t child = child_named(image, nodes, root, kept[i], (uint32_t)strlen(kept[i]));
        if (child != CST_NONE)
            policy->nodes[child].keep = i;
    }
    for (uint32_t i = 0; i < image->records.count; i++) {
        const uint32_t child = child_named(image, nodes, root, CST_TEXT(image, records[i].name),
                                           records[i].name.length);
        if (child != CST_NONE)
            policy->nodes[child].record = i + 1;
    }
}

static void note_nodes(cst_policy *policy)
{
    const cst_image *const image = policy->image;
    const cst_node_row *const nodes = CST_ROWS(image, nodes, cst_node_row);
    const cst_target_row *const targets = CST_ROWS(image, targets, cst_target_row);
    for (uint32_t i = 0; i < image->nodes.count; i++) {
        bool typed = nodes[i].required != 0;
        for (uint32_t k = 0; k < nodes[i].targets.count; k++)
            typed = typed || targets[nodes[i].targets.first + k].mode == CST_TARGET_TYPED;
        uint32_t above = i;
        while (nodes[above].parent != CST_NONE) {
            above = nodes[above].parent;
            policy->nodes[above].strict = policy->nodes[above].strict || typed;
        }
        policy->nodes[i].root = above;
        policy->nodes[i].parent = nodes[i].parent;
        policy->nodes[i].next_strict = CST_NONE;
        policy->nodes[i].row = i;
        policy->nodes[i].required = nodes[i].required != 0;
        note_key(&policy->nodes[i], CST_TEXT(image, nodes[i].name),
                 nodes[i].parent != CST_NONE ? nodes[i].name.length : 0);
        for (uint32_t k = 0; k < nodes[i].children.count && k < POLICY_NUMBERED; k++)
            policy->nodes[nodes[i].children.first + k].number = (uint8_t)k;
        note_form(policy, &nodes[i], &policy->nodes[i]);
        if (nodes[i].parent != CST_NONE && nodes[i].required)
            policy->nodes[nodes[i].parent].required_count++;
    }
    for (uint32_t i = 0; i < image->nodes.count; i++) {
        policy_node *const node = &policy->nodes[i];
        if (node->required_count == 0 || node->parent == CST_NONE)
            continue;
        node->next_strict = policy->nodes[node->root].next_strict;
        policy->nodes[node->root].next_strict = i;
    }
    static const char *const fixed[POLICY_FIXED] = {
        [POLICY_STAGE] = "stage", [POLICY_TOOL] = "tool", [POLICY_SESSION] = "session",
        [POLICY_TIME] = "time",   [POLICY_ID] = "id",     [POLICY_APPROVALS] = "approvals"};
    for (uint32_t i = 0; i < POLICY_FIXED; i++) {
        policy_node *const node = &policy->nodes[image->nodes.count + i];
        note_key(node, fixed[i], (uint32_t)strlen(fixed[i]));
        node->number = (uint8_t)(63 - i);
        node->row = image->nodes.count + i;
    }
    const cst_dispatch_row *const dispatch = CST_ROWS(image, dispatch, cst_dispatch_row);
    for (uint32_t i = 0; i < image->dispatch.count; i++) {
        const uint32_t root = dispatch[i].root;
        note_members(policy, root);
        const uint32_t arguments = child_named(image, nodes, root, "args", 4);
        if (arguments != CST_NONE) /* open ones too: a rule on them must not be passed by sending a
                                      text or a list */
            policy->nodes[arguments].strict = true;
        policy->roots[i] = (policy_root){
            .session = child_named(image, nodes, root, "session", 7),
            .time = child_named(image, nodes, root, "time", 4),
            .tool = child_named(image, nodes, root, "tool", 4),
            .chain = child_named(image, nodes, root, "chain", 5),
        };
    }
}

static int compare_texts(const cst_image *image, cst_ref a, cst_ref b)
{
    const uint32_t shorter = a.length < b.length ? a.length : b.length;
    const int order = memcmp(CST_TEXT(image, a), CST_TEXT(image, b), shorter);
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

static void note_records(cst_policy *policy)
{
    const cst_record_row *const rows = CST_ROWS(policy->image, records, cst_record_row);
    for (uint32_t i = 0; i < policy->image->records.count; i++) {
        uint32_t place = i;
        while (place > 0 && compare_texts(policy->image, rows[policy->record_order[place - 1]].name,
                                          rows[i].name) > 0) {
            policy->record_order[place] = policy->record_order[place - 1];
            place--;
        }
        policy->record_order[place] = i;
    }
}

/* ---- making ---------------------------------------------------------------------------------- */

static void write_hash(char *out, const uint8_t hash[32])
{
    static const char digits[] = "0123456789abcdef";
    memcpy(out, "sha256:", 7);
    for (int i = 0; i < 32; i++) {
        out[7 + 2 * i] = digits[hash[i] >> 4];
        out[8 + 2 * i] = digits[hash[i] & 15];
    }
    out[71] = '\0';
}

/* One allocation: the struct, its tables behind it, its label at the end. */
static cst_policy *allocate_policy(const cst_allocator *allocator, const cst_image *image)
{
    const size_t nodes = ((size_t)image->nodes.count + POLICY_FIXED) * sizeof(policy_node);
    const size_t roots = (size_t)image->dispatch.count * sizeof(policy_root);
    const size_t records = (size_t)image->records.count * sizeof(uint32_t);
    const size_t label = (size_t)image->name.length + image->version.length + 3 + 71;
    const uint32_t names = convert_names_capacity(image);
    const size_t buckets = (size_t)names * sizeof(uint32_t);
    const size_t size = sizeof(cst_policy) + nodes + roots + records + buckets + label;
    char *const block = allocator->allocate(allocator->user, size);
    if (!block)
        return NULL;
    memset(block, 0, size);
    cst_policy *const policy = (cst_policy *)(void *)block;
    char *const tables = block + sizeof *policy;
    policy->nodes = (policy_node *)(void *)tables;
    policy->roots = (policy_root *)(void *)(tables + nodes);
    policy->record_order = (uint32_t *)(void *)(tables + nodes + roots);
    policy->size = size;
    policy->image = image;
    write_hash(policy->hash, image->source_hash);
    uint32_t *const filled = (uint32_t *)(void *)(tables + nodes + roots + records);
    if (names) {
        convert_names_fill(image, filled, names);
        policy->names = (convert_names){filled, names};
    }
    char *const text = tables + nodes + roots + records + buckets;
    snprintf(text, label, "%s@%s %s", CST_TEXT(image, image->name), CST_TEXT(image, image->version),
             policy->hash);
    policy->label = text;
    return policy;
}

static void note_texts(cst_policy *policy)
{
    const cst_image *const image = policy->image;
    const cst_slot_row *const slots = CST_ROWS(image, slots, cst_slot_row);
    const cst_type_row *const types = CST_ROWS(image, types, cst_type_row);
    policy->text_slot = CST_NONE;
    for (uint32_t i = 0; i < image->slots.count; i++)
        if (strcmp(CST_TEXT(image, slots[i].pointer), "/text") == 0 &&
            types[slots[i].type].kind == CST_KIND_STRING)
            policy->text_slot = i;
}

/* A key that nobody knows, for hosts that give none: aliases then hold within this process. False:
 * the system gives no random bytes. */
static bool make_key(cst_policy *policy, const cst_options *options)
{
    static const uint8_t none[sizeof policy->key];
    memcpy(policy->key, options->key, sizeof policy->key);
    policy->has_key = memcmp(policy->key, none, sizeof none) != 0;
    return policy->has_key ||
           getrandom(policy->key, sizeof policy->key, 0) == (ssize_t)sizeof policy->key;
}

static cst_status check_module(const cst_module *module)
{
    if (memcmp(module->magic, CST_MODULE_MAGIC, sizeof module->magic) != 0)
        return CST_NOT_A_POLICY;
    if (module->abi != CST_ABI_VERSION || module->value_size != sizeof(cst_value))
        return CST_WRONG_ABI;
    if (!module->image || memcmp(module->image->magic, CST_MODULE_MAGIC, sizeof module->magic) != 0)
        return CST_NOT_A_POLICY;
    if (module->image->abi != CST_ABI_VERSION)
        return CST_WRONG_ABI;
    return image_verify(module) ? CST_OK : CST_NOT_A_POLICY;
}

cst_status cst_policy_from_producer(const cst_module *module, void (*release)(void *owner),
                                    void *owner, const cst_options *options, cst_policy **out)
{
    cst_options read;
    if (!module || !out || !read_options(options, &read))
        return CST_BAD_ARGUMENT;
    const cst_status status = check_module(module);
    if (status != CST_OK)
        return status;
    const cst_allocator allocator = allocator_or_default(&read.allocator);
    cst_policy *const policy = allocate_policy(&allocator, module->image);
    if (!policy)
        return CST_NO_MEMORY;
    atomic_init(&policy->references, 1);
    atomic_init(&policy->module, module);
    policy->allocator = allocator;
    policy->limits = complete_limits(&read.limits);
    policy->clock = read.clock;
    policy->clock_user = read.clock_user;
    policy->release = release;
    policy->owner = owner;
    note_nodes(policy);
    note_records(policy);
    note_texts(policy);
    policy->symbol_lengths = symbol_lengths(policy->image);
    const cst_rule_row *const rules = CST_ROWS(policy->image, rules, cst_rule_row);
    for (uint32_t i = 0; i < policy->image->rules.count; i++)
        policy->has_waivers = policy->has_waivers || rules[i].kind == CST_RULE_WAIVER;
    cst_status opened = make_key(policy, &read)
                            ? scan_store_new(policy->image, &allocator, &policy->scans)
                            : CST_IO;
    policy->shared = past_shared_new(&allocator);
    if (opened == CST_OK && !policy->shared)
        opened = CST_NO_MEMORY;
    if (opened != CST_OK) {
        scan_store_free(policy->scans);
        past_shared_release(policy->shared);
        allocator.release(allocator.user, policy, policy->size);
        return opened;
    }
    *out = policy;
    return CST_OK;
}

cst_status cst_policy_from_module(const struct cst_module *module, const cst_options *options,
                                  cst_policy **out)
{
    return cst_policy_from_producer(module, NULL, NULL, options, out);
}

static void close_library(void *owner)
{
    dlclose(owner);
}

/* A name without a slash would be looked for in the system's libraries: the file of the working
 * directory is meant. */
static void *open_library(const char *path)
{
    if (strchr(path, '/'))
        return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    char here[4096];
    const int length = snprintf(here, sizeof here, "./%s", path);
    return length > 0 && (size_t)length < sizeof here ? dlopen(here, RTLD_NOW | RTLD_LOCAL) : NULL;
}

static bool file_holds(FILE *file, uint64_t size, uint64_t at, void *out, size_t length)
{
    return at <= size && length <= size - at && fseek(file, (long)at, SEEK_SET) == 0 &&
           fread(out, length, 1, file) == 1;
}

/* The loader maps a library without asking how long its file is, and a copy that was cut off ends
 * the program with SIGBUS. */
static bool is_whole_library(FILE *file)
{
    ElfW(Ehdr) head;
    const long end = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    const uint64_t size = end < 0 ? 0 : (uint64_t)end;
    if (!file_holds(file, size, 0, &head, sizeof head) ||
        memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_phentsize != sizeof(ElfW(Phdr)))
        return false;
    for (uint32_t i = 0; i < head.e_phnum; i++) {
        ElfW(Phdr) part;
        if (!file_holds(file, size, head.e_phoff + (uint64_t)i * sizeof part, &part, sizeof part))
            return false;
        if (part.p_type == PT_LOAD &&
            (part.p_offset > size || part.p_filesz > size - part.p_offset))
            return false;
    }
    return true;
}

cst_status cst_policy_open(const char *path, const cst_options *options, cst_policy **out)
{
    if (!path || !out)
        return CST_BAD_ARGUMENT;
    /* dlopen does not tell what is not there from what is no library */
    FILE *const readable = fopen(path, "rb");
    if (!readable)
        return CST_IO;
    const bool whole = is_whole_library(readable);
    fclose(readable);
    void *const library = whole ? open_library(path) : NULL;
    if (!library)
        return CST_NOT_A_POLICY;
    const cst_module *const module = dlsym(library, CST_MODULE_SYMBOL);
    const cst_status status =
        module ? cst_policy_from_producer(module, close_library, library, options, out)
               : CST_NOT_A_POLICY;
    if (status != CST_OK)
        dlclose(library);
    return status;
}

cst_status cst_policy_warm(cst_policy *policy)
{
    return policy ? scan_store_warm(policy->scans) : CST_BAD_ARGUMENT;
}

cst_policy *cst_policy_retain(cst_policy *policy)
{
    if (policy)
        atomic_fetch_add_explicit(&policy->references, 1, memory_order_relaxed);
    return policy;
}

void cst_policy_release(cst_policy *policy)
{
    if (!policy || atomic_fetch_sub_explicit(&policy->references, 1, memory_order_acq_rel) != 1)
        return;
    void (*const release)(void *) = policy->release;
    void *const owner = policy->owner;
    const cst_allocator allocator = policy->allocator;
    scan_store_free(policy->scans);
    past_shared_release(policy->shared);
    const size_t size = policy->size;
    if (release) /* before the policy goes: somebody may be about to exchange its functions */
        release(owner);
    allocator.release(allocator.user, policy, size);
}

cst_status cst_policy_exchange(cst_policy *policy, const cst_module *module)
{
    if (module->image != policy->image)
        return CST_BAD_ARGUMENT;
    const cst_status status = check_module(module);
    if (status == CST_OK)
        atomic_store_explicit(&policy->module, module, memory_order_release);
    return status;
}

void cst_policy_settle_by(cst_policy *policy, void (*settle)(void *owner))
{
    policy->settle = settle;
}

void *cst_policy_owner(const cst_policy *policy, void (*release)(void *owner))
{
    return policy && policy->release == release ? policy->owner : NULL;
}

/* ---- asking ---------------------------------------------------------------------------------- */

const char *cst_policy_name(const cst_policy *policy)
{
    return policy ? CST_TEXT(policy->image, policy->image->name) : NULL;
}

const char *cst_policy_version(const cst_policy *policy)
{
    return policy ? CST_TEXT(policy->image, policy->image->version) : NULL;
}

const char *cst_policy_hash(const cst_policy *policy)
{
    return policy ? policy->hash : NULL;
}

uint32_t cst_policy_rule_count(const cst_policy *policy)
{
    return policy ? policy->image->declared_rules : 0;
}
