/* Apache as an installer. */
#include "base/fs.h"
#include "client/ui.h"
#include "crypto/digest.h"
#include "deploy/apache/plan.h"
#include "deploy/apache/ssl_files.h"
#include "deploy/installation.h"
#include "deploy/installers.h"
#include "deploy/transaction.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#define DUMP_BYTES_MAX (4u << 20)
#define WAIT_MS        15000 /* a graceful restart returns before it is done */
#define PAUSE_MS       30
#define HSTS_BEGIN_S   60u
#define LOOKS          8u /* good ones in a row: children of before may still answer */

struct installer {
    struct installer_ctx ctx;
    struct apa_server server;
    struct apa_conf conf;
    struct apa_wish wish; /* what deploy and enhance have asked for so far */
    struct strlist names;
    char *cert, *key;
    struct buf options;
    struct buf seed; /* of identities */
    struct server_proof *proof;
};

static void apache_close(struct installer *s)
{
    if (!s)
        return;
    apa_conf_done(&s->conf);
    apa_server_close(&s->server);
    strlist_done(&s->names);
    buf_done(&s->options);
    buf_done(&s->seed);
    free(s->cert);
    free(s->key);
    free(s->proof);
    free(s);
    apa_unload();
}

static int read_conf_with(struct installer *s, const struct strlist *words, struct err *e)
{
    BUF_AUTO(dump, DUMP_BYTES_MAX);
    int rc = apa_server_dump(&s->server, &dump, e);
    apa_conf_done(&s->conf);
    return rc ? rc : apa_conf_read_with(&s->conf, buf_str(&dump), words, e);
}

static int read_conf(struct installer *s, struct err *e)
{
    return read_conf_with(s, NULL, e);
}

static int prepare(struct installer *s, struct err *e)
{
    int rc = apa_server_open(&s->server, s->ctx.loop, s->ctx.req, NULL, e);
    if (!rc)
        rc = server_begin(&s->server.base, e);
    if (!rc)
        rc = read_conf(s, e);
    fs_join(&s->options, s->ctx.req->config_dir, SSL_OPTIONS_APACHE);
    s->wish.names = &s->names;
    s->wish.options = buf_z(&s->options);
    s->wish.hsts_age = HSTS_BEGIN_S;
    return rc ? rc : buf_err(&s->options) ? err_nomem(e) : 0;
}

/* NULL: no memory. */
static struct installer *begin(const struct installer_ctx *ctx)
{
    struct installer *s = calloc(1, sizeof *s);
    if (s)
        *s = (struct installer){ .ctx = *ctx,
                                 .options = BUF_INIT(PATH_MAX),
                                 .seed = BUF_INIT(128),
                                 .wish = { .http_port = ctx->req->http01_port, .https_port = ctx->req->https_port } };
    return s;
}

