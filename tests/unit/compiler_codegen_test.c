/*
 * Tests of the code generator: native code, quick and careful, against the reference evaluator on
 * random conditions and random values; functions that are cut because they are large; objects,
 * libraries and texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/backend.h"
#include "runtime/scratch.h"
#include "tests/unit/effort.h"
#include "tests/unit/policy_builder.h"

/* ---- random numbers -------------------------------------------------------------------------- */

static uint64_t seed = 1;

static uint32_t below(uint32_t bound)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % bound);
}

static int64_t number(void)
{
    static const int64_t edges[] = {INT64_MIN, INT64_MAX, INT64_MAX / 1000000, 0, 1, -1, 7, 100,
                                    12,        3};
    return edges[below(10)];
}

static double real(void)
{
    static const double edges[] = {0, -0.0, 1, 1e308, -1e308, 0.5, 3, 100};
    return edges[below(8)];
}

static const char *const words[] = {"",    "a",   "b",     "abc",  "abcd", "x@y.de",
                                    "one", "two", "three", "four", "five", "six"};
enum { WORDS = sizeof words / sizeof *words };

/* ---- a policy of random conditions ----------------------------------------------------------- */

enum { A, B, D, F, S, T, L, LS, E, IP, H, TM, FLAG, R, LR, SLOTS };

typedef struct sample {
    builder b;
    uint32_t text_set, wide_set, number_set, dense_set, network_set;
    const type *duration_type, *record_type, *records_type;
} sample;

static const cst_ip_parts addresses[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1}},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 0, 1}},
};
static const char *const address_texts[] = {"10.0.0.1", "192.168.0.1"};

static uint32_t many_texts(sample *p, const char *name, uint32_t count, uint32_t step)
{
    cst_value *values = arena_array(&p->b.unit.arena, count, sizeof *values);
    for (uint32_t i = 0; i < count; i++)
        values[i] = text_value(CST_KIND_STRING, arena_format(&p->b.unit.arena, "w%u", i * step));
    return build_set(&p->b, name, CST_KIND_STRING, values, count);
}

static void sample_begin(sample *p)
{
    builder *b = &p->b;
    build_begin(b);
    p->duration_type = build_type(b, CST_KIND_DURATION, NULL);
    type *record = arena_allocate(&b->unit.arena, sizeof *record);
    record->kind = CST_KIND_RECORD;
    record->field_count = 2;
    record->fields = arena_array(&b->unit.arena, 2, sizeof *record->fields);
    record->fields[0] = (type_field){.name = "n", .type = b->int_type};
    record->fields[1] = (type_field){.name = "s", .type = b->string_type, .optional = true};
    record->row = b->policy.types.count;
    *ARENA_PUSH(&b->unit.arena, &b->policy.types) = record;
    p->record_type = record;
    p->records_type = build_type(b, CST_KIND_LIST, record);
    const struct {
        const char *path;
        const type *of;
    } slots[SLOTS] = {
        {"args.a", b->int_type},     {"args.b", b->int_type},      {"args.d", b->decimal_type},
        {"args.f", b->float_type},   {"args.s", b->string_type},   {"args.t", b->string_type},
        {"args.l", b->ints_type},    {"args.ls", b->strings_type}, {"args.e", b->email_type},
        {"args.ip", b->ip_type},     {"args.h", b->host_type},     {"time", b->time_type},
        {"args.flag", b->bool_type}, {"args.r", record},           {"args.lr", p->records_type},
    };
    for (uint32_t i = 0; i < SLOTS; i++)
        build_use(b, build_slot(b, slots[i].path, slots[i].of, false), CST_INPUT, UINT32_MAX, 0);
    cst_value values[64];
    for (uint32_t i = 0; i < 6; i++)
        values[i] = text_value(CST_KIND_STRING, words[i]);
    p->text_set = build_set(b, "texts", CST_KIND_STRING, values, 6);
    p->wide_set = many_texts(p, "wide", 300, 1);
    for (uint32_t i = 0; i < 20; i++)
        values[i] = integer_value(CST_KIND_INT, (int64_t)i * i * 1000 - 5);
    values[20] = integer_value(CST_KIND_INT, INT64_MAX);
    p->number_set = build_set(b, "numbers", CST_KIND_INT, values, 21);
    for (uint32_t i = 0; i < 7; i++)
        values[i] = integer_value(CST_KIND_INT, (int64_t)i * 2 - 1);
    p->dense_set = build_set(b, "dense", CST_KIND_INT, values, 7);
    cst_network *network = arena_array(&b->unit.arena, 1, sizeof *network);
    memcpy(network->low, addresses[0].bytes, 16);
    memcpy(network->high, addresses[0].bytes, 16);
    network->high[15] = 255;
    checked_set networks = {
        .name = "networks", .kind = CST_KIND_IP, .networks = network, .count = 1};
    *ARENA_PUSH(&b->unit.arena, &b->policy.sets) = networks;
    p->network_set = b->policy.sets.count - 1;
}

