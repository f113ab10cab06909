/*
 * Tests of conditions: what compiles, and with which code the rest is refused.
 *
 * Most cases are one rule behind a common set of declarations, with the codes that the check pass
 * must report, each once, in ascending order. Warnings about whole policies (W10xx) have tests of
 * their own and are left out here. What passes is also held against check_verify; some cases look
 * into the checked policy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/check/check.h"
#include "runtime/limits.h"

/* ---- policies in memory ---------------------------------------------------------------------- */

typedef struct file {
    const char *path, *text;
} file;

static cst_status file_read(void *user, const char *path, char **bytes, size_t *length)
{
    for (const file *at = user; at != NULL && at->path != NULL; at++) {
        if (strcmp(at->path, path) != 0)
            continue;
        *length = strlen(at->text);
        *bytes = malloc(*length + 1);
        memcpy(*bytes, at->text, *length + 1);
        return CST_OK;
    }
    return CST_IO;
}

static void file_release(void *user, char *bytes, size_t length)
{
    (void)user;
    (void)length;
    free(bytes);
}

typedef struct checked {
    compilation compilation;
    bool sound;
    char codes[256];
} checked;

static int codes_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void codes_list(checked *checked)
{
    const char *names[2 * LIMIT_DIAGNOSTICS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < checked->compilation.diagnostics.count; i++) {
        const char *const name =
            diagnostic_code_name(checked->compilation.diagnostics.items[i].code);
        if (strncmp(name, "W10", 3) != 0)
            names[count++] = name;
    }
    qsort(names, count, sizeof *names, codes_compare);
    checked->codes[0] = '\0';
    for (uint32_t i = 0; i < count; i++)
        snprintf(checked->codes + strlen(checked->codes),
                 sizeof checked->codes - strlen(checked->codes), "%s%s", i == 0 ? "" : " ",
                 names[i]);
}

static void check_files(checked *checked, const file *files)
{
    static file empty = {NULL, NULL};
    union {
        const file *in;
        void *out;
    } user = {files == NULL ? &empty : files};
    const compilation_reader reader = {file_read, file_release, user.out};
    compilation_begin(&checked->compilation, NULL, &reader);
    if (setjmp(checked->compilation.out_of_memory) != 0)
        fail_msg("out of memory");
    const uint32_t source =
        source_add(&checked->compilation, files[0].path, files[0].text, strlen(files[0].text));
    checked->sound = pass_check(&checked->compilation, source);
    codes_list(checked);
    const char *why = NULL;
    if (checked->sound && !check_verify(checked->compilation.checked, &why))
        fail_msg("the checked policy is broken: %s", why);
}

static void check_text(checked *checked, const char *text)
{
    const file files[] = {{"test.const", text}, {NULL, NULL}};
    check_files(checked, files);
}

static void show(const checked *checked)
{
    for (uint32_t i = 0; i < checked->compilation.diagnostics.count; i++) {
        const diagnostic *const d = &checked->compilation.diagnostics.items[i];
        print_message("    %s %s [%s]\n", diagnostic_code_name(d->code), d->message,
                      d->mend == NULL ? "" : d->mend);
        for (uint32_t k = 0; k < d->note_count; k++)
            print_message("        note: %s\n", d->notes[k].text);
    }
}

/* ---- the table ------------------------------------------------------------------------------- */

#define COMMON                                                                                     \
    "constitution t \"1\"\n"                                                                       \
    "enum Role { customer, agent, admin }\n"                                                       \
    "enum Plan { free, paid }\n"                                                                   \
    "context user { id: string, role: Role, plan?: Plan, region?: string, groups: list<string>, "  \
    "quota: int, score: float, "                                                                   \
    "vip: bool, flags: list<bool>, meta?: { level: int, note?: string }, extra: json }\n"          \
    "tool mail(to: list<email>(50), subject: string, body: string, cc?: list<email>, when?: "      \
    "time) sends\n"                                                                                \
    "tool pay(amount: decimal, order: string, reason?: string, count: int, payee: email) pays\n"   \
    "tool refund(amount?: decimal, order: string, count: int) pays\n"                              \
    "tool transfer(amount: float, order: string) pays\n"                                           \
    "tool read(path: path) reads\n"                                                                \
    "tool fetch(url: url, ip: ip, host: host) reads\n"                                             \
    "tool find(what: string) returns { hits: list<{ title: string, score?: float, tags: "          \
    "list<string>, link: url, "                                                                    \
    "raw: json }>, total?: int } reads\n"                                                          \
    "tool \"create-issue\"(title: string, numbers: list<int>, times: list<time>, costs: "          \
    "list<decimal>) writes\n"                                                                      \
    "set known = { \"example.com\", \"example.org\" }\n"                                           \
    "set folders = { \"/etc\", \"/root\" }\n"                                                      \
    "set staff = { admin, agent }\n"                                                               \
    "define outside(a: email) = a.domain not in known\n"                                           \
    "define rich(x: decimal) = x > 100.0\n"                                                        \
    "define noted(r?: string) = r is present and r != \"\"\n"                                      \
    "define both(p: bool, q: bool) = p and q\n"                                                    \
    "approvals by user, agent\n"

typedef struct example {
    const char *codes; /* "": accepted */
    const char *text;
} example;

#define RULE(stage, condition) "rule r on " stage " when " condition " then deny\n"

