/* Telling web servers of renewed certificates, and of files that were put back. */
#include "base/log.h"
#include "client/install.h"
#include "deploy/transaction.h"
#include "net/child.h"
#include <stdlib.h>

struct renewed_cert {
    struct strlist names;
    char *fullchain, *key;
};

struct renewed_use {
    const struct installer_ops *ops;
    struct request req; /* of the first lineage: where the server is */
    struct renewed_cert *v;
    size_t n;
};

void install_reloads_done(struct install_reloads *x)
{
    for (size_t i = 0; i < x->n; i++) {
        for (size_t k = 0; k < x->v[i].n; k++) {
            strlist_done(&x->v[i].v[k].names);
            free(x->v[i].v[k].fullchain);
            free(x->v[i].v[k].key);
        }
        free(x->v[i].v);
        request_done(&x->v[i].req);
    }
    free(x->v);
    *x = (struct install_reloads){ 0 };
}

static bool same_option(const struct request *a, const struct request *b, const char *key)
{
    return str_eq(str_of(request_plugin_option(a, key)), str_of(request_plugin_option(b, key)));
}

/* An option may name in one lineage what the other means without it: what counts is where both lead. */
static bool same_place(const struct installer_ops *ops, const struct request *a, const struct request *b)
{
    const struct installer_ctx of_a = { .req = a }, of_b = { .req = b };
    RECORD_AUTO(none);
    struct server *x = NULL, *y = NULL;
    bool same = same_option(a, b, "nginx_server_root") && same_option(a, b, "nginx_ctl") &&
                same_option(a, b, "apache_server_root") && same_option(a, b, "apache_ctl");
    if (!same && !ops->find(&x, &of_a, &none, NULL) && !ops->find(&y, &of_b, &none, NULL))
        same = server_same(x, y);
    ops->leave(x);
    ops->leave(y);
    return same;
}

static struct renewed_use *use_of(struct install_reloads *x, const struct installer_ops *ops, const struct request *req)
{
    for (size_t i = 0; i < x->n; i++)
        if (x->v[i].ops == ops && same_place(ops, &x->v[i].req, req))
            return &x->v[i];
    struct renewed_use *v = reallocarray(x->v, x->n + 1, sizeof *v);
    if (!v)
        return NULL;
    x->v = v;
    v[x->n] = (struct renewed_use){ .ops = ops };
    if (request_copy(&v[x->n].req, req))
        return NULL;
    return &v[x->n++];
}

int install_note_use(struct install_reloads *x, const struct request *req)
{
    const struct installer_ops *ops = req->installer ? installer_find(req->installer) : NULL;
    return ops && ops->hsts_raise && !use_of(x, ops, req) ? SIGNET_ENOMEM : 0;
}

int install_note_renewed(struct install_reloads *x, const struct request *req, const struct lineage *l,
                         const struct strlist *names)
{
    const struct installer_ops *ops = req->installer ? installer_find(req->installer) : NULL;
    struct renewed_use *u = ops ? use_of(x, ops, req) : NULL;
    if (!u)
        return ops ? SIGNET_ENOMEM : 0;
    struct renewed_cert *v = reallocarray(u->v, u->n + 1, sizeof *v);
    if (!v)
        return SIGNET_ENOMEM;
    u->v = v;
    v[u->n] = (struct renewed_cert){ .fullchain = str_dup(str_of(l->live[KIND_FULLCHAIN])),
                                     .key = str_dup(str_of(l->live[KIND_PRIVKEY])) };
    if (!v[u->n].fullchain || !v[u->n].key || strlist_copy(&v[u->n].names, names)) {
        free(v[u->n].fullchain);
        free(v[u->n].key);
        return SIGNET_ENOMEM;
    }
    u->n++;
    return 0;
}

/* One reload, then a look at each certificate. The look fails only for names that are installed: a lineage may have
 * names that this server does not serve. */
static int reload_use(struct run *r, const struct renewed_use *u, struct err *e)
{
    struct installer_ctx ctx = { .loop = r->loop, .req = &u->req, .ui = r->ui };
    RECORD_AUTO(none);
    if (!u->n)
        return 0; /* only its max-age may be due */
    ui_say(r->ui, "Reloading %s server after certificate renewal", u->ops->name);
    int rc = installer_reload(u->ops, &ctx, &none, e);
    for (size_t i = 0; !rc && u->ops->served && !r->req->no_verify_deploy && i < u->n; i++) {
        const struct installer_cert c = { .names = &u->v[i].names, .cert = u->v[i].fullchain };
        rc = u->ops->served(&ctx, &c, e);
    }
    return rc;
}