static int apache_open(struct installer **ret, const struct installer_ctx *ctx, struct err *e)
{
    struct installer *s = begin(ctx);
    if (!s)
        return err_nomem(e);
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

static bool has_vhost(void *ctx, const char *name)
{
    const struct installer *s = ctx;
    return apa_pick(&s->conf, name, s->wish.http_port, false) >= 0 ||
           apa_pick(&s->conf, name, s->wish.https_port, true) >= 0;
}

static int expand(struct installer *s, const struct strlist *names, struct err *e)
{
    STRLIST_AUTO(all);
    int rc = apache_names(s, &all, e);
    strlist_done(&s->names);
    return rc ? rc : installation_names(names, &all, has_vhost, s, &s->names, e);
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

static int begin_hsts(struct installer *s, struct err *e)
{
    uint8_t random[16];
    if (s->wish.hsts_seed)
        return 0;
    if (random_bytes(random, sizeof random))
        return err_set(e, SIGNET_ECRYPTO, "no random numbers");
    hex_enc(&s->seed, (signet_str){ (const char *)random, sizeof random });
    s->wish.hsts_seed = buf_z(&s->seed);
    return buf_err(&s->seed) ? err_nomem(e) : 0;
}

static int apache_hsts_new(struct installer *s, struct strlist *ret, struct err *e)
{
    struct changes c = CHANGES_INIT;
    int rc = plan(s, &c, NULL, e);
    if (!rc && apa_hsts_new(&c, ret))
        rc = err_nomem(e);
    changes_done(&c);
    return rc;
}

static int apache_hsts_raise(struct installer *s, struct hsts_raise *v, size_t n, struct err *e)
{
    struct changes c = CHANGES_INIT;
    s->wish.raise = v;
    s->wish.n_raises = n;
    int rc = plan(s, &c, NULL, e);
    changes_done(&c);
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
    if (!rc && what == ENHANCE_AUTO_HSTS)
        rc = begin_hsts(s, e);
    if (!rc)
        rc = plan(s, &after, NULL, e);
    changes_diff(&before, &a);
    changes_diff(&after, &b);
    *ret_new = !str_eq(buf_str(&a), buf_str(&b));
    changes_done(&before);
    changes_done(&after);
    return rc;
}

/* Also the settings that the virtual hosts include, when those of before are outdated. */
static int all_changes(struct installer *s, struct changes *c, struct err *e)
{
    int rc = plan(s, c, NULL, e);
    return !rc && s->wish.cert && !changes_none(c) ? apa_ssl_files_renew(s->ctx.req->config_dir, c, e) : rc;
}

static int apache_diff(struct installer *s, struct buf *to, struct err *e)
{
    struct changes c = CHANGES_INIT;
    int rc = all_changes(s, &c, e);
    if (!rc)
        changes_diff(&c, to);
    changes_done(&c);
    return rc;
}

/* ---- making it real ---- */

static int prove_one(void *ctx, size_t i, struct err *e)
{
    struct installer *s = ctx;
    struct probe_place at[APA_PLACES_MAX];
    uint32_t found[APA_PICKS_MAX];
    const struct server_proof *proof = &s->proof[i];
    size_t n_found = apa_picks(&s->conf, proof->name, s->wish.https_port, true, found);
    int rc = 0;
    if (!n_found)
        return err_set(e, SIGNET_ECERT, "Apache has no virtual host with TLS for %s", proof->name);
    for (size_t v = 0; !rc && v < n_found; v++) {
        size_t n = apa_places(&s->conf, found[v], s->wish.https_port, at, APA_PLACES_MAX);
        for (size_t k = 0; !rc && k < n; k++)
            if (server_is_here(at[k].ip))
                rc = server_serves(&s->server.base, &at[k], proof, e);
    }
    return rc;
}

/* By the configuration as it is now on disk. */
static int on_prove(void *ctx, struct err *e)
{
    struct installer *s = ctx;
    const struct installation_proof proof = { .server = &s->server.base,
                                              .n = s->names.n,
                                              .one = prove_one,
                                              .ctx = s,
                                              .looks = LOOKS,
                                              .wait_ms = WAIT_MS,
                                              .pause_ms = PAUSE_MS };
    int rc = read_conf(s, e);
    return rc ? rc : installation_prove(&proof, e);
}

static int learn_proof(struct installer *s, const struct installer_cert *c, struct err *e)
{
    int rc = s->names.n ? 0 : expand(s, c->names, e);
    free(s->proof);
    s->proof = NULL;
    return rc ? rc : installation_proofs(c->cert, &s->names, &s->proof, e);
}

static int apache_save(struct installer *s, const char *title, const struct installer_cert *prove, struct err *e)
{
    struct changes c = CHANGES_INIT;
    bool look = prove && !s->ctx.req->no_verify_deploy;
    int rc = all_changes(s, &c, e);
    if (!rc && s->wish.cert && !changes_none(&c))
        rc = apa_ssl_files_put(s->ctx.req->config_dir, e);
    if (!rc && look)
        rc = learn_proof(s, prove, e);
    const struct transaction t = { .server = &s->server.base,
                                   .work_dir = s->ctx.req->work_dir,
                                   .title = title,
                                   .prove = look ? on_prove : NULL,
                                   .ctx = s };
    if (!rc)
        rc = transaction_run(&t, &c, e);
    changes_done(&c);
    return rc;
}

static void apache_leave(struct server *base)
{
    if (base)
        apa_server_close((struct apa_server *)base);
    free(base);
}

static int apache_find(struct server **ret, const struct installer_ctx *ctx, const struct record *server, struct err *e)
{
    struct apa_server *s = calloc(1, sizeof *s);
    int rc = s ? apa_server_open(s, ctx->loop, ctx->req, server, e) : err_nomem(e);
    if (rc)
        free(s);
    else
        *ret = &s->base;
    return rc;
}

/* Of the names those whose virtual host has this certificate. */
static int served_names(struct installer *s, const struct installer_cert *c, struct err *e)
{
    STRLIST_AUTO(found);
    int rc = 0;
    if (expand(s, c->names, &(struct err){ 0 }))
        strlist_done(&s->names); /* nothing of it is here */
    for (size_t i = 0; !rc && i < s->names.n; i++) {
        int64_t v = apa_pick(&s->conf, s->names.v[i], s->wish.https_port, true);
        if (v >= 0 && apa_vhost_says(&s->conf, &s->conf.vhost[v], "sslcertificatefile", c->cert))
            rc = strlist_addz(&found, s->names.v[i]);
    }
    strlist_done(&s->names);
    return rc || strlist_copy(&s->names, &found) ? err_nomem(e) : 0;
}

static int apache_served(const struct installer_ctx *ctx, const struct installer_cert *c, struct err *e)
{
    struct installer *s = begin(ctx);
    if (!s)
        return err_nomem(e);
    int rc = apa_server_open(&s->server, ctx->loop, ctx->req, NULL, e);
    if (!rc)
        rc = read_conf(s, e);
    if (!rc)
        rc = served_names(s, c, e);
    if (!rc && s->names.n && !(rc = learn_proof(s, c, e)))
        rc = on_prove(s, e);
    apache_close(s);
    return rc;
}

/* ---- what it names ---- */

static int uses_in(const struct apa_conf *c, const struct apa_file *f, const struct strlist *folders,
                   struct strlist *where)
{
    for (uint32_t i = 0; i < f->n; i++) {
        BUF_AUTO(at, SERVER_PATH_MAX);
        bool is = false;
        for (size_t k = 0; !f->node[i].section && k < f->node[i].args.n; k++)
            is |= installation_is_in(str_of(f->node[i].args.v[k]), folders);
        if (!is || !apa_in_force(c, f, i, NULL))
            continue;
        buf_addf(&at, "%s:%u", f->path, apa_line(f, f->node[i].start));
        if (strlist_add_new(where, buf_str(&at)))
            return SIGNET_ENOMEM;
    }
    return 0;
}

static int apache_uses(const struct installer_ctx *ctx, const struct strlist *folders, struct strlist *where,
                       struct err *e)
{
    struct installer *s = begin(ctx);
    if (!s)
        return err_nomem(e);
    int rc = apa_server_open(&s->server, ctx->loop, ctx->req, NULL, e);
    if (!rc)
        rc = read_conf_with(s, folders, e);
    if (rc == SIGNET_ENOTFOUND || rc == SIGNET_ESYS) { /* no folder of settings, or no program to be run */
        err_clear(e);
        rc = 0;
    }
    for (uint32_t i = 0; !rc && i < s->conf.n_files; i++)
        if (uses_in(&s->conf, &s->conf.file[i], folders, where))
            rc = err_nomem(e);
    apache_close(s);
    return rc;
}

const struct installer_ops installer_apache = {
    .name = "apache",
    .description = "Apache Web Server plugin",
    .enhancements = 1u << ENHANCE_REDIRECT | 1u << ENHANCE_HSTS | 1u << ENHANCE_UIR | 1u << ENHANCE_STAPLE |
                    1u << ENHANCE_AUTO_HSTS,
    .open = apache_open,
    .names = apache_names,
    .deploy = apache_deploy,
    .enhance = apache_enhance,
    .diff = apache_diff,
    .save = apache_save,
    .close = apache_close,
    .hsts_new = apache_hsts_new,
    .hsts_raise = apache_hsts_raise,
    .find = apache_find,
    .leave = apache_leave,
    .served = apache_served,
    .uses = apache_uses,
};
