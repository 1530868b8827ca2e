/* lego's face: run. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "client/lego.h"
#include "client/lineages.h"
#include "client/owe.h"
#include "deploy/lego_hook.h"
#include "store/lego.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#define ROOM        "lego"
#define KEY_PEM_MAX (64u * 1024u)
#define CN_MAX      64

/* ---- the account ---- */

void lego_tell_account(struct run *r)
{
    BUF_AUTO(text, 16384);
    BUF_AUTO(path, 8192);
    if (!r->registered)
        return;
    r->registered = false;
    if (!lego_account_dir(r->tree, r->req->server, r->req->account, &path, NULL))
        ui_alert(r->ui, "Saved key to %s/%s%s.key", buf_z(&path), lego_tree_is_v5(r->tree) ? "" : "keys/",
                 r->req->account);
    tree_path(r->tree, "accounts", NULL, &path);
    buf_addf(&text,
             "!!!! HEADS UP !!!!\n\nThe key of your account with the CA is now in the folder\n\"%s\".\n\nKeep a copy "
             "of this folder in a safe place: whoever has\nthe key can act as you, and without it the account "
             "is\nlost. The private keys of your certificates lie\n"
             "beside it.",
             buf_z(&path));
    r->ui->ops->frame(r->ui, buf_z(&text), false);
}

int lego_open_account(struct run *r, struct ca_slot **ret, struct err *e)
{
    struct account *a = NULL;
    int rc = account_load(&a, r->tree, r->req->server, r->req->account, e);
    if (rc == SIGNET_ENOTFOUND)
        return err_set(e, rc, "Account %s is not registered. Use 'run' to register a new account.",
                       r->req->email ? r->req->email : "");
    return rc ? rc : cas_open(r, r->req, r->req->server, a, ret, e);
}

/* ---- the order ---- */

static void names_words(const struct lego_target *t, struct buf *to)
{
    strlist_join(&t->asked, ", ", to);
}

/* What the CA said of each name; the error itself comes last, from whoever ends the run. */
static void tell_failure(struct run *r, const struct issue *i)
{
    for (size_t k = 0; k < i->problem.n_sub; k++) {
        const struct ca_subproblem *s = &i->problem.sub[k];
        if (!s->ident[0] || !s->type[0]) /* ours, and told by the error itself */
            continue;
        log_warn(ROOM, "[%s] acme: error: %d :: %s :: %s", s->ident,
                 i->problem.http_status ? i->problem.http_status : 400, s->type, s->detail);
        if (!k && s->chal != SIGNET_CHAL_UNKNOWN && i->solver && i->ops->hint) {
            BUF_AUTO(hint, 4096);
            struct challenge c = { .type = s->chal, .ident = { SIGNET_IDENT_DNS, str_of(s->ident) } };
            i->ops->hint(i->solver, &c, &hint);
            log_info(ROOM, "[%s] %s", s->ident, buf_z(&hint));
        }
    }
    (void)r;
}

int lego_wrap(struct err *e, const char *what)
{
    BUF_AUTO(text, sizeof e->text);
    int code = e->code;
    char hint[sizeof e->hint];
    memcpy(hint, e->hint, sizeof hint);
    buf_addf(&text, "%s\n\t%s", what, e->text);
    if (code == SIGNET_ECANCELED || buf_err(&text))
        return code;
    err_set(e, code, "%s", buf_z(&text));
    if (hint[0])
        err_hint(e, "%s", hint);
    return code;
}

static int could_not(const struct issue *i, struct err *e)
{
    BUF_AUTO(text, sizeof e->text);
    buf_addz(&text, "error: one or more domains had a problem:");
    for (size_t k = 0; i->authz_failed && k < i->problem.n_sub; k++)
        if (i->problem.sub[k].ident[0])
            buf_addf(&text, "\n[%s] acme: error: %s :: %s", i->problem.sub[k].ident, i->problem.sub[k].type,
                     i->problem.sub[k].detail);
    if (i->authz_failed && !buf_err(&text))
        err_set(e, SIGNET_EAUTHZ, "%s", buf_z(&text));
    return lego_wrap(e, "Could not obtain certificates:");
}

