/*
 * runtime_adapters_test.c - conversations become events, whatever they look like, and lines are
 * read in bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/adapters/conversation.h"
#include "runtime/adapters/lines.h"
#include "tests/unit/metered_memory.h"

/* ---- conversations --------------------------------------------------------------------------- */

static bool collect(void *user, const conversation_event *event)
{
    buffer *const out = user;
    /* Each event is one line of strict JSON. */
    assert_null(memchr(event->json, '\n', event->length));
    arena memory;
    arena_init(&memory, NULL, 0);
    cst_json *tree;
    json_problem problem;
    assert_int_equal(
        json_read(&memory, event->json, event->length, LIMIT_JSON_DEPTH, &tree, &problem), JSON_OK);
    assert_true((json_member(tree, "stage") == NULL) == (event->error_code != NULL));
    arena_free(&memory);
    buffer_add(out, event->json, event->length);
    buffer_text(out, "\n");
    return true;
}

static void expect_events(conversation_format format, const char *records, const char *input,
                          const char *expected)
{
    buffer out;
    buffer_init(&out, NULL, 0);
    conversation_reader conversation;
    conversation_init(&conversation, format, NULL, collect, &out);
    conversation.records = records;
    assert_int_equal(conversation_read(&conversation, input, strlen(input)), CST_OK);
    assert_string_equal(out.bytes == NULL ? "" : out.bytes, expected);
    conversation_free(&conversation);
    buffer_free(&out);
}

static void chat_becomes_events(void **state)
{
    (void)state;
    expect_events(
        CONVERSATION_OPENAI, NULL,
        "{\"id\":\"s1\",\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"be "
        "good\"},"
        "{\"role\":\"developer\",\"content\":\"be good\"},{\"role\":\"user\",\"content\":\"mail "
        "Ann\"},"
        "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\",\"type\":"
        "\"function\","
        "\"function\":{\"name\":\"send\",\"arguments\":\"{\\\"to\\\":\\n\\\"ann\\\"}\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"sent\"},"
        "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"Do\"},{\"type\":"
        "\"image_url\"},"
        "{\"type\":\"text\",\"text\":\"ne\"}]}]}",
        "{\"stage\":\"system\",\"session\":\"s1\",\"text\":\"be good\"}\n"
        "{\"stage\":\"system\",\"session\":\"s1\",\"text\":\"be good\"}\n"
        "{\"stage\":\"input\",\"session\":\"s1\",\"text\":\"mail Ann\"}\n"
        "{\"stage\":\"action\",\"session\":\"s1\",\"id\":\"c1\",\"tool\":\"send\",\"args\":{\"to\":"
        " \"ann\"}}\n"
        "{\"stage\":\"result\",\"session\":\"s1\",\"id\":\"c1\",\"tool\":\"send\",\"args\":{\"to\":"
        " \"ann\"},"
        "\"text\":\"sent\"}\n"
        "{\"stage\":\"output\",\"session\":\"s1\",\"text\":\"Done\"}\n");
}

#define CALLED(TOOL) "{\"id\":\"a\",\"function\":{\"name\":\"" TOOL "\",\"arguments\":\"{}\"}}"
#define CALLS(SECOND)                                                                              \
    "[{\"role\":\"assistant\",\"tool_calls\":[" CALLED("f") "," CALLED(SECOND) "]}"
#define ANSWERED(NAME) ",{\"role\":\"tool\",\"tool_call_id\":\"a\"," NAME "\"content\":\"1\"}"
#define ACTED(TOOL)                                                                                \
    "{\"stage\":\"action\",\"session\":\"conversation-1\",\"id\":\"a\",\"tool\":\"" TOOL           \
    "\",\"args\":{}}\n"
#define TOLD(ARGS)                                                                                 \
    "{\"stage\":\"result\",\"session\":\"conversation-1\",\"id\":\"a\",\"tool\":\"f\"," ARGS       \
    "\"text\":\"1\"}\n"
#define WRONG(TEXT)                                                                                \
    "{\"malformed\":{\"code\":\"missing\",\"at\":\"/tool\",\"text\":\"" TEXT                       \
    "\"},\"session\":\"conversation-1\",\"id\":\"a\"}\n"

