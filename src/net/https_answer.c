#include "net/https_int.h"

#include <stdio.h>

/* ---- what comes in ---- */

size_t https_refuse(struct exchange *x, int code, const char *why)
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
        return https_refuse(x, SIGNET_ELIMIT, "the answer is longer than this request may bring");
    buf_add(&x->answer, (signet_str){ p, n });
    return buf_err(&x->answer) ? https_refuse(x, buf_err(&x->answer), "the answer does not fit into memory") : n;
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
        return https_refuse(x, SIGNET_ELIMIT, "the answer has too many or too long header lines");
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

void https_receive(struct exchange *x, CURL *c)
{
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
}

/* ---- what is said of it ---- */

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

void https_tell(struct https *h, struct exchange *x, CURLcode cc, struct https_answer *ret)
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
}
