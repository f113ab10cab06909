/*
 * fuzz_check.c - every check on any bytes: no byte outside of the text is read, a higher bound
 * never holds where a lower one does not, and numbers mean the same in either case where their
 * check reads them without separators. The first byte chooses the check, so that the corpus can
 * aim.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/text/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Checks in which case, or where a separator stands, means something. */
static bool reads_bytes(check_kind check)
{
    return check == CHECK_ip || check == CHECK_date || check == CHECK_phone ||
           check == CHECK_entropy || check == CHECK_credential || check == CHECK_jwt ||
           check == CHECK_base58 || check == CHECK_bech32 || check == CHECK_luhn ||
           check == CHECK_vin || check == CHECK_card || check == CHECK_se_personnummer ||
           check == CHECK_fi_hetu || check == CHECK_hk_id;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 65536)
        return 0;
    const check_kind check = (check_kind)(data[0] % CHECK_COUNT);
    const uint32_t length = (uint32_t)size - 1;
    char *const text = malloc(length + 1u), *const other = malloc(2u * length + 1u);
    if (text == NULL || other == NULL)
        abort();
    memcpy(text, data + 1, length);
    bool before = true;
    for (double bound = 0; bound < 8; bound += 0.5) {
        const bool holds = check_holds(check, bound, text, length);
        require(!holds || before);
        before = holds;
    }
    uint32_t used = 0;
    for (uint32_t i = 0; i < length; i++) {
        other[used++] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + ('a' - 'A')) : text[i];
        if (i % 3 == 0)
            other[used++] = "-. /"[i % 4];
    }
    if (check != CHECK_NONE && !reads_bytes(check) && length > 0)
        require(check_holds(check, 0, text, length) == check_holds(check, 0, other, used));
    free(text);
    free(other);
    return 0;
}
