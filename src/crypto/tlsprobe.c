#include "crypto/tlsprobe.h"

#include "crypto/ossl.h"
#include <openssl/ssl.h>

/* A server with both kinds of certificate shows the one that the client can check. */
#define RSA_ONLY "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512"
#define EC_ONLY  "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519"

int tlsprobe_prepare(struct err *e)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx)
        return ossl_fail(e, SIGNET_ECRYPTO, "TLS cannot be set up");
    SSL_CTX_free(ctx);
    return 0;
}

static SSL *handshake(SSL_CTX *ctx, const struct tlsprobe *p, struct err *e)
{
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_security_level(ctx, 0);
    (void)SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
    if (!p->any_key && SSL_CTX_set1_sigalgs_list(ctx, p->rsa ? RSA_ONLY : EC_ONLY) != 1) {
        (void)ossl_fail(e, SIGNET_ECRYPTO, "TLS cannot be set up");
        return NULL;
    }
    SSL *ssl = SSL_new(ctx);
    if (ssl && SSL_set_fd(ssl, p->fd) == 1 && (!p->sni || !p->sni[0] || SSL_set_tlsext_host_name(ssl, p->sni) == 1) &&
        SSL_connect(ssl) == 1)
        return ssl;
    (void)ossl_fail(e, SIGNET_ETLS, "no TLS handshake");
    SSL_free(ssl);
    return NULL;
}

int tlsprobe_leaf(const struct tlsprobe *p, uint8_t ret_sha256[32], struct err *e)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx)
        return ossl_fail(e, SIGNET_ECRYPTO, "TLS cannot be set up");
    SSL *ssl = handshake(ctx, p, e);
    int rc = ssl ? 0 : SIGNET_ETLS;
    X509 *leaf = ssl ? SSL_get1_peer_certificate(ssl) : NULL;
    unsigned n = 0;
    if (!rc && (!leaf || X509_digest(leaf, EVP_sha256(), ret_sha256, &n) != 1 || n != 32))
        rc = err_set(e, SIGNET_ETLS, "the server shows no certificate");
    X509_free(leaf);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return rc;
}
