/* nginx as an installer: the plan of this room, made real by a transaction. */
#include "base/fs.h"
#include "base/log.h"
#include "client/ui.h"
#include "crypto/cert.h"
#include "crypto/digest.h"
#include "deploy/installers.h"
#include "deploy/nginx/server.h"
#include "deploy/nginx/ssl_files.h"
#include "deploy/transaction.h"
#include <fcntl.h>
#include <stdlib.h>

#define PATH_BYTES_MAX 8192u

struct installer {
    struct installer_ctx ctx;
    struct ngx_server_ctl ctl;
    struct ngx_plan plan;
    struct changes changes; /* only its notes are used before save */
    struct ngx_proof *proof;
    size_t n_proofs;
    bool planned_tls;
};

static void nginx_close(struct installer *s)
{
    if (!s)
        return;
    ngx_plan_close(&s->plan);
    ngx_ctl_close(&s->ctl);
    changes_done(&s->changes);
    free(s->proof);
    free(s);
}

static int prepare(struct installer *s, struct err *e)
{
    int rc = ngx_ctl_open(&s->ctl, s->ctx.loop, s->ctx.req, NULL, e);
    if (!rc)
        rc = ngx_ctl_lock(&s->ctl, e);
    if (!rc && (rc = ngx_ctl_test(&s->ctl, e)))
        err_hint(e, "It was like that before anything was changed. Please mend it and try again.");
    if (!rc)
        rc = ngx_plan_open(&s->plan, s->ctl.conf, e);
    s->plan.changes = &s->changes;
    s->plan.http_port = s->ctx.req->http01_port;
    s->plan.https_port = s->ctx.req->https_port;
    return rc ? rc : ngx_ctl_learn(&s->ctl, &s->plan.conf);
}

static int nginx_open(struct installer **ret, const struct installer_ctx *ctx, struct err *e)
{
    struct installer *s = calloc(1, sizeof *s);
    if (!s)
        return err_nomem(e);
    *s = (struct installer){ .ctx = *ctx, .changes = CHANGES_INIT };
    int rc = prepare(s, e);
    if (rc)
        nginx_close(s);
    else
        *ret = s;
    return rc;
}

static int nginx_names(struct installer *s, struct strlist *ret, struct err *e)
{
    return ngx_plan_names(&s->plan, ret) ? err_nomem(e) : 0;
}

/* ---- wildcards ---- */

static bool is_under(signet_str name, signet_str wild)
{
    signet_str label, rest;
    return str_cut(name, '.', &label, &rest) && label.n && !str_eq(label, STR("*")) && str_eq(rest, str_skip(wild, 2));
}

/* A wildcard that no server has as its name means all the names under it. */
static int expand(struct installer *s, const struct strlist *names, struct strlist *to, struct err *e)
{
    STRLIST_AUTO(all);
    uint32_t found[NGX_HITS_MAX];
    if (ngx_plan_names(&s->plan, &all))
        return err_nomem(e);
    for (size_t i = 0; i < names->n; i++) {
        signet_str name = str_of(names->v[i]);
        size_t before = to->n;
        bool wild = str_starts(name, STR("*.")) && !ngx_targets(&s->plan, name, found);
        for (size_t k = 0; wild && k < all.n; k++)
            if (is_under(str_of(all.v[k]), name) && strlist_add_new(to, str_of(all.v[k])))
                return err_nomem(e);
        if (wild && to->n == before)
            return err_set(e, SIGNET_ENOTFOUND, "No server block has a name that %s covers.", names->v[i]);
        if (!wild && strlist_add_new(to, name))
            return err_nomem(e);
    }
    return 0;
}

/* ---- planning ---- */

static int config_path(const struct installer *s, const char *name, struct buf *to, struct err *e)
{
    fs_join(to, s->ctx.req->config_dir, name);
    return buf_err(to) ? err_nomem(e) : 0;
}

/* The file for each name that was asked for: that of the first that it stands for. */
static int tell_where(struct installer *s, const struct strlist *names, struct strlist *where, struct err *e)
{
    for (size_t i = 0; i < names->n; i++) {
        STRLIST_AUTO(one);
        STRLIST_AUTO(list);
        uint32_t found[NGX_HITS_MAX];
        int rc = strlist_addz(&one, names->v[i]) ? err_nomem(e) : expand(s, &one, &list, e);
        if (rc || !list.n)
            return rc;
        uint32_t n = ngx_targets(&s->plan, str_of(list.v[0]), found);
        const char *file = n ? s->plan.conf.file[s->plan.servers.v[found[0]].at.file].path : s->ctl.conf;
        if (strlist_addz(where, file))
            return err_nomem(e);
    }
    return 0;
}

