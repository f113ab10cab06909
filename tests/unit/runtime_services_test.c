/*
 * runtime_services_test.c - the services that compiled conditions call, and conversion of JSON to
 * types, over a small image written by hand.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/hash.h"
#include "runtime/convert.h"
#include "runtime/scratch.h"

enum {
    TYPE_STRING,
    TYPE_SHORT,
    TYPE_INT,
    TYPE_LIST,
    TYPE_ENUM,
    TYPE_AGENT,
    TYPE_RECORD,
    TYPE_JSON,
    TYPE_EMAIL,
    TYPE_BOOL,
    TYPE_DECIMAL,
    TYPE_RECORDS,
    TYPE_COUNT
};
enum { NAME_RED, NAME_BLUE, NAME_ANN, NAME_BOB, NAME_ID, NAME_SIZE, NAME_COUNT };
enum { SET_BITS, SET_HASH, SET_NUMBERS, SET_NETWORKS, SET_COUNT };

/* Everything an image needs, in one struct, so that offsets are offsetof. */
typedef struct small_image {
    cst_image image;
    cst_type_row types[TYPE_COUNT];
    cst_field_row fields[2];
    cst_ref names[NAME_COUNT];
    cst_symbol_row symbols[3];
    cst_set_row sets[SET_COUNT];
    uint32_t buckets[8];
    uint64_t bits[1];
    uint32_t hashed[4];
    int64_t numbers[3];
    cst_network networks[2];
    char text[64];
} small_image;

static cst_ref text_ref(small_image *small, uint32_t *used, const char *text)
{
    const cst_ref ref = {(uint32_t)offsetof(small_image, text) + *used, (uint32_t)strlen(text)};
    memcpy(small->text + *used, text, ref.length + 1);
    *used += ref.length + 1;
    return ref;
}

#define TABLE(member)                                                                              \
    ((cst_table){(uint32_t)offsetof(small_image, member),                                          \
                 (uint32_t)(sizeof small->member / sizeof small->member[0])})
#define DATA(member)                                                                               \
    ((cst_ref){(uint32_t)offsetof(small_image, member), (uint32_t)sizeof small->member})

static void fill_types(small_image *small)
{
    static const uint32_t kinds[TYPE_COUNT] = {
        [TYPE_STRING] = CST_KIND_STRING,   [TYPE_SHORT] = CST_KIND_STRING,
        [TYPE_INT] = CST_KIND_INT,         [TYPE_LIST] = CST_KIND_LIST,
        [TYPE_ENUM] = CST_KIND_ENUM,       [TYPE_AGENT] = CST_KIND_AGENT,
        [TYPE_RECORD] = CST_KIND_RECORD,   [TYPE_JSON] = CST_KIND_JSON,
        [TYPE_EMAIL] = CST_KIND_EMAIL,     [TYPE_BOOL] = CST_KIND_BOOL,
        [TYPE_DECIMAL] = CST_KIND_DECIMAL, [TYPE_RECORDS] = CST_KIND_LIST};
    for (uint32_t i = 0; i < TYPE_COUNT; i++)
        small->types[i] = (cst_type_row){.kind = kinds[i], .element = CST_NONE};
    small->types[TYPE_SHORT].bound = 3;
    small->types[TYPE_LIST].bound = 2;
    small->types[TYPE_LIST].element = TYPE_STRING;
    small->types[TYPE_ENUM].fields = (cst_range){NAME_RED, 2};
    small->types[TYPE_AGENT].fields = (cst_range){NAME_ANN, 2};
    small->types[TYPE_RECORD].fields = (cst_range){0, 2};
    small->types[TYPE_RECORDS].element = TYPE_RECORD;
}

