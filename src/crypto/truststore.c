#include "crypto/truststore.h"
#include "crypto/der.h"
#include "crypto/ossl.h"
#include "crypto/pem.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#define BUNDLE_MAX (8u * 1024u * 1024u)
#define ROOTS_MAX  4096

struct root {
    signet_str der, subject; /* views into truststore.der; subject is the whole Name */
};

struct truststore {
    struct buf der; /* all certificates, one behind the other */
    struct root *roots;
    size_t n;
    X509_LOOKUP_METHOD *method;
};

/* ---- the index ---- */

static int count_and_decode(struct truststore *t, signet_str pem)
{
    struct pem_block b;
    int r;
    while ((r = pem_next(&pem, &b)) == 1) {
        if (!str_eq(b.label, STR("CERTIFICATE")))
            continue;
        size_t had = t->der.n;
        r = pem_decode(&t->der, &b);
        if (r == SIGNET_ENOMEM || t->n == ROOTS_MAX)
            return r ? r : SIGNET_ELIMIT;
        if (r)
            return SIGNET_EFORMAT;
        t->n += t->der.n > had;
    }
    return r;
}

/* The views are made when the bytes move no more. One root that is odd must not cost all the others. */
static int index_roots(struct truststore *t)
{
    signet_str rest = buf_str(&t->der);
    size_t n = 0;
    t->roots = calloc(t->n ? t->n : 1, sizeof *t->roots);
    if (!t->roots)
        return SIGNET_ENOMEM;
    while (rest.n > 0 && n < t->n) {
        struct der_item item;
        struct der_cert c;
        if (der_next(&rest, &item))
            return SIGNET_EFORMAT;
        if (der_cert(&c, item.whole) == 0)
            t->roots[n++] = (struct root){ .der = item.whole, .subject = c.subject };
    }
    t->n = n;
    return n > 0 ? 0 : SIGNET_ENOTFOUND;
}

/* Could these two names be the same to X509_NAME_cmp? Letters' case and the kind of string do not count there. Two
 * names that differ in white space only are not found; no CA does that to its own subject. */
static uint8_t fold(uint8_t c)
{
    if (c == 0x13 || c == 0x16 || c == 0x14) /* PrintableString, IA5String, TeletexString as UTF8String */
        return 0x0c;
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool maybe_same(signet_str a, signet_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (a.p[i] != b.p[i] && fold((uint8_t)a.p[i]) != fold((uint8_t)b.p[i]))
            return false;
    return true;
}

/* ---- what OpenSSL calls ---- */

/* Puts every root of this name into the store's own cache, where OpenSSL looks for the one that fits among several. */
static X509 *give_roots(struct truststore *t, X509_STORE *store, const X509_NAME *name, signet_str wanted)
{
    X509 *first = NULL;
    for (size_t i = 0; i < t->n; i++) {
        X509 *x = NULL;
        if (!maybe_same(t->roots[i].subject, wanted) || ossl_x509(&x, t->roots[i].der, NULL))
            continue;
        if (X509_NAME_cmp(X509_get_subject_name(x), name) != 0 || X509_STORE_add_cert(store, x) != 1) {
            X509_free(x);
            continue;
        }
        if (!first)
            first = x; /* borrowed: the store holds a reference of its own */
        X509_free(x);
    }
    return first;
}

static int by_subject(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name, X509_OBJECT *ret)
{
    const unsigned char *der;
    size_t n;
    if (type != X509_LU_X509 || X509_NAME_get0_der(name, &der, &n) != 1)
        return 0;
    X509 *x = give_roots(X509_LOOKUP_get_method_data(lookup), X509_LOOKUP_get_store(lookup), name,
                         (signet_str){ (const char *)der, n });
    ERR_clear_error();
    if (!x || X509_OBJECT_set1_X509(ret, x) != 1)
        return 0;
    /* The caller takes *ret for borrowed and adds a reference itself. */
    X509_free(x);
    return 1;
}

/* ---- */

int truststore_new(struct truststore **ret, signet_str pem, struct err *e)
{
    if (pem.n > BUNDLE_MAX)
        return err_set(e, SIGNET_ELIMIT, "the bundle of trusted certificates is longer than %u bytes", BUNDLE_MAX);
    struct truststore *t = calloc(1, sizeof *t);
    if (!t)
        return err_nomem(e);
    t->der = BUF_INIT(BUNDLE_MAX);
    t->method = X509_LOOKUP_meth_new("signet truststore");
    int r = t->method && X509_LOOKUP_meth_set_get_by_subject(t->method, by_subject) == 1 ? 0 : SIGNET_ENOMEM;
    if (!r && buf_reserve(&t->der, pem.n / 4 * 3))
        r = SIGNET_ENOMEM;
    if (!r)
        r = count_and_decode(t, pem);
    if (!r)
        r = index_roots(t);
    if (r) {
        truststore_free(t);
        if (r == SIGNET_ENOTFOUND)
            return err_set(e, SIGNET_EFORMAT, "there is no certificate in the bundle of trusted certificates");
        return err_set(e, r, "the bundle of trusted certificates is damaged or does not fit into memory");
    }
    *ret = t;
    return 0;
}

void truststore_free(struct truststore *t)
{
    if (!t)
        return;
    X509_LOOKUP_meth_free(t->method);
    free(t->roots);
    buf_done(&t->der);
    free(t);
}

static bool names_a_host(const X509 *cert)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool found = false;
    for (int i = 0; !found && i < sk_GENERAL_NAME_num(all); i++) {
        int type = sk_GENERAL_NAME_value(all, i)->type;
        found = type == GEN_DNS || type == GEN_IPADD;
    }
    GENERAL_NAMES_free(all);
    return found;
}

/* Where a server's certificate has no alternative name, libcurl would take the common name for one; RFC 9525
 * section 6.3 forbids it. */
static int on_verify(int ok, X509_STORE_CTX *ctx)
{
    if (!ok || X509_STORE_CTX_get_error_depth(ctx) > 0 || names_a_host(X509_STORE_CTX_get_current_cert(ctx)))
        return ok;
    X509_STORE_CTX_set_error(ctx, X509_V_ERR_HOSTNAME_MISMATCH);
    return 0;
}

int truststore_attach(struct truststore *t, void *ssl_ctx)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ssl_ctx);
    X509_LOOKUP *lookup = store ? X509_STORE_add_lookup(store, t->method) : NULL;
    if (!lookup || X509_LOOKUP_set_method_data(lookup, t) != 1) {
        ERR_clear_error();
        return SIGNET_ECRYPTO;
    }
    SSL_CTX_set_verify(ssl_ctx, SSL_CTX_get_verify_mode(ssl_ctx), on_verify);
    return 0;
}

int truststore_expect(void *ssl_ctx, const char *name)
{
    X509_VERIFY_PARAM *p = SSL_CTX_get0_param(ssl_ctx);
    if (X509_VERIFY_PARAM_set1_ip_asc(p, name) == 1)
        return 0;
    ERR_clear_error();
    X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(p, name, 0) == 1 ? 0 : SIGNET_ECRYPTO;
}
