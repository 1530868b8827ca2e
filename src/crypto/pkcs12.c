#include "crypto/pkcs12.h"
#include "crypto/cert.h"
#include "crypto/ossl.h"
#include "crypto/pem.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#define ROUNDS 2048 /* of key derivation, as lego and OpenSSL have it */

/* RC2 is in a module of its own, which only this file's own context loads. */
struct context {
    OSSL_LIB_CTX *lib;
    OSSL_PROVIDER *usual, *legacy;
};

static void context_done(struct context *c)
{
    if (c->legacy)
        OSSL_PROVIDER_unload(c->legacy);
    if (c->usual)
        OSSL_PROVIDER_unload(c->usual);
    OSSL_LIB_CTX_free(c->lib);
}

static int context_init(struct context *c, bool legacy, struct err *e)
{
    c->lib = OSSL_LIB_CTX_new();
    c->usual = c->lib ? OSSL_PROVIDER_load(c->lib, "default") : NULL;
    if (!c->usual)
        return ossl_fail(e, SIGNET_ECRYPTO, "PKCS#12 cannot be written");
    if (!legacy || (c->legacy = OSSL_PROVIDER_load(c->lib, "legacy")))
        return 0;
    ERR_clear_error();
    err_set(e, SIGNET_ECRYPTO, "A .pfx file with RC2 cannot be written: OpenSSL's module \"legacy\" is not installed.");
    err_hint(e, "Use --pfx.format SHA256, or DES for old readers.");
    return SIGNET_ECRYPTO;
}

static void auto_stack(STACK_OF(X509) * *s)
{
    sk_X509_pop_free(*s, X509_free);
}

static void auto_p12(PKCS12 **p)
{
    PKCS12_free(*p);
}

static int take_chain(STACK_OF(X509) * to, signet_str pem, struct err *e)
{
    struct pem_block b;
    int rc;
    while ((rc = pem_next(&pem, &b)) == 1) {
        BUF_AUTO(der, CHAIN_MAX_BYTES);
        X509 *x = NULL;
        if ((rc = pem_decode(&der, &b)) || (rc = ossl_x509(&x, buf_str(&der), e)))
            return rc;
        if (sk_X509_push(to, x) <= 0) {
            X509_free(x);
            return err_nomem(e);
        }
    }
    return rc;
}

static int set_mac(PKCS12 *p12, const struct pkcs12_params *p, struct err *e)
{
    const EVP_MD *md = p->form == PKCS12_SHA256 ? EVP_sha256() : EVP_sha1();
    return PKCS12_set_mac(p12, p->password, -1, NULL, 0, ROUNDS, md) == 1
               ? 0
               : ossl_fail(e, SIGNET_ECRYPTO, "the .pfx file cannot be protected against changes");
}

static int encode(struct buf *to, PKCS12 *p12, const struct pkcs12_params *p, struct err *e)
{
    int rc = set_mac(p12, p, e);
    if (rc)
        return rc;
    unsigned char *der = NULL;
    int n = i2d_PKCS12(p12, &der);
    rc = ossl_add_der(to, der, n);
    return rc ? err_set(e, rc, "the .pfx file does not fit into memory") : 0;
}

static int make(struct buf *to, const struct pkcs12_params *p, const struct context *c, struct err *e)
{
    static const struct {
        int key, cert;
    } nid[] = {
        [PKCS12_RC2] = { NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And40BitRC2_CBC },
        [PKCS12_DES] = { NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And3_Key_TripleDES_CBC },
        [PKCS12_SHA256] = { NID_aes_256_cbc, NID_aes_256_cbc },
    };
    BUF_AUTO(der, CHAIN_MAX_BYTES);
    OSSL_AUTO(auto_x509) X509 *leaf = NULL;
    OSSL_AUTO(auto_stack) STACK_OF(X509) *chain = sk_X509_new_null();
    int rc = chain ? cert_to_der(p->cert, &der, e) : err_nomem(e);
    if (rc || (rc = ossl_x509(&leaf, buf_str(&der), e)) || (rc = take_chain(chain, p->chain, e)))
        return rc;
    /* the MAC comes after: its hash is not the library's choice */
    OSSL_AUTO(auto_p12)
    PKCS12 *p12 = PKCS12_create_ex(p->password, NULL, p->key->pkey, leaf, chain, nid[p->form].key, nid[p->form].cert,
                                   ROUNDS, -1, 0, c->lib, NULL);
    if (!p12)
        return ossl_fail(e, SIGNET_ECRYPTO, "the .pfx file cannot be made");
    return encode(to, p12, p, e);
}

int pkcs12_make(struct buf *to, const struct pkcs12_params *p, struct err *e)
{
    struct context c = { 0 };
    int rc = context_init(&c, p->form == PKCS12_RC2, e);
    if (!rc)
        rc = make(to, p, &c, e);
    context_done(&c);
    return rc;
}
