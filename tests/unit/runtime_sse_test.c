/*
 * runtime_sse_test.c - server-sent events and the replies that are streamed in them: however the
 * bytes are cut, the same texts and calls come out; what is malformed is named with its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/adapters/reply.h"

/* ---- the format ------------------------------------------------------------------------------ */

static bool collect_event(void *user, const sse_event *event)
{
    buffer *const out = user;
    buffer_format(out, "%.*s|", (int)event->name_length, event->name ? event->name : "");
    buffer_json_string(out, event->data ? event->data : "", event->length);
    buffer_text(out, "\n");
    return true;
}

static sse_status read_events(const char *input, size_t length, size_t first, size_t size,
                              buffer *out)
{
    sse_reader reader;
    buffer_clear(out);
    sse_init(&reader, NULL, collect_event, out);
    sse_feed(&reader, input, first);
    for (size_t at = first; at < length; at += size)
        sse_feed(&reader, input + at, size < length - at ? size : length - at);
    const sse_status status = sse_end(&reader);
    sse_free(&reader);
    return status;
}

/* Every two cuts of it: a first piece, then pieces of one size. */
static void expect(const char *input, sse_status wanted, const char *expected)
{
    const size_t length = strlen(input);
    buffer out;
    buffer_init(&out, NULL, 0);
    for (size_t first = 0; first <= length; first++)
        for (size_t size = 1; size < 6; size++) {
            assert_int_equal(read_events(input, length, first, size, &out), wanted);
            assert_string_equal(out.bytes && out.length ? out.bytes : "", expected);
        }
    buffer_free(&out);
}

static void fields_and_lines(void **unused)
{
    (void)unused;
    expect("", SSE_GOOD, "");
    expect("data: a\n\n", SSE_GOOD, "|\"a\"\n");
    expect("data:a\r\rdata:  b\r\n\r\ndata\n\n", SSE_GOOD, "|\"a\"\n|\" b\"\n|\"\"\n");
    expect("\xef\xbb\xbf"
           "data: a\n\n\xef\xbb\xbf"
           "data: b\n\n",
           SSE_GOOD, "|\"a\"\n");
    expect("event: x\ndata: a\ndata:\ndata: b\nid: 1\nretry: 5\nother: z\n\n", SSE_GOOD,
           "x|\"a\\n\\nb\"\n");
    expect(": a comment\n\n\n:\ndata: a:b\n: more\n\n", SSE_GOOD, "|\"a:b\"\n");
    /* an event without data is none, and its name is not the next one's */
    expect("event: x\n\ndata: a\n\n", SSE_GOOD, "|\"a\"\n");
    expect("data: a\r\n\r\n\r\n", SSE_GOOD, "|\"a\"\n");
    expect("datax: a\n data: b\nData: c\n\n", SSE_GOOD, "");
}

static void an_event_that_is_cut(void **unused)
{
    (void)unused;
    expect("data: a\n\ndata: b\n", SSE_CUT, "|\"a\"\n");
    expect("data: a\n\ndat", SSE_CUT, "|\"a\"\n");
    expect("event: x\n", SSE_CUT, "");
    expect("data: a\n\n: comment\n", SSE_GOOD, "|\"a\"\n");
}

static void an_event_that_is_too_long(void **unused)
{
    (void)unused;
    buffer out;
    sse_reader reader;
    buffer_init(&out, NULL, 0);
    sse_init(&reader, NULL, collect_event, &out);
    reader.bound = 20;
    assert_int_equal(sse_feed(&reader, "data: 12345\n\ndata: 123456789\n", 29), SSE_GOOD);
    assert_int_equal(sse_feed(&reader, "data: 12345", 11), SSE_GOOD);
    assert_int_equal(sse_feed(&reader, "6", 1), SSE_TOO_LONG);
    assert_int_equal(sse_feed(&reader, "\n\n", 2), SSE_TOO_LONG);
    assert_int_equal(sse_end(&reader), SSE_TOO_LONG);
    assert_int_equal(reader.place.event, 2);
    assert_int_equal(reader.place.line, 3);
    assert_int_equal(reader.place.byte, 13);
    assert_string_equal(out.bytes, "|\"12345\"\n");
    sse_free(&reader);
    buffer_free(&out);
}

/* ---- replies --------------------------------------------------------------------------------- */

static bool collect_text(void *user, const char *bytes, size_t length)
{
    buffer *const out = user;
    buffer_text(out, "text ");
    buffer_json_string(out, bytes, length);
    buffer_text(out, "\n");
    return true;
}

