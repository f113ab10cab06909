/*
 * facts.c - what every match of a pattern must hold: its length, a literal, digits, a token. It
 * decides what the pattern is looked for by.
 *
 * Literals. For each part of the tree: the texts that it is (if they are few), or else the best set
 * of texts of which every match holds one. Of a sequence that is the best of its parts; neighbours
 * that are few texts each are joined first. "Best" is rarest: texts are priced by how often their
 * bytes stand in prose and in code, and a set is as common as all of its texts together. The
 * letters behind the fourth of a word tell little more (a language has few words), and a text from
 * which the start of a match is far costs more to look around.
 */
#include <string.h>

#include "compiler/pattern/tree.h"
#include "runtime/limits.h"
#include "runtime/text/scan_format.h"

enum { MOST_TEXTS = 48, FEW_TEXTS = 8, MOST_BYTES = 24, LEAST_PRICE = 80, MOST_BEFORE_DIGIT = 16 };

/* How rare a byte is, in sixteenths of a bit: letters as in English prose and code, digits, signs.
 */
static uint32_t byte_price(unsigned char byte)
{
    static const uint8_t letters[26] = {58, 96, 82, 76,  50, 87, 91, 68, 60,  130, 107, 73, 84,
                                        61, 60, 87, 140, 63, 63, 55, 84, 105, 91,  123, 92, 150};
    if (byte >= 'a' && byte <= 'z')
        return letters[byte - 'a'];
    if (byte >= 'A' && byte <= 'Z')
        return letters[byte - 'A'] + 40u > 140 ? 140 : letters[byte - 'A'] + 40u;
    if (byte == ' ')
        return 40;
    if (byte >= '0' && byte <= '9')
        return 104;
    if (byte == '.' || byte == ',' || byte == '\n' || byte == '-' || byte == '\'' || byte == '"')
        return 100;
    if (byte == '@' || byte == '~' || byte == '^' || byte == '|' || byte == '\\' || byte == '`')
        return 170;
    return byte >= 0x80 ? 120 : 140;
}

static uint32_t text_price(const literal *text)
{
    uint32_t price = 0, letters = 0;
    for (uint32_t i = 0; i < text->length; i++) {
        const unsigned char byte = (unsigned char)text->bytes[i];
        const uint32_t one = byte_price(byte), own = text->caseless && one > 8 ? one - 8 : one;
        letters = (byte | 32) >= 'a' && (byte | 32) <= 'z' && byte < 0x80 ? letters + 1 : 0;
        price += letters > 4 ? own / 3 : own;
    }
    return price;
}

typedef struct texts {
    literal items[MOST_TEXTS];
    uint32_t count; /* 0: not few */
} texts;

typedef struct place {          /* where a part stands */
    uint32_t nearest, farthest; /* bytes from the start of a match */
    byte_set before;            /* the bytes that may stand between */
} place;

typedef struct found { /* the best set so far */
    texts texts;
    uint32_t price;
    uint32_t most;              /* texts that one set may have */
    uint32_t nearest, farthest; /* from the start of a match to the end of a text */
    /* bytes between that start and the start of a text, and those of the texts */
    byte_set before;
} found;

typedef struct measure {
    uint32_t shortest, longest;
} measure;

