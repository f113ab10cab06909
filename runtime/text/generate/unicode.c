/*
 * unicode.c - writes the table of characters (runtime/text/unicode_table.h) from the Unicode data
 * of ICU: unicode OUT.c
 *
 * Runs once, when the project is built; what runs where policies run has the table and no ICU. What
 * a character folds to, whatever stands around it, is the fixed point of these steps:
 *
 *   1. NFKC with case folding, which also drops what is ignorable by default (zero-width and
 * direction controls, soft hyphens, variation selectors, fillers). Before that: tag characters are
 * the ASCII they hide, other controls are dropped, white space is U+0020.
 *   2. Accents off: decomposed, without the marks that are not of one script, and without the
 * points of Hebrew, Arabic and Syriac, which are left out in ordinary writing too. Vowel signs of
 * other scripts are letters to their readers and stay.
 *   3. Latin letters that are not ASCII but a form of it (small capitals, turned, with stroke or
 * hook, squared, regional indicators): by their names, then by the skeleton of Unicode's
 * confusables. Digits of any script: by their value. Signs: by their skeleton.
 *   4. Composed again.
 *
 * Letters of other scripts that can be taken for an ASCII letter keep their own fold; `look` has
 * the letter, for fold.c to decide with the word around it. What is decided per word cannot be
 * decided here.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>

#include "runtime/text/unicode_table.h"

enum {
    CODES = 0x110000,
    BLOCK = 1 << UNICODE_BLOCK_BITS,
    BLOCKS = CODES / BLOCK,
    MOST = 31,
    ROUNDS = 8
};

typedef struct sequence {
    UChar32 codes[MOST + 1];
    int32_t count;
} sequence;

static const UNormalizer2 *nfkc_casefold, *nfd, *nfc;
static USpoofChecker *spoof;
static UChar ascii_skeletons[128][8];
static sequence folds[CODES];

__attribute__((format(printf, 1, 2))) static void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("unicode: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void check(UErrorCode status, const char *what)
{
    if (U_FAILURE(status))
        die("%s: %s", what, u_errorName(status));
}

static void append(sequence *to, UChar32 code)
{
    if (to->count == MOST)
        die("a fold is too long");
    to->codes[to->count++] = code;
}

static sequence one(UChar32 code)
{
    return (sequence){{code}, 1};
}

static bool same(const sequence *a, const sequence *b)
{
    return a->count == b->count &&
           memcmp(a->codes, b->codes, (size_t)a->count * sizeof *a->codes) == 0;
}

static void to_utf16(const sequence *from, UChar *out, int32_t *length)
{
    *length = 0;
    for (int32_t i = 0; i < from->count; i++)
        U16_APPEND_UNSAFE(out, *length, from->codes[i]);
}

static sequence from_utf16(const UChar *text, int32_t length)
{
    sequence result = {0};
    for (int32_t i = 0; i < length;) {
        UChar32 code;
        U16_NEXT(text, i, length, code);
        append(&result, code);
    }
    return result;
}

static sequence normalized(const UNormalizer2 *form, const sequence *from)
{
    UChar in[2 * MOST + 2], out[4 * MOST];
    int32_t length;
    UErrorCode status = U_ZERO_ERROR;
    to_utf16(from, in, &length);
    const int32_t got = unorm2_normalize(form, in, length, out, 4 * MOST, &status);
    check(status, "normalize");
    return from_utf16(out, got);
}

/* The confusable skeleton, without its marks; empty when it is long. */
static void skeleton(UChar32 code, UChar out[8])
{
    UChar in[2], wide[64];
    int32_t length = 0, kept = 0;
    UErrorCode status = U_ZERO_ERROR;
    U16_APPEND_UNSAFE(in, length, code);
    const int32_t got = uspoof_getSkeleton(spoof, 0, in, length, wide, 64, &status);
    check(status, "skeleton");
    memset(out, 0, 8 * sizeof *out);
    for (int32_t i = 0; i < got;) {
        UChar32 next;
        const int32_t start = i;
        U16_NEXT(wide, i, got, next);
        const int8_t type = u_charType(next);
        if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK)
            continue;
        if (kept + (i - start) > 7) {
            memset(out, 0, 8 * sizeof *out);
            return;
        }
        for (int32_t k = start; k < i; k++)
            out[kept++] = wide[k];
    }
}

