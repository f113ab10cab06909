/*
 * provenance_ask.c - is this value from there?
 *
 * A text is looked for by one of its tokens, the one that is seldom said, and compared from there
 * to both sides, character by character in canonical form; then it must end where no token goes on.
 * Codes of letters and digits (account and card numbers) are also found where they are written in
 * groups. An identity or number is looked for by its key alone: it compares as such.
 *
 * Every comparison costs steps, and there is an end of them: a text that repeats a word a million
 * times makes the answer "unknown".
 */
#include <string.h>

#include "runtime/limits.h"
#include "runtime/text/provenance_private.h"
#include "runtime/text/token.h"
#include "runtime/text/unicode.h"
#include "runtime/utf8.h"

enum {
    ANCHORS = 512,     /* tokens of a value that are tried as the one to look for */
    ANCHOR_STEPS = 64, /* members of their chains that are counted */
    CODE_LEAST = 8,    /* letters and digits of a code that is found in groups */
    CODE_MOST = 64,
    CODE_DIGITS = 4
};

typedef struct needle { /* a value as text */
    const char *text;   /* canonical */
    uint32_t length, chars;
    uint32_t anchor, anchor_end; /* the token that is looked for; both 0: no token at all */
    uint32_t tag;
    uint32_t least; /* members of its chain, as far as they were counted */
    uint32_t tokens;
    uint32_t counted; /* members of chains, of all tokens that were tried */
    const provenance *from;
} needle;

typedef struct search {
    const provenance *from;
    const uint64_t *sources, *results;
    uint32_t chars;
    uint32_t before; /* results count only if they came before this time */
    uint64_t *steps;
    bool earliest; /* go on when one is found, for an earlier one */
    uint32_t time; /* of one that fits, the earliest so far; PROVENANCE_NEVER: none */
} search;

static bool has_bit(const uint64_t *bits, uint32_t number)
{
    return (bits[number / 64] >> (number % 64) & 1) != 0;
}

static bool spend(search *search, uint64_t steps)
{
    *search->steps = *search->steps > steps ? *search->steps - steps : 0;
    return *search->steps > 0;
}

static bool goes_on(const search *search)
{
    return search->earliest || search->time == PROVENANCE_NEVER;
}

/* A place in this source at this time is one that was asked for. */
static bool fits(const search *search, uint32_t source, uint32_t time)
{
    if (!has_bit(search->sources, source) || time >= search->time)
        return false;
    return time < search->before || !has_bit(search->results, source);
}

static const provenance_record *record_at(const provenance *from, uint32_t place)
{
    uint32_t low = 0, high = from->record_count;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (from->records[middle].start <= place)
            low = middle;
        else
            high = middle;
    }
    return &from->records[low];
}

/* ---- comparing ------------------------------------------------------------------------------- */

static bool is_space_at(const char *text, uint32_t *at)
{
    const unsigned char c = (unsigned char)text[*at];
    if (c < 0x80) {
        *at += unicode_is_space(c);
        return unicode_is_space(c);
    }
    if (c == 0xFF)
        return false;
    const char *next = text + *at;
    const uint32_t code = utf8_decode(&next, text + *at + 4);
    if (!unicode_is_space(code))
        return false;
    *at = (uint32_t)(next - text);
    return true;
}

static bool is_space_before(const char *text, uint32_t *at)
{
    uint32_t start = *at - 1;
    while (((unsigned char)text[start] & 0xC0) == 0x80)
        start--;
    uint32_t end = start;
    if ((unsigned char)text[start] == 0xFF || !is_space_at(text, &end) || end != *at)
        return false;
    *at = start;
    return true;
}

/* Where a canonical text that starts at byte `at` of the kept ones ends; 0: it does not stand
 * there. Texts end with a separator, which equals nothing. */
