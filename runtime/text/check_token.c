/*
 * check_token.c - whether a text is a credential, or only looks like one.
 *
 * What a key is made of cannot be told from its shape alone: documents are full of
 * `AKIAIOSFODNN7EXAMPLE`, `sk_live_xxxx`, `password = <your password>` and `token = get_token()`.
 * The check `credential` refuses what a person would see at once:
 *
 *   - filler: a run of x, * or such, of characters in order ("abcdefgh", "12345678"), or a short
 * text said again and again;
 *   - words that say so ("example", "changeme", "your", "redacted", …) and templates (`${X}`,
 * `<x>`, `{{x}}`, `%s`, `$X`);
 *   - less than `bound` bits a character, counted over the value;
 *   - in an assignment, an option of a command or an element of XML: a name that says the value is
 * no secret (`password_file`, `secretName`, `token_url`, `publicKey`), and, where the value is not
 * quoted, code (names, calls, paths) and plain words.
 *
 * The value is what is meant to be secret: of `name = "value"` the quoted part, of `name: value`
 * what stands behind the sign, of a URL with user and password the password, else the whole text.
 * What it leaves out: a password that is an English word, quoted without an assignment, is not
 * found; a real credential that holds the word "example" is not, either.
 */
#include <math.h>

#include "runtime/identity_private.h"
#include "runtime/text/check_private.h"

typedef struct part {
    const char *bytes;
    uint32_t length;
} part;

/* Bits a character. Bytes are counted, which gives characters outside of ASCII a little more than
 * they have. */
static double bits_each(part value)
{
    uint32_t counts[256] = {0};
    for (uint32_t i = 0; i < value.length; i++)
        counts[(unsigned char)value.bytes[i]]++;
    double bits = 0;
    for (uint32_t i = 0; i < 256; i++)
        if (counts[i] != 0) {
            const double share = (double)counts[i] / value.length;
            bits -= share * log2(share);
        }
    return bits;
}

bool check_entropy_holds(const check_text *text)
{
    return bits_each((part){text->bytes, text->length}) >= text->bound;
}

/* ---- what is no secret ----------------------------------------------------------------------- */

static bool is_letter(char byte)
{
    const char lower = ascii_lower(byte);
    return lower >= 'a' && lower <= 'z';
}

static bool is_name_byte(char byte)
{
    return is_letter(byte) || is_digit(byte) || byte == '_';
}

/* Whether `word`, in lower case, stands in the value in any case. */
static bool holds_word(part value, const char *word)
{
    const uint32_t length = (uint32_t)strlen(word);
    for (uint32_t at = 0; at + length <= value.length; at++) {
        uint32_t i = 0;
        while (i < length && ascii_lower(value.bytes[at + i]) == word[i])
            i++;
        if (i == length)
            return true;
    }
    return false;
}

/* Runs of a filler character, of characters each one up or down from the last, and short texts said
 * again. A run of any other character is left to the bound. */
static bool is_filler(part value)
{
    uint32_t same = 1, rising = 1, falling = 1;
    for (uint32_t i = 1; i < value.length; i++) {
        const char before = value.bytes[i - 1], here = value.bytes[i];
        same = here == before ? same + 1 : 1;
        rising = here == before + 1 && is_name_byte(here) ? rising + 1 : 1;
        falling = here == before - 1 && is_name_byte(here) ? falling + 1 : 1;
        if ((same >= 5 && strchr("xX*.#_-0?", here) != NULL) || rising >= 8 || falling >= 8)
            return true;
    }
    for (uint32_t period = 2; period <= 16 && period * 3 <= value.length; period++) {
        uint32_t matched = 0;
        bool other = false;
        for (uint32_t i = period; i < value.length; i++) {
            const bool again = value.bytes[i] == value.bytes[i - period];
            other = again && (matched == 0 ? false : other || value.bytes[i] != value.bytes[i - 1]);
            matched = again ? matched + 1 : 0;
            if (matched >= period * 2 && matched >= 12 && other)
                return true;
        }
    }
    return false;
}

