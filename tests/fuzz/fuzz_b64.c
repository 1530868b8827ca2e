#include "base/b64.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each value has one spelling only: what decodes, encodes to the same text again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    signet_str in = { (const char *)data, size };
    BUF_AUTO(raw, 1 << 20);
    BUF_AUTO(text, 1 << 21);
    if (b64url_dec(&raw, in) == 0) {
        b64url_enc(&text, buf_str(&raw));
        if (!str_eq(buf_str(&text), in))
            abort();
    }
    buf_clear(&raw);
    buf_clear(&text);
    if (b64_dec(&raw, in) == 0) {
        b64_enc(&text, buf_str(&raw));
        if (text.n > size)
            abort();
    }
    buf_clear(&raw);
    buf_clear(&text);
    b64url_enc(&text, in);
    if (b64url_dec(&raw, buf_str(&text)) || !str_eq(buf_str(&raw), in))
        abort();
    return 0;
}
