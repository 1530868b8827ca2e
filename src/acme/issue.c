#include "acme/order.h"
#include "crypto/cert.h"
#include <stdlib.h>

/* Finalize, and the certificate (RFC 8555 sections 7.4, 7.4.2). */

static char *issue_payload(const struct order_job *o)
{
    BUF_AUTO(csr, LIM_CSR * 2);
    b64url_enc(&csr, buf_str(&o->csr));
    json_t *p = json_object();
    if (p && (buf_err(&csr) || json_object_set_new(p, "csr", json_stringn(buf_z(&csr), csr.n)) != 0)) {
        json_decref(p);
        return NULL;
    }
    return js_dump(p);
}

/* An answer that was lost says nothing of what the CA did: the order is looked at before anything is sent again, and
 * then it is the same CSR. */
static void issue_finalized(struct req *r, struct reply *rp)
{
    struct order_job *o = order_of(r->job);
    signet_session *s = r->s;
    if (rp->code == 0) {
        order_step(o, rp->json, -1);
        return;
    }
    bool busy = rp->status == 503 || (rp->code == SIGNET_ERATE && rp->retry_after_s <= LIM_RETRY_AFTER_S);
    bool early = prob_is(rp->problem, "orderNotReady");
    bool again = early || busy || (rp->lost && rp->code != SIGNET_ELIMIT && rp->code != SIGNET_ECANCELED);
    if (!again || rp->retry_after_s > LIM_RETRY_AFTER_S || o->finalize_faults >= s->retries) {
        job_fail(&o->j, rp->problem);
        return;
    }
    int64_t ms = backoff_ms(s, o->finalize_faults++);
    if (rp->retry_after_s * 1000 > ms)
        ms = rp->retry_after_s * 1000;
    o->polls = 0;
    o->pause_ms = s->poll_first_ms;
    if (early)
        o->phase = PHASE_POLL;
    order_poll_in(o, early ? s->poll_first_ms : ms);
}

void issue_ready(struct order_job *o)
{
    signet_session *s = o->j.s;
    if (!o->csr.n) {
        o->phase = PHASE_CSR;
        chal_clean_all(o, false);
        return;
    }
    if (++o->finalizes > LIM_FINALIZE) {
        job_fail_own(&o->j, SIGNET_EPROTO, "finalizing the order", o->finalize_url,
                     "the CA keeps saying that the order is ready, but does not take it");
        return;
    }
    if (o->phase < PHASE_FINALIZE && s->finalize_timeout_s) {
        int64_t at = s->t + (int64_t)s->finalize_timeout_s * 1000;
        if (at < o->j.deadline.at)
            tmr_set(&s->timers, &o->j.deadline, at, o->j.deadline.fire);
    }
    o->phase = PHASE_FINALIZE;
    char *payload = issue_payload(o);
    if (!payload) {
        job_nomem(&o->j);
        return;
    }
    if (order_post(o, o->finalize_url, payload, REQ_ONCE, "finalizing the order", issue_finalized, NULL) == 0)
        chal_clean_all(o, false);
}

/* ---- Link (RFC 8288), as far as alternate chains need it ---- */

static bool link_is_alternate(signet_str params)
{
    while (params.n) {
        signet_str one, name, value;
        str_cut(params, ';', &one, &params);
        str_cut(str_trim(one), '=', &name, &value);
        value = str_trim(value);
        if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
            value = (signet_str){ value.p + 1, value.n - 2 };
        if (str_ieq(str_trim(name), STR("rel")))
            return str_ieq(value, STR("alternate"));
    }
    return false;
}

