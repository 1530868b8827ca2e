/* http-01 by the Apache that runs on this machine (deploy/apache/answers.h). What a killed run has left is taken back
 * by the checkpoint that was made before the first change. */
#include "challenge/prefs.h"
#include "challenge/solvers.h"
#include "deploy/apache/answers.h"
#include <stdlib.h>

struct solver {
    struct solver_ctx ctx;
};

static int apache_open(struct solver **ret, const struct solver_ctx *ctx, struct err *e)
{
    struct apa_server server;
    int rc = apa_server_open(&server, ctx->loop, ctx->req, NULL, e);
    if (rc)
        return rc;
    apa_server_close(&server);
    struct solver *s = calloc(1, sizeof *s);
    if (!s)
        return err_nomem(e);
    s->ctx = *ctx;
    *ret = s;
    return 0;
}

static void apache_close(struct solver *s)
{
    free(s);
}

static uint32_t apache_prefs(struct solver *s, const signet_ident *id, struct err *e)
{
    static const signet_chal usual[] = { SIGNET_CHAL_HTTP_01, SIGNET_CHAL_UNKNOWN };
    return prefs_for(s->ctx.req, PREFS_BIT(SIGNET_CHAL_HTTP_01), usual, id, e);
}

static int put_up(struct solver *s, struct challenge *c)
{
    struct apa_answer *a = NULL;
    char *name = str_dup(c->ident.value), *token = str_dup(c->token), *auth = str_dup(c->key_auth);
    int rc = name && token && auth ? apa_answer_add(&a, s->ctx.loop, s->ctx.req, name, token, auth, &c->err)
                                   : err_nomem(&c->err);
    free(name);
    free(token);
    free(auth);
    c->priv = a;
    return rc;
}

/* They wait for the first step, so that the challenges of other orders can go into the same reload. */
static int apache_present(struct solver *s, struct challenge **c, size_t n, struct err *e)
{
    (void)e;
    for (size_t i = 0; i < n; i++)
        c[i]->state = put_up(s, c[i]) ? CHAL_FAILED : CHAL_WAITING;
    return 0;
}

static void apache_step(struct solver *s, struct challenge **c, size_t n)
{
    (void)s;
    for (size_t i = 0; i < n; i++) {
        if (c[i]->state != CHAL_WAITING || !c[i]->priv)
            continue;
        enum apa_answer_state state = apa_answer_step(c[i]->priv, &c[i]->err);
        c[i]->state = state == APA_ANSWER_UP ? CHAL_READY : state == APA_ANSWER_FAILED ? CHAL_FAILED : CHAL_WAITING;
    }
}

static void apache_cleanup(struct solver *s, struct challenge **c, size_t n)
{
    (void)s;
    for (size_t i = 0; i < n; i++) {
        apa_answer_remove(c[i]->priv);
        c[i]->priv = NULL;
        c[i]->state = CHAL_CLEAN;
    }
}

static void apache_hint(struct solver *s, const struct challenge *failed, struct buf *to)
{
    buf_addf(to,
             "The CA did not see the answer that was put into Apache for it. Apache on this machine did answer the "
             "challenge when asked from here: check that %.*s points to this machine, and that its port %u can be "
             "reached from the internet.",
             STR_ARG(failed->ident.value), s->ctx.req->http01_port);
}

const struct solver_ops solver_apache = {
    .name = "apache",
    .description = "Apache Web Server plugin",
    .types = PREFS_BIT(SIGNET_CHAL_HTTP_01),
    .open = apache_open,
    .prefs = apache_prefs,
    .present = apache_present,
    .step = apache_step,
    .cleanup = apache_cleanup,
    .hint = apache_hint,
    .close = apache_close,
};
