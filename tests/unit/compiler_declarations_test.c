/*
 * compiler_declarations_test.c - the declaration half of the check pass: files, names, tools, sets,
 * tests, warnings.
 *
 * Each case is a policy in memory, with the files it names, and what must come of it: codes of
 * diagnostics, or rows of the checked policy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "compiler/checked.h"
#include "compiler/cost.h"
#include "compiler/diagnostic.h"
#include "runtime/limits.h"

typedef struct file {
    const char *path, *text;
    size_t length; /* 0: strlen */
} file;

typedef struct fixture {
    compilation compilation;
    const file *files;
} fixture;

static cst_status read_memory(void *user, const char *path, char **bytes, size_t *length)
{
    for (const file *file = ((const fixture *)user)->files; file != NULL && file->path != NULL;
         file++) {
        if (strcmp(file->path, path) != 0)
            continue;
        *length = file->length != 0 ? file->length : strlen(file->text);
        *bytes = malloc(*length + 1);
        memcpy(*bytes, file->text, *length);
        return CST_OK;
    }
    return CST_IO;
}

static void release_memory(void *user, char *bytes, size_t length)
{
    (void)user;
    (void)length;
    free(bytes);
}

static void out_of_memory(void *user)
{
    longjmp(((compilation *)user)->out_of_memory, 1);
}

/* Checks `text` as m.const; the caller frees the arena by `done`. */
static checked_policy *check(fixture *fixture, const char *text, const file *files)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->files = files;
    compilation *const compilation = &fixture->compilation;
    arena_init(&compilation->arena, NULL, 0);
    compilation->arena.failed = out_of_memory;
    compilation->arena.failed_user = compilation;
    compilation->reader = (compilation_reader){read_memory, release_memory, fixture};
    if (setjmp(compilation->out_of_memory) != 0)
        fail_msg("out of memory");
    pass_check(compilation, source_add(compilation, "m.const", text, strlen(text)));
    return compilation->checked;
}

static void done(fixture *fixture)
{
    arena_free(&fixture->compilation.arena);
}

static const diagnostic *find(const fixture *fixture, const char *code)
{
    for (uint32_t i = 0; i < fixture->compilation.diagnostics.count; i++)
        if (strcmp(diagnostic_code_name(fixture->compilation.diagnostics.items[i].code), code) == 0)
            return &fixture->compilation.diagnostics.items[i];
    return NULL;
}

static void print_all(const fixture *fixture)
{
    for (uint32_t i = 0; i < fixture->compilation.diagnostics.count; i++) {
        const diagnostic *const d = &fixture->compilation.diagnostics.items[i];
        print_message("  %s %u-%u %s%s%s\n", diagnostic_code_name(d->code), d->range.start,
                      d->range.end, d->message, d->label != NULL ? ": " : "",
                      d->label != NULL ? d->label : "");
    }
}

/* The codes of all diagnostics are exactly `codes`, a text of them with blanks, in any order; each
 * may come more than once. */
static void expect_codes(const char *text, const file *files, const char *codes)
{
    fixture fixture;
    check(&fixture, text, files);
    bool good = true;
    for (uint32_t i = 0; i < fixture.compilation.diagnostics.count; i++)
        good = good &&
               strstr(codes, diagnostic_code_name(fixture.compilation.diagnostics.items[i].code)) !=
                   NULL;
    for (const char *next = codes; *next != '\0'; next += next[5] == ' ' ? 6 : 5) {
        const char code[6] = {next[0], next[1], next[2], next[3], next[4], '\0'};
        good = good && find(&fixture, code) != NULL;
    }
    if (!good) {
        print_message("%s\n  wanted: %s\n", text, codes);
        print_all(&fixture);
    }
    done(&fixture);
    assert_true(good);
}

static void expect_suggestion(const char *text, const char *code, const char *edit)
{
    fixture fixture;
    check(&fixture, text, NULL);
    const diagnostic *const d = find(&fixture, code);
    if (d == NULL)
        print_all(&fixture);
    assert_non_null(d);
    assert_true(d->has_edit);
    assert_string_equal(d->edit_text, edit);
    done(&fixture);
}

#define HEAD "constitution m \"1\"\n"

/* ---- names and declarations ------------------------------------------------------------------ */