static const example examples[] = {
    /* comparisons, literals as the type of the other side */
    {"", RULE("action pay", "args.amount > 500.0")},
    {"", RULE("action pay", "args.amount > 500")},
    {"", RULE("action pay", "500 < args.amount")},
    {"", RULE("action pay", "args.count > 2.5")},
    {"", RULE("action pay", "args.count == 2.0")},
    {"", RULE("action pay", "args.amount > args.count")},
    {"", RULE("input", "user.score >= user.quota")},
    {"", RULE("input", "user.role == admin")},
    {"", RULE("input", "admin == user.role")},
    {"", RULE("input", "user.role == \"admin\"")},
    {"", RULE("input", "user.role in { admin, agent } and user.role not in staff")},
    {"", RULE("input", "user.vip and not user.vip == false")},
    {"", RULE("input", "user.vip == (user.role == admin)")},
    {"", RULE("input", "time >= \"2026-01-01T00:00:00Z\"")},
    {"", RULE("input", "time.hour >= 8 and time.weekday in { saturday, sunday } and "
                       "this.time.weekday != monday")},
    {"", RULE("input", "time - time > 10m and time + 5m > time")},
    {"", RULE("input", "session == user.id")},
    {"", RULE("action pay",
              "args.payee.domain == \"Example.COM\" and args.payee == \"Ann@example.com\"")},
    {"",
     RULE("action fetch", "args.url.port == 8080 and args.url.scheme in { \"http\", \"https\" }")},
    {"", RULE("action fetch",
              "args.ip in \"10.0.0.0/8\" or args.ip in { \"192.168.0.0/16\", \"::1\" }")},
    {"", RULE("action fetch",
              "args.url.host inside \"example.com\" and args.host not inside args.url.host")},
    {"", RULE("action read", "args.path not inside \"/srv\"")},
    {"", RULE("action read", "any f in folders satisfies args.path inside f")},
    {"",
     RULE(
         "action",
         "tool == mail or tool == \"create-issue\" or tool in { pay, refund } or tool == unknown")},
    {"", RULE("message", "sender == planner and receiver != \"coder\"")},
    {"", RULE("message", "sender == receiver")},
    {"", RULE("input",
              "text starts with \"a\" and text ends with user.id and text == user.id + \"x\"")},
    {"", RULE("input", "\"staff\" in user.groups and user.id in user.groups")},
    {"", RULE("input", "user.id in { session, \"root\" }")},
    {"W1107", RULE("output", "length of text > 4000 and length of user.groups < 5")},
    {"", RULE("action \"create-issue\"",
              "sum of args.numbers > 5 and min of args.times < time and max of args.costs > 1.5")},
    {"",
     RULE("action pay",
          "args.amount * args.count > 5.0 and args.count * 10m > 1h and 2 * args.amount > 1.5")},
    {"", RULE("input", "user.score * 2 > 1.5 and user.score * user.quota > 3.0")},
    {"", RULE("action pay", "args.amount - 1 + args.count > 0.5")},
    {"E0303 E0308",
     RULE("action transfer, action pay", "args.order == 5 or user.score == user.id")},
    {"E0308", RULE("action pay", "args.amount > \"many\"")},
    {"E0308", RULE("action pay", "args.payee == \"example.com\"")},
    {"E0308", RULE("input", "user.id == 5")},
    {"E0308", RULE("input", "time > 5m")},
    {"E0309", RULE("action pay", "args.amount > 0.0000001")},
    {"", RULE("action pay", "args.amount > 0.1000000")},
    {"E0303", RULE("input", "user.id == user.quota")},
    {"E0303", RULE("action pay", "args.payee == args.order")},
    {"E0303", RULE("action pay", "args.amount > user.score")},
    {"E0310", RULE("input", "user.id < \"b\"")},
    {"E0310", RULE("input", "user.role > customer")},
    {"E0311", RULE("action mail", "args.to == args.to")},
    {"E0303", RULE("action mail", "args.to == \"ann@example.com\"")},
    {"E0311", RULE("input", "user.meta == user.meta")},
    {"W1100", RULE("input", "1 == 2")},
    {"W1100", RULE("input", "\"a\" == \"a\" or user.vip")},
    {"W1100", RULE("input", "user.id in {}")},
    /* names */
    {"E0256", RULE("input", "user.role == admn")},
    {"E0256", RULE("input", "user.role in { admin, nobody }")},
    {"E0257", RULE("action", "tool == send_mail")},
    {"E0250", RULE("input", "usr.role == admin")},
    {"E0250", RULE("input", "admin")},
    {"E0251", RULE("input", "user.rol == admin")},
    {"E0252", RULE("action pay", "args.amout > 5.0")},
    {"E0253", RULE("action", "text == \"\"")},
    {"E0253", RULE("input, output", "(role else \"\") == \"\"")},
    {"E0253", RULE("output", "sender == a")},
    {"E0254", RULE("action pay or mail", "args.amount > 5.0")},
    {"E0255", RULE("action pay", "outsid(args.payee)")},
    {"E0258", RULE("input", "user.id == known")},
    {"E0258", RULE("input", "outside")},
    {"E0259", RULE("action pay", "args.payee.host == \"x\"")},
    {"E0259", RULE("input", "user.id.domain == \"x\"")},
    {"E0260", RULE("output", "size of text > 5")},
    {"E0325", RULE("result find", "value.hits.score > 5.0")},
    /* absence */
    {"E0305", RULE("action pay", "args.reason == \"\"")},
    {"", RULE("action pay", "args.reason is present and args.reason == \"\"")},
    {"", RULE("action pay", "args.reason == \"\" and args.reason is present")},
    {"", RULE("action pay", "(args.reason else \"\") == \"\"")},
    {"", RULE("action pay", "args.reason is absent or args.reason == \"\"")},
    {"E0305", RULE("action pay", "args.reason is present or args.reason == \"\"")},
    {"E0305", RULE("action pay", "args.reason is absent and args.reason == \"\"")},
    {"", RULE("action pay", "not (args.reason is absent) and args.reason == \"\"")},
    {"", RULE("action pay", "not (args.reason is absent or args.reason == \"\")")},
    {"E0305", RULE("action pay", "not (args.reason is present) and args.reason == \"\"")},
    {"", RULE("action pay",
              "args.count > 5 and (args.reason == \"\" or user.vip) and args.reason is present")},
    {"E0305", RULE("action pay", "(args.reason is present and user.vip) or args.reason == \"\"")},
    {"",
     RULE("action pay", "(args.reason is present or user.vip) and (args.count > 1 or user.vip)")},
    {"",
     "rule r on action pay when args.reason is present unless args.reason == \"ok\" then deny\n"},
    {"",
     "rule r on action pay when args.reason == \"ok\" unless args.reason is absent then deny\n"},
    {"E0305", "rule r on action pay unless args.reason == \"ok\" then deny\n"},
    {"", RULE("action pay", "args.amount > 5.0 and noted(args.reason)")},
    {"", RULE("action pay", "noted(args.reason) and args.reason == \"x\"")},
    {"E0305", RULE("input", "user.region == \"eu\"")},
    {"E0305", RULE("input", "user.meta.level > 5")},
    {"", RULE("input", "user.meta is present and user.meta.level > 5")},
    {"", RULE("input", "user.meta.level is present and user.meta.level > 5")},
    {"E0305", RULE("input", "user.meta is present and user.meta.note == \"\"")},
    {"",
     RULE("input", "user.meta.note is present and user.meta.note == \"\" and user.meta.level > 1")},
    {"", RULE("input", "user.plan is present and user.plan == paid")},
    {"", RULE("input",
              "(user.plan else free) == paid and (user.region else \"eu\") in { \"eu\", \"us\" }")},
    {"", RULE("input", "agent == planner")},
    {"W1103", RULE("input", "agent is present and agent == planner")},
    {"", RULE("input", "any a in chain satisfies a not in { planner, coder }")},
    {"W1103", RULE("input", "chain is present and any a in chain satisfies a == planner")},
    {"E0305", RULE("input", "role == \"system\"")},
    {"E0305", RULE("action mail", "any a in args.cc satisfies outside(a)")},
    {"", RULE("action mail", "args.cc is present and any a in args.cc satisfies outside(a)")},
    {"",
     RULE("result find", "any h in value.hits satisfies (h.score is present and h.score > 0.5)")},
    {"E0305", RULE("result find", "any h in value.hits satisfies h.score > 0.5")},
    {"", RULE("result find", "all h in value.hits satisfy ((h.score else 0) > 0.5)")},
    {"E0305", RULE("result find", "any h in value.hits satisfies h.score is present and any g in "
                                  "value.hits satisfies g.score > 0.5")},
    {"", RULE("result find",
              "value.total is present and value.total > 5 and length of value.hits > 2")},
    {"", RULE("result find", "any h in value.hits satisfies any t in h.tags satisfies t == \"x\"")},
    {"", RULE("result find",
              "any h in value.hits satisfies (h.link.host == \"x.test\" or \"a\" in h.tags)")},
    {"W1103", RULE("action pay", "args.amount is present")},
    {"W1104", RULE("action pay", "(args.amount else 0) > 5.0")},
    {"E0321", RULE("action pay", "(args.count + 1 else 0) > 5")},
    {"E0322", RULE("action mail", "\"a@b.test\" in (args.cc else args.cc)")},
    {"E0303", RULE("action pay", "(args.reason else user.quota) == \"\"")},
    {"E0308", RULE("action pay", "(args.reason else 5) == \"\"")},
    /* several tools */
    {"", RULE("action pay or refund", "args.amount is present and args.amount > 5.0")},
    {"E0305", RULE("action pay or refund", "args.amount > 5.0")},
    {"", RULE("action pay or transfer", "args.amount > 5.0")},
    {"", RULE("action tagged pays", "args.amount is present and args.amount > 5.0")},
    {"E0303", RULE("action pay or transfer", "args.amount > user.score")},
    {"", "rule r on action pay or transfer when args.amount > 5.0 then deny because "
         "\"{args.amount} for {args.order}\"\n"},
    {"E0254", "rule r on action pay or mail then deny because \"{args.amount}\"\n"},
    /* open data */
    {"E0306", RULE("action", "args.path inside \"/etc\"")},
    {"", RULE("action", "args.path is path and args.path inside \"/etc\"")},
    {"", RULE("action", "args.path inside \"/etc\" and args.path is path")},
    {"E0306", RULE("action", "args.path is present and args.path == \"x\"")},
    {"", RULE("action", "args.n is int and args.n > 5")},
    {"", RULE("action", "args.n is decimal and args.n > 5 and args.n < 7.5")},
    {"", RULE("action", "(args.n else 0) > 5")},
    {"", RULE("action", "(args.name else \"\") == \"x\" or (args.n is int and args.n == 1) or "
                        "(args.n is string and args.n == \"1\")")},
    {"", RULE("action", "args.a.b.c is present and args.a.\"odd key\" is absent")},
    {"", RULE("action", "args.u is url and args.u.host == \"x.test\"")},
    {"E0307", RULE("action", "length of args.items > 5")},
    {"", RULE("action", "args.items is list and length of args.items > 5")},
    {"", RULE("action",
              "args.items is list and any x in args.items satisfies (x is string and x == \"a\")")},
    {"", RULE("action", "args.items is list and any x in args.items satisfies (x.name is string "
                        "and x.name starts with \"a\")")},
    {"E0306",
     RULE("action", "args.items is list and any x in args.items satisfies x.name == \"a\"")},
    {"E0318", RULE("action", "any x in args.items satisfies (x is string)")},
    {"", RULE("input", "user.vip and user.extra.flags.beta is bool and user.extra.flags.beta")},
    {"", RULE("input", "user.extra.role is Role and user.extra.role == admin")},
    {"",
     RULE("result find",
          "any h in value.hits satisfies (h.raw is string or (h.raw.n is int and h.raw.n > 1))")},
    {"", RULE("result mail", "value is string and value == \"ok\"")},
    {"E0320", RULE("action pay", "args.amount is string")},
    {"E0300", RULE("action", "args.amount is strng")},
    {"",
     "define text_of(x: json) = x is string and x == \"a\"\n" RULE("action", "text_of(args.p)")},
    {"", "define text_of(x: json) = x is string\n" RULE("action",
                                                        "text_of(args.p) and args.p == \"a\"")},
    {"",
     "define same(x: string) = x == \"a\"\n" RULE("action", "args.p is string and same(args.p)")},
    {"E0306", "define same(x: string) = x == \"a\"\n" RULE("action", "same(args.p)")},
    {"", RULE("action unknown", "args.cmd is string and args.cmd starts with \"rm\"")},
    /* typed tests */
    {"E0314", RULE("action fetch", "args.url starts with \"https://example.com\"")},
    {"E0314", RULE("action pay", "args.payee ends with \"example.com\"")},
    {"E0314", RULE("action fetch", "args.url.host ends with \"example.com\"")},
    {"E0314", RULE("action read", "args.path matches /a/")},
    {"E0315", RULE("action", "tool starts with \"mcp\"")},
    {"E0316", RULE("action fetch", "args.url inside \"example.com\"")},
    {"E0316", RULE("input", "user.id inside \"/etc\"")},
    {"E0316", RULE("action read", "args.path inside folders")},
    {"E0317", RULE("input", "user.id in \"root\"")},
    {"E0317", RULE("input", "user.id in session")},
    {"E0318", RULE("input", "any x in user.id satisfies x == \"a\"")},
    {"E0319", RULE("input", "length of time > 5")},
    {"E0319", RULE("input", "sum of user.groups > 5")},
    {"E0304", RULE("input", "user.id")},
    {"E0304", RULE("action mail", "args.to")},
    {"E0312", RULE("input", "time + 5 > time")},
    {"E0308", RULE("input", "user.id + 5 == \"x\"")},
    {"E0312", RULE("input", "user.id + user.quota == \"x\"")},
    {"E0312", RULE("action pay", "args.amount + user.score > 1.0")},
    {"E0313", RULE("action pay", "args.amount * args.amount > 1.0")},
    {"E0313", RULE("action pay", "args.amount * 1.5 > 1.0")},
    /* definitions */
    {"", RULE("action mail", "any a in args.to satisfies outside(a)")},
    {"", RULE("action pay",
              "rich(args.amount) or rich(args.count) or rich(5) or outside(\"a@b.test\")")},
    {"", RULE("action pay", "both(user.vip, (args.count > 5)) and both((any g in user.groups "
                            "satisfies g == \"x\"), user.vip)")},
    {"E0323", RULE("action pay", "rich(args.amount, 5)")},
    {"E0303", RULE("action pay", "rich(args.order)")},
    {"E0305", RULE("action pay", "same(args.reason)") "define same(x: string) = x == \"a\"\n"},
    {"E0324", "define a(x: int) = x > 1 and b(x)\ndefine b(x: int) = x > 2 or a(x)\n" RULE(
                  "input", "a(user.quota)")},
    {"E0324", "define a(x: int) = a(x)\n" RULE("input", "user.vip")},
    {"E0250", "define a(x: int) = y > 1\n" RULE("input", "user.vip")},
    {"E0253", "define a(x: int) = length of text > x\n" RULE("action", "a(5)")},
    {"W1107", "define a(x: int) = length of text > x\n" RULE("output", "a(5)")},
    {"", "define a(x: int) = length of text > x\n" RULE("output", "user.vip")},
    {"E0308", "set mixed = { \"a\", 5 }\n" RULE("input", "user.id in mixed")},
    {"W1101", RULE("input", "any text in user.groups satisfies text == \"x\"")},
    {"W1102", RULE("input", "any g in user.groups satisfies user.vip")},
    {"W1105", RULE("action, action pay", "user.vip")},
    {"", "rule r on action pay, action tagged pays when user.vip then deny\n"},
    /* types and bounds */
    {"E0300", "context c { a: strng }\n"},
    {"E0301", "context c { a: list }\n"},
    {"E0301", "context c { a: map<string> }\n"},
    {"E0302", "context c { a: { b: int, b: int } }\n"},
    {"E0755", "context c { a: string(0) }\n"},
    {"E0755", "context c { a: list<int>(1000000) }\n"},
    {"E0756", "context c { a: decimal(100) }\n"},
    {"", "tool sh(line: command)\n"},
    {"E0756", "context c { a: bool(100) }\n"},
    {"", "context c { a: list<list<{ b?: host, c: set<ip> }>>(5), d: weekday }\n"},
    /* rules */
    {"", "rule r on input then flag\n"},
    {"", "permit p on action tagged reads\n"},
    {"W1107", RULE("result find, output", "text == \"\"")},
    {"E0409", "rule r on input then require approval from user within 0s\n"},
    {"E0408", "rule r on action pay then refuse offering \"{args.order}\"\n"},
    {"", "rule r on action pay then refuse offering \"{{plain}}\" because \"{{{args.order}}}\"\n"},
    {"E0405", "rule r on action pay then deny because \"{args.order\"\n"},
    {"E0405", "rule r on action pay then deny because \"}\"\n"},
    {"E0405", "rule r on action pay then deny because \"{}\"\n"},
    {"E0252", "rule r on action pay then deny because \"{args.ordr}\"\n"},
    {"", "rule r on action pay then deny because \"{args.reason} {user.meta.note} {agent} "
         "{time.hour} {tool} {args.payee.domain}\"\n"},
    {"", "rule r on action mail when any a in args.to satisfies outside(a) then deny because \"{a} "
         "{a.domain} {args.to}\"\n"},
    {"E0406",
     "rule r on action mail when all a in args.to satisfy outside(a) then deny because \"{a}\"\n"},
    {"E0406", "rule r on action mail when not any a in args.to satisfies outside(a) then deny "
              "because \"{a}\"\n"},
    {"E0406", "rule r on action read when any f in folders satisfies args.path inside f then deny "
              "because \"{f}\"\n"},
    {"E0406", "rule r on action mail when (any a in args.to satisfies outside(a)) or (args.cc is "
              "present and any a in args.cc satisfies outside(a)) "
              "then deny because \"{a}\"\n"},
    {"", "rule r on result find when any h in value.hits satisfies h.title == \"x\" then deny "
         "because \"{h.title} {h.link.host}\"\n"},
    {"E0407", "rule r on result find when any h in value.hits satisfies h.title == \"x\" then deny "
              "because \"{h.raw.x}\"\n"},
    {"E0251", "rule r on result find when any h in value.hits satisfies h.title == \"x\" then deny "
              "because \"{h.titel}\"\n"},
    {"E0400", "waive platform.x when user.vip because \"b\"\n"},
    {"E0401", "rule r on input then deny\nwaive r when user.vip because \"b\"\n"},
    /* not yet */
    {"W1107", "rule r on output then replace text with \"x\"\n"},
    /* host predicates */
    {"", "extern toxicity(text: string) returns float within 50ms\n" RULE("input",
                                                                          "toxicity(text) > 0.5")},
    {"", "extern topics(texts: list<string>) returns int within 50ms\n" RULE(
             "action pay", "topics(text of args) in { 1, 2 }")},
    {"", "extern bad(a: email) returns bool within 50ms\n" RULE(
             "action mail", "any a in args.to satisfies bad(a)")},
    {"", "extern bad(a: email, b: bool) returns bool within 50ms\n" RULE(
             "action mail", "any a in args.to satisfies bad(a, (a == \"x@y.test\"))")},
    {"E0304",
     "extern toxicity(text: string) returns float within 50ms\n" RULE("input", "toxicity(text)")},
    {"E0305",
     "extern far(region: string) returns bool within 50ms\n" RULE("input", "far(user.region)")},
    {"E0653", "extern bad(a: string) returns bool within 50ms\n" RULE(
                  "input", "earlier (input where bad(text))")},
    {"E0654", "extern bad(a: bool) returns bool within 50ms\n" RULE("input", "bad(bad(true))")},
    /* history */
    {"", "rule r on output then label x\n"},
    {"", "rule q on output then deny and label x\n" RULE("input", "session has x")},
    {"E0806", RULE("input", "session has probing")},
    {"", RULE("input", "earlier action pay")},
    {"", RULE("action pay", "count of action pay within 1h > 5")},
    /* texts */
    {"", RULE("input", "text contains \"x\"")},
    {"", RULE("input", "text matches /^x$/")},
    {"W1108", RULE("input", "text contains /[a-z]/")},
    {"", RULE("input", "text repeats 60 chars of system")},
    {"", RULE("output", "text repeats 60 chars of result of find.hits.title")},
    {"E0251", RULE("output", "text repeats 60 chars of result of find.hits.titel")},
    /* origins */
    {"", RULE("action pay", "args.payee from user")},
    {"", RULE("action pay", "args.payee not from result tagged reads down to 1 char")},
    {"", RULE("action pay", "args.count from result of find.total")},
    {"", RULE("action mail", "args.to from user or any a in args.to satisfies a.domain from user")},
    {"", RULE("action mail", "args from user")},
    {"", RULE("action mail", "text of args not from user")},
    {"", RULE("action", "args from user")},
    {"", RULE("action pay", "\"abc\" from user")},
    {"", RULE("output", "any u in urls of text satisfies u not from result of find.hits.link")},
    {"", RULE("message", "sender from user and text from output")},
    {"", "define named(a: email) = a from user\n" RULE("action pay", "not named(args.payee)")},
    {"", "origin web = result of find, result of fetch\norigin every = web, user, system, "
         "output\n" RULE("action pay", "args.payee from every")},
    {"", RULE("action pay", "(args.payee from user) == true")},
    {"", RULE("action pay", "both((args.payee from user), (not args.order from user))")},
    {"E0305", RULE("action mail", "args.cc from user")},
    {"", RULE("action mail", "args.cc is present and args.cc from user")},
    {"E1015", RULE("action pay", "args.payee from usr")},
    {"E1015", "origin a = b\norigin b = a\n" RULE("action pay", "args.payee from a")},
    {"E1015", "origin a = nothing\n"},
    {"E0201", "origin a = result of fnd\n"},
    {"E0202", RULE("action pay", "args.payee from result tagged rads")},
    {"E0251", RULE("action pay", "args.payee from result of find.hits.titel")},
    {"E0251", RULE("action pay", "args.payee from result of find.total.x")},
    {"", RULE("action pay", "args.payee from result of find.hits.raw.anything.at.all")},
    {"", RULE("action pay", "args.payee from result of mail.id")},
    {"E1201", RULE("input", "user.vip from user")},
    {"E1201", RULE("input", "user.role from user")},
    {"E1201", RULE("input", "time from user")},
    {"E1201", RULE("input", "(text == \"a\") from user")},
    {"E1201", RULE("input", "text folded from user")},
    {"E1202", RULE("action pay", "args.payee from user down to 10001 chars")},
    {"", RULE("action pay", "(args.payee from user) == user.vip")},
    {"", RULE("action pay", "(args.payee from user) == (args.order from user)")},
    {"E1203", RULE("action pay", "(args.payee from user) in user.flags")},
    {"", RULE("input", "text folded contains \"x\"")},
    {"", RULE("input", "text folded decoded contains any { \"x\", /yz[0-9]/ }")},
    {"W1106", RULE("input", "text folded folded contains \"x\"")},
    {"", RULE("action mail", "text of args contains \"x\"")},
    {"", RULE("action mail", "text of args folded contains \"x\"")},
    {"", RULE("action, output", "text of this contains \"x\"")},
    {"", RULE("input", "any u in urls of text satisfies u.host != \"a.example\"")},
    {"",
     "pattern p = /xy[0-9]/ checked by luhn secret\n" RULE("input", "length of (p of text) > 2")},
    {"", "pattern p = /xy[0-9]/\nset s = { p, \"z\" }\n" RULE("input", "text contains any s")},
    {"", "rule r on output when text contains \"x\" then redact with \"[{kind}]\"\n"},
    {"W1107", "rule r on output then redact text with \"x\"\n"},
    {"", "rule r on whole output when length of text > 5 then deny\n"},
    {"E1001", RULE("input", "text contains /(a/")},
    {"E1002", RULE("input", "text contains /a(?=b)/")},
    {"E1003", RULE("input", "text contains /a*/")},
    {"E1004", RULE("input", "text contains /(?:abc{1,400}){1,400}/")},
    {"E1005", "pattern p = /a1/ checked by lunh\n" RULE("input", "text contains p")},
    {"E1006", "pattern p = /a1/ checked by luhn above 3\n" RULE("input", "text contains p")},
    {"E1007", RULE("input", "text contains user.id")},
    {"E1008", "pattern p = /a1/\n" RULE("input", "text contains any p")},
    {"E1008", "set s = { \"a\" }\n" RULE("input", "text contains s")},
    {"E1009", RULE("action mail", "args contains \"x\"")},
    {"E1010", RULE("input", "length of text folded > 3")},
    {"E1011", RULE("input", "text matches \"x\"")},
    {"E1012", "rule r on output then redact with \"x\"\n"},
    {"E1012", "rule r on output when not text contains \"a\" then redact with \"x\"\n"},
    {"E1013", "rule r on action pay when args.payee.domain == \"a.example\" then redact args.payee "
              "with \"x\"\n"},
    {"E1014", "rule r on output when text contains \"a\" then redact with \"{what}\"\n"},
    {"E1015", RULE("input", "text repeats 60 chars of sytem")},
    {"E1016", RULE("input", "text repeats 3 chars of system")},
};

