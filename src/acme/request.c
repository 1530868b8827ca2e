#include "acme/core.h"
#include <stdlib.h>

static void req_wake(struct tmr *t)
{
    struct req *r = LINK_OF(t, struct req, tmr);
    link_push(&r->s->incoming, &r->q);
}

int req_start_in(signet_session *s, signet_job *job, const struct req_spec *spec, int64_t ms, struct req **ret)
{
    struct req *r = calloc(1, sizeof(*r));
    if (!r || item_init(s, &r->it, ITEM_REQ) != 0)
        goto nomem;
    r->s = s;
    r->job = job;
    r->res = spec->res;
    r->auth = spec->auth;
    r->flags = spec->flags;
    r->max_body = spec->max_body ? spec->max_body : LIM_BODY;
    r->accept = spec->accept ? spec->accept : "";
    r->doing = spec->doing;
    r->done = spec->done;
    r->ctx = spec->ctx;
    r->fault_max = s->retries;
    r->tbs = BUF_INIT(LIM_REQUEST);
    r->body = BUF_INIT(LIM_REQUEST);
    link_init(&r->q);
    link_init(&r->own);
    if (spec->res == RES_NONE && !(r->url = str_dup(spec->url)))
        goto nomem;
    r->payload = spec->payload;
    link_push(job ? &job->reqs : &s->reqs, &r->own);
    if (ms > 0)
        tmr_set(&s->timers, &r->tmr, s->t + ms, req_wake);
    else
        link_push(&s->incoming, &r->q);
    s->dirty = true;
    if (ret)
        *ret = r;
    return 0;
nomem:
    free(spec->payload);
    if (r)
        item_done(s, &r->it);
    free(r);
    if (job)
        job_nomem(job);
    return SIGNET_ENOMEM;
}

int req_start(signet_session *s, signet_job *job, const struct req_spec *spec, struct req **ret)
{
    return req_start_in(s, job, spec, 0, ret);
}

/* Gives back the place among the requests in flight, and a nonce that was not used. */
static void req_leave_flight(struct req *r, bool used)
{
    if (r->in_flight)
        r->s->n_flight--;
    r->in_flight = false;
    if (r->nonce && !used)
        nonce_put(r->s, str_of(r->nonce));
    free(r->nonce);
    r->nonce = NULL;
}

void req_free(struct req *r)
{
    tmr_clear(&r->s->timers, &r->tmr);
    link_drop(&r->q);
    link_drop(&r->own);
    req_leave_flight(r, r->it.act == SIGNET_ACT_HTTP && r->it.state == ITEM_OUT);
    item_done(r->s, &r->it);
    free(r->url);
    free(r->suffix);
    free(r->payload);
    buf_done(&r->tbs);
    buf_done(&r->body);
    free(r);
}

/* What is out stays in memory until the embedder completes it: it may still be reading the body. */
void req_cancel_all(signet_job *j)
{
    while (!link_empty(&j->reqs)) {
        struct req *r = LINK_OF(link_pop(&j->reqs), struct req, own);
        if (r->it.state != ITEM_OUT) {
            req_free(r);
            continue;
        }
        req_leave_flight(r, r->it.act == SIGNET_ACT_HTTP);
        r->orphan = true;
        r->job = NULL;
        link_push(&r->s->reqs, &r->own);
    }
}

void req_move_all(struct link *from, struct link *to)
{
    while (!link_empty(from))
        link_push(to, link_pop(from));
}

void req_fail_all(struct link *queue, struct problem *p)
{
    while (!link_empty(queue))
        req_fail(LINK_OF(link_pop(queue), struct req, q), p);
}

/* The handler may end the job, which frees every request in the job's list: this one must not be among them. */
static void req_deliver(struct req *r, struct reply *rp)
{
    link_drop(&r->own);
    link_drop(&r->q);
    r->again = false;
    r->done(r, rp);
    if (!r->again)
        req_free(r);
}

void req_fail(struct req *r, struct problem *p)
{
    struct problem mine = { 0 };
    struct reply rp = { .code = p->pub.code, .problem = &mine, .retry_after_s = -1 };
    prob_copy(&mine, p);
    if (!mine.pub.doing.n)
        prob_where(&mine, r->doing, p->pub.url.n ? p->pub.url : str_of(r->url));
    req_deliver(r, &rp);
    prob_done(&mine);
}

