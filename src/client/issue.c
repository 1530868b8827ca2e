#include "client/issue.h"
#include "base/clock.h"
#include "base/log.h"
#include "challenge/ports.h"
#include "client/issue_chals.h"
#include "client/owe.h"
#include "client/ui.h"
#include "crypto/cert.h"
#include "crypto/csr.h"
#include <assert.h>
#include <stdlib.h>

#define CSR_MAX (64u * 1024u)
/* How often solvers that wait for something to become visible are asked, and how long cleaning up after a signal may
 * take. */
#define STEP_MS   100
#define CANCEL_MS 2000

struct issuer {
    struct run *run;
    struct issue **v;
    size_t n, cap;
    bool cancelled;
    int64_t cancel_deadline;
};

void issue_init(struct issue *i)
{
    memset(i, 0, sizeof *i);
    i->csr = BUF_INIT(CSR_MAX);
    i->replaces = BUF_INIT(1024);
    i->chain = BUF_INIT(CHAIN_MAX_BYTES);
    i->order_url = BUF_INIT(4096);
    i->cert_url = BUF_INIT(4096);
}

void ca_problem_done(struct ca_problem *p)
{
    free(p->type);
    free(p->detail);
    free(p->url);
    free(p->doing);
    for (size_t i = 0; i < p->n_sub; i++) {
        free(p->sub[i].type);
        free(p->sub[i].detail);
        free(p->sub[i].ident);
    }
    free(p->sub);
    memset(p, 0, sizeof *p);
}

static char *copy(const char *z)
{
    return str_dup(str_of(z ? z : ""));
}

static bool ca_problem_copy(struct ca_problem *to, const struct ca_problem *p)
{
    *to = (struct ca_problem){ .code = p->code, .http_status = p->http_status, .retry_after_s = p->retry_after_s };
    to->type = copy(p->type);
    to->detail = copy(p->detail);
    to->url = copy(p->url);
    to->doing = copy(p->doing);
    to->sub = calloc(p->n_sub + 1, sizeof *to->sub);
    bool ok = to->type && to->detail && to->url && to->doing && to->sub;
    for (size_t i = 0; ok && i < p->n_sub; i++, to->n_sub++) {
        struct ca_subproblem *s = &to->sub[i];
        *s = (struct ca_subproblem){ copy(p->sub[i].type), copy(p->sub[i].detail), copy(p->sub[i].ident),
                                     p->sub[i].chal };
        ok = s->type && s->detail && s->ident;
    }
    if (!ok)
        ca_problem_done(to);
    return ok;
}

void issue_done(struct issue *i)
{
    issue_forget_challenges(i);
    request_done(&i->req);
    strlist_done(&i->domains);
    strlist_done(&i->ips);
    strlist_done(&i->all_names);
    strlist_done(&i->ca_names);
    key_free(i->key);
    i->key = NULL;
    buf_done(&i->csr);
    buf_done(&i->replaces);
    buf_done(&i->chain);
    buf_done(&i->order_url);
    buf_done(&i->cert_url);
    free(i->lineage_name);
    ca_problem_done(&i->problem);
}

int issuer_new(struct issuer **ret, struct run *r, size_t room, struct err *e)
{
    struct issuer *s = calloc(1, sizeof *s);
    if (!s || !(s->v = calloc(room + 1, sizeof *s->v))) {
        free(s);
        return err_nomem(e);
    }
    s->cap = room;
    s->run = r;
    *ret = s;
    return 0;
}

void issuer_free(struct issuer *s)
{
    if (!s)
        return;
    free(s->v);
    free(s);
}

size_t issuer_running(const struct issuer *s)
{
    return s->n;
}

bool issuer_cancelled(const struct issuer *s)
{
    return s->cancelled;
}

/* ---- starting an order ---- */

static int open_solver(struct issuer *s, struct issue *i, struct err *e)
{
    struct solver_ctx ctx = { .loop = s->run->loop, .req = &i->req, .ui = s->run->ui };
    i->ops = i->req.authenticator ? solver_find(i->req.authenticator) : NULL;
    if (!i->ops)
        return err_set(e, SIGNET_EUSAGE, "The requested %s plugin does not appear to be installed",
                       i->req.authenticator ? i->req.authenticator : "authenticator");
    return i->ops->open(&i->solver, &ctx, e);
}

static int add_ident(struct issue *i, signet_order_ident *v, size_t *n, signet_ident_type type, const char *name,
                     struct err *e)
{
    signet_order_ident *o = &v[*n];
    o->ident = (signet_ident){ type, str_of(name) };
    o->prefs = i->ops->prefs(i->solver, &o->ident, e);
    if (!o->prefs)
        return e->code ? e->code
                       : err_set(e, SIGNET_EUSAGE, "No challenge that %s can do fits %s.", i->ops->name, name);
    ++*n;
    return strlist_addz(&i->all_names, name) ? err_nomem(e) : 0;
}

