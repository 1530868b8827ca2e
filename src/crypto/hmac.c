#include "crypto/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

int hmac_of(const char *hash, signet_str key, signet_str in, uint8_t out[HMAC_MAX], size_t *len)
{
    EVP_MD *md = EVP_MD_fetch(NULL, hash, NULL);
    unsigned n = 0;
    bool ok = md && key.n <= 4096 && EVP_MD_get_size(md) <= (int)HMAC_MAX &&
              HMAC(md, key.n ? key.p : "", (int)key.n, (const unsigned char *)in.p, in.n, out, &n);
    EVP_MD_free(md);
    if (!ok)
        return SIGNET_ECRYPTO;
    *len = n;
    return 0;
}

bool hmac_same(signet_str a, signet_str b)
{
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}
