/* Apache as an installer. */
#include "base/fs.h"
#include "client/ui.h"
#include "crypto/cert.h"
#include "crypto/digest.h"
#include "deploy/apache/plan.h"
#include "deploy/apache/ssl_files.h"
#include "deploy/installers.h"
#include "deploy/transaction.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#define DUMP_BYTES_MAX (4u << 20)

struct installer {
    struct installer_ctx ctx;
    struct apa_server server;
    struct apa_conf conf;
    struct apa_wish wish; /* what deploy and enhance have asked for so far */
    struct strlist names;
    char *cert, *key;
    struct buf options;
    struct apa_proof *proof;
    size_t n_proofs;
};

static void apache_close(struct installer *s)
{
    if (!s)
        return;
    apa_conf_done(&s->conf);
    apa_server_close(&s->server);
    strlist_done(&s->names);
    buf_done(&s->options);
    free(s->cert);
    free(s->key);
    free(s->proof);
    free(s);
    apa_unload();
}

static int read_conf(struct installer *s, struct err *e)
{
    BUF_AUTO(dump, DUMP_BYTES_MAX);
    int rc = apa_server_dump(&s->server, &dump, e);
    apa_conf_done(&s->conf);
    return rc ? rc : apa_conf_read(&s->conf, buf_str(&dump), e);
}

static int prepare(struct installer *s, struct err *e)
{
    int rc = apa_server_open(&s->server, s->ctx.loop, s->ctx.req, NULL, e);
    if (!rc)
        rc = apa_server_lock(&s->server, e);
    if (!rc && (rc = apa_server_test(&s->server, e)))
        err_hint(e, "It was like that before anything was changed. Please mend it and try again.");
    if (!rc)
        rc = read_conf(s, e);
    fs_join(&s->options, s->ctx.req->config_dir, SSL_OPTIONS_APACHE);
    s->wish = (struct apa_wish){ .names = &s->names,
                                 .options = buf_z(&s->options),
                                 .http_port = s->ctx.req->http01_port,
                                 .https_port = s->ctx.req->https_port };
    return rc ? rc : buf_err(&s->options) ? err_nomem(e) : 0;
}

static int apache_open(struct installer **ret, const struct installer_ctx *ctx, struct err *e)
{
    struct installer *s = calloc(1, sizeof *s);
    if (!s)
        return err_nomem(e);
    *s = (struct installer){ .ctx = *ctx, .options = BUF_INIT(PATH_MAX) };
    int rc = prepare(s, e);
    if (rc)
        apache_close(s);
    else
        *ret = s;
    return rc;
}

static int apache_names(struct installer *s, struct strlist *ret, struct err *e)
{
    for (uint32_t i = 0; i < s->conf.n_vhosts; i++)
        for (size_t k = 0; k < s->conf.vhost[i].names.n; k++) {
            const char *name = s->conf.vhost[i].names.v[k];
            bool fits = strchr(name, '.') && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] &&
                        name[strspn(name, "0123456789.")];
            if (fits && strlist_add_new(ret, str_of(name)))
                return err_nomem(e);
        }
    return 0;
}

/* ---- planning ---- */

/* A wildcard stands for the names under it, unless a virtual host has it as an alias. */
static int expand(struct installer *s, const struct strlist *names, struct err *e)
{
    STRLIST_AUTO(all);
    int rc = apache_names(s, &all, e);
    strlist_done(&s->names);
    for (size_t i = 0; !rc && i < names->n; i++) {
        signet_str name = str_of(names->v[i]), rest;
        bool wild = str_starts(name, STR("*.")) && apa_pick(&s->conf, names->v[i], s->wish.http_port, false) < 0 &&
                    apa_pick(&s->conf, names->v[i], s->wish.https_port, true) < 0;
        for (size_t k = 0; wild && k < all.n; k++) {
            signet_str one = str_of(all.v[k]), label;
            if (str_cut(one, '.', &label, &rest) && str_eq(rest, str_skip(name, 2)) && strlist_add_new(&s->names, one))
                rc = err_nomem(e);
        }
        if (!wild && strlist_add_new(&s->names, name))
            rc = err_nomem(e);
    }
    if (!rc && !s->names.n)
        rc = err_set(e, SIGNET_ENOTFOUND, "No virtual host has a name that %s covers.", names->v[0]);
    return rc;
}

static int plan(struct installer *s, struct changes *c, struct strlist *where, struct err *e)
{
    changes_done(c);
    return apa_plan(&s->conf, &s->server, &s->wish, c, where, e);
}

static int apache_deploy(struct installer *s, const struct installer_cert *c, struct strlist *where, struct err *e)
{
    struct changes changes = CHANGES_INIT;
    STRLIST_AUTO(files);
    int rc = expand(s, c->names, e);
    free(s->cert);
    free(s->key);
    s->cert = str_dup(str_of(c->cert));
    s->key = str_dup(str_of(c->key));
    if (!rc && (!s->cert || !s->key))
        rc = err_nomem(e);
    s->wish.cert = s->cert;
    s->wish.key = s->key;
    if (!rc)
        rc = plan(s, &changes, &files, e);
    changes_done(&changes);
    for (size_t i = 0; !rc && i < c->names->n; i++)
        if (strlist_addz(where, files.v[i < files.n ? i : files.n - 1]))
            rc = err_nomem(e);
    return rc;
}

