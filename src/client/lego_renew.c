/* lego's face: renew. */
#include "base/clock.h"
#include "base/log.h"
#include "client/lego.h"
#include "client/lineages.h"
#include "crypto/digest.h"
#include "plan/lego_due.h"
#include "store/lego.h"
#include <stdlib.h>
#include <unistd.h>

#define ROOM         "lego"
#define SLEEP_MAX_MS (480u * 1000u)
#define KEY_PEM_MAX  (64u * 1024u)

/* ---- waiting ---- */

/* Without the lock: somebody at the keyboard need not wait for a cron job's pause. */
static int pause_until(struct run *r, int64_t until_ms, struct err *e)
{
    tree_unlock(r->tree);
    for (int64_t left; (left = until_ms - clock_mono_ms()) > 0;)
        if (loop_step(r->loop, left > 10000 ? 10000 : (int)left))
            return err_set(e, SIGNET_ECANCELED, "Exiting due to user request.");
    return tree_lock(r->tree, e);
}

static int pause_at_random(struct run *r, struct err *e)
{
    uint64_t ms;
    BUF_AUTO(words, 64);
    if (r->req->lego.no_random_sleep || isatty(STDOUT_FILENO) || random_below(SLEEP_MAX_MS, &ms))
        return 0;
    lego_duration_words(&words, (int64_t)ms / 1000);
    log_info(ROOM, "renewal: random delay of %s", buf_z(&words));
    return pause_until(r, clock_mono_ms() + (int64_t)ms, e);
}

/* ---- the CA's advice ---- */

/* 0 with *ret_at set when it says so now, or soon enough to wait for; *ret_at 0: it does not, or there is none. */
static int ask_ari(struct run *r, const struct lego_target *t, const struct lineage *l, int64_t *ret_at, struct err *e)
{
    BUF_AUTO(pem, CHAIN_MAX_BYTES);
    BUF_AUTO(id, 1024);
    struct ca_slot *s;
    struct ca_event ev;
    struct err why = { 0 };
    ca_job job;
    *ret_at = 0;
    int rc = lego_open_account(r, &s, e);
    if (rc || (rc = lineage_read(l, KIND_CERT, l->newest, &pem, e)))
        return rc;
    if ((rc = cert_ari_id(buf_str(&pem), &id, &why)) || (rc = ca_ari(s->ca, buf_str(&id), NULL, &job, &why)) ||
        (rc = cas_wait(r, s, job, &ev, &why))) {
        if (rc == SIGNET_ECANCELED)
            return err_set(e, rc, "%s", why.text);
        if (rc == SIGNET_ENOTFOUND)
            log_warn(ROOM, "[%s] acme: the server does not advertise a renewal info endpoint", buf_z(&t->domain));
        else
            log_warn(ROOM, "[%s] acme: calling renewal info endpoint: %s", buf_z(&t->domain), why.text);
        return 0;
    }
    const signet_ari *a = &ev.u.done.ari;
    struct lego_window w = { clock_wall_s(), a->start_s, a->end_s, r->req->lego.ari_wait / 1000, 0 };
    if (random_bytes(&w.random, sizeof w.random))
        w.random = 0;
    bool now = lego_window_at(&w, ret_at);
    log_info(ROOM, "[%s] acme: renewalInfo endpoint indicates that renewal is %sneeded", buf_z(&t->domain),
             now ? "" : "not ");
    if (now && a->explanation_url.n)
        log_info(ROOM, "[%s] acme: renewalInfo endpoint provided an explanation: %.*s", buf_z(&t->domain),
                 STR_ARG(a->explanation_url));
    return 0;
}

static int wait_for_ari(struct run *r, const struct lego_target *t, int64_t at, struct err *e)
{
    BUF_AUTO(length, 64);
    BUF_AUTO(when, 64);
    int64_t left = at - clock_wall_s();
    if (left <= 0)
        return 0;
    lego_duration_words(&length, left);
    clock_fmt_iso_space(&when, at);
    log_info(ROOM, "[%s] Sleeping %s until renewal time %s", buf_z(&t->domain), buf_z(&length), buf_z(&when));
    return pause_until(r, clock_mono_ms() + left * 1000, e);
}

/* ---- due? ---- */

static bool same_names(const struct lego_target *t, const struct cert_info *c)
{
    return strlist_same_set(&t->domains, &c->dns) && strlist_same_set(&t->ips, &c->ips);
}

/* Not what the certificate was ordered with: other names, in a configuration file another profile. Version 4 looks at
 * names with --force-cert-domains only, version 5 without it at those that are new. */
static bool is_changed(const struct run *r, const struct lego_target *t, const struct lineage *l,
                       const struct cert_info *c)
{
    const struct lego_options *o = &r->req->lego;
    BUF_AUTO(old, 1024);
    (void)lego_cert_member(l, "profile", &old);
    if (o->managed && !str_eq(buf_str(&old), str_of(r->req->required_profile)))
        return true;
    if (o->force_cert_domains)
        return !same_names(t, c);
    return o->v5 && !(strlist_subset(&t->domains, &c->dns) && strlist_subset(&t->ips, &c->ips));
}

