/*
 * compiler_grammar_test.c - docs/grammar.md, grammar/parser.y and grammar/tokens.def say the same.
 *
 * Reads the EBNF of the document. Its lines must stand in the comments of parser.y word for word,
 * and its lists of words must be those of tokens.def. Then it makes random sentences from the EBNF:
 * each must parse without a diagnostic, and be dumped the same when its blanks are changed. Random
 * mutations of them must do no harm: the parser ends, and a diagnostic is there whenever it says
 * that there were errors.
 */
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

#define SENTENCES  3000
#define MUTATIONS  4
#define RULES_MOST 128
#define NODES_MOST 2048

/* ---- the EBNF -------------------------------------------------------------------------------- */

typedef enum node_kind {
    NODE_WORD,
    NODE_TOKEN,
    NODE_RULE,
    NODE_SEQUENCE,
    NODE_CHOICE,
    NODE_OPTION,
    NODE_REPEAT
} node_kind;

typedef struct node {
    node_kind kind;
    char text[32];
    int children[24];
    int count;
    int height; /* of its shortest sentence */
} node;

typedef struct grammar {
    struct {
        char name[32];
        int node;
        char line[1200];
    } rules[RULES_MOST];
    int rule_count;
    node nodes[NODES_MOST];
    int node_count;
    const char *next;
} grammar;

static grammar language;
static const char *const names[] = {"alpha", "b2", "gamma_ray", "X",
                                    "delta", "_e", "pay_out",   "lambda"};

