/* A private key as JWK. What is read can be written, and read again as the same key. */
#include "crypto/key.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct key *a = NULL, *b = NULL;
    struct err e = { 0 };
    int r = key_from_jwk(&a, (signet_str){ (const char *)data, size }, &e);
    check(r == 0 || (e.text[0] && !a));
    if (r)
        return 0;
    BUF_AUTO(jwk, 65536);
    BUF_AUTO(pem, 65536);
    BUF_AUTO(thumb, 64);
    check(key_to_jwk(a, &jwk) == 0);
    check(key_from_jwk(&b, buf_str(&jwk), NULL) == 0);
    check(key_same(a, b));
    check(key_to_pem(a, &pem) == 0);
    check(key_thumbprint(a, &thumb) == 0 && thumb.n == 43);
    key_free(a);
    key_free(b);
    return 0;
}
