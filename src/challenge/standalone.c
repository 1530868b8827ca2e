#include "challenge/ports.h"
#include "challenge/prefs.h"
#include "challenge/solvers.h"
#include "client/ui.h"
#include <stdlib.h>

struct solver {
    struct solver_ctx ctx;
    unsigned hits; /* requests for a file that came in while one of ours was up */
};

#define ABLE (PREFS_BIT(SIGNET_CHAL_HTTP_01) | PREFS_BIT(SIGNET_CHAL_TLS_ALPN_01))

static int standalone_open(struct solver **ret, const struct solver_ctx *ctx, struct err *e)
{
    struct solver *s = calloc(1, sizeof *s);
    if (!s)
        return err_nomem(e);
    s->ctx = *ctx;
    *ret = s;
    return 0;
}

static void standalone_close(struct solver *s)
{
    free(s);
}

static uint32_t standalone_prefs(struct solver *s, const signet_ident *id, struct err *e)
{
    static const signet_chal usual[] = { SIGNET_CHAL_HTTP_01, SIGNET_CHAL_TLS_ALPN_01, SIGNET_CHAL_UNKNOWN };
    return prefs_for(s->ctx.req, ABLE, usual, id, e);
}

static struct port_spec port_of(const struct solver *s, const struct challenge *c)
{
    const struct request *r = s->ctx.req;
    if (c->type == SIGNET_CHAL_HTTP_01)
        return (struct port_spec){ .loop = s->ctx.loop,
                                   .kind = PORT_HTTP,
                                   .address = r->http01_address,
                                   .port = r->http01_port,
                                   .header = str_of(r->lego.http_proxy_header),
                                   .host = r->lego.http_proxy_header ? c->ident.value : STR("") };
    return (struct port_spec){
        .loop = s->ctx.loop, .kind = PORT_ALPN, .address = r->tls_alpn01_address, .port = r->tls_alpn01_port
    };
}

/* What the port is asked for: a token or a name. */
static signet_ident key_of(const struct challenge *c)
{
    return c->type == SIGNET_CHAL_HTTP_01 ? (signet_ident){ SIGNET_IDENT_DNS, c->token } : c->ident;
}

/* A person at the terminal can stop the program that has the port. */
static bool ask_retry(struct solver *s, const struct err *why)
{
    struct ui *ui = s->ctx.ui;
    bool again = false;
    struct err e = { 0 };
    if (why->code != SIGNET_EBUSY || !ui || !ui->interactive)
        return false;
    BUF_AUTO(question, sizeof why->text + sizeof why->hint);
    buf_addf(&question, why->hint[0] ? "%s\n%s" : "%s", why->text, why->hint);
    return ui->ops->yesno(ui, buf_z(&question), "Retry", "Cancel", NULL, &again, &e) == 0 && again;
}

static void put_up(struct solver *s, struct challenge *c)
{
    struct port_spec where = port_of(s, c);
    signet_ident key = key_of(c);
    struct answer *a = NULL;
    int rc;
    if (!(ABLE & PREFS_BIT(c->type))) {
        err_set(&c->err, SIGNET_EINVAL, "standalone cannot do %s", signet_chal_name(c->type));
        c->state = CHAL_FAILED;
        return;
    }
    do {
        err_clear(&c->err);
        rc = answer_add(&a, &where, &key, c->key_auth, &c->err);
    } while (rc && ask_retry(s, &c->err));
    c->state = rc ? CHAL_FAILED : CHAL_READY;
    if (!rc)
        c->priv = a;
}

/* Another order has one of these names up with another answer (two accounts, one name): tls-alpn-01 can show only one
 * at a time. All of ours wait then, and hold none meanwhile, so that two orders never wait for each other. */
static bool must_wait(const struct solver *s, struct challenge *const *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (c[i]->type != SIGNET_CHAL_TLS_ALPN_01)
            continue;
        struct port_spec where = port_of(s, c[i]);
        if (answer_busy(&where, &c[i]->ident, c[i]->key_auth))
            return true;
    }
    return false;
}

static int standalone_present(struct solver *s, struct challenge **c, size_t n, struct err *e)
{
    bool wait = must_wait(s, c, n);
    size_t failed = 0;
    for (size_t i = 0; i < n; i++) {
        if (wait && c[i]->type == SIGNET_CHAL_TLS_ALPN_01) {
            c[i]->state = CHAL_WAITING;
            continue;
        }
        /* What stopped the first from having the port would stop the others: a person is asked once. */
        bool same_port = failed && i && c[i - 1]->state == CHAL_FAILED && c[i - 1]->type == c[i]->type;
        if (same_port) {
            c[i]->state = CHAL_FAILED;
            c[i]->err = c[i - 1]->err;
        } else {
            put_up(s, c[i]);
        }
        failed += c[i]->state == CHAL_FAILED;
    }
    if (!n || failed < n)
        return 0;
    if (e)
        *e = c[0]->err;
    return c[0]->err.code;
}

static void standalone_step(struct solver *s, struct challenge **c, size_t n)
{
    if (must_wait(s, c, n))
        return;
    for (size_t i = 0; i < n; i++)
        if (c[i]->state == CHAL_WAITING)
            put_up(s, c[i]);
}

static void standalone_cleanup(struct solver *s, struct challenge **c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct answer *a = c[i]->priv;
        if (a && answer_hits(a) > s->hits)
            s->hits = answer_hits(a);
        answer_remove(a);
        c[i]->priv = NULL;
        c[i]->state = CHAL_CLEAN;
    }
}

static void standalone_hint(struct solver *s, const struct challenge *failed, struct buf *to)
{
    struct port_spec where = port_of(s, failed);
    bool http = failed->type == SIGNET_CHAL_HTTP_01;
    buf_addf(to, "The Certificate Authority could not %s from the temporary server that was listening on ",
             http ? "fetch the challenge file" : "get the challenge certificate");
    if (where.address && *where.address)
        buf_addf(to, strchr(where.address, ':') ? "[%s]:%u. " : "%s:%u. ", where.address, where.port);
    else
        buf_addf(to, "port %u. ", where.port);
    if (http && !s->hits)
        buf_addz(to, "No request for the file reached it. ");
    buf_addf(to,
             "Check that the name points to this machine, that no firewall or other web server stands in between, and "
             "that port %s can be reached from the internet.",
             http ? "80" : "443");
}

const struct solver_ops solver_standalone = {
    .name = "standalone",
    .description = "Answer the CA from a small server of our own for as long as it takes (port 80 or 443 must be free)",
    .types = ABLE,
    .open = standalone_open,
    .prefs = standalone_prefs,
    .present = standalone_present,
    .step = standalone_step,
    .cleanup = standalone_cleanup,
    .hint = standalone_hint,
    .close = standalone_close,
};