/* The first of the ASCII characters from..to with this skeleton; 0 if none. */
static char ascii_with(const UChar skeleton_of[8], int from, int to)
{
    for (int c = from; skeleton_of[0] && c <= to; c++)
        if (u_memcmp(ascii_skeletons[c], skeleton_of, 8) == 0)
            return (char)c;
    return 0;
}

/* The ASCII letter, in lower case, that a character looks like; 0 if none. */
static char letter_like(UChar32 code)
{
    UChar form[8];
    skeleton(code, form);
    char letter = ascii_with(form, 'a', 'z');
    if (letter == 'l' && u_isupper(code)) /* I, l and 1 are one class */
        return 'i';
    if (!letter)
        letter = ascii_with(form, 'A', 'Z');
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

/* A form of one ASCII letter, by its name: LATIN SMALL LETTER TURNED E, … SMALL CAPITAL B, … L WITH
 * STROKE, NEGATIVE SQUARED LATIN CAPITAL LETTER A, REGIONAL INDICATOR SYMBOL LETTER A. */
static char letter_named(UChar32 code)
{
    static const char *const forms[] = {"SMALL CAPITAL ", "TURNED ",  "REVERSED ",    "INVERTED ",
                                        "SIDEWAYS ",      "OPEN ",    "CLOSED ",      "DOTLESS ",
                                        "SCRIPT ",        "INSULAR ", "BLACKLETTER ", "LONG ",
                                        "SMALL ",         "CAPITAL ", "BARRED ",      "TAILLESS "};
    char name[128];
    UErrorCode status = U_ZERO_ERROR;
    u_charName(code, U_EXTENDED_CHAR_NAME, name, sizeof name, &status);
    check(status, "name");
    if (!strstr(name, "LATIN ") && !strstr(name, "REGIONAL INDICATOR "))
        return 0;
    const char *rest = strstr(name, "LETTER ");
    if (!rest)
        return 0;
    rest += strlen("LETTER ");
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strncmp(rest, forms[i], strlen(forms[i])) == 0) {
            rest += strlen(forms[i]);
            i = (size_t)-1;
        }
    const bool alone =
        rest[0] >= 'A' && rest[0] <= 'Z' && (rest[1] == '\0' || strncmp(rest + 1, " WITH", 5) == 0);
    return alone ? (char)(rest[0] - 'A' + 'a') : 0;
}

static UScriptCode script_of(UChar32 code)
{
    UErrorCode status = U_ZERO_ERROR;
    const UScriptCode script = uscript_getScript(code, &status);
    check(status, "script");
    return script;
}

static bool is_letter(UChar32 code)
{
    return (U_GET_GC_MASK(code) & (U_GC_L_MASK | U_GC_NL_MASK)) != 0;
}

static bool is_mark(UChar32 code)
{
    return (U_GET_GC_MASK(code) & U_GC_M_MASK) != 0;
}

static bool is_spaceless(UChar32 code)
{
    static const UScriptCode scripts[] = {USCRIPT_HAN,
                                          USCRIPT_HIRAGANA,
                                          USCRIPT_KATAKANA,
                                          USCRIPT_BOPOMOFO,
                                          USCRIPT_THAI,
                                          USCRIPT_LAO,
                                          USCRIPT_KHMER,
                                          USCRIPT_MYANMAR,
                                          USCRIPT_TIBETAN,
                                          USCRIPT_YI,
                                          USCRIPT_TAI_LE,
                                          USCRIPT_NEW_TAI_LUE,
                                          USCRIPT_LANNA,
                                          USCRIPT_TAI_VIET,
                                          USCRIPT_JAVANESE,
                                          USCRIPT_BALINESE,
                                          USCRIPT_TANGUT,
                                          USCRIPT_NUSHU,
                                          USCRIPT_KHITAN_SMALL_SCRIPT};
    if (!is_letter(code) && !is_mark(code))
        return false;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        if (uscript_hasScript(code, scripts[i]))
            return script_of(code) != USCRIPT_INHERITED || code == 0x3099 || code == 0x309A;
    return false;
}

