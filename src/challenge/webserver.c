/* http-01 by the web server that runs on this machine (deploy/answers.h). What a killed run has left is taken back by
 * the checkpoint that was made before the first change, so nothing of it need be in the journal. */
#include "challenge/prefs.h"
#include "challenge/solvers.h"
#include "deploy/apache/answers.h"
#include "deploy/nginx/answers.h"
#include <stdio.h>
#include <stdlib.h>

struct solver {
    struct solver_ctx ctx;
    const struct web_answer_ops *ops;
    char name[16]; /* of the server, for people */
};

static int open_by(struct solver **ret, const struct web_answer_ops *ops, const struct solver_ctx *ctx, struct err *e)
{
    struct server *server = NULL;
    int rc = ops->open(&server, ctx->loop, ctx->req, e);
    if (rc)
        return rc;
    struct solver *s = calloc(1, sizeof *s);
    if (s) {
        *s = (struct solver){ .ctx = *ctx, .ops = ops };
        (void)snprintf(s->name, sizeof s->name, "%s", server->ops->name);
        *ret = s;
    }
    ops->close(server);
    return s ? 0 : err_nomem(e);
}

static int nginx_open(struct solver **ret, const struct solver_ctx *ctx, struct err *e)
{
    return open_by(ret, &ngx_answer_ops, ctx, e);
}

static int apache_open(struct solver **ret, const struct solver_ctx *ctx, struct err *e)
{
    return open_by(ret, &apa_answer_ops, ctx, e);
}

static void on_close(struct solver *s)
{
    free(s);
}

static uint32_t on_prefs(struct solver *s, const signet_ident *id, struct err *e)
{
    static const signet_chal usual[] = { SIGNET_CHAL_HTTP_01, SIGNET_CHAL_UNKNOWN };
    return prefs_for(s->ctx.req, PREFS_BIT(SIGNET_CHAL_HTTP_01), usual, id, e);
}

static int put_up(struct solver *s, struct challenge *c)
{
    struct web_answer *a = NULL;
    int rc = web_answer_add(&a, s->ops, s->ctx.loop, s->ctx.req, c->ident.value, c->token, c->key_auth, &c->err);
    c->priv = a;
    return rc;
}

/* They wait for the first step, so that the challenges of other orders can go into the same reload. */
static int on_present(struct solver *s, struct challenge **c, size_t n, struct err *e)
{
    (void)e;
    for (size_t i = 0; i < n; i++)
        c[i]->state = put_up(s, c[i]) ? CHAL_FAILED : CHAL_WAITING;
    return 0;
}

static enum chal_state state_of(enum web_answer_state s)
{
    return s == WEB_ANSWER_UP ? CHAL_READY : s == WEB_ANSWER_FAILED ? CHAL_FAILED : CHAL_WAITING;
}

static void on_step(struct solver *s, struct challenge **c, size_t n)
{
    (void)s;
    for (size_t i = 0; i < n; i++)
        if (c[i]->state == CHAL_WAITING && c[i]->priv)
            c[i]->state = state_of(web_answer_step(c[i]->priv, &c[i]->err));
}

static void on_cleanup(struct solver *s, struct challenge **c, size_t n)
{
    (void)s;
    for (size_t i = 0; i < n; i++) {
        web_answer_remove(c[i]->priv);
        c[i]->priv = NULL;
        c[i]->state = CHAL_CLEAN;
    }
}

static void on_hint(struct solver *s, const struct challenge *failed, struct buf *to)
{
    buf_addf(
        to,
        "The CA did not see the answer that was put into %s for it. %s on this machine did answer the challenge when "
        "asked from here: check that %.*s points to this machine, and that its port %u can be reached from the "
        "internet.",
        s->name, s->name, STR_ARG(failed->ident.value), s->ctx.req->http01_port);
}

/* One row for each server. */
#define SOLVER(plugin, people)                                                                                         \
    const struct solver_ops solver_##plugin = {                                                                        \
        .name = #plugin,                                                                                               \
        .description = people " Web Server plugin",                                                                    \
        .types = PREFS_BIT(SIGNET_CHAL_HTTP_01),                                                                       \
        .open = plugin##_open,                                                                                         \
        .prefs = on_prefs,                                                                                             \
        .present = on_present,                                                                                         \
        .step = on_step,                                                                                               \
        .cleanup = on_cleanup,                                                                                         \
        .hint = on_hint,                                                                                               \
        .close = on_close,                                                                                             \
    }
SOLVER(nginx, "Nginx");
SOLVER(apache, "Apache");