static int nginx_deploy(struct installer *s, const struct installer_cert *c, struct strlist *where, struct err *e)
{
    STRLIST_AUTO(names);
    STRLIST_AUTO(files);
    BUF_AUTO(options, PATH_BYTES_MAX);
    BUF_AUTO(dhparam, PATH_BYTES_MAX);
    s->plan.e = e;
    int rc = config_path(s, SSL_OPTIONS_NGINX, &options, e);
    if (!rc)
        rc = config_path(s, SSL_DHPARAM, &dhparam, e);
    if (!rc)
        rc = expand(s, c->names, &names, e);
    struct ngx_wish w = { .names = &names,
                          .cert = c->cert,
                          .key = c->key,
                          .chain = c->chain,
                          .options = buf_z(&options),
                          .dhparam = buf_z(&dhparam) };
    if (!rc)
        rc = ngx_plan_install(&s->plan, &w, &files);
    s->planned_tls = true;
    return rc ? rc : tell_where(s, c->names, where, e);
}

static int nginx_enhance(struct installer *s, const struct installer_cert *c, enum enhancement what, bool *ret_new,
                         struct err *e)
{
    STRLIST_AUTO(names);
    int rc = expand(s, c->names, &names, e);
    size_t notes = s->changes.notes.n;
    s->plan.e = e;
    if (rc)
        return rc;
    switch (what) {
    case ENHANCE_REDIRECT:
        rc = ngx_plan_redirect(&s->plan, &names);
        *ret_new = s->changes.notes.n > notes;
        return rc;
    case ENHANCE_HSTS:
        return ngx_plan_extra(&s->plan, &names, NGX_HSTS, NULL, ret_new);
    case ENHANCE_UIR:
        return ngx_plan_extra(&s->plan, &names, NGX_UIR, NULL, ret_new);
    case ENHANCE_STAPLE:
        if (!c->chain)
            return err_set(e, SIGNET_EINVAL, "For OCSP stapling nginx needs the chain, too: give --chain-path.");
        return ngx_plan_extra(&s->plan, &names, NGX_STAPLE, c->chain, ret_new);
    case ENHANCEMENTS:
        break;
    }
    return SIGNET_EINVAL;
}

static int nginx_diff(struct installer *s, struct buf *to, struct err *e)
{
    struct changes c = CHANGES_INIT;
    s->plan.e = e;
    int rc = ngx_plan_changes(&s->plan, &c);
    if (!rc)
        changes_diff(&c, to);
    changes_done(&c);
    return rc;
}

/* ---- making it real ---- */

static int read_proof(const struct installer_cert *c, struct ngx_proof *ret, struct err *e)
{
    BUF_AUTO(pem, CHAIN_MAX_BYTES);
    BUF_AUTO(der, CHAIN_MAX_BYTES);
    struct cert_info info = { 0 };
    int rc = fs_read(AT_FDCWD, c->cert, &pem, e);
    if (!rc)
        rc = cert_to_der(buf_str(&pem), &der, e);
    if (!rc && (rc = cert_read(&info, buf_str(&pem), e)) == 0) {
        ret->key = info.key_type == KEY_RSA ? PROBE_RSA : PROBE_EC;
        cert_info_done(&info);
    }
    if (!rc && digest_sha256(buf_str(&der), ret->sha256))
        rc = err_set(e, SIGNET_ECRYPTO, "no SHA-256");
    return rc ? err_wrap(e, "%s", c->cert) : 0;
}

static int learn_proof(struct installer *s, const struct installer_cert *c, struct strlist *names, struct err *e)
{
    struct ngx_proof one = { 0 };
    int rc = expand(s, c->names, names, e);
    if (!rc)
        rc = read_proof(c, &one, e);
    if (rc)
        return rc;
    free(s->proof);
    s->n_proofs = 0;
    s->proof = calloc(names->n + 1, sizeof *s->proof);
    if (!s->proof)
        return err_nomem(e);
    for (size_t i = 0; i < names->n; i++) {
        s->proof[i] = one;
        s->proof[i].name = names->v[i];
    }
    s->n_proofs = names->n;
    return 0;
}

static int on_test(void *ctx, struct err *e)
{
    struct installer *s = ctx;
    return ngx_ctl_test(&s->ctl, e);
}

static int on_reload(void *ctx, struct err *e)
{
    struct installer *s = ctx;
    return ngx_ctl_reload(&s->ctl, e);
}

static int on_prove(void *ctx, struct err *e)
{
    struct installer *s = ctx;
    return ngx_ctl_prove(&s->ctl, &s->plan, s->proof, s->n_proofs, e);
}

