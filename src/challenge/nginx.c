/* http-01 by the nginx that runs on this machine (deploy/nginx/answers.h). What a killed run has left is taken back by
 * the checkpoint that was made before the first change, so nothing of it need be in the journal. */
#include "base/log.h"
#include "challenge/prefs.h"
#include "challenge/solvers.h"
#include "deploy/nginx/answers.h"
#include <stdlib.h>

struct solver {
    struct solver_ctx ctx;
};

static int nginx_open(struct solver **ret, const struct solver_ctx *ctx, struct err *e)
{
    struct ngx_server_ctl ctl;
    int rc = ngx_ctl_open(&ctl, ctx->loop, ctx->req, NULL, e);
    if (rc)
        return rc;
    ngx_ctl_close(&ctl);
    struct solver *s = calloc(1, sizeof *s);
    if (!s)
        return err_nomem(e);
    s->ctx = *ctx;
    *ret = s;
    return 0;
}

static void nginx_close(struct solver *s)
{
    free(s);
}

static uint32_t nginx_prefs(struct solver *s, const signet_ident *id, struct err *e)
{
    static const signet_chal usual[] = { SIGNET_CHAL_HTTP_01, SIGNET_CHAL_UNKNOWN };
    return prefs_for(s->ctx.req, PREFS_BIT(SIGNET_CHAL_HTTP_01), usual, id, e);
}

static int put_up(struct solver *s, struct challenge *c)
{
    struct ngx_answer *a = NULL;
    char *name = str_dup(c->ident.value), *token = str_dup(c->token), *auth = str_dup(c->key_auth);
    struct ngx_token t = { name, token, auth };
    int rc = name && token && auth ? ngx_answer_add(&a, s->ctx.loop, s->ctx.req, &t, &c->err) : err_nomem(&c->err);
    free(name);
    free(token);
    free(auth);
    c->priv = a;
    return rc;
}

/* They wait for the first step, so that the challenges of other orders can go into the same reload. */
static int nginx_present(struct solver *s, struct challenge **c, size_t n, struct err *e)
{
    (void)e;
    for (size_t i = 0; i < n; i++)
        c[i]->state = put_up(s, c[i]) ? CHAL_FAILED : CHAL_WAITING;
    return 0;
}

static void nginx_step(struct solver *s, struct challenge **c, size_t n)
{
    (void)s;
    for (size_t i = 0; i < n; i++) {
        if (c[i]->state != CHAL_WAITING || !c[i]->priv)
            continue;
        enum ngx_answer_state state = ngx_answer_step(c[i]->priv, &c[i]->err);
        c[i]->state = state == NGX_ANSWER_UP ? CHAL_READY : state == NGX_ANSWER_FAILED ? CHAL_FAILED : CHAL_WAITING;
    }
}

static void nginx_cleanup(struct solver *s, struct challenge **c, size_t n)
{
    (void)s;
    for (size_t i = 0; i < n; i++) {
        ngx_answer_remove(c[i]->priv);
        c[i]->priv = NULL;
        c[i]->state = CHAL_CLEAN;
    }
}

static void nginx_hint(struct solver *s, const struct challenge *failed, struct buf *to)
{
    buf_addf(to,
             "The CA did not see the answer that was put into nginx for it. nginx on this machine did answer the "
             "challenge when asked from here: check that %.*s points to this machine, and that its port %u can be "
             "reached from the internet.",
             STR_ARG(failed->ident.value), s->ctx.req->http01_port);
}

const struct solver_ops solver_nginx = {
    .name = "nginx",
    .description = "Nginx Web Server plugin",
    .types = PREFS_BIT(SIGNET_CHAL_HTTP_01),
    .open = nginx_open,
    .prefs = nginx_prefs,
    .present = nginx_present,
    .step = nginx_step,
    .cleanup = nginx_cleanup,
    .hint = nginx_hint,
    .close = nginx_close,
};
