#include "net/https_int.h"

#include "crypto/truststore.h"
#include <stdlib.h>

#define HEADER_LINE_MAX (20u << 10) /* of one that we send */

/* ---- whom to trust, how to connect ---- */

static CURLcode on_ssl_ctx(CURL *easy, void *ssl_ctx, void *ctx)
{
    struct https *h = ctx;
    (void)easy;
    if (h->server_name && truststore_expect(ssl_ctx, h->server_name))
        return CURLE_SSL_CONNECT_ERROR;
    return truststore_attach(h->roots, ssl_ctx) ? CURLE_SSL_CACERT_BADFILE : CURLE_OK;
}

static CURLcode set_blob(CURL *c, CURLoption option, const char *pem)
{
    struct curl_blob blob = { .data = (void *)(uintptr_t)pem, .len = strlen(pem), .flags = CURL_BLOB_COPY };
    return curl_easy_setopt(c, option, &blob);
}

/* What the user has set for this server: another root, a certificate of ours, no check at all. */
static int set_special_trust(CURL *c, const struct https_special *s)
{
    CURLcode rc = CURLE_OK;
    if (s->ca)
        rc = set_blob(c, CURLOPT_CAINFO_BLOB, s->ca);
    if (!rc && s->cert)
        rc = set_blob(c, CURLOPT_SSLCERT_BLOB, s->cert);
    if (!rc && s->key)
        rc = set_blob(c, CURLOPT_SSLKEY_BLOB, s->key);
    if (!rc && s->no_verify)
        rc = curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
    if (!rc && s->no_verify)
        rc = curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
    return rc ? SIGNET_ENOMEM : 0;
}

static void set_trust(struct https *h, CURL *c, const struct https_special *s)
{
    /* libcurl's own way would decode the whole bundle for each connection, and keep a copy; the truststore decodes what
     * is asked for. */
    curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(c, CURLOPT_PROXY_CAINFO, NULL);
    curl_easy_setopt(c, CURLOPT_PROXY_CAPATH, NULL);
#if CURL_AT_LEAST_VERSION(7, 87, 0)
    curl_easy_setopt(c, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, h->no_verify ? 0L : 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, h->no_verify || (h->server_name && h->roots) ? 0L : 2L);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (h->roots && !h->no_verify && !s->ca && !s->no_verify) {
        curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
        curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, h);
    }
}

static void set_connection(struct https *h, CURL *c, const struct exchange *x)
{
    /* http: is for a server on this machine only, whatever the URL's writer may think. */
    bool http = (h->allow_http && x->route.loopback) || x->special.http;
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, http ? "http,https" : "https");
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(c, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTPS_CONNECT_MS);
    /* No limit on the speed beside it: a CA may think for long before the first byte of a certificate comes. */
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS,
                     x->special.timeout_ms ? (long)x->special.timeout_ms : (long)h->timeout_s * 1000L);
    curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

/* ---- what is sent ---- */

int https_add_header(struct exchange *x, const char *name, signet_str value)
{
    BUF_AUTO(line, HEADER_LINE_MAX);
    buf_addf(&line, value.n ? "%s: " : "%s:", name);
    buf_add(&line, value);
    struct curl_slist *l = buf_err(&line) ? NULL : curl_slist_append(x->headers, buf_z(&line));
    if (!l)
        return SIGNET_ENOMEM;
    x->headers = l;
    return 0;
}

static int set_method(struct exchange *x, CURL *c)
{
    signet_str method = str_of(x->method);
    bool post = str_eq(method, STR("POST")), get = str_eq(method, STR("GET"));
    if (str_eq(method, STR("HEAD"))) {
        curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
        return 0;
    }
    if (post || x->body.p) {
        curl_easy_setopt(c, CURLOPT_POST, 1L);
        if (!str_eq(method, STR("POST")))
            curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, x->method);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.n);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, x->body.n ? x->body.p : "");
    }
    if (!post && (!get || x->body.p))
        curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, x->method);
    /* waiting for "100 Continue" would cost a second with servers that send none */
    return post || x->body.p ? https_add_header(x, "Expect", (signet_str){ 0 }) : 0;
}

static int set_request(struct exchange *x, CURL *c)
{
    curl_easy_setopt(c, CURLOPT_URL, x->url);
    curl_easy_setopt(c, CURLOPT_USERAGENT, x->owner->user_agent);
    if (set_method(x, c))
        return SIGNET_ENOMEM;
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->error);
    https_receive(x, c);
    return curl_easy_setopt(c, CURLOPT_PRIVATE, x) ? SIGNET_ENOMEM : 0;
}

int https_set_up(struct https *h, struct exchange *x, CURL *c)
{
    set_trust(h, c, &x->special);
    set_connection(h, c, x);
    if (set_special_trust(c, &x->special) || set_request(x, c) || route_apply(&x->route, c))
        return SIGNET_ENOMEM;
    return 0;
}

/* ---- what the caller wants otherwise ---- */

static char *copy_text(const char *z, bool *ok)
{
    char *copy = z ? str_dup(str_of(z)) : NULL;
    *ok &= !z || copy;
    return copy;
}

int https_take_special(struct exchange *x, const struct https_special *s)
{
    bool ok = true;
    char name[256];
    if (!s)
        return 0;
    x->is_special = true;
    x->special = *s;
    x->special.headers = NULL;
    x->special.ca = copy_text(s->ca, &ok);
    x->special.cert = copy_text(s->cert, &ok);
    x->special.key = copy_text(s->key, &ok);
    x->fields = BUF_INIT(HTTPS_HEADERS_MAX);
    for (size_t i = 0; i < s->n_headers && ok; i++) {
        signet_str n = s->headers[i].name, v = s->headers[i].value;
        /* one with a line break in it would be two */
        ok = n.n && n.n < sizeof(name) && !str_has(n, '\n') && !str_has(n, '\r') && !str_has(v, '\n') &&
             !str_has(v, '\r');
        if (!ok)
            break;
        memcpy(name, n.p, n.n);
        name[n.n] = '\0';
        ok = https_add_header(x, name, s->headers[i].value) == 0;
    }
    return ok ? 0 : SIGNET_ENOMEM;
}