static small_image *make_image(void)
{
    static small_image storage;
    small_image *const small = &storage;
    static const char *const names[NAME_COUNT] = {"red", "blue", "ann", "bob", "id", "size"};
    static const char *const symbols[3] = {"ann@example.com", "ann", "x"};
    uint32_t used = 0;
    memset(small, 0, sizeof *small);
    small->image.types = TABLE(types);
    small->image.fields = TABLE(fields);
    small->image.names = TABLE(names);
    small->image.symbols = TABLE(symbols);
    small->image.sets = TABLE(sets);
    small->image.symbol_buckets = TABLE(buckets);
    small->image.symbol_capacity = 8;
    fill_types(small);
    for (uint32_t i = 0; i < NAME_COUNT; i++)
        small->names[i] = text_ref(small, &used, names[i]);
    small->fields[0] = (cst_field_row){small->names[NAME_ID], TYPE_STRING, 0};
    small->fields[1] = (cst_field_row){small->names[NAME_SIZE], TYPE_INT, 1};
    for (uint32_t i = 0; i < 3; i++) {
        const uint32_t hash = cst_hash(symbols[i], strlen(symbols[i]));
        small->symbols[i] = (cst_symbol_row){text_ref(small, &used, symbols[i]), hash, 0};
        uint32_t slot = hash & 7;
        while (small->buckets[slot])
            slot = (slot + 1) & 7;
        small->buckets[slot] = i + 1;
    }
    small->sets[SET_BITS] =
        (cst_set_row){.data = DATA(bits), .form = CST_SET_SYMBOL_BITS, .count = 1, .base = 2};
    small->bits[0] = 1; /* symbol 2 */
    small->sets[SET_HASH] =
        (cst_set_row){.data = DATA(hashed), .form = CST_SET_SYMBOL_HASH, .count = 2};
    const uint32_t members[] = {1, 3};
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t slot = cst_symbol_slot(members[i], 4);
        while (small->hashed[slot])
            slot = (slot + 1) & 3;
        small->hashed[slot] = members[i];
    }
    small->sets[SET_NUMBERS] =
        (cst_set_row){.data = DATA(numbers), .form = CST_SET_INTEGERS, .count = 3};
    small->numbers[0] = -5;
    small->numbers[1] = 0;
    small->numbers[2] = 7;
    small->sets[SET_NETWORKS] =
        (cst_set_row){.data = DATA(networks), .form = CST_SET_NETWORKS, .count = 2};
    assert_true(network_parse("10.0.0.0/8", 10, &small->networks[0]));
    assert_true(network_parse("fc00::/7", 8, &small->networks[1]));
    return small;
}

typedef struct fixture {
    cst_scratch scratch;
    cst_frame frame;
    convert_context context;
} fixture;

static void begin(fixture *state, size_t ceiling)
{
    memset(state, 0, sizeof *state);
    arena_init(&state->scratch.memory, NULL, ceiling);
    state->frame.image = &make_image()->image;
    state->frame.scratch = &state->scratch;
    state->frame.services = &cst_runtime_services;
    state->context =
        (convert_context){.image = state->frame.image, .arena = &state->scratch.memory};
}

static void end(fixture *state)
{
    arena_free(&state->scratch.memory);
}

static const cst_services *const run = &cst_runtime_services;

static cst_value text_value(const char *text)
{
    return (cst_value){.kind = CST_KIND_STRING, .as.text = text, .length = (uint32_t)strlen(text)};
}

static cst_value number_value(cst_kind kind, int64_t number)
{
    return (cst_value){.kind = (uint8_t)kind, .as.integer = number};
}