typedef struct scope { /* quantifiers around */
    uint32_t ints[4], texts[4], records[4];
    uint32_t int_count, text_count, record_count;
} scope;

static expression *random_condition(sample *p, uint32_t depth, const scope *around,
                                    const char *place);

static expression *record_value(sample *p, const scope *around)
{
    if (around->record_count > 0 && below(2) == 0)
        return build_local(&p->b, around->records[below(around->record_count)], p->record_type);
    return build_field(&p->b, R);
}

static expression *member(sample *p, const scope *around, uint32_t index)
{
    expression *made =
        build(&p->b, EXPRESSION_MEMBER, index == 0 ? p->b.int_type : p->b.string_type,
              record_value(p, around), NULL);
    made->index = index;
    return made;
}

static expression *site_of(sample *p, expression *tree, const char *code, const char *place)
{
    tree->site = build_site(&p->b, code, arena_format(&p->b.unit.arena, "%s %u", place, below(3)));
    return tree;
}

static expression *random_int(sample *p, uint32_t depth, const scope *around, const char *place)
{
    builder *b = &p->b;
    static const expression_kind operations[] = {EXPRESSION_ADD, EXPRESSION_SUBTRACT,
                                                 EXPRESSION_MULTIPLY};
    if (around->int_count > 0 && below(3) == 0)
        return build_local(b, around->ints[below(around->int_count)], b->int_type);
    switch (below(depth == 0 ? 4 : 11)) {
    case 0: return build_field(b, A);
    case 1: return build_field(b, B);
    case 2: return build_int(b, number());
    case 3: return member(p, around, 0);
    case 4: return build(b, EXPRESSION_LENGTH, b->int_type, build_field(b, below(2) ? L : S), NULL);
    case 5:
        return site_of(p, build(b, EXPRESSION_SUM, b->int_type, build_field(b, L), NULL),
                       "overflow", place);
    case 6:
        return site_of(p,
                       build(b, below(2) ? EXPRESSION_LEAST : EXPRESSION_GREATEST, b->int_type,
                             build_field(b, L), NULL),
                       "empty", place);
    case 7:
        return build(b, EXPRESSION_ELSE, b->int_type, build_field(b, A),
                     random_int(p, depth - 1, around, place));
    case 8: {
        expression *hour = build(b, EXPRESSION_PROPERTY, b->int_type, build_field(b, TM), NULL);
        hour->index = CST_PROPERTY_TIME_HOUR;
        return hour;
    }
    default:
        return site_of(p,
                       build(b, operations[below(3)], b->int_type,
                             random_int(p, depth - 1, around, place),
                             random_int(p, depth - 1, around, place)),
                       "overflow", place);
    }
}

static expression *random_decimal(sample *p, uint32_t depth, const scope *around, const char *place)
{
    builder *b = &p->b;
    switch (below(depth == 0 ? 2 : 5)) {
    case 0: return build_field(b, D);
    case 1: return build_constant(b, b->decimal_type, integer_value(CST_KIND_DECIMAL, number()));
    case 2:
        return site_of(p,
                       build(b, EXPRESSION_WIDEN, b->decimal_type,
                             random_int(p, depth - 1, around, place), NULL),
                       "overflow", place);
    case 3:
        return site_of(p,
                       build(b, EXPRESSION_MULTIPLY, b->decimal_type,
                             random_int(p, depth - 1, around, place), build_field(b, D)),
                       "overflow", place);
    default:
        return site_of(p,
                       build(b, EXPRESSION_NEGATE, b->decimal_type,
                             random_decimal(p, depth - 1, around, place), NULL),
                       "overflow", place);
    }
}

