#include "net/https.h"
#include "base/buf.h"
#include "crypto/truststore.h"
#include "net/https_route.h"
#include <stdio.h>
#include <stdlib.h>

#define WAIT_MAX_MS     3600000
#define HEADER_LINE_MAX (20u << 10) /* of one that we send */

/* One request, from https_send until its answer was handed out. */
struct exchange {
    struct exchange *next;  /* among the waiting or those under way */
    struct exchange **link; /* what points here, while under way */
    struct https *owner;
    uint64_t id;
    signet_str body;
    size_t max_body;
    char *url, *method;
    CURL *easy; /* NULL while it waits */
    struct route route;
    int route_rc;
    struct curl_slist *headers;
    int limit; /* SIGNET_ELIMIT or SIGNET_ENOMEM once the answer broke a cap */
    const char *limit_why;
    size_t header_bytes, header_lines;
    struct buf content_type, location, nonce, retry_after, answer;
    struct buf link_text; /* the Link values, one after the other */
    size_t link_ends[HTTPS_LINKS_MAX], n_links;
    char error[CURL_ERROR_SIZE];
    bool is_special;
    struct https_special special; /* its texts are owned; no headers in it */
    struct buf fields;            /* keep_headers: names and values, one after the other */
    size_t field_ends[2 * HTTPS_HEADER_LINES], n_fields;
};

struct https {
    CURLM *multi;
    struct resolver *names;
    struct truststore *roots;
    char *user_agent, *server_name; /* server_name NULL: the host's */
    bool no_verify, allow_http;
    unsigned timeout_s;
    struct exchange *first, **last; /* waiting for their turn */
    struct exchange *active;
    size_t in_flight;
    bool h1;        /* some server here speaks HTTP/1.1: no more than HTTPS_H1_CONNS at once */
    CURL *spare[4]; /* handles for the next requests */
    size_t n_spare;
    struct exchange *handed; /* whose answer the caller is looking at */
    signet_str links[HTTPS_LINKS_MAX];
    struct https_header headers[HTTPS_HEADER_LINES];
    struct curl_waitfd *waits;
    unsigned waits_cap;
    char why[2 * CURL_ERROR_SIZE + 256];
};

static void exchange_free(struct exchange *x)
{
    if (!x)
        return;
    curl_slist_free_all(x->headers);
    route_done(&x->route);
    buf_done(&x->content_type);
    buf_done(&x->location);
    buf_done(&x->nonce);
    buf_done(&x->retry_after);
    buf_done(&x->answer);
    buf_done(&x->link_text);
    buf_done(&x->fields);
    free((char *)(uintptr_t)x->special.ca);
    free((char *)(uintptr_t)x->special.cert);
    if (x->special.key)
        explicit_bzero((char *)(uintptr_t)x->special.key, strlen(x->special.key));
    free((char *)(uintptr_t)x->special.key);
    free(x->url);
    free(x->method);
    free(x);
}

/* ---- what comes in ---- */

static size_t refuse(struct exchange *x, int code, const char *why)
{
    x->limit = code;
    x->limit_why = why;
    return 0; /* libcurl ends the transfer */
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    n *= size;
    if (n > x->max_body - x->answer.n)
        return refuse(x, SIGNET_ELIMIT, "the answer is longer than this request may bring");
    buf_add(&x->answer, (signet_str){ p, n });
    return buf_err(&x->answer) ? refuse(x, buf_err(&x->answer), "the answer does not fit into memory") : n;
}

static void forget_headers(struct exchange *x)
{
    buf_clear(&x->content_type);
    buf_clear(&x->location);
    buf_clear(&x->nonce);
    buf_clear(&x->retry_after);
    buf_clear(&x->link_text);
    buf_clear(&x->fields);
    x->n_links = x->n_fields = 0;
}

static void keep_field(struct exchange *x, signet_str name, signet_str value)
{
    if (x->n_fields + 2 > sizeof(x->field_ends) / sizeof(x->field_ends[0]))
        return;
    buf_add(&x->fields, name);
    x->field_ends[x->n_fields++] = x->fields.n;
    buf_add(&x->fields, value);
    x->field_ends[x->n_fields++] = x->fields.n;
}

