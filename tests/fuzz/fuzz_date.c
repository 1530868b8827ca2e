#include "base/clock.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read as a time is within bounds, and written out is read back as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    signet_str s = { (const char *)data, size };
    int64_t t, back, wait;
    BUF_AUTO(text, 100);
    if (clock_parse_rfc3339(s, &t) == 0) {
        clock_fmt_rfc3339(&text, t);
        if (clock_parse_rfc3339(buf_str(&text), &back) || back != t)
            abort();
    }
    if (clock_parse_retry_after(s, 1795335968, 86400, &wait) == 0 && (wait < 0 || wait > 86400))
        abort();
    return 0;
}
