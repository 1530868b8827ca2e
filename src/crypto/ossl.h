/* Private to src/crypto: what its files share around OpenSSL. */
#ifndef CRYPTO_OSSL_H
#define CRYPTO_OSSL_H

#include "crypto/key.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

struct key {
    EVP_PKEY *pkey;
    enum key_type type;
    unsigned size;
    bool is_private;
};

/* A private key beyond this gives signatures that KEY_SIG_MAX does not hold. */
#define KEY_RSA_MIN 1024
#define KEY_RSA_MAX (KEY_SIG_MAX * 8)

/* The three curves of ACME, in every spelling that we meet. */
struct curve {
    unsigned bits;
    signet_alg alg;
    size_t width; /* bytes of a coordinate and of R and S (RFC 7518 section 3.4) */
    const char *group, *sec, *jwk, *md;
};
const struct curve *curve_by_bits(unsigned bits);
const struct curve *curve_by_group(const char *group);
const struct curve *curve_by_jwk(signet_str name);

/* Wraps a key, whose reference it takes even on failure. SIGNET_EFORMAT for kinds and sizes that ACME does not use. */
int key_wrap(struct key **ret, EVP_PKEY *pkey, bool is_private, struct err *e);
/* Does the private half belong to the public one? Signs and verifies once. SIGNET_EFORMAT when not. */
int key_check_pair(const struct key *k, struct err *e);
/* The hash that certificates and requests are signed with: SHA-256, NULL for Ed25519. */
const EVP_MD *key_cert_md(const struct key *k);

/* err_set with ": " and OpenSSL's reason behind the text; empties OpenSSL's error queue. */
int ossl_fail(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Adds a DER encoding that OpenSSL allocated, wipes and frees it. `n` is what i2d returned. */
int ossl_add_der(struct buf *to, uint8_t *der, int n);
/* First common name as UTF-8; nothing when there is none. SIGNET_EFORMAT, and nothing added, when it holds a NUL,
 * cannot be decoded or is longer than fits. */
int ossl_add_cn(struct buf *to, const X509_NAME *name);
/* An X509 of exactly these bytes. */
int ossl_x509(X509 **ret, signet_str der, struct err *e);

/* Releases for __attribute__((cleanup)). */
#define OSSL_AUTO(release) __attribute__((cleanup(release)))
static inline void auto_x509(X509 **p)
{
    X509_free(*p);
}
static inline void auto_req(X509_REQ **p)
{
    X509_REQ_free(*p);
}
static inline void auto_pkey(EVP_PKEY **p)
{
    EVP_PKEY_free(*p);
}
static inline void auto_pkey_ctx(EVP_PKEY_CTX **p)
{
    EVP_PKEY_CTX_free(*p);
}
static inline void auto_md_ctx(EVP_MD_CTX **p)
{
    EVP_MD_CTX_free(*p);
}
static inline void auto_bn(BIGNUM **p)
{
    BN_clear_free(*p);
}
static inline void auto_gens(GENERAL_NAMES **p)
{
    GENERAL_NAMES_free(*p);
}
static inline void auto_key(struct key **p)
{
    key_free(*p);
}

#endif