static void keep_link(struct exchange *x, signet_str value)
{
    if (x->n_links == HTTPS_LINKS_MAX)
        return;
    buf_add(&x->link_text, value);
    x->link_ends[x->n_links++] = x->link_text.n;
}

static void keep_header(struct exchange *x, signet_str name, signet_str value)
{
    const struct {
        signet_str name;
        struct buf *to;
    } table[] = {
        { STR("content-type"), &x->content_type },
        { STR("location"), &x->location },
        { STR("replay-nonce"), &x->nonce },
        { STR("retry-after"), &x->retry_after },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (!str_ieq(name, table[i].name))
            continue;
        buf_clear(table[i].to);
        buf_add(table[i].to, value);
    }
    if (str_ieq(name, STR("link")))
        keep_link(x, value);
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;
    n *= size;
    signet_str line = { p, n }, name, value;
    x->header_bytes += n;
    x->header_lines++;
    if (n > HTTPS_HEADER_MAX || x->header_bytes > HTTPS_HEADERS_MAX || x->header_lines > HTTPS_HEADER_LINES)
        return refuse(x, SIGNET_ELIMIT, "the answer has too many or too long header lines");
    if (str_starts(line, STR("HTTP/"))) {
        forget_headers(x); /* those of an interim answer (1xx) do not count */
        if (str_starts(line, STR("HTTP/1")))
            x->owner->h1 = true;
        return n;
    }
    if (!str_cut(line, ':', &name, &value))
        return n;
    keep_header(x, name, str_trim(value));
    if (x->special.keep_headers)
        keep_field(x, name, str_trim(value));
    return n;
}

/* ---- what goes out ---- */

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

static int add_header(struct exchange *x, const char *name, signet_str value)
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
    return post || x->body.p ? add_header(x, "Expect", (signet_str){ 0 }) : 0;
}

static int set_request(struct exchange *x, CURL *c)
{
    curl_easy_setopt(c, CURLOPT_URL, x->url);
    curl_easy_setopt(c, CURLOPT_USERAGENT, x->owner->user_agent);
    if (set_method(x, c))
        return SIGNET_ENOMEM;
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->error);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
    return curl_easy_setopt(c, CURLOPT_PRIVATE, x) ? SIGNET_ENOMEM : 0;
}

static void append(struct https *h, struct exchange *x)
{
    x->next = NULL;
    *h->last = x;
    h->last = &x->next;
}

static char *copy_text(const char *z, bool *ok)
{
    char *copy = z ? str_dup(str_of(z)) : NULL;
    *ok &= !z || copy;
    return copy;
}

static int take_special(struct exchange *x, const struct https_special *s)
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
        ok = add_header(x, name, s->headers[i].value) == 0;
    }
    return ok ? 0 : SIGNET_ENOMEM;
}

int https_send(struct https *h, const struct https_request *q)
{
    struct exchange *x = calloc(1, sizeof(*x));
    if (!x)
        return SIGNET_ENOMEM;
    x->owner = h;
    x->id = q->id;
    x->body = q->body;
    x->max_body = q->max_body;
    x->url = str_dup(q->url);
    x->method = str_dup(q->method);
    x->content_type = x->location = x->nonce = x->retry_after = BUF_INIT(HTTPS_HEADER_MAX);
    x->link_text = BUF_INIT(HTTPS_HEADERS_MAX);
    x->answer = BUF_INIT(q->max_body);
    if (!x->url || !x->method || (q->content_type.n && add_header(x, "Content-Type", q->content_type)) ||
        (q->accept.n && add_header(x, "Accept", q->accept)) || take_special(x, q->special)) {
        exchange_free(x);
        return SIGNET_ENOMEM;
    }
    x->route_rc = q->url.n > HTTPS_URL_LONG ? 0 : route_plan(&x->route, x->url);
    append(h, x);
    return 0;
}

static int start(struct https *h, struct exchange *x)
{
    CURL *c = h->n_spare ? h->spare[--h->n_spare] : curl_easy_init();
    if (!c)
        return SIGNET_ENOMEM;
    set_trust(h, c, &x->special);
    set_connection(h, c, x);
    if (set_special_trust(c, &x->special) || set_request(x, c) || route_apply(&x->route, c) ||
        curl_multi_add_handle(h->multi, c)) {
        curl_easy_cleanup(c);
        return SIGNET_ENOMEM;
    }
    x->easy = c;
    x->next = h->active;
    x->link = &h->active;
    if (x->next)
        x->next->link = &x->next;
    h->active = x;
    h->in_flight++;
    return 0;
}