/* Marks that folding takes off. */
static bool is_accent(UChar32 code)
{
    if (!(U_GET_GC_MASK(code) & (U_GC_MN_MASK | U_GC_ME_MASK)) || code == 0x3099 || code == 0x309A)
        return false;
    switch (script_of(code)) {
    case USCRIPT_INHERITED:
    case USCRIPT_COMMON:
    case USCRIPT_LATIN:
    case USCRIPT_GREEK:
    case USCRIPT_CYRILLIC:
    case USCRIPT_HEBREW:
    case USCRIPT_ARABIC:
    case USCRIPT_SYRIAC:
    case USCRIPT_COPTIC:
    case USCRIPT_ARMENIAN: return true;
    default: return false;
    }
}

/* Signs that skeletons do not bring to ASCII, or not to what their readers take them for. */
static UChar32 sign_of(UChar32 code)
{
    switch (code) {
    case 0x2018:
    case 0x2019:
    case 0x201B:
    case 0x2032:
    case 0x02BC:
    case 0x00B4:
    case 0x02B9:
    case 0x02BB: return '\'';
    case 0x201C:
    case 0x201D:
    case 0x201F:
    case 0x2033:
    case 0x02BA:
    case 0x3003: return '"';
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2015:
    case 0x2212:
    case 0x2043: return '-';
    case 0x2024: return '.';
    case 0x2800: /* the empty Braille cell */ return ' ';
    default: break;
    }
    if (!(U_GET_GC_MASK(code) & (U_GC_P_MASK | U_GC_S_MASK)))
        return 0;
    UChar form[8];
    skeleton(code, form);
    for (int c = '!'; c < 0x7F; c++)
        if (!u_isalnum(c) && form[0] && u_memcmp(ascii_skeletons[c], form, 8) == 0)
            return c;
    return 0;
}

/* Steps 2 and 3 for one character that is decomposed. */
static void simplify(UChar32 code, sequence *out)
{
    if (code < 0x80) {
        append(out, code);
        return;
    }
    if (is_accent(code) || code == 0x0640) /* the Arabic stretch is as good as an accent */
        return;
    const bool digit = u_charType(code) == U_DECIMAL_DIGIT_NUMBER ||
                       u_getIntPropertyValue(code, UCHAR_NUMERIC_TYPE) == U_NT_DIGIT;
    const double value = u_getNumericValue(code);
    if (digit && value >= 0 && value <= 9) {
        append(out, '0' + (UChar32)value);
        return;
    }
    const UChar32 sign = sign_of(code);
    if (sign) {
        append(out, sign);
        return;
    }
    const char named = letter_named(code);
    if (named) {
        append(out, named);
        return;
    }
    if (script_of(code) == USCRIPT_LATIN && is_letter(code)) {
        const char letter = letter_like(code);
        UChar form[8];
        skeleton(code, form);
        bool letters = form[0] != 0;
        for (int i = 0; form[i]; i++)
            letters = letters &&
                      ((form[i] >= 'a' && form[i] <= 'z') || (form[i] >= 'A' && form[i] <= 'Z'));
        if (letter)
            append(out, letter);
        for (int i = 0; !letter && letters && form[i]; i++)
            append(out, form[i] | 0x20);
        if (letter || letters)
            return;
    }
    append(out, code);
}