static expression *random_float(sample *p, uint32_t depth, const scope *around, const char *place)
{
    builder *b = &p->b;
    static const expression_kind operations[] = {EXPRESSION_ADD, EXPRESSION_SUBTRACT,
                                                 EXPRESSION_MULTIPLY};
    switch (below(depth == 0 ? 2 : 5)) {
    case 0: return build_field(b, F);
    case 1: return build_constant(b, b->float_type, float_value(real()));
    case 2:
        return build(b, EXPRESSION_WIDEN, b->float_type, random_int(p, depth - 1, around, place),
                     NULL);
    default:
        return site_of(p,
                       build(b, operations[below(3)], b->float_type,
                             random_float(p, depth - 1, around, place),
                             random_float(p, depth - 1, around, place)),
                       "overflow", place);
    }
}

static expression *random_text(sample *p, uint32_t depth, const scope *around, const char *place)
{
    builder *b = &p->b;
    if (around->text_count > 0 && below(3) == 0)
        return build_local(b, around->texts[below(around->text_count)], b->string_type);
    switch (below(depth == 0 ? 4 : 7)) {
    case 0: return build_field(b, S);
    case 1: return build_field(b, T);
    case 2: return build_text(b, words[below(WORDS)]);
    case 3: return member(p, around, 1);
    case 4: {
        expression *local = build(b, EXPRESSION_PROPERTY, b->string_type, build_field(b, E), NULL);
        local->index = CST_PROPERTY_EMAIL_LOCAL;
        return local;
    }
    case 5:
        return build(b, EXPRESSION_ELSE, b->string_type,
                     below(2) ? build_field(b, S) : member(p, around, 1),
                     random_text(p, depth - 1, around, place));
    default:
        return site_of(p,
                       build(b, EXPRESSION_JOIN, b->string_type,
                             random_text(p, depth - 1, around, place),
                             random_text(p, depth - 1, around, place)),
                       "scratch", place);
    }
}

static expression *random_quantifier(sample *p, uint32_t depth, const scope *around,
                                     const char *place)
{
    static const uint32_t lists[] = {L, LS, LR};
    const uint32_t which = below(3);
    expression *made = build_quantifier(&p->b, below(2) ? EXPRESSION_ANY : EXPRESSION_ALL,
                                        build_field(&p->b, lists[which]));
    scope inner = *around;
    if (which == 0 && inner.int_count < 4)
        inner.ints[inner.int_count++] = made->local;
    if (which == 1 && inner.text_count < 4)
        inner.texts[inner.text_count++] = made->local;
    if (which == 2 && inner.record_count < 4)
        inner.records[inner.record_count++] = made->local;
    made->right = random_condition(p, depth - 1, &inner, place);
    return made;
}

static expression *random_test(sample *p, uint32_t depth, const scope *around, const char *place)
{
    builder *b = &p->b;
    static const expression_kind comparisons[] = {EXPRESSION_EQUAL, EXPRESSION_LESS,
                                                  EXPRESSION_LESS_EQUAL};
    static const expression_kind text_tests[] = {EXPRESSION_EQUAL, EXPRESSION_STARTS,
                                                 EXPRESSION_ENDS, EXPRESSION_EQUAL};
    const expression_kind comparison = comparisons[below(3)];
    switch (below(13)) {
    case 0:
    case 1:
        return build_condition(b, comparison, random_int(p, depth, around, place),
                               random_int(p, depth, around, place));
    case 2:
        return build_condition(b, comparison, random_decimal(p, depth, around, place),
                               random_decimal(p, depth, around, place));
    case 3:
        return build_condition(b, comparison, random_float(p, depth, around, place),
                               random_float(p, depth, around, place));
    case 4:
    case 5:
        return build_condition(b, text_tests[below(4)], random_text(p, depth, around, place),
                               random_text(p, depth, around, place));
    case 6:
        return build_in_set(b, random_text(p, depth, around, place),
                            below(2) ? p->text_set : p->wide_set);
    case 7:
        return build_in_set(b, random_int(p, depth, around, place),
                            below(2) ? p->number_set : p->dense_set);
    case 8: return build_in_set(b, build_field(b, IP), p->network_set);
    case 9:
        return build_condition(b, EXPRESSION_IN_LIST, random_int(p, depth, around, place),
                               build_field(b, L));
    case 10:
        return build_condition(b, EXPRESSION_IN_LIST, random_text(p, depth, around, place),
                               build_field(b, LS));
    case 11: return build_condition(b, EXPRESSION_PRESENT, build_field(b, below(SLOTS)), NULL);
    default: return build_condition(b, EXPRESSION_TRUTH, build_field(b, FLAG), NULL);
    }
}