static uint32_t add(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static uint32_t times(uint32_t a, uint32_t b)
{
    const uint64_t product = (uint64_t)a * b;
    return a == UINT32_MAX || b == UINT32_MAX ? (a == 0 || b == 0 ? 0 : UINT32_MAX)
           : product > UINT32_MAX             ? UINT32_MAX
                                              : (uint32_t)product;
}

static measure measure_of(const tree *tree)
{
    measure all = {0, 0};
    switch (tree->kind) {
    case TREE_BYTE: return (measure){1, 1};
    case TREE_CAT:
        for (uint32_t i = 0; i < tree->count; i++) {
            const measure one = measure_of(tree->items[i]);
            all = (measure){add(all.shortest, one.shortest), add(all.longest, one.longest)};
        }
        return all;
    case TREE_EITHER:
        all.shortest = UINT32_MAX;
        for (uint32_t i = 0; i < tree->count; i++) {
            const measure one = measure_of(tree->items[i]);
            all.shortest = one.shortest < all.shortest ? one.shortest : all.shortest;
            all.longest = one.longest > all.longest ? one.longest : all.longest;
        }
        return all;
    case TREE_REPEAT: {
        const measure one = measure_of(tree->items[0]);
        /* the bytes behind the first of a character are at most three */
        const bool tail = tree->most == TREE_ENDLESS && tree->items[0]->kind == TREE_BYTE &&
                          tree->items[0]->set.bits[2] == UINT64_MAX &&
                          tree->items[0]->set.bits[0] == 0 && tree->items[0]->set.bits[1] == 0 &&
                          tree->items[0]->set.bits[3] == 0;
        return (measure){times(one.shortest, tree->least),
                         tail ? 3 : times(one.longest, tree->most)};
    }
    default: return all;
    }
}

/* ---- few texts ------------------------------------------------------------------------------- */

/* A byte, or both cases of a letter; false: more. */
static bool single(const byte_set *set, char *byte, bool *caseless)
{
    uint32_t count = 0;
    unsigned first = 0, second = 0;
    for (unsigned i = 0; i < 256; i++) {
        if (!has_byte(set, i))
            continue;
        if (++count > 2)
            return false;
        *(count == 1 ? &first : &second) = i;
    }
    *caseless = count == 2;
    *byte = (char)(count == 2 ? second : first);
    return count == 1 || (count == 2 && first >= 'A' && first <= 'Z' && second == first + 32);
}

static bool text_join(arena *arena, const literal *a, const literal *b, literal *out)
{
    if (a->length + b->length > MOST_BYTES)
        return false;
    char *const bytes = arena_allocate(arena, a->length + b->length + 1u);
    memcpy(bytes, a->bytes, a->length);
    memcpy(bytes + a->length, b->bytes, b->length);
    *out = (literal){bytes, a->length + b->length, a->caseless || b->caseless};
    for (uint32_t i = 0; out->caseless && i < out->length; i++)
        if (bytes[i] >= 'A' && bytes[i] <= 'Z')
            bytes[i] = (char)(bytes[i] + 32);
    return true;
}

static bool texts_join(arena *arena, const texts *a, const texts *b, texts *out)
{
    texts made = {.count = 0};
    if (a->count * b->count > MOST_TEXTS)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t k = 0; k < b->count; k++)
            if (!text_join(arena, &a->items[i], &b->items[k], &made.items[made.count++]))
                return false;
    *out = made;
    return true;
}

/* The texts that a part is, all of them; false: they are many, or it is not known. */
static bool texts_of(arena *arena, const tree *tree, texts *out)
{
    texts one;
    *out = (texts){.items = {{"", 0, false}}, .count = 1};
    switch (tree->kind) {
    case TREE_EMPTY:
    case TREE_EDGE: return true;
    case TREE_BYTE: {
        char byte;
        bool caseless;
        if (single(&tree->set, &byte, &caseless)) {
            out->items[0] = (literal){arena_copy(arena, &byte, 1), 1, caseless};
            return true;
        }
        out->count = 0;
        for (unsigned i = 0; i < 256; i++) {
            if (!has_byte(&tree->set, i))
                continue;
            if (out->count == 4)
                return false;
            const char c = (char)i;
            out->items[out->count++] = (literal){arena_copy(arena, &c, 1), 1, false};
        }
        return out->count > 0;
    }
    case TREE_CAT:
        for (uint32_t i = 0; i < tree->count; i++)
            if (!texts_of(arena, tree->items[i], &one) || !texts_join(arena, out, &one, out))
                return false;
        return true;
    case TREE_EITHER:
        out->count = 0;
        for (uint32_t i = 0; i < tree->count; i++) {
            if (!texts_of(arena, tree->items[i], &one) || out->count + one.count > MOST_TEXTS)
                return false;
            memcpy(&out->items[out->count], one.items, one.count * sizeof *one.items);
            out->count += one.count;
        }
        return true;
    default: {
        texts body;
        if (tree->most > 3 || !texts_of(arena, tree->items[0], &body))
            return false;
        texts run = *out;
        texts all = {.count = 0};
        for (uint32_t i = 0; i <= tree->most; i++) {
            if (i > 0 && !texts_join(arena, &run, &body, &run))
                return false;
            if (i < tree->least)
                continue;
            if (all.count + run.count > MOST_TEXTS)
                return false;
            memcpy(&all.items[all.count], run.items, run.count * sizeof *run.items);
            all.count += run.count;
        }
        *out = all;
        return true;
    }
    }
}

/* ---- the best set ---------------------------------------------------------------------------- */

/* 16 times the binary logarithm, up. */
static uint32_t logarithm(uint32_t number)
{
    uint32_t out = 0;
    for (uint64_t n = number; n > 1; n = (n + 1) / 2)
        out += 16;
    return out;
}