static uint32_t ends_at(const provenance *from, uint32_t at, const char *text, uint32_t length,
                        uint32_t *compared)
{
    uint32_t i = 0;
    while (i < length) {
        const unsigned char c = (unsigned char)text[i], d = (unsigned char)from->bytes[at];
        *compared = i;
        if (c == ' ') {
            if (!is_space_at(from->bytes, &at))
                return 0;
            while (is_space_at(from->bytes, &at)) {
            }
            i++;
        } else if (c < 0x80) {
            if (d >= 0x80 || unicode_caseless(d) != c)
                return 0;
            at++;
            i++;
        } else {
            if (d < 0x80 || d == 0xFF)
                return 0;
            const char *mine = text + i, *theirs = from->bytes + at;
            if (utf8_decode(&mine, text + length) !=
                unicode_caseless(utf8_decode(&theirs, theirs + 4)))
                return 0;
            i = (uint32_t)(mine - text);
            at = (uint32_t)(theirs - from->bytes);
        }
    }
    return at;
}

/* Where a canonical text that ends at byte `at` starts; 0: it does not stand there. */
static uint32_t starts_at(const provenance *from, uint32_t at, const char *text, uint32_t length,
                          uint32_t *compared)
{
    for (uint32_t i = length; i > 0;) {
        *compared = length - i;
        if (text[i - 1] == ' ') {
            if (!is_space_before(from->bytes, &at))
                return 0;
            while (is_space_before(from->bytes, &at)) {
            }
            i--;
            continue;
        }
        uint32_t mine = i - 1, theirs = at - 1;
        while (((unsigned char)text[mine] & 0xC0) == 0x80)
            mine--;
        while (((unsigned char)from->bytes[theirs] & 0xC0) == 0x80)
            theirs--;
        if ((unsigned char)from->bytes[theirs] == 0xFF)
            return 0;
        const char *a = text + mine, *b = from->bytes + theirs;
        if (utf8_decode(&a, text + i) != unicode_caseless(utf8_decode(&b, from->bytes + at)))
            return 0;
        i = mine;
        at = theirs;
    }
    return at;
}

/* Between these places of a record stands all of it but white space. */
static bool is_whole(const provenance *from, const provenance_record *record, uint32_t start,
                     uint32_t end)
{
    while (start > record->start && is_space_before(from->bytes, &start)) {
    }
    while (end < record->start + record->length && is_space_at(from->bytes, &end)) {
    }
    return start == record->start && end == record->start + record->length;
}