static expression *random_condition(sample *p, uint32_t depth, const scope *around,
                                    const char *place)
{
    if (depth == 0)
        return random_test(p, below(3), around, place);
    switch (below(7)) {
    case 0: return BUILD_NOT(&p->b, random_condition(p, depth - 1, around, place));
    case 1: return random_quantifier(p, depth, around, place);
    case 2: return random_test(p, depth, around, place);
    default: {
        expression *items[8];
        const uint32_t count = 2 + below(4);
        for (uint32_t i = 0; i < count; i++)
            items[i] = random_condition(p, depth - 1, around, place);
        return build_junction(&p->b, below(2) ? EXPRESSION_AND : EXPRESSION_OR, count, items);
    }
    }
}

static void collect_anys(expression *tree, expression **out, uint32_t *count, uint32_t most)
{
    if (tree == NULL)
        return;
    if (tree->kind == EXPRESSION_ANY && *count < most)
        out[(*count)++] = tree;
    if (tree->kind == EXPRESSION_NOT)
        return;
    collect_anys(tree->right, out, count, most);
    for (uint32_t i = 0; i < tree->item_count; i++)
        collect_anys(tree->items[i], out, count, most);
}

/* One of two conditions that are dear, always decided, and shared by many rules: they get a
 * memo. */
static expression *shared_condition(builder *b)
{
    expression *starts =
        build_condition(b, EXPRESSION_STARTS, build_field(b, S), build_text(b, "a"));
    expression *ends = build_condition(b, EXPRESSION_ENDS, build_field(b, T), build_text(b, "d"));
    expression *member =
        build_condition(b, EXPRESSION_IN_LIST, build_field(b, A), build_field(b, L));
    if (below(2))
        return BUILD_OR(b, starts, ends, member);
    return BUILD_OR(b, BUILD_AND(b, starts, member), BUILD_NOT(b, ends), BUILD_AND(b, ends, member),
                    build_in_set(b, build_field(b, IP), b->policy.sets.count - 1));
}

static void add_random_rules(sample *p, uint32_t count, uint32_t depth)
{
    for (uint32_t i = 0; i < count; i++) {
        const scope none = {.int_count = 0};
        char *name = arena_format(&p->b.unit.arena, "r%u", i);
        expression *condition = random_condition(p, depth, &none, name);
        if (below(3) == 0)
            condition = build_junction(&p->b, below(2) ? EXPRESSION_AND : EXPRESSION_OR, 2,
                                       (expression *[]){condition, shared_condition(&p->b)});
        rule_body *body = build_rule(&p->b, name, CST_INPUT, NULL, 0, condition);
        p->b.policy.rules.items[i].restricts = below(4) != 0;
        expression *anys[8];
        uint32_t any_count = 0;
        collect_anys(condition, anys, &any_count, 8);
        if (any_count > 0)
            build_witnesses(&p->b, body, any_count, anys);
    }
}

/* ---- random values --------------------------------------------------------------------------- */

typedef struct event {
    cst_value slots[SLOTS], items[3][6], fields[7][2];
    cst_email_parts email;
} event;

static cst_value random_text_value(void)
{
    static char wide[8][8];
    static uint32_t next;
    if (below(4) != 0)
        return text_value(CST_KIND_STRING, words[below(WORDS)]);
    char *made = wide[next++ % 8];
    snprintf(made, 8, "w%u", below(400));
    return text_value(CST_KIND_STRING, made);
}

static void random_record(event *of, cst_value *out, uint32_t row)
{
    of->fields[row][0] = integer_value(CST_KIND_INT, number());
    of->fields[row][1] = below(3) ? random_text_value() : (cst_value){.length = 0};
    *out = (cst_value){.as = {.items = of->fields[row]}, .kind = CST_KIND_RECORD, .length = 2};
}

