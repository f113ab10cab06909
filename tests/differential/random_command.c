/*
 * random_command.c - conditions on shell lines and lines for them, for random_policy.c.
 *
 * Lines are put together from pieces that are known, that are not, and that cannot be read, so that
 * all three truths come up in every test and reasons of undecided ones meet in `and` and `or`.
 */
#include "tests/differential/random_policy.h"

static const char *const tests[] = {
    "%s runs \"git push\"",
    "%s runs any { \"rm -rf\", \"sudo\", \"git push --force\" }",
    "%s runs only { \"ls\", \"cat\", \"git status\", \"grep\" }",
    "%s runs only \"ls\"",
    "any p in { \"curl\", \"nc\" } satisfies %s runs p",
    "any q in %s.writes satisfies q not inside \"/work\"",
    "any q in %s.writes satisfies (q inside \"/etc\" or q inside \"src\")",
    "all q in %s.writes satisfy (q inside \"/work\" or q inside \".\")",
    "any q in %s.reads satisfies q contains any { \".ssh\", \".env\" }",
    "any q in %s.reads satisfies q == \"a\"",
    "all q in %s.reads satisfy q != \"/etc/passwd\"",
    "any q in %s.connects satisfies q not in hosts",
    "all q in %s.connects satisfy q inside \"test\"",
    "any q in %s.programs satisfies any w in %s.writes satisfies (w inside \"/etc\" and q == \"rm\")",
    "\"rm\" in %s.programs",
    "\"/etc/passwd\" not in %s.reads",
    "length of %s.programs > 1",
    "any q in %s.programs satisfies q in words",
    "%s == \"ls\"",
};

static const char *const starts[] = {
    "ls",
    "cat a",
    "cat .env",
    "cat ~/.ssh/id",
    "cat *",
    "git push",
    "git -C x push -f",
    "git status",
    "rm -rf /etc/x",
    "rm -rf /work/a",
    "rm $X",
    "rm src/*.o",
    "sudo rm a",
    "bash -c 'rm a; ls'",
    "bash x.sh",
    "eval $X",
    "$X",
    "curl http://evil.test/",
    "curl $U",
    "nc other.test 1",
    "cd /etc",
    "cd $D",
    "touch a > /dev/null",
    "echo x > /etc/passwd",
    "python -c 1",
    "env PATH=x ls",
    "f() { rm /etc/y; }",
    "f",
    "find src -delete",
    "xargs rm",
    "grep x a",
    "abc",
    "cp a /work/b",
    "rm 'x",
    "cat /etc/passwd",
    "",
    "for i in 1; do rm a; done",
    "cat <<E\\nrm /\\nE\\n",
    "echo $(cat /etc/passwd)",
};
static const char *const joints[] = {" ; ", " && ", " | ", " || ", "\\n", " & "};

enum {
    TEST_COUNT = sizeof tests / sizeof *tests,
    START_COUNT = sizeof starts / sizeof *starts,
    JOINT_COUNT = sizeof joints / sizeof *joints
};

void random_command_test(random_state *random, const char *line, buffer *out)
{
    for (const char *at = tests[random_below(random, TEST_COUNT)]; *at != '\0'; at++) {
        if (at[0] == '%' && at[1] == 's') {
            buffer_text(out, line);
            at++;
        } else {
            buffer_add(out, at, 1);
        }
    }
}

void random_command_write(random_state *random, buffer *json)
{
    buffer_text(json, "\"");
    for (uint32_t i = 0, count = 1 + random_below(random, 3); i < count; i++)
        buffer_format(json, "%s%s", i > 0 ? joints[random_below(random, JOINT_COUNT)] : "",
                      starts[random_below(random, START_COUNT)]);
    buffer_text(json, "\"");
}