/* Takes a place where the value stands, if it is one that was asked for. */
static void take(search *search, uint32_t start, uint32_t end, uint32_t chars)
{
    const provenance *const from = search->from;
    const provenance_record *const record = record_at(from, start);
    if (!fits(search, record->source, record->time))
        return;
    const char *const text = from->bytes + record->start;
    const bool part = !record->number && chars >= search->chars &&
                      token_border(text, record->length, start - record->start) &&
                      token_border(text, record->length, end - record->start);
    if (part || is_whole(from, record, start, end))
        search->time = record->time;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static uint32_t chain_of(const provenance *from, uint32_t tag)
{
    return from->token_chains.buckets[tag & (from->token_chains.count - 1)];
}

static uint32_t count_chain(const provenance *from, uint32_t tag, uint32_t most)
{
    uint32_t count = 0;
    for (uint32_t at = chain_of(from, tag); at && count < most; at = from->tokens[at - 1].next)
        count++;
    return count;
}

static void consider_anchor(void *user, uint32_t start, uint32_t end)
{
    needle *const state = user;
    if (state->tokens++ >= ANCHORS)
        return;
    const uint32_t tag = provenance_tag(state->from, state->text + start, end - start);
    const uint32_t members =
        count_chain(state->from, tag, state->anchor_end ? state->least : ANCHOR_STEPS);
    state->counted += members;
    if (state->anchor_end && members >= state->least)
        return;
    state->anchor = start;
    state->anchor_end = end;
    state->tag = tag;
    state->least = members;
}

static void find_text(search *search, const needle *what)
{
    const provenance *const from = search->from;
    for (uint32_t at = chain_of(from, what->tag), next; at && goes_on(search); at = next) {
        next = from->tokens[at - 1].next;
        const provenance_token *const token = &from->tokens[at - 1];
        uint32_t compared = 0, before = 0;
        if (token->tag == what->tag) {
            const uint32_t end = ends_at(from, token->start, what->text + what->anchor,
                                         what->length - what->anchor, &compared);
            const uint32_t start =
                end ? starts_at(from, token->start, what->text, what->anchor, &before) : 0;
            if (start)
                take(search, start, end, what->chars);
        }
        if (!spend(search, 1 + (compared + before) / 8))
            return;
    }
}

/* A text that is nothing but signs, or nothing: as a whole leaf alone. */
static void find_signs(search *search, const needle *what)
{
    const provenance *const from = search->from;
    for (uint32_t at = chain_of(from, what->tag), next; at && goes_on(search); at = next) {
        next = from->tokens[at - 1].next;
        uint32_t start = from->tokens[at - 1].start, compared = 0;
        const provenance_record *const record = record_at(from, start);
        if (from->tokens[at - 1].tag == what->tag && start == record->start) {
            while (is_space_at(from->bytes, &start)) {
            }
            const uint32_t end = ends_at(from, start, what->text, what->length, &compared);
            if (end && is_whole(from, record, start, end) &&
                fits(search, record->source, record->time))
                search->time = record->time;
        }
        if (!spend(search, 2 + compared / 8))
            return;
    }
}

/* ---- codes in groups ------------------------------------------------------------------------- */

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

/* The letters and digits of a value that is nothing else, but for spaces between groups; 0: it is
 * no code. */
static uint32_t code_of(const needle *what, char out[CODE_MOST + PROVENANCE_SLACK])
{
    uint32_t length = 0, digits = 0;
    for (uint32_t i = 0; i < what->length; i++) {
        if (what->text[i] == ' ')
            continue;
        if (!is_letter_or_digit(what->text[i]) || length == CODE_MOST)
            return 0;
        digits += what->text[i] <= '9';
        out[length++] = what->text[i];
    }
    return length >= CODE_LEAST && digits >= CODE_DIGITS ? length : 0;
}

/* Where a code ends that starts here, written with single spaces between groups; 0: it does not
 * stand here. */
static uint32_t code_end(const provenance *from, uint32_t at, const char *code, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        if (i > 0 && from->bytes[at] == ' ')
            at++;
        const unsigned char d = (unsigned char)from->bytes[at];
        if (d >= 0x80 || unicode_caseless(d) != (unsigned char)code[i])
            return 0;
        at++;
    }
    return at;
}

static void find_code(search *search, const needle *what)
{
    const provenance *const from = search->from;
    char code[CODE_MOST + PROVENANCE_SLACK] = {0};
    const uint32_t length = code_of(what, code);
    for (uint32_t group = 1; group <= length && goes_on(search); group++) {
        const uint32_t tag = provenance_tag(from, code, group);
        for (uint32_t at = chain_of(from, tag), next; at && goes_on(search); at = next) {
            const provenance_token *const token = &from->tokens[at - 1];
            next = token->next;
            const uint32_t end = token->tag == tag ? code_end(from, token->start, code, length) : 0;
            if (end)
                take(search, token->start, end, length);
            if (!spend(search, 2))
                return;
        }
    }
}

/* ---- asking ---------------------------------------------------------------------------------- */

static uint32_t find_needle(search *search, const needle *what)
{
    search->time = PROVENANCE_NEVER;
    if (search->from->token_chains.count == 0)
        return PROVENANCE_NEVER;
    if (what->tokens == 0) {
        find_signs(search, what);
        return search->time;
    }
    find_text(search, what);
    const uint32_t plain = search->time;
    search->time = PROVENANCE_NEVER;
    find_code(search, what);
    return plain < search->time ? plain : search->time;
}