static bool has_room(const struct https *h)
{
    return h->in_flight < (h->h1 ? HTTPS_H1_CONNS : HTTPS_IN_FLIGHT);
}

static void unlink_first(struct https *h, struct exchange **at)
{
    struct exchange *x = *at;
    *at = x->next;
    if (!x->next)
        h->last = at;
}

/* What keeps it from being started: 0 nothing, 1 a name that is looked up. Negative: it never can be. */
static int hindrance(struct https *h, struct exchange *x)
{
    const char *why = "";
    if (strlen(x->url) > (x->is_special ? HTTPS_URL_LONG : HTTPS_URL_MAX)) {
        refuse(x, SIGNET_ELIMIT, "the URL is too long");
        return -1;
    }
    if (x->route_rc == SIGNET_EINVAL)
        return 0; /* libcurl will say what is wrong with the URL */
    int rc = x->route_rc ? x->route_rc : route_step(&x->route, h->names, &why);
    if (rc < 0)
        refuse(x, rc == SIGNET_ETIMEOUT ? rc : SIGNET_ENET, x->route_rc ? "out of memory" : why);
    return rc < 0 ? -1 : rc ? 0 : 1;
}

/* Starts those whose turn has come and whose way is known. One that cannot start is handed back, to be reported. */
static struct exchange *start_waiting(struct https *h)
{
    for (struct exchange **at = &h->first; *at && has_room(h);) {
        struct exchange *x = *at;
        int rc = hindrance(h, x);
        if (rc > 0) {
            at = &x->next;
            continue;
        }
        unlink_first(h, at);
        if (rc < 0)
            return x;
        if (start(h, x)) {
            refuse(x, SIGNET_ENET, "out of memory");
            return x;
        }
    }
    return NULL;
}

/* ---- answers ---- */

static int code_of(CURLcode cc)
{
    /* libcurl has a hundred codes; those not named here mean that the connection is no good */
    if (cc == CURLE_OPERATION_TIMEDOUT)
        return SIGNET_ETIMEOUT;
    static const CURLcode tls[] = { CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR,
                                    CURLE_SSL_CERTPROBLEM,          CURLE_SSL_CIPHER,
                                    CURLE_SSL_CACERT_BADFILE,       CURLE_SSL_ISSUER_ERROR,
                                    CURLE_SSL_INVALIDCERTSTATUS,    CURLE_USE_SSL_FAILED,
                                    CURLE_SSL_SHUTDOWN_FAILED };
    for (size_t i = 0; i < sizeof(tls) / sizeof(tls[0]); i++) {
        if (cc == tls[i])
            return SIGNET_ETLS;
    }
    return SIGNET_ENET;
}

/* What CURLINFO_SSL_VERIFYRESULT gives: OpenSSL's X509_V_ERR_ numbers, part of its ABI. Its headers stay in crypto/. */
enum {
    VERIFY_NOT_YET_VALID = 9,
    VERIFY_EXPIRED = 10,
    VERIFY_SELF_SIGNED = 18,
    VERIFY_SELF_SIGNED_IN_CHAIN = 19,
    VERIFY_NO_ISSUER = 20
};

static const char *tls_hint(long verify)
{
    switch (verify) {
    case VERIFY_NOT_YET_VALID:
        return "; check this machine's clock";
    case VERIFY_EXPIRED:
        return "; if the server's certificate is in order, check this machine's clock and its bundle of CA "
               "certificates";
    case VERIFY_NO_ISSUER:
    case VERIFY_SELF_SIGNED_IN_CHAIN:
    case VERIFY_SELF_SIGNED:
        return "; for a CA of your own, name its root certificate in SSL_CERT_FILE or REQUESTS_CA_BUNDLE";
    default:
        return "";
    }
}