static void random_event(event *out)
{
    memset(out, 0, sizeof *out);
    out->slots[A] = integer_value(CST_KIND_INT, number());
    out->slots[B] = integer_value(CST_KIND_INT, number());
    out->slots[D] = integer_value(CST_KIND_DECIMAL, number());
    out->slots[F] = float_value(real());
    out->slots[S] = random_text_value();
    out->slots[T] = random_text_value();
    out->slots[E] = text_value(CST_KIND_EMAIL, "x@y.de");
    out->email.at_sign = 1;
    out->slots[E].parts = &out->email;
    const uint32_t address = below(2);
    out->slots[IP] = text_value(CST_KIND_IP, address_texts[address]);
    out->slots[IP].parts = &addresses[address];
    out->slots[H] = text_value(CST_KIND_HOST, "a.example.com");
    out->slots[TM] = integer_value(CST_KIND_TIME, (int64_t)below(100) * 3600000000 + 5);
    out->slots[FLAG] = integer_value(CST_KIND_BOOL, below(2));
    random_record(out, &out->slots[R], 6);
    const uint32_t counts[3] = {below(7), below(7), below(7)};
    for (uint32_t i = 0; i < 6; i++) {
        out->items[0][i] = integer_value(CST_KIND_INT, number());
        out->items[1][i] = random_text_value();
        random_record(out, &out->items[2][i], i);
    }
    static const uint32_t lists[] = {L, LS, LR};
    for (uint32_t i = 0; i < 3; i++)
        out->slots[lists[i]] =
            (cst_value){.as = {.items = out->items[i]}, .kind = CST_KIND_LIST, .length = counts[i]};
    for (uint32_t i = 0; i < SLOTS; i++)
        if (below(6) == 0)
            memset(&out->slots[i], 0, sizeof out->slots[i]);
}

/* What the event reader does for slots that are marked. */
static void intern(cst_frame *frame, cst_value *value)
{
    if (value->kind == CST_KIND_STRING)
        value->symbol = cst_runtime_services.intern(frame, value);
    if (value->kind == CST_KIND_LIST || value->kind == CST_KIND_RECORD)
        for (uint32_t i = 0; i < value->length; i++)
            intern(frame, (cst_value *)(uintptr_t)&value->as.items[i]);
}

/* ---- running --------------------------------------------------------------------------------- */

typedef struct outcome {
    cst_hit hits[512];
    uint32_t hit_count;
    uint32_t found[512][4]; /* by witness: the first elements that it names */
} outcome;

static void run(const cst_module *module, const sample *p, event *of, outcome *out)
{
    static uint8_t memo[65536];
    cst_scratch scratch;
    arena_init(&scratch.memory, NULL, 1u << 16);
    const plan *done = p->b.unit.plan;
    assert_true(done->memo_count <= sizeof memo && done->witness_count <= 512);
    memset(memo, 0, sizeof memo);
    memset(out, 0, sizeof *out);
    cst_frame frame = {.slots = of->slots,
                       .hits = out->hits,
                       .memo = memo,
                       .services = &cst_runtime_services,
                       .image = module->image,
                       .engine = module->engine,
                       .scratch = &scratch};
    for (uint32_t i = 0; i < SLOTS; i++)
        if (p->b.policy.slots.items[i].interned)
            intern(&frame, &of->slots[i]);
    for (uint32_t g = 0; g < done->group_count; g++)
        module->groups[g](&frame, g);
    out->hit_count = frame.hit_count;
    for (uint32_t w = 0; w < done->witness_count; w++) {
        uint32_t from = 0;
        for (uint32_t i = 0; i < 4; i++) {
            const cst_value *element = NULL;
            out->found[w][i] = module->witnesses[w](&frame, w, from, &element);
            if (out->found[w][i] == UINT32_MAX)
                break;
            assert_non_null(element);
            from = out->found[w][i] + 1;
        }
    }
    arena_free(&scratch.memory);
}

/* What the tests saw: they must not pass by seeing nothing. */
static uint64_t seen_hits, seen_undecided, seen_witnesses, seen_memos;

static void tally(const outcome *one)
{
    seen_hits += one->hit_count;
    for (uint32_t h = 0; h < one->hit_count; h++)
        seen_undecided += CST_IS_UNDECIDED(one->hits[h].reason);
    for (uint32_t w = 0; w < 512; w++)
        seen_witnesses += one->found[w][0] != 0 && one->found[w][0] != UINT32_MAX;
}