static void test_examples(void **state)
{
    (void)state;
    uint32_t failures = 0;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        char text[8192];
        snprintf(text, sizeof text, "%s%s", COMMON, examples[i].text);
        checked checked;
        check_text(&checked, text);
        if (strcmp(checked.codes, examples[i].codes) != 0) {
            print_message("%s  expected [%s], got [%s]\n", examples[i].text, examples[i].codes,
                          checked.codes);
            show(&checked);
            failures++;
        }
        compilation_end(&checked.compilation);
    }
    assert_int_equal(failures, 0);
}

/* ---- what the checked policy holds ----------------------------------------------------------- */

static uint32_t slot_find(const checked_policy *policy, const char *path, cst_kind kind)
{
    for (uint32_t i = 0; i < policy->slots.count; i++)
        if (strcmp(policy->slots.items[i].path, path) == 0 &&
            policy->slots.items[i].type->kind == kind)
            return i;
    fail_msg("no slot %s", path);
    return CST_NONE;
}

static uint32_t tool_number(const checked_policy *policy, const char *name)
{
    for (uint32_t i = 0; i < policy->tools.count; i++)
        if (strcmp(policy->tools.items[i].name, name) == 0)
            return i;
    fail_msg("no tool %s", name);
    return CST_NONE;
}