static uint32_t less(uint32_t price, uint32_t discount)
{
    return price > discount ? price - discount : 0;
}

/* What it costs to look for the start: every place between, or as far as the bytes before go. */
static uint32_t window_price(const place *at)
{
    const uint32_t width = at->farthest - at->nearest;
    if (at->nearest == at->farthest)
        return 0;
    return has_byte(&at->before, ' ') ? logarithm(width < 4096 ? width : 4096)
                                      : logarithm(width < 16 ? width : 16);
}

/* The price of being one of several: 16 times the logarithm of the sum of how often each comes. */
static uint32_t price_sum(uint32_t a, uint32_t b)
{
    /* by eight of what one costs more than the other */
    static const uint8_t less_by[] = {16, 13, 9, 7, 5, 4, 3, 2, 1, 1, 1};
    const uint32_t least = a < b ? a : b, more = (a < b ? b - a : a - b) / 8;
    return less(least, more < sizeof less_by ? less_by[more] : 0);
}

static void consider(found *best, const texts *set, const place *at)
{
    uint32_t all = UINT32_MAX, longest = 0, shortest = UINT32_MAX;
    if (set->count == 0 || set->count > best->most)
        return;
    for (uint32_t i = 0; i < set->count; i++) {
        const uint32_t price = text_price(&set->items[i]);
        all = i == 0 ? price : price_sum(all, price);
        longest = set->items[i].length > longest ? set->items[i].length : longest;
        shortest = set->items[i].length < shortest ? set->items[i].length : shortest;
    }
    if (shortest == 0)
        return;
    /* each is one more for the engine */
    const uint32_t price = less(all, window_price(at) + 4 * (set->count - 1));
    if (price <= best->price)
        return;
    *best = (found){
        *set,      price, best->most, add(at->nearest, shortest), add(at->farthest, longest),
        at->before};
    /* a hit may lie inside of another text of the set, or be its end: what is before it is then a
     * part of that text */
    for (uint32_t i = 0; i < set->count; i++)
        for (uint32_t k = 0; k < set->items[i].length; k++) {
            const unsigned char byte = (unsigned char)set->items[i].bytes[k];
            set_byte(&best->before, byte);
            if (set->items[i].caseless && byte >= 'a' && byte <= 'z')
                set_byte(&best->before, byte - 32u);
        }
}

static void bytes_of(const tree *tree, byte_set *out)
{
    for (uint32_t i = 0; tree->kind == TREE_BYTE && i < 4; i++)
        out->bits[i] |= tree->set.bits[i];
    for (uint32_t i = 0; i < tree->count; i++)
        bytes_of(tree->items[i], out);
}

static void search(arena *arena, const tree *tree, const place *at, found *best);

/* Fewer texts than the part has in all, where those are many. */
static void search_fewer(arena *arena, const tree *tree, const place *at, found *best)
{
    found fewer = {.price = best->price, .most = FEW_TEXTS};
    search(arena, tree, at, &fewer);
    if (fewer.price <= best->price)
        return;
    fewer.most = best->most;
    *best = fewer;
}

static void search_sequence(arena *arena, const tree *tree, const place *from, found *best)
{
    place at = *from, run_at = *from;
    texts run = {.count = 0};
    for (uint32_t i = 0; i < tree->count; i++) {
        texts one;
        const measure size = measure_of(tree->items[i]);
        const bool few = texts_of(arena, tree->items[i], &one);
        if (few && run.count > 0 && run.count * one.count <= best->most &&
            texts_join(arena, &run, &one, &run)) {
            consider(best, &run, &run_at);
        } else {
            run.count = 0;
            if (few) {
                run = one;
                run_at = at;
                consider(best, &run, &run_at);
                if (one.count > FEW_TEXTS && best->most > FEW_TEXTS)
                    search_fewer(arena, tree->items[i], &at, best);
            } else {
                search(arena, tree->items[i], &at, best);
            }
        }
        at.nearest = add(at.nearest, size.shortest);
        at.farthest = add(at.farthest, size.longest);
        bytes_of(tree->items[i], &at.before);
    }
}