static void test_texts(void **unused)
{
    (void)unused;
    fixture state;
    begin(&state, 64);
    const cst_value a = text_value("h\xc3\xa9llo"), b = text_value("h\xc3\xa9"),
                    c = text_value("llo");
    const cst_value absent = {0}, number = number_value(CST_KIND_INT, 99);
    cst_value out;
    assert_int_equal(run->text_equal(&a, &a), 1);
    assert_int_equal(run->text_equal(&a, &b), 0);
    assert_int_equal(run->text_starts(&a, &b), 1);
    assert_int_equal(run->text_starts(&b, &a), 0);
    assert_int_equal(run->text_ends(&a, &c), 1);
    assert_int_equal(run->text_ends(&absent, &c), 0);
    assert_int_equal(run->text_length(&a), 5);
    assert_int_equal(run->text_length(&absent), 0);
    assert_int_equal(run->text_length(&number), 0);
    assert_int_equal(run->path_inside(&absent, &absent), 0);
    assert_int_equal(run->host_inside(&absent, &absent), 0);
    assert_int_equal(run->join(&state.frame, &b, &c, &out), 1);
    assert_int_equal(run->text_equal(&out, &a), 1);
    assert_int_equal(run->join(&state.frame, &absent, &absent, &out), 1);
    assert_int_equal(out.length, 0);
    while (run->join(&state.frame, &a, &b, &out))
        assert_int_equal(out.length, 9);
    assert_int_equal(out.kind, CST_KIND_ABSENT);
    end(&state);
}

static void test_sets(void **unused)
{
    (void)unused;
    fixture state;
    begin(&state, 0);
    for (uint32_t symbol = 0; symbol < 200; symbol++) {
        cst_value value = text_value("x");
        value.symbol = symbol;
        assert_int_equal(run->set_has_text(&state.frame, &value, SET_BITS), symbol == 2);
        assert_int_equal(run->set_has_text(&state.frame, &value, SET_HASH),
                         symbol == 1 || symbol == 3);
    }
    for (int64_t i = -10; i < 10; i++)
        assert_int_equal(run->set_has_integer(&state.frame, i, SET_NUMBERS),
                         i == -5 || i == 0 || i == 7);
    static const struct {
        const char *text;
        uint32_t inside;
    } addresses[] = {
        {"10.0.0.0", 1},       {"10.255.255.255", 1}, {"9.255.255.255", 0}, {"11.0.0.0", 0},
        {"fc00::", 1},         {"fdff::1", 1},        {"fe00::", 0},        {"::", 0},
        {"::ffff:10.1.1.1", 1}};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        cst_value value;
        bool no_memory;
        assert_true(identity_parse(CST_KIND_IP, addresses[i].text, strlen(addresses[i].text),
                                   &state.scratch.memory, &value, &no_memory));
        assert_int_equal(run->set_has_address(&state.frame, &value, SET_NETWORKS),
                         addresses[i].inside);
    }
    const cst_value absent = {0};
    assert_int_equal(run->set_has_address(&state.frame, &absent, SET_NETWORKS), 0);
    assert_int_equal(run->set_has_text(&state.frame, &absent, SET_BITS), 0);
    const cst_value ann = text_value("ann"), eve = text_value("eve");
    assert_int_equal(run->intern(&state.frame, &ann), 2);
    assert_int_equal(run->intern(&state.frame, &eve), 0);
    assert_int_equal(run->intern(&state.frame, &absent), 0);
    end(&state);
}