static char *read_whole(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", PROJECT_DIR, name);
    FILE *const file = fopen(path, "rb");
    assert_non_null(file);
    char *const text = calloc(1, 1u << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1u << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static int new_node(node_kind kind)
{
    assert_true(language.node_count < NODES_MOST);
    language.nodes[language.node_count].kind = kind;
    return language.node_count++;
}

static void add_child(int parent, int child)
{
    node *const node = &language.nodes[parent];
    assert_true(node->count < (int)(sizeof node->children / sizeof *node->children));
    node->children[node->count++] = child;
}

static int parse_choice(void);

static int parse_group(node_kind kind, char close)
{
    language.next++;
    const int group = new_node(kind);
    add_child(group, parse_choice());
    assert_int_equal(*language.next, close);
    language.next++;
    return group;
}

static int parse_item(void)
{
    const char first = *language.next;
    if (first == '[')
        return parse_group(NODE_OPTION, ']');
    if (first == '(')
        return parse_group(NODE_SEQUENCE, ')');
    if (first == '{')
        return parse_group(NODE_REPEAT, '}');
    const int item = new_node(first == '"'                   ? NODE_WORD
                              : first >= 'A' && first <= 'Z' ? NODE_TOKEN
                                                             : NODE_RULE);
    language.next += first == '"';
    size_t length = 0;
    char *const text = language.nodes[item].text;
    while (*language.next && *language.next != ' ' && *language.next != '"' &&
           length < sizeof language.nodes->text - 1)
        text[length++] = *language.next++;
    assert_true(length > 0);
    language.next += first == '"';
    return item;
}

static int parse_sequence(void)
{
    const int sequence = new_node(NODE_SEQUENCE);
    for (;;) {
        while (*language.next == ' ')
            language.next++;
        if (!*language.next || strchr("|])}", *language.next))
            return sequence;
        add_child(sequence, parse_item());
    }
}

static int parse_choice(void)
{
    const int choice = new_node(NODE_CHOICE);
    add_child(choice, parse_sequence());
    while (*language.next == '|') {
        language.next++;
        add_child(choice, parse_sequence());
    }
    return choice;
}

static int find_rule(const char *name)
{
    for (int i = 0; i < language.rule_count; i++)
        if (strcmp(language.rules[i].name, name) == 0)
            return i;
    return -1;
}

/* Adds `text` to a line, blanks as one. */
static void append(char *line, size_t size, const char *text)
{
    size_t length = strlen(line);
    for (; *text && length + 2 < size; text++) {
        const bool blank = *text == ' ' || *text == '\t' || *text == '\n';
        if (blank && (length == 0 || line[length - 1] == ' '))
            continue;
        line[length++] = blank ? ' ' : *text;
    }
    line[length] = '\0';
    while (length > 0 && line[length - 1] == ' ')
        line[--length] = '\0';
}

static void read_rules(char *document)
{
    char *save_block = NULL;
    bool inside = false;
    for (char *line = strtok_r(document, "\n", &save_block); line;
         line = strtok_r(NULL, "\n", &save_block)) {
        if (strncmp(line, "```", 3) == 0) {
            inside = strcmp(line, "```ebnf") == 0;
            continue;
        }
        if (!inside)
            continue;
        const size_t name = strspn(line, "abcdefghijklmnopqrstuvwxyz");
        const size_t blank = strspn(line + name, " ");
        if (name > 0 && line[name + blank] == '=') {
            assert_true(language.rule_count < RULES_MOST && name < sizeof language.rules->name);
            memcpy(language.rules[language.rule_count++].name, line, name);
        }
        char *const out = language.rules[language.rule_count - 1].line;
        append(out, sizeof language.rules->line, " ");
        const size_t length = strlen(out);
        if (length)
            strcat(out, " ");
        append(out, sizeof language.rules->line, line);
    }
}

static int height_of(const node *node)
{
    int height = node->kind == NODE_CHOICE ? 1000 : 0;
    switch (node->kind) {
    case NODE_WORD:
    case NODE_TOKEN: return 1;
    case NODE_RULE: return language.nodes[language.rules[find_rule(node->text)].node].height + 1;
    case NODE_OPTION:
    case NODE_REPEAT: return 0;
    default: break;
    }
    for (int i = 0; i < node->count; i++) {
        const int child = language.nodes[node->children[i]].height;
        if (node->kind == NODE_CHOICE ? child < height : child > height)
            height = child;
    }
    return height;
}

static int set_up(void **state)
{
    (void)state;
    char *const document = read_whole("docs/grammar.md");
    read_rules(document);
    free(document);
    for (int i = 0; i < language.rule_count; i++) {
        language.next = strchr(language.rules[i].line, '=') + 1;
        language.rules[i].node = parse_choice();
        assert_int_equal(*language.next, '\0');
    }
    for (int i = 0; i < language.node_count; i++) {
        language.nodes[i].height = 1000;
        if (language.nodes[i].kind == NODE_RULE && find_rule(language.nodes[i].text) < 0)
            fail_msg("docs/grammar.md: `%s` has no rule", language.nodes[i].text);
    }
    for (int round = 0; round < 100; round++)
        for (int i = 0; i < language.node_count; i++)
            language.nodes[i].height = height_of(&language.nodes[i]);
    return 0;
}

/* ---- the documents agree --------------------------------------------------------------------- */

/* The productions in the comments of parser.y, each as one line. */
static void test_parser_repeats_the_document(void **state)
{
    (void)state;
    char *const parser = read_whole("grammar/parser.y");
    char *const flat = calloc(1, strlen(parser) + 1);
    assert_non_null(flat);
    size_t length = 0;
    for (const char *next = parser; *next; next++) {
        const bool star = next[0] == '\n' && next[1] == ' ' && next[2] == '*';
        if (star)
            next += 2;
        const bool blank = star || *next == ' ' || *next == '\n';
        if (!blank || (length > 0 && flat[length - 1] != ' '))
            flat[length++] = blank ? ' ' : *next;
    }
    for (int i = 0; i < language.rule_count; i++)
        if (!strstr(flat, language.rules[i].line))
            fail_msg("grammar/parser.y does not repeat: %s", language.rules[i].line);
    assert_true(language.rule_count > 40);
    free(flat);
    free(parser);
}

static void assert_listed(const char *document, const char *list, const char *word)
{
    const char *next = strstr(document, list);
    assert_non_null(next);
    const char *const end = strstr(next + 3, "```");
    for (next += strlen(list); next < end;) {
        next += strspn(next, " \n");
        const size_t length = strcspn(next, " \n`");
        if (length == strlen(word) && memcmp(next, word, length) == 0)
            return;
        next += length ? length : 1;
    }
    fail_msg("docs/grammar.md: `%s` is not listed under %s", word, list + 3);
}

static void test_words(void **state)
{
    (void)state;
    char *const document = read_whole("docs/grammar.md");
    const char *before = "";
#define RESERVED false
#define SOFT     true
#define WORD(symbol, text, standing, group)                                                        \
    assert_listed(document, standing ? "```soft" : "```reserved", text);                           \
    assert_int_equal(ParserFallback(TOKEN_##symbol), standing ? TOKEN_NAME : 0);                   \
    assert_int_equal(token_of_word(text, sizeof text - 1), TOKEN_##symbol);                        \
    assert_int_equal(token_is_reserved(TOKEN_##symbol), !(standing));                              \
    assert_true(strcmp(before, text) < 0);                                                         \
    before = text;
#include "grammar/tokens.def"
#undef RESERVED
#undef SOFT
    assert_int_equal(token_of_word("alpha", 5), TOKEN_NAME);
    assert_int_equal(token_of_word("an", 2), TOKEN_NAME);
    free(document);
}

/* ---- random sentences ------------------------------------------------------------------------ */

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % bound;
}

typedef struct sentence {
    char text[1u << 16];
    size_t length;
    int budget;
    bool any_word; /* inside of a key: reserved words are names here */
} sentence;

static void write_token(sentence *out, const char *token)
{
    static const char *const gaps[] = {" ", "\n", " // a comment \n", "\t", "\r\n  ", "  "};
    const char *const gap = random_below(6) ? " " : gaps[random_below(sizeof gaps / sizeof *gaps)];
    const size_t need = strlen(token) + strlen(gap);
    if (out->length + need >= sizeof out->text)
        return;
    out->length += (size_t)sprintf(out->text + out->length, "%s%s", token, gap);
}

static void write_any_word(sentence *out)
{
    static const char *const words[] = {
#define WORD(symbol, text, standing, group) text,
#include "grammar/tokens.def"
    };
    write_token(out, words[random_below(sizeof words / sizeof *words)]);
}

static void write_literal(sentence *out, const char *token)
{
    static const char *const strings[] = {"\"a\"", "\"two words\"", "\"\\n \\u{1f600} \\\"\"",
                                          "\"müde\"", "\"//\""};
    static const char *const regexes[] = {"/a/", "/[a-z]+\\/x/", "/\\b[0-9]{3}\\b/", "/é/"};
    static const char *const decimals[] = {"0.5", "12.50", "1000.000001"};
    static const char *const durations[] = {"10m", "1us", "250ms", "30s", "2h", "7d", "52w"};
    static const char *const floats[] = {"1e5", "1.5E-3", "0e0"};
    char number[16];
    snprintf(number, sizeof number, "%u", random_below(999) + 1);
    if (strcmp(token, "NAME") == 0 && out->any_word && random_below(2))
        write_any_word(out);
    else if (strcmp(token, "NAME") == 0)
        write_token(out, names[random_below(sizeof names / sizeof *names)]);
    else if (strcmp(token, "STRING") == 0)
        write_token(out, strings[random_below(sizeof strings / sizeof *strings)]);
    else if (strcmp(token, "REGEX") == 0)
        write_token(out, regexes[random_below(sizeof regexes / sizeof *regexes)]);
    else if (strcmp(token, "INT") == 0)
        write_token(out, number);
    else if (strcmp(token, "DECIMAL") == 0)
        write_token(out, decimals[random_below(sizeof decimals / sizeof *decimals)]);
    else if (strcmp(token, "DURATION") == 0)
        write_token(out, durations[random_below(sizeof durations / sizeof *durations)]);
    else if (strcmp(token, "FLOAT") == 0)
        write_token(out, floats[random_below(sizeof floats / sizeof *floats)]);
    else
        fail_msg("docs/grammar.md: unknown token %s", token);
}

static void write_node(sentence *out, int number);

static void write_choice(sentence *out, const node *node)
{
    int chosen = node->children[random_below((uint32_t)node->count)];
    for (int i = 0; i < node->count && out->budget <= 0; i++)
        if (language.nodes[node->children[i]].height < language.nodes[chosen].height)
            chosen = node->children[i];
    write_node(out, chosen);
}

static void write_node(sentence *out, int number)
{
    const node *const node = &language.nodes[number];
    out->budget--;
    switch (node->kind) {
    case NODE_WORD: write_token(out, node->text); break;
    case NODE_TOKEN: write_literal(out, node->text); break;
    case NODE_RULE:
        out->any_word = strcmp(node->text, "key") == 0;
        write_node(out, language.rules[find_rule(node->text)].node);
        out->any_word = false;
        break;
    case NODE_SEQUENCE:
        for (int i = 0; i < node->count; i++)
            write_node(out, node->children[i]);
        break;
    case NODE_CHOICE: write_choice(out, node); break;
    case NODE_OPTION:
        if (out->budget > 0 && random_below(2))
            write_node(out, node->children[0]);
        break;
    case NODE_REPEAT:
        while (out->budget > 0 && random_below(2))
            write_node(out, node->children[0]);
        break;
    }
}

/* Parses, and gives the dump of the tree. Answers the number of errors. */
static uint32_t parse(const char *text, size_t length, buffer *dump)
{
    compilation compilation;
    compilation_begin(&compilation, NULL, NULL);
    if (setjmp(compilation.out_of_memory))
        fail_msg("out of memory");
    const ast_file *const file =
        pass_parse(&compilation, source_add(&compilation, "random.const", text, length));
    const uint32_t errors = compilation.error_count;
    assert_int_equal(file->has_errors, errors > 0);
    ast_dump(dump, &compilation, file);
    for (uint32_t i = 0; i < compilation.diagnostics.count; i++)
        render_text(dump, &compilation, &compilation.diagnostics.items[i], false);
    compilation_end(&compilation);
    return errors;
}

static void mutate(sentence *out)
{
    const size_t at = random_below((uint32_t)out->length), span = random_below(12);
    const size_t end = at + span < out->length ? at + span : out->length;
    static const char *const insertions[] = {
        "\"", "(", "}",     " and ", " or ",    "/",     "=",  " then ", "\n", "\xff",
        ",",  "{", " not ", ".",     "\nrule ", " 1_0 ", "\\", "-",      "“",  "'"};
    if (random_below(2)) {
        memmove(out->text + at, out->text + end, out->length - end + 1);
        out->length -= end - at;
    }
    const char *const text = insertions[random_below(sizeof insertions / sizeof *insertions)];
    const size_t length = strlen(text),
                 place = out->length ? random_below((uint32_t)out->length) : 0;
    if (out->length + length + 1 >= sizeof out->text)
        return;
    memmove(out->text + place + length, out->text + place, out->length - place + 1);
    memcpy(out->text + place, text, length);
    out->length += length;
}

static void test_random_sentences(void **state)
{
    (void)state;
    static sentence sentence;
    buffer dump;
    buffer_init(&dump, NULL, 0);
    for (uint64_t seed = 1; seed <= SENTENCES; seed++) {
        random_state = seed * 977;
        memset(&sentence, 0, sizeof sentence);
        for (uint32_t count = random_below(8); count > 0; count--) {
            sentence.budget = 20 + (int)random_below(300);
            write_node(&sentence, language.rules[find_rule("declaration")].node);
        }
        buffer_clear(&dump);
        if (parse(sentence.text, sentence.length, &dump) > 0)
            fail_msg("seed %u is refused:\n%s\n%s", (unsigned)seed, sentence.text, dump.bytes);
        for (int i = 0; i < MUTATIONS && sentence.length > 0; i++) {
            mutate(&sentence);
            buffer_clear(&dump);
            parse(sentence.text, sentence.length, &dump);
        }
    }
    buffer_free(&dump);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parser_repeats_the_document),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_random_sentences),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