static void req_fail_own(struct req *r, int code, const char *text)
{
    struct problem p = { 0 };
    prob_set(&p, code, r->doing, str_of(r->url), "%s", text);
    req_fail(r, &p);
    prob_done(&p);
}

static const char *res_name(enum resource res)
{
    switch (res) {
    case RES_NEW_NONCE:
        return "newNonce";
    case RES_NEW_ACCOUNT:
        return "newAccount";
    case RES_NEW_ORDER:
        return "newOrder";
    case RES_REVOKE:
        return "revokeCert";
    case RES_KEY_CHANGE:
        return "keyChange";
    case RES_ARI:
        return "renewalInfo";
    case RES_NONE:
    case RES_DIRECTORY:
    case RES_ACCOUNT:
        break;
    }
    return "such thing";
}

/* The URL of the resource as the directory has it now. */
static int req_resolve(struct req *r)
{
    const char *base = r->res == RES_ACCOUNT ? r->s->account_url : r->s->dir->url[r->res];
    if (!base)
        return SIGNET_ENOTFOUND;
    if (r->res == RES_ACCOUNT && !dir_allows(r->s, str_of(base)))
        return SIGNET_EINVAL;
    BUF_AUTO(b, LIM_URL);
    signet_str u = str_of(base);
    if (r->suffix)
        while (str_ends(u, STR("/")))
            u.n--;
    buf_add(&b, u);
    if (r->suffix) {
        buf_addc(&b, '/');
        buf_addz(&b, r->suffix);
    }
    free(r->url);
    r->url = buf_take(&b);
    return r->url ? 0 : SIGNET_ENOMEM;
}

void req_route(struct req *r)
{
    signet_session *s = r->s;
    link_drop(&r->q);
    if (r->res != RES_NONE) {
        if (s->dir_state != DIR_READY) {
            link_push(&s->wait_dir, &r->q);
            return;
        }
        if (r->res == RES_ACCOUNT && !s->account_url) {
            link_push(&s->wait_acct, &r->q);
            return;
        }
        int rc = req_resolve(r);
        if (rc == SIGNET_ENOTFOUND) {
            BUF_AUTO(text, 128);
            buf_addf(&text, "the CA's directory offers no %s", res_name(r->res));
            req_fail_own(r, SIGNET_ENOTFOUND, buf_z(&text));
            return;
        }
        if (rc != 0) {
            req_fail_own(r, rc, rc == SIGNET_EINVAL ? "the account URL is not at this CA" : signet_strerror(rc));
            return;
        }
    }
    if (r->auth == AUTH_KID && !s->account_url)
        link_push(&s->wait_acct, &r->q);
    else if (r->payload)
        link_push(&s->wait_nonce, &r->q);
    else
        item_queue(s, &r->it, SIGNET_ACT_HTTP);
}

void req_send(struct req *r)
{
    signet_session *s = r->s;
    const struct signer *k = r->job_key ? &r->job->key : &s->key;
    struct jws_head h = { .alg = signet_alg_name(k->alg), .nonce = r->nonce, .url = r->url };
    if (r->auth == AUTH_KID)
        h.kid = s->account_url;
    else
        h.jwk = k->jwk;
    int rc = jws_tbs(&r->tbs, &h, str_of(r->payload));
    if (rc != 0) {
        req_fail_own(r, rc, "no memory for the request");
        return;
    }
    if (!k->sign) {
        item_queue(s, &r->it, SIGNET_ACT_SIGN);
        return;
    }
    uint8_t sig[1024];
    size_t n = sizeof(sig);
    rc = k->sign(k->ctx, buf_str(&r->tbs), sig, &n);
    if (rc != 0 || n == 0 || n > sizeof(sig))
        req_fail_own(r, rc < 0 ? rc : SIGNET_ECRYPTO, "the key could not sign the request");
    else
        req_signed(r, (signet_str){ (const char *)sig, n });
}

int req_signed(struct req *r, signet_str sig)
{
    item_idle(&r->it);
    if (r->orphan) {
        req_free(r);
        return 0;
    }
    if (!sig.n || sig.n > 1024) {
        req_fail_own(r, SIGNET_ECRYPTO, "the key could not sign the request");
        return 0;
    }
    int rc = jws_body(&r->body, buf_str(&r->tbs), sig);
    buf_done(&r->tbs);
    if (rc != 0)
        req_fail_own(r, rc, "no memory for the request");
    else
        item_queue(r->s, &r->it, SIGNET_ACT_HTTP);
    return 0;
}