/* required_keys, or UINT64_MAX if the slot is not read there. */
static uint64_t required(const checked_policy *policy, uint32_t slot, cst_stage stage,
                         uint32_t tool)
{
    for (uint32_t i = 0; i < policy->slot_uses.count; i++) {
        const slot_use *const use = &policy->slot_uses.items[i];
        if (use->slot == slot && use->stage == stage && use->tool == tool)
            return use->required_keys;
    }
    return UINT64_MAX;
}

static void check_sound(checked *checked, const char *text)
{
    char whole[16384];
    snprintf(whole, sizeof whole, "%s%s", COMMON, text);
    check_text(checked, whole);
    if (!checked->sound)
        show(checked);
    assert_true(checked->sound);
}

static void test_uses(void **state)
{
    (void)state;
    checked checked;
    check_sound(&checked,
                "rule a on action pay or refund when (args.amount else 0) > 5.0 then deny because "
                "\"{args.order}\"\n"
                "rule b on action when args.order is string and args.order == \"x\" then deny\n"
                "rule c on message when sender == planner and user.role == admin then deny\n"
                "rule d on input when user.region is present or time.hour > 5 then deny\n");
    const checked_policy *const policy = checked.compilation.checked;
    const uint32_t pay = tool_number(policy, "pay"), refund = tool_number(policy, "refund");
    const uint32_t amount = slot_find(policy, "args.amount", CST_KIND_DECIMAL);
    assert_int_equal(required(policy, amount, CST_ACTION, pay), 3);
    assert_int_equal(required(policy, amount, CST_ACTION, refund), 1);
    assert_true(required(policy, amount, CST_ACTION, 0) == UINT64_MAX);
    uint32_t orders = 0;
    for (uint32_t i = 0; i < policy->slots.count; i++) {
        if (strcmp(policy->slots.items[i].path, "args.order") != 0)
            continue;
        orders++;
        for (uint32_t tool = 0; policy->slots.items[i].open && tool < policy->tools.count; tool++)
            assert_int_equal(required(policy, i, CST_ACTION, tool), 0);
        assert_int_equal(policy->slots.items[i].interned, policy->slots.items[i].open);
    }
    assert_int_equal(orders, 2);
    const uint32_t sender = slot_find(policy, "sender", CST_KIND_AGENT);
    assert_string_equal(policy->slots.items[sender].keys[0], "from");
    assert_int_equal(required(policy, sender, CST_MESSAGE, UINT32_MAX), 1);
    assert_int_equal(
        required(policy, slot_find(policy, "user.role", CST_KIND_ENUM), CST_MESSAGE, UINT32_MAX),
        3);
    assert_int_equal(
        required(policy, slot_find(policy, "user.region", CST_KIND_STRING), CST_INPUT, UINT32_MAX),
        0);
    assert_int_equal(
        required(policy, slot_find(policy, "time", CST_KIND_TIME), CST_INPUT, UINT32_MAX), 0);
    compilation_end(&checked.compilation);
}

