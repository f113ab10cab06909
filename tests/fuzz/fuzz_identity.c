/*
 * fuzz_identity.c - every typed text on any bytes: no crash, offsets inside the text, and a
 * canonical form that is its own canonical form. The first byte chooses the type, so that the
 * corpus can aim.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/identity.h"
#include "runtime/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static const cst_kind kinds[] = {CST_KIND_EMAIL,    CST_KIND_URL,    CST_KIND_HOST,
                                 CST_KIND_PATH,     CST_KIND_IP,     CST_KIND_TIME,
                                 CST_KIND_DURATION, CST_KIND_STRING, CST_KIND_INT,
                                 CST_KIND_DECIMAL,  CST_KIND_FLOAT};

static void check_number(cst_kind kind, const char *bytes, size_t size)
{
    cst_value value, again;
    if (!number_parse(kind, bytes, size, &value))
        return;
    buffer out;
    buffer_init(&out, NULL, 0);
    value_show(&out, &value, NULL, CST_NONE);
    require(number_parse(kind, out.bytes, out.length, &again));
    require(kind == CST_KIND_FLOAT
                ? !(again.as.number < value.as.number) && !(again.as.number > value.as.number)
                : again.as.integer == value.as.integer);
    buffer_free(&out);
}

static void check_text(arena *memory, cst_kind kind, const char *bytes, size_t size)
{
    cst_value value, again;
    bool no_memory;
    if (!identity_parse(kind, bytes, size, memory, &value, &no_memory)) {
        require(!no_memory && value.kind == CST_KIND_ABSENT);
        return;
    }
    require(value.kind == kind && value.raw_length == size);
    buffer out;
    buffer_init(&out, NULL, 0);
    value_show(&out, &value, NULL, CST_NONE);
    require(!out.failed);
    if (kind >= CST_KIND_EMAIL && kind <= CST_KIND_IP) {
        require(identity_parse(kind, out.bytes, out.length, memory, &again, &no_memory));
        require(again.length == value.length &&
                memcmp(again.as.text, value.as.text, value.length) == 0);
    }
    for (unsigned i = 0; i < CST_PROPERTY_COUNT; i++) {
        cst_value part;
        value_part(&value, (cst_property)i, &part);
        if (property_kind((cst_property)i) == CST_KIND_HOST && part.length > 0) {
            require(identity_parse(CST_KIND_HOST, part.as.text, part.length, memory, &again,
                                   &no_memory));
            require(again.length == part.length &&
                    memcmp(again.as.text, part.as.text, part.length) == 0);
        }
    }
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const cst_kind kind = kinds[data[0] % (sizeof kinds / sizeof kinds[0])];
    const size_t length = size - 1;
    char *const bytes = malloc(length ? length : 1);
    require(bytes != NULL);
    memcpy(bytes, data + 1, length);
    arena memory;
    arena_init(&memory, NULL, 0);
    cst_network network;
    (void)network_parse(bytes, length, &network);
    if (kind == CST_KIND_INT || kind == CST_KIND_DECIMAL || kind == CST_KIND_FLOAT)
        check_number(kind, bytes, length);
    else
        check_text(&memory, kind, bytes, length);
    arena_free(&memory);
    free(bytes);
    return 0;
}