/* Of each alternative the best set of at most so many texts, if all together are few. */
static bool search_all(arena *arena, const tree *tree, const place *at, uint32_t most, found *out)
{
    found all = {.price = UINT32_MAX, .most = most, .nearest = UINT32_MAX};
    for (uint32_t i = 0; i < tree->count; i++) {
        found one = {.price = 0, .most = most};
        search(arena, tree->items[i], at, &one);
        if (one.price == 0 || all.texts.count + one.texts.count > MOST_TEXTS)
            return false;
        memcpy(&all.texts.items[all.texts.count], one.texts.items,
               one.texts.count * sizeof *one.texts.items);
        all.texts.count += one.texts.count;
        all.price = i == 0 ? one.price : price_sum(all.price, one.price);
        all.nearest = one.nearest < all.nearest ? one.nearest : all.nearest;
        all.farthest = one.farthest > all.farthest ? one.farthest : all.farthest;
        for (uint32_t k = 0; k < 4; k++)
            all.before.bits[k] |= one.before.bits[k];
    }
    *out = all;
    return tree->count > 0;
}

/* A word without case has as many texts as its letters s and k (which a long s and the sign of
 * Kelvin stand for too) can be written in: where that makes the alternatives too many, each gives a
 * part of itself that has fewer. */
static void search_either(arena *arena, const tree *tree, const place *at, found *best)
{
    found all;
    uint32_t most = best->most;
    while (most > 0 && !search_all(arena, tree, at, most, &all))
        most = most > FEW_TEXTS ? FEW_TEXTS : most / 2;
    if (most == 0 || all.price <= best->price)
        return;
    all.most = best->most;
    *best = all;
}

static void search(arena *arena, const tree *tree, const place *at, found *best)
{
    texts few;
    if (texts_of(arena, tree, &few)) {
        consider(best, &few, at);
        if (few.count <= best->most)
            return;
    }
    if (tree->kind == TREE_CAT)
        search_sequence(arena, tree, at, best);
    else if (tree->kind == TREE_EITHER)
        search_either(arena, tree, at, best);
    else if (tree->kind == TREE_REPEAT && tree->least > 0)
        search(arena, tree->items[0], at, best);
}

/* ---- digits and tokens ----------------------------------------------------------------------- */

static bool only(const byte_set *set, bool (*test)(unsigned byte))
{
    for (unsigned byte = 0; byte < 256; byte++)
        if (has_byte(set, byte) && !test(byte))
            return false;
    return true;
}

