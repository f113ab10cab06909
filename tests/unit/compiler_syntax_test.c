/*
 * compiler_syntax_test.c - the front end: tokens, trees, the diagnostics of the 01xx block,
 * sources, and how diagnostics are shown.
 *
 * Trees are compared as ast_dump prints them; mistakes by the codes and places that they must give,
 * and no others, so that one mistake stays one message. Acceptance: every policy under examples/,
 * stdlib/ and the fuzz corpus parses without a diagnostic. Random sentences are in
 * compiler_grammar_test.c.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/render.h"
#include "compiler/syntax/dump.h"
#include "compiler/syntax/syntax.h"
#include "tests/unit/metered_memory.h"

typedef struct fixture {
    compilation compilation;
    buffer out;
} fixture;

static fixture *now; /* of the test that runs */

static int begin(void **state)
{
    fixture *const fixture = calloc(1, sizeof *fixture);
    compilation_begin(&fixture->compilation, NULL, NULL);
    buffer_init(&fixture->out, NULL, 0);
    *state = now = fixture;
    return 0;
}

static int end(void **state)
{
    fixture *const fixture = *state;
    compilation_end(&fixture->compilation);
    buffer_free(&fixture->out);
    free(fixture);
    return 0;
}

/* A fresh compilation of `length` bytes. */
static ast_file *parse_bytes(const char *bytes, size_t length)
{
    compilation_end(&now->compilation);
    compilation_begin(&now->compilation, NULL, NULL);
    if (setjmp(now->compilation.out_of_memory))
        fail_msg("out of memory");
    return pass_parse(&now->compilation, source_add(&now->compilation, "t.const", bytes, length));
}

static ast_file *parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void assert_tree(const char *text, const char *expected)
{
    const ast_file *const file = parse(text);
    buffer_clear(&now->out);
    ast_dump(&now->out, &now->compilation, file);
    for (uint32_t i = 0; i < now->compilation.diagnostics.count; i++)
        render_text(&now->out, &now->compilation, &now->compilation.diagnostics.items[i], false);
    assert_string_equal(now->out.bytes, expected);
}

/* Codes and places, "E0101@3:5 E0104@4:1". */
static void assert_errors(const char *text, const char *expected)
{
    const ast_file *const file = parse(text);
    buffer_clear(&now->out);
    buffer_text(&now->out, "");
    for (uint32_t i = 0; i < now->compilation.diagnostics.count; i++) {
        const diagnostic *const report = &now->compilation.diagnostics.items[i];
        const source_position at =
            source_locate(&now->compilation, report->range.file, report->range.start);
        buffer_format(&now->out, "%s%s@%u:%u", i ? " " : "", diagnostic_code_name(report->code),
                      at.line, at.column);
    }
    assert_string_equal(now->out.bytes, expected);
    assert_int_equal(file->has_errors, *expected != '\0');
}

static const char *message(uint32_t number)
{
    assert_true(number < now->compilation.diagnostics.count);
    return now->compilation.diagnostics.items[number].message;
}

/* Applies the mend of the first diagnostic to the text. */
static void assert_mended(const char *text, const char *expected)
{
    parse(text);
    assert_true(now->compilation.diagnostics.count > 0);
    const diagnostic *const report = &now->compilation.diagnostics.items[0];
    assert_true(report->has_edit);
    buffer_clear(&now->out);
    buffer_add(&now->out, text, report->edit_range.start);
    buffer_text(&now->out, report->edit_text);
    buffer_text(&now->out, text + report->edit_range.end);
    assert_string_equal(now->out.bytes, expected);
}

/* ---- trees ----------------------------------------------------------------------------------- */

static void test_declarations(void **state)
{
    (void)state;
    assert_tree("constitution m \"1.2\" extends \"a.const\" import std.net import tools \"t.json\"",
                "(constitution m \"1.2\")\n(extends \"a.const\")\n(import std.net)\n(import-tools "
                "\"t.json\")\n");
    assert_tree(
        "tool a, \"b-c\"(to: list<email>(50), from?: {x: int}(3)) returns json reads sends",
        "(tool a \"b-c\" (to (bound (list email) 50)) (from optional (bound (record (x int)) 3))"
        " (returns json) (tags reads sends))\n");
    assert_tree("tool a() tool b", "(tool a ())\n(tool b)\n");
    assert_tree("set s = { \"a\", -1, 2.50, 10m, b } set t from \"t.txt\"",
                "(set s (set \"a\" -1 2.50 600000000us b))\n(set t \"t.txt\" from-file)\n");
    assert_tree("pattern card = /[0-9]\\/x/, /b/ checked by luhn secret",
                "(pattern card /[0-9]\\/x/ /b/ (checked-by luhn) secret)\n");
}

