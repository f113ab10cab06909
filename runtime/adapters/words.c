/*
 * words.c - see words.h.
 *
 * A decoded string is never longer than its JSON, and its quotes leave room for the line end: so
 * the text fits into as many bytes as the value has in its document, and is written in one pass.
 */
#include "runtime/adapters/words.h"

#include <string.h>

enum { MOST_KNOWN = 16, PLAIN_NAME = 64 };

typedef struct joining {
    char *text;
    size_t length;
    const cst_json *known[MOST_KNOWN];
    uint32_t known_count;
    words *out;
} joining;

/* Letters, digits and what stands in names, media types and base64: nothing that separates words.
 */
static bool is_plain(const char *text, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        const char letter = text[i];
        const bool good = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                          (letter >= '0' && letter <= '9') ||
                          (letter != '\0' && strchr("_-.$/+=;", letter) != NULL);
        if (!good)
            return false;
    }
    return true;
}

bool words_skips(const json_key *key, const cst_json *value)
{
    static const char *const skipped[] = {"type", "mimeType", "role", "resultType", "data", "blob"};
    for (uint32_t i = 0; value->kind == JSON_STRING && i < sizeof skipped / sizeof *skipped; i++)
        if (strlen(skipped[i]) == key->length && memcmp(skipped[i], key->text, key->length) == 0)
            return is_plain(value->text, value->length);
    return false;
}

static void say(joining *to, const char *text, uint32_t length, const cst_json *value)
{
    if (length == 0)
        return;
    if (to->out->count++ > 0)
        to->text[to->length++] = '\n';
    memcpy(to->text + to->length, text, length);
    to->length += length;
    to->out->only = to->out->count == 1 ? value : NULL;
}

static bool is_known(const joining *to, const cst_json *value)
{
    for (uint32_t i = 0; i < to->known_count; i++)
        if (to->known[i]->length == value->length &&
            memcmp(to->known[i]->text, value->text, value->length) == 0)
            return true;
    return false;
}

/* The reader has bounded the depth. */
static void join(joining *to, const cst_json *value)
{
    if (value->kind == JSON_STRING && !is_known(to, value))
        say(to, value->text, value->length, value);
    if (value->kind == JSON_LIST)
        for (uint32_t i = 0; i < value->length; i++)
            join(to, &value->items[i]);
    if (value->kind != JSON_OBJECT)
        return;
    for (uint32_t i = 0; i < value->length; i++) {
        const json_key *const key = &value->keys[i];
        if (words_skips(key, &value->items[i]))
            continue;
        if (key->length > PLAIN_NAME || !is_plain(key->text, key->length))
            say(to, key->text, key->length, NULL);
        join(to, &value->items[i]);
    }
}

bool words_join(arena *memory, const cst_json *value, const cst_json *known, words *out)
{
    joining to = {.out = out};
    *out = (words){.text = ""};
    if (value == NULL)
        return true;
    to.text = arena_allocate(memory, (size_t)value->at_length + 1);
    if (to.text == NULL)
        return false;
    for (uint32_t i = 0; known != NULL && known->kind == JSON_OBJECT && i < known->length; i++)
        if (known->items[i].kind == JSON_STRING && to.known_count < MOST_KNOWN)
            to.known[to.known_count++] = &known->items[i];
    join(&to, value);
    out->text = to.text;
    out->length = to.length;
    return true;
}