static const char *common_name(const struct request *q, const struct issue *i)
{
    const char *first = i->domains.n ? i->domains.v[0] : i->ips.n ? i->ips.v[0] : NULL;
    bool wanted = q->lego.v5 ? q->lego.enable_cn : !q->lego.disable_cn;
    return wanted && first && strlen(first) <= CN_MAX ? first : NULL;
}

static int fill(struct run *r, const struct lego_target *t, struct issue *i, struct err *e)
{
    if (request_copy(&i->req, r->req) || strlist_copy(&i->domains, &t->domains) || strlist_copy(&i->ips, &t->ips))
        return err_nomem(e);
    i->common_name = common_name(r->req, i);
    if (!t->from_csr)
        return 0;
    buf_add(&i->csr, buf_str(&t->csr.der));
    return buf_err(&i->csr) ? err_nomem(e) : 0;
}

static int prepare(struct run *r, const struct lego_target *t, const struct lineage *old, struct issue *i,
                   struct err *e)
{
    int rc = fill(r, t, i, e);
    if (rc || t->from_csr) {
        if (!rc && request_map_webroots(&i->req))
            rc = err_nomem(e);
        return rc;
    }
    rc = obtain_prepare(i, r->req->lego.ari_disable ? NULL : old, e);
    return rc ? rc : owe_resume(r, i, old, buf_z(&t->save_as), e);
}

/* ---- the certificate ---- */

static int check_csr(const struct lego_target *t, const struct issue *i, struct err *e)
{
    struct key *leaf = NULL;
    int future;
    int rc = csr_key(&leaf, buf_str(&t->csr.der), e);
    if (!rc)
        rc = chain_check(buf_str(&i->chain), leaf, &i->domains, &i->ips, clock_wall_s(), &future, e);
    key_free(leaf);
    return rc;
}

static int deploy(struct run *r, const struct lego_target *t, struct issue *i, struct err *e)
{
    struct lineage *l = NULL;
    int rc = lineage_open(&l, r->tree, buf_z(&t->save_as), e);
    tree_unlock(r->tree); /* what is left is the hook: nobody need wait for it */
    if (!rc)
        rc = owe_deploy(r, i, l, e);
    lineage_free(l);
    return rc;
}

/* *ret_stored: the files are in place, whatever a hook makes of them. */
static int finish(struct run *r, const struct lego_target *t, struct issue *i, bool *ret_stored, struct err *e)
{
    if (i->chain_missed)
        log_info(ROOM, "[%s] acme: no chain matches the preferred chain \"%s\"; using the default certificate bundle",
                 buf_z(&t->domain), i->req.preferred_chain);
    int rc = t->from_csr ? check_csr(t, i, e) : obtain_check(i, e);
    if (!rc)
        rc = lego_store(r, t, i, e);
    if (rc) {
        i->err = *e;
        owe_failed(r, i);
        return rc;
    }
    *ret_stored = true;
    log_info(ROOM, "[%s] Server responded with a certificate.", buf_z(&t->domain));
    return deploy(r, t, i, e);
}

/* What stands between the pre hook and the post hook. */
static int hooked(struct run *r, struct lego_target *t, struct issue *i, bool *ret_stored, struct err *e)
{
    BUF_AUTO(names, 64u * 1024u);
    names_words(t, &names);
    int rc = obtain_order(r, i, tell_failure, e);
    if (rc) {
        i->err = *e;
        owe_failed(r, i);
        return could_not(i, e);
    }
    log_info(ROOM, "[%s] acme: Validations succeeded; requesting certificates", buf_z(&names));
    return finish(r, t, i, ret_stored, e);
}

