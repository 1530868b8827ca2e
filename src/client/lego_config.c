/* lego's face, version 5, without a command: what the configuration file lists is obtained or renewed, what it lists no
 * more is put into the archives. */
#include "options/lego_config.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "challenge/solver.h"
#include "client/lego.h"
#include "client/lineages.h"
#include "options/dotenv.h"
#include "store/lego.h"
#include <fcntl.h>
#include <stdlib.h>

#define ROOM              "lego"
#define ARCHIVE_KEPT_DAYS 30

/* ---- what is listed no more ---- */

/* What a command line has made is nobody's to put away. */
static bool is_managed(const struct buf *origin)
{
    return str_eq(buf_str(origin), STR("configuration")) || str_eq(buf_str(origin), STR("migration"));
}

static int tidy_certificate(struct run *r, const struct lego_config *c, const char *name, struct err *e)
{
    BUF_AUTO(id, 4096);
    BUF_AUTO(origin, 256);
    struct lineage *l = NULL;
    int rc = lineage_open(&l, r->tree, name, e);
    if (rc)
        return rc;
    (void)lego_cert_member(l, "id", &id);
    (void)lego_cert_member(l, "origin", &origin);
    lineage_free(l);
    if (!is_managed(&origin) || !id.n || lego_config_find(c, buf_z(&id)))
        return 0;
    log_info(ROOM, "[%s] The certificate is no longer in %s: it goes into the archives.", buf_z(&id), c->path);
    return lego_archive(r->tree, name, clock_wall_s(), e);
}

static bool account_is_listed(const struct run *r, const struct lego_config *c, const char *host, const char *id)
{
    BUF_AUTO(dir, 8192);
    BUF_AUTO(end, 8192);
    buf_addf(&end, "/%s/%s", host, id);
    for (size_t i = 0; i < c->n_accounts; i++)
        if (!strcmp(c->accounts[i].id, id) && !lego_account_dir(r->tree, c->accounts[i].req.server, id, &dir, NULL) &&
            str_ends(buf_str(&dir), buf_str(&end)))
            return true;
    return false;
}

static int tidy_host(struct run *r, const struct lego_config *c, const char *host, struct err *e)
{
    BUF_AUTO(url, 1024);
    STRLIST_AUTO(ids);
    buf_addf(&url, "https://%s", host);
    (void)account_list(r->tree, buf_z(&url), &ids, NULL); /* what is no folder of accounts holds none */
    int rc = 0;
    for (size_t i = 0; !rc && i < ids.n; i++) {
        BUF_AUTO(origin, 256);
        if (account_is_listed(r, c, host, ids.v[i]))
            continue;
        rc = lego_account_origin(r->tree, buf_z(&url), ids.v[i], &origin, e);
        if (rc || !is_managed(&origin))
            continue;
        log_info(ROOM, "The account %s at %s is no longer in %s: it goes into the archives.", ids.v[i], host, c->path);
        rc = lego_archive_account(r->tree, host, ids.v[i], clock_wall_s(), e);
    }
    return rc;
}

static int clean_archives(struct run *r, struct err *e)
{
    static const char *const kinds[] = { "accounts", "certificates" };
    int64_t before = clock_wall_s() - (int64_t)ARCHIVE_KEPT_DAYS * 24 * 3600;
    STRLIST_AUTO(did);
    int rc = 0;
    for (size_t k = 0; !rc && k < 2; k++)
        rc = lego_archives_clean(r->tree, kinds[k], before, &did, e);
    for (size_t i = 0; i < did.n; i++)
        log_info(ROOM, "%s was older than %d days and is gone.", did.v[i], ARCHIVE_KEPT_DAYS);
    return rc;
}

