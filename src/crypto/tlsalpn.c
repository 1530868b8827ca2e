/* The server end of tls-alpn-01 (RFC 8737): libssl between two memory buffers. */
#include "crypto/tlsalpn.h"
#include "base/str.h"
#include "crypto/ossl.h"
#include "crypto/pem.h"
#include "crypto/san.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#define CERT_TEXT_MAX (16u * 1024u)
#define NAMES_MAX     2000
/* A handshake needs a few hundred bytes from the client; more than this is no validation. */
#define HANDSHAKE_MAX (64u * 1024u)

struct name {
    char *sni; /* lower case */
    X509 *cert;
};

struct tlsalpn {
    SSL_CTX *ctx;
    struct key *key; /* one for all: it proves nothing, the certificate's hash does */
    struct name *names;
    size_t n, cap;
};

struct tlsalpn_conn {
    SSL *ssl;
    size_t fed;
    bool over;
};

/* ---- names ---- */

/* What the CA puts into SNI: the name itself, or the address's name for reverse look-up (RFC 8738 section 6). */
static int sni_name(struct buf *to, const signet_ident *id)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t ip[16];
    size_t n;
    if (id->type != SIGNET_IDENT_IP) {
        if (!san_name_ok(id->value) || str_has(id->value, '*'))
            return SIGNET_EINVAL;
        for (size_t i = 0; i < id->value.n; i++) {
            char c = id->value.p[i];
            buf_addc(to, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
        }
        return buf_err(to);
    }
    int r = ip_to_bytes(id->value, ip, &n);
    if (r)
        return r;
    for (size_t i = n; i-- > 0;) {
        if (n == 4)
            buf_addf(to, "%u.", ip[i]);
        else
            buf_addf(to, "%c.%c.", digits[ip[i] & 15], digits[ip[i] >> 4]);
    }
    buf_addz(to, n == 4 ? "in-addr.arpa" : "ip6.arpa");
    return buf_err(to);
}

static struct name *lookup(const struct tlsalpn *t, signet_str sni)
{
    for (size_t i = 0; i < t->n; i++)
        if (str_ieq(str_of(t->names[i].sni), sni))
            return &t->names[i];
    return NULL;
}

static void name_done(struct name *n)
{
    free(n->sni);
    X509_free(n->cert);
}

static int store(struct tlsalpn *t, signet_str sni, X509 *cert)
{
    struct name *old = lookup(t, sni);
    if (old) {
        X509_free(old->cert);
        old->cert = cert;
        return 0;
    }
    if (t->n == NAMES_MAX)
        return SIGNET_ELIMIT;
    if (t->n == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 8;
        struct name *names = reallocarray(t->names, cap, sizeof *names);
        if (!names)
            return SIGNET_ENOMEM;
        t->names = names;
        t->cap = cap;
    }
    char *copy = str_dup(sni);
    if (!copy)
        return SIGNET_ENOMEM;
    t->names[t->n++] = (struct name){ copy, cert };
    return 0;
}

int tlsalpn_add(struct tlsalpn *t, const signet_ident *id, signet_str key_auth, struct err *e)
{
    BUF_AUTO(sni, 256);
    BUF_AUTO(pem, CERT_TEXT_MAX);
    BUF_AUTO(der, CERT_TEXT_MAX);
    X509 *cert = NULL;
    if (sni_name(&sni, id))
        return err_set(e, SIGNET_EINVAL, "the name cannot be validated with tls-alpn-01");
    int r = tlsalpn_cert(&pem, t->key, id, key_auth, e);
    if (!r && pem_find(&der, buf_str(&pem), STR("CERTIFICATE")))
        r = err_nomem(e);
    if (!r)
        r = ossl_x509(&cert, buf_str(&der), e);
    if (r)
        return r;
    r = store(t, buf_str(&sni), cert);
    if (r) {
        X509_free(cert);
        return err_set(e, r, "the name cannot be kept for tls-alpn-01");
    }
    return 0;
}

void tlsalpn_remove(struct tlsalpn *t, const signet_ident *id)
{
    BUF_AUTO(sni, 256);
    if (sni_name(&sni, id))
        return;
    struct name *n = lookup(t, buf_str(&sni));
    if (!n)
        return;
    name_done(n);
    *n = t->names[--t->n];
}

/* ---- handshake ---- */

