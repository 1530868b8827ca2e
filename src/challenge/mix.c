/* lego's way: --http, --tls and --dns may stand side by side, and for each name the CA's offer decides. This solver
 * answers nothing itself: it hands each challenge to the solver of its type, and lets time pass between putting an
 * answer up and saying so (--http.delay, --tls.delay). */
#include "base/clock.h"
#include "base/log.h"
#include "challenge/prefs.h"
#include "challenge/solvers.h"
#include <stdlib.h>

#define ROOM "challenge"

enum part { PART_HTTP, PART_TLS, PART_DNS, PARTS };

struct solver {
    struct solver_ctx ctx;
    const struct solver_ops *ops[PARTS]; /* NULL: not asked for */
    struct solver *part[PARTS];
    int64_t ready_at[PARTS]; /* on the clock that never jumps; 0: nothing waits */
};

static enum part part_of(signet_chal type)
{
    return type == SIGNET_CHAL_HTTP_01 ? PART_HTTP : type == SIGNET_CHAL_TLS_ALPN_01 ? PART_TLS : PART_DNS;
}

/* Who does it, in lego's order where several are given. */
static const char *http_solver(const struct lego_options *o)
{
    return o->http_webroot             ? "webroot"
           : o->http_memcached_hosts.n ? "memcached"
           : o->http_s3_bucket         ? "s3"
                                       : "standalone";
}

static int open_part(struct solver *s, enum part p, const char *name, struct err *e)
{
    s->ops[p] = solver_find(name);
    if (!s->ops[p])
        return err_set(e, SIGNET_EINVAL, "There is no way to answer by %s in this program.", name);
    return s->ops[p]->open(&s->part[p], &s->ctx, e);
}

static void mix_close(struct solver *s)
{
    for (int p = 0; s && p < PARTS; p++)
        if (s->part[p])
            s->ops[p]->close(s->part[p]);
    free(s);
}

static int mix_open(struct solver **ret, const struct solver_ctx *ctx, struct err *e)
{
    const struct lego_options *o = &ctx->req->lego;
    struct solver *s = calloc(1, sizeof *s);
    if (!s)
        return err_nomem(e);
    s->ctx = *ctx;
    int rc = o->http ? open_part(s, PART_HTTP, http_solver(o), e) : 0;
    if (!rc && o->tls)
        rc = open_part(s, PART_TLS, "standalone", e);
    if (!rc && (o->dns || o->dns_persist))
        rc = open_part(s, PART_DNS, "dns", e);
    if (rc) {
        mix_close(s);
        return rc;
    }
    *ret = s;
    return 0;
}

/* lego takes tls-alpn-01 before http-01 before dns-01; what needs no writing comes before what does. */
static uint32_t mix_prefs(struct solver *s, const signet_ident *id, struct err *e)
{
    static const signet_chal usual[] = { SIGNET_CHAL_TLS_ALPN_01, SIGNET_CHAL_HTTP_01, SIGNET_CHAL_DNS_PERSIST_01,
                                         SIGNET_CHAL_DNS_01, SIGNET_CHAL_UNKNOWN };
    const struct lego_options *o = &s->ctx.req->lego;
    uint32_t able = (s->part[PART_HTTP] ? PREFS_BIT(SIGNET_CHAL_HTTP_01) : 0) |
                    (s->part[PART_TLS] ? PREFS_BIT(SIGNET_CHAL_TLS_ALPN_01) : 0) |
                    (o->dns ? PREFS_BIT(SIGNET_CHAL_DNS_01) : 0) |
                    (o->dns_persist ? PREFS_BIT(SIGNET_CHAL_DNS_PERSIST_01) : 0);
    uint32_t prefs = prefs_for(s->ctx.req, able, usual, id, e);
    if (!prefs)
        err_set(e, SIGNET_EINVAL,
                "[%.*s] acme: could not determine solvers: none of the challenges chosen can prove this name%s",
                STR_ARG(id->value), str_starts(id->value, STR("*.")) ? "; a wildcard needs --dns" : "");
    return prefs;
}

static bool mix_one_by_one(const struct solver *s)
{
    for (int p = 0; p < PARTS; p++)
        if (s->part[p] && s->ops[p]->one_by_one && s->ops[p]->one_by_one(s->part[p]))
            return true;
    return false;
}

/* Those of one part, still in order. */
static size_t pick(struct challenge **from, size_t n, enum part p, struct challenge **to)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (part_of(from[i]->type) == p)
            to[k++] = from[i];
    return k;
}

static int64_t delay_of(const struct solver *s, enum part p)
{
    return p == PART_HTTP ? s->ctx.req->lego.http_delay : p == PART_TLS ? s->ctx.req->lego.tls_delay : 0;
}

/* What is up, but not long enough yet, waits. */
static void hold(struct solver *s, enum part p, struct challenge **c, size_t n)
{
    int64_t delay = delay_of(s, p), now = clock_mono_ms();
    if (delay <= 0)
        return;
    if (!s->ready_at[p])
        s->ready_at[p] = now + delay;
    for (size_t i = 0; i < n; i++)
        if (c[i]->state == CHAL_READY && now < s->ready_at[p])
            c[i]->state = CHAL_WAITING;
}

