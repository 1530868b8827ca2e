/* http-01 through memcached: a web server on whatever machine gives out what stands there under the path of the
 * challenge. The entry lives for a minute, as lego has it, and is taken away earlier when the challenge is over. */
#include "base/log.h"
#include "challenge/prefs.h"
#include "challenge/solvers.h"
#include "talker/put.h"
#include <stdlib.h>

#define ROOM         "challenge"
#define PATH         "/.well-known/acme-challenge/"
#define LIFE_S       60
#define DEFAULT_PORT 11211

struct solver {
    struct solver_ctx ctx;
    struct put_line *line; /* opened with the first challenge */
};

static int split(const char *given, struct buf *host, unsigned *port, struct err *e)
{
    signet_str s = str_of(given);
    const char *colon = s.n ? memrchr(s.p, ':', s.n) : NULL;
    bool bare_six = colon && memchr(s.p, ':', (size_t)(colon - s.p)) && s.p[0] != '[';
    uint64_t number = DEFAULT_PORT;
    signet_str h = s;
    if (colon && !bare_six && !str_ends(s, STR("]"))) {
        h = (signet_str){ s.p, (size_t)(colon - s.p) };
        if (str_u64(str_skip(s, h.n + 1), 65535, &number) || !number)
            return err_set(e, SIGNET_EINVAL, "--http.memcached-host %.200s: what stands behind the colon is no port.",
                           given);
    }
    if (str_starts(h, STR("[")) && str_ends(h, STR("]")))
        h = (signet_str){ h.p + 1, h.n - 2 };
    if (!h.n)
        return err_set(e, SIGNET_EINVAL, "--http.memcached-host %.200s: host:port is wanted.", given);
    buf_clear(host);
    buf_add(host, h);
    *port = (unsigned)number;
    return 0;
}

static int memcached_open(struct solver **ret, const struct solver_ctx *ctx, struct err *e)
{
    const struct strlist *hosts = &ctx->req->lego.http_memcached_hosts;
    struct solver *s = calloc(1, sizeof *s);
    int rc = 0;
    if (!s)
        return err_nomem(e);
    for (size_t i = 0; !rc && i < hosts->n; i++) {
        BUF_AUTO(host, 512);
        unsigned port;
        rc = split(hosts->v[i], &host, &port, e);
    }
    if (rc) {
        free(s);
        return rc;
    }
    s->ctx = *ctx;
    *ret = s;
    return 0;
}

static void memcached_close(struct solver *s)
{
    put_close(s->line);
    free(s);
}

static uint32_t memcached_prefs(struct solver *s, const signet_ident *id, struct err *e)
{
    static const signet_chal usual[] = { SIGNET_CHAL_HTTP_01, SIGNET_CHAL_UNKNOWN };
    return prefs_for(s->ctx.req, PREFS_BIT(SIGNET_CHAL_HTTP_01), usual, id, e);
}

/* Tokens are base64url (the conductor has checked it): nothing in the line can end it early. */
static void command(struct buf *to, const struct challenge *c, bool set)
{
    if (set)
        buf_addf(to, "set " PATH "%.*s 0 %d %zu\r\n%.*s\r\n", STR_ARG(c->token), LIFE_S, c->key_auth.n,
                 STR_ARG(c->key_auth));
    else
        buf_addf(to, "delete " PATH "%.*s\r\n", STR_ARG(c->token));
}

static int tell_host(struct solver *s, const char *given, const struct buf *text, const char *want, struct err *e)
{
    BUF_AUTO(host, 512);
    BUF_AUTO(line, 4096);
    unsigned port = 0;
    int rc = split(given, &host, &port, e);
    if (!rc && !s->line)
        rc = put_open(&s->line, s->ctx.loop, s->ctx.req->require_sandbox, e);
    if (!rc && (rc = put_tcp(s->line, buf_z(&host), port, buf_str(text), &line, e)))
        return err_wrap(e, "memcached %s", given);
    if (rc || !want || !strcmp(buf_z(&line), want))
        return rc;
    return err_set(e, SIGNET_EPROTO, "memcached %s: it answered \"%s\", not %s", given, buf_z(&line), want);
}

/* One host that has it is enough, as with lego; the others are told of. */
static void put_up(struct solver *s, struct challenge *c)
{
    const struct strlist *hosts = &s->ctx.req->lego.http_memcached_hosts;
    BUF_AUTO(text, 8192);
    size_t good = 0;
    command(&text, c, true);
    for (size_t i = 0; i < hosts->n; i++) {
        struct err e = { 0 };
        if (!buf_err(&text) && !tell_host(s, hosts->v[i], &text, "STORED", &e)) {
            good++;
            continue;
        }
        log_warn(ROOM, "%s", e.text);
        c->err = e;
    }
    c->state = good ? CHAL_READY : CHAL_FAILED;
    c->priv = good ? s : NULL;
    if (good)
        err_clear(&c->err);
}

static int memcached_present(struct solver *s, struct challenge **c, size_t n, struct err *e)
{
    (void)e;
    for (size_t i = 0; i < n; i++)
        put_up(s, c[i]);
    return 0;
}

static void memcached_cleanup(struct solver *s, struct challenge **c, size_t n)
{
    const struct strlist *hosts = &s->ctx.req->lego.http_memcached_hosts;
    for (size_t i = 0; i < n; i++) {
        BUF_AUTO(text, 8192);
        command(&text, c[i], false);
        for (size_t k = 0; c[i]->priv && k < hosts->n; k++) {
            struct err e = { 0 };
            if (tell_host(s, hosts->v[k], &text, NULL, &e))
                log_debug(ROOM, "%s", e.text); /* it ends by itself */
        }
        c[i]->priv = NULL;
        c[i]->state = CHAL_CLEAN;
    }
}

static void memcached_hint(struct solver *s, const struct challenge *failed, struct buf *to)
{
    (void)s;
    buf_addf(to,
             "The answer stood in memcached under " PATH
             "%.*s. Check that the web server of %.*s gives out what stands there.",
             STR_ARG(failed->token), STR_ARG(failed->ident.value));
}

const struct solver_ops solver_memcached = {
    .name = "memcached",
    .description = "Put the CA's answer into memcached, for a web server to give out",
    .types = PREFS_BIT(SIGNET_CHAL_HTTP_01),
    .open = memcached_open,
    .prefs = memcached_prefs,
    .present = memcached_present,
    .cleanup = memcached_cleanup,
    .hint = memcached_hint,
    .close = memcached_close,
};
