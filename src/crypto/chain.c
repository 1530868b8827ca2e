#include "base/clock.h"
#include "base/err.h"
#include "crypto/cert.h"
#include "crypto/der.h"
#include "crypto/ossl.h"
#include "crypto/pem.h"
#include "crypto/san.h"

#include <openssl/err.h>

#define FUTURE_MAX_S 86400 /* clocks differ, and CAs date back, not forward */
#define NAMES_SHOWN  10

/* ---- form ---- */

struct chain {
    size_t n;
    struct buf der[CHAIN_MAX_CERTS];
};

static void chain_done(struct chain *c)
{
    for (size_t i = 0; i < c->n; i++)
        buf_done(&c->der[i]);
}

/* A peer's text for a message, cut short. */
static const char *shown(struct buf *to, signet_str s, size_t max)
{
    buf_add_escaped(to, s, max);
    return buf_z(to);
}

static int check_block(const struct pem_block *b, struct err *e)
{
    BUF_AUTO(label, 1024);
    if (str_find(b->before, STR("-----END")))
        return err_set(e, SIGNET_ECERT, "the certificate chain has an END line without its BEGIN");
    if (!str_eq(b->label, STR("CERTIFICATE")))
        return err_set(e, SIGNET_ECERT,
                       "the certificate chain holds a block \"%s\": the whole chain is refused (RFC 8555 "
                       "section 11.4)",
                       shown(&label, b->label, 64));
    return 0;
}

static int add_block(struct chain *c, const struct pem_block *b, struct err *e)
{
    struct der_item item;
    int r = check_block(b, e);
    if (r)
        return r;
    if (c->n == CHAIN_MAX_CERTS)
        return err_set(e, SIGNET_ECERT, "the certificate chain has more than %d certificates", CHAIN_MAX_CERTS);
    struct buf *der = &c->der[c->n++];
    *der = BUF_INIT(CHAIN_MAX_BYTES);
    r = pem_decode(der, b);
    if (r == SIGNET_ENOMEM)
        return err_nomem(e);
    signet_str rest = buf_str(der);
    if (r || der_next(&rest, &item) || item.tag != DER_SEQUENCE || item.body.n == 0 || rest.n > 0)
        return err_set(e, SIGNET_ECERT, "certificate %zu of the chain is damaged: it is %s", c->n,
                       r ? "no base64" : "no DER");
    for (size_t i = 0; i + 1 < c->n; i++)
        if (str_eq(buf_str(&c->der[i]), buf_str(der)))
            return err_set(e, SIGNET_ECERT, "certificates %zu and %zu of the chain are the same", i + 1, c->n);
    return 0;
}

/* Fills *c even on failure as far as it came; chain_done releases it. */
static int chain_read(struct chain *c, signet_str pem, struct err *e)
{
    struct pem_block b;
    signet_str rest = pem;
    int r;
    if (pem.n > CHAIN_MAX_BYTES)
        return err_set(e, SIGNET_ECERT, "the certificate chain has %zu bytes; at most %u are taken", pem.n,
                       CHAIN_MAX_BYTES);
    while ((r = pem_next(&rest, &b)) == 1)
        if ((r = add_block(c, &b, e)) != 0)
            return r;
    if (r)
        return err_set(e, SIGNET_ECERT, "the certificate chain is cut short or damaged behind certificate %zu", c->n);
    if (c->n == 0) {
        BUF_AUTO(start, 1024);
        return err_set(e, SIGNET_ECERT, "there is no certificate in what should be a chain; it begins with \"%s\"",
                       shown(&start, str_trim(pem), 60));
    }
    if (str_find(rest, STR("-----END")))
        return err_set(e, SIGNET_ECERT, "the certificate chain has an END line without its BEGIN");
    return 0;
}

static void add_certs(struct buf *to, const struct chain *c, size_t from, size_t until)
{
    for (size_t i = from; to && i < until; i++)
        pem_add(to, "CERTIFICATE", buf_str(&c->der[i]));
}

int chain_split(signet_str pem, struct buf *cert, struct buf *chain, struct buf *full, struct err *e)
{
    __attribute__((cleanup(chain_done))) struct chain c = { 0 };
    int r = chain_read(&c, pem, e);
    if (r)
        return r;
    add_certs(cert, &c, 0, 1);
    add_certs(chain, &c, 1, c.n);
    add_certs(full, &c, 0, c.n);
    if (cert && buf_err(cert))
        r = buf_err(cert);
    if (chain && buf_err(chain))
        r = buf_err(chain);
    if (full && buf_err(full))
        r = buf_err(full);
    return r ? err_set(e, r, "the certificate chain does not fit into memory") : 0;
}