static void raise_hsts(struct run *r, const struct renewed_use *u, bool alone)
{
    STRLIST_AUTO(keys);
    if (!u->ops->hsts_raise || r->req->dry_run || u->req.disable_renew_updates)
        return;
    for (size_t i = 0; i < u->n; i++)
        if (strlist_addz(&keys, u->v[i].key))
            return;
    install_hsts_raise(r, u->ops, &u->req, &keys, alone);
}

int install_reload_all(struct run *r, struct install_reloads *x, struct err *e)
{
    int worst = 0;
    for (size_t i = 0; i < x->n; i++) {
        struct err why = { 0 };
        int rc = reload_use(r, &x->v[i], &why);
        if (!rc) {
            raise_hsts(r, &x->v[i], x->n == 1);
            continue;
        }
        ui_alert(r->ui, "The certificates were renewed, but %s does not serve them yet: %s", x->v[i].ops->name,
                 why.text);
        if (why.hint[0])
            log_warn("client", "%s", why.hint);
        if (!worst && e)
            *e = why;
        worst = rc;
    }
    return worst;
}

/* ---- after a kill ---- */

/* certbot's notes of what it has enabled. */
int install_run_undo(void *ctx, const struct strlist *argv)
{
    struct run *r = ctx;
    struct child_result got = { 0 };
    struct err e = { 0 };
    const struct child_spec spec = { .argv = (const char *const *)argv->v, .timeout_ms = 60000 };
    int rc = child_run(r->loop, &spec, &got, &e);
    if (!rc && got.exit_code)
        rc = SIGNET_ESYS;
    child_result_done(&got);
    return rc;
}

/* The server that an interrupted run has changed. */
struct interrupted {
    struct run *r;
    const struct installer_ops *ops;
    struct server *server; /* locked */
};

static void leave(struct interrupted *x)
{
    if (x->ops)
        x->ops->leave(x->server);
    x->ops = NULL;
    x->server = NULL;
}

static const struct installer_ops *plugin_of(const struct request *q, const struct record *server)
{
    const char *noted = record_get(server, "installer");
    if (noted)
        return installer_find(noted);
    const struct installer_ops *ops = q->installer ? installer_find(q->installer) : NULL;
    return ops ? ops : q->authenticator ? installer_find(q->authenticator) : NULL;
}

/* One that is not there any more is changed by nobody else. */
static int lock_noted(void *ctx, const struct record *server, struct err *e)
{
    struct interrupted *x = ctx;
    struct installer_ctx c = { .loop = x->r->loop, .req = x->r->req, .ui = x->r->ui };
    struct err why = { 0 };
    leave(x);
    x->ops = plugin_of(x->r->req, server);
    if (!x->ops || x->ops->find(&x->server, &c, server, &why))
        return why.code == SIGNET_ENOMEM ? err_nomem(e) : 0;
    return server_lock(x->server, e);
}

static int reload_noted(void *ctx, const struct record *server, struct err *e)
{
    const struct interrupted *x = ctx;
    const char *name = record_get(server, "installer");
    struct installer_ctx c = { .loop = x->r->loop, .req = x->r->req, .ui = x->r->ui };
    return x->ops ? installer_reload(x->ops, &c, server, e)
                  : err_set(e, SIGNET_ENOTFOUND, "there is no plugin %s", name ? name : "?");
}

static int run_undo(void *ctx, const struct strlist *argv)
{
    return install_run_undo(((struct interrupted *)ctx)->r, argv);
}

int install_recover(struct run *r, struct err *e)
{
    STRLIST_AUTO(did);
    bool no_loop = !r->loop;
    const char *work = r->tree->work_dir;
    struct interrupted ctx = { .r = r };
    const struct tx_recovery x = {
        .work_dir = work, .run = run_undo, .lock = lock_noted, .reload = reload_noted, .ctx = &ctx
    };
    if (!checkpoint_exists(work, CHECKPOINT_TEMPORARY) && !checkpoint_exists(work, CHECKPOINT_CHANGE))
        return 0;
    int rc = no_loop ? loop_new(&r->loop, e) : 0;
    struct err why = { 0 };
    if (!rc)
        rc = transaction_recover(&x, &did, &why);
    leave(&ctx);
    if (rc == SIGNET_EBUSY) {
        log_warn("client", "%s. The next run takes back what an interrupted one has changed there.", why.text);
        rc = 0;
    } else if (rc && why.code && rc != SIGNET_ECANCELED && rc != SIGNET_ENOMEM) {
        /* It must not keep certificates from being renewed; whoever changes a web server next is refused. */
        log_error("client", "%s. Please look at it: the files that a web server had are there.", why.text);
        rc = 0;
    } else if (rc && why.code && e) {
        *e = why;
    }
    for (size_t i = 0; i < did.n; i++)
        log_warn("client", "%s", did.v[i]);
    if (no_loop) {
        loop_free(r->loop);
        r->loop = NULL;
    }
    return rc;
}
