/* A file with a key that its owner was given: what is opened is a key, and what is refused has a reason. */
#include "crypto/unlock.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = { 0 };
    BUF_AUTO(pem, 1u << 20);
    signet_str in = { (const char *)data, size };
    int r = key_unlock(&pem, in, STR("password"), &e);
    if (r ? !e.text[0] : !pem.n)
        abort();
    return 0;
}