static uint32_t find_key(search *search, const provenance_key *key)
{
    const provenance *const from = search->from;
    search->time = PROVENANCE_NEVER;
    if (from->typed_chains.count == 0)
        return PROVENANCE_NEVER;
    for (uint32_t at = from->typed_chains.buckets[key->words[0] & (from->typed_chains.count - 1)],
                  next;
         at && goes_on(search); at = next) {
        const provenance_typed *const one = &from->typed[at - 1];
        next = one->next;
        if (one->key[0] == key->words[0] && one->key[1] == key->words[1] &&
            (one->whole || key->chars >= search->chars) && fits(search, one->source, one->time))
            search->time = one->time;
        if (!spend(search, 1))
            break;
    }
    return search->time;
}

/* The value as a person reads it. False: memory is short. */
static bool needle_of(provenance *from, arena *memory, const cst_value *leaf, needle *out)
{
    const char *text = leaf->as.text;
    uint32_t length = leaf->length;
    if (!kind_has_text(leaf->kind) && !provenance_show(memory, leaf, &text, &length))
        return false;
    char *const canonical = arena_allocate(memory, (size_t)length * 2 + PROVENANCE_SLACK);
    if (!canonical)
        return false;
    *out = (needle){.text = canonical, .from = from};
    out->length = canonical_write(text, length, canonical);
    memset(canonical + out->length, 0, PROVENANCE_SLACK);
    out->chars = (uint32_t)utf8_count(canonical, out->length);
    from->work += 2 * (uint64_t)length;
    if (from->token_chains.count == 0)
        return true;
    tokens_visit(canonical, out->length, consider_anchor, out);
    from->work += out->counted;
    if (out->tokens == 0)
        out->tag = provenance_tag(from, canonical, 0);
    return true;
}

static bool some_lost(const provenance *from, const uint64_t *sources)
{
    for (uint32_t i = 0; i < (from->source_count + 63) / 64; i++)
        if ((from->lost[i] & sources[i]) != 0)
            return true;
    return false;
}

typedef struct question { /* one leaf made ready */
    needle text;
    provenance_key key;
    bool typed;
} question;

static uint32_t find(search *search, const question *asked, bool as_text)
{
    if (!asked->typed)
        return find_needle(search, &asked->text);
    const uint32_t key = find_key(search, &asked->key);
    if (!as_text)
        return key;
    const uint32_t text = find_needle(search, &asked->text);
    return key < text ? key : text;
}

provenance_answer provenance_ask(provenance *from, arena *memory, const provenance_question *asked,
                                 const cst_value *leaf, uint64_t *steps)
{
    static const uint64_t written[1] = {UINT64_C(1) << PROVENANCE_WRITTEN};
    if (!from)
        return PROVENANCE_NO;
    const uint32_t type = provenance_type_of(leaf);
    question made = {.typed = type != 0};
    bool failed = false;
    const bool as_text = !made.typed || !asked->echoes;
    if (as_text)
        provenance_index_tokens(from);
    if (made.typed && (from->types & type))
        provenance_index_typed(from, type);
    if ((as_text && !needle_of(from, memory, leaf, &made.text)) ||
        (made.typed && !provenance_key_of(from, memory, leaf, &made.key, &failed)))
        return PROVENANCE_UNKNOWN;
    search search = {.from = from,
                     .sources = asked->sources,
                     .results = asked->results,
                     .chars = asked->chars,
                     .before = PROVENANCE_NEVER,
                     .steps = steps};
    bool sure = true;
    if (!asked->echoes) {
        /* the agent may have written it as any text that holds it */
        struct search echo = search;
        uint64_t none[1] = {0};
        echo.sources = written;
        echo.results = none;
        echo.chars = 1;
        echo.earliest = true;
        search.before = find(&echo, &made, true);
        sure = !provenance_is_lost(from, PROVENANCE_WRITTEN) && *steps > 0;
    }
    uint32_t time = find(&search, &made, false);
    /* what was written is not known in full: no result counts */
    if (time != PROVENANCE_NEVER && !sure) {
        search.before = 0;
        time = find(&search, &made, false);
    }
    if (time != PROVENANCE_NEVER)
        return PROVENANCE_YES;
    return !sure || *steps == 0 || some_lost(from, asked->sources) ? PROVENANCE_UNKNOWN
                                                                   : PROVENANCE_NO;
}
