#include "crypto/csr.h"
#include "crypto/ossl.h"
#include "crypto/pem.h"
#include "crypto/san.h"

#include <openssl/err.h>

#define CSR_TEXT_MAX (256u * 1024u)
#define CN_MAX       64 /* ub-common-name, RFC 5280 appendix A.1 */

/* ---- making ---- */

static int add_must_staple(STACK_OF(X509_EXTENSION) * exts)
{
    static const unsigned char features[] = { 0x30, 0x03, 0x02, 0x01, 0x05 }; /* status_request, RFC 7633 section 6 */
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *ext = NULL;
    if (value && ASN1_OCTET_STRING_set(value, features, sizeof features) == 1)
        ext = X509_EXTENSION_create_by_NID(NULL, NID_tlsfeature, 0, value);
    ASN1_OCTET_STRING_free(value);
    if (ext && sk_X509_EXTENSION_push(exts, ext) > 0)
        return 0;
    X509_EXTENSION_free(ext);
    return SIGNET_ENOMEM;
}

static int add_extensions(X509_REQ *req, const struct csr_params *p, struct err *e)
{
    OSSL_AUTO(auto_gens) GENERAL_NAMES *san = NULL;
    int r = san_make(&san, p->dns, p->ips, e);
    if (r)
        return r;
    STACK_OF(X509_EXTENSION) *exts = NULL;
    bool ok = X509V3_add1_i2d(&exts, NID_subject_alt_name, san, 0, X509V3_ADD_DEFAULT) == 1 &&
              (!p->must_staple || add_must_staple(exts) == 0) && X509_REQ_add_extensions(req, exts) == 1;
    sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
    return ok ? 0 : ossl_fail(e, SIGNET_ECRYPTO, "making the certificate request failed");
}

static int set_subject(X509_REQ *req, const char *cn, struct err *e)
{
    if (!cn || !cn[0])
        return 0;
    if (strlen(cn) > CN_MAX)
        return err_set(e, SIGNET_EINVAL, "a common name may have %d characters; \"%.80s\" has %zu", CN_MAX, cn,
                       strlen(cn));
    X509_NAME *name = X509_REQ_get_subject_name(req);
    if (X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) != 1)
        return ossl_fail(e, SIGNET_EINVAL, "\"%s\" cannot be a common name", cn);
    return 0;
}

int csr_make(struct buf *to, const struct key *k, const struct csr_params *p, struct err *e)
{
    if (!key_is_private(k))
        return err_set(e, SIGNET_EINVAL, "a certificate request needs the private key");
    if ((p->dns ? p->dns->n : 0) + (p->ips ? p->ips->n : 0) == 0)
        return err_set(e, SIGNET_EINVAL, "a certificate request needs a name");
    OSSL_AUTO(auto_req) X509_REQ *req = X509_REQ_new();
    if (!req)
        return err_nomem(e);
    int r = set_subject(req, p->common_name, e);
    if (!r)
        r = add_extensions(req, p, e);
    if (r)
        return r;
    unsigned char *der = NULL;
    int n = 0;
    if (X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1 && X509_REQ_set_pubkey(req, k->pkey) == 1 &&
        X509_REQ_sign(req, k->pkey, key_cert_md(k)) > 0)
        n = i2d_X509_REQ(req, &der);
    if (n <= 0)
        return ossl_fail(e, SIGNET_ECRYPTO, "signing the certificate request failed");
    r = ossl_add_der(to, der, n);
    return r ? err_set(e, r, "the certificate request does not fit into memory") : 0;
}

/* ---- reading ---- */

void csr_info_done(struct csr_info *i)
{
    strlist_done(&i->dns);
    strlist_done(&i->ips);
    buf_done(&i->der);
    i->must_staple = false;
}

static int to_der(struct buf *der, signet_str text, struct err *e)
{
    if (text.n > CSR_TEXT_MAX)
        return err_set(e, SIGNET_ELIMIT, "the certificate request is longer than %u bytes", CSR_TEXT_MAX);
    if (text.n > 0 && text.p[0] == 0x30 && !str_find(text, STR("-----BEGIN"))) {
        buf_add(der, text);
        return buf_err(der) ? err_nomem(e) : 0;
    }
    int r = pem_find(der, text, STR("CERTIFICATE REQUEST"));
    if (r == SIGNET_ENOTFOUND)
        r = pem_find(der, text, STR("NEW CERTIFICATE REQUEST"));
    if (r == SIGNET_ENOTFOUND)
        return err_set(e, SIGNET_EFORMAT, "there is no certificate request in it");
    return r ? err_set(e, SIGNET_EFORMAT, "the certificate request is cut short or no PEM") : 0;
}