static int nginx_save(struct installer *s, const char *title, const struct installer_cert *prove, struct err *e)
{
    STRLIST_AUTO(names);
    RECORD_AUTO(server);
    bool look = prove && !s->ctx.req->no_verify_deploy;
    s->plan.e = e;
    int rc = ngx_plan_changes(&s->plan, &s->changes);
    if (!rc && s->planned_tls && s->changes.n)
        rc = ssl_files_put(s->ctx.req->config_dir, e);
    if (!rc && look)
        rc = learn_proof(s, prove, &names, e);
    if (!rc && ngx_ctl_describe(&s->ctl, &server))
        rc = err_nomem(e);
    struct transaction t = { .loop = s->ctx.loop,
                             .work_dir = s->ctx.req->work_dir,
                             .title = title,
                             .server = &server,
                             .ops = { s, on_test, on_reload, look ? on_prove : NULL } };
    if (!rc)
        rc = transaction_run(&t, &s->changes, e);
    changes_done(&s->changes);
    if (!rc)
        ngx_plan_settled(&s->plan);
    return rc;
}

static int nginx_reload(const struct installer_ctx *ctx, const struct record *server, struct err *e)
{
    struct ngx_server_ctl ctl = { 0 };
    struct ngx_conf conf = { 0 };
    int rc = ngx_ctl_open(&ctl, ctx->loop, ctx->req, server, e);
    if (!rc && ngx_conf_load(&conf, ctl.conf, NULL) == 0) /* if it cannot be read, nginx will say why */
        (void)ngx_ctl_learn(&ctl, &conf);
    ngx_conf_done(&conf);
    if (!rc && !(rc = ngx_ctl_reload(&ctl, e)))
        ngx_ctl_settle(&ctl);
    ngx_ctl_close(&ctl);
    return rc;
}

/* Names of servers whose certificate file is this one. */
static int served_names(struct installer *s, const struct installer_cert *c, struct strlist *to, struct err *e)
{
    STRLIST_AUTO(all);
    uint32_t found[NGX_HITS_MAX];
    struct ngx_at at;
    if (expand(s, c->names, &all, &(struct err){ 0 }))
        return 0; /* nothing of it is here */
    for (size_t i = 0; i < all.n; i++) {
        uint32_t n = ngx_targets(&s->plan, str_of(all.v[i]), found);
        if (n && ngx_find_in(&s->plan.conf, s->plan.servers.v[found[0]].at, "ssl_certificate", &at) &&
            ngx_value_is(ngx_tree_of(&s->plan.conf, at), ngx_node_of(&s->plan.conf, at), 1, c->cert) &&
            strlist_addz(to, all.v[i]))
            return err_nomem(e);
    }
    return 0;
}

static int nginx_served(const struct installer_ctx *ctx, const struct installer_cert *c, struct err *e)
{
    STRLIST_AUTO(names);
    STRLIST_AUTO(kept);
    struct installer s = { .ctx = *ctx, .changes = CHANGES_INIT };
    int rc = ngx_ctl_open(&s.ctl, ctx->loop, ctx->req, NULL, e);
    if (!rc)
        rc = ngx_plan_open(&s.plan, s.ctl.conf, e);
    s.plan.http_port = ctx->req->http01_port;
    s.plan.https_port = ctx->req->https_port;
    if (!rc)
        rc = ngx_ctl_learn(&s.ctl, &s.plan.conf);
    if (!rc)
        rc = served_names(&s, c, &names, e);
    const struct installer_cert found = { .names = &names, .cert = c->cert };
    struct ngx_proof *proof = NULL;
    if (!rc && names.n)
        rc = learn_proof(&s, &found, &kept, e);
    proof = s.proof;
    if (!rc && names.n)
        rc = ngx_ctl_prove(&s.ctl, &s.plan, proof, s.n_proofs, e);
    ngx_plan_close(&s.plan);
    ngx_ctl_close(&s.ctl);
    changes_done(&s.changes);
    free(proof);
    return rc;
}

const struct installer_ops installer_nginx = {
    .name = "nginx",
    .description = "Nginx Web Server plugin",
    .enhancements = 1u << ENHANCE_REDIRECT | 1u << ENHANCE_HSTS | 1u << ENHANCE_UIR | 1u << ENHANCE_STAPLE,
    .open = nginx_open,
    .names = nginx_names,
    .deploy = nginx_deploy,
    .enhance = nginx_enhance,
    .diff = nginx_diff,
    .save = nginx_save,
    .close = nginx_close,
    .reload = nginx_reload,
    .served = nginx_served,
};
