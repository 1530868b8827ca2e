#include "net/listen.h"

#include "base/b64.h"
#include "net/http_host.h"
#include "net/http_request.h"
#include "net/serve.h"
#include <stdlib.h>

enum { ANSWERS_MAX = 10000, BODY_MAX = 4096, TOKEN_MAX = 256 };

struct answer {
    char *token, *body;
    char *header, *host; /* only for requests whose field `header` names `host`; NULL: for all */
};

struct http_listener {
    struct server *server;
    struct answer *answers;
    size_t n, cap;
    unsigned hits;
};

/* One connection: what has arrived of its request. */
struct http_conn {
    struct buf in;
};

static void *conn_open(void *owner)
{
    (void)owner;
    struct http_conn *c = calloc(1, sizeof(*c));
    if (c)
        c->in = BUF_INIT(HTTP_LINE_MAX + HTTP_HEADERS_MAX + 8);
    return c;
}

static void conn_close(void *conn)
{
    struct http_conn *c = conn;
    buf_done(&c->in);
    free(c);
}

static size_t find(const struct http_listener *h, signet_str token)
{
    size_t i = 0;
    while (i < h->n && !str_eq(str_of(h->answers[i].token), token))
        i++;
    return i;
}

static bool is_for(const struct answer *a, signet_str request)
{
    return !a->host || http_host_is(request, str_of(a->header), str_of(a->host));
}

static void answer_done(struct answer *a)
{
    free(a->token);
    free(a->body);
    free(a->header);
    free(a->host);
}

static const char *reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 405:
        return "Method Not Allowed";
    case 431:
        return "Request Header Fields Too Large";
    default:
        return "Not Found";
    }
}

/* Nothing of the request comes back in the answer. */
static void respond(struct buf *out, int status, signet_str body, bool head)
{
    if (status != 200)
        body = str_of(reason(status));
    buf_addf(out, "HTTP/1.1 %d %s\r\n", status, reason(status));
    if (status == 405)
        buf_addz(out, "Allow: GET, HEAD\r\n");
    buf_addf(out,
             "Content-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\nContent-Length: %zu\r\nConnection: "
             "close\r\n\r\n",
             body.n);
    if (!head)
        buf_add(out, body);
}

static int conn_feed(void *owner, void *conn, signet_str in, struct buf *out)
{
    struct http_listener *h = owner;
    struct http_conn *c = conn;
    struct http_request req = { 0 };
    size_t room = c->in.max - c->in.n;
    /* What does not fit is beyond the limits that the parser knows: it will refuse. */
    buf_add(&c->in, (signet_str){ in.p, in.n < room ? in.n : room });
    if (buf_err(&c->in))
        return -1;
    int status = http_request_parse(buf_str(&c->in), &req);
    if (status == 0)
        return c->in.n < c->in.max ? 1 : -1;
    signet_str body = STR("");
    if (status == 200) {
        size_t i = find(h, req.token);
        if (i < h->n && is_for(&h->answers[i], buf_str(&c->in))) {
            body = str_of(h->answers[i].body);
            h->hits++;
        } else
            status = 404;
    }
    respond(out, status, body, req.head);
    return 0;
}

static int start(struct http_listener **ret, struct loop *l, struct serve_config *config, struct err *e)
{
    static const struct serve_ops ops = { conn_open, conn_feed, conn_close };
    struct http_listener *h = calloc(1, sizeof(*h));
    if (!h) {
        listen_refuse(config->sockets);
        return err_nomem(e);
    }
    config->ops = &ops;
    config->owner = h;
    config->limits = SERVE_LIMITS;
    int r = server_new(&h->server, l, config, e);
    if (r)
        free(h);
    else
        *ret = h;
    return r;
}

int http_listen(struct http_listener **ret, struct loop *l, const char *address, unsigned port, struct err *e)
{
    return start(ret, l, &(struct serve_config){ .address = address, .port = port }, e);
}

int http_listen_on(struct http_listener **ret, struct loop *l, const struct listen_sockets *s, struct err *e)
{
    return start(ret, l, &(struct serve_config){ .sockets = s }, e);
}

unsigned http_listener_port(const struct http_listener *h)
{
    return server_port(h->server);
}

static int grow(struct http_listener *h)
{
    if (h->n < h->cap)
        return 0;
    if (h->n >= ANSWERS_MAX)
        return SIGNET_ELIMIT;
    size_t cap = h->cap ? h->cap * 2 : 16;
    struct answer *more = realloc(h->answers, cap * sizeof(*more));
    if (!more)
        return SIGNET_ENOMEM;
    h->answers = more;
    h->cap = cap;
    return 0;
}

int http_listener_add(struct http_listener *h, signet_str token, signet_str body)
{
    if (!b64url_ok(token) || token.n > TOKEN_MAX || body.n > BODY_MAX || str_has(body, '\0'))
        return SIGNET_EINVAL;
    int r = grow(h);
    if (r)
        return r;
    struct answer a = { .token = str_dup(token), .body = str_dup(body) };
    if (!a.token || !a.body) {
        answer_done(&a);
        return SIGNET_ENOMEM;
    }
    http_listener_remove(h, token);
    h->answers[h->n++] = a;
    return 0;
}

void http_listener_remove(struct http_listener *h, signet_str token)
{
    size_t i = find(h, token);
    if (i == h->n)
        return;
    answer_done(&h->answers[i]);
    h->answers[i] = h->answers[--h->n];
}

int http_listener_guard(struct http_listener *h, signet_str token, signet_str header, signet_str host)
{
    size_t i = find(h, token);
    if (i == h->n || !header.n || header.n > HTTP_HEADER_NAME_MAX || !host.n)
        return SIGNET_EINVAL;
    char *a = str_dup(header), *b = str_dup(host);
    if (!a || !b) {
        free(a);
        free(b);
        return SIGNET_ENOMEM;
    }
    free(h->answers[i].header);
    free(h->answers[i].host);
    h->answers[i].header = a;
    h->answers[i].host = b;
    return 0;
}

unsigned http_listener_hits(const struct http_listener *h)
{
    return h->hits;
}

void http_listener_free(struct http_listener *h)
{
    if (!h)
        return;
    server_free(h->server);
    for (size_t i = 0; i < h->n; i++)
        answer_done(&h->answers[i]);
    free(h->answers);
    free(h);
}