static void tell(struct challenge **c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        log_info(ROOM, "[%.*s] acme: use %s solver", STR_ARG(c[i]->ident.value), signet_chal_name(c[i]->type));
        log_info(ROOM, "[%.*s] acme: Trying to solve %s", STR_ARG(c[i]->ident.value),
                 c[i]->type == SIGNET_CHAL_HTTP_01          ? "HTTP-01"
                 : c[i]->type == SIGNET_CHAL_TLS_ALPN_01    ? "TLS-ALPN-01"
                 : c[i]->type == SIGNET_CHAL_DNS_PERSIST_01 ? "DNS-PERSIST-01"
                                                            : "DNS-01");
    }
}

static int present_part(struct solver *s, enum part p, struct challenge **c, size_t n, struct err *e)
{
    tell(c, n);
    int rc = s->ops[p]->present(s->part[p], c, n, e);
    for (size_t i = 0; rc && i < n; i++) {
        c[i]->state = CHAL_FAILED;
        if (!c[i]->err.code && e)
            c[i]->err = *e;
    }
    if (!rc)
        hold(s, p, c, n);
    return rc;
}

static int mix_present(struct solver *s, struct challenge **c, size_t n, struct err *e)
{
    struct challenge **own = calloc(n + 1, sizeof(struct challenge *));
    if (!own)
        return err_nomem(e);
    size_t failed = 0;
    int rc = 0;
    for (enum part p = 0; p < PARTS; p++) {
        size_t k = pick(c, n, p, own);
        if (k && (rc = present_part(s, p, own, k, e)))
            failed += k;
    }
    free(own);
    return failed == n ? rc : 0;
}

/* A part's own step sees only what waits for the part; what waits for the delay is settled here. */
static void step_part(struct solver *s, enum part p, struct challenge **c, size_t n)
{
    if (s->ready_at[p] && clock_mono_ms() < s->ready_at[p])
        return;
    bool ours = s->ready_at[p] != 0;
    for (size_t i = 0; ours && i < n; i++)
        c[i]->state = c[i]->state == CHAL_WAITING && c[i]->priv ? CHAL_READY : c[i]->state;
    size_t waiting = 0;
    for (size_t i = 0; i < n; i++)
        if (c[i]->state == CHAL_WAITING || c[i]->state == CHAL_LEAVING)
            c[waiting++] = c[i];
    if (waiting && s->ops[p]->step)
        s->ops[p]->step(s->part[p], c, waiting);
}

static void mix_step(struct solver *s, struct challenge **c, size_t n)
{
    struct challenge **own = calloc(n + 1, sizeof(struct challenge *));
    for (enum part p = 0; own && p < PARTS; p++) {
        size_t k = pick(c, n, p, own);
        if (k)
            step_part(s, p, own, k);
    }
    free(own);
}

static void mix_cleanup(struct solver *s, struct challenge **c, size_t n)
{
    struct challenge **own = calloc(n + 1, sizeof(struct challenge *));
    for (enum part p = 0; own && p < PARTS; p++) {
        size_t k = pick(c, n, p, own);
        if (k)
            s->ops[p]->cleanup(s->part[p], own, k);
        s->ready_at[p] = 0;
    }
    free(own);
}

static void mix_hint(struct solver *s, const struct challenge *failed, struct buf *to)
{
    enum part p = part_of(failed->type);
    if (s->part[p] && s->ops[p]->hint)
        s->ops[p]->hint(s->part[p], failed, to);
}

/* Which part wrote it stands in the record. */
static int mix_describe(struct solver *s, const struct challenge *c, struct record *ret)
{
    enum part p = part_of(c->type);
    if (!s->part[p] || !s->ops[p]->describe)
        return 0;
    int rc = s->ops[p]->describe(s->part[p], c, ret);
    return rc || !ret->names.n ? rc : record_addz(ret, "part", s->ops[p]->name);
}

static int mix_undo(const struct solver_ctx *ctx, const struct record *r, struct strlist *did, struct err *e)
{
    const char *name = record_get(r, "part");
    const struct solver_ops *ops = name ? solver_find(name) : NULL;
    if (!ops || !ops->undo || ops == &solver_mix)
        return err_set(e, SIGNET_ENOTFOUND, "there is nothing called %s that could", name ? name : "(no name)");
    return ops->undo(ctx, r, did, e);
}

const struct solver_ops solver_mix = {
    .name = "lego",
    .description = "By the challenges of lego's options, each with a solver of its own",
    .types = PREFS_BIT(SIGNET_CHAL_HTTP_01) | PREFS_BIT(SIGNET_CHAL_TLS_ALPN_01) | PREFS_BIT(SIGNET_CHAL_DNS_01),
    .open = mix_open,
    .prefs = mix_prefs,
    .one_by_one = mix_one_by_one,
    .present = mix_present,
    .step = mix_step,
    .cleanup = mix_cleanup,
    .hint = mix_hint,
    .describe = mix_describe,
    .undo = mix_undo,
    .close = mix_close,
};
