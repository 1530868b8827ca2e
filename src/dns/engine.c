/* Providers that a description describes (provider/provider.h): the engine says what to send, here it is sent. */
#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "dns/backend.h"
#include "net/https.h"
#include "provider/provider.h"
#include <stdlib.h>

struct pending {
    struct pending *next;
    uint64_t id;
    struct work *work;
};

struct backend {
    struct backend_ctx ctx;
    struct provider_desc *desc;
    struct provider_session *session;
    struct backend_times times;
    struct pending *pending;
    int64_t until_ms; /* -1: nothing timed */
    bool finished, ended, broken;
};

/* ---- what it wants to know ---- */

static int get(void *ctx, const char *name, struct buf *ret, struct err *e)
{
    struct backend *b = ctx;
    return creds_get(b->ctx.creds, name, ret, e);
}

static int read_file(void *ctx, const char *path, struct buf *ret, struct err *e)
{
    struct backend *b = ctx;
    return creds_read_file(b->ctx.creds, path, ret, e);
}

static int random_fn(void *ctx, void *out, size_t n)
{
    (void)ctx;
    return random_bytes(out, n);
}

static void trace(void *ctx, const char *line)
{
    struct backend *b = ctx;
    b->ctx.log(b->ctx.log_ctx, LOG_DEBUG, line);
}

static struct provider_now now(void)
{
    return (struct provider_now){ .mono_ms = clock_mono_ms(), .wall_s = clock_wall_s() };
}

static void engine_close(struct backend *b)
{
    while (b->pending) {
        struct pending *p = b->pending;
        b->pending = p->next;
        free(p);
    }
    provider_close(b->session);
    provider_desc_free(b->desc);
    free(b);
}

static int engine_open(struct backend **ret, const struct backend_ctx *ctx, struct err *e)
{
    struct backend *b = calloc(1, sizeof(*b));
    if (!b)
        return err_nomem(e);
    b->ctx = *ctx;
    b->until_ms = -1;
    struct provider_env env = {
        .ctx = b, .get = get, .read_file = read_file, .random = random_fn, .trace = ctx->trace ? trace : NULL
    };
    int rc = provider_load(&b->desc, ctx->code, ctx->dir, e);
    if (!rc)
        rc = provider_open(&b->session, b->desc, &env, e);
    if (rc) {
        engine_close(b);
        return rc;
    }
    const struct provider_times *t = provider_times(b->session);
    b->times = (struct backend_times){
        .ttl = t->ttl, .propagation_s = t->propagation, .polling_s = t->polling, .serial = t->serial != 0
    };
    *ret = b;
    return 0;
}

static const struct backend_times *engine_times(const struct backend *b)
{
    return &b->times;
}

/* ---- work ---- */

static void engine_begin(struct backend *b, struct work *w)
{
    struct provider_job job = { .op = w->remove ? PROVIDER_CLEANUP : PROVIDER_PRESENT,
                                .fqdn = str_of(w->place->fqdn),
                                .domain = str_of(w->domain),
                                .value = w->value,
                                .token = w->token,
                                .keyauth = w->key_auth,
                                .saved = w->was };
    struct pending *p = calloc(1, sizeof(*p));
    if (!p) {
        err_nomem(&w->err);
        w->done = true;
        return;
    }
    if (provider_start(b->session, &job, &p->id, &w->err)) {
        free(p);
        w->done = true;
        return;
    }
    p->work = w;
    p->next = b->pending;
    b->pending = p;
}

static void end_work(struct backend *b, uint64_t id, const struct provider_done *d)
{
    struct pending **at = &b->pending;
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    struct pending *p = *at;
    if (!p)
        return;
    *at = p->next;
    p->work->done = true;
    if (d->code && d->err)
        p->work->err = *d->err;
    if (d->code && !p->work->err.code)
        err_set(&p->work->err, d->code, "the provider failed: %s", signet_strerror(d->code));
    if (d->saved && record_copy(&p->work->saved, d->saved))
        err_nomem(&p->work->err);
    free(p);
}

