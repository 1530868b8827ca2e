#include "acme/order.h"
#include <stdlib.h>

/* The order as a job: how it starts, how it ends, what the embedder may ask of it. */

/* ---- ending ---- */

/* The job ends when its result stands and nothing that it asked of the embedder or the CA is open. */
void order_settle(struct order_job *o)
{
    signet_job *j = &o->j;
    if (j->orphan) {
        if (!o->n_cleaning)
            job_destroy(j);
        return;
    }
    if (j->state == SIGNET_JOB_RUNNING && (j->failing || o->have_cert) && !o->n_cleaning && !o->n_presenting &&
        !o->n_waiting)
        job_end(j);
}

static void order_wind(signet_job *j)
{
    struct order_job *o = order_of(j);
    o->n_waiting = 0;
    if (o->phase == PHASE_NEW)
        order_forget_hint(o);
    int64_t ms = j->problem.pub.code == SIGNET_ECANCELED ? LIM_CANCEL_MS : LIM_WIND_DOWN_MS;
    tmr_set(&j->s->timers, &j->deadline, j->s->t + ms, j->deadline.fire);
    chal_clean_all(o, false);
    /* Once the order was ready every authorization is valid, whatever was last seen of it: deactivating one would spoil
     * an order whose certificate can still be had. */
    bool pending = o->phase < PHASE_CSR || o->phase == PHASE_COLLECT;
    o->phase = PHASE_END;
    if (pending)
        authz_deactivate_pending(o);
    order_settle(o);
}

static const char *phase_doing(enum order_phase p)
{
    switch (p) {
    case PHASE_NEW:
        return "placing the order";
    case PHASE_AUTHZ:
    case PHASE_REVALIDATE:
        return "reading the authorizations";
    case PHASE_CHALLENGE:
        return "setting up the challenges";
    case PHASE_POLL:
    case PHASE_COLLECT:
        return "waiting for the validation";
    case PHASE_CSR:
        return "waiting for the certificate signing request";
    case PHASE_FINALIZE:
    case PHASE_ISSUE:
        return "waiting for the certificate";
    case PHASE_CERT:
    case PHASE_ALTERNATES:
    case PHASE_END:
        break;
    }
    return "downloading the certificate";
}

static void order_late(signet_job *j)
{
    struct order_job *o = order_of(j);
    if (j->failing || o->have_cert) {
        chal_clean_all(o, true);
        job_end(j);
        return;
    }
    job_fail_own(j, SIGNET_ETIMEOUT, phase_doing(o->phase), o->url, "the order did not get on in the time given to it");
}

static bool order_busy(signet_job *j)
{
    return order_of(j)->n_cleaning > 0;
}

static void order_leave(signet_job *j)
{
    chal_clean_all(order_of(j), true);
}

static void order_free(signet_job *j)
{
    struct order_job *o = order_of(j);
    authz_reset(o);
    buf_done(&o->csr);
    prob_done(&o->why);
    for (size_t i = 0; i < 1 + LIM_ALTERNATES; i++)
        buf_done(&o->chains[i]);
}

/* ---- the public side ---- */

static void order_ready(signet_job *j)
{
    struct order_job *o = order_of(j);
    if (!o->url.n) {
        order_new(o);
        return;
    }
    if (!dir_allows(j->s, o->url)) {
        job_fail_own(j, SIGNET_EINVAL, "resuming the order", o->url, "the order is not at this CA");
        return;
    }
    order_resume(o);
}

static const struct job_ops ORDER_OPS = { .ready = order_ready,
                                          .wind = order_wind,
                                          .busy = order_busy,
                                          .leave = order_leave,
                                          .late = order_late,
                                          .free = order_free };

static bool order_params_ok(const signet_order_params *p)
{
    if (!p || p->size < sizeof(*p) || !p->n_idents || p->n_idents > LIM_IDENTS || p->csr_der.n > LIM_CSR)
        return false;
    for (size_t i = 0; i < p->n_idents; i++) {
        if (!ident_ok(&p->idents[i].ident))
            return false;
        for (size_t k = 0; k < i; k++)
            if (str_ieq(p->idents[i].ident.value, p->idents[k].ident.value))
                return false;
    }
    return true;
}