static void req_requeue(struct req *r, int64_t ms)
{
    if (r->res != RES_NONE) {
        free(r->url);
        r->url = NULL;
    }
    if (link_empty(&r->own))
        link_push(r->job ? &r->job->reqs : &r->s->reqs, &r->own);
    if (ms > 0)
        tmr_set(&r->s->timers, &r->tmr, r->s->t + ms, req_wake);
    else
        link_push(&r->s->incoming, &r->q);
    r->s->dirty = true;
}

static int64_t fault_pause(struct req *r, const struct reply *rp)
{
    int64_t ms = backoff_ms(r->s, r->faults + r->busy);
    if (rp->retry_after_s > 0 && rp->retry_after_s <= LIM_RETRY_AFTER_S && rp->retry_after_s * 1000 > ms)
        ms = rp->retry_after_s * 1000;
    return ms;
}

static bool req_may_repeat(const struct req *r)
{
    return !(r->flags & (REQ_ONCE | REQ_BEST_EFFORT)) && r->faults < r->fault_max;
}

bool req_again(struct req *r, struct reply *rp)
{
    if (!req_may_repeat(r))
        return false;
    int64_t ms = fault_pause(r, rp);
    r->faults++;
    r->again = true;
    req_requeue(r, ms);
    return true;
}

/* A resource that a remembered directory named is not what it was: fetch the directory anew before the request is
 * repeated. */
static bool req_blames_directory(const struct req *r, enum verdict v, const struct reply *rp)
{
    bool from_saved = r->res != RES_NONE && r->s->dir_state == DIR_READY && r->s->dir->from_saved;
    return from_saved && (v == STALE || (v == LOST && rp->status < 500));
}

/* True when the request goes out once more. */
static bool req_repeat(struct req *r, enum verdict v, struct reply *rp)
{
    bool stale = req_blames_directory(r, v, rp);
    if (stale && (v == STALE || req_may_repeat(r) || (r->flags & REQ_HEAD)))
        dir_forget(r->s);
    switch (v) {
    case NONCE:
        r->refused++;
        if (++r->s->bad_nonces >= LIM_BADNONCE)
            return false;
        r->nonce =
            nonce_take(r->s); /* the one that came with the error, if it brought one: the pool gives the last first */
        if (!r->nonce) {
            req_requeue(r, 0);
            return true;
        }
        r->in_flight = true;
        r->s->n_flight++;
        req_send(r);
        return true;
    case MOVED:
        item_queue(r->s, &r->it, SIGNET_ACT_HTTP);
        return true;
    case STALE:
        if (stale)
            req_requeue(r, 0);
        return stale;
    case LOST:
        if ((r->flags & REQ_LOST_FIRST) || !req_may_repeat(r))
            return false;
        req_requeue(r, fault_pause(r, rp));
        r->faults++;
        return true;
    case BUSY:
        if ((r->flags & (REQ_ONCE | REQ_BEST_EFFORT)) || r->busy >= r->s->retries)
            return false;
        req_requeue(r, fault_pause(r, rp));
        r->busy++;
        return true;
    case FINAL:
        break;
    }
    return false;
}

int req_http_done(struct req *r, const signet_http_res *h)
{
    struct problem p = { 0 };
    struct reply rp = { .http = h, .problem = &p, .retry_after_s = -1 };
    item_idle(&r->it);
    req_leave_flight(r, true);
    if (!h->net_err)
        nonce_put(r->s, h->nonce);
    buf_done(&r->body);
    if (r->orphan) {
        req_free(r);
        return 0;
    }
    enum verdict v = answer_judge(r, h, &rp);
    if (r->payload && v == FINAL && !rp.lost)
        r->s->bad_nonces = 0;
    if (!req_repeat(r, v, &rp)) {
        json_t *json = rp.json;
        req_deliver(r, &rp);
        json_decref(json);
    }
    prob_done(&p);
    return 0;
}

int64_t backoff_ms(signet_session *s, unsigned n)
{
    int64_t ms = n > 8 ? BACKOFF_MAX_MS : (int64_t)BACKOFF_FIRST_MS << n;
    if (ms > BACKOFF_MAX_MS)
        ms = BACKOFF_MAX_MS;
    return ms + session_random(s, (uint32_t)ms / 2);
}