/* Which step was the transfer at? libcurl says only that it took too long. */
static const char *timeout_step(CURL *c)
{
    curl_off_t name = 0, tcp = 0, sent = 0, first = 0;
    curl_easy_getinfo(c, CURLINFO_NAMELOOKUP_TIME_T, &name);
    curl_easy_getinfo(c, CURLINFO_CONNECT_TIME_T, &tcp);
    curl_easy_getinfo(c, CURLINFO_PRETRANSFER_TIME_T, &sent);
    curl_easy_getinfo(c, CURLINFO_STARTTRANSFER_TIME_T, &first);
    return first  ? " (while the answer came)"
           : sent ? " (waiting for the answer)"
           : tcp  ? " (in the TLS handshake)"
           : name ? " (connecting)"
                  : " (looking up the name)";
}

static void explain(struct https *h, struct exchange *x, CURLcode cc, int code)
{
    const char *extra = "";
    long verify = 0;
    if (code == SIGNET_ETLS && !curl_easy_getinfo(x->easy, CURLINFO_SSL_VERIFYRESULT, &verify))
        extra = tls_hint(verify);
    else if (code == SIGNET_ETIMEOUT)
        extra = timeout_step(x->easy);
    snprintf(h->why, sizeof(h->why), "%s%s", x->error[0] ? x->error : curl_easy_strerror(cc), extra);
}

static void fill_answer(struct https *h, struct exchange *x, struct https_answer *ret)
{
    long status = 0;
    if (x->easy)
        curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    size_t from = 0;
    for (size_t i = 0; i < x->n_links; i++) {
        h->links[i] = (signet_str){ x->link_text.p + from, x->link_ends[i] - from };
        from = x->link_ends[i];
    }
    from = 0;
    for (size_t i = 0; i < x->n_fields; i++) {
        signet_str *to = i % 2 ? &h->headers[i / 2].value : &h->headers[i / 2].name;
        *to = (signet_str){ x->fields.p + from, x->field_ends[i] - from };
        from = x->field_ends[i];
    }
    *ret = (struct https_answer){
        .id = x->id,
        .method = str_of(x->method),
        .url = str_of(x->url),
        .why = h->why,
        .status = (int)status,
        .content_type = buf_str(&x->content_type),
        .location = buf_str(&x->location),
        .nonce = buf_str(&x->nonce),
        .retry_after = buf_str(&x->retry_after),
        .body = buf_str(&x->answer),
        .links = h->links,
        .n_links = x->n_links,
        .headers = h->headers,
        .n_headers = x->n_fields / 2,
    };
}

/* Ends a transfer that is under way; the answer stays. */
static void put_away(struct https *h, struct exchange *x)
{
    curl_multi_remove_handle(h->multi, x->easy);
    *x->link = x->next;
    if (x->next)
        x->next->link = x->link;
    h->in_flight--;
    if (h->n_spare < sizeof(h->spare) / sizeof(h->spare[0])) {
        curl_easy_reset(x->easy);
        h->spare[h->n_spare++] = x->easy;
    } else {
        curl_easy_cleanup(x->easy);
    }
    x->easy = NULL;
}

static void finish(struct https *h, struct exchange *x, CURLcode cc, struct https_answer *ret)
{
    h->why[0] = '\0';
    fill_answer(h, x, ret);
    if (x->limit) {
        snprintf(h->why, sizeof(h->why), "%s", x->limit_why);
        ret->net_err = x->limit == SIGNET_ENOMEM ? SIGNET_ENET : x->limit;
    } else if (cc) {
        ret->net_err = code_of(cc);
        explain(h, x, cc, ret->net_err);
    }
    if (x->easy)
        put_away(h, x);
    h->handed = x;
}

bool https_next(struct https *h, struct https_answer *ret)
{
    exchange_free(h->handed);
    h->handed = NULL;
    struct exchange *failed = start_waiting(h);
    if (failed) {
        finish(h, failed, CURLE_OK, ret);
        return true;
    }
    int n;
    if (h->in_flight && curl_multi_perform(h->multi, &n))
        return false;
    for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &n));) {
        struct exchange *x = NULL;
        if (m->msg != CURLMSG_DONE || curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x) || !x)
            continue;
        finish(h, x, m->data.result, ret);
        return true;
    }
    return false;
}

/* Is there one that a next step would start or end? */
static bool can_start(struct https *h)
{
    for (struct exchange *x = h->first; x && has_room(h); x = x->next)
        if (hindrance(h, x) <= 0)
            return true;
    return false;
}