static void test_groups(void **state)
{
    (void)state;
    checked checked;
    check_sound(
        &checked,
        "rule a on action pay or refund when (args.amount else 0) > 5.0 then deny\n"
        "rule b on action pay or transfer when args.amount > 5.0 then deny\n"
        "rule c on input, action pay, action transfer or pay, result when user.vip then deny\n");
    const checked_policy *const policy = checked.compilation.checked;
    assert_int_equal(policy->rules.items[0].body_count, 1);
    assert_int_equal(policy->rules.items[0].bodies[0].selector.tool_count, 2);
    assert_int_equal(policy->rules.items[1].body_count, 2);
    assert_string_equal(policy->rules.items[1].bodies[1].selector.label, "action transfer");
    assert_int_equal(policy->rules.items[2].body_count, 4);
    assert_int_equal(policy->rules.items[2].bodies[2].selector.tool_count, 1);
    assert_true(policy->rules.items[2].bodies[3].selector.every_tool);
    compilation_end(&checked.compilation);
}

static void test_messages(void **state)
{
    (void)state;
    checked checked;
    check_sound(&checked, "rule a on action mail when any x in args.to satisfies outside(x) then "
                          "deny because \"{{{x.domain}}} {args.cc}!\"\n");
    const checked_policy *const policy = checked.compilation.checked;
    const rule_body *const body = &policy->rules.items[0].bodies[0];
    assert_int_equal(body->witness_count, 1);
    assert_int_equal(body->message_count, 5);
    assert_int_equal(body->message[0].kind, CST_PART_TEXT);
    assert_string_equal(body->message[0].text, "{");
    assert_int_equal(body->message[1].kind, CST_PART_WITNESS);
    assert_int_equal(body->message[1].local, body->witnesses[0]->local);
    assert_int_equal(body->message[1].property, CST_PROPERTY_EMAIL_DOMAIN);
    assert_string_equal(body->message[2].text, "} ");
    assert_int_equal(body->message[3].kind, CST_PART_SLOT);
    assert_string_equal(body->message[4].text, "!");
    compilation_end(&checked.compilation);
}