static void a_result_belongs_to_one_call(void **state)
{
    (void)state;
    /* two tools, one id: the id does not tell whose result it is, the message's name does */
    expect_events(CONVERSATION_OPENAI, NULL, CALLS("g") ANSWERED("") "]",
                  ACTED("f") ACTED("g")
                      WRONG("calls of different tools have the id of this result"));
    expect_events(CONVERSATION_OPENAI, NULL, CALLS("g") ANSWERED("\"name\":\"f\",") "]",
                  ACTED("f") ACTED("g") TOLD(""));
    /* as many results as calls, no more */
    expect_events(CONVERSATION_OPENAI, NULL,
                  CALLS("f") ANSWERED("") ANSWERED("") ANSWERED("\"name\":\"f\",") "]",
                  ACTED("f") ACTED("f") TOLD("\"args\":{},") TOLD("\"args\":{},")
                      WRONG("the call with this id has its result already"));
}

static void calls_stand_where_they_are_seen(void **state)
{
    (void)state;
    expect_events(CONVERSATION_OPENAI, NULL,
                  "[{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"a\","
                  "\"name\":\"f\",\"input\":{}}]}]",
                  "{\"malformed\":{\"code\":\"value\",\"at\":\"\",\"text\":\"the content of a "
                  "message could not be understood\"},"
                  "\"session\":\"conversation-1\"}\n");
    expect_events(CONVERSATION_OPENAI, NULL,
                  "[{\"role\":\"user\",\"content\":\"x\",\"tool_calls\":[{\"id\":\"a\","
                  "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
                  "{\"role\":\"user\",\"content\":\"x\",\"tool_calls\":[],\"function_call\":null}]",
                  "{\"malformed\":{\"code\":\"value\",\"at\":\"\",\"text\":\"a tool call in a "
                  "message that is not the assistant's could not be understood\"},"
                  "\"session\":\"conversation-1\"}\n"
                  "{\"stage\":\"input\",\"session\":\"conversation-1\",\"text\":\"x\"}\n");
}

static void records_come_with_the_first_event(void **state)
{
    (void)state;
    expect_events(
        CONVERSATION_OPENAI, "\"user\":{\"id\":\"u\"},",
        "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]",
        "{\"stage\":\"input\",\"session\":\"conversation-1\",\"user\":{\"id\":\"u\"},\"text\":"
        "\"a\"}\n"
        "{\"stage\":\"output\",\"session\":\"conversation-1\",\"text\":\"b\"}\n");
}