static bool collect_call(void *user, const conversation_event *event)
{
    buffer *const out = user;
    buffer_add(out, event->json, event->length);
    buffer_text(out, "\n");
    return true;
}

static void read_reply(conversation_format format, const char *input, size_t first, size_t size,
                       buffer *out)
{
    const size_t length = strlen(input);
    reply_reader reply;
    buffer_clear(out);
    reply_init(&reply, format, "s", "\"user\":{},", NULL, collect_text, collect_call, out);
    assert_int_equal(reply_feed(&reply, input, first), CST_OK);
    for (size_t at = first; at < length; at += size)
        assert_int_equal(reply_feed(&reply, input + at, size < length - at ? size : length - at),
                         CST_OK);
    assert_int_equal(reply_end(&reply), CST_OK);
    const conversation_event *const problem = reply_problem(&reply);
    if (problem)
        buffer_format(out, "%s %s: %s\n", problem->error_code, problem->error_at,
                      problem->error_text);
    reply_free(&reply);
}

static void expect_reply(conversation_format format, const char *input, const char *expected)
{
    const size_t length = strlen(input);
    buffer out;
    buffer_init(&out, NULL, 0);
    for (size_t first = 0; first <= length; first++) {
        read_reply(format, input, first, length + 1, &out);
        assert_string_equal(out.bytes && out.length ? out.bytes : "", expected);
    }
    for (size_t size = 1; size < 40; size++) {
        read_reply(format, input, 0, size, &out);
        assert_string_equal(out.bytes && out.length ? out.bytes : "", expected);
    }
    buffer_free(&out);
}

#define CHUNK(delta)                                                                               \
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{" delta                              \
    "},\"finish_reason\":null}]}\n\n"
#define FINISH(why)                                                                                \
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" why "\"}]}\n\n"
#define DONE "data: [DONE]\n\n"

static void chat_replies(void **unused)
{
    (void)unused;
    expect_reply(CONVERSATION_OPENAI,
                 "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n" CHUNK(
                     "\"role\":\"assistant\",\"content\":\"\"") CHUNK("\"content\":\"Hel\"")
                     CHUNK("\"content\":\"lo \\ud83d\\ude00\"")
                         CHUNK("\"content\":null,\"refusal\":\"No.\"")
                             FINISH("stop") "data: {\"choices\":[],\"usage\":{}}\n\n" DONE,
                 "text \"Hel\"\ntext \"lo \xf0\x9f\x98\x80\"\ntext \"No.\"\n");
    expect_reply(
        CONVERSATION_OPENAI,
        CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":\"function\","
              "\"function\":{\"name\":\"send\",\"arguments\":\"\"}}]")
            CHUNK("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"to\\\":\"}}]")
                CHUNK("\"tool_calls\":[{\"index\":1,\"id\":\"b\",\"custom\":{\"name\":\"sh\","
                      "\"input\":\"ls \"}}]")
                    CHUNK("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
                          "\"\\\"x\\\"}\"}},{\"index\":1,\"custom\":{\"input\":\"-l\"}}]")
                        FINISH("tool_calls") DONE,
        "{\"stage\":\"action\",\"session\":\"s\",\"user\":{},\"id\":\"a\",\"tool\":"
        "\"send\",\"args\":{\"to\":\"x\"}}\n"
        "{\"stage\":\"action\",\"session\":\"s\",\"user\":{},\"id\":\"b\",\"tool\":\"sh\","
        "\"args\":{\"input\":\"ls -l\"}}\n");
    expect_reply(
        CONVERSATION_OPENAI,
        CHUNK("\"function_call\":{\"name\":\"f\",\"arguments\":\"{\"}")
            CHUNK("\"function_call\":{\"arguments\":\"}\"}") DONE,
        "{\"stage\":\"action\",\"session\":\"s\",\"user\":{},\"tool\":\"f\",\"args\":{}}\n");
    /* the model ran out of room within the arguments: the call is denied as what it is */
    expect_reply(CONVERSATION_OPENAI,
                 CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\","
                       "\"arguments\":\"{\\\"a\"}}]") FINISH("length"),
                 "{\"malformed\":{\"code\":\"json\",\"at\":\"/args\",\"text\":\"The text is not "
                 "JSON.\"},\"session\":\"s\",\"id\":\"a\"}\n");
}

