/* nginx as an installer: the plan of this room, made real by a transaction. */
#include "base/fs.h"
#include "base/log.h"
#include "client/ui.h"
#include "deploy/installation.h"
#include "deploy/installers.h"
#include "deploy/nginx/server.h"
#include "deploy/nginx/ssl_files.h"
#include "deploy/transaction.h"
#include <fcntl.h>
#include <stdlib.h>

#define NAME_SHOWN 255u

struct installer {
    struct installer_ctx ctx;
    struct ngx_server_ctl ctl;
    struct ngx_plan plan;
    struct changes changes; /* only its notes are used before save */
    struct server_proof *proof;
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
        rc = server_begin(&s->ctl.base, e);
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

static bool has_server(void *ctx, const char *name)
{
    struct installer *s = ctx;
    uint32_t found[NGX_HITS_MAX];
    return ngx_targets(&s->plan, str_of(name), found);
}

static int expand(struct installer *s, const struct strlist *names, struct strlist *to, struct err *e)
{
    STRLIST_AUTO(all);
    return ngx_plan_names(&s->plan, &all) ? err_nomem(e) : installation_names(names, &all, has_server, s, to, e);
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

/* A line of the menu: where the block is, and its names. */
static int describe(const struct installer *s, uint32_t server, struct strlist *to)
{
    const struct ngx_servers *all = &s->plan.servers;
    const struct ngx_server *v = &all->v[server];
    const struct ngx_file *f = &s->plan.conf.file[v->at.file];
    const struct ngx_node *block = ngx_node_of(&s->plan.conf, v->at);
    BUF_AUTO(line, SERVER_PATH_MAX);
    buf_addf(&line, "%s:%u", f->path, ngx_line(&f->tree, f->tree.word[block->word].at));
    for (uint32_t i = v->name; i < v->name + v->n_names; i++) {
        const struct ngx_name *n = &all->name[i];
        signet_str word = ngx_raw(ngx_tree_of(&s->plan.conf, n->at), ngx_node_of(&s->plan.conf, n->at), n->word);
        buf_addc(&line, ' ');
        buf_add_escaped(&line, word, NAME_SHOWN);
    }
    return strlist_add(to, buf_str(&line));
}

static int on_choose(void *ctx, const struct strlist *names, uint32_t *ret, struct err *e)
{
    struct installer *s = ctx;
    STRLIST_AUTO(lines);
    BUF_AUTO(question, SERVER_PATH_MAX);
    size_t choice = 0;
    for (uint32_t i = 0; i < s->plan.servers.n; i++)
        if (describe(s, i, &lines))
            return err_nomem(e);
    buf_addz(&question, "No server block has the name ");
    strlist_join(names, " or ", &question);
    buf_addz(&question, ". Which one shall it get a copy of?");
    int rc = s->ctx.ui->ops->menu(s->ctx.ui, buf_z(&question), (const char *const *)lines.v, lines.n, NULL, &choice, e);
    if (!rc)
        *ret = (uint32_t)choice;
    return rc;
}

static int nginx_deploy(struct installer *s, const struct installer_cert *c, struct strlist *where, struct err *e)
{
    STRLIST_AUTO(names);
    STRLIST_AUTO(files);
    BUF_AUTO(options, SERVER_PATH_MAX);
    BUF_AUTO(dhparam, SERVER_PATH_MAX);
    s->plan.e = e;
    s->plan.choose = s->ctx.ui && s->ctx.ui->interactive ? on_choose : NULL;
    s->plan.ctx = s;
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
    case ENHANCE_AUTO_HSTS: /* certbot has it for Apache only */
    case ENHANCEMENTS:
        break;
    }
    return SIGNET_EINVAL;
}

/* Also the settings that the servers include, when those of before are outdated. */
static int all_changes(struct installer *s, struct changes *c, struct err *e)
{
    s->plan.e = e;
    int rc = ngx_plan_changes(&s->plan, c);
    return !rc && s->planned_tls && c->n ? ssl_files_renew(s->ctx.req->config_dir, c, e) : rc;
}

static int nginx_diff(struct installer *s, struct buf *to, struct err *e)
{
    struct changes c = CHANGES_INIT;
    int rc = all_changes(s, &c, e);
    if (!rc)
        changes_diff(&c, to);
    changes_done(&c);
    return rc;
}

/* ---- making it real ---- */

static int learn_proof(struct installer *s, const struct installer_cert *c, struct strlist *names, struct err *e)
{
    int rc = expand(s, c->names, names, e);
    free(s->proof);
    s->proof = NULL;
    s->n_proofs = names->n;
    return rc ? rc : installation_proofs(c->cert, names, &s->proof, e);
}

static int on_prove(void *ctx, struct err *e)
{
    struct installer *s = ctx;
    return ngx_ctl_prove(&s->ctl, &s->plan, s->proof, s->n_proofs, e);
}

static int nginx_save(struct installer *s, const char *title, const struct installer_cert *prove, struct err *e)
{
    STRLIST_AUTO(names);
    bool look = prove && !s->ctx.req->no_verify_deploy;
    int rc = all_changes(s, &s->changes, e);
    if (!rc && s->planned_tls && s->changes.n)
        rc = ssl_files_put(s->ctx.req->config_dir, e);
    if (!rc && look)
        rc = learn_proof(s, prove, &names, e);
    struct transaction t = { .server = &s->ctl.base,
                             .work_dir = s->ctx.req->work_dir,
                             .title = title,
                             .prove = look ? on_prove : NULL,
                             .ctx = s };
    if (!rc)
        rc = transaction_run(&t, &s->changes, e);
    changes_done(&s->changes);
    if (!rc)
        ngx_plan_settled(&s->plan);
    return rc;
}

static void nginx_leave(struct server *base)
{
    if (base)
        ngx_ctl_close((struct ngx_server_ctl *)base);
    free(base);
}

static int nginx_find(struct server **ret, const struct installer_ctx *ctx, const struct record *server, struct err *e)
{
    struct ngx_server_ctl *s = calloc(1, sizeof *s);
    int rc = s ? ngx_ctl_open(s, ctx->loop, ctx->req, server, e) : err_nomem(e);
    if (rc)
        free(s);
    else
        *ret = &s->base;
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
    if (!rc && names.n)
        rc = learn_proof(&s, &found, &kept, e);
    if (!rc && names.n)
        rc = ngx_ctl_prove(&s.ctl, &s.plan, s.proof, s.n_proofs, e);
    ngx_plan_close(&s.plan);
    ngx_ctl_close(&s.ctl);
    changes_done(&s.changes);
    free(s.proof);
    return rc;
}

/* ---- what it names ---- */

static bool names_one(const struct ngx_tree *t, const struct ngx_node *n, const struct strlist *folders)
{
    for (uint32_t i = 1; i < n->n_words; i++) {
        BUF_AUTO(value, SERVER_PATH_MAX);
        ngx_value(t, n, i, &value);
        if (installation_is_in(buf_str(&value), folders))
            return true;
    }
    return false;
}

static int uses_in(const struct ngx_file *f, const struct strlist *folders, struct strlist *where)
{
    for (uint32_t i = 1; i < f->tree.n_nodes; i++) {
        const struct ngx_node *n = &f->tree.node[i];
        BUF_AUTO(at, SERVER_PATH_MAX);
        if (!names_one(&f->tree, n, folders))
            continue;
        buf_addf(&at, "%s:%u", f->path, ngx_line(&f->tree, f->tree.word[n->word].at));
        if (strlist_add_new(where, buf_str(&at)))
            return SIGNET_ENOMEM;
    }
    return 0;
}

static int nginx_uses(const struct installer_ctx *ctx, const struct strlist *folders, struct strlist *where,
                      struct err *e)
{
    struct ngx_server_ctl ctl = { 0 };
    struct ngx_conf conf = { 0 };
    int rc = ngx_ctl_open(&ctl, ctx->loop, ctx->req, NULL, e);
    if (rc == SIGNET_ENOTFOUND) {
        err_clear(e);
        return 0;
    }
    if (!rc)
        rc = ngx_conf_load(&conf, ctl.conf, e);
    for (uint32_t i = 0; !rc && i < conf.n_files; i++)
        if (conf.file[i].same == i && uses_in(&conf.file[i], folders, where))
            rc = err_nomem(e);
    ngx_conf_done(&conf);
    ngx_ctl_close(&ctl);
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
    .find = nginx_find,
    .leave = nginx_leave,
    .served = nginx_served,
    .uses = nginx_uses,
};