int chain_top_issuer(signet_str pem, struct buf *cn, struct err *e)
{
    __attribute__((cleanup(chain_done))) struct chain c = { 0 };
    struct der_cert top;
    int r = chain_read(&c, pem, e);
    if (r)
        return r;
    if (der_cert(&top, buf_str(&c.der[c.n - 1])))
        return err_set(e, SIGNET_ECERT, "certificate %zu of the chain is damaged", c.n);
    const unsigned char *p = (const unsigned char *)top.issuer.p;
    X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)top.issuer.n);
    if (!name)
        return ossl_fail(e, SIGNET_ECERT, "the issuer of certificate %zu of the chain cannot be decoded", c.n);
    r = ossl_add_cn(cn, name);
    X509_NAME_free(name);
    return r == SIGNET_ENOMEM ? err_nomem(e) : 0; /* an odd name is none */
}

/* ---- content ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One form for comparing: lower case; addresses as CERT text has them. Sorted, so that 10,000 names are no burden. */
static int normal_names(struct strlist *to, const struct strlist *dns, const struct strlist *ips, struct err *e)
{
    for (size_t i = 0; dns && i < dns->n; i++) {
        if (strlist_addz(to, dns->v[i]))
            return err_nomem(e);
        for (char *c = to->v[to->n - 1]; *c; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
    for (size_t i = 0; ips && i < ips->n; i++) {
        BUF_AUTO(text, 64);
        uint8_t ip[16];
        size_t n;
        if (ip_to_bytes(str_of(ips->v[i]), ip, &n) || ip_to_text(&text, (signet_str){ (const char *)ip, n }))
            return err_set(e, SIGNET_EINVAL, "\"%s\" is no IP address", ips->v[i]);
        if (strlist_add(to, buf_str(&text)))
            return err_nomem(e);
    }
    if (to->n)
        qsort(to->v, to->n, sizeof to->v[0], by_text);
    return 0;
}

/* Adds the names of `a` that are not in `b`, both sorted, to a message; how many there are. */
static size_t add_missing(struct buf *to, const struct strlist *a, const struct strlist *b)
{
    size_t found = 0;
    for (size_t i = 0; i < a->n; i++) {
        if (b->n && bsearch(&a->v[i], b->v, b->n, sizeof b->v[0], by_text))
            continue;
        if (i > 0 && strcmp(a->v[i - 1], a->v[i]) == 0)
            continue;
        if (found++ < NAMES_SHOWN) {
            buf_addz(to, found > 1 ? ", " : "");
            buf_add_escaped(to, str_of(a->v[i]), 100);
        }
    }
    if (found > NAMES_SHOWN)
        buf_addf(to, " and %zu more", found - NAMES_SHOWN);
    return found;
}

static int check_names(const struct cert_info *leaf, const struct strlist *dns, const struct strlist *ips,
                       struct err *e)
{
    STRLIST_AUTO(asked);
    STRLIST_AUTO(got);
    BUF_AUTO(lacks, 8192);
    BUF_AUTO(extra, 8192);
    int r = normal_names(&asked, dns, ips, e);
    if (!r)
        r = normal_names(&got, &leaf->dns, &leaf->ips, e);
    if (r)
        return r;
    size_t n_lacks = add_missing(&lacks, &asked, &got), n_extra = add_missing(&extra, &got, &asked);
    if (n_lacks && n_extra)
        return err_set(e, SIGNET_ECERT, "names it lacks: %s; names it has that were not asked for: %s", buf_z(&lacks),
                       buf_z(&extra));
    if (n_lacks)
        return err_set(e, SIGNET_ECERT, "names it lacks: %s", buf_z(&lacks));
    if (n_extra)
        return err_set(e, SIGNET_ECERT, "names it has that were not asked for: %s", buf_z(&extra));
    return 0;
}

static int check_dates(const struct cert_info *leaf, int64_t now, int *ret_note_future, struct err *e)
{
    BUF_AUTO(when, 64);
    if (leaf->not_after <= now) {
        clock_fmt_rfc3339(&when, leaf->not_after);
        err_set(e, SIGNET_ECERT, "it expired on %s", buf_z(&when));
        err_hint(e, "Is the clock of this machine right?");
        return SIGNET_ECERT;
    }
    if (leaf->not_before >= leaf->not_after)
        return err_set(e, SIGNET_ECERT, "it ends before it begins");
    if (leaf->not_before - now > FUTURE_MAX_S) {
        clock_fmt_rfc3339(&when, leaf->not_before);
        err_set(e, SIGNET_ECERT, "it is not valid before %s", buf_z(&when));
        err_hint(e, "Is the clock of this machine right?");
        return SIGNET_ECERT;
    }
    *ret_note_future = leaf->not_before > now;
    return 0;
}

static int check_leaf(X509 *x, const struct cert_info *leaf, const struct key *key, struct err *e)
{
    if (key) {
        const EVP_PKEY *pub = X509_get0_pubkey(x);
        if (!pub || EVP_PKEY_eq(pub, key->pkey) != 1)
            return err_set(e, SIGNET_ECERT, "the certificate is for another key than the one asked for");
    }
    if (leaf->is_ca)
        return err_set(e, SIGNET_ECERT, "the certificate is that of a certification authority");
    return 0;
}

/* Certificate `i` (from 0) and the one above it. */
static int check_link(X509 *below, X509 *above, signet_str above_der, size_t i, int64_t now, struct err *e)
{
    struct der_cert c;
    EVP_PKEY *pub = X509_get0_pubkey(above);
    if (X509_NAME_cmp(X509_get_issuer_name(below), X509_get_subject_name(above)) != 0 || !pub ||
        X509_verify(below, pub) != 1)
        return err_set(e, SIGNET_ECERT, "certificate %zu did not sign certificate %zu", i + 2, i + 1);
    if (!X509_check_ca(above))
        return err_set(e, SIGNET_ECERT, "certificate %zu is not that of a certification authority", i + 2);
    if (der_cert(&c, above_der))
        return err_set(e, SIGNET_ECERT, "certificate %zu is damaged", i + 2);
    if (c.not_after <= now) {
        BUF_AUTO(when, 64);
        clock_fmt_rfc3339(&when, c.not_after);
        return err_set(e, SIGNET_ECERT, "certificate %zu of the chain expired on %s", i + 2, buf_z(&when));
    }
    return 0;
}

static int check_links(const struct chain *c, X509 *leaf, int64_t now, struct err *e)
{
    X509 *below = leaf;
    int r = 0;
    for (size_t i = 0; !r && i + 1 < c->n; i++) {
        X509 *above = NULL;
        r = ossl_x509(&above, buf_str(&c->der[i + 1]), e);
        if (r)
            r = err_set(e, SIGNET_ECERT, "certificate %zu of the chain cannot be decoded", i + 2);
        else
            r = check_link(below, above, buf_str(&c->der[i + 1]), i, now, e);
        if (below != leaf)
            X509_free(below);
        below = above;
    }
    if (below != leaf)
        X509_free(below);
    ERR_clear_error();
    return r;
}

/* Whatever is wrong with the content of a certificate that a CA sent is the CA's fault. */
static int read_leaf(struct cert_info *leaf, X509 **x, signet_str der, struct err *e)
{
    int r = cert_read(leaf, der, e);
    if (!r)
        r = ossl_x509(x, der, e);
    if (r == SIGNET_EFORMAT) {
        if (e)
            e->code = SIGNET_ECERT;
        r = SIGNET_ECERT;
    }
    return r;
}

int chain_check(signet_str pem, const struct key *key, const struct strlist *dns, const struct strlist *ips,
                int64_t now, int *ret_note_future, struct err *e)
{
    __attribute__((cleanup(chain_done))) struct chain c = { 0 };
    __attribute__((cleanup(cert_info_done))) struct cert_info leaf = { 0 };
    OSSL_AUTO(auto_x509) X509 *x = NULL;
    int future = 0;
    int r = chain_read(&c, pem, e);
    if (!r)
        r = read_leaf(&leaf, &x, buf_str(&c.der[0]), e);
    if (!r)
        r = check_leaf(x, &leaf, key, e);
    if (!r)
        r = check_names(&leaf, dns, ips, e);
    if (!r)
        r = check_dates(&leaf, now, &future, e);
    if (!r)
        r = check_links(&c, x, now, e);
    ERR_clear_error();
    if (!r && ret_note_future)
        *ret_note_future = future;
    return r;
}