static void test_sites(void **state)
{
    (void)state;
    checked checked;
    check_sound(&checked, "rule a on action pay when args.amount + args.count > 5.0 and user.id + "
                          "\"x\" == args.order then deny\n"
                          "rule b on action \"create-issue\" when max of args.numbers > sum of "
                          "args.numbers then deny\n");
    const checked_policy *const policy = checked.compilation.checked;
    assert_int_equal(policy->sites.count, 5);
    assert_string_equal(policy->sites.items[0].code, "overflow");
    assert_string_equal(policy->sites.items[0].at, "args.amount + args.count");
    assert_string_equal(policy->sites.items[1].at, "args.count");
    assert_string_equal(policy->sites.items[2].code, "scratch");
    compilation_end(&checked.compilation);
}

static void test_nothing_left_behind(void **state)
{
    (void)state;
    checked checked;
    check_sound(&checked, "rule a on action when args.x is string and args.x == \"a\" then deny\n");
    const checked_policy *const policy = checked.compilation.checked;
    assert_int_equal(policy->slots.count, 1);
    assert_int_equal(policy->slots.items[0].type->kind, CST_KIND_STRING);
    compilation_end(&checked.compilation);
}

/* ---- layers ---------------------------------------------------------------------------------- */

#define UPPER                                                                                      \
    "constitution platform \"1\"\ncontext user { vip: bool }\n"                                    \
    "rule pii on output, input waivable then deny\nrule law on output then halt\npermit every on " \
    "action\n"