static bool is_due(struct run *r, const struct lego_target *t, const struct lineage *l, const struct cert_info *c)
{
    const struct lego_options *o = &r->req->lego;
    bool dynamic = o->dynamic || (o->v5 && (!o->days_given || !o->days));
    struct lego_due d = { clock_wall_s(), c->not_before, c->not_after, o->renew_force ? -1 : o->days,
                          dynamic && !o->renew_force };
    BUF_AUTO(why, 512);
    if (lego_is_due(&d, &why))
        return true;
    if (is_changed(r, t, l, c))
        return true;
    ui_alert(r->ui, dynamic ? "[INFO] [%s] %s" : "[%s] %s", buf_z(&t->domain), buf_z(&why));
    return false;
}

/* The certificate's names, then those that are new; with --force-cert-domains those given alone. */
static int merge_names(const struct run *r, struct lego_target *t, const struct cert_info *c, struct err *e)
{
    struct lego_target all = { 0 };
    int rc = 0;
    if (r->req->lego.force_cert_domains || t->from_csr)
        return 0;
    for (size_t i = 0; !rc && i < c->dns.n; i++)
        rc = lego_add_name(&all, str_of(c->dns.v[i]), e);
    for (size_t i = 0; !rc && i < c->ips.n; i++)
        rc = lego_add_name(&all, str_of(c->ips.v[i]), e);
    for (size_t i = 0; !rc && i < t->asked.n; i++)
        rc = lego_add_name(&all, str_of(t->asked.v[i]), e);
    if (!rc && (strlist_copy(&t->domains, &all.domains) || strlist_copy(&t->ips, &all.ips) ||
                strlist_copy(&t->asked, &all.asked)))
        rc = err_nomem(e);
    lego_target_done(&all);
    return rc;
}

static int old_key(const struct run *r, const struct lego_target *t, const struct lineage *l, struct key **ret,
                   struct err *e)
{
    BUF_AUTO(pem, KEY_PEM_MAX);
    BUF_AUTO(what, 1024);
    if (!r->req->lego.reuse_key || t->from_csr)
        return 0;
    int rc = lineage_read(l, KIND_PRIVKEY, l->newest, &pem, e);
    if (!rc)
        rc = key_from_pem(ret, buf_str(&pem), e);
    buf_addf(&what, "Error while loading the private key for domain %s", buf_z(&t->domain));
    return rc ? lego_wrap(e, buf_z(&what)) : 0;
}

static int go_on(struct run *r, struct lego_target *t, struct lineage *l, const struct cert_info *c, struct err *e)
{
    struct key *key = NULL;
    log_info(ROOM, "[%s] acme: Trying renewal with %lld hours remaining", buf_z(&t->domain),
             (long long)((c->not_after - clock_wall_s()) / 3600));
    bool changed = r->req->lego.v5 && is_changed(r, t, l, c); /* somebody has just asked for it */
    int rc = merge_names(r, t, c, e);
    if (!rc)
        rc = old_key(r, t, l, &key, e);
    if (!rc && !changed && (rc = pause_at_random(r, e)))
        key_free(key);
    return rc ? rc : lego_obtain(r, t, l, key, e);
}

int lego_renew_due(struct run *r, struct lego_target *t, struct lineage *l, struct err *e)
{
    struct cert_info c = { 0 };
    int64_t at = 0;
    int rc = lineage_cert(l, &c, e);
    if (!rc && c.is_ca)
        rc = err_set(e, SIGNET_EFORMAT, "[%s] Certificate bundle starts with a CA certificate", buf_z(&t->domain));
    if (!rc && !r->req->lego.ari_disable)
        rc = ask_ari(r, t, l, &at, e);
    if (!rc && at)
        rc = wait_for_ari(r, t, at, e);
    if (!rc && (at || is_due(r, t, l, &c)))
        rc = go_on(r, t, l, &c, e);
    cert_info_done(&c);
    return rc;
}

static int renew_target(struct run *r, struct lego_target *t, struct err *e)
{
    BUF_AUTO(what, 1024);
    struct ca_slot *s;
    struct account *a = NULL;
    struct lineage *l = NULL;
    int rc = account_load(&a, r->tree, r->req->server, r->req->account, e);
    account_free(a);
    if (rc == SIGNET_ENOTFOUND)
        return lego_open_account(r, &s, e); /* says so */
    if (rc)
        return rc;
    rc = lineage_open(&l, r->tree, buf_z(&t->name), e);
    buf_addf(&what, "Error while loading the certificate for domain %s", buf_z(&t->domain));
    if (rc)
        return lego_wrap(e, buf_z(&what));
    rc = lego_renew_due(r, t, l, e);
    lineage_free(l);
    return rc;
}

int verb_lego_renew(struct run *r, struct err *e)
{
    struct lego_target t;
    int rc = lego_check_solver(r, e);
    if (rc)
        return rc;
    rc = lego_target_init(&t, r, e);
    if (!rc)
        rc = renew_target(r, &t, e);
    lego_target_done(&t);
    return rc;
}