static int decode(X509_REQ **ret, signet_str der, struct err *e)
{
    const unsigned char *p = (const unsigned char *)der.p;
    OSSL_AUTO(auto_req) X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)der.n);
    if (!req)
        return ossl_fail(e, SIGNET_EFORMAT, "the certificate request cannot be decoded");
    if (p != (const unsigned char *)der.p + der.n)
        return err_set(e, SIGNET_EFORMAT, "there is something behind the certificate request");
    EVP_PKEY *pub = X509_REQ_get0_pubkey(req);
    if (!pub)
        return ossl_fail(e, SIGNET_EFORMAT, "the public key in the certificate request cannot be used");
    if (X509_REQ_verify(req, pub) != 1)
        return ossl_fail(e, SIGNET_EFORMAT, "the certificate request is not signed by its own key");
    *ret = req;
    req = NULL;
    return 0;
}

/* l->n: nowhere */
static size_t place_in(const struct strlist *l, signet_str s)
{
    size_t i = 0;
    while (i < l->n && !str_ieq(str_of(l->v[i]), s))
        i++;
    return i;
}

/* A common name that is no SAN is asked for, too: CAs take it for a name. */
static int read_common_name(struct csr_info *i, X509_REQ *req, struct err *e)
{
    BUF_AUTO(cn, 1024);
    BUF_AUTO(text, 64);
    uint8_t ip[16];
    size_t n;
    int r = ossl_add_cn(&cn, X509_REQ_get_subject_name(req));
    i->common = i->dns.n;
    if (r == SIGNET_EFORMAT)
        return err_set(e, r, "the common name of the certificate request cannot be decoded");
    if (r)
        return err_nomem(e);
    if (cn.n == 0)
        return 0;
    if (ip_to_bytes(buf_str(&cn), ip, &n) == 0) {
        r = ip_to_text(&text, (signet_str){ (const char *)ip, n });
        return r || strlist_add_new(&i->ips, buf_str(&text)) ? err_nomem(e) : 0;
    }
    if (!san_name_ok(buf_str(&cn))) {
        BUF_AUTO(shown, 1024);
        buf_add_escaped(&shown, buf_str(&cn), 100);
        err_set(e, SIGNET_EFORMAT, "the common name of the certificate request is no host name: \"%s\"", buf_z(&shown));
        err_hint(e, "Make the request with an empty subject, or with one of its names as common name.");
        return SIGNET_EFORMAT;
    }
    i->common = place_in(&i->dns, buf_str(&cn));
    if (i->common < i->dns.n)
        return 0;
    return strlist_add(&i->dns, buf_str(&cn)) ? err_nomem(e) : 0;
}

static int read_san(struct csr_info *i, const STACK_OF(X509_EXTENSION) * exts, struct err *e)
{
    int state = -1;
    OSSL_AUTO(auto_gens) GENERAL_NAMES *san = X509V3_get_d2i(exts, NID_subject_alt_name, &state, NULL);
    if (san) {
        int r = san_read(san, &i->dns, &i->ips, e);
        return r ? err_wrap(e, "the certificate request cannot be used") : 0;
    }
    if (state != -1)
        return ossl_fail(e, SIGNET_EFORMAT, "the names in the certificate request cannot be decoded");
    return 0;
}

static bool has_must_staple(const STACK_OF(X509_EXTENSION) * exts)
{
    bool found = false;
    TLS_FEATURE *features = X509V3_get_d2i(exts, NID_tlsfeature, NULL, NULL);
    for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
        found |= ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == 5;
    TLS_FEATURE_free(features);
    return found;
}

static int read_names(struct csr_info *i, X509_REQ *req, struct err *e)
{
    STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(req);
    int r = read_san(i, exts, e);
    i->must_staple = has_must_staple(exts);
    sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
    if (!r)
        r = read_common_name(i, req, e);
    if (!r && i->dns.n + i->ips.n == 0)
        r = err_set(e, SIGNET_EFORMAT, "the certificate request has no host name and no IP address");
    if (!r && i->dns.n + i->ips.n > SAN_MAX_NAMES)
        r = err_set(e, SIGNET_ELIMIT, "%zu names are too many for one certificate", i->dns.n + i->ips.n);
    return r;
}

int csr_read(struct csr_info *ret, signet_str text, struct err *e)
{
    struct csr_info i = { .der = BUF_INIT(CSR_TEXT_MAX) };
    OSSL_AUTO(auto_req) X509_REQ *req = NULL;
    int r = to_der(&i.der, text, e);
    if (!r)
        r = decode(&req, buf_str(&i.der), e);
    if (!r)
        r = read_names(&i, req, e);
    ERR_clear_error();
    if (r)
        csr_info_done(&i);
    else
        *ret = i;
    return r;
}

int csr_key(struct key **ret, signet_str der, struct err *e)
{
    OSSL_AUTO(auto_req) X509_REQ *req = NULL;
    int r = decode(&req, der, e);
    if (r)
        return r;
    return key_wrap(ret, X509_REQ_get_pubkey(req), false, e);
}
