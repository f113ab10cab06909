/*
 * fuzz_format.c - any bytes as a policy to be laid out: what format_properties.h lists must hold.
 */
#include "tests/fuzz/format_properties.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    format_check((const char *)data, size);
    return 0;
}
