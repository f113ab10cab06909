/*
 * random_pattern.c - see random_pattern.h.
 */
#include "tests/differential/random_pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/utf8.h"

enum { MOST_NODES = 1 << 16, MOST_ITEMS = 8, MOST_TEXT = 600 };

typedef enum node_kind {
    NODE_CODE,
    NODE_CLASS,
    NODE_ANY,
    NODE_CAT,
    NODE_EITHER,
    NODE_REPEAT,
    NODE_EDGE,
    NODE_FLAG /* (?i:…) and its like; `code` is the letter */
} node_kind;

struct node {
    node_kind kind;
    uint32_t code;
    const char *text;    /* of a class or an edge, as it is written */
    const char *members; /* of a class: what is drawn, UTF-8 */
    const node *items[MOST_ITEMS];
    uint32_t count, least, most; /* most UINT32_MAX: endless */
};

static node pool[MOST_NODES];
static uint32_t pool_count;

uint32_t generator_below(generator *generator, uint32_t bound)
{
    generator->state ^= generator->state << 13;
    generator->state ^= generator->state >> 7;
    generator->state ^= generator->state << 17;
    return (uint32_t)((generator->state * UINT64_C(0x2545f4914f6cdd1d) >> 32) % bound);
}

static bool one_in(generator *generator, uint32_t n)
{
    return generator_below(generator, n) == 0;
}

void string_add(string *string, const char *bytes, uint32_t length)
{
    if (string->length + length >= sizeof string->bytes)
        return;
    memcpy(string->bytes + string->length, bytes, length);
    string->length += length;
    string->bytes[string->length] = '\0';
}

void string_add_code(string *string, uint32_t code)
{
    char bytes[4];
    string_add(string, bytes, utf8_encode(code, bytes));
}

void trees_reset(void)
{
    pool_count = 0;
}

static node *node_new(node_kind kind)
{
    if (pool_count == MOST_NODES) {
        fputs("random_pattern: too many nodes\n", stderr);
        exit(2);
    }
    pool[pool_count] = (node){.kind = kind};
    return &pool[pool_count++];
}

/* ---- free expressions ------------------------------------------------------------------------ */

static const uint32_t small_codes[] = {'a', 'b', ' '};
static const uint32_t codes[] = {'a',   'b',   'c',    'A',    'B',     'k',   's',   'S',
                                 'e',   't',   ' ',    ' ',    '\n',    '1',   '2',   '7',
                                 '_',   '-',   '.',    '@',    '/',     0xe9,  0xc9,  0x436,
                                 0x416, 0x3c3, 0x6f22, 0x5b57, 0x1f600, 0x17f, 0x212a};

static uint32_t code_random(generator *generator)
{
    return generator->small ? small_codes[generator_below(generator, 3)]
                            : codes[generator_below(generator, sizeof codes / sizeof *codes)];
}

typedef struct class_text {
    const char *text, *members;
} class_text;

static const class_text classes[] = {{"[ab]", "ab"},
                                     {"[a-c]", "abc"},
                                     {"[^a]", "bK1 \u00e9\u6f22"},
                                     {"[^a-c]", "stk9\u0436"},
                                     {"\\d", "0123456789"},
                                     {"[0-9]", "0123456789"},
                                     {"\\w", "azAZ09_k"},
                                     {"\\s", " \t\n"},
                                     {"\\D", "a- \u00e9"},
                                     {"\\W", " -.\u00e9\u6f22"},
                                     {"\\S", "a1-\u5b57"},
                                     {"[\\w.-]", "aZ_.-"},
                                     {"[A-Za-z0-9+/=]", "AbZ09+/="},
                                     {"[\\x{400}-\\x{4ff}]", "\u0436\u0416\u0410"},
                                     {"[\u00e9\u6f22a]", "\u00e9\u6f22a"},
                                     {"[[:alpha:]]", "abYZ"},
                                     {"[[:^alpha:]_]", "1 _\u00e9"},
                                     {"[^\\s]", "ab1\u0436"},
                                     {"[^\u00e9\\n]", "ab\u6f22\u00c9"},
                                     {"[1-4]", "1234"},
                                     {"[13579]", "13579"},
                                     {"[\\-\\]x]", "-]x"},
                                     {"[[:punct:]]", "!-.@"},
                                     {"[\\x{80}-\\x{10ffff}]", "\u00e9\u6f22\U0001f600"},
                                     {"[\\x{7ff}-\\x{800}z]", "\u07ff\u0800z"},
                                     {"[\\x{d7f0}-\\x{e010}]", "\ud7f5\ue000"},
                                     {"[[:upper:]]", "ABK"},
                                     {"[s-u]", "stu"},
                                     {"[\\x{fff0}-\\x{10010}]", "\ufff1\U00010003"},
                                     {"[^[:digit:]\u0436]", "a \u00e9"},
                                     {"[\\W\\d]", "1 -\u00e9"}};