static int tidy(struct run *r, const struct lego_config *c, struct err *e)
{
    BUF_AUTO(top, 8192);
    STRLIST_AUTO(hosts);
    STRLIST_AUTO(names);
    int rc = clean_archives(r, e);
    tree_path(r->tree, "accounts", NULL, &top);
    (void)fs_list(AT_FDCWD, buf_z(&top), &hosts, NULL); /* no folder: no accounts */
    for (size_t i = 0; !rc && i < hosts.n; i++)
        rc = tidy_host(r, c, hosts.v[i], e);
    if (!rc)
        rc = lineage_list(r->tree, &names, e);
    for (size_t i = 0; !rc && i < names.n; i++)
        rc = tidy_certificate(r, c, names.v[i], e);
    return rc;
}

/* ---- what is listed ---- */

/* From here on the run speaks for this request. */
static void speak_for(struct run *r, struct request *q)
{
    r->req = q;
    r->hooks.lego = q;
}

/* The account has a key type of its own, so it is made before the certificate's request is at work. */
static int settle_account(struct run *r, struct request *q, struct err *e)
{
    struct account *a = NULL;
    struct ca_slot *s;
    speak_for(r, q);
    int rc = lego_settle_rollover(r, e);
    if (!rc)
        rc = account_load(&a, r->tree, q->server, q->account, e);
    account_free(a);
    if (rc == SIGNET_ENOTFOUND) {
        err_clear(e);
        if ((rc = account_obtain(r, q, &s, e)))
            return lego_wrap(e, "Could not complete registration");
        lego_tell_account(r);
    }
    return rc ? rc : lego_account_set_origin(r->tree, q->server, q->account, "configuration", e);
}

static int one(struct run *r, struct lego_config *c, struct lego_config_cert *cert, struct err *e)
{
    struct request *q = &cert->req;
    struct dotenv env = { 0 };
    bool own_env = q->lego.env_file && q->lego.env_file[0];
    int rc = tree_lock(r->tree, e); /* a hook of the one before has had it open */
    if (own_env)
        solvers_done(); /* who is at work was started with another environment */
    if (!rc)
        rc = dotenv_load(&env, q->lego.env_file, e);
    speak_for(r, q);
    if (!rc)
        rc = lego_check_solver(r, e);
    if (!rc)
        rc = settle_account(r, &c->accounts[cert->account].req, e);
    speak_for(r, q);
    if (!rc)
        rc = verb_lego_run(r, e);
    dotenv_unload(&env);
    if (own_env)
        solvers_done();
    return rc;
}

/* One that fails does not keep the others from being had; lego stops there. */
static int every(struct run *r, struct lego_config *c, struct err *e)
{
    size_t failed = 0;
    for (size_t i = 0; i < c->n_certs; i++) {
        struct err why = { 0 };
        int rc = one(r, c, &c->certs[i], &why);
        if (rc == SIGNET_ECANCELED || rc == SIGNET_ENOMEM) {
            if (e)
                *e = why;
            return rc;
        }
        if (!rc)
            continue;
        failed++;
        log_error(ROOM, "[%s] %s", c->certs[i].req.certname, why.text);
        if (why.hint[0])
            log_info(ROOM, "[%s] %s", c->certs[i].req.certname, why.hint);
    }
    return failed ? err_set(e, SIGNET_EINVAL, "%zu of the %zu certificates in %s could not be had.", failed, c->n_certs,
                            c->path)
                  : 0;
}

int verb_lego_config(struct run *r, struct err *e)
{
    struct request *own = r->req;
    struct lego_config *c = own->lego.file;
    if (!lego_tree_is_v5(r->tree)) {
        err_set(e, SIGNET_EINVAL, "The folder %s is one of lego 4, and %s is version 5's.", r->tree->config_dir,
                c->path);
        err_hint(e, "Name another folder as \"storage\" in the file, or go on with command lines.");
        return SIGNET_EINVAL;
    }
    int rc = tidy(r, c, e);
    if (!rc)
        rc = every(r, c, e);
    cas_close(r); /* before the requests that it may know go */
    speak_for(r, own);
    return rc;
}
