#include "base/list.h"
#include "crypto/digest.h"
#include "crypto/ossl.h"
#include "crypto/pem.h"
#include "crypto/san.h"
#include "crypto/tlsalpn.h"

#include <openssl/err.h>
#include <openssl/objects.h>

#define CERT_DER_MAX (16u * 1024u)

static int set_san(X509 *x, const signet_ident *id, struct err *e)
{
    STRLIST_AUTO(name);
    OSSL_AUTO(auto_gens) GENERAL_NAMES *san = NULL;
    bool ip = id->type == SIGNET_IDENT_IP;
    if (strlist_add(&name, id->value))
        return err_set(e, SIGNET_EINVAL, "the name for tls-alpn-01 cannot be used");
    int r = san_make(&san, ip ? NULL : &name, ip ? &name : NULL, e);
    if (r)
        return r;
    if (X509_add1_ext_i2d(x, NID_subject_alt_name, san, 0, X509V3_ADD_DEFAULT) != 1)
        return ossl_fail(e, SIGNET_ECRYPTO, "making the tls-alpn-01 certificate failed");
    return 0;
}

/* acmeIdentifier (RFC 8737 section 3): critical; the extension's value is itself a DER OCTET STRING. */
static int set_acme_identifier(X509 *x, signet_str key_auth)
{
    uint8_t value[2 + 32] = { 0x04, 32 };
    int r = digest_sha256(key_auth, value + 2);
    if (r)
        return r;
    ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
    ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
    X509_EXTENSION *ext = NULL;
    if (oid && data && ASN1_OCTET_STRING_set(data, value, sizeof value) == 1)
        ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, data);
    bool ok = ext && X509_add_ext(x, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    ASN1_OCTET_STRING_free(data);
    ASN1_OBJECT_free(oid);
    return ok ? 0 : SIGNET_ECRYPTO;
}

static int set_frame(X509 *x, const struct key *key)
{
    uint64_t serial = 0;
    int r = random_bytes(&serial, sizeof serial);
    if (r)
        return r;
    static const unsigned char cn[] = "ACME challenge";
    X509_NAME *name = X509_get_subject_name(x);
    /* Nobody looks at the dates, and this library has no clock: as wide as they go (RFC 5280 section 4.1.2.5). */
    bool ok = X509_set_version(x, X509_VERSION_3) == 1 &&
              ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1 | 1) == 1 &&
              X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, cn, -1, -1, 0) == 1 &&
              X509_set_issuer_name(x, name) == 1 &&
              ASN1_TIME_set_string_X509(X509_getm_notBefore(x), "20000101000000Z") == 1 &&
              ASN1_TIME_set_string_X509(X509_getm_notAfter(x), "99991231235959Z") == 1 &&
              X509_set_pubkey(x, key->pkey) == 1;
    return ok ? 0 : SIGNET_ECRYPTO;
}

static int make(struct buf *der, const struct key *key, const signet_ident *id, signet_str key_auth, struct err *e)
{
    OSSL_AUTO(auto_x509) X509 *x = X509_new();
    unsigned char *p = NULL;
    if (!x)
        return err_nomem(e);
    int r = set_san(x, id, e);
    if (r)
        return r;
    if (set_frame(x, key) || set_acme_identifier(x, key_auth) || X509_sign(x, key->pkey, key_cert_md(key)) <= 0)
        return ossl_fail(e, SIGNET_ECRYPTO, "making the tls-alpn-01 certificate failed");
    int n = i2d_X509(x, &p);
    r = ossl_add_der(der, p, n);
    return r ? err_set(e, r, "making the tls-alpn-01 certificate failed") : 0;
}

int tlsalpn_cert(struct buf *cert_pem, const struct key *key, const signet_ident *id, signet_str key_auth,
                 struct err *e)
{
    BUF_AUTO(der, CERT_DER_MAX);
    if (!key_is_private(key))
        return err_set(e, SIGNET_EINVAL, "a tls-alpn-01 certificate needs a private key");
    if (str_has(id->value, '*'))
        return err_set(e, SIGNET_EINVAL, "a wildcard name cannot be validated with tls-alpn-01");
    int r = make(&der, key, id, key_auth, e);
    if (r)
        return r;
    pem_add(cert_pem, "CERTIFICATE", buf_str(&der));
    return buf_err(cert_pem) ? err_set(e, buf_err(cert_pem), "the tls-alpn-01 certificate does not fit into memory")
                             : 0;
}
