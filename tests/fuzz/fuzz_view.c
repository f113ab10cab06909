/*
 * fuzz_view.c - any bytes as a text, seen through every view: what view_properties.h lists must
 * hold.
 *
 * The first byte chooses where the text is cut. Long texts are folded and mapped, but cut at one
 * place only.
 */
#include "tests/fuzz/view_properties.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 1u << 16)
        return 0;
    view_subject subject = {(const char *)data + 1, (uint32_t)size - 1, ""};
    view_check_maps(&subject);
    view_check_fold(&subject);
    const uint32_t at = subject.length ? (uint32_t)data[0] * 257 % (subject.length + 1) : 0;
    view_check_cuts(&subject, at);
    view_check_cuts(&subject, subject.length);
    return 0;
}