static void test_lists(void **unused)
{
    (void)unused;
    const cst_value items[] = {number_value(CST_KIND_INT, INT64_MAX), number_value(CST_KIND_INT, 5),
                               number_value(CST_KIND_INT, -6)};
    cst_value list = {.kind = CST_KIND_LIST, .as.items = items, .length = 3}, out;
    const cst_value absent = {0};
    int64_t sum;
    assert_int_equal(run->list_sum(&list, &sum), 1);
    assert_true(sum == INT64_MAX - 1);
    list.length = 2;
    assert_int_equal(run->list_sum(&list, &sum), 0);
    assert_int_equal(run->list_sum(&absent, &sum), 1);
    assert_int_equal(sum, 0);
    list.length = 3;
    assert_int_equal(run->list_least(&list, 0, &out), 1);
    assert_int_equal(out.as.integer, -6);
    assert_int_equal(run->list_least(&list, 1, &out), 1);
    assert_true(out.as.integer == INT64_MAX);
    assert_int_equal(run->list_least(&absent, 1, &out), 0);
    const cst_value five = number_value(CST_KIND_INT, 5),
                    decimal = number_value(CST_KIND_DECIMAL, 5000000);
    const cst_value text = text_value("5");
    assert_int_equal(run->list_has(&list, &five), 1);
    assert_int_equal(run->list_has(&list, &decimal), 1);
    assert_int_equal(run->list_has(&list, &text), 0);
    assert_int_equal(run->list_has(&list, &absent), 0);
    assert_int_equal(run->list_has(&absent, &five), 0);
    const cst_value floats[] = {{.kind = CST_KIND_FLOAT, .as.number = 1e308},
                                {.kind = CST_KIND_FLOAT, .as.number = 1e308}};
    cst_value float_list = {.kind = CST_KIND_LIST, .as.items = floats, .length = 1};
    double total;
    assert_int_equal(run->list_sum_float(&float_list, &total), 1);
    assert_true(total >= 1e308 && total <= 1e308);
    float_list.length = 2;
    assert_int_equal(run->list_sum_float(&float_list, &total), 0);
}

typedef struct convert_case {
    uint32_t type;
    const char *json;
    const char *code;  /* NULL: fits */
    const char *shown; /* the value, or the pointer of the problem */
} convert_case;

