/*
 * YARA on the patterns and texts of bench_scan, which wrote them with --dump.
 *
 *     yara_rules FOLDER ROUNDS [PATTERNS] --json FILE
 *
 * A rule for each pattern: a phrase is a text with `fullword`, an expression keeps its meaning in
 * YARA's spelling (no `(?:`, and `i` behind the slash for `(?i)`). Scanned in fast mode, in which
 * one match of a string is enough, which is what bench_scan asks.
 */
#include <yara.h>

#include "../../bench.h"

enum { ROOM = 1024, MOST_ROUNDS = 101, MOST_TEXT = 65536 };

static void die(const char *what)
{
    fprintf(stderr, "yara_rules: %s\n", what);
    exit(1);
}

static void print_problem(int level, const char *file, int line, const YR_RULE *rule,
                          const char *message, void *user)
{
    (void)file, (void)rule, (void)user;
    if (level == YARA_ERROR_LEVEL_ERROR)
        fprintf(stderr, "yara_rules: rule %d: %s\n", line, message);
}

static void rule_write(char *out, size_t room, uint32_t number, const char *line)
{
    char expression[ROOM] = "";
    const char *const start = line + 2;
    if (line[0] == 'P') {
        snprintf(out, room, "rule p%u { strings: $a = \"%s\" fullword condition: $a }", number,
                 start);
        return;
    }
    const int any_case = strncmp(start, "(?i)", 4) == 0;
    size_t length = 0;
    for (const char *c = start + (any_case ? 4 : 0); *c && length + 2 < sizeof expression; c++) {
        if (strncmp(c, "(?:", 3) == 0) {
            expression[length++] = '(';
            c += 2;
            continue;
        }
        if (*c == '/')
            expression[length++] = '\\';
        expression[length++] = *c;
    }
    snprintf(out, room, "rule p%u { strings: $a = /%s/%s condition: $a }", number, expression,
             any_case ? "i" : "");
}

static YR_RULES *rules_build(const char *folder, uint32_t count)
{
    char path[ROOM], line[ROOM], rule[2 * ROOM];
    YR_COMPILER *compiler;
    YR_RULES *rules;
    if (yr_compiler_create(&compiler) != ERROR_SUCCESS)
        die("no compiler");
    yr_compiler_set_callback(compiler, print_problem, NULL);
    snprintf(path, sizeof path, "%s/patterns.txt", folder);
    FILE *const file = fopen(path, "r");
    for (uint32_t i = 0; i < count; i++) {
        if (!file || !fgets(line, sizeof line, file))
            die("there are fewer patterns");
        line[strcspn(line, "\n")] = '\0';
        rule_write(rule, sizeof rule, i, line);
        if (yr_compiler_add_string(compiler, rule, NULL) != 0)
            die(rule);
    }
    fclose(file);
    if (yr_compiler_get_rules(compiler, &rules) != ERROR_SUCCESS)
        die("no rules");
    yr_compiler_destroy(compiler);
    return rules;
}

static int on_message(YR_SCAN_CONTEXT *context, int message, void *data, void *user)
{
    (void)context, (void)data;
    *(uint32_t *)user += message == CALLBACK_MSG_RULE_MATCHING;
    return CALLBACK_CONTINUE;
}

static void measure(FILE *out, YR_RULES *rules, uint32_t count, const char *kind, const char *text,
                    uint32_t length, uint32_t rounds)
{
    const uint32_t times = length >= MOST_TEXT ? 2 : length >= 4096 ? 20 : 200;
    double values[MOST_ROUNDS];
    uint32_t found = 0;
    for (uint32_t round = 0; round <= rounds; round++) {
        const double begin = now();
        for (uint32_t i = 0; i < times; i++) {
            found = 0;
            if (yr_rules_scan_mem(rules, (const uint8_t *)text, length,
                                  SCAN_FLAGS_FAST_MODE | SCAN_FLAGS_REPORT_RULES_MATCHING,
                                  on_message, &found, 0) != ERROR_SUCCESS)
                die("a scan failed");
        }
        if (round > 0)
            values[round - 1] = (now() - begin) / times;
    }
    char about[64];
    const double matched = found;
    snprintf(about, sizeof about, "%u patterns, %s, %u bytes", count, kind, length);
    bench_record(out, about, "YARA", "scan", "ns", values, rounds);
    bench_record(out, about, "YARA", "found", "patterns", &matched, 1);
    printf("%s: %.0f ns, %u found\n", about, values[rounds / 2], found);
}

int main(int argc, char **argv)
{
    static const uint32_t counts[] = {10, 100, 1000, 5000}, lengths[] = {256, 4096, MOST_TEXT};
    static char texts[2][MOST_TEXT];
    FILE *const out = bench_json(&argc, argv);
    if (argc < 3)
        return 2;
    const uint32_t wanted = (uint32_t)strtoul(argv[2], NULL, 10),
                   rounds = wanted > MOST_ROUNDS ? MOST_ROUNDS : wanted;
    const uint32_t only = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    for (int i = 0; i < 2; i++) {
        char path[ROOM];
        snprintf(path, sizeof path, "%s/%s.txt", argv[1], i ? "digits" : "prose");
        FILE *const file = fopen(path, "rb");
        if (!file || fread(texts[i], 1, MOST_TEXT, file) != MOST_TEXT)
            die("no text");
        fclose(file);
    }
    yr_initialize();
    for (int c = 0; c < 4; c++) {
        if (only != 0 && only != counts[c])
            continue;
        YR_RULES *const rules = rules_build(argv[1], counts[c]);
        for (int k = 0; k < 3; k++)
            for (int i = 0; i < 2; i++)
                measure(out, rules, counts[c], i ? "digits" : "prose", texts[i], lengths[k],
                        rounds);
        yr_rules_destroy(rules);
    }
    yr_finalize();
    return 0;
}