static void chat_problems(void **unused)
{
    (void)unused;
    expect_reply(CONVERSATION_OPENAI, CHUNK("\"content\":\"a\"") "data: {\"choices\":\n\n",
                 "text \"a\"\njson /choices: event 2 (line 3, byte 87): The text is not JSON.\n");
    expect_reply(
        CONVERSATION_OPENAI, CHUNK("\"content\":5"),
        "type /choices/0/delta/content: event 1 (line 1, byte 0): a string was expected\n");
    expect_reply(CONVERSATION_OPENAI,
                 ": keep\n\n" CHUNK("\"content\":\"\\ud83d\"") CHUNK("\"content\":\"\\ude00\""),
                 "encoding /choices/0/delta/content: event 1 (line 3, byte 8): The text is not "
                 "UTF-8, or holds a lone surrogate.\n");
    expect_reply(
        CONVERSATION_OPENAI, CHUNK("\"content\":\"a\""),
        "text \"a\"\ncut : event 2 (line 3, byte 87): the stream ends before the reply does\n");
    expect_reply(CONVERSATION_OPENAI, CHUNK("\"content\":\"a\"") FINISH("stop") "data: [DO",
                 "text \"a\"\ncut : event 3 (line 5, byte 154): the stream ends within an event\n");
    expect_reply(CONVERSATION_OPENAI, FINISH("stop") CHUNK("\"content\":\"a\""),
                 "value /choices/0/delta/content: event 2 (line 3, byte 67): text follows the end "
                 "of the reply\n");
    expect_reply(CONVERSATION_OPENAI, DONE CHUNK("\"content\":\"a\""),
                 "value : event 2 (line 3, byte 14): something follows the end of the reply\n");
    expect_reply(
        CONVERSATION_OPENAI,
        "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"a\"}}]}\n\n",
        "value /choices/0/index: event 1 (line 1, byte 0): only one choice can be followed\n");
    expect_reply(
        CONVERSATION_OPENAI, "data: {\"error\":{\"message\":\"overloaded\"}}\n\n",
        "provider /error: event 1 (line 1, byte 0): the provider reports an error: overloaded\n");
    expect_reply(CONVERSATION_OPENAI,
                 CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\"}}]")
                     CHUNK("\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"g\"}}]"),
                 "duplicate /choices/0/delta/tool_calls: event 2 (line 3, byte 133): a tool call "
                 "names two tools\n");
    expect_reply(CONVERSATION_OPENAI, CHUNK("\"tool_calls\":[{\"id\":\"a\"}]"),
                 "missing /choices/0/delta/tool_calls/index: event 1 (line 1, byte 0): a whole "
                 "number was expected\n");
    expect_reply(CONVERSATION_OPENAI, "data: 5\n\n",
                 "type : event 1 (line 1, byte 0): a JSON object was expected\n");
    expect_reply(
        CONVERSATION_OPENAI, "data: {\"choices\":[],\"choices\":[]}\n\n",
        "duplicate /choices: event 1 (line 1, byte 0): A member stands twice in one object.\n");
}

#define SAY(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"" rest "}\n\n"

static void responses(void **unused)
{
    (void)unused;
    expect_reply(
        CONVERSATION_OPENAI,
        SAY("response.created", ",\"response\":{}")
            SAY("response.output_item.added", ",\"output_index\":0,\"item\":{\"type\":\"message\"}")
                SAY("response.output_text.delta", ",\"output_index\":0,\"delta\":\"Hi\"")
                    SAY("response.output_text.done", ",\"text\":\"Hi\"")
                        SAY("response.output_item.added",
                            ",\"output_index\":1,\"item\":{\"type\":\"function_call\",\"call_id\":"
                            "\"a\",\"name\":\"f\",\"arguments\":\"\"}")
                            SAY("response.function_call_arguments.delta",
                                ",\"output_index\":1,\"delta\":\"{}\"")
                                SAY("response.output_item.done",
                                    ",\"output_index\":1,\"item\":{\"type\":\"function_call\","
                                    "\"call_id\":\"a\",\"name\":\"f\",\"arguments\":\"{}\"}")
                                    SAY("response.completed", ",\"response\":{}"),
        "text "
        "\"Hi\"\n{\"stage\":\"action\",\"session\":\"s\",\"user\":{},\"id\":\"a\",\"tool\":\"f\","
        "\"args\":{}}\n");
    expect_reply(
        CONVERSATION_OPENAI,
        SAY("response.output_item.added", ",\"output_index\":1,\"item\":{\"type\":\"function_"
                                          "call\",\"call_id\":\"a\",\"name\":\"f\"}")
            SAY("response.function_call_arguments.delta", ",\"output_index\":1,\"delta\":\"{}\"")
                SAY("response.output_item.done",
                    ",\"output_index\":1,\"item\":{\"type\":\"function_"
                    "call\",\"arguments\":\"{\\\"a\\\":1}\"}"),
        "value /item: event 3 (line 7, byte 286): the arguments of a tool call are not those of "
        "its pieces\n");
    expect_reply(CONVERSATION_OPENAI, SAY("response.new_thing", ""),
                 "value /type: event 1 (line 1, byte 0): the type of an event is called "
                 "\"response.new_thing\", which is not known here\n");
    expect_reply(
        CONVERSATION_OPENAI,
        "event: response.created\ndata: "
        "{\"type\":\"response.output_text.delta\",\"delta\":\"x\"}\n\n",
        "value /type: event 1 (line 1, byte 0): the event is not called as its data says\n");
}