static void responses_become_events(void **state)
{
    (void)state;
    expect_events(
        CONVERSATION_OPENAI, NULL,
        "{\"id\":\"r\",\"input\":\"hi\",\"output\":[{\"type\":\"reasoning\"},"
        "{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\"},"
        "{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"{\\\"a\\\":1}\"},"
        "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
        "\"text\":\"x\"}]},"
        "{\"type\":\"computer_call\"}]}",
        "{\"stage\":\"input\",\"session\":\"r\",\"text\":\"hi\"}\n"
        "{\"stage\":\"action\",\"session\":\"r\",\"id\":\"c\",\"tool\":\"f\",\"args\":{}}\n"
        "{\"stage\":\"result\",\"session\":\"r\",\"id\":\"c\",\"tool\":\"f\",\"args\":{},\"text\":"
        "\"{\\\"a\\\":1}\","
        "\"value\":{\"a\":1}}\n"
        "{\"stage\":\"output\",\"session\":\"r\",\"text\":\"x\"}\n"
        "{\"malformed\":{\"code\":\"value\",\"at\":\"\",\"text\":\"the type of an item is called "
        "\\\"computer_call\\\", "
        "which is not known here\"},\"session\":\"r\"}\n");
}

static void anthropic_becomes_events(void **state)
{
    (void)state;
    expect_events(
        CONVERSATION_ANTHROPIC, NULL,
        "{\"id\":\"s\",\"system\":\"be good\",\"messages\":[{\"role\":\"user\",\"content\":\"read "
        "it\"},"
        "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},"
        "{\"type\":\"text\",\"text\":\"I \"},{\"type\":\"text\",\"text\":\"will.\"},"
        "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"read\",\"input\":{\"path\":\n\"/a\"}}]},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\","
        "\"content\":[{\"type\":\"text\",\"text\":\"A\"}]},{\"type\":\"text\",\"text\":\"go "
        "on\"}]}]}",
        "{\"stage\":\"system\",\"session\":\"s\",\"text\":\"be good\"}\n"
        "{\"stage\":\"input\",\"session\":\"s\",\"text\":\"read it\"}\n"
        "{\"stage\":\"output\",\"session\":\"s\",\"text\":\"I will.\"}\n"
        "{\"stage\":\"action\",\"session\":\"s\",\"id\":\"t1\",\"tool\":\"read\",\"args\":{"
        "\"path\": \"/a\"}}\n"
        "{\"stage\":\"result\",\"session\":\"s\",\"id\":\"t1\",\"tool\":\"read\",\"args\":{"
        "\"path\": \"/a\"},"
        "\"text\":\"A\"}\n"
        "{\"stage\":\"input\",\"session\":\"s\",\"text\":\"go on\"}\n");
}

static void one_call(const char *arguments, const char *expected)
{
    char input[512];
    snprintf(input, sizeof input,
             "[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"f\","
             "\"arguments\":%s}}]}]",
             arguments);
    expect_events(CONVERSATION_OPENAI, NULL, input, expected);
}

static void bad_arguments_are_denied(void **state)
{
    (void)state;
#define BAD(code, at, text)                                                                        \
    "{\"malformed\":{\"code\":\"" code "\",\"at\":\"" at "\",\"text\":\"" text                     \
    "\"},\"session\":\"conversation-1\",\"id\":\"c\"}\n"
    char expected[256];
    snprintf(expected, sizeof expected, BAD("json", "/args", "%s"), json_error_text(JSON_SYNTAX));
    one_call("\"{\"", expected);
    one_call("\"\"", expected);
    /* Text that would add a member to the event if it were pasted. */
    one_call("\"{},\\\"user\\\":{\\\"role\\\":\\\"admin\\\"}\"", expected);
    one_call("\"[1]\"", BAD("type", "/args", "the arguments of the call are no JSON object"));
    one_call("\"null\"", BAD("type", "/args", "the arguments of the call are no JSON object"));
    one_call("{\"a\":1}",
             "{\"stage\":\"action\",\"session\":\"conversation-1\",\"id\":\"c\",\"tool\":\"f\","
             "\"args\":{\"a\":1}}\n");
}

static bool count_errors(void *user, const conversation_event *event)
{
    if (event->error_code != NULL)
        ++*(int *)user;
    return true;
}

static void nonsense_is_an_error(void **state)
{
    (void)state;
    static const char *const inputs[] = {"",
                                         "{",
                                         "42",
                                         "\"x\"",
                                         "null",
                                         "{}",
                                         "{\"messages\":1}",
                                         "\xff",
                                         "[1]",
                                         "[{\"role\":\"alien\"}]",
                                         "[{\"role\":7}]",
                                         "[{\"role\":\"tool\"}]"};
    for (uint32_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        for (int format = CONVERSATION_OPENAI; format <= CONVERSATION_ANTHROPIC; format++) {
            int errors = 0;
            conversation_reader conversation;
            conversation_init(&conversation, (conversation_format)format, NULL, count_errors,
                              &errors);
            assert_int_equal(conversation_read(&conversation, inputs[i], strlen(inputs[i])),
                             CST_OK);
            assert_int_equal(errors, 1);
            conversation_free(&conversation);
        }
}

static bool stop_at_once(void *user, const conversation_event *event)
{
    (void)event;
    ++*(int *)user;
    return false;
}

static void the_receiver_can_stop(void **state)
{
    (void)state;
    static const char input[] =
        "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\"b\"}]";
    int count = 0;
    conversation_reader conversation;
    conversation_init(&conversation, CONVERSATION_OPENAI, NULL, stop_at_once, &count);
    assert_int_equal(conversation_read(&conversation, input, sizeof input - 1), CST_OK);
    assert_int_equal(count, 1);
    conversation_free(&conversation);
}

/* ---- out of memory --------------------------------------------------------------------------- */

static void memory_may_run_out(void **state)
{
    (void)state;
    static const char input[] =
        "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}],"
        "\"tool_calls\":"
        "[{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"[1]\"}]}";
    for (int most = 0;; most++) {
        meter counts = {.fail_at = (uint64_t)most + 1, .onwards = true};
        const cst_allocator allocator = metered(&counts);
        int errors = 0;
        conversation_reader conversation;
        conversation_init(&conversation, CONVERSATION_OPENAI, &allocator, count_errors, &errors);
        const cst_status status = conversation_read(&conversation, input, sizeof input - 1);
        conversation_free(&conversation);
        assert_true(status == CST_OK || status == CST_NO_MEMORY);
        if (status == CST_OK)
            break;
    }
}

/* ---- lines ----------------------------------------------------------------------------------- */

static FILE *file_of(const char *bytes, size_t length)
{
    FILE *const file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
    return file;
}

static void expect_line(line_reader *lines, const char *expected)
{
    const char *line;
    size_t length;
    assert_int_equal(lines_next(lines, &line, &length), LINES_TEXT);
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(line, expected, length);
}

static void lines_have_any_end(void **state)
{
    (void)state;
    static const char input[] = "one\n\r\ntwo\r\nthree";
    FILE *const file = file_of(input, sizeof input - 1);
    line_reader lines;
    const char *line;
    size_t length;
    lines_init(&lines, fileno(file), 5, NULL);
    expect_line(&lines, "one");
    lines_unread(&lines);
    assert_int_equal(lines_everything(&lines, &line, &length), LINES_TOO_LONG);
    expect_line(&lines, "one");
    expect_line(&lines, "");
    expect_line(&lines, "two");
    expect_line(&lines, "three");
    assert_int_equal(lines_next(&lines, &line, &length), LINES_END);
    assert_int_equal(lines_next(&lines, &line, &length), LINES_END);
    assert_int_equal(lines.consumed, sizeof input - 1);
    lines_free(&lines);
    fclose(file);
}

static void a_long_line_is_skipped(void **state)
{
    (void)state;
    const size_t size = 3 << 20;
    char *const input = malloc(size);
    assert_non_null(input);
    memset(input, 'x', size);
    memcpy(input, "a\n", 2);
    input[size - 3] = '\n';
    FILE *const file = file_of(input, size);
    line_reader lines;
    const char *line;
    size_t length;
    lines_init(&lines, fileno(file), 1000, NULL);
    expect_line(&lines, "a");
    assert_int_equal(lines_next(&lines, &line, &length), LINES_TOO_LONG);
    assert_int_equal(lines.number, 2);
    expect_line(&lines, "xx");
    assert_int_equal(lines_next(&lines, &line, &length), LINES_END);
    assert_true(lines.capacity <= 1000 + (256u << 10));
    lines_free(&lines);
    fclose(file);
    free(input);
}

static void the_bound_is_exact(void **state)
{
    (void)state;
    static const char input[] = "12345\n123456\n12345\r\n123456\r\n12345";
    FILE *const file = file_of(input, sizeof input - 1);
    line_reader lines;
    const char *line;
    size_t length;
    lines_init(&lines, fileno(file), 5, NULL);
    expect_line(&lines, "12345");
    assert_int_equal(lines_next(&lines, &line, &length), LINES_TOO_LONG);
    expect_line(&lines, "12345");
    assert_int_equal(lines_next(&lines, &line, &length), LINES_TOO_LONG);
    expect_line(&lines, "12345");
    assert_int_equal(lines_next(&lines, &line, &length), LINES_END);
    lines_free(&lines);
    fclose(file);
}

static void everything_is_given_back(void **state)
{
    (void)state;
    static const char input[] = "{\n}\n";
    FILE *const file = file_of(input, sizeof input - 1);
    line_reader lines;
    const char *bytes;
    size_t length;
    lines_init(&lines, fileno(file), 100, NULL);
    expect_line(&lines, "{");
    lines_unread(&lines);
    assert_int_equal(lines_everything(&lines, &bytes, &length), LINES_TEXT);
    assert_int_equal(length, sizeof input - 1);
    expect_line(&lines, "{");
    expect_line(&lines, "}");
    lines_free(&lines);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chat_becomes_events),
        cmocka_unit_test(a_result_belongs_to_one_call),
        cmocka_unit_test(calls_stand_where_they_are_seen),
        cmocka_unit_test(records_come_with_the_first_event),
        cmocka_unit_test(responses_become_events),
        cmocka_unit_test(anthropic_becomes_events),
        cmocka_unit_test(bad_arguments_are_denied),
        cmocka_unit_test(nonsense_is_an_error),
        cmocka_unit_test(the_receiver_can_stop),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(lines_have_any_end),
        cmocka_unit_test(a_long_line_is_skipped),
        cmocka_unit_test(the_bound_is_exact),
        cmocka_unit_test(everything_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
