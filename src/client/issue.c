#include "client/issue.h"
#include "base/clock.h"
#include "base/log.h"
#include "challenge/ports.h"
#include "client/owe.h"
#include "client/present_tell.h"
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

/* One challenge of an order, with owned copies of what the talker's views said. */
struct chal_item {
    struct challenge c;
    char *text[6]; /* ident, token, key_auth, name, value + room */
    uint64_t chal_id, present_id, cleanup_id;
    bool answered, want_cleanup, cleaning, cleaned; /* cleaning: the solver has been told */
    unsigned noted;                                 /* c.news that the journal has */
    uint64_t note;                                  /* in the journal */
};

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

static void chal_item_done(struct chal_item *c)
{
    for (size_t i = 0; i < sizeof c->text / sizeof *c->text; i++)
        free(c->text[i]);
    free(c->c.auth_output);
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

void issue_forget_challenges(struct issue *i)
{
    if (i->solver)
        i->ops->close(i->solver);
    i->solver = NULL;
    for (size_t k = 0; k < i->n_chals; k++)
        chal_item_done(&i->chals[k]);
    free(i->chals);
    i->chals = NULL;
    i->n_chals = i->cap_chals = 0;
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
    if (s->cancelled)
        err_set(&i->err, SIGNET_ECANCELED, "Exiting due to user request.");
    if (s->cancelled || start_order(s, i, &i->err))
        i->finished = true;
}

/* ---- challenges ---- */

static int take_ca_names(struct issue *i)
{
    signet_meta meta;
    if (i->ca_names.n || !ca_meta(i->slot->ca, &meta))
        return 0;
    for (size_t k = 0; k < meta.n_caa_identities; k++)
        if (strlist_add(&i->ca_names, meta.caa_identities[k]))
            return SIGNET_ENOMEM;
    return 0;
}

static int item_fill(struct issue *i, struct chal_item *c, const struct ca_event *ev)
{
    const signet_str src[5] = { ev->u.chal.ident.value, ev->u.chal.token, ev->u.chal.key_auth, ev->u.chal.name,
                                ev->u.chal.value };
    signet_str *dst[5] = { &c->c.ident.value, &c->c.token, &c->c.key_auth, &c->c.name, &c->c.value };
    for (size_t k = 0; k < 5; k++) {
        if (!(c->text[k] = str_dup(src[k])))
            return SIGNET_ENOMEM;
        *dst[k] = str_of(c->text[k]);
    }
    c->c.type = ev->u.chal.type;
    c->c.ident.type = ev->u.chal.ident.type;
    c->c.left = ev->u.chal.left;
    c->c.total = ev->u.chal.total;
    c->c.all_names = &i->all_names;
    c->c.ca_names = &i->ca_names;
    c->c.account_url = ca_account_url(i->slot->ca);
    c->chal_id = ev->u.chal.chal_id;
    c->present_id = ev->u.chal.action_id;
    return 0;
}

/* Tells the CA's side about every challenge whose state is settled. */
static void answer_settled(struct issue *i)
{
    for (size_t k = 0; k < i->n_chals; k++) {
        struct chal_item *c = &i->chals[k];
        if (c->answered || c->want_cleanup || (c->c.state != CHAL_READY && c->c.state != CHAL_FAILED))
            continue;
        c->answered = true;
        bool failed = c->c.state == CHAL_FAILED;
        int code = failed ? (c->c.err.code ? c->c.err.code : SIGNET_ESYS) : 0;
        if (failed && !i->err.code)
            i->err = c->c.err; /* our own reason says more than the CA's echo of it */
        ca_challenge_done(i->slot->ca, c->present_id, code, str_of(failed ? c->c.err.text : ""));
    }
}

static struct challenge **due_list(struct issue *i, bool (*want)(const struct chal_item *), size_t *n)
{
    struct challenge **v = calloc(i->n_chals + 1, sizeof *v);
    *n = 0;
    for (size_t k = 0; v && k < i->n_chals; k++)
        if (want(&i->chals[k]))
            v[(*n)++] = &i->chals[k].c;
    return v;
}

static bool is_new(const struct chal_item *c)
{
    return c->c.state == CHAL_NEW && !c->answered;
}

static bool is_waiting(const struct chal_item *c)
{
    return c->c.state == CHAL_WAITING || c->c.state == CHAL_LEAVING;
}

static bool is_to_clean(const struct chal_item *c)
{
    return c->want_cleanup && !c->cleaning;
}

static bool is_leaving(const struct chal_item *c)
{
    return c->c.state == CHAL_LEAVING;
}

/* In the journal before they are put up, and again when more is known. */
static void note_challenges(struct issuer *s, struct issue *i)
{
    for (size_t k = 0; k < i->n_chals; k++)
        if (!i->chals[k].cleaned && i->chals[k].c.state != CHAL_FAILED)
            owe_challenge(s->run, i, &i->chals[k].c, &i->chals[k].note);
}

static void present_new(struct issuer *s, struct issue *i)
{
    struct err e = { 0 };
    size_t n;
    struct challenge **v = due_list(i, is_new, &n);
    note_challenges(s, i);
    if (v && n && i->ops != solver_find("lego")) /* that one tells in its own words */
        present_tell(v, n);
    int rc = v ? i->ops->present(i->solver, v, n, &e) : err_nomem(&e);
    note_challenges(s, i);
    for (size_t k = 0; rc && v && k < n; k++) {
        v[k]->state = CHAL_FAILED;
        v[k]->err = e;
    }
    if (!rc && i->req.debug_challenges)
        present_pause(s->run->ui, v, n);
    free(v);
    answer_settled(i);
}

static void on_present(struct issuer *s, struct issue *i, const struct ca_event *ev)
{
    if (i->n_chals == i->cap_chals) {
        /* The solvers hold pointers to the challenges: they are all there before the first is presented, in one piece.
         */
        size_t cap = ev->u.chal.total > i->cap_chals ? ev->u.chal.total : 2 * i->cap_chals + 4;
        struct chal_item *v = realloc(i->chals, cap * sizeof *v);
        if (!v) {
            ca_challenge_done(i->slot->ca, ev->u.chal.action_id, SIGNET_ENOMEM, STR("out of memory"));
            return;
        }
        i->chals = v;
        i->cap_chals = cap;
    }
    struct chal_item *c = &i->chals[i->n_chals++];
    memset(c, 0, sizeof *c);
    if (take_ca_names(i) || item_fill(i, c, ev)) {
        c->c.state = CHAL_FAILED;
        err_nomem(&c->c.err);
    }
    if (ev->u.chal.left == 0)
        present_new(s, i);
}

/* Those that are away, or will have to wait for another run. */
static void note_cleaned(struct issuer *s, struct issue *i)
{
    for (size_t k = 0; k < i->n_chals; k++) {
        struct chal_item *c = &i->chals[k];
        if (!c->cleaning || c->cleaned || is_leaving(c))
            continue;
        c->cleaned = true;
        if (c->c.state == CHAL_CLEAN)
            journal_done(s->run->journal, &c->note);
        if (c->cleanup_id)
            ca_challenge_done(i->slot->ca, c->cleanup_id, 0, STR(""));
    }
}

static void clean_wanted(struct issuer *s, struct issue *i)
{
    size_t n;
    struct challenge **v = due_list(i, is_to_clean, &n);
    if (v && n) {
        log_info("client", "Cleaning up challenges");
        i->ops->cleanup(i->solver, v, n);
    }
    free(v);
    for (size_t k = 0; k < i->n_chals; k++)
        i->chals[k].cleaning |= is_to_clean(&i->chals[k]);
    note_cleaned(s, i);
}

static void on_cleanup(struct issuer *s, struct issue *i, const struct ca_event *ev)
{
    for (size_t k = 0; k < i->n_chals; k++) {
        struct chal_item *c = &i->chals[k];
        if (c->chal_id != ev->u.chal.chal_id)
            continue;
        c->want_cleanup = true;
        c->cleanup_id = ev->u.chal.action_id;
    }
    if (ev->u.chal.left == 0)
        clean_wanted(s, i);
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

/* The order needs no challenge, or needs none any more: the CA may be making the certificate. */
static bool all_cleaned(const struct issue *i)
{
    for (size_t k = 0; k < i->n_chals; k++)
        if (!i->chals[k].cleaned)
            return false;
    return true;
}

static void settle(struct issuer *s, struct issue *i)
{
    for (size_t k = 0; k < i->n_chals; k++)
        i->chals[k].want_cleanup = true;
    if (i->n_chals)
        clean_wanted(s, i);
    i->running = false;
    i->finished = all_cleaned(i);
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
            on_present(s, i, ev);
        return;
    case CA_CLEANUP:
        if (i)
            on_cleanup(s, i, ev);
        return;
    case CA_ORDER_PLACED:
        if (i)
            owe_order(s->run, i, ev->u.order_url);
        return;
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
        i->may_be_issued = all_cleaned(i);
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
        size_t n;
        struct challenge **v = i->ending ? due_list(i, is_leaving, &n) : NULL;
        if (v && n)
            i->ops->cleanup(i->solver, v, n);
        free(v);
        if (i->ending)
            note_cleaned(s, i);
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

static void note_news(struct issuer *s, struct issue *i)
{
    for (size_t k = 0; k < i->n_chals; k++) {
        struct chal_item *c = &i->chals[k];
        if (c->noted == c->c.news || c->cleaned)
            continue;
        c->noted = c->c.news;
        owe_challenge(s->run, i, &c->c, &c->note);
    }
}

static bool step_waiting(struct issuer *s)
{
    bool any = false;
    for (size_t k = 0; k < s->n; k++) {
        struct issue *i = s->v[k];
        size_t n;
        if ((!i->running && !i->ending) || !i->ops->step)
            continue;
        struct challenge **v = due_list(i, is_waiting, &n);
        if (v && n) {
            any = true;
            i->ops->step(i->solver, v, n);
            note_news(s, i);
            answer_settled(i);
            note_cleaned(s, i);
        }
        free(v);
        if (i->ending && all_cleaned(i)) {
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