static struct curl_waitfd *waits_for(struct https *h, unsigned n)
{
    if (n > h->waits_cap) {
        struct curl_waitfd *v = reallocarray(h->waits, n, sizeof(*v));
        if (!v)
            return NULL;
        h->waits = v;
        h->waits_cap = n;
    }
    return h->waits;
}

int https_wait_fds(struct https *h, struct pollfd *fds, unsigned n, int timeout_ms)
{
    _Static_assert(CURL_WAIT_POLLIN == POLLIN && CURL_WAIT_POLLOUT == POLLOUT, "libcurl passes poll's bits on");
    struct pollfd dns[RESOLVE_FDS_MAX];
    int unused;
    if (timeout_ms < 0)
        timeout_ms = WAIT_MAX_MS; /* libcurl knows no "for ever" */
    timeout_ms = can_start(h) ? 0 : resolver_timeout(h->names, timeout_ms);
    unsigned n_dns = resolver_fds(h->names, dns);
    struct curl_waitfd *all = waits_for(h, n + n_dns);
    if (!all)
        return SIGNET_ENOMEM;
    for (unsigned i = 0; i < n + n_dns; i++) {
        const struct pollfd *p = i < n ? &fds[i] : &dns[i - n];
        all[i] = (struct curl_waitfd){ .fd = p->fd, .events = p->events };
    }
    if (curl_multi_poll(h->multi, all, n + n_dns, timeout_ms, &unused))
        return SIGNET_ESYS;
    for (unsigned i = 0; i < n + n_dns; i++)
        *(i < n ? &fds[i].revents : &dns[i - n].revents) = all[i].revents;
    resolver_run(h->names, dns, n_dns);
    return 0;
}

int https_wait(struct https *h, int fd, short events, int timeout_ms, short *ret_revents)
{
    struct pollfd one = { .fd = fd, .events = events };
    int rc = https_wait_fds(h, &one, 1, timeout_ms);
    if (!rc)
        *ret_revents = one.revents;
    return rc;
}

bool https_busy(const struct https *h)
{
    return h->in_flight > 0;
}

/* ---- life ---- */

static int set_up(struct https *h, const struct https_config *c, struct err *e)
{
    h->user_agent = str_dup(c->user_agent);
    if (!h->user_agent)
        return err_nomem(e);
    if (!c->no_verify) {
        int bad = truststore_new(&h->roots, c->roots, e);
        if (bad)
            return bad;
    }
    int rc = resolver_new(&h->names, &c->names, e);
    if (rc)
        return rc;
    h->multi = curl_multi_init();
    if (!h->multi)
        return err_nomem(e);
    curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)HTTPS_H1_CONNS);
    /* else libcurl closes idle connections as the number of requests goes down, and opens them again with the next
     * burst */
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)HTTPS_H1_CONNS);
    return 0;
}

int https_new(struct https **ret, const struct https_config *c, struct err *e)
{
    if (curl_global_init(CURL_GLOBAL_SSL))
        return err_set(e, SIGNET_ENOMEM, "libcurl cannot be started");
    struct https *h = calloc(1, sizeof(*h));
    if (!h) {
        curl_global_cleanup();
        return err_nomem(e);
    }
    h->last = &h->first;
    h->no_verify = c->no_verify;
    h->allow_http = c->allow_http;
    h->timeout_s = c->timeout_s ? c->timeout_s : HTTPS_TIMEOUT_S;
    int rc = c->server_name.n && !(h->server_name = str_dup(c->server_name)) ? err_nomem(e) : set_up(h, c, e);
    if (rc)
        https_free(h);
    else
        *ret = h;
    return rc;
}

void https_free(struct https *h)
{
    if (!h)
        return;
    exchange_free(h->handed);
    for (struct exchange *x = h->active, *next; x; x = next) {
        next = x->next;
        put_away(h, x);
        exchange_free(x);
    }
    while (h->first) {
        struct exchange *x = h->first;
        h->first = x->next;
        exchange_free(x);
    }
    while (h->n_spare)
        curl_easy_cleanup(h->spare[--h->n_spare]);
    if (h->multi)
        curl_multi_cleanup(h->multi);
    truststore_free(h->roots);
    resolver_free(h->names);
    free(h->waits);
    free(h->user_agent);
    free(h->server_name);
    free(h);
    curl_global_cleanup();
}