static void names(void **state)
{
    (void)state;
    expect_codes(HEAD "rule r on input then flag\nrule r on output then flag\n", NULL, "E0200");
    /* A rule may be called as something that is no rule; rules and permits share their names. */
    expect_codes(HEAD "import std.net\ntool t(u: url) reads\nrule net on action t when "
                      "net.local_name(args.u) then deny\n"
                      "test \"t\" { action t { u: \"http://localhost/\" } expect deny by net\n"
                      "  action t { u: \"http://a.example/\" } expect permit }\n",
                 NULL, "");
    expect_codes(HEAD "default action deny\nrule r on action then flag\npermit r on action\n", NULL,
                 "E0200");
    expect_codes(HEAD "rule r on input then flag\nrule q on input when text == r then flag\n", NULL,
                 "E0258");
    expect_codes(HEAD "set text = { \"a\" }\nrule r on input then flag\n", NULL, "E0208");
    expect_codes(HEAD "enum string { a }\nrule r on input then flag\n", NULL, "E0208");
    expect_codes(HEAD "tool unknown(a: int)\n", NULL, "E0208");
    expect_codes(HEAD "enum Role { a, b, a }\ncontext user { role: Role }\nrule r on input when "
                      "user.role == a then flag\n",
                 NULL, "E0209");
    expect_codes(HEAD "constitution n \"2\"\n", NULL, "E0211");
    expect_codes("rule r on input then flag\n", NULL, "W1008");
    expect_codes(HEAD "default action deny\ndefault action allow\n", NULL, "E0210");
    expect_codes(HEAD "rule r on input under privcy then flag\n", NULL, "E0203");
    expect_codes(HEAD "approvals by user\nrule r on input then require approval from manager\n",
                 NULL, "E0204");
    expect_codes(HEAD "approvals by user\ndefault action require approval from usr\n", NULL,
                 "E0204");
    expect_codes(HEAD "rule r on input then require approval from manager\n", NULL, "W1007");
    expect_codes(HEAD "default action require approval from user\n", NULL, "W1007");
}