static void test_waivers(void **state)
{
    (void)state;
    static const struct {
        const char *codes, *text;
    } cases[] = {
        {"", "waive platform.pii when user.vip because \"b\"\n"},
        {"", "waive platform.pii until \"2027-06-30\" when user.vip because \"{user.vip}\"\n"},
        {"",
         "waive platform.pii until \"2027-06-30T10:00:00+02:00\" when user.vip because \"b\"\n"},
        {"E0404", "waive platform.pii until \"30.6.2027\" when user.vip because \"b\"\n"},
        {"E0400", "waive platform.pi when user.vip because \"b\"\n"},
        {"E0402", "waive platform.every when user.vip because \"b\"\n"},
        {"E0403", "waive platform.law when user.vip because \"b\"\n"},
        {"E0253", "waive platform.pii when (role else \"\") == \"x\" because \"b\"\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text, "extends \"platform.const\"\nconstitution lower \"1\"\n%s",
                 cases[i].text);
        const file files[] = {{"lower.const", text}, {"platform.const", UPPER}, {NULL, NULL}};
        checked checked;
        check_files(&checked, files);
        if (strcmp(checked.codes, cases[i].codes) != 0)
            show(&checked);
        assert_string_equal(checked.codes, cases[i].codes);
        if (checked.sound) {
            const checked_policy *const policy = checked.compilation.checked;
            assert_int_equal(policy->rules.items[0].kind, CST_RULE_WAIVER);
            assert_int_equal(policy->rules.items[0].waives, 1);
            assert_int_equal(policy->rules.items[0].body_count, 2);
            assert_string_equal(policy->rules.items[1].name, "platform.pii");
            if (i == 1)
                assert_true(policy->rules.items[0].until_us == INT64_C(1814399999999999));
        }
        compilation_end(&checked.compilation);
    }
}