static void test_rules(void **state)
{
    (void)state;
    assert_tree(
        "rule r on action send or \"create-issue\", result tagged pays under p in shadow waivable "
        "when a unless b "
        "then deny and label probing because \"why\"",
        "(rule r (on (action send \"create-issue\") (result (tagged pays))) (under p) shadow "
        "waivable\n"
        "  (when a)\n  (unless b)\n  (then (deny) (label probing))\n  (because \"why\"))\n");
    assert_tree("default action require approval from user or agent within 2h default input allow "
                "approvals by user",
                "(default (on (action)) (require-approval user agent (within 7200000000)))\n"
                "(default (on (input)) allow)\n(approvals user)\n");
    assert_tree("rule r on whole output then replace text with text + \"x\"",
                "(rule r (on whole (output))\n  (then (replace text (+ text \"x\"))))\n");
    assert_tree("permit a on action permit b on input in shadow when x",
                "(permit a (on (action)))\n(permit b (on (input)) shadow\n  (when x))\n");
    assert_tree("waive up.law until \"2027-06-30\" when x because \"y\"",
                "(waive up.law (until \"2027-06-30\")\n  (when x)\n  (because \"y\"))\n");
}

static void assert_condition(const char *condition, const char *expected)
{
    char text[512], tree[512];
    snprintf(text, sizeof text, "define d() = %s", condition);
    snprintf(tree, sizeof tree, "(define d () %s)\n", expected);
    assert_tree(text, tree);
}

static void test_conditions(void **state)
{
    (void)state;
    assert_condition("a + b * c - 1 == -2", "(== (- (+ a (* b c)) 1) -2)");
    assert_condition("not a and (b or not c)", "(and (not a) (or b (not c)))");
    assert_condition("any x in l satisfies x == 1 and b", "(and (any x l (== x 1)) b)");
    assert_condition("all x in l satisfy (x == 1 and b)", "(all x l (and (== x 1) b))");
    assert_condition("text of args folded decoded contains any { \"a\" }",
                     "(contains-any (of text (view decoded (view folded args))) (set \"a\"))");
    assert_condition("length of (citation of text) == 0", "(== (of length (of citation text)) 0)");
    assert_condition("(user.age else 0) < 18", "(< (else user.age 0) 18)");
    assert_condition("f(a, 1.5).x.\"odd name\" is present",
                     "(is present (call f a 1.5 (keys x \"odd name\")))");
    assert_condition("a not in b", "(not-in a b)");
    assert_condition("p not inside \"/x\"", "(not-inside p \"/x\")");
    assert_condition("c runs only quiet", "(runs-only c quiet)");
    assert_condition("t starts with /a/", "(starts-with t /a/)");
    assert_condition("t repeats 60 chars of system", "(repeats t (origin system) (chars 60))");
    assert_condition("t not from result of \"a-b\".x.y down to 1 char",
                     "(not-from t (result-of \"a-b\" x y) (chars 1))");
    assert_condition("t from message of agent", "(from t (message-of agent))");
    assert_condition("session has probing", "(has probing session)");
    assert_condition("this.text ends with \"x\"", "(ends-with this.text \"x\")");
    assert_condition("x.from.to.\"and\" is string", "(is string x.from.to.\"and\")");
}

static void test_history(void **state)
{
    (void)state;
    assert_condition("no earlier (stopped result login where value.ok) since action tagged writes",
                     "(no-earlier (past (event stopped (result login) (where value.ok)) (since "
                     "(event (action (tagged writes))))))");
    assert_condition(
        "earlier input followed by action pay with same (a, b.c) across sessions within 1h",
        "(earlier (past (event (input)) (event (action pay)) (same a b.c) across-sessions (within "
        "3600000000)))");
    assert_condition("count of approved action pay >= 3",
                     "(>= (of count (past (event approved (action pay)))) 3)");
    assert_condition("sum of args.amount over action tagged pays within 1d > 2000.0",
                     "(> (of sum (field args.amount) (past (event (action (tagged pays))) (within "
                     "86400000000))) 2000.0)");
}