static int order(struct run *r, struct lego_target *t, const struct lineage *old, struct issue *i, struct err *e)
{
    BUF_AUTO(names, 64u * 1024u);
    BUF_AUTO(place, 8192);
    bool stored = false;
    int rc = owe_room(r, e); /* before there is an account whose key could not be kept */
    if (rc)
        return could_not(i, e);
    if ((rc = account_obtain(r, r->req, &i->slot, e)))
        return lego_wrap(e, "Could not complete registration");
    lego_tell_account(r);
    names_words(t, &names);
    log_info(ROOM, "[%s] acme: Obtaining bundled SAN certificate%s", buf_z(&names), t->from_csr ? " given a CSR" : "");
    if ((rc = tree_lock(r->tree, e)) || (rc = prepare(r, t, old, i, e))) {
        i->err = *e;
        owe_failed(r, i);
        return could_not(i, e);
    }
    lego_cert_path(r->tree, buf_z(&t->save_as), "", &place);
    if ((rc = lego_hooks_pre(&r->hooks, r->req, buf_z(&place), &t->asked, e)))
        return rc;
    rc = hooked(r, t, i, &stored, e);
    tree_unlock(r->tree); /* nobody need wait for the hook */
    lego_hooks_post(&r->hooks, r->req, buf_z(&place), &t->asked, stored);
    return rc;
}

int lego_obtain(struct run *r, struct lego_target *t, const struct lineage *old, struct key *key, struct err *e)
{
    struct issue i;
    struct report_entry *c = report_certificate(&r->report, buf_z(&t->save_as));
    issue_init(&i);
    i.key = key;
    int rc = order(r, t, old, &i, e);
    report_strings(c, "identifiers", &t->asked);
    report_text(c, "status", rc ? "failed" : "obtained");
    if (rc)
        report_error(c, e, i.has_problem ? &i.problem : NULL);
    issue_done(&i);
    return rc;
}

/* ---- the verb ---- */

static int given_key(const struct request *q, struct key **ret, struct err *e)
{
    BUF_AUTO(pem, KEY_PEM_MAX);
    const char *path = q->lego.private_key;
    if (!path || (q->csr && q->csr[0]))
        return 0;
    if (!path[0])
        return err_set(e, SIGNET_EINVAL, "load private key: --private-key names no file");
    int rc = fs_read(AT_FDCWD, path, &pem, e);
    if (!rc)
        rc = key_from_pem(ret, buf_str(&pem), e);
    return rc ? err_wrap(e, "load private key: %s", path) : 0;
}

/* Version 5: run is renew, too, where there is something to renew. */
static int run_target(struct run *r, struct lego_target *t, struct err *e)
{
    struct lineage *l = NULL;
    struct key *key = NULL;
    int rc = r->req->lego.v5 ? lineage_open(&l, r->tree, buf_z(&t->name), e) : SIGNET_ENOTFOUND;
    if (rc == SIGNET_ENOTFOUND)
        err_clear(e);
    else if (rc)
        return rc;
    if (l)
        rc = lego_renew_due(r, t, l, e);
    else if (!(rc = given_key(r->req, &key, e)))
        rc = lego_obtain(r, t, NULL, key, e);
    lineage_free(l);
    return rc;
}

static int check_webroot(const struct lego_options *o, struct err *e)
{
    struct stat st;
    if (!o->http || !o->http_webroot || (stat(o->http_webroot, &st) == 0 && S_ISDIR(st.st_mode)))
        return 0;
    return err_set(e, SIGNET_EINVAL, "--http.webroot: webroot path \"%.500s\" does not exist or is not a directory",
                   o->http_webroot);
}

int lego_check_solver(struct run *r, struct err *e)
{
    const struct solver_ops *ops = solver_find(r->req->authenticator);
    struct solver_ctx ctx = { .loop = r->loop, .req = r->req, .ui = r->ui };
    struct solver *s = NULL;
    int rc = ops ? ops->open(&s, &ctx, e) : err_set(e, SIGNET_EINVAL, "No challenge selected.");
    if (s)
        ops->close(s);
    return rc ? rc : check_webroot(&r->req->lego, e);
}

int verb_lego_run(struct run *r, struct err *e)
{
    struct lego_target t;
    int rc = lego_check_solver(r, e);
    if (rc)
        return rc;
    rc = lego_target_init(&t, r, e);
    if (!rc)
        rc = run_target(r, &t, e);
    else if (r->req->csr && r->req->csr[0])
        (void)lego_wrap(e, "Could not obtain certificates:");
    lego_target_done(&t);
    return rc;
}