/* ---- bounds ---------------------------------------------------------------------------------- */

/* Definitions that double at each level; `leaf` is the innermost body. */
static void doubling(char *out, size_t size, const char *leaf)
{
    snprintf(out, size,
             "constitution t \"1\"\ncontext user { id: string }\ndefine d0(x: string) = %s\n",
             leaf);
    for (int i = 1; i < 40; i++)
        snprintf(out + strlen(out), size - strlen(out),
                 "define d%d(x: string) = d%d(x) and d%d(x)\n", i, i - 1, i - 1);
    snprintf(out + strlen(out), size - strlen(out),
             "rule r on input when d39(user.id) then deny\n");
}

static void test_bounds(void **state)
{
    (void)state;
    static char text[64000];
    checked checked;
    doubling(text, sizeof text, "x == \"a\"");
    check_text(&checked, text);
    assert_string_equal(checked.codes, "E0751");
    compilation_end(&checked.compilation);

    doubling(text, sizeof text, "y == \"a\""); /* nothing but errors must end too */
    check_text(&checked, text);
    assert_true(strstr(checked.codes, "E0250") != NULL);
    compilation_end(&checked.compilation);

    snprintf(text, sizeof text,
             "constitution t \"1\"\ncontext user { id: string }\nrule r on input when user.id == "
             "user.id");
    for (int i = 0; i < 300; i++)
        strcat(text, " + user.id");
    strcat(text, " then deny\n");
    check_text(&checked, text);
    assert_string_equal(checked.codes, "E0750");
    compilation_end(&checked.compilation);

    snprintf(text, sizeof text,
             "constitution t \"1\"\ncontext user { id: string }\nset big = { \"e\"");
    for (int i = 0; i < 300; i++)
        snprintf(text + strlen(text), 16, ", \"e%d\"", i);
    strcat(text, " }\nrule r on input when any e in big satisfies user.id == e then deny\n");
    check_text(&checked, text);
    assert_string_equal(checked.codes, "E0752");
    compilation_end(&checked.compilation);

    snprintf(text, sizeof text, "constitution t \"1\"\nrule r on action when args");
    for (int i = 0; i < 70; i++)
        strcat(text, ".a");
    strcat(text, " is present then deny\n");
    check_text(&checked, text);
    assert_string_equal(checked.codes, "E0757");
    compilation_end(&checked.compilation);

    snprintf(text, sizeof text, "constitution t \"1\"\ncontext c { a: ");
    for (int i = 0; i < 40; i++)
        strcat(text, "list<");
    strcat(text, "int");
    for (int i = 0; i < 40; i++)
        strcat(text, ">");
    strcat(text, " }\n");
    check_text(&checked, text);
    assert_string_equal(checked.codes, "E0758");
    compilation_end(&checked.compilation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples), cmocka_unit_test(test_uses),
        cmocka_unit_test(test_groups),   cmocka_unit_test(test_messages),
        cmocka_unit_test(test_sites),    cmocka_unit_test(test_nothing_left_behind),
        cmocka_unit_test(test_waivers),  cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
