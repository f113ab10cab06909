/*
 * runtime_wire_test.c - the inner parts of the wire formats of agents: the table of open requests
 * against a plain list, the words of structured data, and what becomes of MCP messages and hook
 * inputs when memory runs out. The formats themselves are tested through the programs (tests/cli).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/adapters/claude_hook.h"
#include "runtime/adapters/mcp.h"
#include "runtime/adapters/words.h"
#include "tests/unit/metered_memory.h"

/* ---- open requests --------------------------------------------------------------------------- */

enum { IDS = 200, STEPS = 100000 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void the_table_holds_what_is_open(void **state)
{
    (void)state;
    mcp_table table;
    bool there[2][IDS] = {{false}};
    uint32_t seed = 7, count = 0;
    mcp_table_init(&table, NULL);
    for (uint32_t step = 0; step < STEPS; step++) {
        const mcp_side side = next_random(&seed) % 2 == 0 ? MCP_CLIENT : MCP_SERVER;
        const uint32_t number = next_random(&seed) % IDS;
        char id[16];
        const uint32_t length = (uint32_t)snprintf(id, sizeof id, "%u", number);
        bool *const open = &there[side == MCP_SERVER][number];
        mcp_open *const found = mcp_table_find(&table, side, id, length);
        assert_true((found != NULL) == *open);
        if (found != NULL) {
            assert_int_equal(found->side, side);
            assert_memory_equal(found->id, id, length);
            assert_memory_equal(found->args, id, length);
            mcp_table_remove(&table, found);
            count--;
        } else {
            const mcp_open request = {.side = side,
                                      .what = MCP_CALL,
                                      .id = id,
                                      .id_length = length,
                                      .args = id,
                                      .args_length = length};
            assert_int_equal(mcp_table_add(&table, &request), CST_OK);
            count++;
        }
        *open = !*open;
        assert_int_equal(table.count, count);
    }
    assert_true(table.capacity <= 4 * 2 * IDS); /* it does not grow with what is over */
    mcp_table_free(&table);
}

static void the_table_has_bounds(void **state)
{
    (void)state;
    mcp_table table;
    char id[16];
    mcp_table_init(&table, NULL);
    for (uint32_t i = 0; i <= LIMIT_MCP_OPEN; i++) {
        const mcp_open request = {
            .side = MCP_CLIENT, .id = id, .id_length = (uint32_t)snprintf(id, sizeof id, "%u", i)};
        assert_int_equal(mcp_table_add(&table, &request), i < LIMIT_MCP_OPEN ? CST_OK : CST_LIMIT);
    }
    mcp_table_free(&table);
    char *const large = calloc(1, LIMIT_MCP_OPEN_BYTES / 2);
    assert_non_null(large);
    mcp_open request = {.side = MCP_CLIENT,
                        .id = "1",
                        .id_length = 1,
                        .args = large,
                        .args_length = LIMIT_MCP_OPEN_BYTES / 2};
    mcp_table_init(&table, NULL);
    assert_int_equal(mcp_table_add(&table, &request), CST_OK);
    request.id = "2";
    assert_int_equal(mcp_table_add(&table, &request), CST_LIMIT);
    mcp_table_remove(&table, mcp_table_find(&table, MCP_CLIENT, "1", 1));
    assert_int_equal(mcp_table_add(&table, &request), CST_OK);
    mcp_table_free(&table);
    free(large);
}

/* ---- words ----------------------------------------------------------------------------------- */

static void expect_words(const char *json, const char *known, const char *expected, bool only)
{
    arena memory;
    cst_json *value, *beside = NULL;
    json_problem problem;
    words said;
    arena_init(&memory, NULL, 0);
    assert_int_equal(json_read(&memory, json, strlen(json), 64, &value, &problem), JSON_OK);
    if (known != NULL)
        assert_int_equal(json_read(&memory, known, strlen(known), 64, &beside, &problem), JSON_OK);
    assert_true(words_join(&memory, value, beside, &said));
    assert_int_equal(said.length, strlen(expected));
    assert_memory_equal(said.text, expected, said.length);
    assert_true((said.only != NULL) == only);
    arena_free(&memory);
}

static void words_are_all_that_is_read(void **state)
{
    (void)state;
    expect_words("\"a\\nb\"", NULL, "a\nb", true);
    expect_words("[]", NULL, "", false);
    expect_words("[1,true,null,\"\"]", NULL, "", false);
    expect_words("{\"a\":\"x\",\"b\":[\"y\",{\"c\":\"z\"}]}", NULL, "x\ny\nz", false);
    expect_words("{\"type\":\"text\",\"text\":\"x\"}", NULL, "x", true);
    expect_words("{\"type\":\"two words\",\"text\":\"x\"}", NULL, "two words\nx", false);
    expect_words("{\"data\":\"QUJD+/=\",\"blob\":{\"a\":\"x\"}}", NULL, "x", true);
    expect_words("{\"a sentence\":1}", NULL, "a sentence", false);
    expect_words("{\"file\":{\"path\":\"/a\",\"text\":\"x\"}}",
                 "{\"path\":\"/a\",\"deep\":{\"b\":\"x\"}}", "x", true);
    expect_words("[\"/a\",\"/a\"]", "{\"path\":\"/a\"}", "", false);
}

/* ---- out of memory --------------------------------------------------------------------------- */

static bool count_events(void *user, const conversation_event *event)
{
    int *const count = user;
    *count += event->error_code == NULL;
    return true;
}

static cst_status read_mcp(const cst_allocator *allocator, int *events)
{
    static const char *const lines[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/"
        "call\",\"params\":{\"name\":\"f\",\"arguments\":{\"a\":\"b\"}}}",
        "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"resources/read\",\"params\":{\"uri\":\"u\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"[1]"
        "\"}]}}",
        "{\"from\":\"server\",\"message\":{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"sampling/"
        "createMessage\",\"params\":{\"a\":\"b\"}}}",
    };
    mcp_reader reader;
    cst_status status = CST_OK;
    mcp_init(&reader, allocator, count_events, NULL, events);
    for (uint32_t i = 0; status == CST_OK && i < sizeof lines / sizeof *lines; i++)
        status = mcp_read(&reader, lines[i], strlen(lines[i]));
    mcp_free(&reader);
    return status;
}

static cst_status read_hook(const cst_allocator *allocator, int *events)
{
    static const char input[] =
        "{\"session_id\":\"s\",\"hook_event_name\":\"PostToolUse\",\"tool_name\":\"Bash\","
        "\"tool_input\":{\"command\":\"ls\"},\"tool_response\":{\"stdout\":\"x\"}}";
    conversation_reader reader;
    conversation_init(&reader, CONVERSATION_CLAUDE_HOOK, allocator, count_events, events);
    const cst_status status = conversation_read(&reader, input, sizeof input - 1);
    conversation_free(&reader);
    return status;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    cst_status (*const readers[])(const cst_allocator *, int *) = {read_mcp, read_hook};
    static const int complete[] = {4, 1};
    for (uint32_t i = 0; i < 2; i++) {
        for (int most = 0;; most++) {
            meter counts = {.fail_at = (uint64_t)most + 1, .onwards = true};
            const cst_allocator allocator = metered(&counts);
            int events = 0;
            const cst_status status = readers[i](&allocator, &events);
            assert_true(status == CST_OK || status == CST_NO_MEMORY);
            if (status != CST_OK)
                continue;
            assert_int_equal(events, complete[i]); /* nothing is left out silently */
            break;
        }
    }
}

/* ---- who hears of it ------------------------------------------------------------------------- */

static bool stop_at_once(void *user, const conversation_event *event)
{
    int *const count = user;
    (void)event;
    (*count)++;
    return false;
}

static void the_receiver_can_stop(void **state)
{
    (void)state;
    static const char batch[] =
        "[{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"f\"}},"
        "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"f\"}}]";
    int count = 0;
    mcp_reader reader;
    mcp_init(&reader, NULL, stop_at_once, NULL, &count);
    assert_int_equal(mcp_read(&reader, batch, sizeof batch - 1), CST_OK);
    assert_int_equal(count, 1);
    mcp_free(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_holds_what_is_open), cmocka_unit_test(the_table_has_bounds),
        cmocka_unit_test(words_are_all_that_is_read),   cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(the_receiver_can_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