static bool is_digit(unsigned byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_token(unsigned byte)
{
    return scan_is_token((unsigned char)byte);
}

typedef struct runs {              /* of token bytes */
    uint32_t best, before, behind; /* inside; at its start; at its end */
    /* nothing else is in it: then before and behind are its shortest */
    bool whole;
} runs;

static runs runs_of(const tree *tree)
{
    runs all = {0, 0, 0, true};
    switch (tree->kind) {
    case TREE_BYTE:
        if (only(&tree->set, is_token))
            return (runs){1, 1, 1, true};
        return (runs){0, 0, 0, false};
    case TREE_CAT:
        for (uint32_t i = 0; i < tree->count; i++) {
            const runs one = runs_of(tree->items[i]);
            const uint32_t joined = add(all.behind, one.before);
            all.best = joined > all.best ? joined : all.best;
            all.best = one.best > all.best ? one.best : all.best;
            all.before = all.whole ? add(all.before, one.before) : all.before;
            all.behind = one.whole ? add(all.behind, one.behind) : one.behind;
            all.whole = all.whole && one.whole;
        }
        return all;
    case TREE_EITHER:
        all = (runs){UINT32_MAX, UINT32_MAX, UINT32_MAX, true};
        for (uint32_t i = 0; i < tree->count; i++) {
            const runs one = runs_of(tree->items[i]);
            all.best = one.best < all.best ? one.best : all.best;
            all.before = one.before < all.before ? one.before : all.before;
            all.behind = one.behind < all.behind ? one.behind : all.behind;
            all.whole = all.whole && one.whole;
        }
        return all;
    case TREE_REPEAT: {
        const runs one = runs_of(tree->items[0]);
        if (one.whole) {
            const uint32_t length = times(one.best, tree->least);
            return (runs){length, length, length, true};
        }
        if (tree->least == 0)
            return (runs){0, 0, 0, false};
        return one;
    }
    default: return all;
    }
}

/* ---- a digit near the start ------------------------------------------------------------------ */

/* Where every match has a digit, as near to a fixed distance from its start as can be. False:
 * nowhere. */
static bool digit_place(const tree *tree, place at, place *best)
{
    bool some = false;
    switch (tree->kind) {
    case TREE_BYTE: *best = at; return only(&tree->set, is_digit);
    case TREE_CAT:
        for (uint32_t i = 0; i < tree->count; i++) {
            place one;
            const measure size = measure_of(tree->items[i]);
            if (digit_place(tree->items[i], at, &one) &&
                (!some || one.farthest - one.nearest < best->farthest - best->nearest)) {
                *best = one;
                some = true;
            }
            at.nearest = add(at.nearest, size.shortest);
            at.farthest = add(at.farthest, size.longest);
            bytes_of(tree->items[i], &at.before);
        }
        return some;
    case TREE_EITHER:
        for (uint32_t i = 0; i < tree->count; i++) {
            place one;
            if (!digit_place(tree->items[i], at, &one))
                return false;
            for (uint32_t k = 0; k < 4; k++)
                best->before.bits[k] =
                    some ? best->before.bits[k] | one.before.bits[k] : one.before.bits[k];
            best->nearest = !some || one.nearest < best->nearest ? one.nearest : best->nearest;
            best->farthest = !some || one.farthest > best->farthest ? one.farthest : best->farthest;
            some = true;
        }
        return some;
    case TREE_REPEAT: return tree->least > 0 && digit_place(tree->items[0], at, best);
    default: return false;
    }
}

/* ---- the choice ------------------------------------------------------------------------------ */

static facts phrase_facts(arena *arena, const pattern *pattern)
{
    facts out = {.shortest = pattern->length,
                 .longest = pattern->length,
                 .trigger = SCAN_BY_LITERAL,
                 .literal_count = 1};
    out.literals = arena_array(arena, 1, sizeof *out.literals);
    out.literals[0] = (literal){pattern->phrase, pattern->length, false};
    out.nearest = out.farthest = pattern->length;
    if (pattern->length > 64) /* the engine needs no more to find it */
        out.literals[0].length = out.nearest = out.farthest = 64;
    return out;
}

facts facts_of(arena *arena, const pattern *pattern)
{
    if (pattern->tree == NULL)
        return phrase_facts(arena, pattern);
    const measure size = measure_of(pattern->tree);
    facts out = {.shortest = size.shortest, .longest = size.longest, .trigger = SCAN_BY_START};
    found best = {.price = 0, .most = MOST_TEXTS};
    const place start = {.nearest = 0};
    place digit = start;
    search(arena, pattern->tree, &start, &best);
    out.token = runs_of(pattern->tree).best;
    const bool has_digit =
        digit_place(pattern->tree, start, &digit) && digit.farthest < MOST_BEFORE_DIGIT;
    if (best.price >= LEAST_PRICE + 40 ||
        (best.price >= LEAST_PRICE && !has_digit && out.token < 16)) {
        out.trigger = SCAN_BY_LITERAL;
        out.literals = arena_array(arena, best.texts.count, sizeof *out.literals);
        memcpy(out.literals, best.texts.items, best.texts.count * sizeof *out.literals);
        out.literal_count = best.texts.count;
        out.nearest = best.nearest;
        out.farthest = best.farthest;
        out.before = best.before;
        out.is_tight = best.nearest != best.farthest && !has_byte(&best.before, ' ');
    } else if (has_digit) {
        out.trigger = SCAN_BY_DIGIT;
        out.nearest = digit.nearest + 1;
        out.farthest = digit.farthest + 1;
        out.before = digit.before;
    } else if (out.token >= 10) {
        out.trigger = SCAN_BY_TOKEN;
    }
    return out;
}

pattern_facts pattern_study(const pattern *pattern)
{
    arena memory;
    arena_init(&memory, NULL, 0);
    const facts of = facts_of(&memory, pattern);
    static const struct {
        pattern_trigger trigger;
        const char *text;
        uint32_t cost;
    } kinds[] = {[SCAN_BY_LITERAL] = {TRIGGER_LITERAL, "a rare text", 1},
                 [SCAN_BY_NUMBER] = {TRIGGER_DIGITS, "numbers", 3},
                 [SCAN_BY_DIGIT] = {TRIGGER_DIGITS, "a digit", 10},
                 [SCAN_BY_TOKEN] = {TRIGGER_TOKEN, "a long token", 5},
                 [SCAN_BY_WORD] = {TRIGGER_WORDS, "words", 5},
                 [SCAN_BY_START] = {TRIGGER_SEARCH, "nothing: every place is tried", 100}};
    arena_free(&memory);
    return (pattern_facts){of.shortest, of.longest, kinds[of.trigger].trigger,
                           kinds[of.trigger].text, kinds[of.trigger].cost};
}
