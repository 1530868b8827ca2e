#include "crypto/digest.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

int digest_sha256(signet_str in, uint8_t out[32])
{
    if (EVP_Digest(in.n ? in.p : "", in.n, out, NULL, EVP_sha256(), NULL) == 1)
        return 0;
    ERR_clear_error();
    return SIGNET_ECRYPTO;
}

void hex_enc(struct buf *to, signet_str in)
{
    static const char digits[] = "0123456789abcdef";
    if (in.n > SIZE_MAX / 2 || buf_reserve(to, in.n * 2))
        return;
    for (size_t i = 0; i < in.n; i++) {
        buf_addc(to, digits[(uint8_t)in.p[i] >> 4]);
        buf_addc(to, digits[(uint8_t)in.p[i] & 15]);
    }
}

static const char *hmac_hash(signet_alg alg)
{
    switch (alg) {
    case SIGNET_ALG_HS256:
        return "SHA256";
    case SIGNET_ALG_HS384:
        return "SHA384";
    case SIGNET_ALG_HS512:
        return "SHA512";
    case SIGNET_ALG_UNKNOWN:
    case SIGNET_ALG_ES256:
    case SIGNET_ALG_ES384:
    case SIGNET_ALG_ES512:
    case SIGNET_ALG_RS256:
    case SIGNET_ALG_EDDSA:
        break;
    }
    return NULL;
}

int digest_hmac(signet_alg alg, signet_str key, signet_str in, uint8_t out[64], size_t *len)
{
    const char *hash = hmac_hash(alg);
    size_t n = 0;
    /* OpenSSL takes an empty key for "no key given", and one gives no protection anyway. */
    if (!hash || key.n == 0)
        return SIGNET_EINVAL;
    if (!EVP_Q_mac(NULL, "HMAC", NULL, hash, NULL, key.p, key.n, (const unsigned char *)(in.n ? in.p : ""), in.n, out,
                   64, &n)) {
        ERR_clear_error();
        return SIGNET_ECRYPTO;
    }
    *len = n;
    return 0;
}

int random_bytes(void *out, size_t n)
{
    if (RAND_bytes_ex(NULL, out, n, 0) == 1)
        return 0;
    ERR_clear_error();
    return SIGNET_ECRYPTO;
}

int random_below(uint64_t bound, uint64_t *ret)
{
    if (bound == 0)
        return SIGNET_EINVAL;
    /* Values under 2^64 mod bound would make small results likelier: draw again. */
    uint64_t unfair = (0 - bound) % bound, v;
    do {
        int r = random_bytes(&v, sizeof v);
        if (r)
            return r;
    } while (v < unfair);
    *ret = v % bound;
    return 0;
}
