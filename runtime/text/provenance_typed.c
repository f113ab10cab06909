/*
 * provenance_typed.c - identities and numbers in texts, in canonical form.
 *
 * A value of an identity type compares as such: `Eve@Evil.Test` in a text is eve@evil.test,
 * `/work/../etc` is `/etc`, `1,300` is 1300. So what can be one is cut out of the text by what
 * stands around it, and goes through the parser that the value of the event went through. Each is
 * kept as a hash of two words.
 *
 *   e-mail   around each `@`
 *   URL      around each `://`, to white space or a quote, with and without the punctuation at its
 * end host     a token with a dot, up to its first `/` or `:`; the host of a URL and the domain of
 * an e-mail address path     each part between white space, and inside of it each part between
 * quotes, brackets and `,;|=`; and what stands between quotes IP       a run of hexadecimal digits,
 * dots and colons number   a token of digits, also with commas before groups of three, also with a
 * minus before it
 */
#include <string.h>

#include "runtime/base/hash.h"
#include "runtime/identity.h"
#include "runtime/limits.h"
#include "runtime/number.h"
#include "runtime/text/provenance_private.h"
#include "runtime/text/token.h"
#include "runtime/text/unicode.h"
#include "runtime/utf8.h"

enum { WAITING = 32 };

typedef struct finding {
    provenance *from;
    arena *memory;
    const provenance_record *record;
    const char *text; /* of the record */
    uint32_t length;
    uint32_t first, last; /* the leaf without white space around it */
    uint32_t type;        /* that is looked for */
    bool failed;
    uint32_t pending; /* keys that wait for their chains to come from memory */
    struct {
        uint64_t words[2];
        bool whole;
    } waiting[WAITING];
} finding;

/* ---- keys ------------------------------------------------------------------------------------ */

/* `chars` is not set. */
static provenance_key key_make(uint64_t seed, cst_kind kind, const char *text, uint32_t length)
{
    return (provenance_key){
        {cst_hash_seeded(text, length, seed + (uint64_t)kind * UINT64_C(0x9e3779b97f4a7c15)),
         cst_hash_seeded(text, length, ~seed ^ (uint64_t)kind << 32)},
        0};
}

/* Sign, digits and exponent: the same for all spellings of one number. `chars` is not set. False:
 * it is no number, or *failed. */
static bool number_key(uint64_t seed, arena *memory, const char *text, uint32_t length, bool negate,
                       provenance_key *out, bool *failed)
{
    decimal_text number;
    if (!decimal_text_parse(text, length, &number))
        return false;
    char *const digits = arena_allocate(memory, number.count + 32);
    if (!digits) {
        *failed = true;
        return false;
    }
    uint32_t used = 0;
    if (number.count) {
        digits[used++] = number.negative != negate ? '-' : '+';
        for (const char *at = number.first; at <= number.last; at++)
            if (*at != '.')
                digits[used++] = *at;
        digits[used++] = 'e';
        memcpy(digits + used, &number.exponent, sizeof number.exponent);
        used += sizeof number.exponent;
    }
    *out = key_make(seed, CST_KIND_DECIMAL, digits, used);
    return true;
}

bool provenance_show(arena *memory, const cst_value *value, const char **text, uint32_t *length)
{
    const cst_allocator allocator = arena_allocator(memory);
    buffer shown;
    buffer_init(&shown, &allocator, 0);
    if (value->kind == CST_KIND_FLOAT)
        double_show(&shown, value->as.number);
    else if (value->kind == CST_KIND_DECIMAL)
        millionths_show(&shown, value->as.integer);
    else
        buffer_format(&shown, "%lld", (long long)value->as.integer);
    *text = shown.bytes;
    *length = (uint32_t)shown.length;
    return !shown.failed && shown.length > 0;
}

bool provenance_key_of(const provenance *from, arena *memory, const cst_value *value,
                       provenance_key *out, bool *failed)
{
    if (kind_has_text(value->kind)) {
        *out = key_make(from->seed, (cst_kind)value->kind, value->as.text, value->length);
        out->chars = (uint32_t)utf8_count(value->as.text, value->length);
        return true;
    }
    const char *text;
    uint32_t length;
    if (!provenance_show(memory, value, &text, &length) ||
        !number_key(from->seed, memory, text, length, false, out, failed)) {
        *failed = true;
        return false;
    }
    out->chars = length;
    return true;
}