static int apache_enhance(struct installer *s, const struct installer_cert *c, enum enhancement what, bool *ret_new,
                          struct err *e)
{
    struct changes before = CHANGES_INIT, after = CHANGES_INIT;
    BUF_AUTO(a, 64u << 20);
    BUF_AUTO(b, 64u << 20);
    int rc = s->names.n ? 0 : expand(s, c->names, e);
    if (!rc)
        rc = plan(s, &before, NULL, e);
    s->wish.redirect |= what == ENHANCE_REDIRECT;
    s->wish.hsts |= what == ENHANCE_HSTS;
    s->wish.uir |= what == ENHANCE_UIR;
    s->wish.staple |= what == ENHANCE_STAPLE;
    if (!rc)
        rc = plan(s, &after, NULL, e);
    changes_diff(&before, &a);
    changes_diff(&after, &b);
    *ret_new = !str_eq(buf_str(&a), buf_str(&b));
    changes_done(&before);
    changes_done(&after);
    return rc;
}

static int apache_diff(struct installer *s, struct buf *to, struct err *e)
{
    struct changes c = CHANGES_INIT;
    int rc = plan(s, &c, NULL, e);
    if (!rc)
        changes_diff(&c, to);
    changes_done(&c);
    return rc;
}

/* ---- making it real ---- */

static int on_test(void *ctx, struct err *e)
{
    struct installer *s = ctx;
    return apa_server_test(&s->server, e);
}

static int on_reload(void *ctx, struct err *e)
{
    struct installer *s = ctx;
    return apa_server_reload(&s->server, e);
}

static int read_proof(const char *cert, struct apa_proof *ret, struct err *e)
{
    BUF_AUTO(pem, CHAIN_MAX_BYTES);
    BUF_AUTO(der, CHAIN_MAX_BYTES);
    struct cert_info info = { 0 };
    int rc = fs_read(AT_FDCWD, cert, &pem, e);
    if (!rc)
        rc = cert_to_der(buf_str(&pem), &der, e);
    if (!rc && !(rc = cert_read(&info, buf_str(&pem), e))) {
        ret->key = info.key_type == KEY_RSA ? PROBE_RSA : PROBE_EC;
        cert_info_done(&info);
    }
    if (!rc && digest_sha256(buf_str(&der), ret->sha256))
        rc = err_set(e, SIGNET_ECRYPTO, "no SHA-256");
    return rc ? err_wrap(e, "%s", cert) : 0;
}

/* Where each name should be served now, by the configuration as it is now on disk. */
static int on_prove(void *ctx, struct err *e)
{
    struct installer *s = ctx;
    struct apa_proof one = s->proof[0];
    int rc = read_conf(s, e);
    for (size_t i = 0; !rc && i < s->names.n; i++) {
        int64_t v = apa_pick(&s->conf, s->names.v[i], s->wish.https_port, true);
        if (v < 0)
            return err_set(e, SIGNET_ECERT, "Apache has no virtual host with TLS for %s", s->names.v[i]);
        s->proof[i] = one;
        s->proof[i].name = s->names.v[i];
        apa_place(&s->conf, (uint32_t)v, s->wish.https_port, &s->proof[i].place);
    }
    return rc ? rc : apa_server_prove(&s->server, s->proof, s->names.n, e);
}

static int learn_proof(struct installer *s, const struct installer_cert *c, struct err *e)
{
    int rc = s->names.n ? 0 : expand(s, c->names, e);
    if (rc)
        return rc;
    free(s->proof);
    s->proof = calloc(s->names.n + 1, sizeof *s->proof);
    return s->proof ? read_proof(c->cert, &s->proof[0], e) : err_nomem(e);
}

static int apache_save(struct installer *s, const char *title, const struct installer_cert *prove, struct err *e)
{
    struct changes c = CHANGES_INIT;
    RECORD_AUTO(server);
    bool look = prove && !s->ctx.req->no_verify_deploy;
    int rc = plan(s, &c, NULL, e);
    if (!rc && s->wish.cert && c.n)
        rc = apa_ssl_files_put(s->ctx.req->config_dir, e);
    if (!rc && look)
        rc = learn_proof(s, prove, e);
    if (!rc && apa_server_describe(&s->server, &server))
        rc = err_nomem(e);
    struct transaction t = { .loop = s->ctx.loop,
                             .work_dir = s->ctx.req->work_dir,
                             .title = title,
                             .server = &server,
                             .ops = { s, on_test, on_reload, look ? on_prove : NULL } };
    if (!rc)
        rc = transaction_run(&t, &c, e);
    changes_done(&c);
    return rc;
}

static int apache_reload(const struct installer_ctx *ctx, const struct record *server, struct err *e)
{
    struct apa_server s = { 0 };
    int rc = apa_server_open(&s, ctx->loop, ctx->req, server, e);
    if (!rc)
        rc = apa_server_reload(&s, e);
    apa_server_close(&s);
    return rc;
}

const struct installer_ops installer_apache = {
    .name = "apache",
    .description = "Apache Web Server plugin",
    .enhancements = 1u << ENHANCE_REDIRECT | 1u << ENHANCE_HSTS | 1u << ENHANCE_UIR | 1u << ENHANCE_STAPLE,
    .open = apache_open,
    .names = apache_names,
    .deploy = apache_deploy,
    .enhance = apache_enhance,
    .diff = apache_diff,
    .save = apache_save,
    .close = apache_close,
    .reload = apache_reload,
};