/* A URL may hold commas, so one field is cut at "<" and ">", not at them. */
static int links_collect(struct order_job *o, signet_str field)
{
    while (field.n && o->n_alt < LIM_ALTERNATES) {
        signet_str skipped, url, params;
        if (!str_cut(field, '<', &skipped, &field) || !str_cut(field, '>', &url, &field))
            break;
        signet_str rest = field;
        str_cut(rest, '<', &params, &rest);
        if (!link_is_alternate(params) || !dir_allows(o->j.s, url))
            continue;
        signet_str copy = arena_str(&o->j.mem, url);
        if (!copy.p)
            return SIGNET_ENOMEM;
        o->alt[o->n_alt++] = copy;
    }
    return 0;
}

/* ---- the chains ---- */

static bool chain_preferred(const struct order_job *o, const struct buf *chain)
{
    BUF_AUTO(cn, 1024);
    return chain_top_issuer(buf_str(chain), &cn, NULL) == 0 && str_eq(buf_str(&cn), o->preferred_chain);
}

static void issue_done(struct order_job *o)
{
    if (o->preferred_chain.n) {
        size_t i = 0;
        while (i < o->n_chains && !chain_preferred(o, &o->chains[i]))
            i++;
        o->missed = i == o->n_chains;
        if (i < o->n_chains && i > 0) {
            struct buf chosen = o->chains[i];
            memmove(&o->chains[1], &o->chains[0], i * sizeof(chosen));
            o->chains[0] = chosen;
        }
    }
    o->have_cert = true;
    o->phase = PHASE_END;
    if (o->release)
        authz_release(o);
    order_settle(o);
}

static void issue_alternate_done(struct req *r, struct reply *rp)
{
    struct order_job *o = order_of(r->job);
    struct buf *to = &o->chains[o->n_chains];
    if (rp->code == 0 && chain_split(rp->http->body, NULL, NULL, to, NULL) == 0)
        o->n_chains++; /* one that cannot be had is no reason to do without the certificate */
    else
        buf_done(to);
    if (--o->n_waiting == 0)
        issue_done(o);
}

static int issue_get(struct order_job *o, signet_str url, void (*done)(struct req *, struct reply *))
{
    struct req_spec spec = { .url = url,
                             .auth = AUTH_KID,
                             .payload = str_dup(STR("")),
                             .max_body = LIM_CHAIN_BODY,
                             .accept = "application/pem-certificate-chain",
                             .doing = "downloading the certificate",
                             .done = done };
    if (!spec.payload) {
        job_nomem(&o->j);
        return SIGNET_ENOMEM;
    }
    return req_start(o->j.s, &o->j, &spec, NULL);
}

static void issue_alternates(struct order_job *o)
{
    bool wanted = o->fetch_alternates || (o->preferred_chain.n && !chain_preferred(o, &o->chains[0]));
    if (!wanted || !o->n_alt) {
        issue_done(o);
        return;
    }
    o->phase = PHASE_ALTERNATES;
    o->n_waiting = (unsigned)o->n_alt;
    for (size_t i = 0; i < o->n_alt && !o->j.failing; i++)
        (void)issue_get(o, o->alt[i], issue_alternate_done);
}

static void issue_got(struct req *r, struct reply *rp)
{
    struct order_job *o = order_of(r->job);
    struct err e = { 0 };
    if (rp->code != 0) {
        job_fail(&o->j, rp->problem);
        return;
    }
    int rc = chain_split(rp->http->body, NULL, NULL, &o->chains[0], &e);
    if (rc != 0) {
        buf_done(&o->chains[0]);
        if (rc == SIGNET_ENOMEM)
            job_nomem(&o->j);
        else if (!req_again(r, rp))
            job_fail_own(&o->j, SIGNET_ECERT, r->doing, o->cert_url, "the CA's answer is no certificate chain: %s",
                         e.text);
        return;
    }
    o->n_chains = 1;
    for (size_t i = 0; i < rp->http->n_links; i++) {
        if (links_collect(o, rp->http->links[i]) != 0) {
            job_nomem(&o->j);
            return;
        }
    }
    issue_alternates(o);
}

void issue_fetch(struct order_job *o)
{
    o->phase = PHASE_CERT;
    (void)issue_get(o, o->cert_url, issue_got);
}
