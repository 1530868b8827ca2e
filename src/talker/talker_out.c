#include "base/clock.h"
#include "talker/talker.h"
#include <assert.h>
#include <stdlib.h>

static uint32_t id_of(signet_job *job)
{
    const struct talker_job *tj = job ? signet_job_data(job) : NULL;
    return tj ? tj->id : 0;
}

static int send_http(struct talker *t, const signet_action *a)
{
    struct https_request q = {
        .id = a->id,
        .method = a->u.http.method,
        .url = a->u.http.url,
        .content_type = a->u.http.content_type,
        .accept = a->u.http.accept,
        .body = a->u.http.body,
        .max_body = a->u.http.max_body,
    };
    if (t->trace)
        talker_trace_request(t, a);
    if (t->limit) {
        t->begun[t->next_begun] = talker_now(t);
        t->next_begun = (t->next_begun + 1) % t->limit;
    }
    return https_send(t->https, &q);
}

static int send_chal(struct talker *t, const signet_action *a)
{
    struct msg_chal c = {
        .id = a->id,
        .chal_id = a->u.chal.chal_id,
        .type = a->u.chal.type,
        .ident = a->u.chal.ident,
        .token = a->u.chal.token,
        .key_auth = a->u.chal.key_auth,
        .name = a->u.chal.name,
        .value = a->u.chal.value,
        .left = a->u.chal.left,
        .total = a->u.chal.total,
    };
    return msg_put_chal(&t->wire, a->kind == SIGNET_ACT_PRESENT ? WIRE_PRESENT : WIRE_CLEANUP, id_of(a->job), &c);
}

/* A text that main keeps, told again only when it has changed. */
static int tell_change(struct talker *t, enum wire_type type, struct buf *told, signet_str now)
{
    if (str_eq(buf_str(told), now))
        return 0;
    buf_clear(told);
    buf_add(told, now);
    return buf_err(told) ? buf_err(told) : msg_put_text(&t->wire, type, 0, now);
}

static int tell_session(struct talker *t, bool meta_wanted)
{
    signet_str saved = { 0 };
    signet_meta meta;
    bool known = signet_session_save(t->session, &saved) == 0;
    if (known && (!t->meta_told || !str_eq(buf_str(&t->saved), saved)))
        meta_wanted = true;
    int rc = known ? tell_change(t, WIRE_SAVED, &t->saved, saved) : 0;
    if (!rc && meta_wanted && signet_session_meta(t->session, &meta) == 0)
        rc = msg_put_meta(&t->wire, &meta);
    t->meta_told |= known;
    return rc ? rc : tell_change(t, WIRE_ACCOUNT_URL, &t->account, signet_session_account(t->session));
}

static int tell_order_url(struct talker *t, struct talker_job *tj)
{
    if (tj->kind != WIRE_ORDER || tj->url_sent)
        return 0;
    signet_str url = signet_job_order_url(tj->job);
    if (url.n == 0)
        return 0;
    tj->url_sent = true;
    return msg_put_text(&t->wire, WIRE_ORDER_URL, tj->id, url);
}

static int tell_chains(struct talker *t, const struct talker_job *tj)
{
    signet_str pem;
    int rc = 0;
    for (size_t i = 0; rc == 0 && signet_job_chain(tj->job, i, &pem) == 0; i++)
        rc = msg_put_text(&t->wire, WIRE_CHAIN, tj->id, pem);
    return rc;
}

static int tell_done(struct talker *t, const struct talker_job *tj)
{
    struct msg_done d = { .ok = signet_job_status(tj->job) == SIGNET_JOB_DONE };
    if (!d.ok) {
        const signet_problem *p = signet_job_problem(tj->job);
        if (p)
            d.problem = *p;
        if (!d.problem.code)
            d.problem.code = signet_job_error(tj->job);
    } else if (tj->kind == WIRE_ACCOUNT) {
        (void)signet_job_account(tj->job, &d.account);
    } else if (tj->kind == WIRE_ORDER) {
        d.chain_missed = signet_job_chain_missed(tj->job) != 0;
        d.cert_url = signet_job_cert_url(tj->job);
    } else if (tj->kind == WIRE_ARI) {
        (void)signet_job_ari(tj->job, &d.ari);
    }
    return msg_put_done(&t->wire, tj->id, &d);
}

static void forget(struct talker *t, struct talker_job *tj)
{
    struct talker_job **p = &t->jobs;
    while (*p != tj)
        p = &(*p)->next;
    *p = tj->next;
    t->n_jobs--;
    signet_job_free(tj->job);
    free(tj);
}

static int end_job(struct talker *t, const signet_action *a)
{
    struct talker_job *tj = signet_job_data(a->job);
    assert(tj);
    int rc = tell_session(t, tj->kind == WIRE_DIRECTORY);
    if (!rc)
        rc = tell_order_url(t, tj);
    if (!rc && signet_job_status(tj->job) == SIGNET_JOB_DONE)
        rc = tell_chains(t, tj);
    if (!rc)
        rc = tell_done(t, tj);
    forget(t, tj);
    return rc;
}

static int perform(struct talker *t, const signet_action *a)
{
    switch (a->kind) {
    case SIGNET_ACT_HTTP:
        return send_http(t, a);
    case SIGNET_ACT_SIGN: {
        struct msg_sign s = { .id = a->id, .role = a->u.sign.key, .alg = a->u.sign.alg, .tbs = a->u.sign.tbs };
        return msg_put_sign(&t->wire, id_of(a->job), &s);
    }
    case SIGNET_ACT_PRESENT: { /* a solver may want to know what CA that is */
        int rc = t->meta_told ? 0 : tell_session(t, false);
        return rc ? rc : send_chal(t, a);
    }
    case SIGNET_ACT_CLEANUP:
        return send_chal(t, a);
    case SIGNET_ACT_DONE:
        return end_job(t, a);
    }
    return SIGNET_ESTATE;
}

int64_t talker_free_at(const struct talker *t)
{
    enum { SECOND = 1000 };
    int64_t now = talker_now(t), oldest = t->limit ? t->begun[t->next_begun] : 0;
    return oldest + SECOND > now ? oldest + SECOND : 0;
}

int talker_pump(struct talker *t, struct err *e)
{
    signet_action a;
    int rc = 0;
    while (wire_queued(&t->wire) < TALKER_QUEUE && !talker_free_at(t) &&
           (rc = signet_poll(t->session, talker_now(t), &a)) == 1) {
        rc = perform(t, &a);
        if (rc)
            break;
    }
    for (struct talker_job *tj = t->jobs; tj && rc >= 0; tj = tj->next)
        rc = tell_order_url(t, tj);
    return rc < 0 ? err_set(e, rc, "the protocol engine stopped: %s", signet_strerror(rc)) : 0;
}

int talker_answer(struct talker *t, const struct https_answer *a, struct err *e)
{
    signet_http_res r = {
        .size = sizeof(r),
        .net_err = a->net_err,
        .net_text = str_of(a->why),
        .status = a->status,
        .content_type = a->content_type,
        .location = a->location,
        .nonce = a->nonce,
        .retry_after = a->retry_after,
        .links = a->links,
        .n_links = a->n_links,
        .body = a->body,
    };
    if (t->trace)
        talker_trace_answer(t, a);
    int rc = signet_http_done(t->session, a->id, talker_now(t), &r);
    /* an answer that nobody waits for any more is no fault */
    return rc && rc != SIGNET_ENOTFOUND && rc != SIGNET_ESTATE && rc != SIGNET_EINVAL
               ? err_set(e, rc, "the protocol engine stopped: %s", signet_strerror(rc))
               : 0;
}