static bool is_template(part value)
{
    if (value.length < 2)
        return true;
    const char first = value.bytes[0], second = value.bytes[1],
               last = value.bytes[value.length - 1];
    if (first == '$' && (second == '{' || second == '(' || is_letter(second) || second == '_'))
        return second == '{' || second == '(' || last != '$';
    if (holds_word(value, " | ") || holds_word(value, "$(")) /* a line of shell */
        return true;
    return (first == '<' && last == '>') || (first == '[' && last == ']') ||
           (first == '{' && last == '}') ||
           (first == '%' && (last == '%' || last == 's' || last == ')'));
}

static bool says_placeholder(part value)
{
    static const char *const words[] = {
        "example",    "placeholder", "changeme", "change_me", "change-me", "redacted",
        "insert_",    "insert-",     "your_",    "your-",     "yourpass",  "yoursecret",
        "yourtoken",  "yourkey",     "yourapi",  "<your",     "todo",      "dummy",
        "sample",     "_here",       "-here",    "goeshere",  "foobar",    "lorem",
        "not-a-real", "notareal",    "fake",     "xxxx",      "...",       "****"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (holds_word(value, words[i]))
            return true;
    return false;
}

/* Values that stand for themselves in documents: compared as a whole, in any case. */
static bool is_common_word(part value)
{
    static const char *const words[] = {
        "password",     "passwd",   "passphrase",  "pass",       "user",      "username",
        "secret",       "token",    "mypassword",  "mypass",     "mysecret",  "yyy",
        "test",         "testing",  "testpass",    "none",       "null",      "undefined",
        "string",       "true",     "false",       "secret_key", "api_key",   "apikey",
        "optional",     "required", "my_password", "my_secret",  "my-secret", "testpassword",
        "test_password"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == value.length && holds_word(value, words[i]))
            return true;
    return false;
}

/* ---- assignments ----------------------------------------------------------------------------- */

typedef struct assignment {
    part name, value;
    bool named, quoted;
} assignment;

static bool is_quote(char byte)
{
    return byte == '"' || byte == '\'' || byte == '`';
}

/* `://user:password@` has the password as value. */
static bool read_url(part text, assignment *out)
{
    uint32_t at = 0;
    while (at + 3 <= text.length && memcmp(text.bytes + at, "://", 3) != 0)
        at++;
    if (at + 3 > text.length)
        return false;
    uint32_t colon = at + 3, end = text.length;
    while (colon < text.length && text.bytes[colon] != ':')
        colon++;
    while (end > colon && text.bytes[end - 1] != '@')
        end--;
    if (colon == text.length || end < colon + 2)
        return false;
    *out = (assignment){.value = {text.bytes + colon + 1, end - 1 - (colon + 1)}, .quoted = true};
    return true;
}

/* curl's `-u name:password` has the password as value; `-u name:`, as keys are given, the name. */
static bool read_user_option(part text, assignment *out)
{
    uint32_t at = 0, colon;
    while (at + 3 <= text.length && memcmp(text.bytes + at, " -u", 3) != 0 &&
           (at + 7 > text.length || memcmp(text.bytes + at, " --user", 7) != 0))
        at++;
    if (at + 3 > text.length)
        return false;
    at += text.bytes[at + 2] == '-' ? 7 : 3;
    while (at < text.length &&
           (text.bytes[at] == ' ' || text.bytes[at] == '=' || is_quote(text.bytes[at])))
        at++;
    for (colon = at; colon < text.length && text.bytes[colon] != ':'; colon++)
        ;
    uint32_t start = colon + 1, end = text.length;
    while (start < end && is_quote(text.bytes[start]))
        start++;
    if (colon >= text.length)
        return false;
    for (uint32_t i = start; i < end; i++)
        if (text.bytes[i] == ' ' || text.bytes[i] == '\n' || is_quote(text.bytes[i]))
            end = i;
    const part name = {text.bytes + at, colon - at}, password = {text.bytes + start, end - start};
    *out = (assignment){.value = start < end ? password : name, .quoted = true};
    return true;
}

/* Splits `name op value`; a text that is none has no name and is its own value. */
static assignment read_assignment(part text)
{
    assignment out = {.value = text};
    if (read_user_option(text, &out) || read_url(text, &out))
        return out;
    uint32_t end = text.bytes[0] == '<' ? 1 : 0, next; /* an element: <name>value</ */
    while (end < text.length && (is_name_byte(text.bytes[end]) || text.bytes[end] == '.' ||
                                 text.bytes[end] == '-' || is_quote(text.bytes[end])))
        end++;
    for (next = end; next < text.length && strchr(" \t:=!>,([", text.bytes[next]) != NULL; next++)
        ;
    if (end > 0 && next > end && next < text.length) {
        uint32_t start = 0;
        while (start < end && !is_name_byte(text.bytes[start]))
            start++;
        while (end > start && is_quote(text.bytes[end - 1]))
            end--;
        out.named = true;
        out.name = (part){text.bytes + start, end - start};
        out.value = (part){text.bytes + next, text.length - next};
        for (uint32_t i = 1; text.bytes[0] == '<' && i + 1 < out.value.length; i++)
            if (out.value.bytes[i] == '<' && out.value.bytes[i + 1] == '/')
                out.value.length = i;
    }
    const char last = text.bytes[text.length - 1];
    if (is_quote(last)) {
        uint32_t open = out.value.length - 1; /* one behind the opening quote */
        while (open > 0 && out.value.bytes[open - 1] != last)
            open--;
        if (open > 0) {
            out.value = (part){out.value.bytes + open, out.value.length - 1 - open};
            out.quoted = true;
        }
    }
    return out;
}

/* The name's last word says that the value is about a secret, or public. */
static bool name_excuses(part name)
{
    static const char *const last_words[] = {
        "name",        "id",      "ids",       "file",        "path",     "dir",      "url",
        "uri",         "type",    "length",    "len",         "size",     "field",    "label",
        "hint",        "prompt",  "policy",    "count",       "version",  "format",   "regex",
        "pattern",     "min",     "max",       "ttl",         "expiry",   "input",    "column",
        "title",       "header",  "ref",       "arn",         "location", "host",     "endpoint",
        "class",       "secrets", "passwords", "credentials", "method",   "variable", "env",
        "description", "text",    "error",     "message",     "rotation"};
    for (size_t i = 0; i < sizeof last_words / sizeof last_words[0]; i++) {
        const uint32_t length = (uint32_t)strlen(last_words[i]);
        if (length > name.length)
            continue;
        const char *const at = name.bytes + name.length - length;
        uint32_t same = 0;
        while (same < length && ascii_lower(at[same]) == last_words[i][same])
            same++;
        /* A new word begins there: the start, behind a sign, or an upper-case letter behind a
         * lower-case one. */
        const bool starts =
            length == name.length || !is_letter(at[-1]) || (is_upper(at[0]) && !is_upper(at[-1]));
        const bool glued = strcmp(last_words[i], "file") == 0 || strcmp(last_words[i], "path") == 0;
        if (same == length && (starts || glued))
            return true;
    }
    return holds_word(name, "public") || holds_word(name, "example");
}

/* A name, a path of names, or a call: brackets close as they opened. */
static bool is_code(part value)
{
    char open[16];
    uint32_t depth = 0, i = 0;
    while (i < value.length &&
           (is_name_byte(value.bytes[i]) || value.bytes[i] == '.' || value.bytes[i] == ':' ||
            value.bytes[i] == '-' || value.bytes[i] == '>' || value.bytes[i] == '&' ||
            value.bytes[i] == '/'))
        i++;
    if (i < value.length && strchr("([{<;", value.bytes[i]) == NULL)
        return false;
    if (i == 0)
        return false;
    bool digit = false, letter = false;
    for (uint32_t k = 0; k < i; k++) {
        digit = digit || is_digit(value.bytes[k]);
        letter = letter || is_letter(value.bytes[k]);
    }
    if (i == value.length)
        return !digit || !letter;
    for (; i < value.length; i++) {
        const char byte = value.bytes[i];
        if (byte == '(' || byte == '[' || byte == '{') {
            if (depth == sizeof open)
                return true;
            open[depth++] = byte;
        } else if (byte == ')' || byte == ']' || byte == '}') {
            const char opener = byte == ')' ? '(' : byte == ']' ? '[' : '{';
            if (depth == 0 || open[--depth] != opener)
                return false;
        }
    }
    return true;
}

bool check_credential_holds(const check_text *text)
{
    const assignment read = read_assignment((part){text->bytes, text->length});
    part value = read.value;
    while (value.length > 0 && strchr("\"'` ,;)&\r\n\t", value.bytes[value.length - 1]) != NULL)
        value.length--;
    if (value.length < 4 || is_filler(value) || is_template(value) || says_placeholder(value) ||
        is_common_word(value))
        return false;
    if (read.named && name_excuses(read.name))
        return false;
    if (read.named && !read.quoted && is_code(value))
        return false;
    return bits_each(value) >= text->bound;
}

/* ---- JWT ------------------------------------------------------------------------------------- */

static int base64_value(char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return byte - 'A';
    if (byte >= 'a' && byte <= 'z')
        return byte - 'a' + 26;
    if (is_digit(byte))
        return byte - '0' + 52;
    return byte == '-' || byte == '+' ? 62 : byte == '_' || byte == '/' ? 63 : -1;
}

/* What has been seen of the header, byte by byte: it may be of any length. */
typedef struct jwt_header {
    uint32_t decoded, brackets, alg, enc; /* alg, enc: how much of the member's name has come */
    bool text, escaped, object, closed, named;
} jwt_header;

static uint32_t follow(const char *name, uint32_t matched, char byte)
{
    return name[matched] == byte ? matched + 1 : name[0] == byte ? 1 : 0;
}

static bool header_takes(jwt_header *header, char byte)
{
    if ((unsigned char)byte < ' ' && byte != '\n' && byte != '\r' && byte != '\t')
        return false;
    if (header->decoded++ == 0 && byte != '{')
        return false;
    if (!header->text && header->closed && (unsigned char)byte > ' ')
        return false;
    header->alg = follow("\"alg\"", header->alg, byte);
    header->enc = follow("\"enc\"", header->enc, byte);
    if (header->alg == 5 || header->enc == 5) {
        header->named = true;
        header->alg = header->enc = 0;
    }
    if (header->text) {
        if (header->escaped)
            header->escaped = false;
        else if (byte == '\\')
            header->escaped = true;
        else if (byte == '"')
            header->text = false;
        return true;
    }
    if (byte == '"')
        header->text = true;
    else if (byte == '{' || byte == '[')
        header->brackets++;
    else if (byte == '}' || byte == ']')
        header->closed = header->brackets == 0 || --header->brackets == 0;
    else if ((unsigned char)byte >= 0x80)
        return false;
    return true;
}

bool check_jwt_holds(const check_text *text)
{
    jwt_header header = {0};
    uint32_t bits = 0, held = 0, i = 0;
    while (i < text->length && text->bytes[i] != 'e')
        i++;
    for (; i < text->length && text->bytes[i] != '.'; i++) {
        const int value = base64_value(text->bytes[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            if (!header_takes(&header, (char)(bits >> held & 0xff)))
                return false;
        }
    }
    return i < text->length && header.closed && header.named && !header.text;
}