static const class_text small_classes[] = {
    {"[ab]", "ab"}, {"[^a]", "b "}, {"\\s", " "}, {"\\w", "ab"}};
static const char *const edges[] = {"\\b", "\\b", "\\b", "\\B", "^", "$", "\\A", "\\z"};

static const node *class_random(generator *generator)
{
    node *const made = node_new(NODE_CLASS);
    const class_text *const one =
        generator->small ? &small_classes[generator_below(generator, 4)]
                         : &classes[generator_below(generator, sizeof classes / sizeof *classes)];
    made->text = one->text;
    made->members = one->members;
    return made;
}

static const node *code_node(uint32_t code)
{
    node *const made = node_new(NODE_CODE);
    made->code = code;
    return made;
}

static const node *edge_node(const char *text)
{
    node *const made = node_new(NODE_EDGE);
    made->text = text;
    return made;
}

static const node *word_node(const char *text)
{
    /* in a group of pieces, each of at most MOST_ITEMS characters */
    node *made = node_new(NODE_CAT);
    node *const whole = made;
    for (const char *next = text, *const end = text + strlen(text); next < end;) {
        if (made->count == MOST_ITEMS - 1) {
            node *const more = node_new(NODE_CAT);
            made->items[made->count++] = more;
            made = more;
        }
        made->items[made->count++] = code_node(utf8_decode(&next, end));
    }
    return whole;
}

static const node *repeat(const node *of, uint32_t least, uint32_t most)
{
    node *const made = node_new(NODE_REPEAT);
    made->items[0] = of;
    made->count = 1;
    made->least = least;
    made->most = most;
    return made;
}

static const node *class_node(const char *text, const char *members)
{
    node *const made = node_new(NODE_CLASS);
    made->text = text;
    made->members = members;
    return made;
}

static const node *free_random(generator *generator, uint32_t depth);

static const node *count_random(generator *generator, uint32_t depth)
{
    const node *const of = free_random(generator, depth - 1);
    if (of->kind == NODE_EDGE)
        return of;
    const uint32_t least = generator_below(generator, generator->small ? 2 : 3);
    if (!generator->small && one_in(generator, 3))
        return repeat(of, least, UINT32_MAX);
    const uint32_t most =
        least + generator_below(generator, generator->small || !one_in(generator, 8) ? 3 : 9);
    return repeat(of, least, most == 0 ? 1 : most);
}

static const node *free_random(generator *generator, uint32_t depth)
{
    const uint32_t choice = generator_below(generator, depth == 0 ? 11 : 20);
    if (choice < 6)
        return code_node(code_random(generator));
    if (choice < 8)
        return class_random(generator);
    if (choice == 8)
        return node_new(NODE_ANY);
    if (choice == 9)
        return edge_node(edges[generator_below(generator, sizeof edges / sizeof *edges)]);
    if (choice == 10)
        return code_node('a');
    if (choice < 14)
        return count_random(generator, depth);
    if (choice == 14) {
        node *const flag = node_new(NODE_FLAG);
        flag->code = (unsigned char)"iismm"[generator_below(generator, 5)];
        flag->items[flag->count++] = free_random(generator, depth - 1);
        return flag;
    }
    node *const made = node_new(choice < 18 ? NODE_CAT : NODE_EITHER);
    const uint32_t count = 2 + generator_below(generator, generator->small ? 2 : 4);
    for (uint32_t i = 0; i < count; i++)
        made->items[made->count++] = free_random(generator, depth - 1);
    return made;
}

