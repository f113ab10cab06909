/*
 * rewrite_encodings.c - transformations that encode the whole text: see rewrite.h. A model is often
 * told, or finds out, to decode it.
 */
#include "compiler/cli/rewrite.h"
#include "runtime/utf8.h"

static const char HEX[] = "0123456789abcdef";

static void encode64(const rewrite_text *text, const char *last, bool padded, buffer *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const unsigned char *const bytes = (const unsigned char *)text->bytes;
    for (size_t at = 0; at < text->length; at += 3) {
        const size_t left = text->length - at;
        const uint32_t group = (uint32_t)bytes[at] << 16 |
                               (left > 1 ? (uint32_t)bytes[at + 1] << 8 : 0) |
                               (left > 2 ? bytes[at + 2] : 0u);
        for (uint32_t i = 0; i < 4; i++) {
            const uint32_t digit = group >> (18 - 6 * i) & 63;
            if (i <= left)
                buffer_add(out, digit < 62 ? &alphabet[digit] : &last[digit - 62], 1);
            else if (padded)
                buffer_text(out, "=");
        }
    }
}

void rewrite_base64(const rewrite_text *text, buffer *out)
{
    encode64(text, "+/", true, out);
}

void rewrite_base64url(const rewrite_text *text, buffer *out)
{
    encode64(text, "-_", false, out);
}

static void each_byte(const rewrite_text *text, const char *before, buffer *out)
{
    for (size_t i = 0; i < text->length; i++) {
        const unsigned char byte = (unsigned char)text->bytes[i];
        buffer_text(out, before);
        buffer_add(out, &HEX[byte >> 4], 1);
        buffer_add(out, &HEX[byte & 15], 1);
    }
}

void rewrite_hex(const rewrite_text *text, buffer *out)
{
    each_byte(text, "", out);
}

void rewrite_percent(const rewrite_text *text, buffer *out)
{
    each_byte(text, "%", out);
}

/* Decimal and hexadecimal in turn, as they are found in the wild. */
void rewrite_entities(const rewrite_text *text, buffer *out)
{
    const char *at = text->bytes;
    const char *const end = at + text->length;
    for (uint32_t number = 0; at < end; number++)
        buffer_format(out, number % 2 == 0 ? "&#%u;" : "&#x%x;", utf8_decode(&at, end));
}

/* As in JSON and JavaScript: what lies past U+FFFF is a pair. */
void rewrite_escapes(const rewrite_text *text, buffer *out)
{
    const char *at = text->bytes;
    const char *const end = at + text->length;
    while (at < end) {
        const uint32_t point = utf8_decode(&at, end);
        if (point < 0x10000)
            buffer_format(out, "\\u%04x", point);
        else
            buffer_format(out, "\\u%04x\\u%04x", 0xD7C0 + (point >> 10), 0xDC00 + (point & 0x3FF));
    }
}