static void messages(void **unused)
{
    (void)unused;
    expect_reply(
        CONVERSATION_ANTHROPIC,
        SAY("message_start", ",\"message\":{\"content\":[]}")
            SAY("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"thinking\"}")
                SAY("content_block_delta",
                    ",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}")
                    SAY("content_block_stop", ",\"index\":0")
                        SAY("content_block_start",
                            ",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}")
                            SAY("ping", "") SAY(
                                "content_block_delta",
                                ",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}")
                                SAY("content_block_stop", ",\"index\":1")
                                    SAY("content_block_start",
                                        ",\"index\":2,\"content_block\":{\"type\":\"tool_use\","
                                        "\"id\":\"t\",\"name\":\"f\",\"input\":{}}")
                                        SAY("content_block_delta",
                                            ",\"index\":2,\"delta\":{\"type\":\"input_json_delta\","
                                            "\"partial_json\":\"{\\\"a\\\"\"}")
                                            SAY("content_block_delta",
                                                ",\"index\":2,\"delta\":{\"type\":\"input_json_"
                                                "delta\",\"partial_json\":\":1}\"}")
                                                SAY("content_block_stop", ",\"index\":2")
                                                    SAY("message_delta",
                                                        ",\"delta\":{\"stop_reason\":\"tool_use\"}")
                                                        SAY("message_stop", ""),
        "text "
        "\"Hi\"\n{\"stage\":\"action\",\"session\":\"s\",\"user\":{},\"id\":\"t\",\"tool\":\"f\","
        "\"args\":{\"a\":1}}\n");
    expect_reply(
        CONVERSATION_ANTHROPIC,
        SAY("content_block_start",
            ",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\"}")
            SAY("content_block_stop", ",\"index\":0") SAY("message_stop", ""),
        "{\"stage\":\"action\",\"session\":\"s\",\"user\":{},\"id\":\"t\",\"tool\":\"f\",\"args\":{"
        "}}\n");
    expect_reply(
        CONVERSATION_ANTHROPIC,
        SAY("content_block_start",
            ",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\"}")
            SAY("message_stop", ""),
        "cut /type: event 2 (line 4, byte 131): the message ends within a block\n");
    expect_reply(CONVERSATION_ANTHROPIC,
                 SAY("content_block_delta",
                     ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}"),
                 "value /index: event 1 (line 1, byte 0): a piece belongs to no open block\n");
    expect_reply(
        CONVERSATION_ANTHROPIC,
        SAY("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"server_tool_use\"}"),
        "value /content_block/type: event 1 (line 1, byte 0): the type of a block is called "
        "\"server_tool_use\", which is not known here\n");
    expect_reply(
        CONVERSATION_ANTHROPIC,
        SAY("error", ",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}"),
        "provider /error: event 1 (line 1, byte 0): the provider reports an error: Overloaded\n");
    expect_reply(CONVERSATION_ANTHROPIC, SAY("message_start", ",\"message\":{\"content\":[]}"),
                 "cut : event 2 (line 4, byte 78): the stream ends before the reply does\n");
}

static void too_many_calls(void **unused)
{
    (void)unused;
    buffer input, out;
    buffer_init(&input, NULL, 0);
    buffer_init(&out, NULL, 0);
    for (uint32_t i = 0; i <= LIMIT_REPLY_CALLS; i++)
        buffer_format(&input,
                      "data: "
                      "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":%u,"
                      "\"function\":{\"name\":\"f\"}}]}}]}\n\n",
                      i);
    read_reply(CONVERSATION_OPENAI, input.bytes, 0, 1000, &out);
    assert_non_null(strstr(out.bytes, "limit : event 1025 "));
    buffer_free(&input);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_and_lines),
        cmocka_unit_test(an_event_that_is_cut),
        cmocka_unit_test(an_event_that_is_too_long),
        cmocka_unit_test(chat_replies),
        cmocka_unit_test(chat_problems),
        cmocka_unit_test(responses),
        cmocka_unit_test(messages),
        cmocka_unit_test(too_many_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