static void compare(sample *p, uint32_t events)
{
    assert_true(pass_lower(&p->b.unit));
    assert_true(pass_plan(&p->b.unit));
    seen_memos += p->b.unit.plan->memo_count;
    backend_module *quick, *careful, *reference;
    assert_int_equal(backend_jit(&p->b.unit, 0, &quick), CST_OK);
    assert_int_equal(backend_jit(&p->b.unit, 1, &careful), CST_OK);
    assert_int_equal(backend_reference(&p->b.unit, &reference), CST_OK);
    static outcome expected, got;
    for (uint32_t i = 0; i < events; i++) {
        event of;
        random_event(&of);
        run(&reference->module, p, &of, &expected);
        tally(&expected);
        const cst_module *const natives[] = {&quick->module, &careful->module};
        for (uint32_t n = 0; n < 2; n++) {
            run(natives[n], p, &of, &got);
            assert_int_equal(got.hit_count, expected.hit_count);
            for (uint32_t h = 0; h < expected.hit_count; h++) {
                assert_int_equal(got.hits[h].rule, expected.hits[h].rule);
                assert_int_equal(got.hits[h].reason, expected.hits[h].reason);
            }
            assert_memory_equal(got.found, expected.found, sizeof got.found);
        }
    }
    quick->release(quick);
    careful->release(careful);
    reference->release(reference); /* the builder's memory with it */
}

static void random_conditions_decide_as_the_reference(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < SAMPLE(16, 4); round++) {
        seed = round + 1;
        sample p;
        sample_begin(&p);
        add_random_rules(&p, 20, 1 + round % 4);
        compare(&p, 60);
    }
    assert_true(seen_hits > SAMPLE(1000, 250) && seen_undecided > SAMPLE(100, 25) &&
                seen_witnesses > SAMPLE(100, 25) && seen_memos > SAMPLE(40, 10));
}

/* Conditions far beyond the size of one function, with and without elements of lists. */
static void large_conditions_are_cut(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < SAMPLE(3, 1); round++) {
        seed = 1000 + round;
        sample p;
        sample_begin(&p);
        builder *b = &p.b;
        for (uint32_t r = 0; r < 4; r++) {
            char *name = arena_format(&b->unit.arena, "r%u", r);
            const uint32_t count = 3000;
            expression **items = arena_array(&b->unit.arena, count, sizeof *items);
            expression *each =
                build_quantifier(b, r % 2 ? EXPRESSION_ANY : EXPRESSION_ALL, build_field(b, L));
            scope inner = {.ints = {each->local}, .int_count = r < 2};
            for (uint32_t i = 0; i < count; i++)
                items[i] = BUILD_OR(b, random_test(&p, round, &inner, name),
                                    random_test(&p, round, &inner, name));
            expression *all =
                build_junction(b, r % 2 ? EXPRESSION_AND : EXPRESSION_OR, count, items);
            if (r % 2 == 0) /* otherwise some operand settles it at once */
                all = BUILD_NOT(b, all);
            each->right = all;
            build_rule(b, name, CST_INPUT, NULL, 0, r < 2 ? each : all);
        }
        compare(&p, 5);
    }
}

