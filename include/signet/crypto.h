/* libsignet: small helpers around keys, for embedders that have no cryptography at hand. Nothing in <signet/acme.h>
 * needs them: a signer may live anywhere.
 *
 * SPDX-License-Identifier: MIT */
#ifndef SIGNET_CRYPTO_H
#define SIGNET_CRYPTO_H

#include <signet/acme.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that the caller owns. `p` ends in NUL (not counted in `n`). */
typedef struct {
    char *p;
    size_t n;
} signet_buf;
SIGNET_API void signet_buf_free(signet_buf *b); /* wipes; fine when empty */

static inline signet_str signet_buf_str(const signet_buf *b)
{
    signet_str s = { b->p, b->n };
    return s;
}

typedef struct signet_key signet_key; /* a private key */

/* A new key for one of the signature algorithms: a P-256, P-384 or P-521 key, RSA with 2048 bits, Ed25519.
 * SIGNET_EINVAL for anything else. */
SIGNET_API int signet_key_new(signet_key **ret, signet_alg alg);
/* PKCS#8, SEC1 or PKCS#1 in PEM, unencrypted. SIGNET_EFORMAT or SIGNET_EINVAL when it is none. */
SIGNET_API int signet_key_from_pem(signet_key **ret, signet_str pem);
SIGNET_API int signet_key_to_pem(const signet_key *k, signet_buf *ret); /* PKCS#8 */
SIGNET_API void signet_key_free(signet_key *k);                         /* wipes; NULL is fine */

/* Fills a signer for signet_session_new, signet_revoke_start, signet_rollover_start. It borrows the key, which must
 * outlive the session or job that uses it. */
SIGNET_API int signet_key_signer(const signet_key *k, signet_signer *ret);

/* A certificate signing request (DER) for exactly these names, with an empty subject. */
SIGNET_API int signet_csr_new(const signet_key *k, const signet_ident *idents, size_t n, signet_buf *ret_der);

/* The certificate that answers a tls-alpn-01 challenge (RFC 8737 section 3), and its key, both PEM. */
SIGNET_API int signet_tlsalpn01_cert(const signet_ident *ident, signet_str key_auth, signet_buf *ret_cert_pem,
                                     signet_buf *ret_key_pem);

/* Of the first certificate of a PEM text: its DER, for signet_revoke_start; its id, for signet_ari_start and `replaces`
 * (SIGNET_ENOTFOUND when it has no authority key identifier). */
SIGNET_API int signet_cert_der(signet_str pem, signet_buf *ret);
SIGNET_API int signet_cert_ari_id(signet_str pem, signet_buf *ret);

#ifdef __cplusplus
}
#endif
#endif