static void fail_all(struct backend *b, int code)
{
    while (b->pending) {
        struct pending *p = b->pending;
        b->pending = p->next;
        p->work->done = true;
        err_set(&p->work->err, code, "the provider engine stopped: %s", signet_strerror(code));
        free(p);
    }
    b->broken = true;
}

/* The zone of each value was found before it came here. */
static void tell_zone(struct backend *b, const struct provider_action *a)
{
    for (const struct pending *p = b->pending; p; p = p->next)
        if (str_eq(a->fqdn, str_of(p->work->place->fqdn))) {
            provider_zone_done(b->session, a->id, now(), str_of(p->work->place->zone), NULL);
            return;
        }
    provider_zone_done(b->session, a->id, now(), (signet_str){ 0 }, "nobody asked for this name");
}

static void send_request(struct backend *b, const struct provider_action *a)
{
    struct https_header headers[64];
    const struct provider_request *r = &a->http;
    size_t n = 0;
    for (; n < r->n_headers && n < sizeof(headers) / sizeof(headers[0]); n++)
        headers[n] = (struct https_header){ r->headers[n].name, r->headers[n].value };
    struct https_special special = {
        .headers = headers,
        .n_headers = n,
        .timeout_ms = r->timeout_ms,
        .http = str_starts(r->url, STR("http://")),
        .no_verify = r->tls.insecure,
        .keep_headers = true,
        .ca = r->tls.ca,
        .cert = r->tls.cert,
        .key = r->tls.key,
    };
    struct https_request q = { .id = b->ctx.id_base | (a->id & BACKEND_ID_MASK),
                               .method = r->method,
                               .url = r->url,
                               .body = r->body,
                               .max_body = r->max_body,
                               .special = &special };
    if (https_send(*b->ctx.https, &q)) {
        struct provider_answer none = { .net_err = SIGNET_ENET, .why = "the request cannot be made" };
        provider_http_done(b->session, a->id, now(), &none);
    }
}

static void engine_run(struct backend *b)
{
    struct provider_action a;
    while (!b->broken && !b->ended) {
        int rc = provider_poll(b->session, now(), &a);
        if (rc) {
            fail_all(b, rc);
            return;
        }
        switch (a.kind) {
        case PROVIDER_IDLE:
            b->until_ms = a.until_ms;
            return;
        case PROVIDER_HTTP:
            send_request(b, &a);
            break;
        case PROVIDER_ZONE:
            tell_zone(b, &a);
            break;
        case PROVIDER_DONE:
            end_work(b, a.id, &a.done);
            break;
        case PROVIDER_ENDED:
            b->ended = true;
            break;
        }
    }
}

static void engine_answer(struct backend *b, const struct https_answer *a)
{
    struct provider_header headers[HTTPS_HEADER_LINES];
    for (size_t i = 0; i < a->n_headers; i++)
        headers[i] = (struct provider_header){ a->headers[i].name, a->headers[i].value };
    struct provider_answer pa = { .net_err = a->net_err,
                                  .why = a->why && *a->why ? a->why : NULL,
                                  .status = a->status,
                                  .headers = headers,
                                  .n_headers = a->n_headers,
                                  .body = a->body };
    if (!b->broken)
        provider_http_done(b->session, a->id & BACKEND_ID_MASK, now(), &pa);
}

static int engine_timeout(const struct backend *b, int most_ms)
{
    if (b->until_ms < 0 || b->broken)
        return most_ms;
    int64_t left = b->until_ms - clock_mono_ms();
    left = left < 0 ? 0 : left;
    return most_ms < 0 || left < most_ms ? (int)left : most_ms;
}

static bool engine_finish(struct backend *b)
{
    if (!b->finished && !b->broken)
        provider_finish(b->session);
    b->finished = true;
    engine_run(b);
    return b->ended || b->broken;
}

const struct backend_ops backend_engine = {
    .open = engine_open,
    .times = engine_times,
    .begin = engine_begin,
    .run = engine_run,
    .answer = engine_answer,
    .timeout = engine_timeout,
    .finish = engine_finish,
    .close = engine_close,
};