static void put(finding *state, const uint64_t words[2], bool whole)
{
    provenance *const from = state->from;
    const uint32_t source = state->record->source;
    uint32_t *const first = &from->typed_chains.buckets[words[0] & (from->typed_chains.count - 1)];
    uint32_t at = *first;
    /* the same again adds nothing, if that is seen soon */
    for (uint32_t tries = 8; at && tries; tries--) {
        const provenance_typed *const one = &from->typed[at - 1];
        if (one->key[0] == words[0] && one->key[1] == words[1] && one->source == source &&
            (one->whole || !whole))
            return;
        at = one->next;
    }
    from->typed[from->typed_count++] =
        (provenance_typed){{words[0], words[1]}, source, state->record->time, whole, *first};
    *first = from->typed_count;
}

static void put_waiting(finding *state)
{
    provenance *const from = state->from;
    if (!provenance_reserve_chains(from, &from->typed_chains, from->typed_count + state->pending) ||
        !provenance_reserve(from, (void **)&from->typed, &from->typed_capacity,
                            from->typed_count + state->pending, sizeof *from->typed)) {
        state->failed = true;
        state->pending = 0;
        return;
    }
    for (uint32_t i = 0; i < state->pending; i++) {
        const uint32_t at =
            from->typed_chains.buckets[state->waiting[i].words[0] & (from->typed_chains.count - 1)];
        if (at)
            __builtin_prefetch(&from->typed[at - 1]);
    }
    for (uint32_t i = 0; i < state->pending; i++)
        put(state, state->waiting[i].words, state->waiting[i].whole);
    state->pending = 0;
}

static void keep(finding *state, const provenance_key *key, bool whole)
{
    const provenance_chains *const chains = &state->from->typed_chains;
    if (state->pending == WAITING)
        put_waiting(state);
    if (chains->count)
        __builtin_prefetch(&chains->buckets[key->words[0] & (chains->count - 1)], 1);
    state->waiting[state->pending].words[0] = key->words[0];
    state->waiting[state->pending].words[1] = key->words[1];
    state->waiting[state->pending++].whole = whole;
}