static void tools(void **state)
{
    (void)state;
    expect_suggestion(HEAD "tool send_email(to: email)\nrule r on action send_mail then deny\n",
                      "E0201", "send_email");
    expect_suggestion(
        HEAD "tool \"create-issue\"(title: string)\nrule r on action create_issue then deny\n",
        "E0201", "\"create-issue\"");
    expect_suggestion(HEAD "tool a(s: string) reads\nrule r on action tagged read then deny\n",
                      "E0202", "reads");
    expect_codes(HEAD "tool a(s: string)\nrule r on input a then deny\n", NULL, "E0215");
    expect_codes(HEAD "tool a(s: string)\ntool a(s: int)\nrule r on action a then deny\n", NULL,
                 "E0214");
    expect_codes(HEAD "tool a, a(s: string)\nrule r on action a then deny\n", NULL, "E0214");
    fixture fixture;
    const checked_policy *const policy = check(
        &fixture, HEAD "tool a, b(s: string) x y\ntool a y z\nrule r on action b or a then deny\n",
        NULL);
    assert_int_equal(policy->tools.count, 3);
    assert_string_equal(policy->tools.items[1].name, "a");
    assert_int_equal(policy->tools.items[1].tag_count, 3);
    assert_int_equal(policy->tools.items[2].tag_count, 2);
    assert_ptr_equal(policy->tools.items[1].parameters, policy->tools.items[2].parameters);
    assert_string_equal(policy->rules.items[0].bodies[0].selector.label, "action b or a");
    assert_int_equal(policy->rules.items[0].bodies[0].selector.tools[0], 1);
    done(&fixture);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void modules(void **state)
{
    (void)state;
    const file files[] = {
        {"a.const", "import b\nset s = { \"x\" }\n", 0},
        {"b.const", "import a\n", 0},
        {"rules.const", "rule r on input then deny\ndefine p(s: string) = s == \"x\"\n", 0},
        {"lib/names.const", "import deep.inner\ndefine known(s: string) = inner.is_x(s)\n", 0},
        {"lib/deep/inner.const", "define is_x(s: string) = s == \"x\"\n", 0},
        {NULL, NULL, 0},
    };
    expect_codes(HEAD "import std.nett\n", files, "E0510");
    expect_codes(HEAD "import lib.\"../m\"\n", files, "E0510");
    expect_codes(HEAD "import missing\n", files, "E0500");
    expect_codes(HEAD "import a\nrule r on input when text contains any a.s then flag\n", files,
                 "E0511");
    expect_codes(HEAD "import m\n", (const file[]){{"m.const", "import m\n", 0}, {NULL, NULL, 0}},
                 "E0511");
    expect_codes(HEAD "import rules\nrule r on input when rules.p(text) then flag\n", files,
                 "E0512");
    expect_codes(HEAD "import lib.names\nrule r on input when names.known(text) then flag\n", files,
                 "");
    expect_codes(
        HEAD
        "import lib.names\nimport lib.names\nrule r on input when names.known(text) then flag\n",
        files, "E0200");
    expect_codes(HEAD "import lib.names\nrule r on input then flag\n", files, "W1000");
    expect_codes(HEAD "import std.net\ntool t(u: url)\nrule r on action t when "
                      "net.metadata_service(args.u) then deny\n",
                 NULL, "");
}

static void layers(void **state)
{
    (void)state;
    const file files[] = {
        {"up.const",
         "constitution up \"1\"\nenum Role { a, b }\ncontext user { role: Role, id?: string }\nset "
         "s = { \"x\" }\n"
         "tool t(n: int) x\nprinciple p \"P\"\nrule upper on action t when user.role == a then "
         "deny\n",
         0},
        {"loop.const", "constitution loop \"1\"\nextends \"m.const\"\n", 0},
        {NULL, NULL, 0},
    };
    expect_codes(
        HEAD
        "extends \"up.const\"\nrule r on input under p when text contains any up.s then flag\n",
        files, "");
    expect_codes(
        HEAD "extends \"up.const\"\nenum Role { b, a }\ncontext user { id: string, role: Role }\n"
             "rule r on input when user.id == \"x\" and user.role == b then flag\n",
        files, "");
    expect_codes(HEAD "extends \"up.const\"\ncontext user { id?: int }\nrule r on input when "
                      "user.id is present then flag\n",
                 files, "E0212");
    expect_codes(HEAD "extends \"up.const\"\ntool t(n: string) y\nrule r on action t then flag\n",
                 files, "E0212");
    expect_codes(HEAD "extends \"up.const\"\nextends \"up.const\"\n", files, "E0514");
    expect_codes(HEAD "extends \"loop.const\"\n",
                 (const file[]){{"loop.const", "constitution loop \"1\"\nextends \"m.const\"\n", 0},
                                {"m.const", HEAD, 0},
                                {NULL, NULL, 0}},
                 "E0511");
    expect_codes("constitution up \"1\"\nextends \"up.const\"\n", files, "E0515");
    expect_codes(
        HEAD
        "extends \"up.const\"\nset up = { \"x\" }\nrule r on input when text contains any up then flag\n",
        files, "E0515");
    fixture fixture;
    const checked_policy *const policy =
        check(&fixture,
              HEAD "extends \"up.const\"\ntool t(m: int) y\ndefault action deny\ntest \"t\" { "
                   "action t { n: 1, m: 2 } expect deny by up.upper, default }\n",
              files);
    print_all(&fixture);
    assert_int_equal(policy->layer_count, 2);
    assert_string_equal(policy->layers[1].name, "up");
    assert_int_equal(policy->layers[0].defaults[CST_ACTION].verdict, CST_DENY);
    assert_int_equal(policy->layers[1].defaults[CST_ACTION].verdict, CST_PERMIT);
    assert_int_equal(policy->tools.items[1].parameters->field_count, 2);
    assert_int_equal(policy->tools.items[1].tag_count, 2);
    assert_int_equal(policy->tests.items[0].steps[1].by_count, 2);
    assert_int_equal(policy->tests.items[0].steps[1].by[1], CST_NONE);
    assert_int_equal(fixture.compilation.error_count, 0);
    done(&fixture);
}

static void layer_limit(void **state)
{
    (void)state;
    char names[LIMIT_LAYERS + 2][16], texts[LIMIT_LAYERS + 2][64];
    file files[LIMIT_LAYERS + 3] = {{0}};
    for (unsigned i = 0; i < LIMIT_LAYERS + 2; i++) {
        snprintf(names[i], sizeof names[i], "l%u.const", i);
        snprintf(texts[i], sizeof texts[i], "constitution l%u \"1\"\nextends \"l%u.const\"\n", i,
                 i + 1);
        files[i] = (file){names[i], texts[i], 0};
    }
    expect_codes(HEAD "extends \"l0.const\"\n", files, "E0700");
}

/* ---- imported tools -------------------------------------------------------------------------- */

static const char *shape(compilation *compilation, const type *type)
{
    arena *const arena = &compilation->arena;
    static const char *const kinds[CST_KIND_COUNT] = {
        [CST_KIND_BOOL] = "bool",       [CST_KIND_INT] = "int",       [CST_KIND_FLOAT] = "float",
        [CST_KIND_DECIMAL] = "decimal", [CST_KIND_STRING] = "string", [CST_KIND_TIME] = "time",
        [CST_KIND_ENUM] = "enum",       [CST_KIND_EMAIL] = "email",   [CST_KIND_URL] = "url",
        [CST_KIND_IP] = "ip",           [CST_KIND_JSON] = "json"};
    if (type == NULL)
        return "open";
    const char *text = kinds[type->kind];
    if (type->kind == CST_KIND_LIST)
        text = arena_format(arena, "[%s]", shape(compilation, type->element));
    if (type->kind == CST_KIND_RECORD) {
        text = "{";
        for (uint32_t i = 0; i < type->field_count; i++)
            text = arena_format(arena, "%s%s%s%s:%s", text, i == 0 ? "" : " ", type->fields[i].name,
                                type->fields[i].optional ? "?" : "",
                                shape(compilation, type->fields[i].type));
        text = arena_format(arena, "%s}", text);
    }
    return type->bound == 0 ? text : arena_format(arena, "%s(%u)", text, type->bound);
}

#define IMPORT HEAD "import tools \"t.json\"\n"

/* The parameters (and tags) of the first tool of a file. */
static void expect_tool(const char *json, const char *wanted)
{
    const file files[] = {{"t.json", json, 0}, {NULL, NULL, 0}};
    fixture fixture;
    const checked_policy *const policy = check(&fixture, IMPORT, files);
    const char *got = "no tool";
    if (policy->tools.count > 1) {
        got = arena_format(&fixture.compilation.arena, "%s %s", policy->tools.items[1].name,
                           shape(&fixture.compilation, policy->tools.items[1].parameters));
        for (uint32_t i = 0; i < policy->tools.items[1].tag_count; i++)
            got = arena_format(&fixture.compilation.arena, "%s %s", got,
                               policy->tools.items[1].tags[i]);
    }
    if (strcmp(got, wanted) != 0 || fixture.compilation.error_count != 0)
        print_all(&fixture);
    assert_string_equal(got, wanted);
    assert_int_equal(fixture.compilation.error_count, 0);
    done(&fixture);
}

static void tool_forms(void **state)
{
    (void)state;
    expect_tool("{\"tools\":[{\"name\":\"a\",\"inputSchema\":{\"type\":\"object\",\"properties\":{"
                "\"x\":{\"type\":\"string\"}}}}]}",
                "a {x?:string}");
    expect_tool("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":[{\"name\":\"a\","
                "\"inputSchema\":{\"type\":\"object\",\"properties\":"
                "{\"x\":{\"type\":\"integer\"}},\"required\":[\"x\"]},\"annotations\":{"
                "\"readOnlyHint\":true,\"openWorldHint\":true}}]}}",
                "a {x:int} reads external");
    expect_tool("[{\"type\":\"function\",\"function\":{\"name\":\"a\",\"parameters\":{\"type\":"
                "\"object\",\"properties\":{\"x\":{\"type\":\"number\"}}}}}]",
                "a {x?:float}");
    expect_tool("[{\"type\":\"function\",\"function\":{\"name\":\"a\"}}]", "a {}");
    expect_tool("{\"functions\":[{\"name\":\"a\",\"parameters\":{\"type\":\"object\","
                "\"properties\":{\"x\":{\"type\":\"boolean\"}}}}]}",
                "a {x?:bool}");
    expect_tool("[{\"type\":\"function\",\"name\":\"a\",\"parameters\":{\"type\":\"object\","
                "\"properties\":{}}}]",
                "a {}");
    expect_tool("[{\"name\":\"a\",\"input_schema\":{\"type\":\"object\",\"properties\":{\"x\":{"
                "\"type\":[\"string\",\"null\"]}},\"required\":[\"x\"]}}]",
                "a {x?:string}");
    expect_tool(
        "{\"a\":{\"type\":\"object\",\"properties\":{\"x\":{\"$ref\":\"#/$defs/"
        "e\"}},\"required\":[\"x\"]},\"$defs\":{\"e\":{\"type\":\"string\",\"format\":\"email\"}}}",
        "a {x:email}");
    expect_tool("[{\"name\":\"create-issue\"}]", "create-issue open");
    expect_tool("{\"a\":{\"type\":\"object\",\"additionalProperties\":false}}", "a {} closed");
    expect_tool("{\"a\":{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}},"
                "\"additionalProperties\":false}}",
                "a {n?:int} closed");
    expect_tool("{\"a\":{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}},"
                "\"additionalProperties\":true}}",
                "a {n?:int}");
    expect_tool("{\"a\":{\"type\":\"object\"}}", "a open");
}

static void expect_field(const char *schema, const char *wanted)
{
    char json[2048], expected[256];
    snprintf(json, sizeof json,
             "{\"a\":{\"type\":\"object\",\"required\":[\"x\"],\"properties\":{\"x\":%s},\"$defs\":"
             "{\"loop\":{\"type\":\"object\",\"properties\":"
             "{\"next\":{\"$ref\":\"#/$defs/"
             "loop\"}},\"required\":[\"next\"]},\"self\":{\"$ref\":\"#/$defs/self\"}}}}",
             schema);
    snprintf(expected, sizeof expected, "a {x%s}", wanted);
    expect_tool(json, expected);
}

static void schemas(void **state)
{
    (void)state;
    expect_field("{\"type\":\"string\",\"maxLength\":20}", ":string(20)");
    expect_field("{\"type\":\"string\",\"format\":\"uri\"}", ":url");
    expect_field("{\"type\":\"string\",\"format\":\"ipv6\"}", ":ip");
    expect_field("{\"type\":\"string\",\"format\":\"date-time\"}", ":time");
    expect_field("{\"type\":\"string\",\"format\":\"uuid\",\"pattern\":\"x\"}", ":string");
    expect_field("{\"enum\":[\"a\",\"b\"]}", ":enum");
    expect_field("{\"type\":\"string\",\"enum\":[\"a\",null]}", "?:enum");
    expect_field("{\"enum\":[1,\"b\"]}", ":json");
    expect_field("{\"type\":\"integer\",\"enum\":[1,2]}", ":int");
    expect_field("{\"const\":\"a\"}", ":enum");
    expect_field("{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"maxItems\":3}",
                 ":[int](3)");
    expect_field("{\"type\":\"array\"}", ":[json]");
    expect_field("{\"type\":\"array\",\"items\":{\"type\":[\"integer\",\"null\"]}}", ":[json]");
    expect_field("{\"type\":\"object\"}", ":json");
    expect_field("{\"type\":\"object\",\"properties\":{\"y\":{\"type\":\"integer\"}}}",
                 ":{y?:int}");
    expect_field("{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"null\"}]}", "?:int");
    expect_field("{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"string\"}]}", ":json");
    expect_field("{\"allOf\":[{\"type\":\"integer\"}],\"default\":3}", ":int");
    expect_field("{\"type\":[\"integer\",\"number\"]}", ":float");
    expect_field("{}", ":json");
    expect_field("true", ":json");
    expect_field("{\"$ref\":\"#/$defs/loop\"}", ":{next:json}");
    expect_field("{\"$ref\":\"#/$defs/self\"}", ":json");
    expect_field("{\"$ref\":\"https://example.com/x\"}", ":json");
}

static void expect_import_error(const char *json, const char *code)
{
    const file files[] = {{"t.json", json, 0}, {NULL, NULL, 0}};
    fixture fixture;
    check(&fixture, IMPORT, files);
    const diagnostic *const d = find(&fixture, code);
    if (d == NULL) {
        print_message("%s\n  wanted %s\n", json, code);
        print_all(&fixture);
    }
    assert_non_null(d);
    assert_int_equal(d->range.file, 1);
    assert_true(d->range.start <= d->range.end && d->range.end <= strlen(json));
    done(&fixture);
}

static void import_errors(void **state)
{
    (void)state;
    expect_import_error("{\"tools\":[}", "E0600");
    expect_import_error("", "E0600");
    expect_import_error("{\"a\":{},\"a\":{}}", "E0600");
    expect_import_error("3", "E0601");
    expect_import_error("{\"name\":\"a\",\"inputSchema\":{}}", "E0601");
    expect_import_error("[{\"description\":\"x\"}]", "E0601");
    expect_import_error("[3]", "E0601");
    expect_import_error("[{\"name\":\"unknown\"}]", "E0602");
    expect_import_error("[{\"name\":\"\"}]", "E0602");
    expect_import_error("[{\"name\":\"a\\u0000b\"}]", "E0602");
    expect_import_error("[{\"name\":\"a\"},{\"name\":\"a\"}]", "E0603");
    expect_import_error("{\"a\":{\"type\":\"object\",\"properties\":3}}", "E0604");
    expect_import_error("{\"a\":{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"strin\"}}}}",
                        "E0604");
    expect_import_error("{\"a\":{\"type\":\"object\",\"properties\":{},\"required\":\"x\"}}",
                        "E0604");
    expect_import_error(
        "{\"a\":{\"properties\":{\"x\":{\"$ref\":\"#/$defs/none\"}},\"type\":\"object\"}}",
        "E0605");
    char deep[4096] = "{\"a\":{\"type\":\"object\",\"properties\":{\"x\":";
    for (int i = 0; i < 40; i++)
        strcat(deep, "{\"type\":\"array\",\"items\":");
    strcat(deep, "{}");
    for (int i = 0; i < 40; i++)
        strcat(deep, "}");
    strcat(deep, "}}}");
    expect_import_error(deep, "E0704");
    /* Each level names the next one twice: 2^30 schemas if nothing counted them. */
    char wide[8192] = "{\"a\":{\"$ref\":\"#/$defs/d0\"},\"$defs\":{";
    for (int i = 0; i < 30; i++)
        snprintf(wide + strlen(wide), sizeof wide - strlen(wide),
                 "%s\"d%d\":{\"type\":\"object\",\"properties\":{\"l\":{\"$ref\":\"#/$defs/"
                 "d%d\"},\"r\":{\"$ref\":\"#/$defs/d%d\"}}}",
                 i == 0 ? "" : ",", i, i + 1, i + 1);
    strcat(wide, ",\"d30\":{\"type\":\"integer\"}}}");
    expect_import_error(wide, "E0704");
}

static void narrowing(void **state)
{
    (void)state;
    const file files[] = {
        {"t.json",
         "[{\"name\":\"pay\",\"input_schema\":{\"type\":\"object\",\"properties\":{\"amount\":{"
         "\"type\":\"number\"},\"to\":{\"type\":\"string\"}},"
         "\"required\":[\"amount\"]}}]",
         0},
        {NULL, NULL, 0},
    };
    expect_codes(IMPORT "tool pay(amout: decimal)\nrule r on action pay then deny\n", files,
                 "E0213");
    expect_codes(IMPORT "tool pya external\nrule r on action pay or pya then deny\n", files,
                 "W1009");
    expect_codes(IMPORT "import tools \"t.json\"\n", files, "E0603");
    fixture fixture;
    const checked_policy *const policy =
        check(&fixture,
              IMPORT "tool pay(amount?: decimal, to: email) pays\nrule r on action pay then deny\n",
              files);
    assert_string_equal(shape(&fixture.compilation, policy->tools.items[1].parameters),
                        "{amount:decimal to:email}");
    assert_true(policy->tools.items[1].tag_count == 1);
    done(&fixture);
}

/* ---- sets ------------------------------------------------------------------------------------ */

#define SET_POLICY(type)                                                                           \
    HEAD "set s from \"s.txt\"\ntool t(x: " type                                                   \
         ")\nrule r on action t when args.x in s then deny\n"

static void sets(void **state)
{
    (void)state;
    fixture fixture;
    const file lines[] = {{"s.txt",
                           "\xef\xbb\xbf"
                           "b@x.test\r\n\r\nA@X.test\na@x.test\n\n",
                           0},
                          {NULL, NULL, 0}};
    const checked_policy *policy = check(&fixture, SET_POLICY("email"), lines);
    print_all(&fixture);
    assert_int_equal(policy->sets.count, 1);
    /* the local part may keep its case */
    assert_true(policy->sets.items[0].count == 2 || policy->sets.items[0].count == 3);
    for (uint32_t i = 1; i < policy->sets.items[0].count; i++)
        assert_true(strcmp(policy->sets.items[0].values[i - 1].as.text,
                           policy->sets.items[0].values[i].as.text) < 0);
    done(&fixture);

    const file numbers[] = {{"s.txt", "30\n-5\n7\n30", 0}, {NULL, NULL, 0}};
    policy = check(&fixture, SET_POLICY("int"), numbers);
    assert_int_equal(policy->sets.items[0].count, 3);
    assert_int_equal(policy->sets.items[0].values[0].as.integer, -5);
    assert_int_equal(policy->sets.items[0].values[2].as.integer, 30);
    done(&fixture);

    const file networks[] = {
        {"s.txt", "10.1.0.0/16\n10.0.0.0/16\n192.168.0.1\n10.0.5.0/24\n::1\n", 0}, {NULL, NULL, 0}};
    policy = check(&fixture, SET_POLICY("ip"), networks);
    assert_int_equal(policy->sets.items[0].count, 3); /* the two /16 touch and become one */
    for (uint32_t i = 1; i < policy->sets.items[0].count; i++)
        assert_true(memcmp(policy->sets.items[0].networks[i - 1].high,
                           policy->sets.items[0].networks[i].low, 16) < 0);
    done(&fixture);

    expect_codes(SET_POLICY("string"), (const file[]){{"s.txt", "a\n\xff\n", 0}, {NULL, NULL, 0}},
                 "E0516");
    expect_codes(SET_POLICY("string"), NULL, "E0500");
    check(&fixture, SET_POLICY("int"),
          (const file[]){{"s.txt", "a\nb\nc\nd\ne\nf\ng\n", 0}, {NULL, NULL, 0}});
    assert_non_null(find(&fixture, "E0217"));
    assert_int_equal(fixture.compilation.error_count, 6);
    done(&fixture);
    expect_codes(HEAD "set s = { user.id, \"a\" }\nrule r on input when text in s then flag\n",
                 NULL, "E0216");
}

static void large_set(void **state)
{
    (void)state;
    const uint32_t count = LIMIT_SET_ENTRIES;
    char *const text = malloc((size_t)count * 32 + 64);
    size_t length = 0;
    for (uint32_t i = 0; i < count; i++)
        length +=
            (size_t)sprintf(text + length, "host-%u.example.com\n", i * 2654435761u % 4000000007u);
    const file files[] = {{"s.txt", text, length}, {NULL, NULL, 0}};
    fixture fixture;
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    const checked_policy *const policy = check(&fixture, SET_POLICY("string"), files);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    print_message("a set of %u: %.0f ms\n", count,
                  (double)(after.tv_sec - before.tv_sec) * 1e3 +
                      (double)(after.tv_nsec - before.tv_nsec) / 1e6);
    assert_int_equal(policy->sets.items[0].count, count);
    done(&fixture);
    memcpy(text + length, "one.more\n", 10);
    expect_codes(SET_POLICY("string"), (const file[]){{"s.txt", text, length + 9}, {NULL, NULL, 0}},
                 "E0703");
    free(text);
}

/* ---- tests ----------------------------------------------------------------------------------- */

#define TESTED                                                                                     \
    HEAD "agents planner, coder\nenum Role { a, b }\ncontext user { role: Role, age?: int }\n"     \
         "tool pay(amount: decimal, to: list<email>(2), note?: string(5)) pays\ntool get(id: "     \
         "int) returns { ok: bool } reads\n"                                                       \
         "rule r on action pay when args.amount > 5.0 and user.role == a then deny\n"

static void test_blocks(void **state)
{
    (void)state;
    fixture fixture;
    const checked_policy *const policy =
        check(&fixture,
              TESTED "test \"t\" {\n given user { role: a }\n action pay as coder { amount: 6.50, "
                     "to: [\"x@y.test\"] }\n expect deny by r\n"
                     " action pay { amount: 1.0, to: [] }\n expect permit\n action get { id: 7 }\n "
                     "result get value { ok: true }\n wait 10m\n"
                     " message planner to coder \"hi \\\"you\\\"\"\n expect permit }\n",
              NULL);
    print_all(&fixture);
    assert_int_equal(fixture.compilation.diagnostics.count, 0);
    const checked_test *const test = &policy->tests.items[0];
    assert_int_equal(test->step_count, 10);
    assert_string_equal(test->steps[0].json, "{\"role\":\"a\"}");
    assert_string_equal(test->steps[1].event,
                        "{\"stage\":\"action\",\"agent\":\"coder\",\"tool\":\"pay\",\"args\":{"
                        "\"amount\":6.50,\"to\":[\"x@y.test\"]}}");
    assert_int_equal(test->steps[2].by[0], 0);
    assert_string_equal(
        test->steps[6].event,
        "{\"stage\":\"result\",\"tool\":\"get\",\"args\":{\"id\":7},\"value\":{\"ok\":true}}");
    assert_int_equal(test->steps[7].wait_us, 600000000);
    assert_string_equal(test->steps[8].event,
                        "{\"stage\":\"message\",\"agent\":\"planner\",\"from\":\"planner\",\"to\":"
                        "\"coder\",\"text\":\"hi \\\"you\\\"\"}");
    done(&fixture);

#define BLOCK(steps) TESTED "test \"t\" { " steps " }\n"
    expect_codes(BLOCK("expect deny"), NULL, "E0450");
    expect_codes(BLOCK("given usr { role: a }"), NULL, "E0206");
    expect_codes(BLOCK("given user { rol: a }"), NULL, "E0218");
    expect_codes(BLOCK("action pay { amout: 5.0 }"), NULL, "E0218");
    expect_codes(BLOCK("action pay { amount: \"five\" }"), NULL, "E0451");
    expect_codes(BLOCK("action pay { amount: 0.1234567 }"), NULL, "E0451");
    expect_codes(BLOCK("action pay { note: \"too long\" }"), NULL, "E0451");
    expect_codes(BLOCK("action pay { to: [\"a@b.test\", \"a@b.test\", \"a@b.test\"] }"), NULL,
                 "E0451");
    expect_codes(BLOCK("action pay { amount: 1.0, amount: 2.0 }"), NULL, "E0452");
    expect_codes(BLOCK("action pay { to: [] } expect deny"), NULL, "E0453");
    expect_codes(BLOCK("action pay { amount: null } expect malformed"), NULL, "W1005");
    expect_codes(BLOCK("action pay { to: [] } expect malformed"), NULL, "W1005");
    expect_codes(BLOCK("action pay { to: [] } action pay { amount: 1.0 } expect malformed"), NULL,
                 "E0453");
    expect_codes(BLOCK("action get {} result get \"done\" expect permit"), NULL, "W1005");
    expect_codes(BLOCK("action pya { amount: 1.0 }"), NULL, "E0201");
    expect_codes(BLOCK("action pay { amount: 1.0 } expect deny by s"), NULL, "E0205");
    expect_codes(BLOCK("action pay { amount: 1.0 } expect deny by up.r"), NULL, "E0205");
    expect_codes(BLOCK("message planer to coder \"hi\""), NULL, "E0207");
    expect_codes(BLOCK("input \"x\" expect label probing"), NULL, "E0806");
    expect_codes(BLOCK("given toxicity fails"), NULL, "E0657");
    fixture.files = NULL;
}

/* ---- warnings -------------------------------------------------------------------------------- */

#define PAY HEAD "tool pay(amount: decimal, to: string, fee?: int) pays\n"

static void warnings(void **state)
{
    (void)state;
    expect_codes(PAY "rule r on action pay when args.amount > 5.0 and 1 == 2 then deny\n", NULL,
                 "W1100");
    expect_codes(PAY
                 "rule r on action pay when args.amount > 5.0 and args.amount < 3.0 then deny\n",
                 NULL, "W1001");
    expect_codes(PAY
                 "rule r on action pay when args.amount >= 5.0 and args.amount <= 5.0 then deny\n",
                 NULL, "");
    expect_codes(PAY "rule r on action pay when args.to == \"a\" and args.to == \"b\" then deny\n",
                 NULL, "W1001");
    expect_codes(PAY
                 "rule r on action pay when args.to == \"a\" unless args.to == \"a\" then deny\n",
                 NULL, "W1001");
    expect_codes(PAY "tool get(id: int)\nrule r on action pay when tool == get then deny\n", NULL,
                 "W1001");
    expect_codes(PAY "rule r on action pay when 1 == 1 then deny\n", NULL, "W1100");
    expect_codes(PAY "rule r on action pay when args.amount == args.amount then deny\n", NULL,
                 "W1004");
    expect_codes(PAY "rule wide on action pay then deny\nrule narrow on action pay when "
                     "args.amount > 5.0 then flag\n",
                 NULL, "W1002");
    expect_codes(PAY "rule wide on action pay then flag\nrule narrow on action pay when "
                     "args.amount > 5.0 then deny\n",
                 NULL, "");
    expect_codes(PAY "rule wide on action when tool == pay then deny\nrule narrow on action pay "
                     "when args.amount > 5.0 and tool == pay then deny\n",
                 NULL, "W1002");
    expect_codes(PAY "rule a on action pay when args.to == \"x\" then deny\nrule b on action pay "
                     "when args.to == \"x\" and args.amount > 1.0 then deny\n",
                 NULL, "W1002");
    expect_codes(PAY "approvals by u, v\nrule a on action pay then require approval from u\nrule b "
                     "on action pay then require approval from v\n",
                 NULL, "");
    expect_codes(PAY "rule a on action pay in shadow then deny\nrule b on action pay when args.to "
                     "== \"x\" then deny\n",
                 NULL, "");
    expect_codes(PAY "permit p on action pay\n", NULL, "W1003");
    expect_codes(PAY "default action deny\npermit p on action pay\n", NULL, "");
    expect_codes(PAY "rule r on input then flag\n", NULL, "W1006");
    expect_codes(PAY "rule r on action when tool == pay then flag\n", NULL, "");
    expect_codes(HEAD "set s = { \"a\" }\nenum E { a }\ncontext c { e: string }\nprinciple p "
                      "\"P\"\ndefine d(x: string) = x == \"a\"\n",
                 NULL, "W1000");
    expect_codes(PAY "rule r on action pay when args.to == \"x\" then deny\n"
                     "test \"t\" { action pay { to: \"x\" } expect deny by r action pay { to: "
                     "\"y\" } expect permit }\n",
                 NULL, "");
    expect_codes(PAY "rule r on action pay when args.to == \"x\" then deny\ntest \"t\" { action "
                     "pay { to: \"x\" } expect deny by r }\n",
                 NULL, "W1005");
    expect_codes(PAY "rule r on action pay when args.to == \"x\" then deny\ntest \"t\" { input "
                     "\"x\" expect permit }\n",
                 NULL, "W1005");
}

static void many_covered(void **state)
{
    (void)state;
    /* Ten thousand rules with one conjunct in common: only those that share the rarest one are
     * compared. */
    const unsigned count = 10000;
    char *const text = malloc((size_t)count * 96 + 256);
    size_t length = (size_t)sprintf(text, PAY);
    for (unsigned i = 0; i < count; i++)
        length += (size_t)sprintf(
            text + length,
            "rule r%u on action pay when args.amount > 1.0 and args.to == \"x%u\" then deny\n", i,
            i);
    sprintf(text + length, "rule last on action pay when args.to == \"x77\" then deny\n");
    fixture fixture;
    check(&fixture, text, NULL);
    const diagnostic *const d = find(&fixture, "W1002");
    assert_non_null(d);
    assert_int_equal(fixture.compilation.warning_count, 1);
    done(&fixture);
    free(text);
}

/* ---- cost, dump, hash ------------------------------------------------------------------------ */

static void cost_and_dump(void **state)
{
    (void)state;
    fixture fixture;
    const checked_policy *const policy =
        check(&fixture,
              HEAD "tool pay(to: list<email>(50), n: int) pays\nset s = { \"a@b.test\" }\n"
                   "rule r on action pay when any a in args.to satisfies a in s then deny\n"
                   "rule o on action pay when args.n * 2 > 10 then deny\n",
              NULL);
    assert_int_equal(fixture.compilation.error_count, 0);
    stage_cost costs[CST_STAGE_COUNT];
    const cost_subject subject = cost_subject_of(&fixture.compilation, NULL);
    cost_of_stages(&fixture.compilation.arena, &subject, costs);
    assert_int_equal(costs[CST_ACTION].rules, 2);
    assert_int_equal(costs[CST_ACTION].worst_tool, 1);
    /* any, its list, for each of 50: the test, the element, 320 bytes of an address and one look at
     * the set; the five of `o` */
    assert_int_equal(costs[CST_ACTION].steps, 2 + 50 * (2 + 320 + 1) + 5);
    assert_int_equal(costs[CST_ACTION].scratch_bytes, 0);
    assert_int_equal(costs[CST_INPUT].steps, 0);
    buffer out;
    buffer_init(&out, NULL, 0);
    cost_write_text(&fixture.compilation.arena, &out, &subject);
    assert_non_null(strstr(out.bytes, "o: overflow at `args.n * 2`"));
    buffer_clear(&out);
    cost_write_json(&fixture.compilation.arena, &out, &subject);
    assert_non_null(strstr(out.bytes, "\"undecided\":[{\"rule\":\"o\",\"code\":\"overflow\""));
    buffer_clear(&out);
    checked_dump(&out, policy);
    assert_non_null(
        strstr(out.bytes, "tool 1 \"pay\" { to: list<email>(50), n: int } returns open pays\n"));
    buffer_free(&out);
    uint8_t hash[32];
    memcpy(hash, policy->source_hash, sizeof hash);
    done(&fixture);
    const checked_policy *const other = check(&fixture, HEAD "rule r on input then flag\n", NULL);
    assert_memory_not_equal(hash, other->source_hash, sizeof hash);
    done(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),         cmocka_unit_test(tools),
        cmocka_unit_test(modules),       cmocka_unit_test(layers),
        cmocka_unit_test(layer_limit),   cmocka_unit_test(tool_forms),
        cmocka_unit_test(schemas),       cmocka_unit_test(import_errors),
        cmocka_unit_test(narrowing),     cmocka_unit_test(sets),
        cmocka_unit_test(large_set),     cmocka_unit_test(test_blocks),
        cmocka_unit_test(warnings),      cmocka_unit_test(many_covered),
        cmocka_unit_test(cost_and_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