/* Refuses a client without ALPN, for which OpenSSL would not ask at all. */
static int on_client_hello(SSL *ssl, int *alert, void *arg)
{
    const unsigned char *ext;
    size_t n;
    (void)arg;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &ext, &n) == 1)
        return SSL_CLIENT_HELLO_SUCCESS;
    *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
    return SSL_CLIENT_HELLO_ERROR;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                   unsigned in_len, void *arg)
{
    static const unsigned char wanted[] = "acme-tls/1";
    (void)ssl;
    (void)arg;
    for (unsigned at = 0; at < in_len && in[at] < in_len - at; at += in[at] + 1u) {
        if (in[at] != sizeof wanted - 1 || memcmp(in + at + 1, wanted, sizeof wanted - 1) != 0)
            continue;
        *out = in + at + 1;
        *out_len = in[at];
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    const struct tlsalpn *t = arg;
    const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const struct name *n = sni ? lookup(t, str_of(sni)) : NULL;
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    if (!n)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    if (SSL_use_certificate(ssl, n->cert) == 1 && SSL_use_PrivateKey(ssl, t->key->pkey) == 1)
        return SSL_TLSEXT_ERR_OK;
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int tlsalpn_new(struct tlsalpn **ret, struct err *e)
{
    struct tlsalpn *t = calloc(1, sizeof *t);
    if (!t)
        return err_nomem(e);
    int r = key_new(&t->key, KEY_EC, 256, e);
    if (!r) {
        t->ctx = SSL_CTX_new(TLS_server_method());
        if (!t->ctx || SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION) != 1 ||
            SSL_CTX_set_num_tickets(t->ctx, 0) != 1)
            r = ossl_fail(e, SIGNET_ECRYPTO, "setting up TLS failed");
    }
    if (r) {
        tlsalpn_free(t);
        return r;
    }
    SSL_CTX_set_options(t->ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_client_hello_cb(t->ctx, on_client_hello, NULL);
    SSL_CTX_set_alpn_select_cb(t->ctx, on_alpn, NULL);
    SSL_CTX_set_tlsext_servername_callback(t->ctx, on_server_name);
    SSL_CTX_set_tlsext_servername_arg(t->ctx, t);
    *ret = t;
    return 0;
}

void tlsalpn_free(struct tlsalpn *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++)
        name_done(&t->names[i]);
    free(t->names);
    SSL_CTX_free(t->ctx);
    key_free(t->key);
    free(t);
}

int tlsalpn_accept(struct tlsalpn_conn **ret, struct tlsalpn *t)
{
    struct tlsalpn_conn *c = calloc(1, sizeof *c);
    if (!c)
        return SIGNET_ENOMEM;
    c->ssl = SSL_new(t->ctx);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (!c->ssl || !in || !out) {
        BIO_free(in);
        BIO_free(out);
        tlsalpn_conn_free(c);
        ERR_clear_error();
        return SIGNET_ENOMEM;
    }
    SSL_set_bio(c->ssl, in, out);
    SSL_set_accept_state(c->ssl);
    *ret = c;
    return 0;
}

void tlsalpn_conn_free(struct tlsalpn_conn *c)
{
    if (!c)
        return;
    SSL_free(c->ssl);
    free(c);
}

static void drain(SSL *ssl, struct buf *out)
{
    char *p;
    long n = BIO_get_mem_data(SSL_get_wbio(ssl), &p);
    if (n <= 0)
        return;
    buf_add(out, (signet_str){ p, (size_t)n });
    (void)BIO_reset(SSL_get_wbio(ssl));
}

int tlsalpn_feed(struct tlsalpn_conn *c, signet_str in, struct buf *out)
{
    if (c->over)
        return 0;
    if (in.n > HANDSHAKE_MAX - c->fed) {
        c->over = true;
        return SIGNET_ELIMIT;
    }
    c->fed += in.n;
    if (in.n > 0 && BIO_write(SSL_get_rbio(c->ssl), in.p, (int)in.n) != (int)in.n)
        return SIGNET_ENOMEM;
    ERR_clear_error();
    int done = SSL_do_handshake(c->ssl);
    if (done == 1)
        (void)SSL_shutdown(c->ssl); /* close_notify: nothing is said on this connection */
    c->over = done == 1 || SSL_get_error(c->ssl, done) != SSL_ERROR_WANT_READ;
    ERR_clear_error();
    drain(c->ssl, out); /* after a failure: the alert */
    if (buf_err(out))
        return buf_err(out);
    return c->over ? 0 : 1;
}