static void test_soft_words(void **state)
{
    (void)state;
    assert_condition("value.rule == label and set.of.in == tool",
                     "(and (== value.rule label) (== set.of.in tool))");
    assert_tree("context user { from: string, rule?: int, \"to\": int }",
                "(context user (from string) (rule optional int) (\"to\" int))\n");
    assert_tree("tool permit(to: int) tool tool reads",
                "(tool permit (to int))\n(tool tool (tags reads))\n");
    assert_tree("rule rule on input then escalate to flag",
                "(rule rule (on (input))\n  (then (escalate flag)))\n");
}

static void test_tests(void **state)
{
    (void)state;
    assert_tree(
        "test \"t\" {\n"
        " given user { id: \"u\\u00e9\", role: agent, n: -1.5e3, \"x y\": [true, null, {}] }\n"
        " given toxicity fails given score 0.9 system \"s\" input as planner \"i\" output \"o\"\n"
        " action \"a-b\" as coder { message: 12345678901234567890 }\n"
        " result a \"text\" result a { x: 1 } value [1]\n"
        " message a to b \"m\" wait 10m approved by user\n"
        " expect require approval by default, up.law expect label l expect text \"t\"\n}",
        "(test \"t\"\n"
        "  (given (name user) { id: \"ué\" role: agent n: -1.5e3 \"x y\": [ true null { } ] })\n"
        "  (given (name toxicity) fails)\n  (given (name score) 0.9)\n  (system (text \"s\"))\n"
        "  (input (agent planner) (text \"i\"))\n  (output (text \"o\"))\n"
        "  (action (name \"a-b\") (agent coder) { message: 12345678901234567890 })\n"
        "  (result (name a) (text \"text\"))\n  (result (name a) { x: 1 } (value [ 1 ]))\n"
        "  (message (name a) (agent b) (text \"m\"))\n  (wait 600000000us)\n  (approved (name "
        "user))\n"
        "  (expect require-approval (by default) (by up.law))\n  (expect (name l))\n"
        "  (expect-text (name text) (text \"t\")))\n");
}

static void test_ranges(void **state)
{
    (void)state;
    const ast_file *const file =
        parse("rule r on input\n  when (a == 1) and b\n  then deny   // c\nset s = { }");
    assert_int_equal(file->count, 2);
    const ast_declaration *const rule = file->items[0];
    assert_string_equal(source_excerpt(&now->compilation, rule->range),
                        "rule r on input when (a == 1) and b then deny");
    assert_string_equal(source_excerpt(&now->compilation, rule->when->range), "(a == 1) and b");
    const ast_expression *const first = rule->when->items.items[0];
    assert_string_equal(source_excerpt(&now->compilation, first->range), "(a == 1)");
    assert_string_equal(source_excerpt(&now->compilation, first->operator_range), "==");
    assert_true(first->parenthesised);
    assert_string_equal(source_excerpt(&now->compilation, file->items[1]->range), "set s = { }");
}

/* ---- texts and numbers ----------------------------------------------------------------------- */

static void test_escapes(void **state)
{
    (void)state;
    const ast_file *file = parse("extends \"\\\"\\\\\\n\\t\\r\\u{0}\\u{1F600}\"");
    assert_int_equal(file->items[0]->text.length, 10);
    assert_memory_equal(file->items[0]->text.bytes, "\"\\\n\t\r\0😀", 10);
    assert_errors("extends \"\\q\"", "E0105@1:10");
    assert_mended("extends \"C:\\data\"", "extends \"C:\\\\data\"");
    assert_errors("extends \"\\u{d800} \\u{110000} \\u{} \\u12 \\u{1234567}\"",
                  "E0105@1:10 E0105@1:19 E0105@1:30 E0105@1:35 E0105@1:40");
    assert_errors("extends \"\\é\"", "E0105@1:10");
    assert_errors("test \"t\" { given x \"\\ud83d\\ude00 \\b\" given y \"\\ud83d\" }",
                  "E0105@1:47");
}