static int order_idents(struct issue *i, signet_order_ident **ret, size_t *ret_n, struct err *e)
{
    size_t n = 0;
    int rc = 0;
    signet_order_ident *v = calloc(i->domains.n + i->ips.n + 1, sizeof *v);
    if (!v)
        return err_nomem(e);
    for (size_t k = 0; !rc && k < i->domains.n; k++)
        rc = add_ident(i, v, &n, SIGNET_IDENT_DNS, i->domains.v[k], e);
    for (size_t k = 0; !rc && k < i->ips.n; k++)
        rc = add_ident(i, v, &n, SIGNET_IDENT_IP, i->ips.v[k], e);
    if (rc) {
        free(v);
        return rc;
    }
    *ret = v;
    *ret_n = n;
    return 0;
}

static int make_csr(struct issue *i, struct err *e)
{
    struct csr_params p = {
        .dns = &i->domains, .ips = &i->ips, .common_name = i->common_name, .must_staple = i->req.must_staple
    };
    return i->csr.n ? 0 : csr_make(&i->csr, i->key, &p, e);
}

static signet_str profile_of(const struct request *req)
{
    return str_of(req->required_profile ? req->required_profile : req->preferred_profile);
}

/* Where ports of ours will answer challenges, the responder gets ready while the first requests are on their way. */
static void prepare_ports(const struct run *r, const struct request *req)
{
    const struct lego_options *o = &req->lego;
    signet_str by = str_of(req->authenticator);
    bool alpn = o->tls || strlist_has(&req->pref_challs, STR("tls-alpn-01"));
    bool http = o->http && !o->http_webroot && !o->http_memcached_hosts.n && !o->http_s3_bucket;
    if (str_eq(by, STR("lego")) ? o->tls || http : str_ends(by, STR("standalone")))
        ports_prepare(r->loop, r->req->require_sandbox, alpn);
}

static int start_order(struct issuer *s, struct issue *i, struct err *e)
{
    signet_order_ident *idents = NULL;
    size_t n = 0;
    int rc;
    if ((rc = open_solver(s, i, e)))
        return rc;
    prepare_ports(s->run, &i->req);
    if ((rc = make_csr(i, e)) || (rc = order_idents(i, &idents, &n, e)))
        return rc;
    signet_order_params p = {
        .size = sizeof p,
        .idents = idents,
        .n_idents = n,
        .csr_der = buf_str(&i->csr),
        .profile = profile_of(&i->req),
        .profile_optional = !i->req.required_profile,
        .not_before = str_of(i->req.lego.not_before),
        .not_after = str_of(i->req.lego.not_after),
        .replaces = buf_str(&i->replaces),
        .preferred_chain = str_of(i->req.preferred_chain),
        .revalidate = i->req.dry_run,
        .release = i->req.lego.deactivate_authz,
        .order_url = buf_str(&i->order_url),
        .one_by_one = i->ops->one_by_one && i->ops->one_by_one(i->solver),
    };
    rc = ca_order(i->slot->ca, &p, i, &i->job, e);
    free(idents);
    i->running = rc == 0;
    return rc;
}

void issuer_add(struct issuer *s, struct issue *i)
{
    assert(s->n < s->cap);
    s->v[s->n++] = i;
    i->begun_s = clock_wall_s();
    if (s->cancelled)
        err_set(&i->err, SIGNET_ECANCELED, "Exiting due to user request.");
    if (s->cancelled || start_order(s, i, &i->err))
        i->finished = true;
}

/* ---- the end of an order ---- */

static void take_problem(struct issue *i, const struct ca_problem *p)
{
    i->has_problem = ca_problem_copy(&i->problem, p);
    for (size_t k = 0; k < p->n_sub; k++)
        i->authz_failed |= p->sub[k].ident[0] != '\0' && p->code == SIGNET_EAUTHZ;
    if (!i->err.code)
        cas_problem(i->slot, p, &i->err);
}

static void settle(struct issuer *s, struct issue *i)
{
    chals_end(s->run, i);
    i->running = false;
    i->finished = chals_all_cleaned(i);
    i->ending = !i->finished;
}

static void on_done(struct issuer *s, struct issue *i, const struct ca_event *ev)
{
    if (ev->u.done.ok) {
        buf_clear(&i->chain);
        buf_add(&i->chain, ev->u.done.n_chains ? ev->u.done.chains[0] : STR(""));
        i->chain_missed = ev->u.done.chain_missed;
        buf_clear(&i->cert_url);
        buf_add(&i->cert_url, ev->u.done.cert_url);
        err_clear(&i->err);
        if (buf_err(&i->chain) || !i->chain.n)
            err_set(&i->err, SIGNET_ECERT, "The CA's certificate chain is empty or too long.");
    } else if (ev->u.done.problem) {
        take_problem(i, ev->u.done.problem);
    }
    settle(s, i);
}