static void test_convert(void **unused)
{
    (void)unused;
    static const convert_case cases[] = {
        {TYPE_STRING, "\"a\"", NULL, "a"},
        {TYPE_STRING, "1", "type", ""},
        {TYPE_STRING, "null", "type", ""},
        {TYPE_SHORT, "\"\xc3\xa9\xc3\xa9\xc3\xa9\"", NULL, "\xc3\xa9\xc3\xa9\xc3\xa9"},
        {TYPE_SHORT, "\"abcd\"", "bound", ""},
        {TYPE_INT, "3.0", NULL, "3"},
        {TYPE_INT, "3.1", "value", ""},
        {TYPE_INT, "\"3\"", "type", ""},
        {TYPE_DECIMAL, "98.70", NULL, "98.7"},
        {TYPE_BOOL, "true", NULL, "true"},
        {TYPE_BOOL, "0", "type", ""},
        {TYPE_ENUM, "\"blue\"", NULL, "blue"},
        {TYPE_ENUM, "\"Blue\"", "value", ""},
        {TYPE_AGENT, "\"bob\"", NULL, "bob"},
        {TYPE_AGENT, "\"eve\"", "value", ""},
        {TYPE_EMAIL, "\"Ann@Example.com\"", NULL, "ann@example.com"},
        {TYPE_EMAIL, "\"ann\"", "value", ""},
        {TYPE_LIST, "[]", NULL, ""},
        {TYPE_LIST, "[\"a\",\"b\"]", NULL, "a, b"},
        {TYPE_LIST, "[\"a\",\"b\",\"c\"]", "bound", ""},
        {TYPE_LIST, "[\"a\",null]", "type", "/1"},
        {TYPE_LIST, "{}", "type", ""},
        {TYPE_RECORD, "{\"id\":\"x\",\"more\":1}", NULL, "{id: x, size: }"},
        {TYPE_RECORD, "{\"size\":2,\"id\":\"x\"}", NULL, "{id: x, size: 2}"},
        {TYPE_RECORD, "{\"size\":2}", "missing", "/id"},
        {TYPE_RECORD, "{\"id\":null}", "missing", "/id"},
        {TYPE_RECORD, "{\"id\":\"x\",\"size\":\"2\"}", "type", "/size"},
        {TYPE_RECORDS, "[{\"id\":\"x\"},{\"id\":1}]", "type", "/1/id"},
        {TYPE_RECORD, "[]", "type", ""},
        {TYPE_JSON, "{\"b\":1,\"a\":[true]}", NULL, "{\"a\":[true],\"b\":1}"},
        {TYPE_JSON, "\"text\"", NULL, "text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture state;
        begin(&state, 0);
        cst_json *json;
        json_problem json_trouble;
        convert_problem problem;
        cst_value value;
        assert_int_equal(json_read(&state.scratch.memory, cases[i].json, strlen(cases[i].json), 0,
                                   &json, &json_trouble),
                         JSON_OK);
        const bool fits = convert_json(&state.context, cases[i].type, true, json, &value, &problem);
        assert_int_equal(fits, cases[i].code == NULL);
        if (fits) {
            buffer out;
            buffer_init(&out, NULL, 0);
            value_show(&out, &value, state.frame.image, cases[i].type);
            assert_string_equal(out.bytes ? out.bytes : "", cases[i].shown);
            assert_int_equal(value.at_length, strlen(cases[i].json));
            buffer_free(&out);
        } else {
            assert_string_equal(problem.code, cases[i].code);
            assert_string_equal(problem.pointer, cases[i].shown);
            assert_int_equal(value.kind, CST_KIND_ABSENT);
        }
        cst_value open = {.kind = CST_KIND_JSON, .parts = json}, out;
        assert_int_equal(run->open_as(&state.frame, &open, cases[i].type, &out), fits);
        assert_int_equal(out.kind == CST_KIND_ABSENT, !fits);
        end(&state);
    }
}

static void test_open(void **unused)
{
    (void)unused;
    static const char text[] = "{\"id\":\"ann@example.com\",\"size\":null}";
    fixture state;
    begin(&state, 0);
    cst_json *json;
    json_problem problem;
    assert_int_equal(json_read(&state.scratch.memory, text, sizeof text - 1, 0, &json, &problem),
                     JSON_OK);
    const cst_value open = {.kind = CST_KIND_JSON, .parts = json}, absent = {0};
    cst_value member, out;
    assert_int_equal(run->open_member(&state.frame, &open, NAME_ID, &member), 1);
    assert_int_equal(run->open_as(&state.frame, &member, TYPE_EMAIL, &out), 1);
    assert_int_equal(out.symbol, 1);
    assert_int_equal(out.at, 6);
    cst_value domain;
    run->part(&state.frame, &out, CST_PROPERTY_EMAIL_LOCAL, 1, &domain);
    assert_int_equal(domain.symbol, 2);
    run->part(&state.frame, &absent, CST_PROPERTY_EMAIL_LOCAL, 1, &domain);
    assert_int_equal(domain.kind, CST_KIND_ABSENT);
    assert_int_equal(run->open_as(&state.frame, &member, TYPE_INT, &out), 0);
    assert_int_equal(run->open_member(&state.frame, &open, NAME_SIZE, &member), 0);
    assert_int_equal(run->open_member(&state.frame, &open, NAME_RED, &member), 0);
    assert_int_equal(run->open_member(&state.frame, &absent, NAME_ID, &member), 0);
    assert_int_equal(run->open_as(&state.frame, &absent, TYPE_INT, &out), 0);
    end(&state);
}

static void test_no_memory(void **unused)
{
    (void)unused;
    static const char text[] = "[{\"id\":\"x\"},{\"id\":\"y\",\"size\":1}]";
    bool fitted = false;
    arena input;
    arena_init(&input, NULL, 0);
    cst_json *json;
    json_problem trouble;
    assert_int_equal(json_read(&input, text, sizeof text - 1, 0, &json, &trouble), JSON_OK);
    for (size_t ceiling = 16; !fitted; ceiling += 16) {
        fixture state;
        begin(&state, ceiling);
        cst_value value;
        convert_problem problem;
        fitted = convert_json(&state.context, TYPE_RECORDS, false, json, &value, &problem);
        if (!fitted)
            assert_string_equal(problem.code, "memory");
        end(&state);
        assert_true(ceiling < 10000);
    }
    arena_free(&input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts), cmocka_unit_test(test_sets),
        cmocka_unit_test(test_lists), cmocka_unit_test(test_convert),
        cmocka_unit_test(test_open),  cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