static void test_numbers(void **state)
{
    (void)state;
    assert_errors("define d() = x == 9223372036854775807 and x == -9223372036854775808", "");
    assert_errors("define d() = x == 9223372036854775808", "E0109@1:19");
    assert_errors("define d() = x == -9223372036854775809", "E0109@1:20");
    assert_errors("define d() = x == 99999999999w", "E0109@1:19");
    assert_errors("define d() = x == 007 or x == 1_000 or x == 5min or x == .5 or x == 10.0.0.1",
                  "E0108@1:19 E0108@1:31 E0108@1:45 E0108@1:58 E0108@1:69");
    assert_errors("define d() = x repeats 0 chars of system", "E0109@1:24");
    assert_errors("rule r on input then require approval from a within 5x\nset s = 1",
                  "E0108@1:53 E0101@2:9");
}

static void test_bytes(void **state)
{
    (void)state;
    assert_errors("\xef\xbb\xbf"
                  "extends \"a\"\r\nextends \"b\"\r\n",
                  "");
    assert_errors("// caf\xe9 \xff\xfe\nextends \"a\"", "E0103@1:7 E0103@1:9");
    assert_errors("extends \"\xc3\"", "E0103@1:10");
    assert_errors("extends \"\x1b\" \x01\x01 // \x7f", "E0102@1:10 E0102@1:13 E0102@1:19");
    assert_errors("extends \"a\xe2\x80\xae\" // \xe2\x81\xa6", "E0122@1:11 E0122@1:17");
    parse_bytes("extends \"a\"\0extends \"b\"", 23);
    assert_int_equal(now->compilation.error_count, 1);
    assert_string_equal(message(0), "the file holds a NUL byte");
    parse_bytes("", 0);
    assert_int_equal(now->compilation.error_count, 0);
    parse_bytes("\xef\xbb\xbf", 3);
    assert_int_equal(now->compilation.error_count, 0);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static void test_mended_mistakes(void **state)
{
    (void)state;
    assert_mended("rule r on input when a = 1 then deny", "rule r on input when a == 1 then deny");
    assert_mended("set s == { }", "set s = { }");
    assert_mended("rule r on input when a && b then deny",
                  "rule r on input when a and b then deny");
    assert_mended("rule r on input when a&&b then deny", "rule r on input when a and b then deny");
    assert_mended("rule r on input when !a then deny", "rule r on input when not a then deny");
    assert_mended("rule r on input if a then deny", "rule r on input when a then deny");
    assert_mended("rule r on input when a > 3 deny", "rule r on input when a > 3 then deny");
    assert_mended("rule r on input then denny", "rule r on input then deny");
    assert_mended("rule r on input then block", "rule r on input then deny");
    assert_mended("rule r on input when a == 'x' then deny",
                  "rule r on input when a == \"x\" then deny");
    assert_mended("rule r on input when a == “x” then deny",
                  "rule r on input when a == \"x\" then deny");
    assert_mended("rule r on action message then deny", "rule r on action \"message\" then deny");
    assert_mended("rule r on action create-issue then deny",
                  "rule r on action \"create-issue\" then deny");
    assert_mended("rule my-rule on input then deny", "rule my_rule on input then deny");
    assert_mended("rule r on input then deny;", "rule r on input then deny");
    assert_mended("set s = { \"a\", }", "set s = { \"a\" }");
    assert_mended("set s = { \"a\" \"b\" }", "set s = { \"a\", \"b\" }");
    assert_mended("# old", "// old");
    assert_mended("rule r on input when a and b or c then deny",
                  "rule r on input when (a and b) or c then deny");
    assert_mended("rule r on input when a or b and c then deny",
                  "rule r on input when a or (b and c) then deny");
    assert_mended("test \"t\" { input \"a\" expect denyed }",
                  "test \"t\" { input \"a\" expect deny }");
    assert_mended("test \"t\" { input \"a\"\nrule r on input then deny",
                  "test \"t\" { input \"a\"\n}\nrule r on input then deny");
}

/* One mistake, one message, and the next declaration is looked at. */
static void test_codes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *errors;
    } cases[] = {
        {"rule r on input then\nrule s on input then denny", "E0101@2:1 E0101@2:22"},
        {"rule r on input when a == \"x then deny\nrule s on input then denny",
         "E0104@1:27 E0101@2:22"},
        {"pattern p = /abc\nrule s on input then denny", "E0106@1:13 E0101@2:22"},
        {"/* a\n b */ set s = 5", "E0107@1:1 E0101@2:15"},
        {"/* never closed\nset s = 5", "E0107@1:1 E0101@2:9"},
        {"rule r on input when 1 < a < 3 then deny", "E0112@1:28"},
        {"rule r on input when a == b == c or d then deny", "E0112@1:29"},
        {"rule r on input when a and b or c then denny", "E0113@1:22 E0101@1:40"},
        {"rule r on input when (a and b then deny\nset s = 5", "E0116@1:22 E0101@2:9"},
        {"define d() = (a\nset s = 5", "E0116@1:14 E0101@2:9"},
        {"test \"t\" { input \"a\"", "E0116@1:10"},
        {"test \"t\" {\n inputt \"a\"\n expect\n action t { a: }\n wait 5\n expect deny\n}\nset s "
         "= 5",
         "E0101@2:2 E0101@4:2 E0101@4:16 E0101@5:7 E0101@8:9"},
        {"enum from { a }", "E0115@1:6"},
        {"rule r on input when a @ b then deny\nset s = 5", "E0119@1:24 E0101@1:26 E0101@2:9"},
        {"tool größe reads\nset s = 5", "E0123@1:6 E0101@2:9"},
        {"tool \"\" reads", "E0123@1:6"},
        {"tool \"a\\u{0}\" reads", "E0123@1:6"},
        {"rule r on input then deny under p", "E0101@1:27"},
        {"rule r on action test then deny", "E0115@1:18"},
        {"rule r on input when any x in y satisfy x then deny", "E0121@1:33"},
        {"rule r on input when x = 3 && !(y == 'z') then deny",
         "E0111@1:24 E0110@1:28 E0110@1:31 E0118@1:38"},
        {"rul r on input then deny", "E0101@1:1"},
        {"}", "E0101@1:1"},
        {"\"", "E0104@1:1"},
        {"'", "E0104@1:1"},
        {"set", "E0101@1:4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_errors(cases[i].text, cases[i].errors);
}

static void test_messages(void **state)
{
    (void)state;
    parse("rule r on input when a > 3 deny");
    assert_string_equal(message(0), "expected `then` before the effect, found `deny`");
    parse("rule r on input when a > 3");
    assert_string_equal(message(0),
                        "expected `unless`, `then`, `and` or `or`, found the end of the file");
    parse("rule r then deny");
    assert_string_equal(message(0), "expected `on`, found `then`");
    parse("rule r on action a under then deny");
    assert_string_equal(message(0), "expected the name of a principle, found `then`");
    parse("define d() = x ==");
    assert_string_equal(message(0), "expected a value, found the end of the file");
    parse("rule r on input when then deny");
    assert_string_equal(message(0), "expected a condition, found `then`");
    parse("hello");
    assert_string_equal(message(0), "expected the next declaration, found `hello`");
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static char *repeat(const char *head, const char *part, size_t count, const char *tail)
{
    const size_t length = strlen(part);
    char *const text = malloc(strlen(head) + length * count + strlen(tail) + 1);
    char *next = stpcpy(text, head);
    for (size_t i = 0; i < count; i++)
        next = stpcpy(next, part);
    strcpy(next, tail);
    return text;
}

static void assert_repeated(const char *head, const char *part, size_t count, const char *tail,
                            const char *code)
{
    char *const text = repeat(head, part, count, tail);
    const ast_file *const file = parse(text);
    buffer_clear(&now->out);
    ast_dump(&now->out, &now->compilation, file);
    if (!*code)
        assert_int_equal(now->compilation.error_count, 0);
    else
        assert_string_equal(diagnostic_code_name(now->compilation.diagnostics.items[0].code), code);
    free(text);
}

static void test_depth(void **state)
{
    (void)state;
    assert_repeated("define d() = ", "(", 400, "a", "E0116");
    assert_repeated("define d() = ", "not ", 400, "a", "");
    assert_repeated("define d() = ", "(", 100000, "a", "E0117");
    assert_repeated("define d() = ", "not ", 100000, "a", "E0117");
    assert_repeated("define d() = a", " + a", 900, "", "");
    assert_repeated("define d() = a", " + a", 100000, "", "E0117");
    assert_repeated("define d() = a", " folded", 100000, "", "E0117");
    assert_repeated("define d() = a", " and a", 100000, "", "");
    assert_repeated("define d() = a", ".a", 100000, "", "");
    assert_repeated("set s = { 1", ", 1", 100000, "}", "");
    assert_repeated("test \"t\" { given a ", "[", 100000, "", "E0117");
    assert_repeated("context c { a: ", "list<", 100000, "", "E0117");
    assert_repeated("define d() = ", "earlier (input where ", 10000, "", "E0117");
}

static void test_lengths(void **state)
{
    (void)state;
    assert_repeated("tool ", "a", LIMIT_NAME_BYTES, "", "");
    assert_repeated("tool ", "a", LIMIT_NAME_BYTES + 1, "", "E0120");
    assert_repeated("tool \"", "-", LIMIT_NAME_BYTES + 1, "\"", "E0120");
    assert_repeated("extends \"", "a", LIMIT_STRING_BYTES, "\"", "");
    assert_repeated("extends \"", "a", LIMIT_STRING_BYTES + 1, "\"", "E0120");
    assert_repeated("pattern p = /", "a", LIMIT_STRING_BYTES + 1, "/", "E0120");
    assert_repeated("//", "a", LIMIT_SOURCE_BYTES, "", "E0501");
    assert_repeated("", "? ", 1000, "", "E0101");
    assert_repeated("", "\n; ", 1000, "", "E0119");
    assert_int_equal(now->compilation.error_count, 1000);
    assert_int_equal(now->compilation.diagnostics.count, LIMIT_DIAGNOSTICS);
}

/* ---- sources and diagnostics ----------------------------------------------------------------- */

static cst_status read_callback(void *user, const char *path, char **bytes, size_t *length)
{
    unsigned *const open = user;
    if (strcmp(path, "dir/a.const") != 0)
        return CST_IO;
    ++*open;
    *length = 7;
    *bytes = malloc(7);
    memcpy(*bytes, "ab\ncé\n", 7);
    return CST_OK;
}

static void release_callback(void *user, char *bytes, size_t length)
{
    unsigned *const open = user;
    assert_int_equal(length, 7);
    free(bytes);
    *open += 100;
}

static void test_sources(void **state)
{
    fixture *const fixture = *state;
    compilation *const compilation = &fixture->compilation;
    unsigned calls = 0;
    compilation->reader = (compilation_reader){read_callback, release_callback, &calls};
    const uint32_t first = source_read(compilation, "dir/a.const", NULL);
    assert_int_equal(first, 0);
    assert_int_equal(source_read(compilation, "dir/a.const", NULL), 0);
    assert_int_equal(calls, 101);
    const source_position at = source_locate(compilation, first, 6);
    assert_int_equal(at.line, 2);
    assert_int_equal(at.column, 3);
    assert_int_equal(source_locate(compilation, first, 2).line, 1);
    assert_int_equal(source_locate(compilation, first, 3).column, 1);
    assert_int_equal(source_locate(compilation, first, 7).line, 3);
    assert_int_equal(source_read(compilation, "dir/b.const", &(source_range){0, 0, 2}), UINT32_MAX);
    assert_int_equal(compilation->diagnostics.items[0].code, E_FILE_UNREADABLE);
    assert_string_equal(source_relative(compilation, first, "./b.const"), "dir/b.const");
    assert_string_equal(source_relative(compilation, first, "../b.const"), "dir/../b.const");
    assert_string_equal(source_relative(compilation, first, "/b.const"), "/b.const");
    compilation->reader = (compilation_reader){0};
    assert_int_equal(source_read(compilation, "/", NULL), UINT32_MAX);
    assert_int_equal(source_read(compilation, "/nowhere/at/all", NULL), UINT32_MAX);
    assert_int_not_equal(source_read(compilation, PROJECT_DIR "/README.md", NULL), UINT32_MAX);
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"send_email", "refund",   "read_file",
                                        "to",         "customer", "deny"};
    const uint32_t count = sizeof names / sizeof *names;
    assert_string_equal(diagnostic_nearest("send_mail", names, count), "send_email");
    assert_string_equal(diagnostic_nearest("costumer", names, count), "customer");
    assert_string_equal(diagnostic_nearest("REFUND", names, count), "refund");
    assert_string_equal(diagnostic_nearest("erfund", names, count), "refund");
    assert_string_equal(diagnostic_nearest("dney", names, count), "deny");
    assert_null(diagnostic_nearest("banana", names, count));
    assert_null(diagnostic_nearest("xy", names, count));
    assert_null(diagnostic_nearest("", names, count));
    assert_null(diagnostic_nearest("send", names, count));
}

static void test_rows(void **state)
{
    (void)state;
    for (int code = 0; code < DIAGNOSTIC_CODE_COUNT; code++) {
        const char *const name = diagnostic_code_name((diagnostic_code)code);
        assert_int_equal(strlen(name), 5);
        for (int other = 0; other < code; other++)
            if (strcmp(name, diagnostic_code_name((diagnostic_code)other)) == 0)
                fail_msg("%s stands twice in diagnostics.def", name);
        if (strncmp(name, "E01", 3) == 0)
            assert_non_null(strstr(diagnostic_code_explanation((diagnostic_code)code), "Mended"));
        assert_true(strlen(diagnostic_code_title((diagnostic_code)code)) > 0);
    }
}

static void test_rendering(void **state)
{
    (void)state;
    parse("// é\n\trule r on action send-it then\tdenny\n");
    buffer_clear(&now->out);
    for (uint32_t i = 0; i < now->compilation.diagnostics.count; i++)
        render_text(&now->out, &now->compilation, &now->compilation.diagnostics.items[i], false);
    render_summary(&now->out, &now->compilation, false);
    assert_string_equal(now->out.bytes,
                        "error[E0123]: `send-it` is no name\n"
                        " --> t.const:2:19\n"
                        "  |\n"
                        "2 |     rule r on action send-it then    denny\n"
                        "  |                      ^^^^^^^\n"
                        "  = help: quote it: \"send-it\"\n"
                        "\n"
                        "error[E0101]: expected an effect (`deny`, `refuse`, `require approval`, "
                        "`redact`, `flag` …), found `denny`\n"
                        " --> t.const:2:32\n"
                        "  |\n"
                        "2 |     rule r on action send-it then    denny\n"
                        "  |                                      ^^^^^ did you mean `deny`?\n"
                        "  = help: write `deny`\n"
                        "\n"
                        "2 errors\n");
}

static void test_rendering_odd(void **state)
{
    (void)state;
    parse("rule r on input\nwhen a and\n  b\n  or c then deny");
    buffer_clear(&now->out);
    render_text(&now->out, &now->compilation, &now->compilation.diagnostics.items[0], false);
    assert_non_null(strstr(
        now->out.bytes, "2 | when a and\n  |      ^^^^^\n...\n4 |   or c then deny\n  |   ^^^^\n"));
    char *const text = repeat("set s = { \"a\"", ", \"aaaaaaaa\"", 100, " \"b\" }");
    parse(text);
    free(text);
    buffer_clear(&now->out);
    render_text(&now->out, &now->compilation, &now->compilation.diagnostics.items[0], true);
    assert_non_null(strstr(now->out.bytes, "…"));
    assert_true(now->out.length < 700);
    parse("extends \"\x1b[31m\"");
    buffer_clear(&now->out);
    render_text(&now->out, &now->compilation, &now->compilation.diagnostics.items[0], false);
    assert_null(strchr(now->out.bytes, '\x1b'));
}

static void test_json(void **state)
{
    (void)state;
    parse("rule r on input when a = 1 then deny");
    buffer_clear(&now->out);
    render_json(&now->out, &now->compilation, &now->compilation.diagnostics.items[0]);
    assert_string_equal(
        now->out.bytes,
        "{\"severity\":\"error\",\"code\":\"E0111\",\"title\":\"= and == "
        "confused\",\"message\":\"a comparison is "
        "written "
        "`==`\",\"file\":\"t.const\",\"line\":1,\"column\":24,\"end_line\":1,\"end_column\":25,"
        "\"start\":23,"
        "\"end\":24,\"notes\":[],\"mend\":{\"message\":\"write "
        "`==`\",\"edit\":{\"text\":\"==\",\"file\":\"t.const\","
        "\"line\":1,\"column\":24,\"end_line\":1,\"end_column\":25,\"start\":23,\"end\":24}}}\n");
    buffer_clear(&now->out);
    render_sarif(&now->out, &now->compilation, now->compilation.diagnostics.items, 1, "0.1.0");
    assert_non_null(strstr(now->out.bytes, "\"version\":\"2.1.0\""));
    assert_non_null(
        strstr(now->out.bytes, "\"ruleId\":\"E0111\",\"ruleIndex\":0,\"level\":\"error\""));
    assert_non_null(
        strstr(now->out.bytes, "\"deletedRegion\":{\"startLine\":1,\"startColumn\":24"));
}

static void test_tokens(void **state)
{
    (void)state;
    parse("");
    const uint32_t number = source_add(&now->compilation, "x", "rule é \"a\nx.in", 15);
    buffer_clear(&now->out);
    tokens_dump(&now->out, &now->compilation, number);
    assert_string_equal(
        now->out.bytes,
        "1:1 RULE \"rule\"\n1:6 NAME \"é\" malformed\n1:8 STRING \"\\\"a\" malformed\n"
        "2:1 NAME \"x\"\n2:2 DOT \".\"\n2:3 IN \"in\"\n2:5 END\n");
}

/* ---- acceptance, memory ---------------------------------------------------------------------- */

static void parse_folder(const char *folder)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", PROJECT_DIR, folder);
    DIR *const open = opendir(path);
    assert_non_null(open);
    for (const struct dirent *entry; (entry = readdir(open));) {
        const size_t length = strlen(entry->d_name);
        if (length < 6 || strcmp(entry->d_name + length - 6, ".const") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s/%s", PROJECT_DIR, folder, entry->d_name);
        parse("");
        pass_parse(&now->compilation, source_read(&now->compilation, path, NULL));
        if (now->compilation.error_count)
            fail_msg("%s: %s", path, message(0));
    }
    closedir(open);
}

static void test_policies(void **state)
{
    (void)state;
    parse_folder("stdlib");
    parse_folder("examples");
    parse_folder("examples/agentdojo");
    parse_folder("tests/fuzz/corpus/policy");
}

/* False if memory ran out on the way: then the jump has arrived here. */
static bool parse_with(size_t allowed)
{
    meter memory = {.fail_at = allowed + 1, .onwards = true};
    const cst_allocator scarce = metered(&memory);
    static compilation compilation;
    compilation_begin(&compilation, &scarce, NULL);
    if (setjmp(compilation.out_of_memory)) {
        compilation_end(&compilation);
        return false;
    }
    pass_parse(&compilation,
               source_read(&compilation, PROJECT_DIR "/examples/support.const", NULL));
    assert_int_equal(compilation.error_count, 0);
    compilation_end(&compilation);
    return true;
}

/* Whichever allocation fails, nothing is leaked (the leak checker looks) and nothing else happens.
 */
static void test_out_of_memory(void **state)
{
    (void)state;
    size_t allowed = 0;
    while (!parse_with(allowed))
        assert_true(allowed++ < 200);
    assert_true(allowed > 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_declarations), TEST(test_rules),           TEST(test_conditions),
        TEST(test_history),      TEST(test_soft_words),      TEST(test_tests),
        TEST(test_ranges),       TEST(test_escapes),         TEST(test_numbers),
        TEST(test_bytes),        TEST(test_mended_mistakes), TEST(test_codes),
        TEST(test_messages),     TEST(test_depth),           TEST(test_lengths),
        TEST(test_sources),      TEST(test_nearest),         TEST(test_rows),
        TEST(test_rendering),    TEST(test_rendering_odd),   TEST(test_json),
        TEST(test_tokens),       TEST(test_policies),        TEST(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