static void on_lost(struct issuer *s, struct ca_slot *slot, const char *why)
{
    for (size_t k = 0; k < s->n; k++) {
        struct issue *i = s->v[k];
        if (!i->running || i->slot != slot)
            continue;
        if (!i->err.code)
            err_set(&i->err, SIGNET_ENET, "%s", why);
        settle(s, i);
    }
}

static void dispatch(struct issuer *s, struct ca_slot *slot, const struct ca_event *ev)
{
    struct issue *i = ev->data;
    switch (ev->kind) {
    case CA_PRESENT:
        if (i)
            chals_present(s->run, i, ev);
        return;
    case CA_CLEANUP:
        if (i)
            chals_cleanup(s->run, i, ev);
        return;
    case CA_ORDER_PLACED:
        return; /* owe_order knows already */
    case CA_DONE:
        if (i)
            on_done(s, i, ev);
        return;
    case CA_LOST:
        on_lost(s, slot, ev->u.lost);
        return;
    }
}

/* ---- waiting ---- */

static void cancel_all(struct issuer *s)
{
    s->cancelled = true;
    s->cancel_deadline = clock_mono_ms() + CANCEL_MS;
    loop_signal_clear(s->run->loop);
    for (size_t k = 0; k < s->n; k++) {
        struct issue *i = s->v[k];
        if (!i->running)
            continue;
        i->may_be_issued = chals_all_cleaned(i);
        if (!i->err.code)
            err_set(&i->err, SIGNET_ECANCELED, "Exiting due to user request.");
        ca_cancel(i->slot->ca, i->job);
    }
}

static void give_up(struct issuer *s)
{
    for (size_t k = 0; k < s->n; k++)
        if (s->v[k]->running)
            settle(s, s->v[k]);
}

/* What is still being taken away is left to the next run. */
static void leave_all(struct issuer *s)
{
    give_up(s);
    for (size_t k = 0; k < s->n; k++) {
        struct issue *i = s->v[k];
        if (i->ending)
            chals_leave(s->run, i);
        i->finished |= i->ending;
        i->ending = false;
    }
}

/* The first ends the work, the second the tidying up. */
static void on_signal(struct issuer *s)
{
    loop_signal_clear(s->run->loop);
    if (s->cancelled)
        leave_all(s);
    else
        cancel_all(s);
}

static bool step_waiting(struct issuer *s)
{
    bool any = false;
    for (size_t k = 0; k < s->n; k++) {
        struct issue *i = s->v[k];
        if (!i->running && !i->ending)
            continue;
        any |= chals_step(s->run, i);
        if (i->ending && chals_all_cleaned(i)) {
            i->ending = false;
            i->finished = true;
        }
    }
    return any;
}

/* One event, from whichever CA has one. */
static void pump(struct issuer *s)
{
    struct run *r = s->run;
    bool waiting = step_waiting(s), lost = false;
    int timeout = waiting ? STEP_MS : s->cancelled ? 200 : -1;
    struct ca_event ev;
    for (size_t k = 0; k < r->n_slots; k++) {
        /* With one CA, the usual case, the wait itself happens inside ca_next. */
        int rc = ca_next(r->slots[k]->ca, r->n_slots == 1 ? timeout : 0, &ev);
        if (rc == 1) {
            dispatch(s, r->slots[k], &ev);
            return;
        }
        if (rc == SIGNET_ECANCELED)
            on_signal(s);
        else if (rc < 0)
            on_lost(s, r->slots[k], signet_strerror(rc));
        lost |= rc < 0 && rc != SIGNET_ECANCELED;
    }
    if (r->n_slots == 1 && lost && waiting && loop_step(r->loop, STEP_MS) == SIGNET_ECANCELED)
        on_signal(s);
    if (r->n_slots > 1 && loop_step(r->loop, timeout < 0 ? 1000 : timeout) == SIGNET_ECANCELED)
        on_signal(s);
    if (s->cancelled && clock_mono_ms() > s->cancel_deadline)
        give_up(s);
}

static struct issue *take_finished(struct issuer *s)
{
    for (size_t k = 0; k < s->n; k++) {
        struct issue *i = s->v[k];
        if (!i->finished)
            continue;
        memmove(&s->v[k], &s->v[k + 1], (s->n - k - 1) * sizeof *s->v);
        s->n--;
        return i;
    }
    return NULL;
}

struct issue *issuer_next(struct issuer *s)
{
    struct issue *i;
    while (!(i = take_finished(s)) && s->n)
        pump(s);
    return i;
}
