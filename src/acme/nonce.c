#include "acme/core.h"
#include <stdlib.h>

/* RFC 8555 section 6.5: nonces come with every answer, and from newNonce. The pool gives the youngest first: it has the
 * longest life before it. */

bool nonce_put(signet_session *s, signet_str n)
{
    if (!n.n || n.n > LIM_NONCE || !b64url_ok(n))
        return false;
    char *copy = str_dup(n);
    if (!copy)
        return false;
    if (s->n_nonces == LIM_NONCES) {
        free(s->nonces[0]);
        s->n_nonces--;
        memmove(&s->nonces[0], &s->nonces[1], s->n_nonces * sizeof(s->nonces[0]));
    }
    s->nonces[s->n_nonces++] = copy;
    s->dirty = true;
    return true;
}

char *nonce_take(signet_session *s)
{
    return s->n_nonces ? s->nonces[--s->n_nonces] : NULL;
}

void nonce_done(signet_session *s)
{
    while (s->n_nonces)
        free(nonce_take(s));
}

static void nonce_resume(struct tmr *t)
{
    signet_session *s = LINK_OF(t, signet_session, nonce_pause);
    s->dirty = true;
}

/* No nonce from the CA. Several fetches fail together when a connection breaks: that counts once, because while the
 * pause lasts further ones are not counted. */
static void nonce_failed(signet_session *s, struct reply *rp)
{
    s->nonce_hint = 0;
    if (s->nonce_pause.on)
        return;
    bool final = rp->retry_after_s > LIM_RETRY_AFTER_S || (rp->status >= 400 && rp->status < 500 && rp->status != 429);
    s->nonce_fails++;
    if ((final || s->nonce_fails > s->retries) && !s->n_heads && !s->n_flight) {
        s->nonce_fails = 0;
        req_fail_all(&s->wait_nonce, rp->problem);
        return;
    }
    int64_t ms = backoff_ms(s, s->nonce_fails - 1);
    if (rp->retry_after_s > 0 && rp->retry_after_s <= LIM_RETRY_AFTER_S && rp->retry_after_s * 1000 > ms)
        ms = rp->retry_after_s * 1000;
    tmr_set(&s->timers, &s->nonce_pause, s->t + ms, nonce_resume);
}

static void nonce_head_done(struct req *r, struct reply *rp)
{
    signet_session *s = r->s;
    s->n_heads--;
    if (rp->code == 0 && (rp->http->nonce.n > LIM_NONCE || !b64url_ok(rp->http->nonce))) {
        rp->code = SIGNET_EPROTO;
        prob_set(rp->problem, rp->code, r->doing, str_of(r->url), "the CA's newNonce gave no usable nonce");
    }
    if (rp->code == 0)
        s->nonce_fails = 0;
    else
        nonce_failed(s, rp);
}

static int nonce_fetch(signet_session *s)
{
    struct req_spec spec = {
        .res = RES_NEW_NONCE, .flags = REQ_HEAD | REQ_ONCE, .doing = "fetching a nonce", .done = nonce_head_done
    };
    int rc = req_start(s, NULL, &spec, NULL);
    if (rc == 0)
        s->n_heads++;
    return rc;
}

/* How many nonces are to be fetched now. A request in flight will bring one back, but those that wait need not wait for
 * it as long as fewer than max_nonces are on their way. */
static unsigned nonce_missing(const signet_session *s)
{
    unsigned supply = s->n_nonces + s->n_heads, total = supply + s->n_flight, waiting = 0;
    if (total >= s->max_nonces)
        return 0;
    for (const struct link *l = s->wait_nonce.next; l != &s->wait_nonce && waiting < s->max_nonces; l = l->next)
        waiting++;
    unsigned want = waiting > supply ? waiting - supply : 0;
    unsigned hint = s->nonce_hint < s->max_nonces ? s->nonce_hint : s->max_nonces;
    if (!s->account_url && hint > 1)
        hint = 1; /* what it was given for is still far */
    if (hint > total && hint - total > want)
        want = hint - total;
    unsigned room = s->max_nonces - total;
    return want < room ? want : room;
}

void nonce_pump(signet_session *s)
{
    while (!link_empty(&s->wait_nonce) && s->n_nonces && s->n_flight < s->max_nonces) {
        struct req *r = LINK_OF(s->wait_nonce.next, struct req, q);
        link_drop(&r->q);
        r->nonce = nonce_take(s);
        r->in_flight = true;
        s->n_flight++;
        req_send(r);
    }
    if (s->dir_state != DIR_READY || s->nonce_pause.on)
        return;
    if (!s->prefetched) {
        s->prefetched = true;
        if (!s->nonce_hint && !s->n_nonces && (s->n_signing_jobs || link_empty(&s->jobs)))
            s->nonce_hint = 1;
    }
    unsigned n = nonce_missing(s);
    if (s->nonce_hint == 1)
        s->nonce_hint = 0; /* one was enough; more are fetched as they are needed */
    while (n-- > 0) {
        if (nonce_fetch(s) == 0)
            continue;
        struct problem p = { 0 };
        prob_set(&p, SIGNET_ENOMEM, "", STR(""), "%s", signet_strerror(SIGNET_ENOMEM));
        if (!s->n_heads && !s->n_flight)
            req_fail_all(&s->wait_nonce, &p);
        prob_done(&p);
        return;
    }
}