/* What may be an identity of a kind. */
static void try_identity(finding *state, cst_kind kind, uint32_t start, uint32_t end)
{
    cst_value value = {0};
    bool no_memory = false;
    if (start >= end || end - start > 4096)
        return;
    if (!identity_parse(kind, state->text + start, end - start, state->memory, &value,
                        &no_memory)) {
        state->failed = state->failed || no_memory;
        return;
    }
    /* who names a page names its host: `a.domain` and `u.host` are compared with this */
    if (state->type == PROVENANCE_HOSTS && kind != CST_KIND_HOST) {
        const cst_value whole = value;
        value_part(&whole,
                   kind == CST_KIND_EMAIL ? CST_PROPERTY_EMAIL_DOMAIN : CST_PROPERTY_URL_HOST,
                   &value);
        if (value.length == 0)
            return;
        const provenance_key key =
            key_make(state->from->seed, CST_KIND_HOST, value.as.text, value.length);
        keep(state, &key, false);
        return;
    }
    const provenance_key key = key_make(state->from->seed, kind, value.as.text, value.length);
    keep(state, &key, start <= state->first && end >= state->last);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 1,300 and 1,300.50: groups of three behind the first comma. */
static bool groups_are_right(const char *text, uint32_t length)
{
    uint32_t group = 0;
    bool comma = false;
    for (uint32_t i = 0; i <= length; i++) {
        if (i < length && is_digit(text[i])) {
            group++;
            continue;
        }
        if (comma ? group != 3 : group > 3)
            return false;
        if (i == length || text[i] == '.')
            return true;
        comma = true;
        group = 0;
    }
    return true;
}

static void try_number(finding *state, uint32_t start, uint32_t end, bool whole)
{
    char plain[64];
    uint32_t used = 0;
    bool commas = false;
    const char *const text = state->text + start;
    const uint32_t length = end - start;
    if (length >= sizeof plain || !is_digit(text[0]))
        return;
    for (uint32_t i = 0; i < length; i++) {
        if (!is_digit(text[i]) && text[i] != '.' && text[i] != ',')
            return;
        commas = commas || text[i] == ',';
        if (used == 1 && plain[0] == '0' && is_digit(text[i]))
            used = 0; /* texts may have zeros before a number */
        if (text[i] != ',')
            plain[used++] = text[i];
    }
    if (commas && !groups_are_right(text, length))
        return;
    const bool minus = start > 0 && state->text[start - 1] == '-';
    for (uint32_t negative = 0; negative <= minus; negative++) {
        provenance_key key;
        if (number_key(state->from->seed, state->memory, plain, used, negative != 0, &key,
                       &state->failed))
            keep(state, &key,
                 whole ||
                     (start - negative == state->first && end == state->last && negative == minus));
    }
}

static void see_number(void *user, uint32_t start, uint32_t end)
{
    try_number(user, start, end, false);
}

static void see_host(void *user, uint32_t start, uint32_t end)
{
    finding *const state = user;
    uint32_t stop = start; /* an address of a page is often written without its scheme */
    while (stop < end && state->text[stop] != '/' && state->text[stop] != ':')
        stop++;
    if (stop - start <= 255 && memchr(state->text + start, '.', stop - start))
        try_identity(state, CST_KIND_HOST, start, stop);
}

/* ---- e-mail ---------------------------------------------------------------------------------- */

static bool is_alphanumeric(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static void find_emails(finding *state)
{
    const char *const text = state->text;
    for (uint32_t at = 0; at < state->length; at++) {
        const char *const sign = memchr(text + at, '@', state->length - at);
        if (!sign)
            return;
        at = (uint32_t)(sign - text);
        uint32_t start = at, end = at + 1;
        while (start > 0 && at - start <= 64 &&
               (is_alphanumeric(text[start - 1]) || strchr("._%+-", text[start - 1])) &&
               text[start - 1])
            start--;
        while (end < state->length && end - at <= 256 &&
               (is_alphanumeric(text[end]) || text[end] == '.' || text[end] == '-' ||
                (unsigned char)text[end] >= 0x80))
            end++;
        const bool cut = (start > 0 && (unsigned char)text[start - 1] >= 0x80) ||
                         (end < state->length && (text[end] == '@' || text[end] == '_'));
        while (start < at && (text[start] == '.' || text[start] == '-' || text[start] == '%' ||
                              text[start] == '+'))
            start++;
        /* what ends a sentence, and signs that are no letters */
        while (end > at + 1 && !is_alphanumeric(text[end - 1])) {
            uint32_t last = end - 1;
            while (last > at + 1 && ((unsigned char)text[last] & 0xC0) == 0x80)
                last--;
            const char *next = text + last;
            if ((unsigned char)text[last] >= 0x80 &&
                unicode_is_token(utf8_decode(&next, text + end)))
                break;
            end = last;
        }
        if (!cut)
            try_identity(state, CST_KIND_EMAIL, start, end);
    }
}

/* ---- URL ------------------------------------------------------------------------------------- */

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

static void find_urls(finding *state)
{
    const char *const text = state->text;
    for (uint32_t at = 0; at < state->length; at++) {
        const char *const colon = memchr(text + at, ':', state->length - at);
        if (!colon)
            return;
        at = (uint32_t)(colon - text);
        if (state->length - at < 4 || text[at + 1] != '/' || text[at + 2] != '/')
            continue;
        uint32_t start = at, end = at + 3;
        while (start > 0 && at - start < 32 &&
               (is_alphanumeric(text[start - 1]) || strchr("+.-", text[start - 1])) &&
               text[start - 1])
            start--;
        while (start < at && !is_alphanumeric(text[start]))
            start++;
        while (end < state->length && end - at < 4000 && (unsigned char)text[end] > ' ' &&
               !is_quote(text[end]) && text[end] != '<' && text[end] != '>')
            end++;
        /* as it stands, and without each sign at its end that may belong to the sentence */
        for (uint32_t tries = 0; tries < 6 && end > at + 3; tries++, end--) {
            try_identity(state, CST_KIND_URL, start, end);
            if (!text[end - 1] || !strchr(".,;:!?)]}", text[end - 1]))
                break;
        }
        at = at + 2;
    }
}

/* ---- paths, IP ------------------------------------------------------------------------------- */

enum { DIVIDER = 1, QUOTE = 2, SPACE = 4 };

/* What stands between the parts of a text that may be paths: all of ASCII up to the blank is SPACE.
 */
static const uint8_t classes[256] = {[0] = SPACE,
                                     [1] = SPACE,
                                     [2] = SPACE,
                                     [3] = SPACE,
                                     [4] = SPACE,
                                     [5] = SPACE,
                                     [6] = SPACE,
                                     [7] = SPACE,
                                     [8] = SPACE,
                                     [9] = SPACE,
                                     [10] = SPACE,
                                     [11] = SPACE,
                                     [12] = SPACE,
                                     [13] = SPACE,
                                     [14] = SPACE,
                                     [15] = SPACE,
                                     [16] = SPACE,
                                     [17] = SPACE,
                                     [18] = SPACE,
                                     [19] = SPACE,
                                     [20] = SPACE,
                                     [21] = SPACE,
                                     [22] = SPACE,
                                     [23] = SPACE,
                                     [24] = SPACE,
                                     [25] = SPACE,
                                     [26] = SPACE,
                                     [27] = SPACE,
                                     [28] = SPACE,
                                     [29] = SPACE,
                                     [30] = SPACE,
                                     [31] = SPACE,
                                     [32] = SPACE,
                                     ['"'] = DIVIDER | QUOTE,
                                     ['\''] = DIVIDER | QUOTE,
                                     ['`'] = DIVIDER | QUOTE,
                                     ['('] = DIVIDER,
                                     [')'] = DIVIDER,
                                     ['['] = DIVIDER,
                                     [']'] = DIVIDER,
                                     ['{'] = DIVIDER,
                                     ['}'] = DIVIDER,
                                     ['<'] = DIVIDER,
                                     ['>'] = DIVIDER,
                                     [','] = DIVIDER,
                                     [';'] = DIVIDER,
                                     ['|'] = DIVIDER,
                                     ['='] = DIVIDER};

static uint8_t class_of(char c)
{
    return classes[(unsigned char)c];
}

static bool is_divider(char c)
{
    return (class_of(c) & DIVIDER) != 0;
}

/* Most words are paths of one component, and canonical as they are. No part between white space
 * holds a NUL. */
static void try_path(finding *state, uint32_t start, uint32_t end)
{
    const char *const text = state->text + start;
    const uint32_t length = end - start;
    if (!memchr(text, '/', length)) {
        const provenance_key key = key_make(state->from->seed, CST_KIND_PATH, text, length);
        keep(state, &key, start <= state->first && end >= state->last);
    } else {
        try_identity(state, CST_KIND_PATH, start, end);
    }
}

static void try_part(finding *state, uint32_t start, uint32_t end)
{
    while (start < end && is_divider(state->text[start]))
        start++;
    while (end > start && (is_divider(state->text[end - 1]) || state->text[end - 1] == ':' ||
                           state->text[end - 1] == '!' || state->text[end - 1] == '?'))
        end--;
    if (start == end)
        return;
    try_path(state, start, end);
    if (state->text[end - 1] == '.' && end - start > 1)
        try_path(state, start, end - 1);
}

/* One part between white space, and what dividers cut it into. */
static void see_part(finding *state, uint32_t start, uint32_t end, bool divided)
{
    uint32_t from = start, pieces = 0;
    try_part(state, start, end);
    if (!divided)
        return;
    for (uint32_t i = start; i < end && pieces < 64; i++) {
        if (!is_divider(state->text[i]))
            continue;
        if (i > from) {
            try_part(state, from, i);
            pieces++;
        }
        from = i + 1;
    }
    if (from > start && from < end)
        try_part(state, from, end);
}

static void find_paths(finding *state)
{
    const char *const text = state->text;
    uint32_t start = 0, quote_start = 0;
    char quote = 0;
    bool divided = false;
    for (uint32_t i = 0; i <= state->length; i++) {
        const uint8_t class = i == state->length ? SPACE : class_of(text[i]);
        if (class == 0)
            continue;
        if (class & SPACE) {
            if (i > start && i - start <= 4096)
                see_part(state, start, i, divided);
            start = i + 1;
            divided = false;
            if (i == state->length || text[i] == '\n')
                quote = 0;
            continue;
        }
        divided = true;
        if (quote && text[i] == quote) {
            try_identity(state, CST_KIND_PATH, quote_start, i);
            quote = 0;
        } else if (!quote && class & QUOTE) {
            quote = text[i];
            quote_start = i + 1;
        }
    }
    /* with white space inside */
    try_identity(state, CST_KIND_PATH, state->first, state->last);
}

static void find_ips(finding *state)
{
    const char *const text = state->text;
    for (uint32_t i = 0; i < state->length; i++) {
        if (!is_digit(text[i]) && !((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'f') &&
            text[i] != ':')
            continue;
        uint32_t end = i, dots = 0;
        while (end < state->length &&
               (is_digit(text[end]) || ((text[end] | 0x20) >= 'a' && (text[end] | 0x20) <= 'f') ||
                text[end] == ':' || text[end] == '.')) {
            dots += !is_alphanumeric(text[end]);
            end++;
        }
        const uint32_t next = end;
        const bool cut =
            (i > 0 && (is_alphanumeric(text[i - 1]) || (unsigned char)text[i - 1] >= 0x80)) ||
            (end < state->length &&
             (is_alphanumeric(text[end]) || (unsigned char)text[end] >= 0x80));
        while (end > i && text[end - 1] == '.')
            end--;
        if (dots > 1 && !cut && end - i < 64)
            try_identity(state, CST_KIND_IP, i, end);
        i = next;
    }
}

/* ---- by type --------------------------------------------------------------------------------- */

bool provenance_find_typed(provenance *from, arena *memory, const provenance_record *record,
                           uint32_t type)
{
    finding state;
    state.from = from;
    state.memory = memory;
    state.record = record;
    state.type = type;
    state.text = from->bytes + record->start;
    state.first = 0;
    state.length = state.last = record->length;
    state.pending = 0;
    state.failed = false;
    while (state.first < state.last && (unsigned char)state.text[state.first] <= ' ')
        state.first++;
    while (state.last > state.first && (unsigned char)state.text[state.last - 1] <= ' ')
        state.last--;
    if (record->number) {
        provenance_key key;
        if (type == PROVENANCE_NUMBERS &&
            number_key(from->seed, memory, state.text, state.length, false, &key, &state.failed))
            keep(&state, &key, true);
        put_waiting(&state);
        return !state.failed;
    }
    switch (type) {
    case PROVENANCE_NUMBERS: tokens_visit(state.text, state.length, see_number, &state); break;
    case PROVENANCE_HOSTS:
        tokens_visit(state.text, state.length, see_host, &state);
        find_emails(&state);
        find_urls(&state);
        break;
    case PROVENANCE_EMAILS: find_emails(&state); break;
    case PROVENANCE_URLS: find_urls(&state); break;
    case PROVENANCE_PATHS: find_paths(&state); break;
    default: find_ips(&state); break;
    }
    put_waiting(&state);
    return !state.failed;
}

uint32_t provenance_type_of(const cst_value *value)
{
    switch (value->kind) {
    case CST_KIND_INT:
    case CST_KIND_DECIMAL:
    case CST_KIND_FLOAT: return PROVENANCE_NUMBERS;
    case CST_KIND_EMAIL: return PROVENANCE_EMAILS;
    case CST_KIND_URL: return PROVENANCE_URLS;
    case CST_KIND_HOST: return PROVENANCE_HOSTS;
    case CST_KIND_PATH: return PROVENANCE_PATHS;
    case CST_KIND_IP: return PROVENANCE_IPS;
    default: return 0;
    }
}
