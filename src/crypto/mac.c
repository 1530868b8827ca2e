#include "crypto/mac.h"

#include "crypto/ossl.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

static const struct {
    signet_str name;
    const char *ossl;
} hashes[] = {
    { STR("md5"), "MD5" },       { STR("sha1"), "SHA1" },     { STR("sha224"), "SHA224" },
    { STR("sha256"), "SHA256" }, { STR("sha384"), "SHA384" }, { STR("sha512"), "SHA512" },
};

static const char *ossl_hash(signet_str alg)
{
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
        if (str_eq(alg, hashes[i].name))
            return hashes[i].ossl;
    return NULL;
}

bool hash_known(signet_str alg)
{
    return ossl_hash(alg) != NULL;
}

int hash_named(signet_str alg, signet_str in, uint8_t out[MAC_MAX], size_t *ret_len)
{
    const char *name = ossl_hash(alg);
    size_t n = 0;
    if (!name)
        return SIGNET_ENOTFOUND;
    if (!EVP_Q_digest(NULL, name, NULL, in.n ? in.p : "", in.n, out, &n)) {
        ERR_clear_error();
        return SIGNET_ECRYPTO;
    }
    *ret_len = n;
    return 0;
}

int hmac_named(signet_str alg, signet_str key, signet_str in, uint8_t out[MAC_MAX], size_t *ret_len)
{
    const char *name = ossl_hash(alg);
    size_t n = 0;
    if (!name)
        return SIGNET_ENOTFOUND;
    if (!key.n)
        return SIGNET_EINVAL;
    if (!EVP_Q_mac(NULL, "HMAC", NULL, name, NULL, key.p, key.n, (const unsigned char *)(in.n ? in.p : ""), in.n, out,
                   MAC_MAX, &n)) {
        ERR_clear_error();
        return SIGNET_ECRYPTO;
    }
    *ret_len = n;
    return 0;
}

bool mac_same(signet_str a, signet_str b)
{
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

static const struct {
    signet_str name;
    const char *hash; /* NULL: key_sign does it */
    bool pss;
} schemes[] = {
    { STR("RS256"), "SHA256", false }, { STR("RS384"), "SHA384", false }, { STR("RS512"), "SHA512", false },
    { STR("PS256"), "SHA256", true },  { STR("ES256"), NULL, false },
};

bool key_sign_known(signet_str alg)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (str_eq(alg, schemes[i].name))
            return true;
    return false;
}

static int sign_rsa(const struct key *k, const char *hash, bool pss, signet_str tbs, uint8_t *out, size_t *len)
{
    OSSL_AUTO(auto_md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL; /* belongs to ctx */
    if (!ctx)
        return SIGNET_ENOMEM;
    if (EVP_DigestSignInit_ex(ctx, &pctx, hash, NULL, NULL, k->pkey, NULL) != 1 ||
        (pss && (EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) <= 0 ||
                 EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) <= 0)) ||
        EVP_DigestSign(ctx, out, len, (const unsigned char *)(tbs.n ? tbs.p : ""), tbs.n) != 1) {
        ERR_clear_error();
        return SIGNET_ECRYPTO;
    }
    return 0;
}

int key_sign_as(const struct key *k, signet_str alg, signet_str tbs, uint8_t *out, size_t *len)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (!str_eq(alg, schemes[i].name))
            continue;
        if (!k->is_private)
            return SIGNET_EINVAL;
        if (schemes[i].hash)
            return k->type == KEY_RSA ? sign_rsa(k, schemes[i].hash, schemes[i].pss, tbs, out, len) : SIGNET_EINVAL;
        return k->type == KEY_EC && k->size == 256 ? key_sign(k, tbs, out, len) : SIGNET_EINVAL;
    }
    return SIGNET_ENOTFOUND;
}