/* ---- shapes of the world --------------------------------------------------------------------- */

static const node *cat(const node *const *items, uint32_t count)
{
    node *const made = node_new(NODE_CAT);
    for (uint32_t i = 0; i < count; i++)
        made->items[made->count++] = items[i];
    return made;
}

static const node *either(const node *a, const node *b)
{
    node *const made = node_new(NODE_EITHER);
    made->items[made->count++] = a;
    made->items[made->count++] = b;
    return made;
}

static const node *credential(generator *generator)
{
    static const char *const begins[] = {"AKIA", "sk-", "ghp_", "x", "eyJ"};
    const uint32_t least = 4 + generator_below(generator, 16);
    const node *const body = repeat(class_node("[A-Za-z0-9_\\-]", "aQz09_-"), least,
                                    least + generator_below(generator, 3) * 4);
    if (one_in(generator, 2)) /* a bare token */
        return cat((const node *const[]){edge_node("\\b"),
                                         repeat(class_node("[A-Za-z0-9+/]", "aQz09+/"), 10 + least,
                                                14 + least),
                                         edge_node("\\b")},
                   one_in(generator, 2) ? 2 : 3);
    return cat((const node *const[]){edge_node("\\b"),
                                     word_node(begins[generator_below(generator, 5)]), body,
                                     edge_node("\\b")},
               one_in(generator, 2) ? 3 : 4);
}

static const node *number(generator *generator)
{
    const node *items[MOST_ITEMS];
    uint32_t count = 0;
    if (one_in(generator, 2))
        items[count++] = edge_node("\\b");
    const uint32_t groups = 2 + generator_below(generator, 3);
    for (uint32_t i = 0; i < groups && count + 2 < MOST_ITEMS; i++) {
        const uint32_t least = 1 + generator_below(generator, 4);
        if (i > 0)
            items[count++] = one_in(generator, 2) ? repeat(class_node("[ -]", " -"), 0, 1)
                                                  : class_node("[ .\\-]", " .-");
        items[count++] = repeat(one_in(generator, 3) ? class_node("[1-4]", "1234")
                                                     : class_node("\\d", "0123456789"),
                                least, least + generator_below(generator, 3));
    }
    if (one_in(generator, 2))
        items[count++] = edge_node("\\b");
    return cat(items, count);
}

static const node *gap(generator *generator)
{
    static const char *const words[] = {"ignore", "disregard",         "previous",
                                        "prior",  "instruction",       "rules",
                                        "foo",    "\u0436\u0443\u043a"};
    const node *const a = either(word_node(words[generator_below(generator, 8)]),
                                 word_node(words[generator_below(generator, 8)]));
    const node *const b = word_node(words[generator_below(generator, 8)]);
    const node *const c = word_node(words[generator_below(generator, 8)]);
    const node *const one = repeat(node_new(NODE_ANY), 0, 1 + generator_below(generator, 20));
    const node *const two =
        repeat(one_in(generator, 2) ? node_new(NODE_ANY) : class_node("[^.]", "ab \u00e9\n"),
               generator_below(generator, 2), 2 + generator_below(generator, 12));
    node *const flag = node_new(NODE_FLAG);
    flag->code = one_in(generator, 2) ? 'i' : 's';
    flag->items[flag->count++] =
        cat((const node *const[]){a, one, b, two, c}, one_in(generator, 2) ? 3 : 5);
    return flag;
}