static int order_copy(struct order_job *o, const signet_order_params *p)
{
    struct arena *m = &o->j.mem;
    const struct {
        signet_str *to, from;
    } T[] = { { &o->profile, p->profile },     { &o->not_before, p->not_before },
              { &o->not_after, p->not_after }, { &o->replaces, p->replaces },
              { &o->url, p->order_url },       { &o->preferred_chain, p->preferred_chain } };
    for (size_t i = 0; i < sizeof(T) / sizeof(T[0]); i++) {
        *T[i].to = arena_str(m, T[i].from);
        if (!T[i].to->p)
            return SIGNET_ENOMEM;
    }
    o->idents = arena_get(m, p->n_idents * sizeof(*o->idents));
    o->taken = arena_get(m, p->n_idents * sizeof(*o->taken));
    if (!o->idents || !o->taken)
        return SIGNET_ENOMEM;
    for (; o->n_idents < p->n_idents; o->n_idents++) {
        signet_order_ident *id = &o->idents[o->n_idents];
        *id = p->idents[o->n_idents];
        id->ident.value = arena_str(m, id->ident.value);
        if (!id->ident.value.p)
            return SIGNET_ENOMEM;
    }
    buf_add(&o->csr, p->csr_der);
    return buf_err(&o->csr);
}

int signet_order_start(signet_session *s, const signet_order_params *p, signet_job **ret)
{
    if (!order_params_ok(p))
        return SIGNET_EINVAL;
    signet_job *j = job_new(s, &ORDER_OPS, sizeof(struct order_job), true);
    if (!j)
        return SIGNET_ENOMEM;
    struct order_job *o = order_of(j);
    o->csr = BUF_INIT(LIM_CSR);
    for (size_t i = 0; i < 1 + LIM_ALTERNATES; i++)
        o->chains[i] = BUF_INIT(LIM_CHAIN_BODY);
    o->fetch_alternates = p->fetch_alternates != 0;
    o->profile_optional = p->profile_optional != 0;
    o->revalidate = p->revalidate != 0;
    o->keep_pending = p->keep_pending != 0;
    o->release = p->release != 0;
    o->one_by_one = p->one_by_one != 0;
    int rc = order_copy(o, p);
    if (rc != 0) {
        job_destroy(j);
        return rc;
    }
    *ret = j;
    tmr_set(&s->timers, &j->deadline, s->t + (int64_t)s->order_timeout_s * 1000, j->deadline.fire);
    dir_wait(j);
    return 0;
}

int signet_order_set_csr(signet_job *j, signet_str csr_der)
{
    struct order_job *o = order_of(j);
    if (j->ops != &ORDER_OPS || !csr_der.n || csr_der.n > LIM_CSR)
        return SIGNET_EINVAL;
    if (o->csr.n || j->state != SIGNET_JOB_RUNNING)
        return SIGNET_ESTATE;
    buf_add(&o->csr, csr_der);
    if (buf_err(&o->csr)) {
        buf_done(&o->csr);
        return SIGNET_ENOMEM;
    }
    if (o->phase == PHASE_CSR)
        issue_ready(o);
    j->s->dirty = true;
    return 0;
}

signet_str signet_job_order_url(const signet_job *j)
{
    return j->ops == &ORDER_OPS ? order_of((signet_job *)(uintptr_t)j)->url : STR("");
}

signet_str signet_job_cert_url(const signet_job *j)
{
    return j->ops == &ORDER_OPS ? order_of((signet_job *)(uintptr_t)j)->cert_url : STR("");
}

int signet_job_chain(const signet_job *j, size_t i, signet_str *ret_pem)
{
    const struct order_job *o = (const struct order_job *)j;
    if (j->ops != &ORDER_OPS || j->state != SIGNET_JOB_DONE || i >= o->n_chains)
        return SIGNET_ENOTFOUND;
    *ret_pem = buf_str(&o->chains[i]);
    return 0;
}

int signet_job_chain_missed(const signet_job *j)
{
    return j->ops == &ORDER_OPS && ((const struct order_job *)j)->missed;
}