static bool is_dropped(UChar32 code)
{
    const int8_t type = u_charType(code);
    return type == U_CONTROL_CHAR || type == U_FORMAT_CHAR ||
           u_hasBinaryProperty(code, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

static sequence fold_once(const sequence *from)
{
    sequence result = {0};
    const sequence folded = normalized(nfkc_casefold, from);
    const sequence open = normalized(nfd, &folded);
    for (int32_t i = 0; i < open.count; i++)
        simplify(open.codes[i], &result);
    return normalized(nfc, &result);
}

static sequence fold_of(UChar32 code)
{
    if (U_IS_SURROGATE(code))
        return one(code);
    if (code >= 0xE0020 && code <= 0xE007E)
        code -= 0xE0000;
    if (u_isUWhiteSpace(code))
        return one(' ');
    if (is_dropped(code))
        return (sequence){0};
    /* before NFKC, which makes three characters of U+249C, a letter in parentheses */
    const char named = letter_named(code);
    sequence now = one(code >= 0x80 && named && !is_letter(code) ? named : code);
    for (int i = 0; i < ROUNDS; i++) {
        const sequence next = fold_once(&now);
        if (same(&next, &now))
            return now;
        now = next;
    }
    die("U+%04X has no fixed point", (unsigned)code);
    return now;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static struct {
    unicode_row rows[1 << 16];
    uint32_t row_count;
    uint32_t pool[1 << 15];
    uint32_t pool_count;
    uint16_t stage1[BLOCKS], stage2[CODES];
    uint32_t block_count;
    unicode_pair pairs[4096];
    uint32_t pair_count;
    uint8_t scripts[USCRIPT_CODE_LIMIT];
    uint8_t script_count;
    uint16_t slots[1 << 17]; /* rows by hash */
} table;

static uint8_t script_number(UScriptCode script)
{
    if (script <= USCRIPT_INHERITED || script >= USCRIPT_CODE_LIMIT)
        return 0;
    if (script == USCRIPT_LATIN)
        return UNICODE_LATIN;
    if (!table.scripts[script])
        table.scripts[script] = (uint8_t)(UNICODE_LATIN + ++table.script_count);
    return table.scripts[script];
}

static bool composes(UChar32 code)
{
    if ((code >= 0x1161 && code <= 0x1175) || (code >= 0x11A8 && code <= 0x11C2))
        return true;
    for (uint32_t i = 0; i < table.pair_count; i++)
        if (table.pairs[i].second == (uint32_t)code)
            return true;
    return false;
}

static bool is_fixed(UChar32 code)
{
    return folds[code].count == 1 && folds[code].codes[0] == code;
}

static int compare_pairs(const void *a, const void *b)
{
    const unicode_pair *const x = a, *const y = b;
    if (x->second != y->second)
        return x->second < y->second ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static void find_pairs(void)
{
    for (UChar32 code = 0; code < CODES; code++) {
        UChar raw[8];
        UErrorCode status = U_ZERO_ERROR;
        if ((code >= 0xAC00 && code <= 0xD7A3) || !is_fixed(code))
            continue;
        const int32_t length = unorm2_getRawDecomposition(nfc, code, raw, 8, &status);
        check(status, "decomposition");
        if (length <= 0)
            continue;
        const sequence parts = from_utf16(raw, length);
        if (parts.count != 2 || unorm2_composePair(nfc, parts.codes[0], parts.codes[1]) != code)
            continue;
        if (!is_fixed(parts.codes[0]) || !is_fixed(parts.codes[1]))
            die("U+%04X would come apart", (unsigned)code);
        table.pairs[table.pair_count++] =
            (unicode_pair){(uint32_t)parts.codes[1], (uint32_t)parts.codes[0], (uint32_t)code};
    }
    qsort(table.pairs, table.pair_count, sizeof *table.pairs, compare_pairs);
}

/* Scripts whose letters a writer uses for ASCII's, and that are written from left to right in
 * words. */
static bool has_twins(UScriptCode script)
{
    return script == USCRIPT_CYRILLIC || script == USCRIPT_GREEK || script == USCRIPT_COPTIC ||
           script == USCRIPT_ARMENIAN || script == USCRIPT_CHEROKEE || script == USCRIPT_LISU;
}

static void looks(UChar32 code, unicode_row *row)
{
    if (!is_letter(code) || is_spaceless(code) || folds[code].count != 1 ||
        folds[code].codes[0] < 0x80 || script_of(code) == USCRIPT_LATIN)
        return;
    char letter = letter_like(code);
    if (!letter && u_toupper(code) != code)
        letter = letter_like(u_toupper(code));
    if (!letter && is_letter(folds[code].codes[0])) /* an accent is no disguise */
        letter = letter_like(folds[code].codes[0]);
    row->look = (uint8_t)letter;
    if (has_twins(script_of(code)) && letter_like(folds[code].codes[0]))
        row->flags |= UNICODE_TWIN;
}

static unicode_row row_of(UChar32 code)
{
    const sequence *const fold = &folds[code];
    unicode_row row = {.folded = (uint32_t)code};
    const uint32_t category = U_GET_GC_MASK(code);
    if (category & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK | U_GC_PC_MASK))
        row.flags |= UNICODE_WORD;
    if (is_spaceless(code))
        row.flags |= UNICODE_SPACELESS;
    else if (is_letter(code))
        row.flags |= UNICODE_LETTER;
    else if (is_mark(code))
        row.flags |= UNICODE_MARK;
    if (u_isUWhiteSpace(code))
        row.flags |= UNICODE_SPACE;
    if (composes(code))
        row.flags |= UNICODE_COMPOSES;
    if (row.flags & UNICODE_LETTER)
        row.script = script_number(script_of(code));
    looks(code, &row);
    if (is_fixed(code))
        return row;
    row.flags |= UNICODE_CHANGES;
    if (fold->count == 0)
        row.flags |= UNICODE_GONE;
    row.folded = fold->count ? (uint32_t)fold->codes[0] : 0;
    if (fold->count > 1) {
        row.flags |= UNICODE_MANY;
        row.folded = table.pool_count << 5 | (uint32_t)fold->count;
        for (int32_t i = 0; i < fold->count; i++)
            table.pool[table.pool_count++] = (uint32_t)fold->codes[i];
        if (table.pool_count > sizeof table.pool / sizeof *table.pool - MOST)
            die("the pool is full");
    }
    return row;
}

/* Rows that fold to themselves are shared by writing 0 for the code point. */
static uint16_t row_number(unicode_row row)
{
    if (!(row.flags & UNICODE_CHANGES))
        row.folded = 0;
    uint32_t slot =
        (row.folded * 2654435761u ^ row.flags * 40503u ^ row.script * 977u ^ row.look * 31u) &
        0x1FFFF;
    for (; table.slots[slot]; slot = (slot + 1) & 0x1FFFF)
        if (memcmp(&table.rows[table.slots[slot] - 1], &row, sizeof row) == 0)
            return (uint16_t)(table.slots[slot] - 1);
    if (table.row_count == 0xFFFE)
        die("too many rows");
    table.rows[table.row_count] = row;
    table.slots[slot] = (uint16_t)(table.row_count + 1);
    return (uint16_t)table.row_count++;
}

static void add_block(uint32_t number)
{
    uint16_t rows[BLOCK];
    for (uint32_t i = 0; i < BLOCK; i++)
        rows[i] = row_number(row_of((UChar32)(number * BLOCK + i)));
    uint32_t block = 0;
    while (block < table.block_count &&
           memcmp(&table.stage2[block * BLOCK], rows, sizeof rows) != 0)
        block++;
    if (block == table.block_count)
        memcpy(&table.stage2[table.block_count++ * BLOCK], rows, sizeof rows);
    table.stage1[number] = (uint16_t)block;
}

/* What unicode_table.h promises. */
static void prove(void)
{
    for (UChar32 code = 0; code < CODES; code++)
        for (int32_t i = 0; i < folds[code].count; i++)
            if (!is_fixed(folds[code].codes[i]))
                die("U+%04X folds to U+%04X, which folds further", (unsigned)code,
                    (unsigned)folds[code].codes[i]);
    for (int c = 0x20; c < 0x7F; c++)
        if (folds[c].count != 1 || folds[c].codes[0] != (c >= 'A' && c <= 'Z' ? c + 32 : c))
            die("ASCII %d must only change its case", c);
}

static void write_numbers(FILE *out, const char *declaration, const uint16_t *numbers,
                          uint32_t count)
{
    fprintf(out, "%s = {", declaration);
    for (uint32_t i = 0; i < count; i++)
        fprintf(out, "%s%u,", i % 24 ? "" : "\n", numbers[i]);
    fprintf(out, "\n};\n");
}

/* Simple case folding, one character to one. Nothing folds into ASCII: the Kelvin sign is no `k`,
 * and the long s no `s`. */
static void write_cases(FILE *out)
{
    uint32_t count = 0;
    fprintf(out, "const unicode_case unicode_cases[] = {\n");
    for (UChar32 code = 0x80; code < CODES; code++) {
        const UChar32 folded = u_foldCase(code, U_FOLD_CASE_DEFAULT);
        if (folded == code || folded < 0x80)
            continue;
        fprintf(out, "{%u,%u},%s", (unsigned)code, (unsigned)folded, count % 8 == 7 ? "\n" : "");
        count++;
    }
    fprintf(out, "};\nconst uint32_t unicode_case_count = %u;\n", count);
}

static const unicode_row *finished_row(UChar32 code)
{
    return &table.rows[table.stage2[((uint32_t)table.stage1[code / BLOCK] * BLOCK) |
                                    ((uint32_t)code % BLOCK)]];
}

/* What fold_take.c wants to know of a character of two bytes, if it folds to one letter of one or
 * two. */
static uint32_t two_of(UChar32 code)
{
    const unicode_row *row = finished_row(code);
    if (row->flags & UNICODE_CHANGES) {
        if (row->flags & (UNICODE_GONE | UNICODE_MANY | UNICODE_SPACE) || row->folded >= 0x800)
            return 0;
        code = (UChar32)row->folded;
        row = finished_row(code);
    }
    if ((row->flags & (UNICODE_LETTER | UNICODE_COMPOSES)) != UNICODE_LETTER)
        return 0;
    const uint32_t bytes =
        code < 0x80 ? (uint32_t)code
                    : (0xC0u | (uint32_t)code >> 6) | (0x80u | ((uint32_t)code & 0x3F)) << 8;
    return bytes | (uint32_t)row->script << 16 | UNICODE_TWO_LETTER |
           (row->look ? UNICODE_TWO_LOOKS : 0) |
           (row->flags & UNICODE_TWIN || code < 0x80 ? 0 : UNICODE_TWO_ODD);
}

static void write_two(FILE *out)
{
    fprintf(out, "const uint32_t unicode_two[] = {\n");
    for (UChar32 code = 0; code < 0x800; code++)
        fprintf(out, "%u,%s", code < 0x80 ? 0 : two_of(code), code % 16 == 15 ? "\n" : "");
    fprintf(out, "};\n");
}

static void write_table(FILE *out)
{
    fprintf(out,
            "/* Generated by runtime/text/generate/unicode.c from Unicode %s. */\n"
            "#include \"runtime/text/unicode_table.h\"\n\n",
            U_UNICODE_VERSION);
    write_numbers(out, "const uint16_t unicode_stage1[]", table.stage1, BLOCKS);
    write_numbers(out, "const uint16_t unicode_stage2[]", table.stage2, table.block_count * BLOCK);
    fprintf(out, "const unicode_row unicode_rows[] = {\n");
    for (uint32_t i = 0; i < table.row_count; i++)
        fprintf(out, "{%u,%u,%u,%u},%s", table.rows[i].folded, table.rows[i].flags,
                table.rows[i].script, table.rows[i].look, i % 6 == 5 ? "\n" : "");
    fprintf(out, "\n};\nconst uint32_t unicode_pool[] = {\n");
    for (uint32_t i = 0; i < table.pool_count; i++)
        fprintf(out, "%u,%s", table.pool[i], i % 16 == 15 ? "\n" : "");
    fprintf(out, "0};\nconst unicode_pair unicode_pairs[] = {\n");
    for (uint32_t i = 0; i < table.pair_count; i++)
        fprintf(out, "{%u,%u,%u},%s", table.pairs[i].second, table.pairs[i].first,
                table.pairs[i].both, i % 6 == 5 ? "\n" : "");
    fprintf(out, "\n};\nconst uint32_t unicode_pair_count = %u;\n", table.pair_count);
    write_cases(out);
    write_two(out);
}

int main(int argc, char **argv)
{
    UErrorCode status = U_ZERO_ERROR;
    if (argc != 2)
        die("usage: unicode OUT.c");
    nfkc_casefold = unorm2_getNFKCCasefoldInstance(&status);
    nfd = unorm2_getNFDInstance(&status);
    nfc = unorm2_getNFCInstance(&status);
    spoof = uspoof_open(&status);
    check(status, "ICU");
    for (int c = '!'; c < 0x7F; c++)
        skeleton(c, ascii_skeletons[c]);
    for (UChar32 code = 0; code < CODES; code++)
        folds[code] = fold_of(code);
    prove();
    find_pairs();
    for (uint32_t i = 0; i < BLOCKS; i++)
        add_block(i);
    FILE *const out = fopen(argv[1], "w");
    if (!out)
        die("cannot write %s", argv[1]);
    write_table(out);
    if (fclose(out) != 0)
        die("cannot write %s", argv[1]);
    printf("unicode: %u rows, %u blocks, %u in the pool, %u pairs, %u scripts\n", table.row_count,
           table.block_count, table.pool_count, table.pair_count, table.script_count);
    uspoof_close(spoof);
    return 0;
}