/* The byte twelve places before the end decides: thousands of states. */
static const node *wide(generator *generator)
{
    const uint32_t reach = 11 + generator_below(generator, 3);
    return cat((const node *const[]){class_node("[ab1]", "ab1"),
                                     repeat(class_node("[ab]", "ab"), 0, UINT32_MAX),
                                     code_node('a'), repeat(class_node("[ab]", "ab"), reach, reach),
                                     class_node("[a1]", "a1")},
               5);
}

static const node *mail(generator *generator)
{
    return cat(
        (const node *const[]){
            repeat(class_node("[\\w.+-]", "ab_.+-1"), 1, one_in(generator, 2) ? UINT32_MAX : 20),
            code_node('@'), repeat(class_node("[a-z0-9-]", "ab0-"), 1, UINT32_MAX), code_node('.'),
            repeat(class_node("[a-z]", "abcz"), 2, 6), edge_node("\\b")},
        one_in(generator, 2) ? 5 : 6);
}

const node *expression_random(generator *generator)
{
    const uint32_t choice = generator->small ? 0 : generator_below(generator, 20);
    switch (choice) {
    case 10:
    case 11: return credential(generator);
    case 12:
    case 13: return number(generator);
    case 14:
    case 15: return gap(generator);
    case 16: return wide(generator);
    case 17: return mail(generator);
    case 18: return either(number(generator), credential(generator));
    case 19:
        return cat((const node *const[]){free_random(generator, 1),
                                         repeat(free_random(generator, 2), 0, 3),
                                         free_random(generator, 1)},
                   3);
    default:
        return free_random(generator, generator->small ? 2 : 2 + generator_below(generator, 3));
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

static void code_write(uint32_t code, string *out)
{
    if (code == '\n') {
        string_add(out, "\\n", 2);
        return;
    }
    if (code < 0x80 && strchr("\\^$.[]|()*+?{}/", (int)code))
        string_add(out, "\\", 1);
    string_add_code(out, code);
}

static void node_write(const node *node, bool oracle, bool lines, string *out)
{
    char count[40];
    switch (node->kind) {
    case NODE_CODE: code_write(node->code, out); return;
    case NODE_EDGE:
        if (oracle && node->text[0] == '$') {
            string_add(out, lines ? "(?=\\n|\\z)" : "\\z", lines ? 9 : 2);
            return;
        }
        string_add(out, node->text, (uint32_t)strlen(node->text));
        return;
    case NODE_CLASS: string_add(out, node->text, (uint32_t)strlen(node->text)); return;
    case NODE_ANY: string_add(out, ".", 1); return;
    case NODE_FLAG:
        snprintf(count, sizeof count, "(?%c:", (int)node->code);
        string_add(out, count, 4);
        node_write(node->items[0], oracle, lines || node->code == 'm', out);
        string_add(out, ")", 1);
        return;
    case NODE_CAT:
        for (uint32_t i = 0; i < node->count; i++) {
            const bool group = node->items[i]->kind == NODE_EITHER;
            string_add(out, "(?:", group ? 3 : 0);
            node_write(node->items[i], oracle, lines, out);
            string_add(out, ")", group);
        }
        return;
    case NODE_EITHER:
        for (uint32_t i = 0; i < node->count; i++) {
            string_add(out, "|", i > 0);
            node_write(node->items[i], oracle, lines, out);
        }
        return;
    case NODE_REPEAT:
        string_add(out, "(?:", 3);
        node_write(node->items[0], oracle, lines, out);
        if (node->most == UINT32_MAX)
            snprintf(count, sizeof count,
                     node->least == 0   ? ")*"
                     : node->least == 1 ? ")+"
                                        : "){%u,}",
                     node->least);
        else if (node->least == node->most)
            snprintf(count, sizeof count, "){%u}", node->least);
        else
            snprintf(count, sizeof count, "){%u,%u}", node->least, node->most);
        string_add(out, count, (uint32_t)strlen(count));
        return;
    }
}

void expression_write(const node *node, bool oracle, string *out)
{
    node_write(node, oracle, false, out);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static uint32_t member_of(generator *generator, const char *members)
{
    const char *const end = members + strlen(members);
    const uint32_t wanted =
        generator_below(generator, (uint32_t)utf8_count(members, strlen(members)));
    uint32_t code = 0;
    const char *next = members;
    for (uint32_t i = 0; i <= wanted && next < end; i++)
        code = utf8_decode(&next, end);
    return code;
}

void expression_draw(generator *generator, const node *node, string *out)
{
    if (out->length > MOST_TEXT)
        return;
    switch (node->kind) {
    case NODE_CODE:
        string_add_code(
            out, node->code < 0x80 && one_in(generator, 30)
                     ? node->code ^ ((node->code | 32) >= 'a' && (node->code | 32) <= 'z' ? 32 : 0)
                     : node->code);
        return;
    case NODE_CLASS: string_add_code(out, member_of(generator, node->members)); return;
    case NODE_ANY: string_add_code(out, code_random(generator)); return;
    case NODE_EDGE:
        if (one_in(generator, 16))
            string_add(out, "\n", 1);
        return;
    case NODE_FLAG: expression_draw(generator, node->items[0], out); return;
    case NODE_CAT:
        for (uint32_t i = 0; i < node->count; i++)
            expression_draw(generator, node->items[i], out);
        return;
    case NODE_EITHER:
        expression_draw(generator, node->items[generator_below(generator, node->count)], out);
        return;
    case NODE_REPEAT: {
        const uint32_t span = node->most == UINT32_MAX ? 4 : node->most - node->least + 1;
        uint32_t times = node->least + generator_below(generator, span);
        if (one_in(generator, 20))
            times = one_in(generator, 2) ? times + 1 : times > 0 ? times - 1 : 0;
        for (uint32_t i = 0; i < times; i++)
            expression_draw(generator, node->items[0], out);
        return;
    }
    }
}

/* Changes one character, at the border of one. */
static void mutate(generator *generator, string *text)
{
    if (text->length == 0)
        return;
    uint32_t at = generator_below(generator, text->length);
    while (at > 0 && ((unsigned char)text->bytes[at] & 0xc0) == 0x80)
        at--;
    uint32_t end = at + 1;
    while (end < text->length && ((unsigned char)text->bytes[end] & 0xc0) == 0x80)
        end++;
    string rest = {.length = 0};
    const uint32_t kind = generator_below(generator, 3);
    string_add(&rest, text->bytes + (kind == 0 ? at : end), text->length - (kind == 0 ? at : end));
    text->length = at;
    if (kind != 2)
        string_add_code(text, code_random(generator));
    string_add(text, rest.bytes, rest.length);
}

void text_random(generator *generator, const node *const *nodes, uint32_t count, string *out)
{
    out->length = 0;
    out->bytes[0] = '\0';
    const uint32_t pieces = generator_below(generator, 5);
    for (uint32_t i = 0; i < pieces && out->length < MOST_TEXT; i++) {
        const uint32_t kind = generator_below(generator, 8);
        if (kind < 5) {
            string one = {.length = 0};
            expression_draw(generator, nodes[generator_below(generator, count)], &one);
            for (uint32_t changes = kind < 3 ? 0 : 1 + generator_below(generator, 2); changes > 0;
                 changes--)
                mutate(generator, &one);
            string_add(out, one.bytes, one.length);
        } else {
            for (uint32_t k = generator_below(generator, 6); k > 0; k--)
                string_add_code(out, code_random(generator));
        }
        if (one_in(generator, 3))
            string_add(out, one_in(generator, 3) ? "\n" : " ", 1);
    }
}

void phrase_random(generator *generator, string *out)
{
    static const char *const parts[] = {
        "ab", "foo", "\u0436\u0443\u043a", "\u6f22\u5b57", "a", "-", " ", "b", "\u00e9", "1", "@"};
    out->length = 0;
    for (uint32_t i = 1 + generator_below(generator, 3); i > 0; i--) {
        const char *const part = parts[generator_below(generator, sizeof parts / sizeof *parts)];
        string_add(out, part, (uint32_t)strlen(part));
    }
}
