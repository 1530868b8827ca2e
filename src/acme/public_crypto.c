#include "base/buf.h"
#include "crypto/cert.h"
#include "crypto/csr.h"
#include "crypto/key.h"
#include "crypto/tlsalpn.h"
#include <signet/crypto.h>
#include <stdlib.h>

/* The public face of the crypto room: thin wrappers, nothing decided here. */

struct signet_key {
    struct key *key;
    char *jwk;
};

#define PUBLIC_TEXT_MAX (256u * 1024u)

void signet_buf_free(signet_buf *b)
{
    if (b->p)
        explicit_bzero(b->p, b->n);
    free(b->p);
    *b = (signet_buf){ 0 };
}

static int give(signet_buf *ret, struct buf *b, int rc)
{
    size_t n = b->n;
    if (rc == 0)
        rc = buf_err(b);
    if (rc != 0)
        return rc;
    char *p = buf_take(b);
    if (!p)
        return SIGNET_ENOMEM;
    *ret = (signet_buf){ p, n };
    return 0;
}

/* Takes `k`. */
static int key_wrap(signet_key **ret, struct key *k)
{
    BUF_AUTO(jwk, PUBLIC_TEXT_MAX);
    signet_key *out = calloc(1, sizeof(*out));
    int rc = out ? key_public_jwk(k, &jwk) : SIGNET_ENOMEM;
    if (rc == 0 && !(out->jwk = buf_take(&jwk)))
        rc = SIGNET_ENOMEM;
    if (rc != 0) {
        key_free(k);
        free(out);
        return rc;
    }
    out->key = k;
    *ret = out;
    return 0;
}

int signet_key_new(signet_key **ret, signet_alg alg)
{
    static const struct {
        signet_alg alg;
        enum key_type type;
        unsigned size;
    } T[] = { { SIGNET_ALG_ES256, KEY_EC, 256 },
              { SIGNET_ALG_ES384, KEY_EC, 384 },
              { SIGNET_ALG_ES512, KEY_EC, 521 },
              { SIGNET_ALG_RS256, KEY_RSA, 2048 },
              { SIGNET_ALG_EDDSA, KEY_ED25519, 0 } };
    for (size_t i = 0; i < sizeof(T) / sizeof(T[0]); i++) {
        struct key *k;
        if (T[i].alg != alg)
            continue;
        int rc = key_new(&k, T[i].type, T[i].size, NULL);
        return rc == 0 ? key_wrap(ret, k) : rc;
    }
    return SIGNET_EINVAL;
}

int signet_key_from_pem(signet_key **ret, signet_str pem)
{
    struct key *k;
    int rc = key_from_pem(&k, pem, NULL);
    return rc == 0 ? key_wrap(ret, k) : rc;
}

int signet_key_to_pem(const signet_key *k, signet_buf *ret)
{
    BUF_AUTO(b, PUBLIC_TEXT_MAX);
    return give(ret, &b, key_to_pem(k->key, &b));
}

void signet_key_free(signet_key *k)
{
    if (!k)
        return;
    key_free(k->key);
    free(k->jwk);
    free(k);
}

static int key_sign_jws(void *ctx, signet_str tbs, uint8_t *out, size_t *len)
{
    return key_sign(((const signet_key *)ctx)->key, tbs, out, len);
}

int signet_key_signer(const signet_key *k, signet_signer *ret)
{
    *ret = (signet_signer){ .size = sizeof(*ret),
                            .alg = key_alg(k->key),
                            .jwk = str_of(k->jwk),
                            .sign = key_sign_jws,
                            .ctx = (void *)(uintptr_t)k };
    return 0;
}

int signet_csr_new(const signet_key *k, const signet_ident *idents, size_t n, signet_buf *ret_der)
{
    STRLIST_AUTO(dns);
    STRLIST_AUTO(ips);
    BUF_AUTO(der, PUBLIC_TEXT_MAX);
    for (size_t i = 0; i < n; i++) {
        int rc = strlist_add(idents[i].type == SIGNET_IDENT_IP ? &ips : &dns, idents[i].value);
        if (rc != 0)
            return rc;
    }
    struct csr_params p = { .dns = &dns, .ips = &ips };
    return give(ret_der, &der, csr_make(&der, k->key, &p, NULL));
}

int signet_tlsalpn01_cert(const signet_ident *ident, signet_str key_auth, signet_buf *ret_cert_pem,
                          signet_buf *ret_key_pem)
{
    BUF_AUTO(cert, PUBLIC_TEXT_MAX);
    BUF_AUTO(pem, PUBLIC_TEXT_MAX);
    signet_buf cert_out = { 0 };
    struct key *k;
    int rc = key_new(&k, KEY_EC, 256, NULL);
    if (rc != 0)
        return rc;
    rc = give(&cert_out, &cert, tlsalpn_cert(&cert, k, ident, key_auth, NULL));
    if (rc == 0)
        rc = give(ret_key_pem, &pem, key_to_pem(k, &pem));
    key_free(k);
    if (rc == 0)
        *ret_cert_pem = cert_out;
    else
        signet_buf_free(&cert_out);
    return rc;
}

int signet_cert_der(signet_str pem, signet_buf *ret)
{
    BUF_AUTO(b, PUBLIC_TEXT_MAX);
    return give(ret, &b, cert_to_der(pem, &b, NULL));
}

int signet_cert_ari_id(signet_str pem, signet_buf *ret)
{
    BUF_AUTO(b, PUBLIC_TEXT_MAX);
    return give(ret, &b, cert_ari_id(pem, &b, NULL));
}