static void groups_of_any_size(void **state)
{
    (void)state;
    seed = 77;
    sample p;
    sample_begin(&p);
    add_random_rules(&p, 150, 1);
    compare(&p, 20);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void plan_sample(sample *p)
{
    seed = 5;
    sample_begin(p);
    add_random_rules(p, 10, 2);
    assert_true(pass_lower(&p->b.unit));
    assert_true(pass_plan(&p->b.unit));
}

static void temporary_folder(char *path, size_t size)
{
    snprintf(path, size, "/tmp/constitution-test-XXXXXX");
    assert_non_null(mkdtemp(path));
}

static void a_library_is_the_same_policy(void **state)
{
    (void)state;
    sample p;
    plan_sample(&p);
    char folder[64], path[128], error[256];
    temporary_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/policy.so", folder);
    assert_int_equal(backend_write(&p.b.unit, BACKEND_SHARED, path, error, sizeof error), CST_OK);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
    const cst_module *module = dlsym(library, CST_MODULE_SYMBOL);
    assert_non_null(module);
    assert_string_equal(module->magic, CST_MODULE_MAGIC);
    assert_int_equal(module->value_size, sizeof(cst_value));
    assert_null(module->engine);
    assert_int_equal((uintptr_t)module->image % 16, 0);
    assert_memory_equal(module->image, p.b.unit.plan->image, p.b.unit.plan->image_size);
    backend_module *quick;
    assert_int_equal(backend_jit(&p.b.unit, 0, &quick), CST_OK);
    static outcome expected, got;
    for (uint32_t i = 0; i < 50; i++) {
        event of;
        random_event(&of);
        run(&quick->module, &p, &of, &expected);
        run(module, &p, &of, &got);
        assert_memory_equal(&got, &expected, sizeof got);
    }
    quick->release(quick);
    dlclose(library);
    unlink(path);
    assert_int_equal(rmdir(folder), 0); /* nothing temporary stays */
    build_end(&p.b);
}

static void other_outputs(void **state)
{
    (void)state;
    sample p;
    plan_sample(&p);
    char folder[64], path[128], error[256] = "", line[256];
    temporary_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/policy", folder);
    const backend_output outputs[] = {BACKEND_OBJECT, BACKEND_LLVM, BACKEND_ASSEMBLY};
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(backend_write(&p.b.unit, outputs[i], path, error, sizeof error), CST_OK);
        struct stat about;
        assert_int_equal(stat(path, &about), 0);
        assert_true(about.st_size > 1000);
    }
    assert_int_equal(backend_header(&p.b.unit, path, error, sizeof error), CST_OK);
    FILE *header = fopen(path, "r");
    bool declared = false;
    while (fgets(line, sizeof line, header) != NULL)
        declared =
            declared || strcmp(line, "extern const struct cst_module cst_policy_test;\n") == 0;
    fclose(header);
    assert_true(declared);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
    for (unsigned optimise = 0; optimise < 2; optimise++) {
        char *text = NULL;
        assert_int_equal(backend_text(&p.b.unit, BACKEND_LLVM, optimise, &text), CST_OK);
        assert_non_null(strstr(text, "define internal void @\"group 0: input\""));
        free(text);
        assert_int_equal(backend_text(&p.b.unit, BACKEND_ASSEMBLY, optimise, &text), CST_OK);
        assert_non_null(strstr(text, CST_MODULE_SYMBOL));
        free(text);
    }
    build_end(&p.b);
}

static void what_cannot_be_written_is_said(void **state)
{
    (void)state;
    sample p;
    plan_sample(&p);
    char error[256] = "";
    assert_int_equal(
        backend_write(&p.b.unit, BACKEND_OBJECT, "/nowhere/policy.o", error, sizeof error), CST_IO);
    assert_non_null(strstr(error, "No such file"));
    assert_int_equal(
        backend_write(&p.b.unit, BACKEND_SHARED, "/nowhere/policy.so", error, sizeof error),
        CST_IO);
    assert_int_equal(backend_write(&p.b.unit, BACKEND_OBJECT, "/dev/full", error, sizeof error),
                     CST_IO);
    assert_non_null(strstr(error, "No space left"));
    char *path = getenv("PATH") != NULL ? strdup(getenv("PATH")) : NULL;
    char folder[64], library[128];
    temporary_folder(folder, sizeof folder);
    snprintf(library, sizeof library, "%s/policy.so", folder);
    setenv("PATH", folder, 1);
    assert_int_equal(backend_write(&p.b.unit, BACKEND_SHARED, library, error, sizeof error),
                     CST_NO_TOOLCHAIN);
    assert_non_null(strstr(error, "install binutils"));
    if (path != NULL)
        setenv("PATH", path, 1);
    free(path);
    assert_int_equal(rmdir(folder), 0);
    build_end(&p.b);
}

/* ---- threads --------------------------------------------------------------------------------- */

static void *compile_some(void *user)
{
    sample *p = user;
    for (uint32_t i = 0; i < 5; i++) {
        backend_module *made;
        if (backend_jit(&p->b.unit, i % 2, &made) != CST_OK)
            return user;
        made->release(made);
    }
    return NULL;
}

static void two_threads_compile_at_once(void **state)
{
    (void)state;
    sample samples[2];
    pthread_t threads[2];
    for (uint32_t i = 0; i < 2; i++)
        plan_sample(&samples[i]);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, compile_some, &samples[i]), 0);
    for (uint32_t i = 0; i < 2; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
        build_end(&samples[i].b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_conditions_decide_as_the_reference),
        cmocka_unit_test(large_conditions_are_cut),
        cmocka_unit_test(groups_of_any_size),
        cmocka_unit_test(a_library_is_the_same_policy),
        cmocka_unit_test(other_outputs),
        cmocka_unit_test(what_cannot_be_written_is_said),
        cmocka_unit_test(two_threads_compile_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
